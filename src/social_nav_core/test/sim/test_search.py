"""The search: ways by hand, and that what is left out changes nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.planner import GridPlanner
from social_nav_core.sim.search import cheapest_ways, straight_way, way_price

ROOT_2 = math.sqrt(2.0)


def field(rng, height=24, width=31, blocked=0.2):
    """Prices of 1 to 5 with blocked cells, none at the first and the last cell."""
    prices = np.where(rng.random((height, width)) < 0.5, 1.0, 1.0 + 4.0 * rng.random())
    prices[rng.random((height, width)) < blocked] = np.inf
    prices[0, 0] = prices[-1, -1] = 1.0
    return prices


def test_a_straight_way_goes_from_neighbour_to_neighbour():
    way = straight_way((2, 1), (5, 8))
    assert way[0].tolist() == [2, 1] and way[-1].tolist() == [5, 8]
    steps = np.abs(np.diff(way, axis=0))
    assert len(steps) == 7 and steps.max() == 1 and (steps.sum(axis=1) == 2).sum() == 3
    assert straight_way((4, 4), (4, 4)).tolist() == [[4, 4]]


def test_the_price_of_a_way_by_hand():
    prices = np.array([[1.0, 3.0, np.inf], [1.0, 1.0, 5.0]])
    way = np.array([[0, 0], [0, 1], [1, 2]])
    assert way_price(prices, 0.5, way) == pytest.approx(0.5 * (2.0 + 4.0 * ROOT_2))
    assert way_price(prices, 0.5, np.array([[0, 1], [0, 2]])) == np.inf
    assert way_price(prices, 0.5, way[:1]) == 0.0


def test_the_only_way_through_a_gap_by_hand():
    prices = np.ones((5, 5))
    prices[:4, 2] = np.inf
    tree = cheapest_ways(prices, 1.0, (0, 0))
    assert tree.price_to((0, 4)) == pytest.approx(4.0 + 4.0 * ROOT_2)
    assert tree.way_to((0, 4))[4:6].tolist() == [[4, 2], [3, 3]]
    assert tree.price_to((0, 2)) == np.inf == tree.price_to((9, 9))


@given(seed=st.integers(0, 10_000), spare=st.sampled_from([0.0, 0.3, 4.0]))
@settings(max_examples=60, deadline=None)
def test_a_search_with_a_goal_finds_what_one_without_finds(seed, spare):
    rng = np.random.default_rng(seed)
    prices = field(rng)
    places = np.argwhere(np.isfinite(prices))
    root, goal = (tuple(places[i].tolist()) for i in rng.integers(len(places), size=2))
    whole = cheapest_ways(prices, 0.05, root)
    price = whole.price_to(goal)
    part = cheapest_ways(prices, 0.05, root, goal, price + spare)
    assert part.price_to(goal) == price
    if math.isfinite(price):
        assert np.array_equal(part.way_to(goal), whole.way_to(goal))
        assert way_price(prices, 0.05, part.way_to(goal)) == pytest.approx(price)


def test_a_limit_below_the_price_leaves_the_way_out():
    prices = np.full((20, 30), 2.0)
    for limit in (0.0, 1.0, 30.0, 57.9):
        tree = cheapest_ways(prices, 1.0, (3, 0), (3, 29), limit)
        assert tree.price_to((3, 29)) == np.inf
    assert cheapest_ways(prices, 1.0, (3, 0), (3, 29), 58.0).price_to((3, 29)) == 58.0


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_what_a_planner_planned_before_changes_no_path(seed):
    rng = np.random.default_rng(seed)
    grid = GridGeometry(60, 40, 0.1)
    cells = np.zeros(grid.shape, np.int8)
    used, goal = GridPlanner(grid, cells), (5.5, 3.5)
    for _ in range(4):
        obstacles = np.concatenate(
            [
                rng.uniform((1.0, 0.0), (5.0, 4.0), (3, 2)),
                [[3.0, y] for y in np.arange(0, 2.5, 0.1)],
            ]
        )
        start = rng.uniform((0.3, 0.3), (0.7, 3.7)).tolist()
        new, social = GridPlanner(grid, cells), 0.5 * rng.random(grid.shape)
        for planner in (used, new):
            planner.update(social, obstacles)
        if all(planner.is_free([start, goal]).all() for planner in (used, new)):
            assert path_or_reason(used, start, goal) == path_or_reason(new, start, goal)


def path_or_reason(planner, start, goal):
    """A path as a list, or why there is none."""
    try:
        return planner.plan(start, goal).tolist()
    except ValueError as error:
        return str(error)

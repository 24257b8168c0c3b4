"""The planner: Nav2's cost values, path lengths by hand, an independent search, and refusals."""

import heapq
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import zoom
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.planner import (
    Failure,
    GridPlanner,
    PlannerParameters,
    PlanningError,
    path_length,
)
from social_nav_core.sim.scene import occupancy

POINT = PlannerParameters(inscribed_radius=0.0, inflation_radius=0.0, start_tolerance=0.0)


def planner_of(picture, parameters=POINT, resolution=1.0):
    """A planner on a drawn map: . free, # occupied, ? unknown; the first line is the highest y."""
    signs = {".": 0, "#": 100, "?": -1}
    cells = np.array([[signs[sign] for sign in row] for row in picture[::-1]], dtype=np.int8)
    return GridPlanner(GridGeometry(cells.shape[1], len(cells), resolution), cells, parameters)


def empty(width=100, height=100, resolution=0.05, parameters=None):
    """A planner without obstacles."""
    grid = GridGeometry(width, height, resolution)
    return GridPlanner(grid, np.zeros(grid.shape, np.int8), parameters)


def test_costs_are_those_of_nav2s_inflation_layer():
    grid = GridGeometry(41, 1, 0.05)
    cells = np.zeros(grid.shape, np.int8)
    cells[0, 0] = 100
    costs = GridPlanner(grid, cells, PlannerParameters(start_tolerance=0.0)).costs[0]
    assert costs[0] == 254
    assert costs[1:6].tolist() == [253] * 5  # up to 0.25 m, within the radius of 0.275 m
    # 252 exp(-3 (0.30 - 0.275)) = 233.8; at 0.40 m 173.2; at 0.55 m 110.4
    assert (costs[6], costs[8], costs[11]) == (233, 173, 110)
    assert costs[12:].tolist() == [0] * 29  # beyond the inflation radius of 0.55 m


def test_obstacles_cost_what_they_cost_in_the_map():
    rng = np.random.default_rng(0)
    cells = np.where(rng.random((60, 80)) < 0.005, 100, 0).astype(np.int8)
    cells[:, :3] = -1
    grid = GridGeometry(80, 60, 0.05)
    places = np.argwhere(rng.random(cells.shape) < 0.005)
    both = cells.copy()
    both[tuple(places.T)] = 100
    both[:, :3] = -1
    planner = GridPlanner(grid, cells)
    planner.update(obstacles=grid.centers_of(*places.T))
    in_map = GridPlanner(grid, both).costs
    assert np.array_equal(planner.costs[:, 15:], in_map[:, 15:])
    assert (planner.costs[:, :3] == 255).all()


def test_social_costs_join_by_maximum_and_are_forgotten():
    planner = empty(20, 20)
    social = np.zeros((20, 20))
    social[15, 17], social[16, 17] = 1.0, 0.5
    planner.update(social=social, obstacles=[[0.025, 0.025], [99.0, 99.0]])
    assert (planner.costs[15, 17], planner.costs[16, 17], planner.costs[0, 0]) == (252, 126, 254)
    planner.update()
    assert planner.costs.max() == 0


@pytest.mark.parametrize(
    ("social", "message"),
    [
        (np.zeros((3, 3)), r"shape \(3, 3\), expected \(20, 20\)"),
        (np.full((20, 20), 1.5), "contain 1.5, expected 0 to 1"),
        (np.full((20, 20), -0.1), "contain -0.1, expected 0 to 1"),
        (np.full((20, 20), np.nan), "contain nan, expected 0 to 1"),
    ],
)
def test_senseless_social_costs_are_refused(social, message):
    with pytest.raises(ValueError, match=message):
        empty(20, 20).update(social=social)


def test_other_senseless_input_is_refused():
    planner = empty(20, 20)
    with pytest.raises(ValueError, match=r"shape \(2,\), expected \(n, 2\)"):
        planner.update(obstacles=[1.0, 2.0])
    with pytest.raises(ValueError, match="expected finite x, y"):
        planner.plan((math.nan, 0.0), (0.5, 0.5))
    with pytest.raises(ValueError, match=r"occupancy have shape|occupancy has shape"):
        GridPlanner(GridGeometry(3, 2, 0.1), np.zeros((3, 2), np.int8))


@given(
    start=st.tuples(st.floats(0.1, 4.9), st.floats(0.1, 4.9)),
    goal=st.tuples(st.floats(0.1, 4.9), st.floats(0.1, 4.9)),
)
@settings(max_examples=40, deadline=None)
def test_in_an_empty_map_the_path_is_the_straight_line(start, goal):
    path = empty().plan(start, goal)
    assert path[0] == pytest.approx(start) and path[-1] == pytest.approx(goal)
    assert path_length(path) == pytest.approx(math.dist(start, goal), abs=0.02)


def test_distances_on_the_grid_by_hand():
    planner = planner_of(
        [
            ".....",
            ".###.",
            "..?#.",
            "...#.",
        ]
    )
    distances = planner.distances_from((2.5, 0.5))
    root = math.sqrt(2.0)
    expected = [
        # around the block, never through the unknown cell
        [2, 1, 0, np.inf, 4 + 4 * root],
        [1 + root, root, np.inf, np.inf, 3 + 4 * root],
        [2 * root, np.inf, np.inf, np.inf, 2 + 4 * root],
        [1 + 2 * root, 3 * root, 1 + 3 * root, 2 + 3 * root, 3 + 3 * root],
    ]
    assert distances == pytest.approx(np.array(expected))


def test_the_way_around_a_wall_by_hand():
    grid = GridGeometry(100, 100, 0.05)
    cells = np.zeros(grid.shape, np.int8)
    cells[0:60, 50] = 100  # a thin wall at x = 2.5 to 2.55 m, up to y = 3 m
    path = GridPlanner(grid, cells, POINT).plan((1.0, 1.0), (4.0, 1.0))
    corner = (2.525, 3.0)
    shortest = math.dist((1.0, 1.0), corner) + math.dist(corner, (4.0, 1.0))
    assert shortest - 0.01 <= path_length(path) <= shortest * 1.03


def test_the_robots_radius_is_kept():
    grid = GridGeometry(100, 100, 0.05)
    cells = np.zeros(grid.shape, np.int8)
    cells[0:60, 50] = 100
    path = GridPlanner(grid, cells).plan((1.0, 1.0), (4.0, 1.0))
    nearest = np.hypot(path[:, 0] - 2.525, np.maximum(path[:, 1] - 2.975, 0.0)).min()
    assert nearest > 0.275 - 0.04


def cheapest(prices, start):
    """Dijkstra with a heap, written independently; prices (rows, columns) of a metre."""
    best = np.full(prices.shape, np.inf)
    best[start] = 0.0
    queue = [(0.0, start)]
    while queue:
        cost, (row, column) = heapq.heappop(queue)
        if cost > best[row, column]:
            continue
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                there = (row + down, column + right)
                inside = 0 <= there[0] < prices.shape[0] and 0 <= there[1] < prices.shape[1]
                if not inside or not np.isfinite(prices[there]):
                    continue
                mean = 0.5 * (prices[row, column] + prices[there])
                further = cost + mean * math.hypot(down, right)
                if further < best[there] - 1e-12:
                    best[there] = further
                    heapq.heappush(queue, (further, there))
    return best


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_reachability_and_lengths_agree_with_an_independent_search(seed):
    rng = np.random.default_rng(seed)
    cells = np.where(rng.random((12, 15)) < 0.3, 100, 0).astype(np.int8)
    cells[0, 0] = 0
    planner = GridPlanner(GridGeometry(15, 12, 1.0), cells, POINT)
    expected = cheapest(np.where(cells == 0, 1.0, np.inf), (0, 0))
    assert planner.distances_from((0.5, 0.5)) == pytest.approx(expected)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_a_path_costs_no_more_than_the_cheapest_way_on_the_grid(seed):
    rng = np.random.default_rng(seed)
    smooth = np.clip(zoom(rng.random((6, 8)), 8, order=3), 0.0, 1.0)
    planner = empty(64, 48, 0.1)
    planner.update(social=smooth)
    prices = 1.0 + 0.8 / 50.0 * planner.costs
    start, goal = (0.35, 0.35), (6.05, 4.45)
    path = planner.plan(start, goal)
    rows, columns = planner.geometry.cells_of(0.5 * (path[1:] + path[:-1]))
    paid = (prices[rows, columns] * np.hypot(*np.diff(path, axis=0).T)).sum()
    grid_cost = 0.1 * cheapest(prices, (3, 3))[44, 60]
    assert paid <= 1.01 * grid_cost


def test_social_costs_lead_the_path_around():
    planner = empty()
    centers = planner.geometry.centers()
    bump = np.exp(-((np.hypot(*(centers - (2.5, 2.5)).transpose(2, 0, 1)) / 0.5) ** 2))
    planner.update(social=bump)
    path = planner.plan((0.5, 2.5), (4.5, 2.5))
    assert np.hypot(*(path - (2.5, 2.5)).T).min() > 0.6
    assert 4.0 < path_length(path) < 5.0


def test_paths_of_a_mirrored_map_are_equally_long(shipped):
    grid, cells = occupancy(shipped["room"])
    plain, mirrored = GridPlanner(grid, cells), GridPlanner(grid, cells[::-1].copy())
    there = plain.plan((-4.6, 0.5), (5.6, -2.4))
    other = mirrored.plan((-4.6, -0.5), (5.6, 2.4))
    back = plain.plan((5.6, -2.4), (-4.6, 0.5))
    assert path_length(other) == pytest.approx(path_length(there), rel=0.01)
    assert path_length(back) == pytest.approx(path_length(there), rel=0.01)
    assert np.array_equal(plain.costs[::-1], mirrored.costs)


def test_a_turned_and_moved_grid_gives_the_turned_and_moved_path():
    cells = np.zeros((60, 80), np.int8)
    cells[20:60, 40:44] = 100
    plain = GridPlanner(GridGeometry(80, 60, 0.05), cells)
    turned = GridPlanner(GridGeometry(80, 60, 0.05, (5.0, -2.0, math.pi / 2)), cells)
    path = plain.plan((0.5, 2.0), (3.5, 2.0))
    other = turned.plan((5.0 - 2.0, -2.0 + 0.5), (5.0 - 2.0, -2.0 + 3.5))
    assert other == pytest.approx(np.stack([5.0 - path[:, 1], path[:, 0] - 2.0], -1), abs=0.01)


def test_a_path_can_be_driven(shipped):
    for scene in shipped.values():
        path = GridPlanner(*occupancy(scene)).plan(scene.robot, scene.goal)
        steps = np.hypot(*np.diff(path, axis=0).T)
        assert steps.max() < 0.1
        headings = np.unwrap(np.arctan2(*np.diff(path, axis=0).T[::-1]))
        assert np.abs(np.diff(headings)).max() < 0.35


@pytest.mark.parametrize(
    ("start", "goal", "failure"),
    [
        ((-1.0, 0.5), (1.5, 0.5), Failure.START_OUTSIDE),
        ((0.5, 0.5), (9.0, 0.5), Failure.GOAL_OUTSIDE),
        ((2.5, 0.5), (0.5, 0.5), Failure.START_BLOCKED),
        ((0.5, 0.5), (2.5, 0.5), Failure.GOAL_BLOCKED),
        ((0.5, 0.5), (0.5, 1.5), Failure.GOAL_BLOCKED),
        ((0.5, 0.5), (4.5, 0.5), Failure.UNREACHABLE),
    ],
)
def test_there_is_a_reason_when_there_is_no_path(start, goal, failure):
    planner = planner_of(["?.#..", "..#.."])
    with pytest.raises(PlanningError) as error:
        planner.plan(start, goal)
    assert error.value.failure is failure
    place = start if "start is" in failure.value else goal
    assert f"({place[0]:.2f}, {place[1]:.2f}) m" in str(error.value)


def test_a_blocked_start_is_left_by_the_nearest_way():
    planner = empty(100, 100)
    planner.update(obstacles=[[2.5, 2.5]])
    start = (2.3, 2.5)  # 0.2 m from the obstacle, the robot needs 0.275 m
    path = planner.plan(start, (0.5, 2.5))
    assert path[0] == pytest.approx(start) and path[:, 0].max() <= 2.3 + 0.03
    assert planner.distances_from(start)[50, 10] == pytest.approx(1.65, abs=0.15)
    strict = empty(100, 100, parameters=PlannerParameters(start_tolerance=0.0))
    strict.update(obstacles=[[2.5, 2.5]])
    with pytest.raises(PlanningError, match=r"the start is blocked: \(2\.30, 2\.50\) m"):
        strict.plan(start, (0.5, 2.5))


def test_start_and_goal_in_one_cell():
    path = empty().plan((1.01, 1.01), (1.02, 1.03))
    assert path == pytest.approx(np.array([[1.01, 1.01], [1.02, 1.03]]))


def test_is_free_knows_the_radius_and_the_border():
    planner = empty()
    planner.update(obstacles=[[2.525, 2.525]])
    asked = [[2.525, 2.525], [2.725, 2.525], [2.875, 2.525], [-0.1, 0.0]]
    assert planner.is_free(asked).tolist() == [False, False, True, False]

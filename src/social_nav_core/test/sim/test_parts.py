"""Plans on a part of a large map: the same ways, in a bounded number of cells."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.parts import MOST_CELLS, PartPlanner
from social_nav_core.sim.planner import Failure, GridPlanner, PlanningError

GRID = GridGeometry(300, 200, 0.1, (-3.0, -2.0, 0.3))
START, GOAL = (5.0, 7.0), (9.0, 9.0)


def walls():
    cells = np.zeros(GRID.shape, np.int8)
    row, column = (int(n) for n in GRID.cells_of(np.array([7.0, 8.0])))
    cells[row - 15 : row + 15, column : column + 2] = 100
    return cells


def searched(planner):
    assert planner._part is not None
    return planner._part.planner.geometry


@pytest.mark.parametrize("social", [False, True])
def test_the_way_in_a_part_is_that_on_the_whole_map(social):
    rng = np.random.default_rng(2)
    costs = rng.integers(-1, 60, GRID.shape, np.int8) if social else None
    obstacles = np.array([[6.0, 9.4], [8.0, 5.8]])
    whole = GridPlanner(GRID, walls())
    whole.update(None if costs is None else np.maximum(costs, 0) / 100.0, obstacles)
    part = PartPlanner(GRID, walls(), most_cells=20_000)
    path = part.plan(START, GOAL, costs, obstacles)
    np.testing.assert_allclose(path, whole.plan(START, GOAL), atol=0.5 * GRID.resolution)


@pytest.mark.parametrize("most", [2_000, 10_000, 59_999])
def test_the_part_has_at_most_so_many_cells_and_goes_equally_far_around_both_ends(most):
    planner = PartPlanner(GRID, walls(), most_cells=most)
    start, goal = ((int(r), int(c)) for r, c in (GRID.cells_of(np.array(p)) for p in (START, GOAL)))
    rows, columns = planner._spans(start, goal)
    assert (rows.stop - rows.start) * (columns.stop - columns.start) <= most
    low, high = min(start[1], goal[1]), max(start[1], goal[1])
    assert (
        columns.start == 0
        or columns.stop == 300
        or (low - columns.start == columns.stop - high - 1)
    )


def test_a_small_map_is_searched_as_a_whole():
    planner = PartPlanner(GRID, walls())
    planner.plan(START, GOAL)
    assert searched(planner) == GRID


def test_a_goal_too_far_away_says_how_many_cells_lie_between():
    with pytest.raises(
        PlanningError, match=r"cells of 0.1 m lie between them, expected at most 100"
    ):
        PartPlanner(GRID, walls(), most_cells=100).plan(START, GOAL)


@pytest.mark.parametrize(
    ("start", "goal", "failure"),
    [((-50.0, 0.0), GOAL, Failure.START_OUTSIDE), (START, (500.0, 0.0), Failure.GOAL_OUTSIDE)],
)
def test_ends_outside_of_the_whole_map_are_told(start, goal, failure):
    with pytest.raises(PlanningError) as caught:
        PartPlanner(GRID, walls(), most_cells=20_000).plan(start, goal)
    assert caught.value.failure is failure


def test_a_way_that_leaves_the_part_is_not_found_and_the_part_is_named():
    cells = np.zeros((400, 400), np.int8)
    cells[5:, 200:202] = 100
    geometry = GridGeometry(400, 400, 0.1)
    ends = (19.0, 35.0), (21.5, 35.0)
    assert len(PartPlanner(geometry, cells).plan(*ends)) > 100
    with pytest.raises(
        PlanningError, match=r"within the \d+ m x \d+ m of the map that are"
    ) as caught:
        PartPlanner(geometry, cells, most_cells=10_000).plan(*ends)
    assert caught.value.failure is Failure.UNREACHABLE


def test_a_robot_on_its_way_keeps_the_part_and_another_goal_makes_a_new_one():
    planner = PartPlanner(GRID, walls(), most_cells=20_000)
    planner.plan(START, GOAL)
    part = planner._part
    planner.plan((5.5, 7.1), GOAL)
    assert planner._part is part
    planner.plan((5.5, 7.1), (9.0, 7.0))
    assert planner._part is not part


def test_a_map_of_a_large_site_needs_no_more_cells_than_a_hall():
    side = 4000
    geometry = GridGeometry(side, side, 0.05)
    planner = PartPlanner(geometry, np.zeros(geometry.shape, np.int8))
    planner.plan((100.0, 100.0), (110.0, 104.0))
    assert np.prod(searched(planner).shape) <= MOST_CELLS

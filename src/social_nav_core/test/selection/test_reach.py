"""The cut-out of a large map, against planning on the whole of it."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.geometry import transform_points
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.reach import ReachableMap
from social_nav_core.sim.planner import GridPlanner, PlannerParameters, PlanningError

PARAMETERS = PlannerParameters()


def test_a_small_map_is_taken_whole():
    grid = GridGeometry(60, 40, 0.1, (-3.0, -2.0, 0.0))
    cells = np.zeros(grid.shape, np.int8)
    cells[:30, 30] = 100
    around = ReachableMap(grid, cells, PARAMETERS, reach=10.0).around((-1.0, -1.0, 0.0))
    assert around.grid == grid
    np.testing.assert_array_equal(around.occupancy, cells)
    planner = GridPlanner(grid, cells, PARAMETERS)
    np.testing.assert_allclose(around.path_lengths, planner.distances_from((-1.0, -1.0)))


@pytest.mark.parametrize("yaw", [0.0, 0.7])
def test_the_cut_shows_the_same_cells_at_the_same_places(yaw):
    grid = GridGeometry(300, 200, 0.1, (5.0, -3.0, yaw))
    rng = np.random.default_rng(1)
    cells = np.where(rng.random(grid.shape) < 0.02, 100, 0).astype(np.int8)
    robot = transform_points(grid.origin, (15.05, 10.05))
    cells[95:106, 145:156] = 0
    around = ReachableMap(grid, cells, PARAMETERS, reach=3.0).around((*robot, 0.0))
    assert around.grid.shape == (61, 61)
    rows, columns = grid.cells_of(around.grid.centers())
    np.testing.assert_array_equal(cells[rows, columns], around.occupancy)
    assert around.drive_to(robot[None])[0] == pytest.approx(0.0, abs=0.1)


def test_the_cut_follows_the_robot_only_when_it_comes_near_the_edge():
    grid = GridGeometry(400, 400, 0.1)
    reachable = ReachableMap(grid, np.zeros(grid.shape, np.int8), PARAMETERS, reach=4.0)
    first = reachable.around((20.0, 20.0, 0.0)).grid
    assert reachable.around((21.5, 20.0, 0.0)).grid == first
    later = reachable.around((22.5, 20.0, 0.0)).grid
    assert later.origin[0] == pytest.approx(first.origin[0] + 2.5)


def test_from_a_blocked_place_nothing_can_be_reached():
    grid = GridGeometry(40, 40, 0.1)
    cells = np.full(grid.shape, 100, np.int8)
    around = ReachableMap(grid, cells, PARAMETERS, reach=10.0).around((2.0, 2.0, 0.0))
    assert np.isinf(around.path_lengths).all()


@pytest.mark.parametrize("place", [(-0.1, 2.0, 0.0), (50.0, 2.0, 0.0), (2.0, 1e6, 0.0)])
def test_a_robot_off_the_map_is_an_error(place):
    grid = GridGeometry(40, 40, 0.1)
    reachable = ReachableMap(grid, np.zeros(grid.shape, np.int8), PARAMETERS, reach=1.0)
    with pytest.raises(PlanningError, match="outside the map"):
        reachable.around(place)

"""The cut-out of a large map, against planning on the whole of it."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.geometry import transform_points
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.interaction.place import NoFreePlace, Place, Rejection
from social_nav_core.interaction.reach import ReachableMap
from social_nav_core.interaction.selection import ApproachSelector, Situation
from social_nav_core.people import Intent, Person, certain
from social_nav_core.proxemics.model import shipped_model
from social_nav_core.sim.planner import GridPlanner, PlannerParameters, PlanningError

PARAMETERS = PlannerParameters()
SELECTOR = ApproachSelector(shipped_interaction_model(), shipped_model())


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
def test_ways_in_the_cut_are_those_of_the_whole_map_at_the_same_places(yaw):
    grid = GridGeometry(300, 200, 0.1, (5.0, -3.0, yaw))
    rng = np.random.default_rng(1)
    cells = np.where(rng.random(grid.shape) < 0.002, 100, 0).astype(np.int8)
    robot = transform_points(grid.origin, (15.05, 10.05))
    cells[95:106, 145:156] = 0
    around = ReachableMap(grid, cells, PARAMETERS, reach=3.0).around((*robot, 0.0))
    assert around.grid == grid
    assert around.occupancy is cells
    assert around.ways is not None
    assert around.ways.shape == (2 * 32 + 1, 2 * 32 + 1)
    assert around.reach == 3.0
    whole = GridPlanner(grid, cells, PARAMETERS).distances_from(robot)
    near = transform_points(grid.origin, np.array([[15.05, 10.05], [16.05, 10.85], [14.25, 9.05]]))
    rows, columns = grid.cells_of(near)
    np.testing.assert_allclose(around.drive_to(near), whole[rows, columns], atol=1e-9)
    beyond = transform_points(grid.origin, np.array([[18.1, 10.05], [18.4, 10.05]]))
    assert around.has_ways(beyond).tolist() == [True, False]
    assert np.isinf(around.drive_to(beyond[1:])).all()
    assert around.inside(beyond).all()


def test_the_cut_follows_the_robot_and_never_reaches_less_far():
    grid = GridGeometry(400, 400, 0.1)
    reachable = ReachableMap(grid, np.zeros(grid.shape, np.int8), PARAMETERS, reach=8.0)
    first = reachable.around((20.0, 20.0, 0.0)).ways
    assert reachable.around((20.3, 20.0, 0.0)).ways == first
    later = reachable.around((20.6, 20.0, 0.0)).ways
    assert later is not None
    assert first is not None
    assert later.origin[0] == pytest.approx(first.origin[0] + 0.6)
    for x in np.linspace(20.0, 33.0, 40):
        around = reachable.around((x, 20.0, 0.0))
        sides = [(x + dx, 20.0 + dy) for dx, dy in ((7.9, 0), (-7.9, 0), (0, 7.9), (0, -7.9))]
        inside = around.inside(sides)
        assert (around.has_ways(sides) == inside).all()


def long_wall(reach):
    """A hall of 40 x 40 m with a wall of 22 m at x = 2 m, and the robot in its middle."""
    grid = GridGeometry(400, 400, 0.1, (-20.0, -20.0, 0.0))
    cells = np.zeros(grid.shape, np.int8)
    cells[90:310, 220:222] = 100
    return ReachableMap(grid, cells, PARAMETERS, reach).around((0.05, 0.05, 0.0))


def test_ways_are_looked_for_twice_as_far_up_to_the_reach():
    around = long_wall(25.0)
    reaches = [around.reach]
    while around.wider is not None:
        assert around.wider is around.wider
        around = around.wider
        reaches.append(around.reach)
    assert reaches == [10.0, np.inf]
    behind = np.array([[4.05, 0.05]])
    assert np.isinf(long_wall(25.0).drive_to(behind)[0])
    length = around.drive_to(behind)[0]
    assert 2 * 11.3 < length < 1.08 * (np.hypot(2.3, 11.6) + np.hypot(2.3, 11.6)) + 1.0
    assert long_wall(10.0).wider is None
    assert long_wall(12.0).wider.reach == 12.0


def person(name, x, y, **about):
    return Person(name, np.array([x, y, np.pi]), **about)


def approached(around, people, name):
    now = Situation(people, np.array([0.05, 0.05, 0.0]), around, 0.0)
    return SELECTOR.select(now, name, np.random.default_rng(0))


def test_who_is_behind_a_long_wall_or_far_away_is_approached():
    for place in ((4.0, 0.0), (-14.0, 3.0)):
        found = approached(long_wall(25.0), [person("ana", *place)], "ana")
        assert isinstance(found, Place)
        assert np.hypot(found.pose[0] - place[0], found.pose[1] - place[1]) < 1.6


def test_places_are_not_cut_off_where_the_first_look_at_the_ways_ends():
    """Who is 11.5 m away has the best places at 10.6 m, but others are nearer to the robot."""
    found = approached(long_wall(25.0), [person("ana", -11.5, 0.0)], "ana")
    wide = approached(long_wall(25.0).wider, [person("ana", -11.5, 0.0)], "ana")
    assert found == wide


def test_who_is_out_of_reach_is_not_said_to_be_off_the_map():
    behind = approached(long_wall(10.0), [person("ana", 4.0, 0.0)], "ana")
    assert isinstance(behind, NoFreePlace)
    assert Rejection.UNREACHABLE in behind.counts
    far = approached(long_wall(10.0), [person("ana", -14.0, 0.0)], "ana")
    assert far.counts == {Rejection.BEYOND_REACH: 500}
    for result in (behind, far):
        assert "ways are looked for up to 10 m to every side of the robot" in result.text
        assert "raise the parameter reach" in result.text
        assert Rejection.OUTSIDE not in result.counts
    off = approached(long_wall(10.0), [person("ana", -24.0, 0.0)], "ana")
    assert off.counts == {Rejection.OUTSIDE: 500}
    assert "reach" not in off.text


def test_with_a_map_that_is_looked_at_whole_nothing_is_said_about_the_reach():
    grid = GridGeometry(100, 100, 0.1, (-5.0, -5.0, 0.0))
    cells = np.zeros(grid.shape, np.int8)
    cells[:, 70:72] = 100
    around = ReachableMap(grid, cells, PARAMETERS, 10.0).around((0.0, 0.0, 0.0))
    result = approached(around, [person("ana", 3.4, 0.0)], "ana")
    assert Rejection.UNREACHABLE in result.counts
    assert "reach" not in result.text


def test_when_the_nearest_who_wants_it_cannot_be_reached_the_next_is_approached():
    wants = certain(Intent.INTERESTED)
    ana, bob = person("ana", 4.0, 0.0, intent=wants), person("bob", -5.0, 0.0, intent=wants)
    found = approached(long_wall(10.0), [ana, bob], None)
    assert isinstance(found, Place)
    assert found.person_id == "bob"
    none = approached(long_wall(10.0), [ana], "")
    assert isinstance(none, NoFreePlace)
    assert none.person_id == "ana"
    named = approached(long_wall(10.0), [ana, bob], "ana")
    assert isinstance(named, NoFreePlace), "who was named is not replaced"


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

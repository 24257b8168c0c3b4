"""The world: contacts, determinism, and the robot driven through every shipped scene."""

import math

import numpy as np
import pytest
from social_nav_core.sim.follower import DriveStatus, PathFollower
from social_nav_core.sim.people import WalkerParameters
from social_nav_core.sim.planner import GridPlanner
from social_nav_core.sim.robot import RobotParameters
from social_nav_core.sim.room import Box, Room
from social_nav_core.sim.scene import Labels, Scene, ScenePerson, ScriptStep, occupancy
from social_nav_core.sim.world import World

DT = 0.05
STILL = WalkerParameters(sway=0.0)


def run(world, command, seconds):
    """Repeat a command; the last state."""
    for _ in range(round(seconds / DT)):
        world.step(command, DT)
    return world.state


def test_a_wall_stops_the_robot_and_lets_it_go(scene_of):
    world = World(scene_of(robot=(5.0, 0.0, 0.0)), 1)
    state = run(world, (0.5, 0.0), 6.0)
    assert state.robot_in_map == pytest.approx((6.5 - 0.27, 0.0, 0.0), abs=1e-3)
    assert state.robot_velocity[0] == pytest.approx(0.0)
    (contact,) = state.contacts
    assert (contact.kind, contact.name, contact.person_speed) == ("wall", "wall_east", 0.0)
    assert contact.robot_speed == pytest.approx(0.5, abs=0.01)
    # 1.23 m of free way, of which speeding up took 0.125 m in 0.5 s
    assert contact.time == pytest.approx(0.5 + (1.23 - 0.125) / 0.5, abs=DT)
    state = run(world, (-0.2, 0.0), 2.0)
    assert state.robot_in_map[0] < 6.0
    state = run(world, (0.5, 0.0), 4.0)
    assert [contact.name for contact in state.contacts] == ["wall_east"] * 2


def test_a_robot_at_a_wall_can_turn(scene_of):
    world = World(scene_of(robot=(5.0, 0.0, 0.0)), 1)
    run(world, (0.5, 0.0), 4.0)
    state = run(world, (0.0, 1.0), 2.0)
    assert state.robot_in_map[2] == pytest.approx(2.0 - 0.5 * 1.0 / 2.09, abs=0.01)
    assert len(state.contacts) == 1


def test_furniture_stops_the_robot(bare_room):
    table = Box("table", "table", (0.0, 0.0, 0.0), (1.0, 1.0), 0.7)
    room = Room("r", bare_room.x, bare_room.y, 0.1, bare_room.walls, (table,))
    world = World(Scene("t", "A table.", room, (), (-2.0, 0.0, 0.0), (2.0, 0.0, 0.0)), 1)
    state = run(world, (0.6, 0.0), 5.0)
    assert state.robot_in_map[0] == pytest.approx(-0.5 - 0.27, abs=1e-3)
    assert [(c.kind, c.name) for c in state.contacts] == [("furniture", "table")]


def test_the_robot_drives_into_a_standing_person(scene_of):
    world = World(scene_of(ScenePerson("ana", (-3.0, 0.0, 0.0))), 1, walkers=STILL)
    state = run(world, (0.8, 0.0), 5.0)
    assert state.robot_in_map[0] == pytest.approx(-3.0 - 0.25 - 0.27, abs=1e-3)
    (contact,) = state.contacts
    assert (contact.kind, contact.name) == ("person", "ana")
    assert contact.robot_speed == pytest.approx(0.8, abs=0.01)
    assert contact.person_speed == 0.0


def test_a_person_walks_into_the_standing_robots_side(scene_of):
    walk = ScriptStep("walk_to", "idle", "", Labels(), point=(-1.0, 0.5), speed=1.0)
    person = ScenePerson("ana", (-7.0 + 0.9, 0.5, 0.0), script=(walk,))
    blind = WalkerParameters(sway=0.0, robot_gap=0.55)
    careful = run(World(scene_of(person), 1, walkers=STILL), None, 8.0)
    assert not careful.contacts
    # the way passes the robot's centre at 0.5 m, nearer than the 0.52 m at which they touch
    gap = math.dist(careful.people[0].pose[:2], careful.robot_in_map[:2])
    assert gap == pytest.approx(STILL.robot_gap, abs=0.02)
    assert not run(World(scene_of(person), 1, walkers=blind), None, 8.0).contacts


def test_whoever_comes_closer_is_told_from_the_speeds(scene_of):
    """The robot crosses the way of a walker who sees it too late."""
    walk = ScriptStep("walk_to", "idle", "", Labels(), point=(0.0, -3.0), speed=1.0)
    person = ScenePerson("ana", (0.0, 3.0, -math.pi / 2), script=(walk,))
    late = WalkerParameters(sway=0.0, anticipation=0.0)
    world = World(scene_of(person, robot=(-3.3, 0.0, 0.0)), 1, walkers=late)
    contacts = run(world, (1.0, 0.0), 4.0).contacts
    assert [contact.kind for contact in contacts] == ["person"]
    assert contacts[0].robot_speed > 0.3
    assert contacts[0].person_speed < 1.0


def test_same_seed_same_world_and_scans_do_not_disturb(shipped):
    def poses(seed, scans):
        world = World(shipped["approach"], seed, robot=RobotParameters(drift_per_metre=0.02))
        rows = []
        for index in range(200):
            state = world.step((0.5, 0.2), DT)
            if scans and index % 2 == 0:
                world.scan()
            rows.append([state.robot_in_odom, *(person.pose for person in state.people)])
        return np.array(rows)

    first = poses(1, scans=False)
    assert np.array_equal(first, poses(1, scans=True))
    assert not np.array_equal(first, poses(2, scans=False))


def test_a_mirrored_world_stays_mirrored(scene_of):
    def world(sign):
        walk = ScriptStep("walk_to", "idle", "", Labels(), point=(-3.0, sign * 0.5), speed=1.0)
        person = ScenePerson("ana", (0.0, sign * 1.0, sign * 3.0), script=(walk,))
        return World(scene_of(person, robot=(-5.0, 0.0, sign * 0.2)), 1, walkers=STILL)

    left, right = world(1), world(-1)
    for _ in range(160):
        left.step((0.6, -0.1), DT)
        right.step((0.6, 0.1), DT)
    mirror = np.array([1, -1, -1])
    assert right.state.robot_in_map == pytest.approx(left.state.robot_in_map * mirror)
    assert right.state.people[0].pose == pytest.approx(left.state.people[0].pose * mirror)
    assert right.scan() != pytest.approx(left.scan())  # noise is not mirrored


@pytest.mark.parametrize("dt", [0.0, -0.1, 0.3, math.nan])
def test_a_senseless_time_step_is_refused(scene_of, dt):
    with pytest.raises(ValueError, match=r"expected more than 0 and at most 0\.2 s"):
        World(scene_of(), 1).step(None, dt)


def test_the_state_is_a_snapshot_of_the_truth(shipped):
    world = World(shipped["circle"], 1)
    before = world.state
    state = run(world, (0.5, 0.0), 1.0)
    assert before.time == 0.0 and before.robot_in_map == shipped["circle"].robot
    assert state.time == pytest.approx(1.0)
    persons = state.persons()
    assert [person.id for person in persons] == ["ana", "ben", "eva"]
    assert {person.group_id for person in persons} == {"conversation"}
    assert all(person.defect() is None for person in persons)
    assert state.robot_in_odom[0] == pytest.approx(state.robot_in_map[0] + 5.0)


def people_points(state):
    """Points on the outlines of the people's bodies ``(n, 2)`` [m]."""
    angles = np.linspace(0.0, 2 * math.pi, 24, endpoint=False)
    ring = 0.25 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    centers = np.array([person.pose[:2] for person in state.people]).reshape(-1, 2)
    return (centers[:, None] + ring).reshape(-1, 2)


@pytest.mark.parametrize(
    "name", ["room", "single", "face_to_face", "side_by_side", "l_shape", "circle", "approach"]
)
def test_the_robot_reaches_the_goal_of_every_scene(shipped, name):
    scene = shipped[name]
    world, follower = World(scene, 3), PathFollower()
    planner = GridPlanner(*occupancy(scene))
    state = world.state
    for index in range(800):
        if index % 40 == 0:
            planner.update(obstacles=people_points(state))
            follower.set_path(planner.plan(state.robot_in_map, scene.goal), scene.goal[2])
        points = world.lidar.points_in_robot(world.scan())
        command = follower.command(state.robot_in_map, state.robot_velocity, DT, points)
        if command.status is DriveStatus.ARRIVED:
            break
        state = world.step(command.velocity, DT)
    assert command.status is DriveStatus.ARRIVED
    assert not state.contacts
    assert math.dist(state.robot_in_map[:2], scene.goal[:2]) < 0.1
    assert state.time < 20.0


def test_the_interested_person_goes_elsewhere_after_the_robot_has_come(shipped):
    scene = shipped["approach"]
    world = World(scene, 1)
    ana = scene.people[0].pose
    names = []
    for index in range(1200):
        command = (0.8, 0.0) if world.state.robot_in_map[0] < -0.75 else (0.0, 0.0)
        state = world.step(command, DT)
        names.append(state.people[0].gesture)
        if index == 400:
            assert math.dist(state.people[0].pose[:2], ana[:2]) < 0.05
    assert math.dist(world.state.people[0].pose[:2], (2.4, -0.9)) < 0.05
    assert {"wave", "idle", "talk"} <= set(names)
    facing = math.atan2(*(np.subtract(world.state.robot_in_map, world.state.people[0].pose)[1::-1]))
    assert world.state.people[0].pose[2] == pytest.approx(facing, abs=0.1)

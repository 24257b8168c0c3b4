"""The follower driving a base without a world around it."""

import math

import numpy as np
import pytest
from social_nav_core.sim.follower import DriveStatus, FollowerParameters, PathFollower
from social_nav_core.sim.robot import DifferentialDrive, RobotParameters

DT = 0.05
LINE = np.stack([np.linspace(0.0, 5.0, 101), np.zeros(101)], axis=-1)


def drive(path, goal_yaw, start=(0.0, 0.0, 0.0), obstacles=None):
    """Poses, commanded velocities and states until arrival; obstacles(time) in the map frame."""
    robot = DifferentialDrive(start, RobotParameters())
    follower = PathFollower()
    follower.set_path(path, goal_yaw)
    rng = np.random.default_rng(0)
    poses, velocities, statuses = [], [], []
    for index in range(round(40.0 / DT)):
        points = None if obstacles is None else obstacles(index * DT)
        if points is not None:
            x, y, yaw = robot.pose
            turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
            points = (np.asarray(points, dtype=float).reshape(-1, 2) - (x, y)) @ turn
        command = follower.command(robot.pose, robot.velocity, DT, points)
        poses.append(robot.pose)
        velocities.append(command.velocity)
        statuses.append(command.status)
        if command.status is DriveStatus.ARRIVED:
            break
        robot.command(*command.velocity)
        robot.drive(*robot.next_motion(DT), rng)
    return np.array(poses), np.array(velocities), statuses


def test_a_straight_line_is_driven_straight_and_in_time():
    poses, velocities, statuses = drive(LINE, None)
    assert statuses[-1] is DriveStatus.ARRIVED
    assert np.abs(poses[:, 1]).max() < 1e-9
    assert poses[-1, 0] == pytest.approx(5.0, abs=0.08)
    # 1 s to speed up to 0.8 m/s, about 1 s to brake, 5 m in all: 5 / 0.8 + 1 s
    assert len(poses) * DT == pytest.approx(7.25, abs=1.0)
    assert velocities[:, 0].max() == pytest.approx(0.8)
    assert np.abs(np.diff(velocities[:, 0])).max() <= 0.8 * DT + 1e-9


def test_commands_keep_the_limits_on_a_winding_path():
    along = np.linspace(0.0, 6.0, 200)
    path = np.stack([along, 0.7 * np.sin(1.5 * along)], axis=-1)
    poses, velocities, statuses = drive(path, 1.0)
    about = FollowerParameters()
    assert statuses[-1] is DriveStatus.ARRIVED
    assert np.abs(velocities[:, 1]).max() <= about.turn_rate + 1e-9
    assert np.abs(np.diff(velocities[:, 0])).max() <= about.acceleration * DT + 1e-9
    assert np.abs(np.diff(velocities[:, 1])).max() <= about.turn_acceleration * DT + 1e-9
    off = [np.hypot(*(path - pose[:2]).T).min() for pose in poses]
    assert max(off) < 0.15
    assert math.dist(poses[-1, :2], path[-1]) < 0.1
    assert poses[-1, 2] == pytest.approx(1.0, abs=0.08)


def test_tight_curves_are_driven_slower():
    angles = np.linspace(-math.pi / 2, math.pi / 2, 60)
    bend = 0.45 * np.stack([np.cos(angles), 1.0 + np.sin(angles)], axis=-1) + (2.0, 0.0)
    path = np.concatenate([LINE[:40], bend, [[1.0, 0.9], [0.0, 0.9]]])
    poses, velocities, _ = drive(path, None)
    in_bend = (poses[:, 0] > 2.2) & (poses[:, 1] > 0.2) & (poses[:, 1] < 0.8)
    assert velocities[in_bend, 0].max() < 0.65
    assert velocities[:, 0].max() == pytest.approx(0.8, abs=0.02)


def test_a_path_behind_is_turned_to_on_the_spot():
    poses, _, statuses = drive(-LINE, None)
    first = statuses.index(DriveStatus.DRIVING)
    assert set(statuses[:first]) == {DriveStatus.TURNING} and first > 10
    assert np.abs(poses[:first, :2]).max() < 1e-9
    assert statuses[-1] is DriveStatus.ARRIVED
    assert poses[-1, 0] == pytest.approx(-5.0, abs=0.1)


@pytest.mark.parametrize("goal_yaw", [math.pi / 2, -3.0, math.pi])
def test_it_turns_to_the_goals_heading_without_overshoot(goal_yaw):
    poses, velocities, statuses = drive(LINE, goal_yaw)
    assert statuses[-1] is DriveStatus.ARRIVED
    assert abs(math.remainder(poses[-1, 2] - goal_yaw, 2 * math.pi)) < 0.08
    turning = velocities[np.hypot(*(poses[:, :2] - (5.0, 0.0)).T) < 0.08, 1]
    assert (turning * np.sign(math.remainder(goal_yaw, 2 * math.pi)) > -0.11).all() or (
        abs(goal_yaw) == math.pi
    )
    assert math.dist(poses[-1, :2], (5.0, 0.0)) < 0.09


def test_mirrored_paths_are_driven_mirrored():
    along = np.linspace(0.0, 4.0, 100)
    path = np.stack([along, 0.5 * along**2 / 4.0], axis=-1)
    left, _, _ = drive(path, 1.5, (0.0, 0.0, 0.3))
    right, _, _ = drive(path * [1, -1], -1.5, (0.0, 0.0, -0.3))
    assert right == pytest.approx(left * [1, -1, -1], abs=1e-9)


def test_an_obstacle_on_the_way_stops_it_in_time_until_it_is_gone():
    def person(time):
        return [[2.5, 0.0]] if time < 12.0 else []

    poses, velocities, statuses = drive(LINE, None, obstacles=person)
    at_12 = round(11.9 / DT)
    assert statuses[at_12] is DriveStatus.BLOCKED
    assert velocities[at_12] == pytest.approx([0.0, 0.0], abs=1e-3)
    assert 0.27 < 2.5 - poses[at_12, 0] < 0.27 + 0.18 + 0.15
    assert np.diff(velocities[:at_12, 0]).min() >= -0.8 * DT - 1e-9
    assert statuses[-1] is DriveStatus.ARRIVED


def test_obstacles_beside_and_behind_do_not_stop_it():
    aside = [[1.0, 0.4], [2.0, -0.4], [-0.3, 0.0], [-0.2, 0.2]]
    _, velocities, statuses = drive(LINE, None, obstacles=lambda time: aside)
    assert statuses[-1] is DriveStatus.ARRIVED
    assert velocities[:, 0].max() == pytest.approx(0.8)


def test_obstacles_beyond_its_reach_do_not_count():
    follower, other = PathFollower(), PathFollower()
    assert follower.reach == pytest.approx(0.8**2 / 0.8 + 0.3 + 0.27 + 0.18)
    rng = np.random.default_rng(0)
    points = rng.uniform(-3.0, 3.0, (400, 2))
    points = points[np.abs(points[:, 1]) > 0.5]
    near = points[np.hypot(*points.T) < follower.reach]
    assert 0 < len(near) < len(points)
    commands = []
    for one, seen in ((follower, points), (other, near)):
        one.set_path([[0.0, 0.0], [5.0, 0.0]], 0.0)
        commands.append([one.command((0.0, 0.0, 0.0), (0.5, 0.0), 0.05, seen) for _ in range(20)])
    assert commands[0] == commands[1]


def test_it_creeps_through_a_gap_that_is_barely_wide_enough():
    posts = [[2.5, 0.31], [2.5, -0.31]]
    poses, velocities, statuses = drive(LINE, None, obstacles=lambda time: posts)
    assert statuses[-1] is DriveStatus.ARRIVED
    passing = np.abs(poses[:, 0] - 2.4) < 0.05
    assert velocities[passing, 0].max() == pytest.approx(0.25, abs=0.02)
    posts = [[2.5, 0.2], [2.5, -0.2]]
    poses, _, statuses = drive(LINE, None, obstacles=lambda time: posts)
    assert statuses[-1] is DriveStatus.BLOCKED and poses[:, 0].max() < 2.5 - 0.18


def test_a_goal_close_to_a_wall_is_reached():
    wall = np.stack([np.full(60, 5.4), np.linspace(-1.0, 1.0, 60)], axis=-1)
    poses, _, statuses = drive(LINE, None, obstacles=lambda time: wall)
    assert statuses[-1] is DriveStatus.ARRIVED
    assert poses[-1, 0] > 4.9 and poses[:, 0].max() < 5.4 - 0.27


def test_a_blocked_robot_turns_to_a_path_that_leads_away():
    path = np.stack([np.linspace(0.0, 2.0, 40), np.linspace(0.0, 1.2, 40)], axis=-1)
    poses, _, statuses = drive(path, None, obstacles=lambda time: [[0.3, -0.15]])
    assert statuses[-1] is DriveStatus.ARRIVED
    assert np.hypot(*(poses[:, :2] - (0.3, -0.15)).T).min() > 0.27


def test_a_late_measurement_does_not_slow_it_down():
    follower = PathFollower()
    follower.set_path(LINE, None)
    commands = [follower.command((0.0, 0.0, 0.0), (0.0, 0.0), DT).velocity[0] for _ in range(10)]
    assert commands[:5] == pytest.approx(0.8 * DT * np.arange(1, 6))
    assert max(commands) <= 0.8 * (0.3 + DT) + 1e-9  # but it does not run ahead of the robot


def test_after_standing_it_speeds_up_from_rest():
    follower = PathFollower()
    follower.set_path(LINE, None)
    for _ in range(40):
        fast = follower.command((0.0, 0.0, 0.0), (0.8, 0.0), DT)
    assert fast.velocity[0] == pytest.approx(0.8)
    follower.stand()
    first = follower.command((0.0, 0.0, 0.0), (0.0, 0.0), DT)
    assert first.velocity[0] == pytest.approx(follower.parameters.acceleration * DT)


def test_a_new_path_is_taken_up_in_motion():
    robot = DifferentialDrive((0.0, 0.0, 0.0), RobotParameters())
    follower = PathFollower()
    follower.set_path(LINE, None)
    rng = np.random.default_rng(0)
    speeds = []
    for index in range(80):
        if index % 10 == 0:
            rest = LINE[LINE[:, 0] >= robot.pose[0]]
            follower.set_path(rest, None)
        command = follower.command(robot.pose, robot.velocity, DT)
        robot.command(*command.velocity)
        robot.drive(*robot.next_motion(DT), rng)
        speeds.append(robot.velocity[0])
    assert min(speeds[30:]) > 0.75


def test_reaching_is_kept_for_the_same_goal_and_left_for_another():
    follower = PathFollower()
    follower.set_path(LINE, 0.0)
    assert follower.command((4.95, 0.0, 0.0), (0.0, 0.0), DT).status is DriveStatus.ARRIVED
    follower.set_path([[4.89, 0.0], [5.0, 0.0]], 0.0)
    assert follower.command((4.89, 0.0, 0.0), (0.0, 0.0), DT).status is DriveStatus.ARRIVED
    follower.set_path([[4.89, 0.0], [4.0, 0.0]], None)
    assert follower.command((4.89, 0.0, 0.0), (0.0, 0.0), DT).status is DriveStatus.TURNING


def test_the_distance_remaining_is_along_the_path():
    follower = PathFollower()
    corner = np.concatenate([LINE, LINE[:, ::-1] + (5.0, 0.0)])
    follower.set_path(corner, None)
    assert follower.command((1.0, 0.1, 0.0), (0.0, 0.0), DT).distance_remaining == pytest.approx(
        9.0
    )


@pytest.mark.parametrize("path", [[], [[0.0, math.nan]], [[1.0, 2.0, 3.0]]])
def test_a_senseless_path_is_refused(path):
    with pytest.raises(ValueError, match="expected"):
        PathFollower().set_path(path, None)


def test_a_follower_without_a_path_says_so():
    with pytest.raises(RuntimeError, match="no path"):
        PathFollower().command((0.0, 0.0, 0.0), (0.0, 0.0), DT)

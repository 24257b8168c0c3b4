"""The base: arcs, limits, timeout and odometry, against hand-computed numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from social_nav_core.parameters import ParameterError
from social_nav_core.sim.robot import DifferentialDrive, RobotParameters, move_along_arc


def drive(robot, command, seconds, dt=0.05, rng=None):
    """Drive with a command that is repeated every step."""
    rng = rng or np.random.default_rng(0)
    for _ in range(round(seconds / dt)):
        robot.command(*command)
        robot.drive(*robot.next_motion(dt), rng)
    return robot


@pytest.mark.parametrize(
    ("start", "forward", "turn", "end"),
    [
        ((0.0, 0.0, 0.0), 2.0, 0.0, (2.0, 0.0, 0.0)),
        ((1.0, 2.0, math.pi / 2), 2.0, 0.0, (1.0, 4.0, math.pi / 2)),
        ((0.0, 0.0, 0.0), math.pi / 2, math.pi / 2, (1.0, 1.0, math.pi / 2)),  # radius 1
        ((0.0, 0.0, 0.0), math.pi, -math.pi, (0.0, -2.0, math.pi)),
        ((0.0, 0.0, 0.0), -math.pi / 2, math.pi / 2, (-1.0, -1.0, math.pi / 2)),
        ((3.0, 1.0, 0.0), 2 * math.pi, 2 * math.pi, (3.0, 1.0, 0.0)),
        ((0.0, 0.0, 3.0), 0.0, 1.0, (0.0, 0.0, 4.0 - 2 * math.pi)),
    ],
)
def test_arcs_by_hand(start, forward, turn, end):
    x, y, yaw = move_along_arc(start, forward, turn)
    assert (x, y) == pytest.approx(end[:2], abs=1e-12)
    assert math.remainder(yaw - end[2], 2 * math.pi) == pytest.approx(0.0, abs=1e-12)


@given(forward=st.floats(-3.0, 3.0), turn=st.floats(-3.0, 3.0), parts=st.integers(1, 7))
def test_an_arc_in_parts_is_the_same_arc(forward, turn, parts):
    whole = pose = (0.3, -0.2, 1.0)
    whole = move_along_arc(whole, forward, turn)
    for _ in range(parts):
        pose = move_along_arc(pose, forward / parts, turn / parts)
    assert pose[:2] == pytest.approx(whole[:2], abs=1e-9)
    assert math.remainder(pose[2] - whole[2], 2 * math.pi) == pytest.approx(0.0, abs=1e-9)


@given(forward=st.floats(-3.0, 3.0), turn=st.floats(-3.0, 3.0))
def test_an_arc_mirrored_is_the_mirrored_arc(forward, turn):
    left = move_along_arc((0.0, 0.0, 0.0), forward, turn)
    right = move_along_arc((0.0, 0.0, 0.0), forward, -turn)
    assert right == pytest.approx((left[0], -left[1], -left[2]), abs=1e-12)


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1])
def test_speeding_up_takes_one_second_and_half_a_metre(dt):
    robot = drive(DifferentialDrive((0.0, 0.0, 0.0), RobotParameters()), (9.0, 0.0), 1.0, dt)
    assert robot.velocity == pytest.approx((1.0, 0.0))
    assert robot.pose == pytest.approx((0.5, 0.0, 0.0))
    drive(robot, (9.0, 0.0), 2.0, dt)
    assert robot.pose[0] == pytest.approx(2.5)


def test_a_step_over_the_end_of_the_ramp_is_exact():
    robot = DifferentialDrive((0.0, 0.0, 0.0), RobotParameters())
    robot.command(0.1, 0.0)
    forward, _ = robot.next_motion(0.2)
    assert forward == pytest.approx(0.5 * 0.1 * 0.1 + 0.1 * 0.1)  # 0.1 s ramp, then 0.1 s at 0.1


def test_reversing_and_turning_are_limited():
    robot = drive(DifferentialDrive((0.0, 0.0, 0.0), RobotParameters()), (-9.0, -9.0), 3.0)
    assert robot.velocity == pytest.approx((-0.2, -2.09))


def test_turning_speeds_up_within_its_limit():
    robot = drive(DifferentialDrive((0.0, 0.0, 0.0), RobotParameters()), (0.0, 9.0), 0.5)
    assert robot.velocity == pytest.approx((0.0, 0.5 * 2.09))
    assert robot.pose == pytest.approx((0.0, 0.0, 0.5 * 2.09 * 0.25))


def test_without_commands_it_keeps_on_for_the_timeout_and_then_brakes():
    robot = drive(DifferentialDrive((0.0, 0.0, 0.0), RobotParameters()), (1.0, 0.0), 1.0)
    speeds = []
    rng = np.random.default_rng(0)
    for _ in range(40):
        robot.drive(*robot.next_motion(0.05), rng)
        speeds.append(robot.velocity[0])
    # the last command was 0.05 s old: 0.45 s are left of it, then 1 s of braking at 1 m/s2
    assert speeds[:9] == pytest.approx([1.0] * 9)
    assert speeds[9:29] == pytest.approx(np.linspace(0.95, 0.0, 20), abs=1e-9)
    assert speeds[29:] == pytest.approx([0.0] * 11, abs=1e-9)


def test_a_robot_that_was_never_commanded_stands():
    robot = DifferentialDrive((1.0, 2.0, 3.0), RobotParameters())
    robot.drive(*robot.next_motion(0.1), np.random.default_rng(0))
    assert robot.pose == (1.0, 2.0, 3.0) and robot.velocity == (0.0, 0.0)


@pytest.mark.parametrize("command", [(math.nan, 0.0), (0.0, math.inf)])
def test_a_command_that_is_not_finite_is_refused(command):
    robot = DifferentialDrive((0.0, 0.0, 0.0), RobotParameters())
    with pytest.raises(ValueError, match=r"expected finite numbers \[m/s, rad/s\]"):
        robot.command(*command)


def test_odometry_starts_at_zero_and_is_exact_without_drift():
    start = (2.0, 1.0, math.pi / 2)
    robot = drive(DifferentialDrive(start, RobotParameters()), (0.5, 0.4), 4.0)
    x, y, yaw = robot.odometry
    assert robot.pose[:2] == pytest.approx((2.0 - y, 1.0 + x))
    assert math.remainder(robot.pose[2] - yaw - start[2], 2 * math.pi) == pytest.approx(0.0)


@pytest.mark.parametrize("dt", [0.02, 0.1])
def test_drift_grows_with_the_way_and_not_with_the_steps(dt):
    parameters = RobotParameters(drift_per_metre=0.05)
    errors = []
    for seed in range(150):
        robot = DifferentialDrive((0.0, 0.0, 0.0), parameters)
        drive(robot, (1.0, 0.0), 1.5, dt, np.random.default_rng(seed))  # 1 m
        errors.append(robot.odometry[0] - robot.pose[0])
    assert np.std(errors) == pytest.approx(0.05, rel=0.2)
    assert abs(np.mean(errors)) < 0.015


def test_a_senseless_parameter_is_refused_by_name():
    with pytest.raises(ParameterError, match=r"max_speed is -1\.0, expected 0\.05 to 5 m/s"):
        DifferentialDrive((0.0, 0.0, 0.0), RobotParameters(max_speed=-1.0))

"""Navigation metrics against trajectories worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.evaluation.metrics import navigation
from social_nav_core.evaluation.metrics.trajectories import MetricError, resampled
from social_nav_core.geometry import FloatArray

GOAL = np.array([4.0, 3.0, 0.0])


def corner() -> tuple[FloatArray, FloatArray]:
    """4 m east in 4 s, 1 s turning left on the spot by 90 degrees, 3 m north in 6 s."""
    times = np.arange(0.0, 11.01, 0.5)
    east = np.clip(times, 0.0, 4.0)
    north = np.clip(0.5 * (times - 5.0), 0.0, 3.0)
    yaw = np.clip(times - 4.0, 0.0, 1.0) * np.pi / 2.0
    return times, np.stack([east, north, yaw], -1)


def test_lengths_speeds_and_times_of_a_corner() -> None:
    times, robot = corner()
    assert navigation.path_length(times, robot) == pytest.approx(7.0)
    assert navigation.mean_speed(times, robot) == pytest.approx(7.0 / 11.0)
    assert navigation.maximum_speed(times, robot) == pytest.approx(1.0)
    assert navigation.time_to_goal(times, robot, GOAL, tolerance=0.5) == pytest.approx(10.0)
    assert navigation.time_to_goal(times, robot, (9.0, 9.0, 0.0)) == np.inf
    assert navigation.success(times, robot, GOAL)
    assert not navigation.success(times, robot, (4.0, 2.6, 0.0))


def test_a_goal_that_is_left_again_is_not_reached() -> None:
    times, robot = corner()
    assert navigation.time_to_goal(times, robot, (2.0, 0.0, 0.0)) == np.inf
    assert navigation.time_to_goal(times, robot, (4.0, 0.0, 0.0)) == np.inf
    assert navigation.time_to_goal(times[:4], robot[:1].repeat(4, 0), robot[0]) == 0.0


def test_a_timeout_is_a_goal_that_was_not_reached_in_time() -> None:
    """The corner's goal is reached after 10 s of 11 s (to 0.5 m) and kept."""
    times, robot = corner()
    assert not navigation.timeout(times, robot, GOAL, limit=10.5, tolerance=0.5)
    assert navigation.timeout(times, robot, GOAL, limit=9.5, tolerance=0.5)
    assert navigation.timeout(times, robot, (9.0, 9.0, 0.0), limit=11.0)
    assert not navigation.timeout(times, robot, (9.0, 9.0, 0.0), limit=12.0)  # it ended before
    with pytest.raises(MetricError, match=r"limit is 0.0 s, expected more than 0 s"):
        navigation.timeout(times, robot, GOAL, limit=0.0)


def test_success_weighted_path_length() -> None:
    assert navigation.success_weighted_path_length(True, 5.0, 7.0) == pytest.approx(5.0 / 7.0)
    assert navigation.success_weighted_path_length(True, 5.0, 4.9) == 1.0
    assert navigation.success_weighted_path_length(False, 5.0, 5.0) == 0.0
    with pytest.raises(MetricError, match=r"0.0 m \(shortest\) and 7.0 m \(driven\)"):
        navigation.success_weighted_path_length(True, 0.0, 7.0)


def test_standing_under_way_is_a_stall_and_turning_is_not() -> None:
    times = np.arange(0.0, 6.0)
    robot = np.zeros((6, 3))
    robot[:, 0] = [0.0, 1.0, 1.0, 1.0, 2.0, 2.0]
    robot[:, 2] = [0.0, 0.0, 0.0, 0.5, 0.5, 0.5]
    assert navigation.stalled_time(times, robot, np.ones(6, bool)) == pytest.approx(2.0)
    assert navigation.stalled_time(times, robot, times < 4.5) == pytest.approx(1.0)


def test_reversals_of_the_turning_are_counted() -> None:
    times = np.arange(0.0, 20.01, 0.1)
    robot = np.zeros((len(times), 3))
    robot[:, 2] = np.cos(np.pi * times / 2.0)
    assert navigation.oscillations(times, robot) == 9
    robot[:, 2] = 0.01 * np.cos(np.pi * times / 2.0)
    assert navigation.oscillations(times, robot) == 0
    robot[:, 2] = 3.0 + 0.3 * times
    assert navigation.oscillations(times, robot) == 0


def test_accelerations_of_a_braking_robot_and_jerk_of_a_cubic() -> None:
    times = np.linspace(0.0, 4.0, 401)
    robot = np.zeros((401, 3))
    robot[:, 0] = 2.0 * times - 0.25 * times**2
    assert navigation.maximum_acceleration(times, robot) == pytest.approx(0.5, rel=1e-3)
    assert navigation.mean_acceleration(times, robot) == pytest.approx(0.5, rel=1e-3)
    assert navigation.mean_jerk(times, robot) == pytest.approx(0.0, abs=1e-2)
    robot[:, 1] = 0.1 * times**3
    assert navigation.mean_jerk(times, robot) == pytest.approx(0.6, rel=2e-2)


def test_acceleration_across_the_way_on_a_circle_is_v_squared_over_r() -> None:
    times = np.linspace(0.0, 10.0, 1001)
    angle = 0.5 * times
    robot = np.stack([2.0 * np.cos(angle), 2.0 * np.sin(angle), angle + np.pi / 2.0], -1)
    assert navigation.mean_acceleration(times, robot) == pytest.approx(0.5, rel=1e-2)


def test_resampling_turns_the_short_way_and_keeps_both_ends() -> None:
    times, poses = resampled(
        np.array([0.0, 1.0]), np.array([[0.0, 0.0, 3.1], [1.0, 0.0, -3.1]]), 0.4
    )
    np.testing.assert_allclose(times, [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0])
    np.testing.assert_allclose(poses[:, 0], times)
    assert (np.abs(poses[:, 2]) > 3.09).all()


@pytest.mark.parametrize(
    ("times", "robot", "message"),
    [
        ([0.0, 0.0], np.zeros((2, 3)), "sample 1 is at 0 s, after 0 s"),
        ([0.0, 1.0], [[0.0, 0.0, 0.0], [np.nan, 0.0, 0.0]], r"robot_in_map is \[nan, .* at 1 s"),
        ([0.0, 1.0], np.zeros((3, 3)), r"shape \(3, 3\), expected \(2, 3\)"),
        ([0.0], np.zeros((1, 3)), "t at least 2"),
    ],
)
def test_unusable_trajectories_are_refused(times: list, robot: list, message: str) -> None:
    with pytest.raises(MetricError, match=message):
        navigation.path_length(times, robot)


def test_a_goal_that_is_not_a_pose_is_refused() -> None:
    with pytest.raises(MetricError, match="goal_in_map is"):
        navigation.time_to_goal([0.0, 1.0], np.zeros((2, 3)), (1.0, np.nan, 0.0))

"""How well a robot gets to its goal.

Sources: Anderson et al. 2018 (arXiv 1807.06757) for SPL; Francis et al. 2023 (arXiv 2306.16740)
for the rest of the list.  Every function takes times (t,) [s] and robot poses (t, 3) in any fixed
frame, and raises `MetricError` for samples that cannot be used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.evaluation.metrics.trajectories import (
    MetricError,
    checked_at,
    checked_robot,
    resampled,
    velocities,
)
from social_nav_core.geometry import FloatArray, wrap_angle

GOAL_TOLERANCE = 0.3
"""Distance [m] from the goal at which it counts as reached."""
MOTION_PERIOD = 0.2
"""Period [s] of the samples that accelerations and jerk are taken from."""


def path_length(times: ArrayLike, robot_in_map: ArrayLike) -> float:
    """Length [m] of the way driven: the sum of the steps between samples; 0 or more."""
    _, robot = checked_robot(times, robot_in_map)
    return float(np.linalg.norm(np.diff(robot[:, :2], axis=0), axis=1).sum())


def time_to_goal(
    times: ArrayLike,
    robot_in_map: ArrayLike,
    goal_in_map: ArrayLike,
    tolerance: float = GOAL_TOLERANCE,
) -> float:
    """Time [s] until the robot is near the goal and stays; infinite when it does not end there."""
    times, robot = checked_robot(times, robot_in_map)
    goal = np.asarray(goal_in_map, dtype=float)
    if goal.shape != (3,) or not np.isfinite(goal).all():
        raise MetricError(f"goal_in_map is {goal.tolist()}, expected x [m], y [m], yaw [rad]")
    away = np.flatnonzero(np.linalg.norm(robot[:, :2] - goal[:2], axis=1) > tolerance)
    if not len(away):
        return 0.0
    last = int(away[-1])
    return float(times[last + 1] - times[0]) if last + 1 < len(times) else float("inf")


def success(
    times: ArrayLike,
    robot_in_map: ArrayLike,
    goal_in_map: ArrayLike,
    tolerance: float = GOAL_TOLERANCE,
) -> bool:
    """Whether the robot ends within a tolerance [m] of the goal."""
    return bool(np.isfinite(time_to_goal(times, robot_in_map, goal_in_map, tolerance)))


def timeout(
    times: ArrayLike,
    robot_in_map: ArrayLike,
    goal_in_map: ArrayLike,
    limit: float,
    tolerance: float = GOAL_TOLERANCE,
) -> bool:
    """Whether the time ran out: the robot was not at the goal, to stay, within a limit [s].

    A run that ended before the limit without reaching the goal failed for another reason and is no
    timeout (Francis et al. 2023).
    """
    if not limit > 0.0:
        raise MetricError(f"limit is {limit} s, expected more than 0 s")
    taken = time_to_goal(times, robot_in_map, goal_in_map, tolerance)
    times = np.asarray(times, dtype=float)
    return bool(taken > limit and times[-1] - times[0] >= limit * (1.0 - 1e-9))


def success_weighted_path_length(succeeded: bool, shortest: float, driven: float) -> float:
    """SPL of one run, 0 to 1: success x shortest / max(shortest, driven), lengths in [m].

    Anderson et al. 2018, equation 1, for one episode.
    """
    if not (np.isfinite(shortest) and shortest > 0.0 and np.isfinite(driven) and driven >= 0.0):
        raise MetricError(
            f"path lengths are {shortest} m (shortest) and {driven} m (driven), expected the"
            " shortest above 0 m and the driven at least 0 m"
        )
    return float(succeeded) * shortest / max(shortest, driven)


def stalled_time(
    times: ArrayLike,
    robot_in_map: ArrayLike,
    under_way: np.ndarray,
    speed: float = 0.05,
    turn: float = 0.1,
) -> float:
    """Time [s] under way for which the robot neither drives (speed [m/s]) nor turns ([rad/s]).

    Args:
        times, robot_in_map: as everywhere here.
        under_way: (t,) whether the robot has a goal that it has not reached yet.
        speed, turn: slower than these is standing.
    """
    times, robot = checked_robot(times, robot_in_map)
    under_way = checked_at(times, "under_way", under_way).astype(bool)
    drives = np.linalg.norm(velocities(times, robot), axis=1) >= speed
    turns = np.abs(_turn_rates(times, robot)) >= turn
    return float(np.diff(times)[~(drives | turns) & under_way[:-1] & under_way[1:]].sum())


def oscillations(times: ArrayLike, robot_in_map: ArrayLike, turn: float = 0.1) -> int:
    """How often the robot reverses its turning, counting turns faster than ``turn`` [rad/s].

    Taken from samples at `MOTION_PERIOD`.
    """
    times, robot = resampled(*checked_robot(times, robot_in_map), MOTION_PERIOD)
    rates = _turn_rates(times, robot)
    signs = np.sign(rates[np.abs(rates) >= turn])
    return int(np.count_nonzero(np.diff(signs)))


def mean_speed(times: ArrayLike, robot_in_map: ArrayLike) -> float:
    """Way driven over time taken [m/s]."""
    times, robot = checked_robot(times, robot_in_map)
    return path_length(times, robot) / float(times[-1] - times[0])


def maximum_speed(times: ArrayLike, robot_in_map: ArrayLike) -> float:
    """Largest speed [m/s], from samples at `MOTION_PERIOD`."""
    times, robot = resampled(*checked_robot(times, robot_in_map), MOTION_PERIOD)
    return float(np.linalg.norm(velocities(times, robot), axis=1).max())


def maximum_acceleration(times: ArrayLike, robot_in_map: ArrayLike) -> float:
    """Largest acceleration [m/s^2] along and across the way, from samples at `MOTION_PERIOD`."""
    return float(np.linalg.norm(_derivative(times, robot_in_map, 2), axis=1).max())


def mean_acceleration(times: ArrayLike, robot_in_map: ArrayLike) -> float:
    """Mean modulus of the acceleration [m/s^2], from samples at `MOTION_PERIOD`."""
    return float(np.linalg.norm(_derivative(times, robot_in_map, 2), axis=1).mean())


def mean_jerk(times: ArrayLike, robot_in_map: ArrayLike) -> float:
    """Mean modulus of the jerk [m/s^3], from samples at `MOTION_PERIOD`; 0 for very short runs."""
    jerk = np.linalg.norm(_derivative(times, robot_in_map, 3), axis=1)
    return float(jerk.mean()) if len(jerk) else 0.0


def _derivative(times: ArrayLike, robot_in_map: ArrayLike, order: int) -> FloatArray:
    times, robot = resampled(*checked_robot(times, robot_in_map), MOTION_PERIOD)
    period = float(times[1] - times[0])
    return np.asarray(np.diff(robot[:, :2], n=order, axis=0) / period**order)


def _turn_rates(times: FloatArray, robot: FloatArray) -> FloatArray:
    return np.asarray(wrap_angle(np.diff(robot[:, 2])) / np.diff(times))

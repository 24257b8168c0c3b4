"""What all metrics share: checks of trajectories, averages over time, regular samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.evaluation.run import RunRecordError, check_times
from social_nav_core.geometry import FloatArray, wrap_angle


class MetricError(ValueError):
    """A metric cannot be computed from what it was given; the message says why."""


def checked_times(times: ArrayLike) -> FloatArray:
    """Times (t,) [s] as an array: finite, strictly increasing, two or more."""
    times = np.asarray(times, dtype=float)
    try:
        check_times(times)
    except RunRecordError as error:
        raise MetricError(str(error)) from error
    return times


def checked_at(times: FloatArray, name: str, values: ArrayLike) -> np.ndarray:
    """Values (t,) of the same samples as times (t,), none of them NaN."""
    found = np.asarray(values)
    if found.shape != times.shape:
        raise MetricError(f"{name} has the shape {found.shape}, expected {times.shape}")
    if found.dtype.kind == "f" and np.isnan(found).any():
        bad = int(np.flatnonzero(np.isnan(found))[0])
        raise MetricError(f"{name} is NaN at {times[bad]:g} s, expected values without NaN")
    return found


def checked_names(people: FloatArray, name: str, values: np.ndarray) -> np.ndarray:
    """Values (t, n) of people (t, n, 3) at each time."""
    found = np.asarray(values)
    if found.shape != people.shape[:2]:
        raise MetricError(f"{name} has the shape {found.shape}, expected {people.shape[:2]}")
    return found


def checked_robot(times: ArrayLike, robot_in_map: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Times (t,) [s] and poses (t, 3) as arrays; raises `MetricError` if they cannot be used."""
    times = checked_times(times)
    robot = np.asarray(robot_in_map, dtype=float)
    if robot.shape != (len(times), 3):
        raise MetricError(f"robot_in_map has the shape {robot.shape}, expected ({len(times)}, 3)")
    if not np.isfinite(robot).all():
        bad = int(np.flatnonzero(~np.isfinite(robot).all(-1))[0])
        raise MetricError(f"robot_in_map is {robot[bad].tolist()} at {times[bad]:g} s")
    return times, robot


def checked_poses(
    robot_in_map: ArrayLike, people_in_map: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Poses (t, 3) and (t, n, 3) as arrays, of samples whose times do not matter.

    People are NaN while absent, and nobody need be there.
    """
    robot, people = (np.asarray(it, dtype=float) for it in (robot_in_map, people_in_map))
    if robot.ndim != 2 or robot.shape[1] != 3:
        raise MetricError(f"robot_in_map has the shape {robot.shape}, expected (t, 3)")
    if not np.isfinite(robot).all():
        bad = int(np.flatnonzero(~np.isfinite(robot).all(-1))[0])
        raise MetricError(f"robot_in_map is {robot[bad].tolist()} in sample {bad}")
    return robot, _checked_shape(len(robot), people)


def _checked_shape(count: int, people: FloatArray) -> FloatArray:
    if people.ndim != 3 or people.shape[0] != count or people.shape[2] != 3:
        raise MetricError(f"people_in_map has the shape {people.shape}, expected ({count}, n, 3)")
    if np.isinf(people).any():
        raise MetricError("people_in_map has an infinite value, expected NaN while absent")
    known = np.isfinite(people)
    if (known.any(-1) != known.all(-1)).any():
        raise MetricError("people_in_map has a pose that is NaN only in part")
    return people


def checked_people(times: FloatArray, people_in_map: ArrayLike) -> FloatArray:
    """Poses (t, n, 3) of people as an array, NaN while absent; somebody must be there once."""
    people = _checked_shape(len(times), np.asarray(people_in_map, dtype=float))
    if not np.isfinite(people).all(-1).any():
        raise MetricError("no people: nobody is there at any time")
    return people


def weights_in_time(times: FloatArray) -> FloatArray:
    """Time (t,) [s] that each sample stands for (trapezoid rule); they sum to the duration."""
    steps = np.diff(times)
    return 0.5 * (np.append(steps, 0.0) + np.append(0.0, steps))


def time_average(times: FloatArray, values: FloatArray) -> float:
    """Mean over time of values (t,) that may be NaN or infinite where they do not count."""
    counts = np.isfinite(values)
    weights = weights_in_time(times)[counts]
    return float(weights @ values[counts] / weights.sum()) if weights.sum() > 0.0 else float("nan")


def time_where(times: FloatArray, holds: np.ndarray) -> float:
    """Time [s] for which a condition (t,) holds."""
    return float(weights_in_time(times)[holds].sum())


def velocities(times: FloatArray, poses: FloatArray) -> FloatArray:
    """Velocities (t - 1, ..., 2) [m/s] between samples of poses (t, ..., 3)."""
    steps = np.diff(times).reshape((-1,) + (1,) * (poses.ndim - 1))
    return np.asarray(np.diff(poses[..., :2], axis=0) / steps)


def resampled(times: FloatArray, poses: FloatArray, period: float) -> tuple[FloatArray, FloatArray]:
    """Times and poses (t, 3) at a regular period [s], interpolated; at least three samples.

    The period is made a little shorter so that the first and the last sample stay.
    """
    count = max(int(np.ceil((times[-1] - times[0]) / period - 1e-9)), 2)
    regular = np.linspace(times[0], times[-1], count + 1)
    columns = [poses[:, 0], poses[:, 1], np.unwrap(poses[:, 2])]
    values = [np.interp(regular, times, column) for column in columns]
    return regular, np.stack([*values[:2], wrap_angle(values[2])], axis=-1)


def episodes(holds: np.ndarray) -> int:
    """How often a condition (t,) becomes true, counting a true first sample."""
    return int(np.count_nonzero(holds & ~np.append(False, holds[:-1])))

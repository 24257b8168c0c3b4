"""Cost of being where a robot is, under models of personal space.

`learned_cost` is the project's own model without any label; `kirby_cost`, as an outside judge, is
the asymmetric Gaussian of R. Kirby, "Social Robot Navigation", Carnegie Mellon University 2010.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.evaluation.metrics.trajectories import (
    checked_at,
    checked_people,
    checked_robot,
    checked_times,
    time_average,
    weights_in_time,
)
from social_nav_core.geometry import FloatArray, relative
from social_nav_core.proxemics.model import ProxemicsModel


@dataclass(frozen=True)
class CostSummary:
    """A cost over a run: integral over time [s], mean and maximum [1], each 0 or more."""

    integral: float
    mean: float
    maximum: float


def summary(times: FloatArray, cost: FloatArray) -> CostSummary:
    """Integral over time, mean and maximum of a cost curve (t,)."""
    times = checked_times(times)
    cost = checked_at(times, "cost", cost)
    integral = float(weights_in_time(times) @ cost)
    return CostSummary(integral, time_average(times, cost), float(cost.max()))


def learned_cost(
    times: ArrayLike, robot_in_map: ArrayLike, people_in_map: ArrayLike, model: ProxemicsModel
) -> FloatArray:
    """Cost (t,) in [0, 1] of the robot's place: the largest density of anybody's proxemics model.

    1 is the model's peak, which lies at a person's body.
    """
    times, robot = checked_robot(times, robot_in_map)
    people = checked_people(times, people_in_map)
    robot_in_person = relative(people, robot[:, None])[..., :2]
    density = model.pdf(robot_in_person) / model.peak
    return np.asarray(np.nan_to_num(density, nan=0.0).max(axis=1))


def kirby_cost(times: ArrayLike, robot_in_map: ArrayLike, people_in_map: ArrayLike) -> FloatArray:
    """Cost (t,) in [0, 1] of the robot's place: the largest of Kirby's asymmetric Gaussians.

    With v the speed of the person [m/s], sigma is max(2 v, 0.5) m to the front, 2/3 of that to
    the sides and half of it to the back.  The front is the chest's.
    """
    times, robot = checked_robot(times, robot_in_map)
    people = checked_people(times, people_in_map)
    offset = relative(people, robot[:, None])[..., :2]
    front = np.maximum(2.0 * _speeds(times, people), 0.5)
    along = np.where(offset[..., 0] > 0.0, front, 0.5 * front)
    with np.errstate(under="ignore"):
        cost = np.exp(
            -0.5 * ((offset[..., 0] / along) ** 2 + (offset[..., 1] / (2.0 / 3.0 * front)) ** 2)
        )
    return np.asarray(np.nan_to_num(cost, nan=0.0).max(axis=1))


def _speeds(times: FloatArray, people: FloatArray) -> FloatArray:
    """Speeds (t, n) [m/s] at the samples; 0 where a neighbouring sample is missing."""
    steps = np.linalg.norm(np.diff(people[..., :2], axis=0), axis=-1) / np.diff(times)[:, None]
    steps = np.nan_to_num(steps, nan=0.0)
    both = np.stack([np.vstack([steps[:1], steps]), np.vstack([steps, steps[-1:]])])
    return np.asarray(both.mean(axis=0))

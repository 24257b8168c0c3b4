"""Where people are, how they move and where their chests point, filtered over time.

Position and velocity come from a Kalman filter with white-noise acceleration (Bar-Shalom, Li and
Kirubarajan 2001, section 6.2.2), the yaw from one of a random walk; the yaw is that of shoulders
and hips as it was measured and never that of the velocity.  Errors of a body tracker last over
several images; a measurement counts as much less as images come faster than its errors change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE, Body
from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.parameters import check, parameter
from social_nav_core.people import UNKNOWN_HEADING
from social_nav_core.perception.intake import Expected


@dataclass(frozen=True)
class KinematicsParameters:
    """How people move, and how long errors of the body tracker last."""

    acceleration: float = parameter(
        0.5, "m/s^1.5", "how fast velocities wander, per root of a second", 0.01, 10.0
    )
    turning: float = parameter(
        0.6, "rad/s^0.5", "how fast headings wander, per root of a second", 0.01, 10.0
    )
    speed: float = parameter(0.8, "m/s", "standard deviation of people's velocities", 0.05, 10.0)
    noise_time: float = parameter(0.15, "s", "how long errors of the tracker last", 0.0, 5.0)
    least_noise: float = parameter(0.02, "m", "standard deviation of the best position", 1e-3, 1.0)
    halt_time: float = parameter(1.0, "s", "in which somebody unseen is taken to stop", 0.1, 60.0)
    outlier: float = parameter(
        3.0, "", "standard deviations from which a heading counts less", 1.0, 10.0
    )


@dataclass(frozen=True)
class Motions:
    """How n people move at one time.

    Attributes:
        pose: (n, 3) x [m], y [m], yaw [rad].
        velocity: (n, 2) [m/s].
        covariance: (n, 3, 3) of the pose [m^2, m rad, rad^2].
    """

    pose: FloatArray
    velocity: FloatArray
    covariance: FloatArray


class Kinematics:
    """Filters for any number of people, in a frame that does not move with the robot.

    Args:
        parameters: of all filters.

    Raises:
        ParameterError: a parameter is out of bounds.

    Attributes:
        names: of the people, in the order of all arrays.
        began, seen: (n,) when each was measured first and last [s].
    """

    def __init__(self, parameters: KinematicsParameters | None = None) -> None:
        self.parameters = KinematicsParameters() if parameters is None else parameters
        check(self.parameters)
        self.clear()

    def clear(self) -> None:
        """Forget everybody."""
        self.names: list[str] = []
        self.began, self.seen = np.zeros(0), np.zeros(0)
        self._time = 0.0
        self._state = np.zeros((0, 4))
        self._spread = np.zeros((0, 4, 4))
        self._yaw = np.zeros(0)
        self._yaw_variance = np.zeros(0)

    def update(self, time: float, bodies: Sequence[Body]) -> None:
        """Take in the bodies of one image.

        Args:
            time: of the image [s], after the one before.
            bodies: seen in it; their ids are the names.
        """
        new = [body for body in bodies if body.id not in self.names]
        self._predict(time)
        self._begin(time, new)
        if not bodies:
            return
        index = np.array([self.names.index(body.id) for body in bodies])
        pose = np.stack([body.pose for body in bodies])
        covariance = np.stack([body.covariance for body in bodies])
        elapsed = np.maximum(time - self.seen[index], 1e-3)
        lasting = np.maximum(2.0 * self.parameters.noise_time / elapsed, 1.0)
        old = np.array([body not in new for body in bodies])
        self._correct_place(index[old], pose[old], covariance[old], lasting[old])
        self._correct_yaw(index, pose[:, 2], covariance[:, 2, 2], np.where(old, lasting, 1.0))
        self.seen[index] = time

    def places(self) -> FloatArray:
        """Where everybody is ``(n, 2)`` [m], at the last image's time."""
        return self._state[:, :2].copy()

    def expected(self, time: float) -> dict[str, Expected]:
        """Where everybody is expected at a time [s] after the last image's, by name."""
        dt, about = max(time - self._time, 0.0), self.parameters
        places = self._state[:, :2] + dt * self._state[:, 2:]
        place, both = self._spread[:, [0, 1], [0, 1]], self._spread[:, [0, 1], [2, 3]]
        spread = place + 2.0 * dt * both + dt**2 * self._spread[:, [2, 3], [2, 3]]
        std = np.sqrt(spread.max(axis=1, initial=0.0) + about.acceleration**2 * dt**3 / 3.0)
        return {name: Expected(places[row], float(std[row])) for row, name in enumerate(self.names)}

    def motions(self) -> Motions:
        """Everybody, at the last image's time."""
        covariance = np.zeros((len(self.names), 3, 3))
        covariance[:, :2, :2] = self._spread[:, :2, :2]
        covariance[:, 2, 2] = self._yaw_variance
        pose = np.column_stack([self._state[:, :2], self._yaw])
        return Motions(pose, self._state[:, 2:].copy(), covariance)

    def forget(self, names: Sequence[str]) -> None:
        """Drop people."""
        gone = set(names)
        keep = np.array([name not in gone for name in self.names], dtype=bool)
        if keep.all():
            return
        self.names = [name for name in self.names if name not in gone]
        self.began, self.seen = self.began[keep], self.seen[keep]
        self._yaw = self._yaw[keep]
        self._state, self._spread = self._state[keep], self._spread[keep]
        self._yaw_variance = self._yaw_variance[keep]

    def _predict(self, time: float) -> None:
        about, dt = self.parameters, max(time - self._time, 0.0)
        self._time = time
        if not self.names:
            return
        move = np.eye(4)
        move[0, 2] = move[1, 3] = dt
        grown = np.array([[dt**3 / 3.0, dt**2 / 2.0], [dt**2 / 2.0, dt]])
        noise = about.acceleration**2 * np.kron(grown, np.eye(2))
        self._state = self._state @ move.T
        self._spread = move @ self._spread @ move.T + noise
        self._yaw_variance = np.minimum(
            self._yaw_variance + about.turning**2 * dt, UNKNOWN_YAW_VARIANCE
        )
        unseen = time - self.seen > 0.5 * about.halt_time
        self._state[unseen, 2:] *= np.exp(-dt / about.halt_time)
        fast = self._spread[:, [2, 3], [2, 3]].max(axis=1) / about.speed**2
        shrink = np.where(fast > 1.0, 1.0 / np.sqrt(np.maximum(fast, 1.0)), 1.0)
        scale = np.column_stack([np.ones((len(fast), 2)), shrink, shrink])
        self._spread *= scale[:, :, None] * scale[:, None, :]

    def _begin(self, time: float, new: Sequence[Body]) -> None:
        if not new:
            return
        count, about = len(new), self.parameters
        self.names += [body.id for body in new]
        state, spread = np.zeros((count, 4)), np.zeros((count, 4, 4))
        state[:, :2] = [body.pose[:2] for body in new]
        spread[:, :2, :2] = [body.covariance[:2, :2] for body in new]
        spread[:, [0, 1], [0, 1]] += about.least_noise**2
        spread[:, [2, 3], [2, 3]] = about.speed**2
        self._state = np.concatenate([self._state, state])
        self._spread = np.concatenate([self._spread, spread])
        self._yaw = np.concatenate([self._yaw, np.zeros(count)])
        unknown = np.full(count, UNKNOWN_YAW_VARIANCE)
        self._yaw_variance = np.concatenate([self._yaw_variance, unknown])
        self.began = np.concatenate([self.began, np.full(count, time)])
        self.seen = np.concatenate([self.seen, np.full(count, time)])

    def _correct_place(
        self,
        index: NDArray[np.int64],
        pose: FloatArray,
        covariance: FloatArray,
        lasting: FloatArray,
    ) -> None:
        noise = covariance[:, :2, :2] + self.parameters.least_noise**2 * np.eye(2)
        noise = noise * lasting[:, None, None]
        spread = self._spread[index]
        gain = spread[:, :, :2] @ np.linalg.inv(spread[:, :2, :2] + noise)
        off = pose[:, :2] - self._state[index, :2]
        self._state[index] += (gain @ off[..., None])[..., 0]
        left = np.eye(4) - gain @ np.eye(4)[:2]
        turned = np.swapaxes(left, 1, 2)
        self._spread[index] = left @ spread @ turned + gain @ noise @ np.swapaxes(gain, 1, 2)

    def _correct_yaw(
        self, index: NDArray[np.int64], yaw: FloatArray, variance: FloatArray, lasting: FloatArray
    ) -> None:
        """Headings far from what is expected, as swapped shoulders give, count less."""
        known = variance <= UNKNOWN_HEADING
        index, yaw = index[known], yaw[known]
        noise = np.maximum(variance[known], 1e-4) * lasting[known]
        first = self._yaw_variance[index] > UNKNOWN_HEADING
        held = self._yaw_variance[index]
        off = np.asarray(wrap_angle(yaw - self._yaw[index]))
        away = np.abs(off) / (self.parameters.outlier * np.sqrt(held + noise))
        noise = noise * np.where(first, 1.0, np.maximum(away, 1.0) ** 2)
        gain = np.where(first, 1.0, held / (held + noise))
        self._yaw[index] = wrap_angle(self._yaw[index] + gain * off)
        self._yaw_variance[index] = np.where(first, noise, (1.0 - gain) * held)

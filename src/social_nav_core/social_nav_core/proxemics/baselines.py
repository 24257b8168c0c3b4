"""Models of personal space that others use, with the interface of `ProxemicsModel`.

All are densities over (forward, left) [m] in the person's frame that integrate to 1, so they can
be compared with each other and with a learned model, and all have a peak, so they make zones.

- `HallZones`: E. T. Hall, The Hidden Dimension (1966): intimate to 0.45 m, personal to 1.2 m,
  social to 3.6 m, each of one value.
- `KirbyGaussian`: R. Kirby, Social Robot Navigation (CMU-RI-TR-10-13, 2010), section 4.2: Gaussian
  with three deviations, front = max(2 v, 0.5) m for a person who walks at v m/s, side 2/3 and rear
  1/2 of it.
- `EggGaussian`: an egg that reaches farther ahead than behind, since people claim more space in
  front (L. A. Hayduk, Canadian Journal of Behavioural Science 13, 1981); blunt at the person.
- `symmetric_gaussian`: one deviation in every direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray
from social_nav_core.proxemics.em import EmParameters, fit_skew_normals
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.skew_normal import SkewNormal


class Baseline:
    """What all baselines share; a subclass has `log_cost` and `volume`."""

    reach = 5.0  # [m]: beyond it the density is taken for 0 in moments

    def log_cost(self, forward: FloatArray, left: FloatArray) -> FloatArray:
        """Logarithm of density over peak, at most 0."""
        raise NotImplementedError

    @property
    def volume(self) -> float:
        """Integral of density over peak [m^2]."""
        raise NotImplementedError

    @property
    def mode(self) -> FloatArray:
        """Where the density is largest ``(2,)`` [m]: the person."""
        return np.zeros(2)

    @property
    def peak(self) -> float:
        """Largest density [1/m^2]."""
        return 1.0 / self.volume

    def pdf(self, points: ArrayLike) -> FloatArray:
        """Density ``(...)`` [1/m^2] at points ``(..., 2)`` [m]."""
        return np.exp(self.score_samples(points))

    def score_samples(self, points: ArrayLike) -> FloatArray:
        """Log density ``(...)`` at points ``(..., 2)`` [m]; -inf where the density is 0."""
        points = np.asarray(points, dtype=float)
        return self.log_cost(points[..., 0], points[..., 1]) - math.log(self.volume)

    @cached_property
    def _moments(self) -> tuple[FloatArray, FloatArray]:
        places, weights = sampled(self, self.reach, 0.02)
        mean = weights @ places
        return mean, ((places - mean) * weights[:, None]).T @ (places - mean)

    @property
    def mean(self) -> FloatArray:
        """Mean ``(2,)`` [m]."""
        return self._moments[0]

    @property
    def covariance(self) -> FloatArray:
        """Covariance ``(2, 2)`` [m^2]."""
        return self._moments[1]


@dataclass(frozen=True, eq=False)
class HallZones(Baseline):
    """Three rings around a person.

    Attributes:
        radii: outer radius [m] of the intimate, personal and social zone.
        levels: cost of each, 1 for the first, falling.
    """

    radii: tuple[float, float, float] = (0.45, 1.2, 3.6)
    levels: tuple[float, float, float] = (1.0, 0.5, 0.1)

    def log_cost(self, forward: FloatArray, left: FloatArray) -> FloatArray:
        """Logarithm of the ring's level; -inf outside."""
        ring = np.searchsorted(self.radii, np.hypot(forward, left), side="right")
        with np.errstate(divide="ignore"):
            return np.log(np.array([*self.levels, 0.0]))[ring]

    @property
    def volume(self) -> float:
        """Areas of the rings times their levels [m^2]."""
        squares = np.diff(np.square((0.0, *self.radii)))
        return float(math.pi * squares @ self.levels)


@dataclass(frozen=True, eq=False)
class KirbyGaussian(Baseline):
    """Gaussian that is longer ahead of a person than behind.

    Attributes:
        front, side, rear: deviations [m].
    """

    front: float = 0.5
    side: float = 1.0 / 3.0
    rear: float = 0.25

    @classmethod
    def at_speed(cls, speed: float) -> KirbyGaussian:
        """For a person who walks at a speed [m/s]."""
        front = max(2.0 * speed, 0.5)
        return cls(front, 2.0 / 3.0 * front, 0.5 * front)

    def log_cost(self, forward: FloatArray, left: FloatArray) -> FloatArray:
        """Minus half the squared offset, in deviations of the half plane."""
        along = forward / np.where(np.asarray(forward) > 0.0, self.front, self.rear)
        return -0.5 * (along**2 + (left / self.side) ** 2)

    @property
    def volume(self) -> float:
        """Half of a Gaussian ahead and half of one behind [m^2]."""
        return math.pi * self.side * (self.front + self.rear)


@dataclass(frozen=True, eq=False)
class EggGaussian(Baseline):
    """Gaussian whose width narrows ahead: ``side (1 - taper tanh((forward - ahead) / length))``.

    Attributes:
        ahead: where it is highest, in front of the person [m].
        length, side: deviations [m] along and, at that place, across.
        taper: how much narrower it is far ahead, and wider far behind, in [0, 1).
    """

    ahead: float = 0.15
    length: float = 0.45
    side: float = 0.35
    taper: float = 0.3

    @property
    def mode(self) -> FloatArray:
        """Where the density is largest ``(2,)`` [m]."""
        return np.array([self.ahead, 0.0])

    def log_cost(self, forward: FloatArray, left: FloatArray) -> FloatArray:
        """Minus half the squared offset, in deviations at that distance ahead."""
        along = (forward - self.ahead) / self.length
        across = left / (self.side * (1.0 - self.taper * np.tanh(along)))
        return -0.5 * (along**2 + across**2)

    @property
    def volume(self) -> float:
        """That of a Gaussian [m^2]: what narrows ahead widens behind."""
        return 2.0 * math.pi * self.length * self.side


def symmetric_gaussian(deviation: float = 0.45) -> ProxemicsModel:
    """Round Gaussian of a deviation [m]."""
    part = SkewNormal(np.zeros(2), deviation**2 * np.eye(2), np.zeros(2))
    told = f"Symmetric Gaussian of {deviation:g} m around the person."
    return ProxemicsModel(np.ones(1), (part,), told)


def sampled(
    density: Baseline | ProxemicsModel, reach: float, step: float
) -> tuple[FloatArray, FloatArray]:
    """Cell centres ``(n, 2)`` of a square grid within a reach [m], and weights of sum 1."""
    axis = np.arange(-reach + 0.5 * step, reach, step)
    places = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    weights = density.pdf(places)
    kept = weights > 1e-9 * weights.max()
    return places[kept], weights[kept] / weights[kept].sum()


def as_mixture(
    baseline: Baseline, components: int, rng: np.random.Generator
) -> tuple[ProxemicsModel, float]:
    """Skew normals close to a baseline, which the costmap layer reads, and how close they are.

    Returns:
        The mixture, and half the integral of the absolute difference of the two densities.
    """
    places, weights = sampled(baseline, baseline.reach, 0.05)
    parameters = EmParameters(components=components, cycles=200, tolerance=1e-7)
    model = fit_skew_normals(places, rng, weights, parameters).model
    axis = np.arange(-baseline.reach + 0.01, baseline.reach, 0.02)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    difference = np.abs(model.pdf(grid) - baseline.pdf(grid)).sum() * 0.02**2
    return model, 0.5 * float(difference)


BASELINES: dict[str, Callable[[], Baseline | ProxemicsModel]] = {
    "hall": HallZones,
    "kirby": KirbyGaussian,
    "egg": EggGaussian,
    "gaussian": symmetric_gaussian,
}

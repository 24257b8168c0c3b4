"""The shape that all zones share: the model normalised by its peak, around its mode."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.proxemics.model import ProxemicsModel

if TYPE_CHECKING:
    from social_nav_core.proxemics.zone import SocialZoneParameters

DIRECTIONS = 64
FARTHEST = 20.0  # [m]: no zone of a person reaches farther from the mode


class ZoneShape:
    """Normalised cost as a function of the offset from the mode in the person's frame.

    Attributes:
        mode: (2,) [m].
        mean: (2,) [m].
        covariance: (2, 2) [m^2].
        contour: (64, 2) offsets [m] at which the density falls to the cutoff, counter-clockwise
            from straight ahead in equal angles.
        radius: length of the first of them [m]: where a zone of unknown heading ends.
        circle: (64, 2) offsets of that length.
    """

    def __init__(self, model: ProxemicsModel, parameters: SocialZoneParameters) -> None:
        self.mode, self.mean, self.covariance = model.mode, model.mean, model.covariance
        self._model, self._peak = model, model.peak
        self._cutoff = parameters.cutoff
        self._start, self._full = parameters.corridor_start, parameters.corridor_full
        self._width = parameters.corridor_width
        self.contour = self._contour()
        self.radius = float(self.contour[0, 0])
        self.circle = self.radius * _directions()

    def cost(self, forward: FloatArray, left: FloatArray, opening: float) -> FloatArray:
        """Cost in [0, 1] at offsets from the mode [m]; 1 at the mode.

        An open front multiplies it by ``1 - opening s(f) exp(-l^2 / (2 width^2))``, f and l
        forward and left of the body, s a smooth step from corridor_start to corridor_full.
        """
        forward, left = np.broadcast_arrays(forward + self.mode[0], left + self.mode[1])
        density = self._model.pdf(np.stack([forward, left], axis=-1)) / self._peak
        cost = np.clip((density - self._cutoff) / (1.0 - self._cutoff), 0.0, 1.0)
        if opening > 0.0:
            step = np.clip((forward - self._start) / (self._full - self._start), 0.0, 1.0)
            step = step * step * (3.0 - 2.0 * step)
            cost = cost * (1.0 - opening * step * np.exp(-0.5 * (left / self._width) ** 2))
        return cost

    def _contour(self) -> FloatArray:
        """Outermost crossings of rays from the mode, found from outside by steps, then halving."""
        directions = _directions()
        radii = np.arange(0.0, FARTHEST, 0.02)
        points = self.mode + radii[:, None, None] * directions
        inside = self._model.pdf(points) > self._cutoff * self._peak
        last = radii.size - 1 - np.argmax(inside[::-1], axis=0)
        low, high = radii[last], radii[last] + 0.02
        for _ in range(40):
            middle = 0.5 * (low + high)
            density = self._model.pdf(self.mode + middle[:, None] * directions)
            within = density > self._cutoff * self._peak
            low, high = np.where(within, middle, low), np.where(within, high, middle)
        return low[:, None] * directions


def _directions() -> FloatArray:
    angles = 2.0 * math.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


@lru_cache(maxsize=8)
def zone_shape(model: ProxemicsModel, parameters: SocialZoneParameters) -> ZoneShape:
    """The shape of a model; kept, because a field is asked for many times a second."""
    return ZoneShape(model, parameters)

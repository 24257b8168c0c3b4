"""The shape that all zones share: the model normalised by its peak, enlarged about its mode.

The model describes how near people come to each other, from centre to centre, when they know each
other and are at a common task.  A robot is wider and a stranger; `size` makes up for both.
"""

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
        mode: (2,) [m], the model's.
        mean: (2,) [m] of the enlarged model.
        covariance: (2, 2) [m^2] of the enlarged model.
        contour: (64, 2) offsets [m] at which the density falls to the cutoff, counter-clockwise
            from straight ahead in equal angles.
        radius: length of the first of them [m]: where a zone of unknown heading ends.
        circle: (64, 2) offsets of that length.
    """

    def __init__(self, model: ProxemicsModel, parameters: SocialZoneParameters) -> None:
        size = parameters.size
        self.mode = model.mode
        self.mean = model.mode + size * (model.mean - model.mode)
        self.covariance = size**2 * model.covariance
        self._model, self._peak, self._size = model, model.peak, size
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
        planes = np.stack(np.broadcast_arrays(forward, left))  # each contiguous: quicker to read
        share = self._share(np.moveaxis(planes, 0, -1))
        cost = np.clip((share - self._cutoff) / (1.0 - self._cutoff), 0.0, 1.0)
        if opening > 0.0:
            forward, left = forward + self.mode[0], left + self.mode[1]
            step = np.clip((forward - self._start) / (self._full - self._start), 0.0, 1.0)
            step = step * step * (3.0 - 2.0 * step)
            cost = cost * (1.0 - opening * step * np.exp(-0.5 * (left / self._width) ** 2))
        return cost

    def _share(self, offset: FloatArray) -> FloatArray:
        """Density of the enlarged model over its peak at offsets ``(..., 2)`` [m] from the mode."""
        return self._model.pdf(self.mode + offset / self._size) / self._peak

    def _contour(self) -> FloatArray:
        """Outermost crossings of rays from the mode, found from outside by steps, then halving."""
        directions = _directions()
        radii = np.arange(0.0, FARTHEST, 0.02)
        inside = self._share(radii[:, None, None] * directions) > self._cutoff
        last = radii.size - 1 - np.argmax(inside[::-1], axis=0)
        low, high = radii[last], radii[last] + 0.02
        for _ in range(40):
            middle = 0.5 * (low + high)
            within = self._share(middle[:, None] * directions) > self._cutoff
            low, high = np.where(within, middle, low), np.where(within, high, middle)
        return low[:, None] * directions


def _directions() -> FloatArray:
    angles = 2.0 * math.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


@lru_cache(maxsize=1024)  # people may have a model each
def zone_shape(model: ProxemicsModel, parameters: SocialZoneParameters) -> ZoneShape:
    """The shape of a model; kept, because a field is asked for many times a second."""
    return ZoneShape(model, parameters)

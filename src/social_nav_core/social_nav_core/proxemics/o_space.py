"""The o-space of a conversation: the room that its members share (Kendon 1990).

    cost(x) = amplitude (exp(-d^2 / (2 sigma^2)) - cutoff) / (1 - cutoff), not below 0

with d the distance of x to the convex hull of the members' positions; for two of them the hull is
the segment between them.  The amplitude carries the confidence of the least certain member.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.proxemics.zone import SocialZoneParameters, Zone


@dataclass(frozen=True, eq=False)
class OSpace:
    """Shared space of one conversation, in the frame of its zones.

    Attributes:
        hull: (n, 2) corners [m], counter-clockwise; two for a pair.
        amplitude: cost inside, in [0, 1].
        sigma: how far the cost reaches outside [m].
        cutoff: share of the amplitude where it ends.
    """

    hull: FloatArray
    amplitude: float
    sigma: float
    cutoff: float

    def cost(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Cost in [0, 1] at points x, y [m] (arrays that broadcast)."""
        squared = _squared_distance(self.hull, x, y)
        share = np.exp(-0.5 * squared / self.sigma**2)
        return self.amplitude * np.maximum(0.0, (share - self.cutoff) / (1.0 - self.cutoff))

    def box(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper corner ``(2,)`` [m] of a box that the cost does not leave."""
        reach = self.sigma * math.sqrt(-2.0 * math.log(self.cutoff))
        return self.hull.min(axis=0) - reach, self.hull.max(axis=0) + reach


def o_spaces_of(zones: Sequence[Zone], parameters: SocialZoneParameters) -> list[OSpace]:
    """O-spaces of all groups; members farther apart than the group span share none."""
    groups: dict[str, list[Zone]] = {}
    for zone in zones:
        if zone.group_id:
            groups.setdefault(zone.group_id, []).append(zone)
    spaces = []
    for members in groups.values():
        for circle in _connected(members, parameters.group_span):
            amplitude = parameters.o_space_amplitude * min(zone.confidence for zone in circle)
            hull = convex_hull([tuple(zone.position.tolist()) for zone in circle])
            if len(hull) > 1 and amplitude > 0.0:
                spaces.append(OSpace(hull, amplitude, parameters.o_space_sigma, parameters.cutoff))
    return spaces


def _connected(members: list[Zone], span: float) -> list[list[Zone]]:
    """Members split into parts whose members are chained by steps of at most the span [m]."""
    parts, rest = [], list(members)
    while rest:
        part = [rest.pop(0)]
        for zone in part:
            near = [z for z in rest if math.dist(z.position, zone.position) <= span]
            part += near
            rest = [z for z in rest if z not in near]
        parts.append(part)
    return parts


def convex_hull(points: Sequence[tuple[float, float]]) -> FloatArray:
    """Corners ``(n, 2)`` of the convex hull, counter-clockwise (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return np.array(ordered)

    def chain(sequence: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        corners: list[tuple[float, float]] = []
        for point in sequence:
            while len(corners) > 1 and _cross(corners[-2], corners[-1], point) <= 0.0:
                corners.pop()
            corners.append(point)
        return corners[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def _cross(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _squared_distance(hull: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Squared distance [m^2] of points to a convex polygon; 0 inside."""
    x, y = np.broadcast_arrays(x, y)
    squared = np.full(x.shape, np.inf)
    inside = np.full(x.shape, len(hull) > 2)
    for (ax, ay), (bx, by) in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        ex, ey = bx - ax, by - ay
        px, py = x - ax, y - ay
        share = np.clip((px * ex + py * ey) / (ex * ex + ey * ey), 0.0, 1.0)
        squared = np.minimum(squared, (px - share * ex) ** 2 + (py - share * ey) ** 2)
        inside &= ex * py - ey * px >= 0.0
    return np.where(inside, 0.0, squared)

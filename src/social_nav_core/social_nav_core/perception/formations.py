"""F-formations: people who stand on a circle about the space that they share, and look into it.

A person's transactional segment lies ahead of the chest; people whose segments fall together share
an o-space (Kendon 1990).  As in the graph cuts of Setti et al. (PLoS ONE 2015), a grouping costs
the squared distances of the segments to their groups' middles plus a price per group, and nobody
may look at the middle past somebody who stands before it.  There, segments lie one stride ahead of
everybody; here every group has a radius of its own, which the stride only suggests, since circles
grow with the number of their members.  Groups are merged while that lowers the cost (Ward's
linkage, stopped at the price of a group), then single people move while it still does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import parameter

Labels = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SUGGESTION = 0.25  # weight of the stride against where the members look
_INSIDE = 0.15  # who is closer to the middle is not on a circle [m]
_SHOULDER = 0.2  # nobody finds room closer beside somebody, seen from the middle [rad]
_BEHIND = 1.3  # times as far from the middle: behind somebody, not beside
_UNEVEN = 2.0  # times as far from the middle as another: not on one circle
_ROW, _LOOSE_ROW = 0.95, 0.92  # length of the mean direction from which all look one way
_TOO_LARGE = 1.1  # times the reach: a row that is bent about a stage
_ALIKE = 0.7  # who looks less far past a row's direction is part of it [rad]


@dataclass(frozen=True)
class GroupParameters:
    """What a conversation is."""

    stride: float = parameter(0.75, "m", "to the middle of a pair or of a small group", 0.2, 2.0)
    spread: float = parameter(
        0.65, "m", "of segments about their group's middle: price of a group", 0.05, 2.0
    )
    blocked: float = parameter(
        0.5, "rad", "who is closer beside one nearer to the middle is hidden from it", 0.0, 1.5
    )
    reach: float = parameter(2.0, "m", "farthest member from the middle", 0.5, 5.0)
    aside: float = parameter(1.0, "rad", "farthest that a member looks past the middle", 0.1, 3.0)
    still: float = parameter(0.5, "m/s", "whoever is faster stands with nobody", 0.05, 3.0)
    abreast: float = parameter(1.4, "m", "farthest apart of two who walk together", 0.3, 5.0)
    same_velocity: float = parameter(0.4, "m/s", "largest difference of their velocities", 0.0, 2.0)
    memory: float = parameter(0.6, "s", "time constant of belonging together", 0.0, 10.0)


def f_formations(
    poses: FloatArray, parameters: GroupParameters, known: Flags | None = None
) -> Labels:
    """Group of each person who stands ``(n,)``, numbered from 0; -1 for those who are alone.

    Args:
        poses: (n, 3) x [m], y [m] and yaw of the chest [rad].
        parameters: what a conversation is.
        known: (n,) whose headings are known; the others may complete a group that leaves room.
    """
    poses = np.asarray(poses, dtype=float).reshape(-1, 3)
    labels = np.full(len(poses), -1, dtype=np.int64)
    certain = np.ones(len(poses), dtype=bool) if known is None else np.asarray(known, dtype=bool)
    if np.count_nonzero(certain) < 2:
        return labels
    standing = _Standing(poses, parameters)
    pairs, beginnings = standing.pairs()
    groups = _merged([[int(k)] for k in np.flatnonzero(certain)], standing, beginnings)
    parted = _without_pairs(groups, ~pairs)
    if len(parted) > len(groups):
        groups = _merged(parted, standing, pairs)
    groups = _moved([group for group in groups if len(group) > 1], standing)
    groups = [group for group in groups if not standing.in_a_row(group, certain)]
    for k in np.flatnonzero(~certain):
        _completed(groups, int(k), standing)
    for number, group in enumerate(sorted(groups, key=min)):
        labels[group] = number
    return labels


class _Standing:
    """People who stand, and the circles that groups of them are on.

    The moments of a group are sums over its members: how many, places, directions, squared
    distances from the origin, and products of places and directions.

    Args:
        poses: (n, 3) x [m], y [m] and yaw of the chest [rad].
        about: what a conversation is.
    """

    def __init__(self, poses: FloatArray, about: GroupParameters) -> None:
        self.about = about
        self.place = poses[:, :2] - poses[:, :2].mean(axis=0)
        self.ahead = np.column_stack([np.cos(poses[:, 2]), np.sin(poses[:, 2])])
        squares = (self.place**2).sum(axis=1), (self.place * self.ahead).sum(axis=1)
        self._moments = np.stack([np.ones(len(poses)), *self.place.T, *self.ahead.T, *squares])

    def moments(self, groups: Sequence[Sequence[int]]) -> FloatArray:
        """Moments ``(7, g)`` of groups."""
        return np.stack([self._moments[:, group].sum(axis=1) for group in groups], axis=1)

    def fitted(self, moments: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Costs [m^2] and radii [m] of the circles with some moments ``(7, ...)``.

        Radius r and middle c have the least sum over the members of |place + r ahead - c|^2, and
        of a small weight times (r - stride)^2.
        """
        count, x, y, ahead_x, ahead_y, square, along = moments
        inward = (x * ahead_x + y * ahead_y) / count - along
        turned = count - (ahead_x * ahead_x + ahead_y * ahead_y) / count
        weight, stride = _SUGGESTION * count, self.about.stride
        pull, stiff = inward + weight * stride, turned + weight
        radius = np.minimum(np.maximum(pull / stiff, 0.0), self.about.reach)
        cost = square - (x * x + y * y) / count + weight * stride**2
        return cost - radius * (2.0 * pull - radius * stiff), radius

    def middles(self, moments: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Middles ``(g, 2)`` and radii of the circles with some moments ``(7, g)`` [m]."""
        _, radius = self.fitted(moments)
        return ((moments[1:3] + radius * moments[3:5]) / moments[0]).T, radius

    def middle(self, group: Sequence[int]) -> FloatArray:
        """Middle (2,) of one group [m]."""
        return self.middles(self._moments[:, group].sum(axis=1))[0]

    def is_formation(self, group: Sequence[int]) -> bool:
        """Whether all members look at a middle that is near, and none hides another from it."""
        direction, distance, fits = self._from_middle(self.middle(group), group)
        if not fits.all() or distance.max() > _UNEVEN * distance.min():
            return False
        cosine = direction @ direction.T
        np.fill_diagonal(cosine, -1.0)
        behind = distance[:, None] > _BEHIND * distance
        room = np.where(behind | behind.T, self.about.blocked, _SHOULDER)
        return bool((cosine < np.cos(room)).all())

    def pairs(self) -> tuple[Flags, Flags]:
        """Which two ``(n, n)`` are a group by themselves, and which may be on one circle."""
        a, b = self.near(self.place)
        middle, _ = self.middles(self._moments[:, a] + self._moments[:, b])
        first, _, fits = self._from_middle(middle, a)
        second, _, fit = self._from_middle(middle, b)
        both = fits & fit & ((first * second).sum(axis=-1) < math.cos(self.about.blocked))
        a, b = a[both], b[both]
        segments = self.place + self.about.stride * self.ahead
        alone = 0.5 * ((segments[a] - segments[b]) ** 2).sum(axis=-1) < self.about.spread**2
        pairs = np.zeros((2, len(self.place), len(self.place)), dtype=bool)
        pairs[0, a[alone], b[alone]] = pairs[0, b[alone], a[alone]] = True
        pairs[1, a, b] = pairs[1, b, a] = True
        return pairs[0], pairs[1]

    def near(self, place: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which two of some places ``(k, 2)`` may be in reach of one middle, each once."""
        x, y = place.T
        squared = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
        a, b = np.nonzero(squared <= (2.0 * self.about.reach) ** 2)
        return a[a < b], b[a < b]

    def in_a_row(self, group: Sequence[int], certain: Flags) -> bool:
        """Whether members look one way and others beside them too: an audience, not a group."""
        ahead = self.ahead[group].sum(axis=0)
        length = float(np.hypot(*ahead))
        if len(group) > 2 and (length > _ROW * len(group) or self._looks_far(group)):
            return True
        if length < _LOOSE_ROW * len(group):
            return False
        alike = certain & (self.ahead @ ahead > math.cos(_ALIKE) * length)
        alike[group] = False
        offset = self.place[alike][:, None] - self.place[group]
        return bool((np.hypot(offset[..., 0], offset[..., 1]) < self.about.abreast).any())

    def _looks_far(self, group: Sequence[int]) -> bool:
        """Whether the circle on which members look is too large."""
        place = self.place[group] - self.place[group].mean(axis=0)
        ahead = self.ahead[group] - self.ahead[group].mean(axis=0)
        return bool(-(place * ahead).sum() > _TOO_LARGE * self.about.reach * (ahead**2).sum())

    def turn(self, person: int, direction: FloatArray) -> None:
        """Let somebody look into a direction ``(2,)``."""
        ahead = direction / max(float(np.hypot(*direction)), 1e-9)
        self.ahead[person] = self._moments[3:5, person] = ahead
        self._moments[6, person] = self.place[person] @ ahead

    def _from_middle(
        self, middle: FloatArray, members: Sequence[int] | NDArray[np.int64]
    ) -> tuple[FloatArray, FloatArray, Flags]:
        """Directions ``(..., 2)`` and distances from middles to members, and who may be one."""
        offset = self.place[members] - middle
        distance = np.hypot(offset[..., 0], offset[..., 1])
        direction = offset / np.maximum(distance, 1e-9)[..., None]
        looks = -(direction * self.ahead[members]).sum(axis=-1)
        near = (distance <= self.about.reach) & (distance >= _INSIDE)
        return direction, distance, near & (looks >= math.cos(self.about.aside))


def _merged(groups: list[list[int]], standing: _Standing, pairs: Flags) -> list[list[int]]:
    """Merge the cheapest two until no merge lowers the cost; of single people, only `pairs`."""
    groups, price = list(groups), standing.about.spread**2
    moments = standing.moments(groups)
    cost, _ = standing.fitted(moments)
    first, second = standing.near((moments[1:3] / moments[0]).T)
    lone = np.array([group[0] if len(group) == 1 else -1 for group in groups])
    allowed = (lone[first] < 0) | (lone[second] < 0) | pairs[lone[first], lone[second]]
    first, second = first[allowed], second[allowed]
    rise = np.full((len(groups), len(groups)), np.inf)
    rise[first, second] = _rise(
        moments[:, first], cost[first], moments[:, second], cost[second], standing
    )
    gone = np.zeros(len(groups), dtype=bool)
    while True:
        a, b = divmod(int(rise.argmin()), len(groups))
        if not rise[a, b] < price:
            return [group for group in groups if group]
        both = groups[a] + groups[b]
        if len(both) > 2 and not standing.is_formation(both):
            rise[a, b] = np.inf
            continue
        groups[a], groups[b] = both, []
        moments[:, a] += moments[:, b]
        cost[a] = standing.fitted(moments[:, a])[0]
        rise[[a, b]] = rise[:, [a, b]] = np.inf
        gone[b] = True
        others = np.flatnonzero(~gone)
        rise[others, a] = _rise(
            moments[:, a, None], cost[a], moments[:, others], cost[others], standing
        )
        rise[a, a] = np.inf


def _rise(
    first: FloatArray,
    first_cost: FloatArray,
    second: FloatArray,
    second_cost: FloatArray,
    standing: _Standing,
) -> FloatArray:
    """What a merge adds to the cost for each member of the smaller group [m^2].

    It is that of a circle of one stride: where members look past the middle of a larger one, their
    segments are off by as much more.
    """
    cost, radius = standing.fitted(first + second)
    larger = np.maximum(radius / standing.about.stride, 1.0)
    fewer = np.minimum(first[0], second[0])
    return np.asarray((cost - first_cost - second_cost) / (fewer * larger * larger))


def _without_pairs(groups: list[list[int]], refused: Flags) -> list[list[int]]:
    """Groups of whom some pairs are single people again."""
    parts: list[list[int]] = []
    for group in groups:
        apart = len(group) == 2 and refused[group[0], group[1]]
        parts += [[k] for k in group] if apart else [group]
    return parts


def _moved(groups: list[list[int]], standing: _Standing) -> list[list[int]]:
    """Move single people to a nearer group's middle, a few rounds at most."""
    for _ in range(3 if len(groups) > 1 else 0):
        changed = False
        middles, radii = standing.middles(standing.moments(groups))
        for group in groups:
            for member in list(group):
                off = standing.place[member] + radii[:, None] * standing.ahead[member] - middles
                best = groups[int((off**2).sum(axis=-1).argmin())]
                if best is group or len(group) < 3:
                    continue
                if standing.is_formation([*best, member]):
                    group.remove(member)
                    best.append(member)
                    middles, radii = standing.middles(standing.moments(groups))
                    changed = True
        if not changed:
            break
    return groups


def _completed(groups: list[list[int]], person: int, standing: _Standing) -> None:
    """Put somebody of unknown heading into the group whose circle it stands on, if any."""
    best, least = None, standing.about.spread
    for group in groups:
        middle = standing.middle(group)
        radius = np.hypot(*(standing.place[group] - middle).T).mean()
        inward = middle - standing.place[person]
        off = abs(float(np.hypot(*inward)) - radius)
        if off < least:
            standing.turn(person, inward)
            if standing.is_formation([*group, person]):
                best, least = group, off
    if best is not None:
        best.append(person)

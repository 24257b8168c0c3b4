"""Who talks with whom: F-formations found by shared o-spaces, and people who walk together.

A person's transactional segment lies ahead of the chest; people whose segments fall together share
an o-space (Kendon 1990).  As in the graph cuts of Setti et al. (PLoS ONE 2015), a grouping costs
the squared distances of the segments to their groups' centres plus a price per group, and nobody
may look at the centre through somebody else.  Here groups are merged while that lowers the cost
(Ward's linkage, stopped at the price of a group), then single people move while it still does.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.people import Person
from social_nav_core.proxemics.zone import UNKNOWN_HEADING

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class GroupParameters:
    """What a conversation is."""

    stride: float = parameter(0.75, "m", "from a person to the middle of its segment", 0.2, 2.0)
    spread: float = parameter(
        0.65, "m", "of segments about their group's middle: price of a group", 0.05, 2.0
    )
    blocked: float = parameter(
        0.5, "rad", "two members seen closer together hide each other from the middle", 0.0, 1.5
    )
    reach: float = parameter(1.8, "m", "farthest member from the middle", 0.5, 5.0)
    still: float = parameter(0.5, "m/s", "whoever is faster stands with nobody", 0.05, 3.0)
    abreast: float = parameter(1.4, "m", "farthest apart of two who walk together", 0.3, 5.0)
    same_velocity: float = parameter(0.4, "m/s", "largest difference of their velocities", 0.0, 2.0)
    memory: float = parameter(0.6, "s", "time constant of belonging together", 0.0, 10.0)


def f_formations(
    poses: FloatArray, parameters: GroupParameters, known: NDArray[np.bool_] | None = None
) -> Labels:
    """Group of each person who stands ``(n,)``, numbered from 0; -1 for those who are alone.

    Args:
        poses: (n, 3) x [m], y [m] and yaw of the chest [rad].
        parameters: what a conversation is.
        known: (n,) whose headings are known; the others may complete a group that leaves room.
    """
    poses = np.asarray(poses, dtype=float).reshape(-1, 3)
    count = len(poses)
    certain = np.ones(count, dtype=bool) if known is None else np.asarray(known, dtype=bool)
    segments = poses[:, :2] + parameters.stride * np.column_stack(
        [np.cos(poses[:, 2]), np.sin(poses[:, 2])]
    )
    groups = [[int(k)] for k in np.flatnonzero(certain)]
    groups = _merged(groups, segments, poses, parameters)
    groups = _moved(groups, segments, poses, parameters)
    groups = [group for group in groups if len(group) > 1]
    for k in np.flatnonzero(~certain):
        _completed(groups, int(k), segments, poses, parameters)
    labels = np.full(count, -1, dtype=np.int64)
    for number, group in enumerate(sorted(groups, key=min)):
        labels[group] = number
    return labels


def _merged(
    groups: list[list[int]], segments: FloatArray, poses: FloatArray, about: GroupParameters
) -> list[list[int]]:
    """Merge the cheapest pair until no merge lowers the cost."""
    groups = [list(group) for group in groups]
    centres = np.array([segments[group].mean(axis=0) for group in groups]).reshape(-1, 2)
    sizes = np.array([len(group) for group in groups], dtype=float)
    price = about.spread**2
    off = centres[:, None] - centres
    rise = (off**2).sum(axis=-1) * sizes[:, None] * sizes / (sizes[:, None] + sizes)
    np.fill_diagonal(rise, np.inf)
    while len(groups) > 1:
        a, b = divmod(int(rise.argmin()), len(groups))
        if rise[a, b] >= price:
            return groups
        both = groups[a] + groups[b]
        if not _is_formation(both, segments, poses, about):
            rise[a, b] = rise[b, a] = np.inf
            continue
        keep = np.arange(len(groups)) != b
        groups[a] = both
        groups.pop(b)
        sizes[a] += sizes[b]
        centres[a] = segments[both].mean(axis=0)
        sizes, centres, rise = sizes[keep], centres[keep], rise[np.ix_(keep, keep)]
        a -= a > b
        own = ((centres - centres[a]) ** 2).sum(axis=-1) * sizes * sizes[a] / (sizes + sizes[a])
        own[a] = np.inf
        rise[a], rise[:, a] = own, own
    return groups


def _moved(
    groups: list[list[int]], segments: FloatArray, poses: FloatArray, about: GroupParameters
) -> list[list[int]]:
    """Move single people to a nearer group's middle, a few rounds at most."""
    for _ in range(3):
        changed = False
        big = [group for group in groups if len(group) > 1]
        for group in big:
            for member in list(group):
                if len(group) < 3:
                    break
                middles = np.array([segments[item].mean(axis=0) for item in big])
                far = ((middles - segments[member]) ** 2).sum(axis=-1)
                best = big[int(far.argmin())]
                if best is not group and _is_formation([*best, member], segments, poses, about):
                    group.remove(member)
                    best.append(member)
                    changed = True
        if not changed:
            break
    return groups


def _completed(
    groups: list[list[int]],
    person: int,
    segments: FloatArray,
    poses: FloatArray,
    about: GroupParameters,
) -> None:
    """Put somebody of unknown heading into the group whose circle it stands on, if any."""
    best, least = None, about.spread
    for group in groups:
        middle = segments[group].mean(axis=0)
        radius = np.hypot(*(poses[group, :2] - middle).T).mean()
        off = abs(float(np.hypot(*(poses[person, :2] - middle))) - radius)
        segments[person] = middle
        if off < least and _is_formation([*group, person], segments, poses, about):
            best, least = group, off
    if best is not None:
        best.append(person)


def _is_formation(
    group: Sequence[int], segments: FloatArray, poses: FloatArray, about: GroupParameters
) -> bool:
    """Whether all members are near the middle and none hides another from it."""
    members = list(group)
    offset = poses[members, :2] - segments[members].mean(axis=0)
    distance = np.hypot(offset[:, 0], offset[:, 1])
    if distance.max() > about.reach or distance.min() < 0.15:
        return False
    direction = offset / distance[:, None]
    cosine = direction @ direction.T
    np.fill_diagonal(cosine, -1.0)
    return bool(cosine.max() < math.cos(about.blocked))


def walking_together(
    poses: FloatArray, velocities: FloatArray, parameters: GroupParameters
) -> NDArray[np.bool_]:
    """Pairs ``(n, n)`` who walk side by side at one velocity."""
    speed = np.hypot(velocities[:, 0], velocities[:, 1])
    apart = np.hypot(*np.moveaxis(poses[:, None, :2] - poses[:, :2], -1, 0))
    differ = np.hypot(*np.moveaxis(velocities[:, None] - velocities, -1, 0))
    walks = speed > parameters.still
    pairs = (apart < parameters.abreast) & (differ < parameters.same_velocity)
    pairs &= walks[:, None] & walks
    np.fill_diagonal(pairs, False)
    return pairs


class GroupFilter:
    """Groups over time: pairs belong together once they have done so for most of `memory`.

    Args:
        parameters: what a conversation is.

    Raises:
        ParameterError: a parameter is out of bounds.
    """

    def __init__(self, parameters: GroupParameters | None = None) -> None:
        self.parameters = GroupParameters() if parameters is None else parameters
        check(self.parameters)
        self.clear()

    def clear(self) -> None:
        """Forget all groups."""
        self._time = -np.inf
        self._bonds: dict[tuple[str, str], float] = {}
        self._joined: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}

    def update(
        self, time: float, people: Sequence[Person], seen: Collection[str] | None = None
    ) -> dict[str, str]:
        """Group of everybody by id, empty for those who are alone; groups keep their names.

        Args:
            time: [s], not before the one before.
            people: all who are known, in one frame.
            seen: ids of those who are seen now, everybody when None; two of whom one is not seen
                belong together as they did before, unless they have come too far apart.
        """
        pairs = self._pairs(people)
        if seen is not None:
            pairs = self._as_before(pairs, people, seen)
        memory = max(self.parameters.memory, 1e-9)
        first = not np.isfinite(self._time)
        fade = 0.0 if first else math.exp(-max(time - self._time, 0.0) / memory)
        self._time = time
        ids = {person.id for person in people}
        known = {pair for pair in (self._bonds.keys() | pairs) if ids.issuperset(pair)}
        bonds = {
            pair: fade * self._bonds.get(pair, 0.0) + (1.0 - fade) * (pair in pairs)
            for pair in known
        }
        self._bonds = {pair: bond for pair, bond in bonds.items() if bond > 0.01}
        self._joined = {
            pair
            for pair, bond in self._bonds.items()
            if bond > (0.35 if pair in self._joined else 0.65)
        }
        self._names = self._named([person.id for person in people])
        return dict(self._names)

    def _as_before(
        self, pairs: set[tuple[str, str]], people: Sequence[Person], seen: Collection[str]
    ) -> set[tuple[str, str]]:
        """The pairs, with those of whom one is not seen as they have been."""
        place = {person.id: person.pose[:2] for person in people}
        kept = {
            (a, b)
            for a, b in self._joined
            if a in place
            and b in place
            and not (a in seen and b in seen)
            and np.hypot(*(place[a] - place[b])) < 2.0 * self.parameters.reach
        }
        return {(a, b) for a, b in pairs if a in seen and b in seen} | kept

    def _pairs(self, people: Sequence[Person]) -> set[tuple[str, str]]:
        if len(people) < 2:
            return set()
        poses = np.stack([person.pose for person in people])
        velocities = np.stack([person.velocity for person in people])
        spread = np.array([person.covariance[2, 2] for person in people])
        together = walking_together(poses, velocities, self.parameters)
        stands = np.flatnonzero(np.hypot(*velocities.T) <= self.parameters.still)
        known = spread[stands] <= UNKNOWN_HEADING
        labels = f_formations(poses[stands], self.parameters, known)
        same = (labels[:, None] == labels) & (labels >= 0)[:, None]
        together[np.ix_(stands, stands)] |= same
        a, b = np.nonzero(np.triu(together, 1))
        names = [person.id for person in people]
        return {(names[i], names[k]) for i, k in zip(a.tolist(), b.tolist(), strict=True)}

    def _named(self, ids: Sequence[str]) -> dict[str, str]:
        """Names of connected people: the name that most of them had, else a new one."""
        parts = _connected(ids, self._joined)
        taken: set[str] = set()
        names = dict.fromkeys(ids, "")
        for part in sorted(parts, key=len, reverse=True):
            before = [self._names.get(name, "") for name in part]
            old = [name for name in before if name and name not in taken]
            name = max(sorted(set(old)), key=old.count) if old else "+".join(sorted(part))
            taken.add(name)
            names.update(dict.fromkeys(part, name))
        return names


def _connected(ids: Sequence[str], pairs: set[tuple[str, str]]) -> list[list[str]]:
    """Sets of at least two ids that are chained by pairs."""
    parent = {name: name for name in ids}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    for a, b in pairs:
        parent[root(a)] = root(b)
    parts: dict[str, list[str]] = {}
    for name in ids:
        parts.setdefault(root(name), []).append(name)
    return [part for part in parts.values() if len(part) > 1]


def group_scores(
    found: Sequence[frozenset[str]], truth: Sequence[frozenset[str]], share: float
) -> tuple[int, int, int]:
    """Groups found right, found wrongly, and missed (Setti et al. 2015, section 5).

    A group counts as found when at least ceil(share n) of its n members are in one group that was
    found, which holds at most n - ceil(share n) others; share is 2/3 or 1.
    """
    left = list(found)
    right = 0
    for group in truth:
        need = math.ceil(share * len(group) - 1e-9)
        match = next(
            (f for f in left if len(f & group) >= need and len(f - group) <= len(group) - need),
            None,
        )
        if match is not None:
            left.remove(match)
            right += 1
    return right, len(found) - right, len(truth) - right

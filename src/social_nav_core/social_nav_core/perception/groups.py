"""Who is with whom, over time: those in an F-formation, and those who walk together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check
from social_nav_core.people import UNKNOWN_HEADING, Person
from social_nav_core.perception.formations import GroupParameters, f_formations
from social_nav_core.perception.names import free_name

__all__ = ["GroupFilter", "GroupParameters", "f_formations", "group_scores", "walking_together"]


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
        """Names of connected people: one that most of them had, else one that nobody has."""
        parts = sorted(sorted(part) for part in _connected(ids, self._joined))
        claims = []
        for place, part in enumerate(parts):
            before = Counter(self._names.get(member, "") for member in part)
            claims += [(-count, place, name) for name, count in before.items() if name]
        kept: dict[int, str] = {}
        for _, place, name in sorted(claims):
            if place not in kept and name not in kept.values():
                kept[place] = name
        names = dict.fromkeys(ids, "")
        for place, part in enumerate(parts):
            if place not in kept:
                kept[place] = free_name("+".join(part), kept.values())
            names.update(dict.fromkeys(part, kept[place]))
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

"""Made-up gatherings with known groups, to try group detection on.

People in a circle leave 0.6 to 1.2 m to their neighbours, so that the circle grows with their
number (Kendon 1990; the groups of Setti et al. 2015); in a queue and in an audience everybody is
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.people import Person

ROOM = 5.0  # half the edge of the square in which people are [m]
ASIDE = 0.35  # how far some members of a wide circle look past its middle [rad]
APART = 0.55  # least distance of two people [m]
CLOSE = ("circle", "face to face", "side by side", "L", "walking together")
"""Kinds of gatherings of at most 5 people, not farther than 0.95 m from their middle."""
WIDE = ("wide circle", "face to face", "L", "queue", "audience")
"""Kinds with circles of 3 to 8 people up to 1.6 m from their middle, and with strangers."""
STRANGERS = ("queue", "audience")


@dataclass(frozen=True)
class Gathering:
    """People and who is with whom.

    Attributes:
        poses: (n, 3) x [m], y [m], yaw [rad].
        velocities: (n, 2) [m/s].
        groups: indices of the members of each group; the others are alone.
    """

    poses: FloatArray
    velocities: FloatArray
    groups: tuple[frozenset[int], ...]

    def people(
        self,
        position_std: float = 0.0,
        yaw_std: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> list[Person]:
        """The people, misplaced by normal errors [m] and [rad]; ids are ``p0``, ``p1``, ..."""
        count = len(self.poses)
        noise = np.zeros((count, 3)) if rng is None else rng.normal(size=(count, 3))
        poses = self.poses + noise * (position_std, position_std, yaw_std)
        spread = np.diag([position_std**2, position_std**2, yaw_std**2])
        return [Person(f"p{k}", pose, self.velocities[k], spread) for k, pose in enumerate(poses)]

    def named_groups(self) -> list[frozenset[str]]:
        """The groups by the ids of `people`."""
        return [frozenset(f"p{k}" for k in group) for group in self.groups]


def gathering(rng: np.random.Generator, kinds: Sequence[str] = CLOSE) -> Gathering:
    """One to three groups among one to five people who are alone, some of them walking.

    Args:
        rng: draws everything.
        kinds: of groups, from `CLOSE` and `WIDE`.
    """
    poses: list[FloatArray] = []
    velocities: list[FloatArray] = []
    taken: list[FloatArray] = []
    groups = []
    for _ in range(int(rng.integers(1, 4))):
        kind = kinds[int(rng.integers(len(kinds)))]
        own, velocity = _placed(_formation(kind, rng), taken, rng, kind)
        taken += _space(own, kind)
        if len(own) and kind not in STRANGERS:
            groups.append(frozenset(range(len(poses), len(poses) + len(own))))
        poses += list(own)
        velocities += [velocity] * len(own)
    for _ in range(int(rng.integers(1, 6))):
        alone = np.array([[0.0, 0.0, rng.uniform(-np.pi, np.pi)]])
        walks = rng.random() < 0.4
        own, velocity = _placed(alone, taken, rng, "walking together" if walks else "")
        taken += _space(own, "")
        poses += list(own)
        velocities += [velocity] * len(own)
    return Gathering(np.array(poses).reshape(-1, 3), np.array(velocities), tuple(groups))


def _formation(kind: str, rng: np.random.Generator) -> FloatArray:
    """Members ``(n, 3)`` about the middle of what they share."""
    if kind == "circle":
        count = int(rng.integers(3, 6))
        radius = max(rng.uniform(0.65, 0.95), 0.4 * count / np.pi + 0.15)
        angle = 2.0 * np.pi * (np.arange(count) + rng.uniform(-0.15, 0.15, count)) / count
        facing = angle + np.pi
    elif kind == "wide circle":
        count = int(rng.integers(3, 9))
        radius = rng.uniform(max(0.65, 0.3 / np.sin(np.pi / count)), min(0.95 + 0.09 * count, 1.6))
        angle = 2.0 * np.pi * (np.arange(count) + rng.uniform(-0.15, 0.15, count)) / count
        facing = angle + np.pi + ASIDE * rng.choice([-1, 0, 0, 0, 0, 0, 1], count)
    elif kind in STRANGERS:
        count = int(rng.integers(3, 6))
        apart = rng.uniform(0.6, 1.0) * np.arange(count)
        off = rng.uniform(-0.1, 0.1, count)
        place = [apart, off] if kind == "queue" else [off, apart]
        return np.column_stack([*place, rng.normal(scale=0.1, size=count)])
    elif kind == "walking together":
        across = rng.uniform(0.6, 0.9) * np.arange(int(rng.integers(2, 4)))
        return np.column_stack([rng.uniform(-0.15, 0.15, len(across)), across, 0.0 * across])
    else:
        turn = {"face to face": np.pi, "side by side": rng.uniform(0.9, 1.2), "L": 0.5 * np.pi}[
            kind
        ]
        radius, angle = rng.uniform(0.55, 0.85), np.array([-0.5, 0.5]) * turn
        facing = angle + np.pi
        if kind == "side by side":
            facing = np.pi + angle * rng.uniform(0.2, 0.8)
    facing = facing + rng.normal(scale=0.15, size=len(angle))
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), facing])


def _space(members: FloatArray, kind: str) -> list[FloatArray]:
    """Discs (x, y, radius) [m] that some people take: points, and the inside of a wide circle."""
    discs = [np.array([*pose[:2], 0.0]) for pose in members]
    if kind == "wide circle" and len(members):
        middle = members[:, :2].mean(axis=0)
        radius = np.hypot(*(members[:, :2] - middle).T).mean()
        discs.append(np.array([*middle, radius]))
    return discs


def _placed(
    members: FloatArray, taken: list[FloatArray], rng: np.random.Generator, kind: str
) -> tuple[FloatArray, FloatArray]:
    """Members somewhere in the room where nobody else is, and how they move; none if crowded."""
    margin = 1.0 if len(members) > 1 else APART
    for _ in range(50):
        x, y, turn = rng.uniform(-ROOM, ROOM), rng.uniform(-ROOM, ROOM), rng.uniform(-np.pi, np.pi)
        cos, sin = np.cos(turn), np.sin(turn)
        place = members[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
        discs = np.array(taken).reshape(-1, 3)
        apart = np.linalg.norm(place[:, None] - discs[:, :2], axis=-1) - discs[:, 2]
        if not apart.size or apart.min() > margin:
            speed = rng.uniform(0.7, 1.4) if kind == "walking together" else 0.0
            poses = np.column_stack([place, members[:, 2] + turn])
            yaw = poses[0, 2]
            return poses, speed * np.array([np.cos(yaw), np.sin(yaw)])
    return np.zeros((0, 3)), np.zeros(2)

"""Made-up gatherings with known groups, to try group detection on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.people import Person

ROOM = 5.0  # half the edge of the square in which people are [m]
APART = 0.55  # least distance of two people [m]
KINDS = ("circle", "face to face", "side by side", "L", "walking together")


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


def gathering(rng: np.random.Generator) -> Gathering:
    """One to three groups among one to five people who are alone, some of them walking."""
    poses: list[FloatArray] = []
    velocities: list[FloatArray] = []
    groups = []
    for _ in range(int(rng.integers(1, 4))):
        kind = KINDS[int(rng.integers(len(KINDS)))]
        own, velocity = _placed(_formation(kind, rng), poses, rng, kind)
        if len(own):
            groups.append(frozenset(range(len(poses), len(poses) + len(own))))
            poses += list(own)
            velocities += [velocity] * len(own)
    for _ in range(int(rng.integers(1, 6))):
        alone = np.array([[0.0, 0.0, rng.uniform(-np.pi, np.pi)]])
        walks = rng.random() < 0.4
        own, velocity = _placed(alone, poses, rng, "walking together" if walks else "")
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


def _placed(
    members: FloatArray, others: list[FloatArray], rng: np.random.Generator, kind: str
) -> tuple[FloatArray, FloatArray]:
    """Members somewhere in the room where nobody else is, and how they move; none if crowded."""
    margin = 1.0 if len(members) > 1 else APART
    for _ in range(50):
        x, y, turn = rng.uniform(-ROOM, ROOM), rng.uniform(-ROOM, ROOM), rng.uniform(-np.pi, np.pi)
        cos, sin = np.cos(turn), np.sin(turn)
        place = members[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
        taken = np.array(others).reshape(-1, 3)[:, :2]
        apart = np.linalg.norm(place[:, None] - taken, axis=-1)
        if not apart.size or apart.min() > margin:
            speed = rng.uniform(0.7, 1.4) if kind == "walking together" else 0.0
            poses = np.column_stack([place, members[:, 2] + turn])
            yaw = poses[0, 2]
            return poses, speed * np.array([np.cos(yaw), np.sin(yaw)])
    return np.zeros((0, 3)), np.zeros(2)

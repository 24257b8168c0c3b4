"""Who else is there: partners of a conversation, and bystanders who have nothing to do with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np

from social_nav_core.geometry import FloatArray, rotation
from social_nav_core.perception.encounters.pools import Pool, Style
from social_nav_core.sim.anatomy.gestures import Gesture, Manner
from social_nav_core.sim.anatomy.physique import Physique
from social_nav_core.sim.body import Figures, figures
from social_nav_core.sim.motion import Motion, standing

_MOST = 3
_EYES = 1.5


def with_others(
    motion: Motion,
    subject: Physique,
    pool: Pool,
    style: Style,
    talks: bool,
    rng: np.random.Generator,
) -> tuple[Figures, FloatArray]:
    """Bodies ``(t, p)`` of the subject, who is first, and of others, and colours ``(p, 4, 3)``.

    Args:
        motion: of the subject (t,).
        subject: its build (1,).
        pool: to take the others from.
        style: of the subject.
        talks: whether the subject talks to somebody, who then stands where it looks.
        rng: source of everything random.
    """
    company = _partners(motion, rng) if talks else []
    bystanders = int(rng.choice([0, 1, 2], p=[0.7, 0.22, 0.08]))
    company += [_bystander(motion, rng) for _ in range(min(bystanders, _MOST - len(company)))]
    count = len(company)
    index = rng.integers(len(pool.people.stature), size=count)
    styles = [style, *(pool.styles[int(k)] for k in rng.integers(len(pool.styles), size=count))]
    everybody = [subject, pool.people.take(index)]
    return figures(
        Motion(**_joined(Motion, [motion, *company], partial(np.stack, axis=1))),
        Physique(**_joined(Physique, everybody, np.concatenate)),
        Manner(**_joined(Manner, [one.manner for one in styles], np.array)),
    ), np.stack([one.colours for one in styles])


def _partners(motion: Motion, rng: np.random.Generator) -> list[Motion]:
    """One or two people whom the subject talks to, or walks beside."""
    place, velocity = motion.pose[:, :2], motion.velocity[-1]
    walks = bool(np.hypot(*velocity) > 0.0)
    looks = motion.gaze[-1, :2] - place[-1]
    way = velocity if walks else looks
    partners = []
    for side in rng.choice([-1.0, 1.0]) * np.array([1.0, -1.0])[: rng.integers(1, 3)]:
        turn = side * np.radians(rng.uniform(70.0, 110.0) if walks else rng.uniform(0.0, 35.0))
        ahead = rotation(turn) @ way / np.hypot(*way)
        spot = place + rng.uniform(0.7, 1.5) * ahead
        back = np.arctan2(-ahead[1], -ahead[0]) + rng.normal(0.0, 0.2)
        yaw = np.arctan2(velocity[1], velocity[0]) if walks else back
        partners.append(
            standing(
                np.column_stack([spot, np.full(len(spot), yaw)]),
                rng.choice([Gesture.TALK, Gesture.LISTEN, Gesture.IDLE]),
                motion.time,
                velocity=velocity,
                gait_phase=motion.gait_phase + rng.random(),
                gaze=np.column_stack([place, np.full(len(place), _EYES)]),
                time=motion.time + rng.uniform(0.0, 30.0),
            )
        )
    return partners


def _bystander(motion: Motion, rng: np.random.Generator) -> Motion:
    """Somebody near the subject who stands or passes by and has nothing to do with the robot."""
    times, place = motion.time, motion.pose[-1, :2]
    start = np.append(place + rng.uniform(-1.5, 1.5, 2), rng.uniform(-np.pi, np.pi))
    walk = np.zeros(2) if rng.random() < 0.6 else rng.uniform(-1.0, 1.0, 2)
    poses = start + (times - times[-1])[:, None] * np.append(walk, 0.0)
    if walk.any():
        poses[:, 2] = np.arctan2(walk[1], walk[0])
    doing = rng.choice([Gesture.IDLE, Gesture.TALK, Gesture.LISTEN, Gesture.PHONE])
    return standing(poses, doing, times, velocity=walk, gait_phase=0.9 * times)


def _joined(kind: type, parts: Sequence[Any], join: Callable[..., Any]) -> dict[str, Any]:
    """The fields of several dataclasses of one kind, joined field by field."""
    names = [item.name for item in fields(kind)]
    return {name: join([getattr(one, name) for one in parts]) for name in names}

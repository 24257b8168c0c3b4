"""The bodies of a world's people: who is how tall, left-handed or lively, and how they move now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from social_nav_core.sim.anatomy.gestures import Gesture, Manner, sample_manners
from social_nav_core.sim.anatomy.physique import Physique, sample_physiques
from social_nav_core.sim.body import Figures, figures
from social_nav_core.sim.motion import Motion
from social_nav_core.sim.people import PersonState

_SEAT = 0.45
_LOOK_DISTANCE = 2.0


class Cast:
    """Bodies for the people of a world, the same for a same seed.

    Args:
        people: in the order in which they will always be given.
        rng: source of how people differ.
    """

    def __init__(self, people: Sequence[PersonState], rng: np.random.Generator) -> None:
        self.ids = tuple(person.id for person in people)
        heights = np.array([person.height for person in people], dtype=float)
        self.physique: Physique = sample_physiques(heights, rng)
        self.manner: Manner = sample_manners(len(people), rng)
        self._offset = rng.uniform(0.0, 30.0, len(people))
        gestures = _gestures(people)
        self._now = gestures
        self._before, self._before_time = gestures.copy(), np.zeros(len(people))
        self._gesture_time = np.array([person.gesture_time for person in people], dtype=float)

    def figures(self, people: Sequence[PersonState], time: float) -> Figures:
        """Bodies ``(n,)`` of the people in the map at a time [s].

        Raises:
            ValueError: other people than the cast's, or in another order.
        """
        if tuple(person.id for person in people) != self.ids:
            got = [person.id for person in people]
            raise ValueError(f"people are {got}, expected the cast {list(self.ids)}")
        return figures(self._motion(people, time), self.physique, self.manner)

    def _motion(self, people: Sequence[PersonState], time: float) -> Motion:
        gesture = _gestures(people)
        elapsed = np.array([person.gesture_time for person in people], dtype=float)
        changed = gesture != self._now
        self._before = np.where(changed, self._now, self._before)
        self._before_time = np.where(changed, self._gesture_time, self._before_time)
        self._now, self._gesture_time = gesture, elapsed
        pose = np.array([person.pose for person in people], dtype=float).reshape(-1, 3)
        count = len(people)
        return Motion(
            pose=pose,
            velocity=np.array([person.velocity for person in people], dtype=float).reshape(-1, 2),
            gait_phase=np.array([person.gait_phase for person in people]) / (2.0 * np.pi),
            gesture=gesture,
            gesture_time=elapsed,
            previous=self._before,
            previous_time=self._before_time,
            gaze=self._gaze(people, pose),
            target=np.full((count, 3), np.nan),
            seated=np.array([float(person.seated) for person in people]),
            seat=np.full(count, _SEAT),
            time=time + self._offset,
        )

    def _gaze(self, people: Sequence[PersonState], pose: np.ndarray) -> np.ndarray:
        yaw = pose[:, 2] + np.array([person.head_yaw for person in people])
        eyes = np.where([person.seated for person in people], 0.72, 0.93) * self.physique.stature
        ahead = _LOOK_DISTANCE * np.column_stack([np.cos(yaw), np.sin(yaw)])
        return np.column_stack([pose[:, :2] + ahead, eyes])


def _gestures(people: Sequence[PersonState]) -> np.ndarray:
    return np.array([Gesture[person.gesture.upper()] for person in people], dtype=np.int64)

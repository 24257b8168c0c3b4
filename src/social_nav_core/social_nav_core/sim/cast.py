"""The bodies of a world's people: who is how tall, left-handed or lively, and how they move now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.anatomy.gestures import Gesture, Manner, sample_manners
from social_nav_core.sim.anatomy.physique import Physique, sample_physiques
from social_nav_core.sim.body import Figures, figures
from social_nav_core.sim.motion import Motion
from social_nav_core.sim.people import PersonState

_SEAT = 0.45
"""Height of all seats [m]."""


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
        def column(name: str, *tail: int) -> FloatArray:
            values = [getattr(person, name) for person in people]
            return np.array(values, dtype=float).reshape(len(people), *tail)

        def gestures(name: str) -> NDArray[np.int64]:
            names = [getattr(person, name) for person in people]
            return np.array([Gesture[gesture.upper()] for gesture in names], dtype=np.int64)

        return Motion(
            pose=column("pose", 3),
            velocity=column("velocity", 2),
            gait_phase=column("gait_phase"),
            gesture=gestures("gesture"),
            gesture_time=column("gesture_time"),
            previous=gestures("previous_gesture"),
            previous_time=column("previous_time"),
            gaze=column("gaze", 3),
            target=np.full((len(people), 3), np.nan),
            seated=column("seated"),
            seat=np.full(len(people), _SEAT),
            time=time + self._offset,
        )

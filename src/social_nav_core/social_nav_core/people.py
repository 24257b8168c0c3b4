"""People as the suite knows them: pose, motion and social labels, without ROS.

Enumerations have the values of the constants in social_nav_msgs; a probability vector is indexed
by them, and the share at ``UNKNOWN`` is what the perception could not tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import (
    FloatArray,
    are_covariances,
    smallest_eigenvalue,
)

UNKNOWN_HEADING = math.pi**2  # [rad^2]: a yaw variance above it says that nobody knows the front
BOUNDS = (("pose", 1e7, "m"), ("velocity", 100.0, "m/s"), ("covariance", 1e12, "m^2"))
"""Largest magnitudes that make sense; beyond them arithmetic overflows sooner or later."""


class Intent(IntEnum):
    """Whether a person wants to interact with the robot."""

    UNKNOWN = 0
    INTERACTING = 1
    INTERESTED = 2
    NOT_INTERESTED = 3


class Attitude(IntEnum):
    """How a person feels about the robot; only a person who interacts has one."""

    UNKNOWN = 0
    POSITIVE = 1
    NEGATIVE = 2
    NOT_INTERACTING = 3


class Action(IntEnum):
    """What a person does, or is about to do, to the robot."""

    UNKNOWN = 0
    HANDSHAKE = 1
    HUG = 2
    PET = 3
    WAVE = 4
    PUNCH = 5
    THROW = 6
    POINT = 7
    GAZE = 8
    LEAVE = 9
    NO_RESPONSE = 10


_SHAPES = {
    "pose": (3,),
    "velocity": (2,),
    "covariance": (3, 3),
    "intent": (len(Intent),),
    "attitude": (len(Attitude),),
    "action": (len(Action),),
}


def certain(label: IntEnum) -> FloatArray:
    """Probabilities of a label that is known, ``(number of labels,)``."""
    probabilities = np.zeros(len(type(label)))
    probabilities[label] = 1.0
    return probabilities


@dataclass(frozen=True)
class Person:
    """One person at one instant, in the frame that the holder of the list states.

    Attributes:
        id: stable name of the track, unique among the people of one instant.
        pose: (x [m], y [m], yaw [rad]); yaw is where the chest points, never the velocity's.
        velocity: (2,) [m/s] over ground, along the axes of the same frame.
        covariance: (3, 3) of (x, y, yaw) [m^2, m rad, rad^2].
        intent: probabilities (4,), indexed by `Intent`.
        attitude: probabilities (4,), indexed by `Attitude`.
        action: probabilities (11,), indexed by `Action`.
        group_id: name of the conversation that the person is part of, empty when alone.
        confidence: how sure the perception is that this person is there, in [0, 1].
        last_seen: when the pose was last measured [s].
    """

    id: str
    pose: FloatArray
    velocity: FloatArray = field(default_factory=lambda: np.zeros(2))
    covariance: FloatArray = field(default_factory=lambda: np.zeros((3, 3)))
    intent: FloatArray = field(default_factory=lambda: certain(Intent.UNKNOWN))
    attitude: FloatArray = field(default_factory=lambda: certain(Attitude.UNKNOWN))
    action: FloatArray = field(default_factory=lambda: certain(Action.UNKNOWN))
    group_id: str = ""
    confidence: float = 1.0
    last_seen: float = 0.0

    def defect(self) -> str | None:
        """Why this person cannot be used, in words for a log line; None when all is well."""
        if not self.id:
            return "id is empty, expected the name of a track"
        return self._motion_defect() or self._label_defect()

    def _motion_defect(self) -> str | None:
        for name, most, unit in BOUNDS:
            values = getattr(self, name)
            if not np.isfinite(values).all():
                return f"{name} is {values.tolist()} [{unit}], expected finite numbers"
            if np.abs(values).max() > most:
                largest = float(np.abs(values).max())
                return f"{name} has the value {largest:.3g}, expected at most {most:.0e} {unit}"
        if not self.covariance.any():
            return None
        return covariance_defect(self.covariance)

    def _label_defect(self) -> str | None:
        if not 0.0 <= self.confidence <= 1.0:
            return f"confidence is {self.confidence}, expected 0 to 1"
        for name in ("intent", "attitude", "action"):
            probabilities = getattr(self, name)
            if not (probabilities >= 0.0).all() or abs(probabilities.sum() - 1.0) > 1e-3:
                return f"{name} probabilities are {probabilities.tolist()}, expected a sum of 1"
        return None


def covariance_defect(covariance: FloatArray) -> str | None:
    """Why a finite matrix ``(3, 3)`` is no covariance, in words; None when it is one."""
    if are_covariances(covariance):
        return None
    smallest = float(smallest_eigenvalue(covariance))
    return f"covariance has the eigenvalue {smallest:.3g}, expected none below 0"


def defects(people: Sequence[Person]) -> list[str | None]:
    """Why each of some people cannot be used, as `Person.defect` says of one; quicker for many."""
    judged = zip(people, _are_sound(people), strict=True)
    return [None if is_sound else person.defect() for person, is_sound in judged]


def _are_sound(people: Sequence[Person]) -> NDArray[np.bool_]:
    """Whether people surely have no defect; nobody is where an array has the wrong shape."""
    unsure = np.zeros(len(people), dtype=bool)
    try:
        stacked = {name: np.array([getattr(person, name) for person in people]) for name in _SHAPES}
    except ValueError:  # arrays of several shapes
        return unsure
    if any(stacked[name].shape[1:] != shape for name, shape in _SHAPES.items()):
        return unsure
    confidence = np.array([person.confidence for person in people])
    sound = (confidence >= 0.0) & (confidence <= 1.0)
    sound &= np.array([bool(person.id) for person in people])
    for name, most, _ in BOUNDS:
        sound &= (np.abs(stacked[name]) <= most).reshape(len(people), -1).all(axis=1)
    for name in ("intent", "attitude", "action"):
        sound &= (stacked[name] >= 0.0).all(axis=1)
        sound &= np.abs(stacked[name].sum(axis=1) - 1.0) <= 1e-3
    sound[sound] = are_covariances(stacked["covariance"][sound])
    return sound

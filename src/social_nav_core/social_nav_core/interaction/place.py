"""Where to stand next to a person, or why nowhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Place:
    """A place to stand at, facing a person or a group.

    Attributes:
        pose: (x [m], y [m], yaw [rad]) of the robot, in the map.
        person_id: who is approached.
        group_id: the person's conversation, empty when alone.
        person_in_map: the person's pose (x [m], y [m], yaw [rad]) that it was chosen for; the yaw
            is a guess where the heading is unknown.
        density: how often people stand there, as a share of the interaction model's peak.
        social_cost: in [0, 1].
        path_length: the robot's way to it [m].
        score: what places are ranked by, the higher the better.
    """

    pose: tuple[float, float, float]
    person_id: str
    group_id: str
    person_in_map: tuple[float, float, float]
    density: float
    social_cost: float
    path_length: float
    score: float


class Rejection(Enum):
    """Why a place cannot be taken; the first that applies counts."""

    OUTSIDE = "off the map"
    BEYOND_REACH = "beyond the robot's reach"
    TOO_NEAR = "too near to somebody"
    OCCUPIED = "not free for the robot"
    UNKNOWN = "in unknown space"
    OTHERS_ZONE = "in other people's space"
    OWN_ZONE = "in the middle of the person's or the group's own space"
    HIDDEN = "behind a wall"
    UNREACHABLE = "without a way for the robot"
    BEHIND = "behind the person, or beside the nearest of the group"
    RARE = "where people hardly ever stand"


@dataclass(frozen=True)
class NoSuchPerson:
    """There is nobody to approach; an empty id asked for whoever most wants it."""

    person_id: str
    reason: str

    @property
    def text(self) -> str:
        """The reason, for people."""
        return self.reason


@dataclass(frozen=True)
class PersonStale:
    """The person was not seen lately enough; ages in seconds, negative in the future."""

    person_id: str
    age: float
    max_age: float

    @property
    def text(self) -> str:
        """The reason, for people."""
        if self.age < 0.0:
            return (
                f"'{self.person_id}' was seen {-self.age:.1f} s in the future, expected a stamp "
                f"at most {self.max_age:.1f} s from now: check that the clocks agree"
            )
        return (
            f"'{self.person_id}' was last seen {self.age:.1f} s ago, "
            f"longer than the {self.max_age:.1f} s after which a pose is not used"
        )


@dataclass(frozen=True)
class NoFreePlace:
    """Every place near the person is rejected; so many for each reason.

    Ways were looked for within a reach [m] to every side of the robot; infinite for the whole map.
    """

    person_id: str
    counts: Mapping[Rejection, int]
    reach: float = math.inf

    @property
    def text(self) -> str:
        """The reason, for people."""
        total = sum(self.counts.values())
        most_first = sorted(self.counts.items(), key=lambda item: -item[1])
        parts = ", ".join(f"{count} {reason.value}" for reason, count in most_first)
        text = f"no free place near '{self.person_id}': of {total} places {parts}"
        lacks_ways = {Rejection.BEYOND_REACH, Rejection.UNREACHABLE} & self.counts.keys()
        if lacks_ways and math.isfinite(self.reach):
            text += (
                f"; ways are looked for up to {self.reach:g} m to every side of the robot: bring it"
                " nearer, or raise the parameter reach"
            )
        return text


NoPlace = NoSuchPerson | PersonStale | NoFreePlace

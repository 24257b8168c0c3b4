"""Who is approached: a person, the conversation around them, and everybody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from social_nav_core.geometry import FloatArray, bearing, relative
from social_nav_core.people import UNKNOWN_HEADING, Person


@dataclass(frozen=True, eq=False)
class Target:
    """Who is approached, and everybody else; in the frame of the people's poses.

    Attributes:
        person: who is approached.
        members: the person, then the other members of the same conversation.
        others: everybody else who is remembered.
    """

    person: Person
    members: tuple[Person, ...]
    others: tuple[Person, ...]

    @cached_property
    def focus(self) -> FloatArray:
        """(2,) [m] what the robot faces: the person, or the middle of the group."""
        return np.mean([member.pose[:2] for member in self.members], axis=0)

    def with_headings(self, robot_in_map: FloatArray) -> Target:
        """The same, with members whose heading is unknown facing where they probably face.

        That is the middle of the group or, for who is alone, the robot at (x [m], y [m], ...):
        people turn to who comes.
        """
        towards = robot_in_map[:2] if len(self.members) == 1 else self.focus
        turned = [
            m if has_heading(m) else _turned(m, float(bearing(m.pose[:2], towards)))
            for m in self.members
        ]
        return replace(self, person=turned[0], members=tuple(turned))

    def facing(self, yaw: float) -> Target:
        """The same, with a person whose heading is unknown facing a yaw [rad]."""
        if has_heading(self.person):
            return self
        person = _turned(self.person, yaw)
        return replace(self, person=person, members=(person, *self.members[1:]))

    def seen_by_members(self, points: FloatArray) -> FloatArray:
        """Points ``(n, 2)`` [m] in the frames of the members ``(m, n, 2)`` [m]."""
        poses = np.array([member.pose for member in self.members])
        places = np.concatenate([points, np.zeros((len(points), 1))], axis=1)
        return relative(poses[:, None], places[None])[..., :2]


def has_heading(person: Person) -> bool:
    """Whether anything is known of where a person faces."""
    return bool(person.covariance[2, 2] <= UNKNOWN_HEADING)


def _turned(person: Person, yaw: float) -> Person:
    return replace(person, pose=np.array([*person.pose[:2], yaw]))


def conversation(person: Person, people: Sequence[Person], span: float) -> list[Person]:
    """A person and the group's other members, chained by steps of at most a span [m]."""
    rest = [p for p in people if p is not person and p.group_id and p.group_id == person.group_id]
    found = [person]
    for member in found:
        near = [p for p in rest if np.hypot(*(p.pose[:2] - member.pose[:2])) <= span]
        found += near
        rest = [p for p in rest if all(p is not other for other in near)]
    return found


def with_id(person_id: str, people: Iterable[Person]) -> Person | None:
    """The first person with an id."""
    return next((person for person in people if person.id == person_id), None)

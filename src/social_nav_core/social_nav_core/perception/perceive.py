"""From tracked bodies to people: who is there, how they move, what they intend, who with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.parameters import check, parameter
from social_nav_core.people import Person
from social_nav_core.perception.expected import ExpectedParameters, as_expected
from social_nav_core.perception.groups import GroupFilter, GroupParameters
from social_nav_core.perception.heading import turned_from_camera
from social_nav_core.perception.intake import Intake, IntakeParameters
from social_nav_core.perception.kinematics import Kinematics, KinematicsParameters
from social_nav_core.perception.label_filter import LabelFilter, LabelParameters
from social_nav_core.perception.student_file import Student
from social_nav_core.perception.track_windows import TrackWindowParameters, TrackWindows
from social_nav_core.perception.windows import normalised
from social_nav_core.skeleton import JOINTS

_BROAD = 0.3  # half the width of somebody who hides others, or is cut off by an edge [m]


@dataclass(frozen=True)
class MemoryParameters:
    """How long people are remembered, and what the camera covers."""

    timeout: float = parameter(
        1.0, "s", "in view without being seen, after which somebody is forgotten", 0.1, 60.0
    )
    memory: float = parameter(
        10.0, "s", "who is out of view or hidden is forgotten after this", 0.1, 600.0
    )
    shortest: float = parameter(
        0.3, "s", "who was seen for less is forgotten after timeout, wherever it was", 0.0, 10.0
    )
    half_life: float = parameter(
        8.0, "s", "in which the confidence that somebody unseen is there halves", 0.1, 600.0
    )
    horizontal_view: float = parameter(
        1.0996, "rad", "the camera's horizontal field of view", 0.1, 6.2832
    )
    nearest: float = parameter(0.8, "m", "from here on whole bodies are in view", 0.0, 5.0)
    farthest: float = parameter(7.0, "m", "up to here bodies are seen without fail", 0.5, 100.0)


@dataclass(frozen=True)
class Sight:
    """Where the camera was.

    Attributes:
        eye: (2,) place [m] in the frame of the people.
        yaw: that it looked to [rad].
    """

    eye: FloatArray
    yaw: float


@dataclass(frozen=True)
class Perceived:
    """What is known after one image.

    Attributes:
        people: everybody who is known.
        problems: (id, reason) of bodies that were left out; the id is empty for a whole image.
        late: whether the image was left out.
    """

    people: list[Person]
    problems: tuple[tuple[str, str], ...]
    late: bool = False


class Perception:
    """Bodies of one camera in, people out; in a frame that does not move with the robot.

    Args:
        student: answers the windows.
        memory, intake, kinematics, labels, groups: how long, from whom and how fast things follow.
        expected: how frequent intents are.

    Raises:
        ParameterError: a parameter is out of bounds.
    """

    def __init__(
        self,
        student: Student,
        memory: MemoryParameters | None = None,
        intake: IntakeParameters | None = None,
        kinematics: KinematicsParameters | None = None,
        labels: LabelParameters | None = None,
        groups: GroupParameters | None = None,
        expected: ExpectedParameters | None = None,
    ) -> None:
        self.memory = MemoryParameters() if memory is None else memory
        self.expected = ExpectedParameters() if expected is None else expected
        check(self.memory)
        check(self.expected)
        self._student = student
        about = student.about
        self._intake = Intake(intake)
        self._windows = TrackWindows(TrackWindowParameters(about.rate, about.steps))
        self._kinematics = Kinematics(kinematics)
        self._labels = LabelFilter(labels)
        self._groups = GroupFilter(groups)
        self._shares: dict[str, float] = {}
        self._time = -np.inf
        self._missed: dict[str, float] = {}

    def see(
        self,
        time: float,
        bodies: Sequence[Body],
        width: float,
        height: float,
        sight: Sight | None = None,
        frame: ArrayLike = (0.0, 0.0, 0.0),
    ) -> Perceived:
        """Take in one image and say what is known then.

        Args:
            time: of the image [s].
            bodies: in it.
            width, height: of the image [pixel].
            sight: where the camera was, if known; without it, or if it is not finite, whoever is
                not seen counts as out of view, and headings that the tracker does not tell stay
                unknown.
            frame: pose (x [m], y [m], yaw [rad]) of the frame of the bodies' poses in that of the
                people.
        """
        if sight is not None and not np.isfinite([*sight.eye, sight.yaw]).all():
            sight = None
        expected = self._kinematics.expected(time)
        taken = self._intake.take(time, bodies, width, height, frame, expected)
        if taken.late:
            return Perceived([], taken.problems, late=True)
        if taken.restarted:
            self._clear()
        seen = [_with_heading(body, sight) for body in taken.bodies]
        self._kinematics.update(time, seen)
        joints = np.array([body.joints() for body in seen]).reshape(-1, len(JOINTS), 3)
        self._windows.add(time, [body.id for body in seen], normalised(joints, width, height))
        self._forget(time, sight)
        self._ask(time)
        return Perceived(self._people(time), taken.problems)

    def _ask(self, time: float) -> None:
        batch = self._windows.windows(self._labels.due)
        answers = self._student.probabilities(batch.joints)
        answers["intent"] = as_expected(answers["intent"], self.expected)
        self._labels.update(time, batch.names, answers, batch.share)
        self._shares.update(zip(batch.names, batch.share.tolist(), strict=True))

    def _people(self, time: float) -> list[Person]:
        motions, half_life = self._kinematics.motions(), self.memory.half_life
        people = []
        for row, name in enumerate(self._kinematics.names):
            seen = float(self._kinematics.seen[row])
            known = self._labels.probabilities(name)
            there = 0.5 + 0.5 * self._shares.get(name, 0.0)
            people.append(
                Person(
                    id=name,
                    pose=motions.pose[row],
                    velocity=motions.velocity[row],
                    covariance=motions.covariance[row],
                    intent=known["intent"],
                    attitude=known["attitude"],
                    action=known["action"],
                    confidence=there * 0.5 ** ((time - seen) / half_life),
                    last_seen=seen,
                )
            )
        seen_now = {person.id for person in people if person.last_seen >= time}
        groups = self._groups.update(time, people, seen_now)
        return [
            replace(person, group_id=groups[person.id]) if groups[person.id] else person
            for person in people
        ]

    def _forget(self, time: float, sight: Sight | None) -> None:
        names, seen = self._kinematics.names, self._kinematics.seen
        if not names:
            return
        expected = np.zeros(len(names), dtype=bool)
        if sight is not None:
            expected = _expected(self._kinematics.places(), seen >= time, sight, self.memory)
        passed = (time - np.maximum(self._time, seen)) * expected
        before = [self._missed.get(name, 0.0) for name in names]
        missed = np.where(seen < time, before + passed, 0.0)
        self._missed = dict(zip(names, missed.tolist(), strict=True))
        self._time = time
        about = self.memory
        brief = seen - self._kinematics.began < about.shortest - 1e-9
        limit = np.where(brief, about.timeout, about.memory)
        late = (time - seen > limit) | (missed > about.timeout)
        gone = [name for name, is_late in zip(names, late, strict=True) if is_late]
        if gone:
            self._drop(gone)

    def _drop(self, names: Sequence[str]) -> None:
        for part in (self._kinematics, self._windows, self._labels):
            part.forget(names)
        for name in names:
            self._shares.pop(name, None)
            self._missed.pop(name, None)

    def _clear(self) -> None:
        self._kinematics.clear()
        self._windows.clear()
        self._labels.clear()
        self._groups.clear()
        self._shares.clear()
        self._missed.clear()
        self._time = -np.inf


def _with_heading(body: Body, sight: Sight | None) -> Body:
    """The body, its heading read off the image where the tracker does not tell it."""
    if body.heading_known or sight is None:
        return body
    angle, variance = turned_from_camera(body.joints().astype(float))
    to_eye = sight.eye - body.pose[:2]
    covariance = body.covariance.copy()
    covariance[2, :] = covariance[:, 2] = 0.0
    covariance[2, 2] = variance
    yaw = float(wrap_angle(np.arctan2(to_eye[1], to_eye[0]) + angle))
    return replace(body, pose=np.array([*body.pose[:2], yaw]), covariance=covariance)


def _expected(
    places: FloatArray, seen: np.ndarray, sight: Sight, memory: MemoryParameters
) -> np.ndarray:
    """Who ``(n,)`` would be seen if still there: in view, and behind nobody who is seen."""
    offset = places - sight.eye
    distance = np.hypot(offset[:, 0], offset[:, 1])
    bearing = np.asarray(wrap_angle(np.arctan2(offset[:, 1], offset[:, 0]) - sight.yaw))
    broad = np.arctan2(_BROAD, np.maximum(distance, 0.1))
    inside = np.abs(bearing) < 0.5 * memory.horizontal_view - 0.05 - broad
    inside &= (distance > memory.nearest) & (distance < memory.farthest)
    apart = np.abs(np.asarray(wrap_angle(bearing[:, None] - bearing[seen])))
    hides = distance[seen] < distance[:, None]
    hides &= apart < broad[seen] + 0.05
    return np.asarray(inside & ~hides.any(axis=1) & ~seen)

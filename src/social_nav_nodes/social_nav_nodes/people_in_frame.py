"""The people that a topic tells of, kept up to date and expressed in the frame that is wanted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from builtin_interfaces.msg import Time as TimeMessage
from rclpy.node import Node
from rclpy.time import Time
from social_nav_core.people import Person

from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes.conversions import people_from, seconds
from social_nav_nodes.life_signs import clock_time, on_time_jump
from social_nav_nodes.stamps import clock_hint
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import NEWEST_QOS, SOCIAL_PEOPLE
from social_nav_nodes.transforms import TransformLookup, WaitingMessages

CLOCK_TOLERANCE = 0.5  # how far ahead of the clock a person may have been seen [s]
MOST_PEOPLE = 100  # unless a parameter says otherwise
FRESH = 1.0  # age up to which a message is news [s]
REPEATS = 5  # messages of one stamp in a row that are worth a warning


class PeopleInFrame:
    """Keeps the newest message about people, moved by the transform of its stamp.

    Who is too old, seen in the future, not usable or, of too many, far away is left out with a
    throttled warning.  Everybody is forgotten when the clock goes back or leaps.

    Args:
        node: subscribes to social_people.
        transforms: where frames are.
        log: for people who are left out.
        timeout: people seen longer ago are left out [s].
        silence: without any message for so long [s], nobody is known any more.
        most: so many people are kept, those who are nearest to the robot.
        base_frame: the robot's.
        on_news: called for every message with a stamp of its own that is of now; a source that
            repeats itself, as a frozen camera does, or tells of another time, tells nothing new.

    Attributes:
        stamp: of the message that the present people come from; None without one.
    """

    def __init__(
        self,
        node: Node,
        transforms: TransformLookup,
        log: ThrottledLog,
        timeout: float,
        silence: float,
        most: int,
        base_frame: str,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        self._node = node
        self._log = log
        self._timeout = timeout
        self._silence = silence
        self._most = most
        self._base_frame = base_frame
        self._on_news = on_news
        self._transforms = transforms
        self._waiting: WaitingMessages[SocialPersonArray] = WaitingMessages(transforms)
        self._people: list[Person] = []
        self._unusable: list[tuple[str, str]] = []
        self._left_out: dict[str, str] = {}
        self._frame = ""
        self._newest = TimeMessage()
        self._repeats = 0
        self.stamp: TimeMessage | None = None
        self._jumps = on_time_jump(node, lambda _: self.forget())
        node.create_subscription(SocialPersonArray, SOCIAL_PEOPLE, self._receive, NEWEST_QOS)

    def current(self, frame: str) -> list[Person]:
        """Everybody whose data are younger than the timeout, in a frame."""
        if frame != self._frame:
            self._frame, self._people, self._unusable, self.stamp = frame, [], [], None
        newest = self._waiting.take(frame)
        if newest is not None:
            self._people = self._read(newest[0])
            self.stamp = newest[0].header.stamp
        old = [p for p in self._people if self._age(p) > self._timeout]
        stale = [
            (
                p.id,
                f"last seen {self._age(p):.1f} s ago, expected at most {self._timeout:g} s"
                f"{clock_hint(self._age(p))}",
            )
            for p in old
        ]
        self._log.left_out(stale)
        self._left_out = dict([*self._unusable, *stale])
        present = [p for p in self._people if self._age(p) <= self._timeout]
        if (self.age() or 0.0) > self._silence:
            self._drop_silent(present)
            present = []
        if self._people and not present:
            self.stamp = None
        return present

    def why_left_out(self, person_id: str) -> str | None:
        """Why a person whom the newest message names is not among the current ones."""
        return self._left_out.get(person_id)

    def age(self) -> float | None:
        """Seconds since the stamp of the newest message; None without one."""
        stamp = seconds(self._newest)
        return clock_time(self._node) - stamp if stamp > 0.0 else None

    def forget(self) -> None:
        """Forget everybody, until the next message."""
        self._waiting.clear()
        self._people, self._unusable, self._left_out, self.stamp = [], [], {}, None
        self._newest = TimeMessage()

    def _receive(self, message: SocialPersonArray) -> None:
        if not self._waiting.add(message):
            return
        if message.header.stamp == self._newest:
            self._repeats += 1
            if self._repeats >= REPEATS:
                self._log.warning(
                    "repeated stamp",
                    f"'{SOCIAL_PEOPLE}' repeats the stamp {seconds(self._newest):.2f} s, expected "
                    "one of its own for every message: is the camera frozen?",
                )
        else:
            self._newest, self._repeats = message.header.stamp, 0
            if -CLOCK_TOLERANCE <= (self.age() or 0.0) <= FRESH:
                self._on_news()

    def _drop_silent(self, present: list[Person]) -> None:
        """Say why nobody is known; who grew too old alone has been told of already."""
        topic = self._node.resolve_topic_name(SOCIAL_PEOPLE)
        age = self.age() or 0.0
        reason = f"nothing new on '{topic}' for {age:.1f} s, expected {self._silence:g} s"
        reason += clock_hint(age)
        self._left_out.update({person.id: reason for person in present})
        if present or not self._people:
            self._log.warning("silent people", f"{reason}: nobody is known any more")

    def _age(self, person: Person) -> float:
        return clock_time(self._node) - person.last_seen

    def _read(self, message: SocialPersonArray) -> list[Person]:
        stamp = Time.from_msg(message.header.stamp)
        read = people_from(
            message, self._transforms.mount(message.header.frame_id, self._frame, stamp)
        )
        ahead = [
            (
                p.id,
                f"seen {-self._age(p):.1f} s in the future, check that the clocks agree"
                f"{clock_hint(self._age(p))}",
            )
            for p in read.people
            if self._age(p) < -CLOCK_TOLERANCE
        ]
        self._unusable = [*read.left_out, *ahead]
        self._log.left_out(self._unusable)
        present = [p for p in read.people if self._age(p) >= -CLOCK_TOLERANCE]
        return self._nearest(present) if len(present) > self._most else present

    def _nearest(self, people: list[Person]) -> list[Person]:
        """Those nearest to the robot; to the frame's origin while the robot's place is unknown."""
        robot = self._transforms.pose(self._base_frame, self._frame, warn=False)
        center = np.zeros(2) if robot is None else robot[:2]
        distances = np.linalg.norm([p.pose[:2] - center for p in people], axis=-1)
        order = np.argsort(distances, kind="stable")
        far = [people[index] for index in order[self._most :]]
        reason = f"farther than the {self._most} nearest of {len(people)} people"
        self._unusable += [(person.id, reason) for person in far]
        self._log.warning(
            "too many people",
            f"{len(people)} people, expected at most {self._most}: the {len(far)} farthest, from "
            f"{distances[order[self._most]]:.1f} m on, are left out",
        )
        return [people[index] for index in sorted(order[: self._most])]

"""The people that a topic tells of, kept up to date and expressed in the frame that is wanted."""

from __future__ import annotations

from rclpy.node import Node
from social_nav_core.geometry import FloatArray
from social_nav_core.people import Person

from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes.conversions import people_from
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import RELIABLE_QOS, SOCIAL_PEOPLE
from social_nav_nodes.transforms import TransformLookup, WaitingMessages

CLOCK_TOLERANCE = 0.5  # how far ahead of the clock a person may have been seen [s]


class PeopleInFrame:
    """Keeps the newest message about people, moved by the transform of its stamp.

    Who is too old, seen in the future, or not usable is left out with a throttled warning.

    Args:
        node: subscribes to social_people.
        transforms: where frames are.
        log: for people who are left out.
        timeout: people seen longer ago are left out [s].
    """

    def __init__(
        self, node: Node, transforms: TransformLookup, log: ThrottledLog, timeout: float
    ) -> None:
        self._node = node
        self._log = log
        self._timeout = timeout
        self._waiting: WaitingMessages[SocialPersonArray] = WaitingMessages(transforms)
        self._people: list[Person] = []
        self._unusable: list[tuple[str, str]] = []
        self._left_out: dict[str, str] = {}
        self._frame = ""
        node.create_subscription(SocialPersonArray, SOCIAL_PEOPLE, self._waiting.add, RELIABLE_QOS)

    def current(self, frame: str) -> list[Person]:
        """Everybody whose data are younger than the timeout, in a frame."""
        if frame != self._frame:
            self._frame, self._people, self._unusable = frame, [], []
        newest = self._waiting.take(frame)
        if newest is not None:
            self._people = self._read(*newest)
        old = [p for p in self._people if self._age(p) > self._timeout]
        stale = [
            (p.id, f"last seen {self._age(p):.1f} s ago, expected at most {self._timeout:g} s")
            for p in old
        ]
        self._log.left_out(stale)
        self._left_out = dict([*self._unusable, *stale])
        return [p for p in self._people if self._age(p) <= self._timeout]

    def why_left_out(self, person_id: str) -> str | None:
        """Why a person whom the newest message names is not among the current ones."""
        return self._left_out.get(person_id)

    def _age(self, person: Person) -> float:
        return float(self._node.get_clock().now().nanoseconds) * 1e-9 - person.last_seen

    def _read(self, message: SocialPersonArray, frame_in_parent: FloatArray) -> list[Person]:
        read = people_from(message)
        ahead = [
            (p.id, f"seen {-self._age(p):.1f} s in the future, check that the clocks agree")
            for p in read.people
            if self._age(p) < -CLOCK_TOLERANCE
        ]
        self._unusable = [*read.left_out, *ahead]
        self._log.left_out(self._unusable)
        present = [p for p in read.people if self._age(p) >= -CLOCK_TOLERANCE]
        return [person.expressed_in_parent(frame_in_parent) for person in present]

"""The people that a topic tells of, kept up to date and expressed in the frame that is wanted."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from rclpy.time import Time
from social_nav_msgs.msg import SocialPersonArray

from social_nav_core.people import Person
from social_nav_nodes.conversions import people_from
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import RELIABLE_QOS, SOCIAL_PEOPLE
from social_nav_nodes.transforms import TransformLookup

CLOCK_TOLERANCE = 0.5  # how far ahead of the clock a stamp may be [s]


class PeopleInFrame:
    """Keeps the last message about people, in one frame.

    Who is too old, seen in the future, or not usable is left out with a throttled warning.
    """

    def __init__(
        self,
        node: Node,
        transforms: TransformLookup,
        log: ThrottledLog,
        timeout: float,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._node = node
        self._transforms = transforms
        self._log = log
        self._timeout = timeout
        self._on_change = on_change
        self._message: SocialPersonArray | None = None
        self._people: list[Person] = []
        self._frame = ""
        node.create_subscription(SocialPersonArray, SOCIAL_PEOPLE, self._receive, RELIABLE_QOS)

    def current(self, frame: str) -> list[Person]:
        """Everybody whose data are younger than the timeout, in a frame.

        The transform is that of the message's stamp; while it is missing there is nobody.
        """
        if self._message is not None:
            self._convert(self._message, frame)
        if frame != self._frame:
            return []
        now = self._node.get_clock().now().nanoseconds * 1e-9
        old = [p for p in self._people if now - p.last_seen > self._timeout]
        if old:
            reasons = [(p.id, f"last seen {now - p.last_seen:.1f} s ago, {self._bound}") for p in old]
            self._log.left_out(reasons)
        return [p for p in self._people if now - p.last_seen <= self._timeout]

    @property
    def _bound(self) -> str:
        return f"expected at most {self._timeout:g} s"

    def _receive(self, message: SocialPersonArray) -> None:
        self._message = message
        if self._on_change is not None:
            self._on_change()

    def _convert(self, message: SocialPersonArray, frame: str) -> None:
        """Read the message once its transform is known; then it is done with."""
        stamp = Time.from_msg(message.header.stamp)
        frame_in_parent = self._transforms.pose(message.header.frame_id, frame, stamp)
        if frame_in_parent is None:
            return
        read = people_from(message)
        now = self._node.get_clock().now().nanoseconds * 1e-9
        ahead = [p for p in read.people if p.last_seen - now > CLOCK_TOLERANCE]
        self._log.left_out(
            [
                *read.left_out,
                *(
                    (p.id, f"last seen {p.last_seen - now:.1f} s in the future, check the clocks")
                    for p in ahead
                ),
            ]
        )
        present = [p for p in read.people if p.last_seen - now <= CLOCK_TOLERANCE]
        self._people = [p.expressed_in_parent(frame_in_parent) for p in present]
        self._frame = frame
        self._message = None

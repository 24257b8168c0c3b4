"""How a node fares, once a second on /diagnostics: its level, why, and some values.

The level is that of the node's `ThrottledLog`: what it said a moment ago, or would have said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from social_nav_core.input_files import one_line

from social_nav_nodes.guard import guard
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import RELIABLE_QOS

TOPIC = "/diagnostics"
PERIOD = 1.0  # [s] of wall-clock time, also while simulated time stands still
CLOCK_PATIENCE = 3  # periods of a simulated time that stands still before it is worth a warning
SOURCE_PATIENCE = 2  # periods without what has come before and should go on


class Diagnostics:
    """Publishes one DiagnosticStatus, whose name is that of the node, and guards the node.

    Args:
        node: whose state it is.
        log: what the node has to say about what goes wrong.
        values: called for each message; numbers are given with three digits.
    """

    def __init__(
        self,
        node: Node,
        log: ThrottledLog,
        values: Callable[[], Mapping[str, object]] | None = None,
    ) -> None:
        self._node = node
        self._log = log
        self._values = values
        self._counts: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._slowest: dict[str, float] = {}
        self._published = time.monotonic()
        self._clock_seen = (0, 0)
        self._steady: dict[str, tuple[str, Callable[[], bool]]] = {}
        self._silent: dict[str, int] = {}
        guard(node, log)
        self._publisher = node.create_publisher(DiagnosticArray, TOPIC, RELIABLE_QOS)
        node.create_timer(PERIOD, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def count(self, what: str) -> None:
        """Something happened once; its number and its rate are among the values."""
        self._counts[what] = self._counts.get(what, 0) + 1

    def expect(self, what: str, topic: str, when: Callable[[], bool] = lambda: True) -> None:
        """Warn when what has been counted counts no more, although `when` says that it should.

        Args:
            what: the name that it is counted under.
            topic: on which its source should go on.
            when: asked once a second.
        """
        self._steady[what] = topic, when

    def took(self, what: str, started: float) -> None:
        """Something ends that began at a time of `time.monotonic`; the slowest is published."""
        elapsed = time.monotonic() - started
        self._slowest[what] = max(elapsed, self._slowest.get(what, 0.0))

    def _publish(self) -> None:
        self._watch_clock()
        self._watch_sources()
        stamp = self._node.get_clock().now().to_msg()
        message = DiagnosticArray(status=[self._status()])
        message.header.stamp = stamp
        self._publisher.publish(message)

    def _watch_clock(self) -> None:
        """Say that time stands still, unless it has not begun (then the node waits for it)."""
        now = self._node.get_clock().now().nanoseconds
        before, still = self._clock_seen
        still = still + 1 if now == before else 0
        self._clock_seen = now, still
        if still >= CLOCK_PATIENCE:
            where = f"stands still at {now * 1e-9:.2f} s" if now else "has not begun"
            self._log.warning("clock", f"simulated time {where}: does the simulator run?")

    def _watch_sources(self) -> None:
        """Say whose source has stopped, unless simulated time stands still."""
        for what, (topic, when) in self._steady.items():
            stays = self._counts.get(what, 0) == self._before.get(what, 0)
            silent = self._silent.get(what, 0) + (self._clock_seen[1] == 0)
            self._silent[what] = silent if stays and what in self._counts and when() else 0
            if self._silent[what] >= SOURCE_PATIENCE:
                name = self._node.resolve_topic_name(topic)
                text = f"nothing of use on '{name}' for {silent * PERIOD:g} s: does its source run?"
                self._log.warning(f"no {what}", text)

    def _status(self) -> DiagnosticStatus:
        troubles = self._log.troubles()
        level = DiagnosticStatus.OK
        if troubles:
            level = DiagnosticStatus.ERROR if troubles[0].is_error else DiagnosticStatus.WARN
        values = {**(self._values() if self._values else {}), **self._measured()}
        values["refused"] = self._log.refused
        return DiagnosticStatus(
            level=level,
            name=self._node.get_fully_qualified_name().lstrip("/"),
            message="; ".join(trouble.text for trouble in troubles[:3]) or "all is well",
            values=[KeyValue(key=key, value=_text(value)) for key, value in values.items()],
        )

    def _measured(self) -> dict[str, object]:
        now = time.monotonic()
        elapsed, self._published = max(now - self._published, 1e-3), now
        values: dict[str, object] = {}
        for what, count in self._counts.items():
            values[what] = count
            values[f"{what} per second"] = (count - self._before.get(what, 0)) / elapsed
        for what, slowest in self._slowest.items():
            values[f"slowest {what} [ms]"] = 1e3 * slowest
        self._before = dict(self._counts)
        self._slowest.clear()
        return values


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return one_line(value) if value != "" else ""

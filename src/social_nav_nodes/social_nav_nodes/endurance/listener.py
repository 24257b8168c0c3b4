"""A node of the test's own that waits for what it sees, and reads everybody's diagnostics."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.node import Node

from social_nav_nodes.diagnostics import TOPIC
from social_nav_nodes.topics import RELIABLE_QOS


class Listener(Node):
    """Subscribes to the diagnostics; `wait` blocks until something has been seen.

    Attributes:
        broken: what must never be, in words.
    """

    def __init__(self, name: str, context: Context) -> None:
        super().__init__(name, context=context)
        self.broken: list[str] = []
        self._changed = threading.Condition()
        self._reports: list[tuple[float, DiagnosticStatus]] = []
        see = self._telling(self._see_diagnostics)
        self.create_subscription(DiagnosticArray, TOPIC, see, RELIABLE_QOS)

    def wait(self, happened: Callable[[], object], limit: float) -> float | None:
        """Wall-clock time that something took to happen [s]; None when the limit [s] is over."""
        started = time.monotonic()
        with self._changed:
            if self._changed.wait_for(lambda: bool(happened()), limit):
                return time.monotonic() - started
        return None

    def report(self, node: str, pattern: str, since: float, worst: bool = True) -> str | None:
        """Message of a diagnostics entry of a node, after a time, that matches a pattern.

        Args:
            node: whose entry it is.
            pattern: regular expression that its message has to match.
            since: wall-clock time [s].
            worst: whether the level has to be a warning or an error.
        """
        for at, status in reversed(self._reports):
            if at < since:
                return None
            is_bad = status.level != DiagnosticStatus.OK
            if status.name == node and is_bad == worst and re.search(pattern, status.message):
                return str(status.message)
        return None

    def newest(self, node: str) -> DiagnosticStatus | None:
        """The newest diagnostics entry of a node; None before the first."""
        return next((s for _, s in reversed(self._reports) if s.name == node), None)

    def _telling(self, see: Callable[[Any], None]) -> Callable[[Any], None]:
        def tell(message: Any) -> None:
            with self._changed:
                see(message)
                self._changed.notify_all()

        return tell

    def _see_diagnostics(self, message: DiagnosticArray) -> None:
        now = time.monotonic()
        self._reports.extend((now, status) for status in message.status)
        del self._reports[:-500]

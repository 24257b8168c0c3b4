"""Warnings that repeat are said once in a while; what is new is said at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from rclpy.impl.rcutils_logger import RcutilsLogger

NAMED = 5  # people that one line names


class ThrottledLog:
    """A logger that says a thing about the same subject once per period.

    Args:
        logger: the node's.
        period: [s] of silence about a subject after it was mentioned.
        steady_time: clock [s] that never jumps.
    """

    def __init__(
        self,
        logger: RcutilsLogger,
        period: float = 5.0,
        steady_time: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logger
        self._period = period
        self._steady_time = steady_time
        self._said: dict[str, float] = {}

    def warning(self, subject: str, text: str) -> None:
        """Say a text, unless something was said about the subject within the period."""
        if self._is_due(subject):
            self._logger.warning(text)

    def left_out(self, people: Sequence[tuple[str, str]]) -> None:
        """Say which people, given as (id, reason), were left out of a message."""
        due = [
            (name, reason)
            for name, reason in people
            if self._is_due(f"left out {name} {_kind(reason)}")
        ]
        if not due:
            return
        named = "; ".join(f"person {name!r} is left out: {reason}" for name, reason in due[:NAMED])
        more = f"; and {len(due) - NAMED} more" if len(due) > NAMED else ""
        self._logger.warning(named + more)

    def _is_due(self, subject: str) -> bool:
        now = self._steady_time()
        self._said = {name: said for name, said in self._said.items() if now - said < self._period}
        if subject in self._said:
            return False
        self._said[subject] = now
        return True


def _kind(reason: str) -> str:
    """A reason without its numbers, so that the same trouble with other values is the same."""
    return re.sub(r"[-+.\d]+(e[-+]?\d+)?|nan|inf", "", reason)

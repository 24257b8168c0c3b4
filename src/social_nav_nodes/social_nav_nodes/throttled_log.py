"""Lines that repeat are said once in a while; what is new is said at once, and all is counted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from social_nav_core.input_files import one_line

NAMED = 5  # people that one line names
LONGEST = 1000  # text, which may tell of what somebody else has written [character]
RECENT = 2.0  # a trouble that came up within this time is still there [s]


class Logger(Protocol):
    """What a node's logger offers and is used here."""

    def warning(self, message: str, /) -> object:
        """Say a warning."""

    def error(self, message: str, /) -> object:
        """Say an error."""


@dataclass(frozen=True)
class Trouble:
    """Something that went wrong a moment ago.

    Attributes:
        text: what the log said or would have said.
        is_error: whether the node cannot do its work because of it.
        last: steady time at which it came up last [s].
    """

    text: str
    is_error: bool
    last: float


class ThrottledLog:
    """A logger that says a thing about the same subject once per period.

    Args:
        logger: the node's.
        period: [s] of silence about a subject after it was mentioned.
        steady_time: clock [s] that never jumps.

    Attributes:
        refused: how often something was refused or went wrong, whether it was said or not.
    """

    def __init__(
        self,
        logger: Logger,
        period: float = 5.0,
        steady_time: Callable[[], float] = time.monotonic,
    ) -> None:
        self.refused = 0
        self._logger = logger
        self._period = period
        self._steady_time = steady_time
        self._said: dict[str, float] = {}
        self._swept = -float("inf")
        self._troubles: dict[str, Trouble] = {}

    def warning(self, subject: str, text: str) -> None:
        """Say a text, unless something was said about the subject within the period."""
        text = one_line(text, LONGEST)
        self._note(subject, text, is_error=False)
        if self._is_due(subject):
            self._logger.warning(text)

    def error(self, subject: str, text: str) -> None:
        """The same for what keeps the node from its work."""
        text = one_line(text, LONGEST)
        self._note(subject, text, is_error=True)
        if self._is_due(subject):
            self._logger.error(text)

    def left_out(self, people: Sequence[tuple[str, str]]) -> None:
        """Say which people, given as (id, reason), were left out of a message."""
        if not people:
            return
        self.refused += len(people) - 1
        first, reason = people[0]
        others = f" (and {len(people) - 1} more)" if len(people) > 1 else ""
        text = one_line(f"person {first!r} is left out: {reason}", LONGEST)
        self._note("left out", f"{text}{others}", is_error=False)
        due = [
            (name, reason)
            for name, reason in people
            if self._is_due(f"left out {name} {_kind(reason)}")
        ]
        if not due:
            return
        named = "; ".join(f"person {name!r} is left out: {reason}" for name, reason in due[:NAMED])
        more = f"; and {len(due) - NAMED} more" if len(due) > NAMED else ""
        self._logger.warning(one_line(named, LONGEST) + more)

    def troubles(self) -> list[Trouble]:
        """What went wrong a moment ago, errors first, then the newest first."""
        now = self._steady_time()
        self._troubles = {
            name: trouble for name, trouble in self._troubles.items() if now - trouble.last < RECENT
        }
        return sorted(self._troubles.values(), key=lambda t: (not t.is_error, -t.last))

    def _note(self, subject: str, text: str, is_error: bool) -> None:
        self.refused += 1
        self._troubles[subject] = Trouble(text, is_error, self._steady_time())
        if len(self._troubles) > 100:
            self.troubles()

    def _is_due(self, subject: str) -> bool:
        now = self._steady_time()
        if now - self._swept >= self._period:
            self._swept = now
            self._said = {name: at for name, at in self._said.items() if now - at < self._period}
        if now - self._said.get(subject, -float("inf")) < self._period:
            return False
        self._said[subject] = now
        return True


def _kind(reason: str) -> str:
    """A reason without its numbers, so that the same trouble with other values is the same."""
    return re.sub(r"[-+.\d]+(e[-+]?\d+)?|nan|inf", "", reason)

"""Lines that repeat are said once in a while; what is new is said at once, and all is counted.

Names in a text may come from anybody, so they never decide alone how much is said.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from social_nav_core.input_files import one_line

NAMED = 5  # who have the same trouble and are named within a period
MOST_SUBJECTS = 100  # of warnings within a period; who finds words for more is not heard
OTHERS = "others"  # kinds of reason when there are more than that
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
        self._named: dict[str, tuple[float, set[str]]] = {}
        self._troubles: dict[str, Trouble] = {}

    def warning(self, subject: str, text: str) -> None:
        """Say a text, unless something was said about the subject within the period."""
        text = one_line(text, LONGEST)
        self._note(subject, text, is_error=False)
        if self._is_due(subject, MOST_SUBJECTS):
            self._logger.warning(text)

    def error(self, subject: str, text: str) -> None:
        """The same for what keeps the node from its work; ``subject`` is one of the node's own."""
        text = one_line(text, LONGEST)
        self._note(subject, text, is_error=True)
        if self._is_due(subject, None):
            self._logger.error(text)

    def left_out(self, people: Sequence[tuple[str, str]]) -> None:
        """Say which people, given as (id, reason), were left out of a message."""
        self.several("left out", [(f"person {n!r} is left out", reason) for n, reason in people])

    def several(self, subject: str, troubles: Sequence[tuple[str, str]]) -> None:
        """Say what happened to whom, given as (that, reason).

        For every kind of reason `NAMED` of them are said within a period; the others are counted.
        """
        if not troubles:
            return
        self.refused += len(troubles) - 1
        that, reason = troubles[0]
        text = one_line(f"{that}: {reason}", LONGEST)
        others = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
        self._note(f"{subject} {_kind(reason)}", f"{text}{others}", is_error=False)
        due, untold = [], 0
        for that, reason in troubles:
            named = self._named_of(f"{subject} {_kind(reason)}")
            if that in named:
                continue
            if len(named) < NAMED:
                named.add(that)
                due.append(f"{that}: {reason}")
            else:
                untold += 1
        if due:
            more = f"; and {untold} more" if untold else ""
            self._logger.warning(one_line("; ".join(due), LONGEST) + more)

    def troubles(self) -> list[Trouble]:
        """What went wrong a moment ago, errors first, then the newest first."""
        now = self._steady_time()
        self._troubles = {
            name: trouble for name, trouble in self._troubles.items() if now - trouble.last < RECENT
        }
        return sorted(self._troubles.values(), key=lambda t: (not t.is_error, -t.last))

    def _note(self, subject: str, text: str, is_error: bool) -> None:
        self.refused += 1
        self._troubles.pop(subject, None)
        if len(self._troubles) >= MOST_SUBJECTS:
            warnings = (name for name, each in self._troubles.items() if not each.is_error)
            del self._troubles[next(warnings, next(iter(self._troubles)))]
        self._troubles[subject] = Trouble(text, is_error, self._steady_time())

    def _is_due(self, subject: str, most: int | None) -> bool:
        """Whether a subject is to be told of now; one of more than so many is not."""
        now = self._steady_time()
        while self._said and now - next(iter(self._said.values())) >= self._period:
            del self._said[next(iter(self._said))]
        if subject in self._said or (most is not None and len(self._said) >= most):
            return False
        self._said[subject] = now
        return True

    def _named_of(self, kind: str) -> set[str]:
        """Who was named within this period for one kind of reason; to be added to."""
        now = self._steady_time()
        while self._named and now - next(iter(self._named.values()))[0] >= self._period:
            del self._named[next(iter(self._named))]
        if kind not in self._named and len(self._named) >= MOST_SUBJECTS:
            kind = OTHERS
        return self._named.setdefault(kind, (now, set()))[1]


def _kind(reason: str) -> str:
    """A reason without its numbers and names: with others of them it is still the same trouble."""
    without_names = re.sub(r"'[^']*'|\"[^\"]*\"|\[[^]]*\]", "", reason)
    return re.sub(r"[-+.\d]+(e[-+]?\d+)?|nan|inf", "", without_names)

"""One line on a terminal that says how far a long computation is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TextIO


class Progress:
    """Status line on a stream that rewrites itself; silent where the stream is no terminal.

    >>> with Progress("fitting") as progress:
    ...     progress("restart 2 of 8")
    """

    def __init__(self, job: str, stream: TextIO | None = None) -> None:
        self._job = job
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._next = 0.0

    def __enter__(self) -> Progress:
        return self

    def __call__(self, state: str) -> None:
        """Show the state, at most ten times a second."""
        if self._shown and time.monotonic() >= self._next:
            self._next = time.monotonic() + 0.1
            self._stream.write(f"\r\033[K{self._job}: {state}")
            self._stream.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._stream.write("\r\033[K")
            self._stream.flush()


@contextmanager
def kept_at_stop(kept: Callable[[], str]) -> Iterator[None]:
    """Let an interrupt (Ctrl-C) say what it leaves and how to go on.

    Args:
        kept: says it; empty where nothing is kept.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(str(stop) or kept()) from stop


def kept_files(*paths: Path) -> str:
    """What is there of the files of a command that goes on from them; empty where nothing is."""
    there = " and ".join(str(path) for path in paths if path.is_file())
    return f"kept {there}, the same command goes on from there" if there else ""

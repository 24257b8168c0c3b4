"""One line of the terminal per job: it moves while the job runs and stays when it is done."""

from __future__ import annotations

import sys
import time

WIDTH = 46  # of the title column


class Display:
    """A line that rewrites itself on a terminal, and is printed once elsewhere."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._moves = sys.stdout.isatty()
        self._shown = -1.0

    def show(self, state: str) -> None:
        """Show the state of now, at most ten times a second."""
        now = time.monotonic()
        if self._moves and now - self._shown >= 0.1:
            self._shown = now
            print(f"\r\033[K  {self._title:<{WIDTH}} {state}", end="", flush=True)

    def close(self, result: str) -> None:
        """Leave the result standing."""
        start = "\r\033[K" if self._moves else ""
        print(f"{start}  {self._title:<{WIDTH}} {result}", flush=True)

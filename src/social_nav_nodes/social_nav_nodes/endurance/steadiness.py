"""How steadily this process gets to run: what is measured on a machine that stalls is void."""

from __future__ import annotations

import threading
import time

BEAT = 0.02  # [s]


class Metronome:
    """Wakes up every `BEAT` for the length of a with-block, and notes how late it was.

    Attributes:
        latest: the longest delay so far [s].
    """

    def __init__(self) -> None:
        self.latest = 0.0
        self._before = float("inf")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Metronome:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def beat(self, now: float) -> None:
        """It is awake at a time [s]."""
        self.latest = max(self.latest, now - self._before - BEAT)
        self._before = now

    def _run(self) -> None:
        self._before = time.monotonic()
        while not self._ended.wait(BEAT):
            self.beat(time.monotonic())

"""How fast simulated time may run on this machine now, so that no node falls behind."""

from __future__ import annotations

import hashlib
import os
import threading
import time

NEEDED = 1.5
"""Cores that the demonstration keeps busy in real time."""
SLOWEST = 0.5
"""Simulated seconds per second that a demonstration of three minutes still allows."""
TRIAL = 0.5  # for which all cores are asked for work [s]
BLOCK = bytes(1 << 18)  # hashed without Python's lock, in less than a millisecond


def free_cores() -> float:
    """How many cores this machine, or its container, gives to a process that wants all of them."""
    began, worked = time.monotonic(), time.process_time()
    threads = [threading.Thread(target=_work, args=(began + TRIAL,)) for _ in range(_cores())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.process_time() - worked) / (time.monotonic() - began)


def pace(cores: float) -> float:
    """Simulated seconds per second, at most 1, with as many free cores."""
    return round(min(max(cores / NEEDED, SLOWEST), 1.0), 2)


def _cores() -> int:
    return min(len(os.sched_getaffinity(0)), 8)


def _work(until: float) -> None:
    while time.monotonic() < until:
        hashlib.sha256(BLOCK).digest()

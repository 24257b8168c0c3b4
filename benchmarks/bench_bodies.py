"""Cost of articulated people and of the body tracker, in shares of one core at 30 images a second.

    python benchmarks/bench_bodies.py

Figures are the median CPU time of 60 images, with 6 and with 50 people around the robot.  Limit:
50 people take at most half of a core.  The exit status is 1 when it is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from social_nav_core.sim.anatomy.gestures import sample_manners  # noqa: E402
from social_nav_core.sim.anatomy.physique import sample_physiques, sample_statures  # noqa: E402
from social_nav_core.sim.body import figures  # noqa: E402
from social_nav_core.sim.camera import BoxBlockers, Camera  # noqa: E402
from social_nav_core.sim.detector import Detector  # noqa: E402
from social_nav_core.sim.motion import standing  # noqa: E402

RATE, IMAGES, LIMIT = 30.0, 60, 0.5


def timed(task: Callable[[], Any]) -> tuple[float, Any]:
    """CPU time [s] of a task, and its result."""
    start = time.process_time()
    result = task()
    return time.process_time() - start, result


def measure(count: int) -> tuple[float, float, float, float]:
    """Median times [s] of bodies, of all 133 points and of the tracker; mean number found."""
    rng = np.random.default_rng(1)
    physique = sample_physiques(sample_statures(count, rng), rng)
    manner = sample_manners(count, rng)
    camera = Camera()
    view = camera.pose([0.0, 0.0, 0.0])
    tracker, nothing = Detector(camera, None, rng), BoxBlockers.of([])
    names = [str(index) for index in range(count)]
    place = rng.uniform([0.8, -3.0, -np.pi], [8.0, 3.0, np.pi], (count, 3))
    gesture = rng.integers(0, 16, count)
    rows = []
    for image in range(IMAGES):
        motion = standing(place, gesture, image / RATE)
        body_time, bodies = timed(partial(figures, motion, physique, manner))
        whole_time, _ = timed(bodies.whole_body)
        look = partial(tracker.detect, names, bodies, view, nothing, 1.0 / RATE)
        track_time, found = timed(look)
        rows.append((body_time, whole_time, track_time, float(len(found))))
    table = np.array(rows)
    body, whole, track = np.median(table[:, :3], axis=0)
    return float(body), float(whole), float(track), float(table[:, 3].mean())


def main() -> int:
    """Print the table; 1 when the limit is missed."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    print("people  found   23 joints    133 points   tracker      of one core (23 joints, tracker)")
    share = 0.0
    for count in (6, 50):
        body, whole, track, found = measure(count)
        share = RATE * (body + track)
        times = "".join(f"{1e3 * value:8.2f} ms  " for value in (body, whole, track))
        print(f"{count:6d} {found:6.1f} {times} {100 * share:6.1f} %")
    return int(share > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

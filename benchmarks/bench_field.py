"""Time of the social cost field in Python, beside evaluating the model in every cell.

    python benchmarks/bench_field.py

Limits on one core: 3 people on 260 x 140 cells of 0.05 m in 2 ms, 50 people in 30 ms.  The exit
status is 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Intent, Person, certain
from social_nav_core.proxemics import SocialZoneParameters, shipped_model, social_cost, social_field

GRID = GridGeometry(260, 140, 0.05)
LIMITS = {3: 2.0, 50: 30.0}  # people: [ms]
ROUNDS = 30


def crowd(count: int, rng: np.random.Generator) -> list[Person]:
    """People in pairs all over the grid; every other one walks, headings are a little uncertain."""
    poses = rng.uniform((0.0, 0.0, -np.pi), (13.0, 7.0, np.pi), (count, 3))
    return [
        Person(
            str(i),
            pose,
            velocity=np.full(2, 0.3 * (i % 2)),
            covariance=np.diag([0.01, 0.01, 0.05]),
            intent=certain(Intent(i % 4)),
            group_id=f"group {i // 2}",
        )
        for i, pose in enumerate(poses)
    ]


def median_ms(task: Callable[[], object], rounds: int) -> float:
    """Median time of a task [ms], after one round that is not counted."""
    task()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def main() -> int:
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    model, centers = shipped_model(), GRID.centers()
    print(f"social cost field, {GRID.width} x {GRID.height} cells of {GRID.resolution} m, one core")
    print("people  combination     field     limit  every cell  ratio")
    missed = False
    for count, limit in LIMITS.items():
        people = crowd(count, np.random.default_rng(count))
        for combination in ("max", "sum", "mixture"):
            parameters = SocialZoneParameters(combination=combination)
            field = median_ms(partial(social_field, people, model, GRID, parameters), ROUNDS)
            every = median_ms(partial(social_cost, centers, people, model, parameters), 3)
            missed |= field > limit
            print(
                f"{count:>6} {combination:>12} {field:>6.2f} ms {limit:>6.1f} ms"
                f" {every:>8.1f} ms {every / field:>6.1f}"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

"""Time of choosing an approach place from 500 candidates, beside planning the ways to them.

    python benchmarks/bench_selection.py

Limit of processor time: 10 ms, without the ways, which the planner computes for the whole map.
The exit status is 1 when it is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from social_nav_core.grid import GridGeometry  # noqa: E402
from social_nav_core.interaction.kde import shipped_interaction_model  # noqa: E402
from social_nav_core.interaction.selection import ApproachSelector, Situation  # noqa: E402
from social_nav_core.interaction.surroundings import Surroundings  # noqa: E402
from social_nav_core.people import Person  # noqa: E402
from social_nav_core.proxemics import shipped_model  # noqa: E402
from social_nav_core.sim.planner import GridPlanner  # noqa: E402

GRID = GridGeometry(260, 140, 0.05, (-6.5, -3.5, 0.0))
ROBOT = np.array([-5.0, 0.0, 0.0])
LIMIT = 10.0  # [ms]
ROUNDS = 30


def circle(count: int, radius: float) -> list[Person]:
    """People who talk to each other in a circle; a single one looks at the robot."""
    angles = 2.0 * np.pi * np.arange(count) / count
    poses = np.stack([radius * np.cos(angles), radius * np.sin(angles), angles + np.pi], axis=-1)
    return [Person(str(i), pose, group_id="talk") for i, pose in enumerate(poses)]


def crowd(count: int) -> list[Person]:
    """Others all over the room, walking."""
    poses = np.random.default_rng(1).uniform((-6.0, -3.0, -3.0), (6.0, 3.0, 3.0), (count, 3))
    return [
        Person(f"other {i}", pose, velocity=np.array([0.5, 0.2])) for i, pose in enumerate(poses)
    ]


def median_ms(task: Callable[[], object]) -> float:
    """Median processor time of a task [ms], after one round that is not counted."""
    task()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return 1e3 * float(np.median(times))


def choose(selector: ApproachSelector, situation: Situation) -> object:
    """The place to approach the first person at."""
    return selector.select(situation, "0", np.random.default_rng(1))


def main() -> int:
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    occupancy = np.zeros(GRID.shape, np.int8)
    occupancy[[0, -1], :], occupancy[:, [0, -1]] = 100, 100
    planner = GridPlanner(GRID, occupancy)
    around = Surroundings(GRID, occupancy, planner.distances_from(ROBOT))
    selector = ApproachSelector(shipped_interaction_model(), shipped_model())
    cases = {
        "one person": circle(1, 0.0),
        "one person, 20 others": circle(1, 0.0) + crowd(20),
        "pair, 1.2 m apart": circle(2, 0.6),
        "circle of 3": circle(3, 0.8),
        "circle of 6": circle(6, 1.2),
    }
    print(f"approach place of {selector.parameters.candidates} candidates, processor time")
    missed = False
    for name, people in cases.items():
        situation = Situation(people, ROBOT, around, 0.0)
        spent = median_ms(partial(choose, selector, situation))
        missed |= spent > LIMIT
        print(f"  {name:24s} {spent:6.2f} ms, limit {LIMIT:.0f} ms")

    def ways() -> None:
        planner.update()
        planner.distances_from(ROBOT)

    print(f"  {'ways to every cell':24s} {median_ms(ways):6.2f} ms, by the planner")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

"""Speed of whole evaluation trials against real time, on one core.

    python benchmarks/bench_evaluation.py [--trials 3] [--suites crowd] [--arms ours Kirby]

A trial is the world with its people, lidar, social costs, approach place, planner and follower, and
all metrics of its record; times are the processor's, after one trial that is not counted.  The goal
is 50 times real time for one robot and up to 5 people: every entry of paper and moving, and the one
of crowd with 5.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from social_nav_core.evaluation.arms import NO_LAYER, OURS, arm_named  # noqa: E402
from social_nav_core.evaluation.batch import shipped_models  # noqa: E402
from social_nav_core.evaluation.metrics.table import measure  # noqa: E402
from social_nav_core.evaluation.suites import Entry, draw_trial, load_suite  # noqa: E402
from social_nav_core.evaluation.trial import TrialRunner  # noqa: E402

SUITES = Path(__file__).resolve().parent.parent / "worlds" / "suites"
ARMS = {
    "paper": (OURS, NO_LAYER),
    "moving": (OURS, NO_LAYER),
    "crowd": (OURS, NO_LAYER),
    "perception": (OURS, "student 30 %"),
}


def speed(entry: Entry, arm: str, trials: int) -> tuple[float, float]:
    """Simulated seconds, and processor seconds that they took."""
    models = shipped_models()
    simulated, taken = 0.0, 0.0
    for index in range(-1, trials):
        trial = draw_trial(entry, max(index, 0), seed=0)
        start = time.process_time()
        run = TrialRunner(trial, arm_named(arm, models.proxemics), models).run()
        measure(run, models.proxemics, models.interaction)
        if index >= 0:
            taken += time.process_time() - start
            simulated += run.duration
    return simulated, taken


def main() -> None:
    """Print a table, one row for each entry."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--trials", type=int, default=3, help="of each entry (default 3)")
    known = sorted(path.stem for path in SUITES.glob("*.yaml"))
    parser.add_argument(
        "--suites",
        nargs="+",
        choices=known,
        default=list(ARMS),
        help=f"(default: {' '.join(ARMS)})",
    )
    parser.add_argument("--arms", nargs="+", help="in all of them (default: two in each)")
    options = parser.parse_args()
    try:
        for arm in options.arms or ():
            arm_named(arm)
    except ValueError as error:
        parser.error(str(error))
    for suite in options.suites:
        arms = options.arms or ARMS.get(suite, (OURS, NO_LAYER))
        print(f"{suite:32}" + "".join(f"{arm:>21}" for arm in arms))
        totals = {arm: [0.0, 0.0] for arm in arms}
        for entry in load_suite(SUITES / f"{suite}.yaml").entries:
            cells = []
            for arm in arms:
                simulated, taken = speed(entry, arm, options.trials)
                totals[arm][0] += simulated
                totals[arm][1] += taken
                cells.append(f"{simulated / taken:>19.0f} x")
            print(f"{entry.name:32}" + "".join(cells))
        whole = "".join(f"{simulated / taken:>19.0f} x" for simulated, taken in totals.values())
        print(f"{'all':32}{whole}\n")


if __name__ == "__main__":
    main()

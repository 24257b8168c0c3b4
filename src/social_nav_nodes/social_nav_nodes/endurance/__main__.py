"""python -m social_nav_nodes.endurance faults: injects every fault, one after another."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from social_nav_nodes.endurance.faults import FAULTS
from social_nav_nodes.endurance.trial import try_faults


def main() -> int:
    parser = argparse.ArgumentParser(prog="endurance")
    parser.add_argument("what", choices=("faults",))
    parser.add_argument("--out", type=Path, default=Path("out/faults"))
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    chosen = [f for f in FAULTS if not arguments.only or f.__name__ in arguments.only]
    trials = try_faults(chosen, arguments.out, arguments.repeat)
    return 0 if all(not trial.failure for trial in trials) else 1


sys.exit(main())

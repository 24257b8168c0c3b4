"""Injects faults into the running suite, or lets it run for long and under load.

    python -m social_nav_nodes.endurance faults --out out/faults
    python -m social_nav_nodes.endurance soak --minutes 30 --out out/soak

Each leaves a page, faults.html or soak.html, and the same as Markdown.  The exit status is 0 when
everything went as stated.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from social_nav_nodes.demo.domain import this_computer
from social_nav_nodes.endurance import report
from social_nav_nodes.endurance.load import measure
from social_nav_nodes.endurance.outcomes import OutcomeError
from social_nav_nodes.endurance.soak import soak
from social_nav_nodes.endurance.trial import EVERY_FAULT, try_faults

LOADS = (50, 200)  # people
LOAD_TIME = 60.0  # of one load, at most [s]
MARK = ".social_nav_endurance"  # file that says that a folder is one of these


def main() -> int:
    arguments = build_parser().parse_args()
    os.environ.update(this_computer())
    try:
        _empty(arguments.out)
        return _faults(arguments) if arguments.what == "faults" else _soak(arguments)
    except KeyboardInterrupt:
        print("\ninterrupted: all nodes are stopped", file=sys.stderr)
        return 130
    except (OutcomeError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    """Of the command line."""
    parser = argparse.ArgumentParser(prog="endurance", description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="what", required=True)
    faults = commands.add_parser("faults", help="every fault, one after another")
    faults.add_argument("--out", type=Path, default=Path("out/faults"), help="folder of the report")
    names = [fault.__name__ for fault in EVERY_FAULT]
    faults.add_argument("--only", action="append", choices=names, help="one fault; may be repeated")
    faults.add_argument("--repeat", type=count, default=1, help="how often each is injected")
    long = commands.add_parser("soak", help="long, and under load")
    long.add_argument("--out", type=Path, default=Path("out/soak"), help="folder of the report")
    long.add_argument("--minutes", type=minutes, default=30.0, help="of all nodes at work")
    return parser


def count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"it is {number}, expected 1 or more")
    return number


def minutes(text: str) -> float:
    number = float(text)
    if not 0.05 <= number <= 10_000.0:
        raise argparse.ArgumentTypeError(f"it is {number:g}, expected 0.05 to 10000 minutes")
    return number


def _empty(out: Path) -> None:
    """Make the folder, without what was there of an earlier run."""
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise OSError(f"the folder {out} holds something else; name a new or an empty one: --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).touch()


def _faults(arguments: argparse.Namespace) -> int:
    chosen = [f for f in EVERY_FAULT if not arguments.only or f.__name__ in arguments.only]
    trials = try_faults(chosen, arguments.out, arguments.repeat)
    sections = report.fault_sections(trials)
    print(report.write(arguments.out, "faults", "Faults", sections))
    failed = [trial for trial in trials if trial.failure]
    for trial in failed:
        print(f"error: {trial.name}: {trial.failure}", file=sys.stderr)
    return 1 if failed else 0


def _soak(arguments: argparse.Namespace) -> int:
    minutes = arguments.minutes
    duration = min(LOAD_TIME, 10.0 * minutes)
    loads = []
    for people in LOADS:
        print(f"{people} people for {duration:.0f} s", flush=True)
        loads.append(measure(people, duration, arguments.out))
    done = soak(minutes, arguments.out)
    sections = [*report.load_sections(loads), *report.soak_sections(done)]
    print(report.write(arguments.out, "soak", "Load and endurance", sections))
    failures = [f"{node.name}: {defect}" for node in done.nodes for defect in node.defects]
    failures += [] if done.arrived else [f"no approach arrived: {done.failed[:3]}"]
    for load in loads:
        if load.people <= report.MEANT:
            for what, ages, limit in (
                ("perception", load.perceived, report.PERCEPTION_LIMIT),
                ("social grid", load.costs, report.COSTS_LIMIT),
            ):
                if ages.percentile(99) >= limit:
                    late = 1e3 * ages.percentile(99)
                    failures.append(f"{what}: 99 % are {late:.0f} ms old or newer, not {limit} s")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

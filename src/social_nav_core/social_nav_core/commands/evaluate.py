"""Try the robot on a suite of scenes, with and without social costs, and report how it does.

Every arm meets the same trials.  Results are kept in OUT/results.jsonl: the same command goes on
where it was stopped.  OUT/report.html shows the claims, pictures and tables; summary.md is a short
table, summary.csv and trials.csv hold all figures.  With --bag FILE one recording (rosbag2, MCAP)
of a robot or of Gazebo is measured and reported instead, its topics named with --topic NAME=TOPIC.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from social_nav_core.evaluation.arms import (
    ALL_ARMS,
    BASELINES,
    NO_LAYER,
    OURS,
    arm_named,
    canonical,
)
from social_nav_core.evaluation.bag_content import BagTopics, topics_named
from social_nav_core.evaluation.bag_run import read_run
from social_nav_core.evaluation.bands import bands_around, save_bands
from social_nav_core.evaluation.batch import BatchError, Plan, run_batch, shipped_models
from social_nav_core.evaluation.claims import claims
from social_nav_core.evaluation.metrics.table import METRICS, measure, off_the_map
from social_nav_core.evaluation.metrics.trajectories import MetricError
from social_nav_core.evaluation.report import write_report
from social_nav_core.evaluation.run import TASKS, RunRecord, RunRecordError
from social_nav_core.evaluation.suite_report import write_suite_report
from social_nav_core.evaluation.suites import load_suite
from social_nav_core.evaluation.wording import number
from social_nav_core.evaluation.workers import dask_cluster, local_processes
from social_nav_core.progress import Progress
from social_nav_core.sim.pedestrians import require_jupedsim
from social_nav_core.sim.reading import SceneError

SUMMARY = "compare the social costs with baselines over many simulated trials"
EPILOG = f"""arms: {", ".join(ALL_ARMS)};
'{OURS} x0.5' is '{OURS}' with half of its costs, and so for every arm but '{NO_LAYER}'."""
SHARES = (0.1, 0.2, 0.4, 0.7)
"""Of the costs: points of the curve of cost against way, beside all of them and none."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--suite",
        default="paper",
        help="a suite's file, or the name of one in WORLDS/suites (default paper)",
    )
    parser.add_argument(
        "--worlds", type=Path, default=Path("worlds"), help="folder (default ./worlds)"
    )
    parser.add_argument(
        "--trials", type=int, default=20, help="of each scene and task (default 20)"
    )
    parser.add_argument(
        "--arms",
        help="what to compare, names with commas between them (default: the suite's)",
    )
    parser.add_argument(
        "--sweep", action="store_true", help="try the baselines with shares of their costs, too"
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)"
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a running dask cluster that does the work instead, such as tls://host:8786, or"
        " tcp://localhost:8786 on this machine",
    )
    parser.add_argument("--bag", type=Path, metavar="FILE", help="measure a recording instead")
    parser.add_argument(
        "--topic",
        action="append",
        default=[],
        metavar="NAME=TOPIC",
        help=f"of the recording, again for every other one: {_topic_names()}",
    )
    parser.add_argument("--task", choices=TASKS, default="avoid", help="of the recording")
    parser.add_argument("--target", default="", help="who is approached in the recording")
    parser.add_argument(
        "--write-bands", type=Path, metavar="FILE", help="record the means as bands for the tests"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for results and report")


def run(arguments: argparse.Namespace) -> int:
    """Run what is missing, write the report, and say which claims hold."""
    if arguments.bag:
        return _measure_bag(arguments)
    if arguments.topic:
        print("error: --topic names a topic of a recording, expected --bag FILE", file=sys.stderr)
        return 2
    try:
        plan = _plan(arguments)
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        address = arguments.scheduler
        workers = dask_cluster(address) if address else local_processes(arguments.workers)
        with workers as do, Progress("trials") as progress:
            results = run_batch(plan, arguments.out, do, _Pace(progress))
        report = write_suite_report(arguments.out, plan, results)
    except KeyboardInterrupt:
        done = f"what was done is in {arguments.out}, the same command goes on"
        print(f"interrupted: {done}", file=sys.stderr)
        return 130
    except (BatchError, SceneError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if arguments.write_bands:
        save_bands(arguments.write_bands, bands_around(results))
    for claim in claims(results):
        print(f"{'holds' if claim.holds else 'DOES NOT HOLD':14}{claim.text}: {claim.figures}")
    print(report)
    return 0


def _measure_bag(arguments: argparse.Namespace) -> int:
    models = shipped_models()
    try:
        topics = topics_named(arguments.topic)
    except ValueError as error:
        print(f"error: --topic: {error}", file=sys.stderr)
        return 2
    try:
        recording = read_run(arguments.bag, arguments.task, arguments.target, topics)
        values = measure(recording, models.proxemics, models.interaction)
        page = write_report(arguments.out, [recording], title=f"Recording {arguments.bag.name}")
    except (RunRecordError, MetricError) as error:
        print(f"error: {arguments.bag}: {error}", file=sys.stderr)
        return 2
    for metric in METRICS:
        if not math.isnan(values[metric.name]):
            unit = "" if metric.unit == "yes or no" else metric.unit
            print(f"{metric.label:40}{number(metric, values[metric.name]):>10} {unit}")
    for note in _left_out(recording, topics):
        print(f"note: {arguments.bag}: {note}", file=sys.stderr)
    print(page)
    return 0


def _topic_names() -> str:
    return ", ".join(f"{name} (default {topic})" for name, topic in vars(BagTopics()).items())


def _left_out(recording: RunRecord, topics: BagTopics) -> Iterator[str]:
    """What is not among the figures, and why."""
    off = off_the_map(recording)
    if off.any():
        x, y, _ = recording.robot_in_map[off][0].tolist()
        yield (
            f"the robot is outside of the recorded map in {off.sum()} of {len(off)} samples, first"
            f" at {recording.times[off][0]:.2f} s ({x:.2f}, {y:.2f}) m: contacts with walls and"
            " furniture are left out; check the map and the localisation"
        )
    if recording.reached is None:
        yield (
            f"nothing on {topics.plan} (plan) and {topics.place} (place), so nobody knows the goal:"
            " success, time to goal, time stalled and new goals are left out"
        )


def _plan(arguments: argparse.Namespace) -> Plan:
    if arguments.trials < 1 or arguments.workers < 1:
        raise ValueError(
            f"--trials is {arguments.trials} and --workers {arguments.workers}, expected at least 1"
        )
    if arguments.seed < 0:
        raise ValueError(f"--seed is {arguments.seed}, expected 0 or more")
    path = _suite_file(arguments)
    suite = load_suite(path)
    given = arguments.arms.split(",") if arguments.arms else suite.arms
    arms = tuple(canonical(name.strip()) for name in given)
    if len(set(arms)) != len(arms):
        raise ValueError(f"--arms has an arm twice: {', '.join(arms)}")
    curve = _curve(arms, arguments.sweep)
    if any(entry.scene.flows for entry in suite.entries):
        require_jupedsim()
    if any(arm_named(name).corruption is not None for name in arms):
        from social_nav_core.perception.student_file import shipped_student  # noqa: PLC0415

        shipped_student()
    return Plan(str(path), arguments.trials, arms, arguments.seed, curve)


def _curve(arms: tuple[str, ...], also_of_baselines: bool) -> tuple[str, ...]:
    """Ours with shares of its costs, where there is a baseline to compare the curve with."""
    baselines = [arm for arm in BASELINES if arm in arms]
    if OURS not in arms or not baselines:
        return ()
    whole = [OURS, *(baselines if also_of_baselines else [])]
    names = [f"{arm} x{share:g}" for arm in whole for share in SHARES]
    return tuple(name for name in names if name not in arms)


def _suite_file(arguments: argparse.Namespace) -> Path:
    given = Path(arguments.suite)
    named = arguments.worlds / "suites" / f"{arguments.suite}.yaml"
    for path in (given, named):
        if path.is_file():
            return path.resolve()
    raise ValueError(
        f"suite '{arguments.suite}' is neither a file nor {named}: run from the folder that has"
        " worlds/, or name it with --worlds"
    )


class _Pace:
    """Tells a `Progress` how many trials are done and how long the rest will take."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._start = time.monotonic()
        self._before: int | None = None

    def __call__(self, done: int, total: int) -> None:
        if self._before is None:
            self._before = done
        new, spent = done - self._before, time.monotonic() - self._start
        left = f", about {spent / new * (total - done):.0f} s left" if new else ""
        self._progress(f"{done} of {total}{left}")

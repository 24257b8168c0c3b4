"""Measure recorded runs and report them.

Reads every run.npz below the folders or, with --recordings, every recording of topics (MCAP) that
lies as bag beside a task.yaml.  OUT/runs.csv has all metrics of every run, OUT/summary.csv
their means by task, scene and arm, and OUT/report.html shows the first run of each of these.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from social_nav_core.recordings.errors import DataError

SUMMARY = "metrics and report of recorded runs"
ABOUT = ("task", "scene", "arm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", metavar="FOLDER", nargs="+", type=Path, help="with run.npz files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument(
        "--recordings", action="store_true", help="measure the recorded topics, not the run.npz"
    )


def run(arguments: argparse.Namespace) -> int:
    """Read, measure, write."""
    from social_nav_core.evaluation.metrics.table import METRICS, measure  # noqa: PLC0415
    from social_nav_core.evaluation.record_file import load_run  # noqa: PLC0415
    from social_nav_core.evaluation.recorded_task import (  # noqa: PLC0415
        FILE,
        read_recorded_task,
    )
    from social_nav_core.evaluation.report import write_report  # noqa: PLC0415
    from social_nav_core.evaluation.run import RunRecordError  # noqa: PLC0415
    from social_nav_core.interaction.kde import shipped_interaction_model  # noqa: PLC0415
    from social_nav_core.proxemics.model import shipped_model  # noqa: PLC0415

    wanted = FILE if arguments.recordings else "run.npz"
    paths = sorted(path for folder in arguments.folder for path in folder.rglob(wanted))
    if not paths:
        raise DataError(f"{', '.join(map(str, arguments.folder))}: no {wanted} below")
    try:
        runs = [
            read_recorded_task(path.parent) if arguments.recordings else load_run(path)
            for path in paths
        ]
    except RunRecordError as error:
        raise DataError(str(error)) from error
    proxemics, interaction = shipped_model(), shipped_interaction_model()
    names = [metric.name for metric in METRICS]
    rows: list[tuple[str | float, ...]] = []
    for path, record in zip(paths, runs, strict=True):
        values = measure(record, proxemics, interaction)
        about = (record.task, record.scene, record.arm, str(path.parent))
        rows.append((*about, *(values[name] for name in names)))
    arguments.out.mkdir(parents=True, exist_ok=True)
    _write(arguments.out / "runs.csv", (*ABOUT, "folder", *names), rows)
    _write(arguments.out / "summary.csv", (*ABOUT, "runs", *names), _means(rows))
    first = {(record.task, record.scene, record.arm): record for record in reversed(runs)}
    page = write_report(arguments.out, list(first.values())[::-1], title="Recorded runs")
    print(f"{len(runs)} run(s): {page}, runs.csv, summary.csv")
    return 0


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for row in rows:
            writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in row])


def _means(rows: Sequence[tuple[str | float, ...]]) -> Iterable[tuple[str | float, ...]]:
    """One row for each task, scene and arm: number of runs, and means of what applies."""
    for key in dict.fromkeys(row[:3] for row in rows):
        values = np.array([row[4:] for row in rows if row[:3] == key], dtype=float)
        applies = np.isfinite(values)
        sums = np.where(applies, values, 0.0).sum(axis=0)
        with np.errstate(invalid="ignore"):
            means = sums / applies.sum(axis=0)
        yield (*key, str(len(values)), *means.tolist())

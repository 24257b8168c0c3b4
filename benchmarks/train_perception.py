"""The perception from nothing: data, teacher, students and baselines, and the weights to commit.

    python benchmarks/train_perception.py --work /somewhere
    python benchmarks/bench_perception.py --data /somewhere

Needs torch.  Follows `benchmarks/perception/config.yaml`.  What is there already is not done again,
a stage that was stopped goes on, what is of other data or another teacher is refused, and the time
of every stage is added to `times.csv`.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import torch
from perception.plan import Plan, Row, read_plan, weights_file
from social_nav_core.perception.checkpoint import Checkpoint, load, save
from social_nav_core.perception.kept_answers import kept_answers
from social_nav_core.perception.networks.teacher import SMALL, SocialC3D
from social_nav_core.perception.stages import (
    POSE_NETWORKS,
    DistillSettings,
    TeacherAnswers,
    load_teacher,
    train_pose_network,
    train_teacher,
)
from social_nav_core.perception.training import FitSettings
from social_nav_core.perception.windows import Windows
from social_nav_core.progress import kept_at_stop, kept_files
from social_nav_core.proxemics.model import ModelError
from social_nav_core.recordings.errors import DataError

LEARNED = ("train", "unlabelled")
say = partial(print, flush=True)


@contextmanager
def timed(stage: str, work: Path) -> Iterator[None]:
    """Add a stage's wall and processor time [s] to ``times.csv``."""
    say(f"== {stage} ({datetime.now(timezone.utc):%H:%M:%S} UTC)")
    wall, processor = time.monotonic(), time.process_time()
    yield
    row = (stage, time.monotonic() - wall, time.process_time() - processor)
    with (work / "times.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow((row[0], f"{row[1]:.0f}", f"{row[2]:.0f}"))


def trained_teacher(plan: Plan, seed: int, work: Path) -> SocialC3D:
    """The teacher of a seed."""
    path = work / f"teacher_{seed}.npz"
    about = plan.teacher
    torch.manual_seed(seed)
    settings = FitSettings(about["epochs"], about["batch"], about["rate"], seed=seed)
    train, validation = plan.encounters("train", work), plan.encounters("validation", work)
    told = plan.order("train").about
    train_teacher(SocialC3D(SMALL), train, validation, settings, path, say, told)
    keep_weights(path, weights_file("teacher", seed), "best/")
    return load_teacher(path)


def answers_of(plan: Plan, teacher: SocialC3D, seed: int, work: Path) -> TeacherAnswers:
    """The answers of a seed's teacher to the training windows, labelled ones first; made once."""
    sets = [plan.encounters(name, work) for name in LEARNED]
    return kept_answers(work / f"answers_{seed}.npz", teacher, sets, say)


def windows(plan: Plan, name: str, work: Path) -> Windows:
    """Made data of the plan as the students see them."""
    return replace(plan.encounters(name, work).windows(), about=plan.order(name).about)


def train_row(plan: Plan, row: Row, seed: int, answers: TeacherAnswers | None, work: Path) -> None:
    """One student or baseline of a seed."""
    train = windows(plan, "train", work)
    if answers is not None and row.unlabelled:
        train = train.and_unlabelled(windows(plan, "unlabelled", work))
    elif answers is not None:
        answers = answers.take(len(train))
    validation = windows(plan, "validation", work)
    path = work / f"{row.name.replace(' ', '_')}_{seed}.npz"
    torch.manual_seed(seed)
    train_pose_network(
        POSE_NETWORKS[row.network](),
        train,
        validation,
        answers,
        FitSettings(row.epochs, row.batch, row.rate, seed=seed),
        DistillSettings(**row.distil),
        path,
        say,
    )
    keep_weights(path, weights_file(row.name, seed), "best/network.")


def keep_weights(source: Path, out: Path, prefix: str) -> None:
    """The best epoch's weights of a checkpoint alone, in half precision."""
    saved = load(source)
    kept = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in saved.weights.items()
        if name.startswith(prefix)
    }
    save(out, Checkpoint(kept, {}, saved.epoch, saved.about))


def main() -> int:
    """Train everything that the plan names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for data and checkpoints")
    parser.add_argument("--row", action="append", help="only this row (may be repeated)")
    arguments = parser.parse_args()
    try:
        with kept_at_stop(partial(kept_files, arguments.work / "times.csv")):
            _train(arguments)
    except KeyboardInterrupt as stop:
        print(f"interrupted: {str(stop) or 'nothing was written'}", file=sys.stderr)
        return 130
    except (DataError, ModelError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _train(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    plan, work = read_plan(), arguments.work
    work.mkdir(parents=True, exist_ok=True)
    rows = [row for row in plan.rows if arguments.row is None or row.name in arguments.row]
    with timed("data", work):
        for name in plan.data:
            plan.encounters(name, work)
    students = [row for row in rows if row.network == "student"]
    for seed in plan.seeds:
        answers = None
        if any(row.taught for row in students):
            own = plan.teacher_of(seed)
            with timed(f"teacher {own}", work):
                teacher = trained_teacher(plan, own, work)
            with timed(f"answers of teacher {own}", work):
                answers = answers_of(plan, teacher, own, work)
        for row in students:
            with timed(f"{row.name} {seed}", work):
                train_row(plan, row, seed, answers if row.taught else None, work)
    for row in rows:
        for seed in plan.seeds if row not in students else ():
            with timed(f"{row.name} {seed}", work):
                train_row(plan, row, seed, None, work)


if __name__ == "__main__":
    sys.exit(main())

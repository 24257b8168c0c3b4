"""Train a pose-only network on encounters or on recorded tracks, with or without a teacher.

DATA is an NPZ file of encounters, or a folder of tracks (JPL-Social's JSON files) with the folders
train, validation and test. A training that was stopped goes on when the command is given again.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from social_nav_core.arguments import output_file, whole_number
from social_nav_core.perception.needs import require_torch
from social_nav_core.perception.tasks import TASKS
from social_nav_core.proxemics.model import ModelError

if TYPE_CHECKING:
    from social_nav_core.perception.stages import TeacherAnswers
    from social_nav_core.perception.windows import Windows

SUMMARY = "train the perception's student or a baseline (needs torch)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("train", metavar="TRAIN", type=Path, help="encounters or folder of tracks")
    parser.add_argument("validation", metavar="VALIDATION", type=Path, help="the same folder")
    parser.add_argument("--out", type=output_file, required=True, help="checkpoint, an NPZ file")
    parser.add_argument("--teacher", type=Path, help="checkpoint of a small teacher to learn from")
    parser.add_argument(
        "--unlabelled",
        type=Path,
        help="more encounters, whose labels are not used; with --teacher only",
    )
    parser.add_argument("--network", choices=("student", "st_gcn", "gru"), default="student")
    parser.add_argument("--tracks", choices=("jpl_social", "harper"), default="jpl_social")
    parser.add_argument("--epochs", type=whole_number(1), default=30, help="(default 30)")
    parser.add_argument("--seed", type=whole_number(0), default=0, help="(default 0)")


def run(arguments: argparse.Namespace) -> int:
    """Train, and say how well the best epoch does."""
    require_torch()
    import torch  # noqa: PLC0415

    from social_nav_core.perception.datasets.source import read_windows  # noqa: PLC0415
    from social_nav_core.perception.stages import (  # noqa: PLC0415
        POSE_NETWORKS,
        DistillSettings,
        train_pose_network,
    )
    from social_nav_core.perception.training import (  # noqa: PLC0415
        FitSettings,
        start_processes,
    )

    device = start_processes()
    train = read_windows(arguments.train, "train", arguments.tracks, print)
    validation = read_windows(arguments.validation, "validation", arguments.tracks, print)
    answers = None
    if arguments.teacher is not None:
        train, answers = _taught(arguments, train)
    elif arguments.unlabelled is not None:
        raise ModelError("--unlabelled needs --teacher: nothing else tells what the windows show")
    torch.manual_seed(arguments.seed)
    network = POSE_NETWORKS[arguments.network]().to(device)
    settings = FitSettings(arguments.epochs, batch=64, rate=4e-3, seed=arguments.seed)
    done = train_pose_network(
        network,
        train,
        validation,
        answers,
        settings,
        DistillSettings(),
        arguments.out,
        partial(print, flush=True),
    )
    best = done.history[done.best]
    shown = ", ".join(f"{task} {100 * best[task]:.1f} %" for task in TASKS)
    print(
        f"{arguments.out}: best epoch {done.best + 1}, "
        f"validation accuracy with 30 % of frames and joints lost: {shown}"
    )
    return 0


def _taught(arguments: argparse.Namespace, train: Windows) -> tuple[Windows, TeacherAnswers]:
    """All windows to learn from, and what the teacher says about them."""
    from social_nav_core.perception.encounters.files import load_encounters  # noqa: PLC0415
    from social_nav_core.perception.stages import load_teacher, teacher_answers  # noqa: PLC0415

    teacher = load_teacher(arguments.teacher)
    answers = teacher_answers(teacher, load_encounters(arguments.train))
    if arguments.unlabelled is None:
        return train, answers
    more = load_encounters(arguments.unlabelled)
    return train.and_unlabelled(more.windows()), answers.and_more(teacher_answers(teacher, more))

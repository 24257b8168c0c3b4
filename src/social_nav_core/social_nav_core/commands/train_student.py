"""Train a pose-only network on encounters or on recorded tracks, with or without a teacher.

DATA is an NPZ file of encounters, or a folder of tracks (JPL-Social's JSON files) with the folders
train, validation and test. A training that was stopped goes on when the command is given again. A
teacher's answers are kept beside the checkpoint, in a file whose name ends in .answers.npz.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from social_nav_core.arguments import output_file, whole_number
from social_nav_core.parameters import check
from social_nav_core.perception.metrics import written_accuracies
from social_nav_core.perception.needs import require_torch
from social_nav_core.progress import kept_at_stop, kept_files
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
    with kept_at_stop(partial(kept_files, arguments.out, _answers_file(arguments.out))):
        _train(arguments)
    return 0


def _train(arguments: argparse.Namespace) -> None:
    import torch  # noqa: PLC0415

    from social_nav_core.perception.datasets.source import (  # noqa: PLC0415
        check_labelled,
        check_steps,
        read_windows,
    )
    from social_nav_core.perception.stages import (  # noqa: PLC0415
        POSE_NETWORKS,
        DistillSettings,
        train_pose_network,
    )
    from social_nav_core.perception.training import (  # noqa: PLC0415
        FitSettings,
        start_processes,
    )

    settings = FitSettings(arguments.epochs, batch=64, rate=4e-3, seed=arguments.seed)
    check(settings)
    if arguments.unlabelled is not None and arguments.teacher is None:
        raise ModelError("--unlabelled needs --teacher: nothing else tells what the windows show")
    device = start_processes()
    say = partial(print, flush=True)
    validation = read_windows(arguments.validation, "validation", arguments.tracks, say)
    ask: Callable[[], TeacherAnswers] | None = None
    if arguments.teacher is None:
        train = read_windows(arguments.train, "train", arguments.tracks, say)
        check_labelled(arguments.train, train.labels)
    else:
        train, ask = _taught(arguments, say)
    frames = train.joints.shape[1]
    check_steps(arguments.validation, validation.joints.shape[1], frames, arguments.train)
    answers = None if ask is None else ask()
    torch.manual_seed(arguments.seed)
    network = POSE_NETWORKS[arguments.network]().to(device)
    done = train_pose_network(
        network, train, validation, answers, settings, DistillSettings(), arguments.out, say
    )
    shown = written_accuracies(done.history[done.best])
    print(
        f"{arguments.out}: best epoch {done.best + 1}, "
        f"validation accuracy with 30 % of frames and joints lost: {shown}"
    )


def _answers_file(out: Path) -> Path:
    """Where the teacher's answers are kept: beside the student's checkpoint."""
    return out.with_name(f"{out.stem}.answers.npz")


def _taught(
    arguments: argparse.Namespace, say: Callable[[str], None]
) -> tuple[Windows, Callable[[], TeacherAnswers]]:
    """All windows to learn from, and a function that asks the teacher about them."""
    from social_nav_core.perception.checkpoint import trained_on  # noqa: PLC0415
    from social_nav_core.perception.datasets.source import (  # noqa: PLC0415
        check_steps,
        read_pictured,
    )
    from social_nav_core.perception.kept_answers import kept_answers  # noqa: PLC0415
    from social_nav_core.perception.stages import load_teacher  # noqa: PLC0415
    from social_nav_core.perception.training import is_first_process  # noqa: PLC0415

    teacher = load_teacher(arguments.teacher)
    encounters, about = read_pictured(arguments.train, teacher.size.image)
    train, sets = replace(encounters.windows(), about=about), [encounters]
    if arguments.unlabelled is not None:
        more, about = read_pictured(arguments.unlabelled, teacher.size.image)
        steps = more.pixels.shape[1]
        check_steps(arguments.unlabelled, steps, train.joints.shape[1], arguments.train)
        train = train.and_unlabelled(replace(more.windows(), about=about))
        sets.append(more)
    source = trained_on(arguments.teacher).data or "data that its checkpoint does not name"
    train = replace(train, about=f"{train.about}; guided by a teacher trained on {source}")
    path = _answers_file(arguments.out)
    return train, partial(kept_answers, path, teacher, sets, say, is_first_process())

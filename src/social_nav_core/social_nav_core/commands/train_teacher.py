"""Train the multimodal teacher on encounters.

A training that was stopped goes on when the command is given again. It runs on a GPU where there
is one, and on several under torchrun.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from social_nav_core.arguments import output_file, whole_number
from social_nav_core.parameters import check
from social_nav_core.perception.metrics import written_accuracies
from social_nav_core.perception.needs import require_torch
from social_nav_core.progress import kept_at_stop, kept_files

SUMMARY = "train the perception's teacher (needs torch)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("train", metavar="TRAIN", type=Path, help="encounters, an NPZ file")
    parser.add_argument("validation", metavar="VALIDATION", type=Path)
    parser.add_argument("--out", type=output_file, required=True, help="checkpoint, an NPZ file")
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--epochs", type=whole_number(1), default=10, help="(default 10)")
    parser.add_argument("--seed", type=whole_number(0), default=0, help="(default 0)")


def run(arguments: argparse.Namespace) -> int:
    """Train, and say how well the best epoch does."""
    require_torch()
    with kept_at_stop(partial(kept_files, arguments.out)):
        _train(arguments)
    return 0


def _train(arguments: argparse.Namespace) -> None:
    import torch  # noqa: PLC0415

    from social_nav_core.perception.datasets.source import (  # noqa: PLC0415
        check_labelled,
        check_steps,
        read_pictured,
    )
    from social_nav_core.perception.networks.teacher import (  # noqa: PLC0415
        FULL,
        SMALL,
        SocialC3D,
    )
    from social_nav_core.perception.stages import train_teacher  # noqa: PLC0415
    from social_nav_core.perception.training import (  # noqa: PLC0415
        FitSettings,
        start_processes,
    )

    settings = FitSettings(arguments.epochs, batch=32, rate=2e-3, seed=arguments.seed)
    check(settings)
    device = start_processes()
    size = SMALL if arguments.size == "small" else FULL
    train, about = read_pictured(arguments.train, size.image)
    validation, _ = read_pictured(arguments.validation, size.image)
    check_labelled(arguments.train, train.labels)
    check_labelled(arguments.validation, validation.labels)
    frames = train.pixels.shape[1]
    check_steps(arguments.validation, validation.pixels.shape[1], frames, arguments.train)
    torch.manual_seed(arguments.seed)
    model, say = SocialC3D(size).to(device), partial(print, flush=True)
    done = train_teacher(model, train, validation, settings, arguments.out, say, about)
    shown = written_accuracies(done.history[done.best])
    print(f"{arguments.out}: best epoch {done.best + 1}, validation accuracy {shown}")

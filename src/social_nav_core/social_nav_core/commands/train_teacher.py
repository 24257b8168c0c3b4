"""Train the multimodal teacher on encounters.

A training that was stopped goes on when the command is given again. It runs on a GPU where there
is one, and on several under torchrun.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from social_nav_core.arguments import output_file, whole_number
from social_nav_core.perception.needs import require_torch
from social_nav_core.perception.tasks import TASKS

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
    import torch  # noqa: PLC0415

    from social_nav_core.perception.encounters.files import load_encounters  # noqa: PLC0415
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

    device = start_processes()
    train, validation = load_encounters(arguments.train), load_encounters(arguments.validation)
    torch.manual_seed(arguments.seed)
    model = SocialC3D(SMALL if arguments.size == "small" else FULL).to(device)
    settings = FitSettings(arguments.epochs, batch=32, rate=2e-3, seed=arguments.seed)
    done = train_teacher(
        model, train, validation, settings, arguments.out, partial(print, flush=True)
    )
    best = done.history[done.best]
    shown = ", ".join(f"{task} {100 * best[task]:.1f} %" for task in TASKS)
    print(f"{arguments.out}: best epoch {done.best + 1}, validation accuracy {shown}")
    return 0

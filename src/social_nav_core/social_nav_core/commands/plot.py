"""Draw models side by side: density over peak around a person who faces up."""

from __future__ import annotations

import argparse
from pathlib import Path

from social_nav_core.any_model import MODEL_HELP, load_any_model
from social_nav_core.arguments import check_not_read, output_file

SUMMARY = "picture of one or several models"
EPILOG = MODEL_HELP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("model", metavar="MODEL", nargs="+")
    parser.add_argument("--out", type=output_file, required=True, help="picture to write, PNG")


def run(arguments: argparse.Namespace) -> int:
    """Load, draw, write."""
    from social_nav_core.model_pictures import draw_models  # noqa: PLC0415

    files = [Path(name) for name in arguments.model if Path(name).is_file()]
    check_not_read(arguments.out, files)
    models = {name: load_any_model(name) for name in arguments.model}
    draw_models(models, arguments.out)
    print(f"{arguments.out}: {len(models)} model(s)")
    return 0

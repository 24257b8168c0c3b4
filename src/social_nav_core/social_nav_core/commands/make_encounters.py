"""Make encounters of people with a robot, seen by its camera, to train the perception on.

The same split, count and seed give the same file. No person, style or camera is in two splits. A
run that was stopped goes on when the command is given again: what was made lies beside the file.
"""

from __future__ import annotations

import argparse
from functools import partial

from social_nav_core.arguments import output_file, whole_number
from social_nav_core.recordings.errors import DataError

SUMMARY = "make labelled encounters from a seed (perception)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--out", type=output_file, required=True, help="NPZ file to write")
    parser.add_argument("--split", choices=("train", "validation", "test"), default="train")
    parser.add_argument(
        "--count",
        type=whole_number(0),
        default=4000,
        help="windows, every action in turn (default 4000)",
    )
    parser.add_argument("--seed", type=whole_number(0), default=0, help="(default 0)")
    parser.add_argument(
        "--passing",
        type=whole_number(0),
        default=0,
        help="more windows, of people who walk toward the robot and pass it by (default 0)",
    )
    parser.add_argument(
        "--rate", type=int, choices=(10, 30), default=10, help="frames per second (default 10)"
    )
    parser.add_argument(
        "--image",
        type=whole_number(0),
        default=20,
        help="edge of the pictures [pixel]: 20 for the small teacher (default), 64 for the full, "
        "0 for none",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make and write the encounters."""
    from social_nav_core.perception.encounters.generator import EncounterSettings  # noqa: PLC0415
    from social_nav_core.perception.encounters.made import Order, make_file  # noqa: PLC0415

    settings = EncounterSettings(rate=arguments.rate, image=arguments.image)
    order = Order(arguments.split, arguments.count, arguments.passing, arguments.seed, settings)
    if not order.total:
        raise DataError("--count and --passing are both 0: there is nothing to make")
    make_file(arguments.out, order, partial(print, flush=True))
    print(f"{arguments.out}: {order.about}, {settings.steps} frames each")
    return 0

"""Make encounters of people with a robot, seen by its camera, to train the perception on.

The same split, count and seed give the same file. No person, style or camera is in two splits.
"""

from __future__ import annotations

import argparse

from social_nav_core.arguments import output_file, whole_number
from social_nav_core.progress import Progress
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
    from social_nav_core.perception.encounters.files import save_encounters  # noqa: PLC0415
    from social_nav_core.perception.encounters.generator import (  # noqa: PLC0415
        EncounterSettings,
        generate,
    )

    settings = EncounterSettings(rate=arguments.rate, image=arguments.image)
    split, total = arguments.split, arguments.count + arguments.passing
    if not total:
        raise DataError("--count and --passing are both 0: there is nothing to make")
    with Progress("encounters") as progress:
        made = generate(
            split,
            arguments.count,
            arguments.seed,
            settings,
            lambda done: progress(f"{done} of {total}"),
            arguments.passing,
        )
    passers = f", {arguments.passing} of them passers-by" if arguments.passing else ""
    about = f"{total} generated encounters{passers}, split {split}, seed {arguments.seed}"
    save_encounters(arguments.out, made, about)
    print(f"{arguments.out}: {about}, {settings.steps} frames each")
    return 0

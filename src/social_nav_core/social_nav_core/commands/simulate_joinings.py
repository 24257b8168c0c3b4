"""Make small recordings to try the learning on: three people talk, a fourth joins them.

The people follow scripts; what is learned from them says nothing about real people.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from social_nav_core.arguments import whole_number
from social_nav_core.progress import Progress
from social_nav_core.recordings.writers import write_bag, write_congreg8
from social_nav_core.sim.joinings import simulate_joining

SUMMARY = "make small recordings of people who meet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--out", type=Path, required=True, help="new folder for the recordings")
    parser.add_argument(
        "--trials", type=whole_number(1), default=20, help="recordings to make (default 20)"
    )
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="of everything random (default 0)"
    )
    parser.add_argument(
        "--format",
        choices=("mcap", "csv"),
        default="mcap",
        help="rosbag2 folders of SocialPersonArray, or CSV in the CongreG8 layout",
    )


def run(arguments: argparse.Namespace) -> int:
    """Simulate and write."""
    arguments.out.mkdir(parents=True)
    with Progress("simulating") as progress:
        for trial in range(arguments.trials):
            progress(f"trial {trial + 1} of {arguments.trials}")
            trajectories = simulate_joining(arguments.seed * 10_000 + trial)
            name = f"trial_{trial + 1:03d}"
            if arguments.format == "mcap":
                write_bag(arguments.out / name, trajectories)
            else:
                write_congreg8(arguments.out / f"{name}.csv", trajectories)
    print(f"{arguments.out}: {arguments.trials} recordings")
    return 0

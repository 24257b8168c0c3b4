"""Score trained pose networks on a test split: accuracy and weighted F1 at every corruption.

Give one checkpoint per training seed; the table shows mean and standard deviation over them.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from social_nav_core.perception.needs import require_torch

SUMMARY = "score the perception's networks (needs torch)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, help="encounters or folder of tracks")
    parser.add_argument("checkpoints", metavar="CHECKPOINT", type=Path, nargs="+")
    parser.add_argument("--tracks", choices=("jpl_social", "harper"), default="jpl_social")
    parser.add_argument("--no-feet", action="store_true", help="17 joints, as ROS4HRI gives")


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    require_torch()
    from social_nav_core.perception.datasets.source import read_windows  # noqa: PLC0415
    from social_nav_core.perception.stages import load_pose_network, pose_logits  # noqa: PLC0415
    from social_nav_core.perception.table import table, written  # noqa: PLC0415

    windows = read_windows(arguments.data, "test", arguments.tracks, print)
    networks = [load_pose_network(path) for path in arguments.checkpoints]
    answers = [partial(pose_logits, network) for network in networks]
    joints = "17 joints" if arguments.no_feet else "23 joints"
    title = f"{len(windows)} windows of {arguments.data}, {joints}, {len(networks)} seeds, percent"
    print(written(table(answers, windows, not arguments.no_feet), title))
    return 0

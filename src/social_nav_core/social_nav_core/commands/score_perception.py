"""Score trained pose networks on a test split: accuracy and weighted F1 at every corruption.

Give one checkpoint per training seed; the table shows mean and standard deviation over them. With
--validation the first checkpoint's calibration, confusions and (for encounters) reaction times are
shown too.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from social_nav_core.perception.needs import require_torch

SUMMARY = "score the perception's networks (needs torch)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, help="encounters or folder of tracks")
    parser.add_argument("checkpoints", metavar="CHECKPOINT", type=Path, nargs="+")
    parser.add_argument("--validation", type=Path, help="to fit the temperature to")
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
    if arguments.validation is not None:
        _details(arguments, windows, answers[0])
    return 0


def _details(arguments: argparse.Namespace, windows: Any, answer: Any) -> None:
    from social_nav_core.perception import details  # noqa: PLC0415
    from social_nav_core.perception.datasets.source import read_windows  # noqa: PLC0415
    from social_nav_core.perception.encounters.files import load_encounters  # noqa: PLC0415
    from social_nav_core.perception.metrics import scores  # noqa: PLC0415

    validation = read_windows(arguments.validation, "validation", arguments.tracks, print)
    logits, checked = answer(windows.joints), answer(validation.joints)
    found = details.calibrations(checked, validation.labels, logits, windows.labels)
    print(f"\n{arguments.checkpoints[0]} on full input")
    print(details.written_calibrations(found))
    for task, score in scores(logits, windows.labels).items():
        print("\n" + details.written_confusion(score.confusion, task))
    if not arguments.data.is_dir():
        ahead = load_encounters(arguments.data).ahead.astype(float)
        print("\n" + details.written_reaction(logits, windows.labels, ahead))

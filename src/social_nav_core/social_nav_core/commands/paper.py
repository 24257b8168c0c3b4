"""Counterparts of the figures of Electronics 2025, 14(18), 3704, with the numbers behind them.

From the paper's tables (a folder with congreg8_avoidance_histogram.csv and
congreg8_interaction_positions.csv) and from simulated joinings.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from social_nav_core.arguments import whole_number
from social_nav_core.commands.fit_proxemics import refits
from social_nav_core.progress import Progress

SUMMARY = "counterparts of the paper's figures, as PNG, CSV and a page"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder of the tables"
    )
    parser.add_argument("--out", type=Path, default=Path("out/paper"), help="folder to write")
    parser.add_argument("--seed", type=whole_number(0), default=0)
    parser.add_argument("--bootstrap", type=refits, default=200, metavar="N")


def run(arguments: argparse.Namespace) -> int:
    """Compute, draw, write, and say what agrees."""
    from social_nav_core.paper.report import agreement, write_report  # noqa: PLC0415
    from social_nav_core.paper.study import study  # noqa: PLC0415

    with Progress("paper") as progress:
        found = study(arguments.data, arguments.seed, arguments.bootstrap, progress)
        progress("pictures")
        written = write_report(found, arguments.out)
    print(agreement(found))
    print(f"{arguments.out}: {len(written)} files, {written[-1]}")
    return 0

"""Learn where people stand when they talk to a person.

The model is written as an NPZ file with at most --kernels weighted Gaussian kernels.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from social_nav_core.arguments import check_not_read, output_file, whole_number, width
from social_nav_core.interaction.bandwidth import cross_validated_bandwidth
from social_nav_core.interaction.compress import compress
from social_nav_core.interaction.kde import MOST_KERNELS, kernel_density
from social_nav_core.progress import Progress
from social_nav_core.recordings.data import DATA_HELP, meeting_data, of_members, read_data
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.told import told

SUMMARY = "learn the interaction model (kernel density estimate)"
EPILOG = DATA_HELP


def bandwidth(text: str) -> float | None:
    """A width [m], or None for 'auto'."""
    return None if text == "auto" else width(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, nargs="+")
    parser.add_argument(
        "--out", type=output_file, required=True, help="model to write, an NPZ file"
    )
    parser.add_argument(
        "--bandwidth",
        type=bandwidth,
        default=0.15,
        help="width of the kernels [m], or auto for cross-validation (default 0.15)",
    )
    parser.add_argument(
        "--kernels",
        type=whole_number(1, MOST_KERNELS),
        default=100,
        help="at most so many (default 100)",
    )
    parser.add_argument(
        "--members",
        choices=("all", "two", "more"),
        default="all",
        help="positions of conversations of two people, of three or more, or of all (default)",
    )
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="of the compression (default 0)"
    )
    parser.add_argument(
        "--around-robot", action="store_true", help="look from the robot (recordings in its frame)"
    )
    parser.add_argument("--provenance", help="what the data are, in words; kept in the model")
    parser.add_argument("--licence", default="", help="terms of the data; kept in the model")


def run(arguments: argparse.Namespace) -> int:
    """Fit, compress, write, and say what was done."""
    check_not_read(arguments.out, arguments.data)
    names = told(arguments.data)
    found = meeting_data(read_data(arguments.data, arguments.around_robot), names)
    positions = of_members(found, arguments.members, names)
    chosen = arguments.bandwidth
    if chosen is None:
        trials = positions.trials if positions.trials_known else None
        try:
            with Progress("cross-validation") as progress:
                chosen = cross_validated_bandwidth(
                    positions.points, trials, lambda tried: progress(f"{tried:.3f} m")
                )
        except ValueError as error:
            raise DataError(f"{names}: --bandwidth auto: {error}; or give metres") from error
    full = kernel_density(positions.points, chosen)
    try:
        full.check_extent()
    except ValueError as error:
        raise DataError(f"{names}: {error}") from error
    with Progress("compression") as progress:
        small = compress(
            full,
            arguments.kernels,
            np.random.default_rng(arguments.seed),
            lambda distance: progress(f"total variation {distance:.4f}"),
        )
    source = f"{len(positions.points)} positions of {names}"
    if arguments.members != "all":
        source += f" (conversations of {arguments.members})"
    provenance = arguments.provenance or source
    replace(small, provenance=provenance, licence=arguments.licence).save(arguments.out)
    print(
        f"{arguments.out}: {len(small.weights)} kernels of {chosen:.3f} m from {source}, "
        f"total variation to the full estimate {small.total_variation:.4f}"
    )
    for forward, left in small.modes():
        print(f"mode at forward {forward:.2f} m, left {left:+.2f} m")
    return 0

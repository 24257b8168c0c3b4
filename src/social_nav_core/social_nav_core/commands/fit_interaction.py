"""Learn where people stand when they talk to a person.

DATA is a CSV table with the columns forward_m and left_m (positions around a person [m], in the
person's frame: forward out of the chest, left) and, where known, trial.
The model is written as an NPZ file with at most --kernels weighted Gaussian kernels.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from social_nav_core.interaction.bandwidth import cross_validated_bandwidth
from social_nav_core.interaction.compress import compress
from social_nav_core.interaction.kde import kernel_density
from social_nav_core.progress import Progress
from social_nav_core.recordings.positions import read_positions

SUMMARY = "learn the interaction model (kernel density estimate)"


def bandwidth(text: str) -> float | None:
    """A width [m], or None for 'auto'."""
    return None if text == "auto" else float(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="model to write, an NPZ file")
    parser.add_argument(
        "--bandwidth",
        type=bandwidth,
        default=0.15,
        help="width of the kernels [m], or auto for cross-validation (default 0.15)",
    )
    parser.add_argument("--kernels", type=int, default=100, help="at most so many (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the compression (default 0)")
    parser.add_argument("--provenance", help="what the data are, in words; kept in the model")
    parser.add_argument("--licence", default="", help="terms of the data; kept in the model")


def run(arguments: argparse.Namespace) -> int:
    """Fit, compress, write, and say what was done."""
    positions = read_positions(arguments.data)
    width = arguments.bandwidth
    if width is None:
        trials = positions.trials if positions.trials_known else None
        with Progress("cross-validation") as progress:
            width = cross_validated_bandwidth(
                positions.points, trials, lambda tried: progress(f"{tried:.3f} m")
            )
    full = kernel_density(positions.points, width)
    with Progress("compression") as progress:
        small = compress(
            full,
            arguments.kernels,
            np.random.default_rng(arguments.seed),
            lambda distance: progress(f"total variation {distance:.4f}"),
        )
    told = f"{len(positions.points)} positions of {arguments.data.name}"
    provenance = arguments.provenance or told
    replace(small, provenance=provenance, licence=arguments.licence).save(arguments.out)
    print(
        f"{arguments.out}: {len(small.weights)} kernels of {width:.3f} m from {told}, "
        f"total variation to the full estimate {small.total_variation:.4f}"
    )
    for forward, left in small.modes():
        print(f"mode at forward {forward:.2f} m, left {left:+.2f} m")
    return 0

"""Learn where people do not want others to be."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from social_nav_core.arguments import check_not_read, output_file, whole_number
from social_nav_core.progress import Progress
from social_nav_core.proxemics.learning import FEWEST_REFITS, learn_proxemics
from social_nav_core.proxemics.model import save_model
from social_nav_core.proxemics.recipes import RADIUS, RecipeParameters
from social_nav_core.recordings.data import DATA_HELP, passing_data, read_data
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.told import told

SUMMARY = "learn the proxemics model (skew normals)"
EPILOG = DATA_HELP


def refits(text: str) -> int:
    """Refits of a bootstrap: none, or enough for intervals."""
    count = whole_number(0)(text)
    if 0 < count < FEWEST_REFITS:
        raise argparse.ArgumentTypeError(
            f"'{text}' refits are too few for 95 % intervals, expected 0 or {FEWEST_REFITS} or more"
        )
    return count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, nargs="+")
    parser.add_argument(
        "--out", type=output_file, required=True, help="model to write, a YAML file"
    )
    parser.add_argument("--method", choices=("paper", "weighted"), default="paper")
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="of everything random (default 0)"
    )
    parser.add_argument(
        "--bootstrap",
        type=refits,
        default=0,
        metavar="N",
        help="refits for confidence intervals, 20 or more (default 0: none)",
    )
    parser.add_argument(
        "--components",
        type=whole_number(0),
        default=1,
        help="skew normals in the mixture (default 1; 0 for the number with the best BIC)",
    )
    parser.add_argument(
        "--draws",
        type=whole_number(1),
        default=RecipeParameters.draws,
        help="times that method paper draws its points (default %(default)s; 1 as published)",
    )
    parser.add_argument(
        "--around-robot", action="store_true", help="look from the robot (recordings in its frame)"
    )
    parser.add_argument("--provenance", default="", help="what the data are; kept in the model")


def run(arguments: argparse.Namespace) -> int:
    """Fit, write, and say what was found."""
    check_not_read(arguments.out, arguments.data)
    names = told(arguments.data)
    data = read_data(arguments.data, arguments.around_robot)
    passing = passing_data(data, RADIUS, names)
    recipe = RecipeParameters(
        method=arguments.method, draws=arguments.draws, components=max(arguments.components, 1)
    )
    try:
        with Progress("fitting") as progress:
            learned = learn_proxemics(
                passing,
                recipe,
                np.random.default_rng(arguments.seed),
                bootstrap=arguments.bootstrap,
                choose_components=arguments.components == 0,
                source=arguments.provenance or names,
                progress=progress,
            )
    except ValueError as error:
        raise DataError(f"{names}: {error}") from error
    save_model(arguments.out, learned.model)
    print(learned.summary(arguments.out))
    return 0

"""Fit a proxemics model to a person or a site, with an existing model as the prior.

With --counts, what is seen is remembered in a file of fixed size and grows with every call.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from social_nav_core.any_model import load_any_model
from social_nav_core.arguments import check_not_read, output_file
from social_nav_core.proxemics.model import ModelError, ProxemicsModel, save_model
from social_nav_core.proxemics.personal import PersonalModel, PersonalParameters
from social_nav_core.proxemics.recipes import RADIUS
from social_nav_core.recordings.data import DATA_HELP, passing_data, read_data
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.positions import Histogram
from social_nav_core.recordings.told import told

SUMMARY = "adapt a proxemics model to new observations (MAP)"
EPILOG = DATA_HELP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="prior, a YAML file, or 'proxemics'")
    parser.add_argument("data", metavar="DATA", type=Path, nargs="+")
    parser.add_argument("--out", type=output_file, required=True, help="model to write (YAML)")
    parser.add_argument("--counts", type=output_file, help="what is remembered (NPZ), updated")
    parser.add_argument(
        "--strength",
        type=float,
        default=PersonalParameters.strength,
        help="counts of evidence that the prior is worth (default %(default)g)",
    )
    parser.add_argument(
        "--memory",
        type=float,
        default=PersonalParameters.memory,
        help="counts after which an old one weighs 1/e, 0 keeps all (default %(default)g)",
    )
    parser.add_argument("--around-robot", action="store_true", help="look from the robot")


def run(arguments: argparse.Namespace) -> int:
    """Remember, fit, write, and say what was found."""
    check_not_read(arguments.out, arguments.data)
    if arguments.counts is not None:
        models = [path for path in (arguments.out, Path(arguments.model)) if path.is_file()]
        check_not_read(arguments.counts, [*arguments.data, *models], "--counts")
    prior = load_any_model(arguments.model)
    if not isinstance(prior, ProxemicsModel):
        raise ModelError(f"{arguments.model}: expected a proxemics model of skew normals (YAML)")
    parameters = PersonalParameters(strength=arguments.strength, memory=arguments.memory)
    personal = PersonalModel(prior, parameters)
    if arguments.counts is not None and arguments.counts.exists():
        personal.load_counts(arguments.counts)
    source = told(arguments.data)
    data = passing_data(read_data(arguments.data, arguments.around_robot), RADIUS, source)
    try:
        if isinstance(data, Histogram):
            personal.observe_histogram(data)
        else:
            personal.observe(data.points)
        model = personal.model
    except ValueError as error:
        raise DataError(f"{source}: {error}") from error
    save_model(arguments.out, model)
    if arguments.counts is not None:
        personal.save_counts(arguments.counts)
    print(f"{arguments.out}: {model.provenance}")
    return 0

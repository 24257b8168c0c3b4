"""Score a model on data; prints one JSON object.

mean_log_likelihood is that of the data's positions, n their number. The auc of a proxemics model
says how often it is higher in an empty bin of the unit disc than in one where people walked; that
of an interaction model how often it is higher at a position than anywhere within 3 m.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from social_nav_core.any_model import MODEL_HELP, load_any_model
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.proxemics.recipes import RADIUS
from social_nav_core.recordings.data import DATA_HELP, meeting_data, passing_data, read_data
from social_nav_core.recordings.positions import Histogram, Positions
from social_nav_core.recordings.told import told
from social_nav_core.scoring import score

SUMMARY = "log-likelihood, AUC and cost statistics of a model on data"
EPILOG = MODEL_HELP + DATA_HELP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("data", metavar="DATA", type=Path, nargs="+")
    parser.add_argument(
        "--around-robot", action="store_true", help="look from the robot (recordings in its frame)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Read, score, print."""
    model = load_any_model(arguments.model)
    data = read_data(arguments.data, arguments.around_robot)
    found: Histogram | Positions
    if isinstance(model, InteractionModel) and not isinstance(data, Histogram):
        found = meeting_data(data, told(arguments.data))
    else:
        found = passing_data(data, RADIUS, told(arguments.data))
    print(json.dumps({"model": arguments.model, **score(model, found)}))
    return 0

"""Write a baseline as a mixture of skew normals, which the costmap layer and all nodes read."""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from social_nav_core.arguments import output_file, whole_number
from social_nav_core.proxemics.baselines import BASELINES, Baseline, KirbyGaussian, as_mixture
from social_nav_core.proxemics.model import save_model

SUMMARY = "Hall's zones, Kirby's Gaussian, an egg or a round Gaussian as a model file"
FASTEST = 3.0  # that somebody walks [m/s]


def speed(text: str) -> float:
    """A speed of a person who walks [m/s]."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= FASTEST:
        raise argparse.ArgumentTypeError(f"'{text}', expected 0 to {FASTEST:g} m/s")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("baseline", choices=tuple(BASELINES))
    parser.add_argument("--out", type=output_file, required=True, help="model to write (YAML)")
    parser.add_argument("--components", type=whole_number(1), default=4, help="(default 4)")
    parser.add_argument("--speed", type=speed, default=0.0, help="of the person, for kirby [m/s]")


def run(arguments: argparse.Namespace) -> int:
    """Approximate, write, and say how close it is."""
    baseline = BASELINES[arguments.baseline]()
    if isinstance(baseline, KirbyGaussian):
        baseline = KirbyGaussian.at_speed(arguments.speed)
    distance = 0.0
    if isinstance(baseline, Baseline):
        model, distance = as_mixture(baseline, arguments.components, np.random.default_rng(0))
        told = f"Baseline {baseline}, as skew normals; total variation {distance:.3f}."
        model = replace(model, provenance=told)
    else:
        model = baseline
    save_model(arguments.out, model)
    print(f"{arguments.out}: {len(model.components)} skew normals, total variation {distance:.3f}")
    return 0

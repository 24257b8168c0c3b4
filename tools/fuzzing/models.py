"""What the suite does with a model that it has read: hostile numbers show there, not in reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import load_interaction_model
from social_nav_core.people import Intent, Person, certain
from social_nav_core.proxemics.field import social_field
from social_nav_core.proxemics.model import MOST_COMPONENTS, ProxemicsModel, load_model
from social_nav_core.proxemics.personal import PersonalModel
from social_nav_core.recordings.errors import DataError

from fuzzing.choices import Choices

_CELLS, _EDGE = 24, 0.05  # of the grid around a model's mode, its cells' edge [m]
_MAP_CELLS = 400  # of the grid for a model of more than two components: as large as a map

PAIR = b"""format: 1
frame: person
components:
- {weight: 0.7, mu: [0.3, 0.0], sigma: [[0.2, 0.03], [0.03, 0.1]], lambda: [1.0, 0.4]}
- {weight: 0.3, mu: [-0.3, 0.1], sigma: [[0.05, 0.0], [0.0, 0.06]], lambda: [0.0, 0.0]}
"""
"""A proxemics model of two components."""


def crowded(choices: Choices) -> bytes:
    """A proxemics model of many components, each of them within the limits or near."""
    count = choices.pick((MOST_COMPONENTS, 3, MOST_COMPONENTS + 1, 100))
    parts = []
    for _ in range(count):
        turn, wide = np.pi * choices.below(256) / 256.0, choices.pick((900.0, 1.0, 5e-4))
        axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        sigma = axes @ np.diag([wide, choices.pick((5e-4, 0.1, 900.0))]) @ axes.T
        mu = [20.0 * (choices.below(256) / 127.5 - 1.0) for _ in range(2)]
        lam = [1e4 * (choices.below(256) / 127.5 - 1.0) for _ in range(2)]
        symmetric = (0.5 * (sigma + sigma.T)).tolist()
        parts.append({"weight": 1.0 / count, "mu": mu, "sigma": symmetric, "lambda": lam})
    return yaml.safe_dump({"format": 1, "frame": "person", "components": parts}).encode()


def proxemics(path: Path) -> object:
    """Read a model and draw one person's costs, which are there where its peak is."""
    model = load_model(path)
    assert 0.0 < model.peak < np.inf, model.peak
    cells = _CELLS if len(model.components) < 3 else _MAP_CELLS
    corner = model.mode - 0.5 * cells * _EDGE
    grid = GridGeometry(cells, cells, _EDGE, (*corner, 0.0))
    rounded = 1.0009 * certain(Intent.NOT_INTERESTED)  # more than 1 by as much as is tolerated
    anna = [Person("anna", np.zeros(3), intent=rounded)]
    costs = social_field(anna, model, grid)
    assert np.isfinite(costs).all() and 0.0 < costs.max() <= 1.0, costs.max()
    cell = GridGeometry(1, 1, _EDGE, (*(model.mode - 0.5 * _EDGE), 0.0))
    peak = social_field(anna, model, cell).max()
    assert 0.0 < peak <= 1.0, peak
    return costs


def interaction(path: Path) -> object:
    """Read a model and look for its modes, as every goal selector does."""
    model = load_interaction_model(path)
    heights = model.density(model.modes())
    assert len(heights) and np.isfinite(heights).all() and heights[0] > 0.0, heights
    return heights


def counts(path: Path, prior: ProxemicsModel) -> object:
    """Remember counts and fit a model to them, as update-proxemics does."""
    personal = PersonalModel(prior)
    personal.load_counts(path)
    try:
        model = personal.model
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error
    assert 0.0 < model.peak < np.inf, model.peak
    return model

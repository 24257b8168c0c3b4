"""What the suite does with a model that it has read: hostile numbers show there, not in reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import load_interaction_model
from social_nav_core.people import Person
from social_nav_core.proxemics.field import social_field
from social_nav_core.proxemics.model import ProxemicsModel, load_model
from social_nav_core.proxemics.personal import PersonalModel
from social_nav_core.recordings.errors import DataError

_CELLS, _EDGE = 24, 0.05  # of the grid around a model's mode, its cells' edge [m]

PAIR = b"""format: 1
frame: person
components:
- {weight: 0.7, mu: [0.3, 0.0], sigma: [[0.2, 0.03], [0.03, 0.1]], lambda: [1.0, 0.4]}
- {weight: 0.3, mu: [-0.3, 0.1], sigma: [[0.05, 0.0], [0.0, 0.06]], lambda: [0.0, 0.0]}
"""
"""A proxemics model of two components."""


def proxemics(path: Path) -> object:
    """Read a model and draw one person's costs, which are there where its peak is."""
    model = load_model(path)
    assert 0.0 < model.peak < np.inf, model.peak
    corner = model.mode - 0.5 * _CELLS * _EDGE
    grid = GridGeometry(_CELLS, _CELLS, _EDGE, (*corner, 0.0))
    costs = social_field([Person("anna", np.zeros(3))], model, grid)
    assert np.isfinite(costs).all() and 0.0 < costs.max() <= 1.0, costs.max()
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

"""Where to stand with the members of an F-formation: interaction models combined.

Each member has a density of where another person stands.  Who joins stands well with all of them,
so the densities are pooled by their geometric mean (Genest and Zidek, Statistical Science 1,
1986), not averaged: a place that suits one member and is behind another's back is a poor one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray, inverse, transform_points
from social_nav_core.interaction.kde import InteractionModel


def around(model: InteractionModel, person_in_frame: ArrayLike) -> InteractionModel:
    """A model of positions around a person at a pose ``(3,)``, in the frame of that pose."""
    return replace(model, centers=transform_points(person_in_frame, model.centers))


def pooled_log_density(
    points: ArrayLike, model: InteractionModel, members_in_frame: ArrayLike
) -> FloatArray:
    """Mean over the members of the log density ``(...)`` at points ``(..., 2)`` [m].

    Args:
        members_in_frame: poses ``(m, 3)``, in the frame of the points.
    """
    points = np.asarray(points, dtype=float)
    members = np.asarray(members_in_frame, dtype=float).reshape(-1, 3)
    if len(members) == 0:
        raise ValueError("no members, expected at least 1")
    logs = [model.score_samples(transform_points(inverse(member), points)) for member in members]
    return np.mean(logs, axis=0)


def formation_model(model: InteractionModel, members_in_frame: ArrayLike) -> InteractionModel:
    """Density of a newcomer's place given all members' poses ``(m, 3)``, in their frame.

    The kernels of all members are kept in place and weighted by the pooled density over their
    mean density, so that the sum follows the pool; with one member it is exactly `around`.
    """
    members = np.asarray(members_in_frame, dtype=float).reshape(-1, 3)
    centers = np.concatenate([transform_points(m, model.centers) for m in members])
    pooled = pooled_log_density(centers, model, members)
    offered = InteractionModel(
        centers, np.tile(model.weights / len(members), len(members)), model.bandwidth
    )
    ratio = pooled - offered.score_samples(centers)
    weights = offered.weights * np.exp(ratio - ratio.max())
    kept = weights > 1e-9 * weights.max()
    return replace(
        model,
        centers=centers[kept],
        weights=weights[kept] / weights[kept].sum(),
        provenance=f"{model.provenance} Pooled over {len(members)} members.".strip(),
    )

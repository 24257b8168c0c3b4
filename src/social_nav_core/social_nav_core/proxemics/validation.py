"""How well a model tells places where people walk from places where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from social_nav_core.geometry import FloatArray
from social_nav_core.proxemics.recipes import (
    KeptOut,
    RecipeParameters,
    disc_shares,
    fit_kept_out,
    kept_out,
)
from social_nav_core.recordings.positions import Histogram

BLOCK = 6  # bins along an edge of the squares that are held out together


class Density(Protocol):
    """What a proxemics model and its baselines have in common."""

    def score_samples(self, points: ArrayLike) -> FloatArray:
        """Log density ``(...)`` at points ``(..., 2)`` [m]."""
        ...


def auc(positive: ArrayLike, negative: ArrayLike) -> float:
    """Probability that a positive scores above a negative; ties count half."""
    positive, negative = np.ravel(positive), np.ravel(negative)
    if len(positive) == 0 or len(negative) == 0:
        return float("nan")
    ranks = rankdata(np.concatenate([positive, negative]))[: len(positive)]
    pairs = len(positive) * len(negative)
    return float((ranks.sum() - len(positive) * (len(positive) + 1) / 2.0) / pairs)


def empty_and_visited(histogram: Histogram) -> tuple[np.ndarray, np.ndarray]:
    """Masks ``(rows, columns)`` of bins of the disc (by half or more) without and with visits."""
    inside = disc_shares(histogram) >= 0.5
    return inside & (histogram.counts == 0.0), inside & (histogram.counts > 0.0)


def separation(model: Density, histogram: Histogram, held_out: np.ndarray | None = None) -> float:
    """AUC of the model's density for empty against visited bins of the unit disc."""
    empty, visited = empty_and_visited(histogram)
    if held_out is not None:
        empty, visited = empty & held_out, visited & held_out
    scores = model.score_samples(histogram.centers())
    return auc(scores[empty], scores[visited])


@dataclass(frozen=True)
class Validation:
    """Means over folds.

    Attributes:
        auc: of held-out empty against held-out visited bins.
        log_likelihood: mean log density [log 1/m^2] of the held-out empty bins' centres.
    """

    auc: float
    log_likelihood: float


def folds_of(histogram: Histogram, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Fold ``(rows, columns)`` of each bin; squares of 6 x 6 bins stay together."""
    rows, columns = np.indices(histogram.counts.shape) // BLOCK
    return rng.integers(folds, size=(rows.max() + 1, columns.max() + 1))[rows, columns]


def cross_validate(
    histogram: Histogram, recipe: RecipeParameters, rng: np.random.Generator, folds: int = 5
) -> Validation:
    """Fit on four fifths of the squares of bins, score on the fifth.

    Held-out bins give no places to the fit, so it sees a hole where they are, whether people
    walked there or not.
    """
    fold = folds_of(histogram, folds, rng)
    empty, _ = empty_and_visited(histogram)
    kept = kept_out(histogram, recipe, rng)
    rows, columns = (
        np.clip((kept.places[:, i] - edges[0]) // histogram.edge, 0, len(edges) - 1).astype(int)
        for i, edges in enumerate((histogram.forward, histogram.left))
    )
    aucs, likelihoods = [], []
    for number in range(folds):
        held = fold == number
        seen = ~held[rows, columns]
        part = KeptOut(kept.places[seen], kept.weights[seen], kept.count * seen.mean())
        model = fit_kept_out(part, recipe, rng).model
        aucs.append(separation(model, histogram, held))
        likelihoods.append(model.score_samples(histogram.centers()[empty & held]).mean())
    return Validation(float(np.nanmean(aucs)), float(np.mean(likelihoods)))

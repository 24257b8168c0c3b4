"""How well a model fits data that it may not have seen."""

from __future__ import annotations

import math

import numpy as np

from social_nav_core.any_model import AnyModel
from social_nav_core.geometry import FloatArray
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.proxemics.recipes import histogram_of
from social_nav_core.proxemics.validation import auc, separation
from social_nav_core.recordings.positions import Histogram, Positions

INTERACTION_REACH = 3.0  # [m]: radius of the places that interaction positions are compared with
_STEP = 0.05  # [m]


def score(model: AnyModel, data: Histogram | Positions) -> dict[str, float | int | str | None]:
    """Numbers for one model and one set of positions; None where one is not finite.

    - ``n``: positions (counts of a histogram stand at the centres of their bins).
    - ``mean_log_likelihood`` [log 1/m^2]: of the positions under the model's density.
    - ``auc`` of a proxemics model: that it is higher in an empty bin of the unit disc than in one
      where people walked; of an interaction model: that it is higher at a position than at a
      place anywhere within 3 m.  0.5 is chance, 1 is perfect.
    - ``cost_mean``, ``cost_std``, ``cost_max``: density over peak at the positions.
    """
    points, weights = _points(data)
    logs = model.score_samples(points)
    if isinstance(model, InteractionModel):
        log_peak = float(model.score_samples(model.modes()[0]))
        separated = _interaction_auc(model, points, weights)
    else:
        log_peak = math.log(model.peak)
        histogram = data if isinstance(data, Histogram) else histogram_of(data)
        separated = separation(model, histogram)
    costs = np.exp(logs - log_peak)
    mean_cost = float(np.average(costs, weights=weights))
    spread = math.sqrt(float(np.average((costs - mean_cost) ** 2, weights=weights)))
    with np.errstate(invalid="ignore"):
        likelihood = float(np.average(logs, weights=weights))
    return {
        "kind": "interaction" if isinstance(model, InteractionModel) else "proxemics",
        "n": round(float(weights.sum())),
        "mean_log_likelihood": _finite(likelihood),
        "auc": _finite(separated),
        "cost_mean": mean_cost,
        "cost_std": spread,
        "cost_max": float(costs.max()),
    }


def _points(data: Histogram | Positions) -> tuple[FloatArray, FloatArray]:
    if isinstance(data, Positions):
        return data.points, np.ones(len(data.points))
    seen = data.counts > 0.0
    return data.centers()[seen], data.counts[seen]


def _interaction_auc(model: InteractionModel, points: FloatArray, weights: FloatArray) -> float:
    axis = np.arange(-INTERACTION_REACH, INTERACTION_REACH + _STEP, _STEP)
    places = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    places = places[np.hypot(places[:, 0], places[:, 1]) <= INTERACTION_REACH]
    repeated = np.repeat(model.score_samples(points), np.round(weights).astype(int))
    return auc(repeated, model.score_samples(places))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

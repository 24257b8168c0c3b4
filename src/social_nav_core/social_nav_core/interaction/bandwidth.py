"""Bandwidth of a kernel density estimate by cross-validated likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from social_nav_core.geometry import FloatArray

NARROWEST, WIDEST = 0.02, 1.0  # [m]
MOST_POINTS = 5000


def held_out_log_likelihood(points: FloatArray, trials: np.ndarray, bandwidth: float) -> float:
    """Mean log density [log 1/m^2] of each point under the kernels of all other trials.

    Args:
        points: ``(n, 2)`` [m].
        trials: ``(n,)`` trial of each point; a point is never scored by its own trial.
        bandwidth: standard deviation of the kernels [m].
    """
    scores = np.empty(len(points))
    for start in range(0, len(points), 512):
        block = slice(start, start + 512)
        squares = ((points[block, None] - points) ** 2).sum(axis=-1) / bandwidth**2
        others = trials[block, None] != trials
        exponent = np.where(others, -0.5 * squares, -np.inf)
        scores[block] = logsumexp(exponent, axis=1) - np.log(others.sum(axis=1))
    return float(scores.mean() - np.log(2.0 * np.pi * bandwidth**2))


def cross_validated_bandwidth(
    points: FloatArray,
    trials: np.ndarray | None = None,
    progress: Callable[[float], None] | None = None,
) -> float:
    """Bandwidth [m] with the highest held-out likelihood (leave one trial out).

    Where trials are not known each distinct position is held out alone; exact duplicates go
    together, or they would vouch for each other and the bandwidth would shrink to nothing.
    Of more than 5000 points every second (third, ...) is used, and the result is narrowed by the
    sixth root of their ratio, as the best bandwidth in the plane is (Scott, Multivariate Density
    Estimation, 1992).

    Args:
        points: ``(n, 2)`` [m].
        trials: ``(n,)`` trial of each point, None when not known.
        progress: called with each bandwidth [m] that is tried.

    Raises:
        ValueError: fewer than two trials, or fewer than two distinct positions.
    """
    if trials is None:
        trials = np.unique(points, axis=0, return_inverse=True)[1].reshape(-1)
    stride = -(-len(points) // MOST_POINTS)
    narrowing = (len(points[::stride]) / len(points)) ** (1.0 / 6.0)
    points, trials = points[::stride], trials[::stride]
    if not np.ptp(points, axis=0).any():
        raise ValueError("one trial only as all positions are the same, expected at least 2")
    if len(np.unique(trials)) < 2:
        raise ValueError("one trial only, expected at least 2 to leave one out")

    def loss(log_bandwidth: float) -> float:
        bandwidth = float(np.exp(log_bandwidth))
        if progress is not None:
            progress(bandwidth)
        return -held_out_log_likelihood(points, trials, bandwidth)

    grid = np.linspace(np.log(NARROWEST), np.log(WIDEST), 9)
    best = int(np.argmin([loss(value) for value in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 0.01})
    return float(np.exp(found.x)) * narrowing

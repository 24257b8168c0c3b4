"""Fewer kernels for the same density: k-means, then descent on the total-variation distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.optimize import minimize

from social_nav_core.geometry import FloatArray
from social_nav_core.interaction.kde import InteractionModel


def total_variation(first: InteractionModel, second: InteractionModel, step: float) -> float:
    """Half the integral of the absolute difference of two densities, summed on a grid.

    Args:
        step: edge of the grid's cells [m]; a sixth of the bandwidth is fine.
    """
    axes = zip(first.axes(step), second.axes(step), strict=True)
    forward, left = (np.arange(min(a[0], b[0]), max(a[-1], b[-1]) + step, step) for a, b in axes)
    difference = first.on_grid(forward, left) - second.on_grid(forward, left)
    return float(0.5 * np.abs(difference).sum() * step**2)


def compress(
    model: InteractionModel,
    kernels: int,
    rng: np.random.Generator,
    progress: Callable[[float], None] | None = None,
) -> InteractionModel:
    """Model with at most ``kernels`` kernels of the same width, close to the given one.

    The result states its total-variation distance to the given model, measured on a grid twice
    as fine as the one that it was optimised on.

    Args:
        progress: called with the present distance (on the coarse grid) after every step.
    """
    if kernels < 1:
        raise ValueError(f"kernels is {kernels}, expected at least 1")
    if len(model.weights) <= kernels:
        return model
    target = _Target(model, step=model.bandwidth / 3.0)
    unknowns = target.pack(*_clusters(model, kernels, rng))
    for smoothing in (1e-2, 1e-3):
        peak = float(target.density.max())
        found = minimize(
            lambda u, s: target.distance(u, s)[:2],
            unknowns,
            args=(smoothing * peak,),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 150, "maxcor": 30},
            callback=None if progress is None else lambda u: progress(target.distance(u, 0.0)[2]),
        )
        unknowns = found.x
    centers, weights = target.unpack(unknowns)
    used = weights > 1e-9
    small = replace(model, centers=centers[used], weights=weights[used] / weights[used].sum())
    return replace(small, total_variation=total_variation(model, small, model.bandwidth / 6.0))


def _clusters(
    model: InteractionModel, kernels: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Centres (kernels, 2) and weights of a k-means clustering of draws from the kernels."""
    draws = model.centers[rng.choice(len(model.weights), size=20 * kernels, p=model.weights)]
    centers, _ = kmeans2(draws, kernels, minit="++", seed=rng, missing="warn")
    nearest = np.linalg.norm(model.centers[:, None] - centers, axis=-1).argmin(axis=1)
    weights = np.bincount(nearest, weights=model.weights, minlength=kernels)
    return centers, weights.astype(float)


class _Target:
    """The density to reach, on a grid, and the gradient of the distance to it."""

    def __init__(self, model: InteractionModel, step: float) -> None:
        self.axes = model.axes(step)
        self.cell = step**2
        self.bandwidth = model.bandwidth
        self.density = model.on_grid(*self.axes)

    def pack(self, centers: FloatArray, weights: FloatArray) -> FloatArray:
        """Unknowns without bounds: positions in bandwidths, logarithms of the weights."""
        return np.concatenate([(centers / self.bandwidth).ravel(), np.log(weights + 1e-6)])

    def unpack(self, unknowns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Centres (n, 2) [m] and weights (n,) summing to 1."""
        n = len(unknowns) // 3
        weights = np.exp(unknowns[2 * n :] - unknowns[2 * n :].max())
        return unknowns[: 2 * n].reshape(n, 2) * self.bandwidth, weights / weights.sum()

    def distance(self, unknowns: FloatArray, smoothing: float) -> tuple[float, FloatArray, float]:
        """Smoothed distance, its gradient, and the distance with no smoothing.

        |r| is replaced by sqrt(r^2 + smoothing^2), which has a gradient everywhere.
        """
        centers, weights = self.unpack(unknowns)
        steps = [
            (axis[:, None] - centers[:, i]) / self.bandwidth for i, axis in enumerate(self.axes)
        ]
        norm = np.sqrt(2.0 * np.pi) * self.bandwidth
        forward, left = (np.exp(-0.5 * s**2) / norm for s in steps)
        rest = (forward * weights) @ left.T - self.density
        size = np.sqrt(rest**2 + smoothing**2)
        slope = 0.5 * self.cell * rest / np.where(size > 0.0, size, 1.0)
        by_left = slope @ left
        by_weight = (forward * by_left).sum(axis=0)
        by_center = np.stack(
            [
                weights * (forward * steps[0] * by_left).sum(axis=0),
                weights * (left * steps[1] * (slope.T @ forward)).sum(axis=0),
            ],
            axis=-1,
        )
        by_logit = weights * (by_weight - weights @ by_weight)
        gradient = np.concatenate([by_center.ravel(), by_logit])
        return (
            float(0.5 * self.cell * size.sum()),
            gradient,
            float(0.5 * self.cell * np.abs(rest).sum()),
        )

"""Paired comparison of arms over the same trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray

RESAMPLES = 2000


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences, first minus second.

    Attributes:
        mean: in the metric's unit; NaN without pairs.
        low, high: bootstrap 95 % interval of the mean (percentiles).
        effect: mean over the standard deviation of the differences (Cohen's d_z); 0 when all
            differences are 0, infinite when all are the same and not 0.
        pairs: how many trials have both values.
    """

    mean: float
    low: float
    high: float
    effect: float
    pairs: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0.0 or self.high < 0.0


def paired_difference(
    first: Sequence[float] | FloatArray,
    second: Sequence[float] | FloatArray,
    rng: np.random.Generator,
) -> Difference:
    """Compare values (n,) of the same trials; pairs with a value that is not finite are left out.

    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"values have the shapes {a.shape} and {b.shape}, expected (n,) for both")
    both = np.isfinite(a) & np.isfinite(b)
    differences = a[both] - b[both]
    count = len(differences)
    if not count:
        return Difference(np.nan, np.nan, np.nan, np.nan, 0)
    mean = float(differences.mean())
    draws = rng.integers(count, size=(RESAMPLES, count))
    low, high = np.percentile(differences[draws].mean(axis=1), [2.5, 97.5]).tolist()
    spread = float(differences.std(ddof=1)) if count > 1 else 0.0
    if spread > 1e-12:
        effect = mean / spread
    else:
        effect = float(np.sign(mean)) * np.inf if abs(mean) > 1e-12 else 0.0
    return Difference(mean, low, high, effect, count)


def mean_and_deviation(values: Sequence[float] | FloatArray) -> tuple[float, float]:
    """Mean and standard deviation (n - 1) of the finite values; NaN where there are too few."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return float("nan"), float("nan")
    return float(finite.mean()), float(finite.std(ddof=1)) if len(finite) > 1 else float("nan")

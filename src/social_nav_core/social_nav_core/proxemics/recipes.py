"""From where people walked to where they kept out: the points that the EM sees.

Both recipes start from a histogram of other people's positions around a person, look at the disc
of 1 m around that person only (the prior: nobody claims more than that, and inside it every place
is claimed alike until somebody walks there) and turn density into its inverse.

- ``paper``: the published code of "Learning Human-Robot Proxemics Models from Experimental Data"
  (Electronics 2025, 14(18), 3704).  It divides (max - count) by max and truncates to an integer,
  which leaves 1 for an empty bin and 0 for any other; each empty bin gives one uniform point.
- ``weighted``: what the paper's text says.  The density is smoothed, with the disc's edge taken
  into account, and each place counts in proportion to (max - density) / max.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.proxemics.em import EmParameters, Fit, fit_skew_normals
from social_nav_core.proxemics.mixture import Mixture
from social_nav_core.proxemics.model import MOST_COMPONENTS
from social_nav_core.recordings.positions import Histogram, Positions

RADIUS = 1.0  # [m]: of the disc that both recipes look at
BIN_EDGE = 1.0 / 30.0  # [m]: of the published histogram


@dataclass(frozen=True)
class RecipeParameters:
    """How a histogram becomes points."""

    method: str = parameter("paper", "", "which recipe", choices=("paper", "weighted"))
    draws: int = parameter(20, "", "times that the points of 'paper' are drawn", 1, 1000)
    smoothing: float = parameter(0.05, "m", "deviation of the kernel of 'weighted'", 0.0, 0.5)
    components: int = parameter(1, "", "skew normals in the mixture", 1, MOST_COMPONENTS)

    def __post_init__(self) -> None:
        check(self)


def histogram_of(positions: Positions | FloatArray, edge: float = BIN_EDGE) -> Histogram:
    """Counts of positions in the square bins of [-1, 1] m around a person."""
    points = positions.points if isinstance(positions, Positions) else positions
    bins = round(2.0 * RADIUS / edge)
    edges = np.linspace(-RADIUS, RADIUS, bins + 1)
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=(edges, edges))
    return Histogram(edges[:-1], edges[:-1], 2.0 * RADIUS / bins, counts)


def empty_bin_points(histogram: Histogram, rng: np.random.Generator) -> FloatArray:
    """One uniform point per empty bin, those in the unit disc kept: ``(n, 2)`` [m]."""
    rows, columns = np.nonzero(histogram.counts == 0.0)
    corners = np.stack([histogram.forward[rows], histogram.left[columns]], axis=-1)
    points = corners + histogram.edge * rng.random(corners.shape)
    return points[np.hypot(points[:, 0], points[:, 1]) <= RADIUS]


def disc_shares(histogram: Histogram) -> FloatArray:
    """Share of each bin's area inside the unit disc ``(rows, columns)``, in [0, 1]."""
    fine = (np.arange(10) + 0.5) / 10.0 * histogram.edge
    forward = (histogram.forward[:, None] + fine).ravel()
    left = (histogram.left[:, None] + fine).ravel()
    inside = np.hypot(forward[:, None], left) <= RADIUS
    blocks = inside.reshape(len(histogram.forward), 10, len(histogram.left), 10)
    return blocks.mean(axis=(1, 3))


def smoothed_density(histogram: Histogram, smoothing: float) -> FloatArray:
    """Counts per full bin ``(rows, columns)``, smoothed by a Gaussian of a deviation [m].

    Counts and area are smoothed alike and divided, so that the density neither falls at the edge
    of the disc nor in bins that the edge cuts.
    """
    area = disc_shares(histogram)
    counts = np.where(area > 0.0, histogram.counts, 0.0)
    if smoothing > 0.0:
        width = smoothing / histogram.edge
        counts = gaussian_filter(counts, width, mode="constant")
        smooth_area = gaussian_filter(area, width, mode="constant")
    else:
        smooth_area = area
    return np.where(area > 0.0, counts / np.maximum(smooth_area, 1e-9), 0.0)


def weighted_places(histogram: Histogram, smoothing: float) -> tuple[FloatArray, FloatArray]:
    """Centres ``(n, 2)`` [m] of the disc's bins and their inverse-density weights, of sum 1."""
    area = disc_shares(histogram)
    density = smoothed_density(histogram, smoothing)
    largest = density.max()
    inverse = (largest - density) / largest if largest > 0.0 else np.ones_like(density)
    weights = (area * inverse).ravel()
    return histogram.centers().reshape(-1, 2)[weights > 0.0], weights[weights > 0.0]


@dataclass(frozen=True, eq=False)
class KeptOut:
    """Places that people kept out of.

    Attributes:
        places: ``(n, 2)`` [m].
        weights: ``(n,)`` of sum 1.
        count: how many places count as independent.
    """

    places: FloatArray
    weights: FloatArray
    count: float


def kept_out(
    histogram: Histogram, parameters: RecipeParameters, rng: np.random.Generator
) -> KeptOut:
    """Places of a histogram that the recipe says people kept out of.

    Raises:
        ValueError: people walked everywhere, fewer than 8 places are left.
    """
    if parameters.method == "weighted":
        places, weights = weighted_places(histogram, parameters.smoothing)
        weights = weights / weights.sum()
        count = float(1.0 / (weights @ weights))
    else:
        draws = [empty_bin_points(histogram, rng) for _ in range(parameters.draws)]
        places = np.concatenate(draws)
        weights = np.full(len(places), 1.0 / max(len(places), 1))
        count = len(places) / parameters.draws
    if count < 8.0 * parameters.components:
        raise ValueError(
            f"{count:.0f} places that people kept out of, "
            f"expected {8 * parameters.components} or more"
        )
    return KeptOut(places, weights, count)


def published_start(kept: KeptOut) -> Mixture:
    """Start of the published fit: the moments of each coordinate, as if each were skewed alone.

    The skew of a coordinate is the cube root of its third central moment over that of a unit
    half-normal; if all of it together is too much for the covariance, it is shortened.
    """
    mean = kept.weights @ kept.places
    rest = kept.places - mean
    covariance = (rest * kept.weights[:, None]).T @ rest
    bias = math.sqrt(2.0 / math.pi)
    delta = np.cbrt(kept.weights @ rest**3 / ((4.0 / math.pi - 1.0) * bias))
    left_over = 1.0 - bias**2
    taken = left_over * float(delta @ np.linalg.solve(covariance, delta))
    delta = delta * min(1.0, math.sqrt(0.9 / taken)) if taken > 0.0 else delta
    psi = covariance - left_over * np.outer(delta, delta)
    return Mixture.of([1.0], [mean - bias * delta], [delta], [psi])


def fit_kept_out(
    kept: KeptOut,
    parameters: RecipeParameters,
    rng: np.random.Generator,
    initial: Mixture | None = None,
    progress: Callable[[str], None] | None = None,
) -> Fit:
    """Skew normals of kept-out places.

    One component of `paper` climbs from the moments of each coordinate alone, as published.  For
    the published data that is a local optimum: other starts find a slightly higher likelihood at
    a model that is skewed to a side.

    Args:
        initial: the only start; None for the recipe's own.
    """
    if initial is None and parameters.method == "paper" and parameters.components == 1:
        initial = published_start(kept)
    em = EmParameters(components=parameters.components)
    fit = fit_skew_normals(kept.places, rng, kept.weights, em, initial=initial, progress=progress)
    return replace(fit, count=kept.count)


def fit_histogram(
    histogram: Histogram,
    parameters: RecipeParameters,
    rng: np.random.Generator,
    progress: Callable[[str], None] | None = None,
) -> Fit:
    """`kept_out` and `fit_kept_out` in one."""
    kept = kept_out(histogram, parameters, rng)
    return fit_kept_out(kept, parameters, rng, progress=progress)

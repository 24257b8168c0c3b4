"""Are people claimed more space on one side?  Sign-flip tests of mirrored places."""

from __future__ import annotations

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.proxemics.recipes import RADIUS, KeptOut
from social_nav_core.recordings.positions import Histogram

BLOCK = 0.1  # [m]: edge of the squares whose points flip together
ROUNDING = 1e-12  # block sums below this share of the sum of absolute values are 0
FLIPS = 4999


def asymmetry(
    histogram: Histogram, kept: KeptOut, method: str, rng: np.random.Generator
) -> tuple[float, float]:
    """Probabilities of so much asymmetry, front against back and left against right, by chance.

    With ``paper`` it is that of the kept-out points.  The weights of ``weighted`` fall linearly
    with the density, so that they are as asymmetric as the counts are; but smoothing ties
    neighbouring weights together, which would look like asymmetry, so the counts are tested.
    """
    places, counts = kept.places, None
    if method == "weighted":
        centers = histogram.centers().reshape(-1, 2)
        near = np.hypot(centers[:, 0], centers[:, 1]) <= RADIUS
        places, counts = centers[near], histogram.counts.ravel()[near]
    return mirror_test(places, 0, rng, counts), mirror_test(places, 1, rng, counts)


def mirror_test(
    places: FloatArray, axis: int, rng: np.random.Generator, counts: FloatArray | None = None
) -> float:
    """Probability of so much asymmetry by chance, if the places were symmetric.

    The statistic is the length of the mean of four functions that are odd in the mirrored
    coordinate a (a, a b, a b^2, a^3), measured in their own spread.  Under symmetry each square
    block, together with its mirror image, may as well be mirrored: 4999 random choices of blocks
    give the distribution.  Blocks of 0.1 m allow for neighbours that depend on each other; places
    farther apart must be independent.  It is 1 for places that are their own mirror image.

    Args:
        places: ``(n, 2)`` (forward, left) [m] around the person.
        axis: 0 tests front against back, 1 left against right.
        counts: ``(n,)`` how often each place was seen; once each when None.
    """
    a, b = places[:, axis], places[:, 1 - axis]
    odd = np.stack([a, a * b, a * b**2, a**3], axis=-1)
    odd = odd if counts is None else odd * counts[:, None]
    squares = np.stack([np.abs(a), b], axis=-1) / BLOCK
    squares = np.floor(squares + 1e-9).astype(int)  # places on an edge go with their mirror image
    block = np.unique(squares, axis=0, return_inverse=True)[1].reshape(-1)
    sums = np.stack([np.bincount(block, odd[:, i]) for i in range(4)], axis=-1)
    sums[np.abs(sums) <= ROUNDING * np.abs(odd).sum(axis=0)] = 0.0
    sums = sums[:, sums.any(axis=0)]
    if not sums.size:
        return 1.0
    sums = sums / np.linalg.norm(sums, axis=0)
    inverse = np.linalg.pinv(sums.T @ sums, rcond=1e-9, hermitian=True)
    signs = rng.choice([-1.0, 1.0], size=(FLIPS, len(sums)))
    flipped = signs @ sums
    chance = np.einsum("ij,jk,ik->i", flipped, inverse, flipped)
    total = sums.sum(axis=0)
    seen = float(total @ inverse @ total)
    return float((1 + np.count_nonzero(chance >= seen - 1e-9)) / (1 + FLIPS))

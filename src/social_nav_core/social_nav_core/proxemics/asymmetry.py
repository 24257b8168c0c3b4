"""Are people claimed more space on one side?  Sign-flip tests of mirrored places."""

from __future__ import annotations

import numpy as np

from social_nav_core.geometry import FloatArray

BLOCK = 0.1  # [m]: edge of the squares whose points flip together
FLIPS = 4999


def mirror_test(
    places: FloatArray, weights: FloatArray, axis: int, rng: np.random.Generator
) -> float:
    """Probability of so much asymmetry by chance, if the places were symmetric.

    The statistic is the length of the mean of four functions that are odd in the mirrored
    coordinate a (a, a b, a b^2, a^3), measured in their own spread.  Under symmetry each square
    block, together with its mirror image, may as well be mirrored: 4999 random choices of blocks
    give the distribution.  Blocks of 0.1 m allow for neighbours that depend on each other.

    Args:
        places: ``(n, 2)`` (forward, left) [m] around the person.
        weights: ``(n,)``.
        axis: 0 tests front against back, 1 left against right.
    """
    a, b = places[:, axis], places[:, 1 - axis]
    odd = np.stack([a, a * b, a * b**2, a**3], axis=-1) * weights[:, None]
    squares = np.floor(np.stack([np.abs(a), b], axis=-1) / BLOCK).astype(int)
    block = np.unique(squares, axis=0, return_inverse=True)[1].reshape(-1)
    sums = np.stack([np.bincount(block, odd[:, i]) for i in range(4)], axis=-1)
    inverse = np.linalg.pinv(sums.T @ sums)
    signs = rng.choice([-1.0, 1.0], size=(FLIPS, len(sums)))
    flipped = signs @ sums
    chance = np.einsum("ij,jk,ik->i", flipped, inverse, flipped)
    total = sums.sum(axis=0)
    seen = float(total @ inverse @ total)
    return float((1 + np.count_nonzero(chance >= seen - 1e-12)) / (1 + FLIPS))

"""Mixture of skew normals in the terms of their stochastic representation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.skew_normal import SkewNormal, symmetric_root


@dataclass(frozen=True, eq=False)
class Mixture:
    """K components ``x = mu + delta |t| + u``, t unit normal, u normal of covariance psi.

    Attributes:
        values: (K, 8), a row for each component: share, mu (2) [m], delta (2) [m], and of psi
            [m^2] the elements (0, 0), (0, 1) and (1, 1).  Shares sum to 1.
    """

    values: FloatArray

    @classmethod
    def of(cls, share: ArrayLike, mu: ArrayLike, delta: ArrayLike, psi: ArrayLike) -> Mixture:
        """Mixture of shares (K,), locations (K, 2), skews (K, 2) and covariances (K, 2, 2)."""
        psi = np.asarray(psi, dtype=float)
        column = np.asarray(share, dtype=float)[:, None]
        upper = np.stack([psi[:, 0, 0], psi[:, 0, 1], psi[:, 1, 1]], axis=1)
        return cls(np.concatenate([column, mu, delta, upper], axis=1))

    @classmethod
    def from_model(cls, model: ProxemicsModel) -> Mixture:
        """The same mixture of a model that has location, scale and skewness."""
        skews = np.array([c.skew for c in model.components])
        sigmas = np.array([c.sigma for c in model.components])
        mu = np.array([c.mu for c in model.components])
        return cls.of(model.weights, mu, skews, sigmas - skews[:, :, None] * skews[:, None, :])

    @property
    def share(self) -> FloatArray:
        """Shares ``(K,)``."""
        return self.values[:, 0]

    def to_model(self, provenance: str = "") -> ProxemicsModel:
        """The same mixture with location, scale ``sigma`` and skewness ``lambda``."""
        components = []
        for row in self.values:
            delta, psi = row[3:5], row[[5, 6, 6, 7]].reshape(2, 2)
            sigma = psi + np.outer(delta, delta)
            stretch = np.sqrt(1.0 + delta @ np.linalg.solve(psi, delta))
            lam = np.linalg.solve(symmetric_root(sigma), delta) * stretch
            components.append(SkewNormal(row[1:3], sigma, lam))
        return ProxemicsModel(self.share / self.share.sum(), tuple(components), provenance)

    def is_usable(self, smallest_variance: float) -> bool:
        """Whether all is finite, shares are positive and no psi is narrower than a variance."""
        share, a, b, c = self.values[:, [0, 5, 6, 7]].T
        if not (np.isfinite(self.values).all() and (share > 0.0).all()):
            return False
        narrowest = 0.5 * (a + c) - np.hypot(0.5 * (a - c), b)
        return bool((narrowest >= smallest_variance).all())

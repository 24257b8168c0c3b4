"""Mixture of skew normals in the terms of their stochastic representation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from social_nav_core.geometry import FloatArray
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.skew_normal import SkewNormal, symmetric_root


@dataclass(frozen=True, eq=False)
class Mixture:
    """K components ``x = mu + delta |t| + u``, t unit normal, u normal of covariance psi.

    Attributes:
        share: (K,) positive, summing to 1.
        mu: (K, 2) [m].
        delta: (K, 2) [m].
        psi: (K, 2, 2) [m^2].
    """

    share: FloatArray
    mu: FloatArray
    delta: FloatArray
    psi: FloatArray

    @classmethod
    def from_model(cls, model: ProxemicsModel) -> Mixture:
        """The same mixture of a model that has location, scale and skewness."""
        skews = np.array([c.skew for c in model.components])
        sigmas = np.array([c.sigma for c in model.components])
        psi = sigmas - skews[:, :, None] * skews[:, None, :]
        mu = np.array([c.mu for c in model.components])
        return cls(np.array(model.weights), mu, skews, psi)

    def to_model(self) -> ProxemicsModel:
        """The same mixture with location, scale ``sigma`` and skewness ``lambda``."""
        components = []
        for mu, delta, psi in zip(self.mu, self.delta, self.psi, strict=True):
            sigma = psi + np.outer(delta, delta)
            sigma = 0.5 * (sigma + sigma.T)
            stretch = np.sqrt(1.0 + delta @ np.linalg.solve(psi, delta))
            lam = np.linalg.solve(symmetric_root(sigma), delta) * stretch
            components.append(SkewNormal(mu, sigma, lam))
        return ProxemicsModel(self.share / self.share.sum(), tuple(components))

    def to_vector(self) -> FloatArray:
        """Unbounded coordinates ``(8 K,)``: log shares, mu, delta, Cholesky factor of psi."""
        (a, b), (_, c) = self.psi[:, 0].T, self.psi[:, 1].T
        low = b / np.sqrt(a)
        factor = np.stack([0.5 * np.log(a), low, 0.5 * np.log(c - low**2)], axis=-1)
        logs = np.log(self.share)[:, None]
        return np.concatenate([logs, self.mu, self.delta, factor], axis=1).ravel()

    @classmethod
    def from_vector(cls, vector: FloatArray) -> Mixture:
        """Inverse of `to_vector`; shares are brought to a sum of 1."""
        rows = vector.reshape(-1, 8)
        with np.errstate(over="ignore", invalid="ignore"):
            first, low, second = np.exp(rows[:, 5]), rows[:, 6], np.exp(rows[:, 7])
            psi = np.empty((len(rows), 2, 2))
            psi[:, 0, 0] = first**2
            psi[:, 0, 1] = psi[:, 1, 0] = first * low
            psi[:, 1, 1] = second**2 + low**2
            return cls(softmax(rows[:, 0]), rows[:, 1:3], rows[:, 3:5], psi)

    def is_usable(self) -> bool:
        """Whether every number is finite and every psi positive definite."""
        finite = all(np.isfinite(v).all() for v in (self.share, self.mu, self.delta, self.psi))
        if not finite or not (self.share > 0.0).all():
            return False
        det = self.psi[:, 0, 0] * self.psi[:, 1, 1] - self.psi[:, 0, 1] ** 2
        return bool((self.psi[:, 0, 0] > 0.0).all() and (det > 0.0).all())

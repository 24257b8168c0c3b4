"""The bivariate skew normal distribution of Azzalini and Dalla Valle (Biometrika 83, 1996).

    pdf(x) = 2 N2(x; mu, Sigma) Phi(lambda' Sigma^(-1/2) (x - mu))

with the symmetric square root, as in "Learning Human-Robot Proxemics Models from Experimental
Data" (Electronics 2025, 14(18), 3704).  In this package x is (forward, left) [m] in a person's
frame, densities are per square metre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr

from social_nav_core.geometry import FloatArray


def symmetric_root(matrix: ArrayLike) -> FloatArray:
    """Symmetric square root of a positive definite 2 x 2 matrix.

    Closed form: ``(A + sqrt(det A) I) / sqrt(tr A + 2 sqrt(det A))``.
    """
    matrix = np.asarray(matrix, dtype=float)
    root_det = math.sqrt(np.linalg.det(matrix))
    return (matrix + root_det * np.eye(2)) / math.sqrt(np.trace(matrix) + 2.0 * root_det)


@dataclass(frozen=True, eq=False)
class SkewNormal:
    """One bivariate skew normal; two are equal only when they are the same object.

    Attributes:
        mu: (2,) location [m].
        sigma: (2, 2) symmetric positive definite scale [m^2].
        lam: (2,) skewness, without unit; zero gives the normal distribution.

    Raises:
        ValueError: a shape is wrong, a number is not finite, sigma is not positive definite.
    """

    mu: FloatArray
    sigma: FloatArray
    lam: FloatArray

    def __post_init__(self) -> None:
        for name, shape in (("mu", (2,)), ("sigma", (2, 2)), ("lam", (2,))):
            value = np.array(getattr(self, name), dtype=float)
            if value.shape != shape:
                raise ValueError(f"{name} has the shape {value.shape}, expected {shape}")
            if not np.isfinite(value).all():
                raise ValueError(f"{name} is {value.tolist()}, expected finite numbers")
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        if not math.isclose(self.sigma[0, 1], self.sigma[1, 0], rel_tol=1e-9, abs_tol=1e-12):
            raise ValueError(f"sigma is {self.sigma.tolist()}, expected a symmetric matrix")
        if np.linalg.eigvalsh(self.sigma)[0] <= 0.0:
            raise ValueError(f"sigma is {self.sigma.tolist()} m^2, expected positive eigenvalues")

    @cached_property
    def precision(self) -> FloatArray:
        """Inverse of sigma ``(2, 2)`` [1/m^2]."""
        return np.asarray(np.linalg.inv(self.sigma), dtype=float)

    @cached_property
    def slope(self) -> FloatArray:
        """``Sigma^(-1/2) lambda`` ``(2,)`` [1/m]: the argument of Phi rises along it."""
        return np.asarray(np.linalg.solve(symmetric_root(self.sigma), self.lam), dtype=float)

    @cached_property
    def skew(self) -> FloatArray:
        """Covariance ``(2,)`` [m] of x with the hidden unit normal that is kept when positive."""
        return symmetric_root(self.sigma) @ self.lam / math.sqrt(1.0 + self.lam @ self.lam)

    @cached_property
    def mean(self) -> FloatArray:
        """Mean ``(2,)`` [m]."""
        return self.mu + math.sqrt(2.0 / math.pi) * self.skew

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance ``(2, 2)`` [m^2]."""
        return self.sigma - (2.0 / math.pi) * np.outer(self.skew, self.skew)

    @cached_property
    def mode(self) -> FloatArray:
        """The one place ``(2,)`` [m] where the density is largest.

        In ``z = Sigma^(-1/2) (x - mu)`` it lies along lambda, at the root t of
        ``t = |lambda| phi(|lambda| t) / Phi(|lambda| t)`` (the density is log-concave).
        """
        length = float(np.linalg.norm(self.lam))
        if length == 0.0:
            return self.mu.copy()
        low, high = 0.0, length
        for _ in range(80):
            t = 0.5 * (low + high)
            hazard = math.exp(-0.5 * (length * t) ** 2 - log_ndtr(length * t))
            low, high = (t, high) if t < length * hazard / math.sqrt(2.0 * math.pi) else (low, t)
        return self.mu + symmetric_root(self.sigma) @ (t * self.lam / length)

    @cached_property
    def peak(self) -> float:
        """Density at the mode [1/m^2]."""
        return float(self.pdf(self.mode))

    def pdf(self, points: ArrayLike) -> FloatArray:
        """Density ``(...)`` [1/m^2] at points ``(..., 2)`` [m]."""
        exponent, argument = self._parts(points)
        return np.exp(exponent) * ndtr(argument) / self.scale

    def logpdf(self, points: ArrayLike) -> FloatArray:
        """Log density ``(...)`` at points ``(..., 2)`` [m]; finite in the far tails."""
        exponent, argument = self._parts(points)
        return exponent + log_ndtr(argument) - math.log(self.scale)

    @cached_property
    def scale(self) -> float:
        """By which the two factors of the density are divided [m^2]."""
        return math.pi * math.sqrt(np.linalg.det(self.sigma))

    def _parts(self, points: ArrayLike) -> tuple[FloatArray, FloatArray]:
        points = np.asarray(points, dtype=float)
        a, b = points[..., 0] - self.mu[0], points[..., 1] - self.mu[1]
        p = self.precision
        exponent = -0.5 * (p[0, 0] * a * a + 2.0 * p[0, 1] * a * b + p[1, 1] * b * b)
        return exponent, self.slope[0] * a + self.slope[1] * b

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Points ``(n, 2)`` [m] drawn from the distribution."""
        rest = np.linalg.cholesky(self.sigma - np.outer(self.skew, self.skew))
        hidden = np.abs(rng.standard_normal((n, 1)))
        return self.mu + hidden * self.skew + rng.standard_normal((n, 2)) @ rest.T

    def convolved(self, covariance: ArrayLike) -> SkewNormal:
        """Distribution of x plus independent normal noise of a covariance ``(2, 2)`` [m^2].

        The family is closed under this: the scale grows by the covariance, `skew` stays.
        """
        sigma = self.sigma + np.asarray(covariance, dtype=float)
        slope = np.linalg.solve(sigma, self.skew)
        slope = slope / math.sqrt(1.0 - self.skew @ slope)
        return SkewNormal(self.mu, sigma, symmetric_root(sigma) @ slope)

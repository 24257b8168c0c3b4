"""Expectation maximisation for mixtures of bivariate skew normals.

A skew normal is ``x = mu + delta |t| + u`` with a unit normal t and a normal u of covariance psi
(Azzalini and Dalla Valle 1996; Lin, Lee and Yen, Statistica Sinica 17, 2007).  With t as the
missing datum every M-step is a weighted linear regression of x on |t|, so it has a closed form.
Plain EM is slow where the skewness is weak; two steps are therefore extrapolated to a third
(Varadhan and Roland, Scandinavian Journal of Statistics 35, 2008), which is kept only if the
likelihood is higher there, so that it never decreases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.cluster.vq import kmeans2
from scipy.special import log_ndtr, logsumexp

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.proxemics.mixture import Mixture
from social_nav_core.proxemics.model import ProxemicsModel

_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class EmParameters:
    """How long and how carefully the fit searches."""

    components: int = parameter(1, "", "skew normals in the mixture", 1, 20)
    restarts: int = parameter(6, "", "starts that are tried", 1, 100)
    trial_cycles: int = parameter(4, "", "cycles before the best start is chosen", 1, 1000)
    trial_points: int = parameter(2000, "", "points (drawn) that starts are tried on", 10, 1000000)
    cycles: int = parameter(500, "", "largest number of cycles of the best start", 1, 100000)
    tolerance: float = parameter(1e-8, "", "mean log-likelihood per point gained, to stop", 0, 1)
    narrowest: float = parameter(
        1e-3, "", "smallest spread of u in any direction, as a share of the data's", 1e-6, 0.5
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class Fit:
    """What a fit found.

    Attributes:
        model: the mixture.
        log_likelihood: mean log density per unit of weight [log 1/m^2].
        trace: that number after every cycle of the best start; it never decreases.
        converged: whether the gain fell below the tolerance.
        count: effective number of points (sum of weights, squared, by the sum of their squares).
    """

    model: ProxemicsModel
    log_likelihood: float
    trace: tuple[float, ...]
    converged: bool
    count: float

    @property
    def bic(self) -> float:
        """Bayesian information criterion; the smaller the better (7 parameters a component)."""
        parameters = 8 * len(self.model.components) - 1
        return parameters * float(np.log(self.count)) - 2.0 * self.count * self.log_likelihood


def fit_skew_normals(
    points: ArrayLike,
    rng: np.random.Generator,
    weights: ArrayLike | None = None,
    parameters: EmParameters | None = None,
    progress: Callable[[str], None] | None = None,
) -> Fit:
    """Maximum-likelihood mixture of skew normals for points ``(n, 2)`` [m].

    Args:
        rng: for the starts.
        weights: ``(n,)`` not negative; equal when None.
        progress: called with the state in words after every cycle.

    Raises:
        ValueError: fewer than 8 points per component, not finite, or all at one place.
    """
    parameters = parameters or EmParameters()
    x, w = _checked(points, weights, parameters.components)
    data = _Data(x, w, parameters.narrowest)
    trial = data.drawn(parameters.trial_points, rng)
    best, height = None, -np.inf
    for number in range(parameters.restarts):
        start = trial.start(number, parameters.components, rng)
        tried, trace, _ = _climb(trial, start, parameters.trial_cycles, parameters.tolerance)
        if trace[-1] > height:
            best, height = tried, trace[-1]
        if progress is not None:
            progress(f"start {number + 1} of {parameters.restarts}: {trace[-1]:.5f} per point")
    assert best is not None
    found, trace, converged = _climb(data, best, parameters.cycles, parameters.tolerance, progress)
    return Fit(found.to_model(), trace[-1], tuple(trace), converged, float(1.0 / (w @ w)))


def _checked(
    points: ArrayLike, weights: ArrayLike | None, components: int
) -> tuple[FloatArray, FloatArray]:
    x = np.asarray(points, dtype=float)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"points have shape {x.shape}, expected (n, 2)")
    if len(x) < 8 * components:
        raise ValueError(f"{len(x)} points, expected at least {8 * components} ({components} x 8)")
    if not np.isfinite(x).all():
        raise ValueError("points hold a value that is not finite, expected metres")
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if w.shape != (len(x),) or not np.isfinite(w).all() or (w < 0.0).any() or w.sum() <= 0.0:
        raise ValueError(f"weights must be {len(x)} numbers, none negative, not all 0")
    return x, w / w.sum()


class _Data:
    """Points, their weights (summing to 1), and the EM map over them."""

    def __init__(self, x: FloatArray, w: FloatArray, narrowest: float) -> None:
        self.x, self.w = x, w
        self.columns = np.ascontiguousarray(x.T)
        self.mean = w @ x
        centered = x - self.mean
        self.covariance = (centered * w[:, None]).T @ centered
        self.narrowest = narrowest
        self.smallest_variance = narrowest**2 * 0.5 * float(np.trace(self.covariance))
        if not self.smallest_variance > 1e-18:
            raise ValueError("all points are at one place, expected them to spread")

    def drawn(self, n: int, rng: np.random.Generator) -> _Data:
        """At most n of the points, drawn by weight; all of them if there are no more."""
        if len(self.x) <= n:
            return self
        chosen = rng.choice(len(self.x), size=n, p=self.w)
        if np.ptp(self.x[chosen], axis=0).max() == 0.0:
            return self
        return _Data(self.x[chosen], np.full(n, 1.0 / n), self.narrowest)

    def start(self, number: int, components: int, rng: np.random.Generator) -> Mixture:
        """Clusters of k-means, skewed along their own third moments, then along random ways."""
        if components == 1:
            labels = np.zeros(len(self.x), dtype=int)
        else:
            drawn = self.x[rng.choice(len(self.x), size=min(len(self.x), 2000), p=self.w)]
            centers, _ = kmeans2(drawn, components, minit="++", seed=rng, missing="warn")
            labels = ((self.x[:, None] - centers) ** 2).sum(axis=-1).argmin(axis=1)
        parts = [self._part(labels == k, number, rng) for k in range(components)]
        share, mu, delta, psi = (np.array(values) for values in zip(*parts, strict=True))
        return Mixture(share / share.sum(), mu, delta, psi)

    def _part(
        self, members: np.ndarray, number: int, rng: np.random.Generator
    ) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        share = float(self.w[members].sum())
        mean, covariance, third = self.mean, self.covariance, rng.standard_normal(2)
        if members.sum() >= 8 and share > 0.0:
            w = self.w[members] / share
            mean = w @ self.x[members]
            centered = self.x[members] - mean
            covariance = (centered * w[:, None]).T @ centered
            third = w @ centered**3 if number == 0 else third
        spread = np.sqrt(np.diag(covariance) + self.smallest_variance)
        way = third / spread if number else np.cbrt(third) / spread
        length = np.hypot(*way)
        skew = min(float(length), 0.9) if number == 0 else 0.9
        if length > 0.0:
            way = way / length
        delta = skew * spread * way
        mu = mean - np.sqrt(2.0 / np.pi) * delta
        psi = covariance - (1.0 - 2.0 / np.pi) * np.outer(delta, delta)
        return max(share, 1e-3), mu, delta, self.floored(psi)

    def floored(self, psi: FloatArray) -> FloatArray:
        """Covariance with eigenvalues raised to the smallest allowed one.

        This is the exact constrained maximum of the M-step, so the likelihood still rises.
        """
        mean, half = 0.5 * (psi[0, 0] + psi[1, 1]), 0.5 * (psi[0, 0] - psi[1, 1])
        if mean - np.hypot(half, psi[0, 1]) >= self.smallest_variance:
            return psi
        values, vectors = np.linalg.eigh(psi)
        return (vectors * np.maximum(values, self.smallest_variance)) @ vectors.T

    def step(self, mixture: Mixture) -> tuple[Mixture, float]:
        """One EM step, and the mean log-likelihood of the mixture before it."""
        parts = [self._hidden(mixture, k) for k in range(len(mixture.share))]
        if len(parts) == 1:
            log_likelihood = float(self.w @ parts[0][0])
            owned = [self.w]
        else:
            logs = np.array([part[0] for part in parts]) + np.log(mixture.share)[:, None]
            total = logsumexp(logs, axis=0)
            log_likelihood = float(self.w @ total)
            owned = list(self.w * np.exp(logs - total))
        moved = [
            self._regression(own, first, second, mixture, k)
            for k, (own, (_, first, second)) in enumerate(zip(owned, parts, strict=True))
        ]
        share, mu, delta, psi = (np.array(values) for values in zip(*moved, strict=True))
        return Mixture(share / share.sum(), mu, delta, psi), log_likelihood

    def _hidden(self, mixture: Mixture, k: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log density of each point under a component, E[|t| | x] and E[t^2 | x]."""
        (a, b), (b_, c) = mixture.psi[k]
        det = a * c - b * b_
        p00, p01, p11 = c / det, -b / det, a / det
        d0, d1 = mixture.delta[k]
        s0, s1 = p00 * d0 + p01 * d1, p01 * d0 + p11 * d1
        q = 1.0 + s0 * d0 + s1 * d1
        e0, e1 = self.columns[0] - mixture.mu[k, 0], self.columns[1] - mixture.mu[k, 1]
        along = s0 * e0 + s1 * e1
        argument = along / np.sqrt(q)
        tail = log_ndtr(argument)
        squares = p00 * e0 * e0 + 2.0 * p01 * e0 * e1 + p11 * e1 * e1
        squared = argument * argument
        log_density = tail - 0.5 * (squares - squared)
        log_density += np.log(2.0) - _LOG_2PI - 0.5 * np.log(det * q)
        mean = along / q
        hazard = np.exp(-0.5 * (squared + _LOG_2PI) - tail)
        first = mean + hazard / np.sqrt(q)
        return log_density, first, mean * first + 1.0 / q

    def _regression(
        self, own: FloatArray, first: FloatArray, second: FloatArray, before: Mixture, k: int
    ) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Weighted least squares of x on |t|: share, mu, delta, psi of one component."""
        weight = float(own.sum())
        if weight < 1e-12:
            return 1e-12, before.mu[k], before.delta[k], before.psi[k]
        scaled = own / weight
        t1, t2 = float(scaled @ first), float(scaled @ second)
        mean = self.columns @ scaled
        cross = self.columns @ (scaled * first)
        delta = (cross - t1 * mean) / (t2 - t1 * t1)
        mu = mean - t1 * delta
        x0, x1 = self.columns
        w0 = scaled * x0
        second_moment = np.array(
            [[w0 @ x0, w0 @ x1], [w0 @ x1, (scaled * x1) @ x1]],
        )
        psi = second_moment - np.outer(mean, mean) - np.outer(delta, cross - t1 * mean)
        return weight, mu, delta, self.floored(0.5 * (psi + psi.T))


def _climb(
    data: _Data,
    start: Mixture,
    cycles: int,
    tolerance: float,
    progress: Callable[[str], None] | None = None,
) -> tuple[Mixture, list[float], bool]:
    """Cycles of two EM steps and an extrapolation; mixture, likelihood after each, convergence."""
    here, trace = start, []
    after, height = data.step(here)
    for cycle in range(cycles):
        trace.append(height)
        further, _ = data.step(after)
        leap = _extrapolated(here, after, further, data)
        leaped, leap_height = data.step(leap) if leap is not None else (further, -np.inf)
        here, (after, new_height) = further, (leaped, leap_height)
        if leap is not None and leap_height >= height:
            here = leap
        if here is further:
            after, new_height = data.step(further)
        elif not new_height > height + tolerance:
            plain, plain_height = data.step(further)
            if plain_height > new_height:
                here, after, new_height = further, plain, plain_height
        gain = new_height - height
        height = new_height
        if progress is not None:
            progress(f"cycle {cycle + 1}: {height:.6f} per point")
        if gain <= tolerance:
            trace.append(height)
            return here, trace, True
    trace.append(height)
    return here, trace, False


def _extrapolated(
    first: Mixture, second: Mixture, third: Mixture, data: _Data
) -> Mixture | None:
    """Where three successive EM iterates point to (scheme S3 of Varadhan and Roland)."""
    a, b, c = first.to_vector(), second.to_vector(), third.to_vector()
    step, bend = b - a, c - 2.0 * b + a
    bend_length = float(np.linalg.norm(bend))
    if bend_length == 0.0:
        return None
    alpha = min(-1.0, -float(np.linalg.norm(step)) / bend_length)
    leap = Mixture.from_vector(a - 2.0 * alpha * step + alpha**2 * bend)
    if not leap.is_usable():
        return None
    psi = np.array([data.floored(part) for part in leap.psi])
    return Mixture(leap.share, leap.mu, leap.delta, psi)

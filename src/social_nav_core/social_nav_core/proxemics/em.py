"""Expectation maximisation for mixtures of bivariate skew normals.

A skew normal is ``x = mu + delta |t| + u`` with a unit normal t and a normal u of covariance psi
(Azzalini and Dalla Valle 1996; Lin, Lee and Yen, Statistica Sinica 17, 2007).  With t as the
missing datum every M-step is a weighted linear regression of x on |t|, so it has a closed form.
Plain EM is slow where the skewness is weak; the last few steps are therefore extrapolated
(Anderson acceleration: Henderson and Varadhan, Journal of Computational and Graphical Statistics
28, 2019), and where the likelihood would be lower the plain step is taken, so it never decreases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.cluster.vq import kmeans2
from scipy.special import log_ndtr, logsumexp

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.proxemics.mixture import Mixture
from social_nav_core.proxemics.model import MOST_COMPONENTS, ProxemicsModel
from social_nav_core.proxemics.skew_normal import symmetric_root

MEMORY = 5  # steps that are extrapolated
CLOSE = 3.0  # log-likelihood ratio that does not decide between two starts
_LOG_2PI = float(np.log(2.0 * np.pi))
_SKEWNESS = (2.0 - 0.5 * math.pi) ** (2.0 / 3.0)


@dataclass(frozen=True)
class EmParameters:
    """How long and how carefully the fit searches."""

    components: int = parameter(1, "", "skew normals in the mixture", 1, MOST_COMPONENTS)
    restarts: int = parameter(4, "", "starts that are tried", 1, 100)
    trial_cycles: int = parameter(10, "", "most cycles of each start", 1, 1000)
    trial_tolerance: float = parameter(3e-4, "", "the gain that ends a start's cycles", 0, 1)
    trial_points: int = parameter(400, "", "points (drawn) that starts are tried on", 10, 1000000)
    cycles: int = parameter(500, "", "most cycles of the best start", 1, 100000)
    tolerance: float = parameter(1e-9, "", "mean log-likelihood per point gained, to stop", 0, 1)
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
        trace: mean log density [log 1/m^2] after every cycle of the best start; never decreases.
        converged: whether the gain fell below the tolerance.
        count: effective number of points (sum of weights, squared, by the sum of their squares).
    """

    model: ProxemicsModel
    trace: tuple[float, ...]
    converged: bool
    count: float

    @property
    def log_likelihood(self) -> float:
        """Mean log density per unit of weight [log 1/m^2]."""
        return self.trace[-1]

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
    *,
    initial: Mixture | None = None,
    progress: Callable[[str], None] | None = None,
) -> Fit:
    """Maximum-likelihood mixture of skew normals for points ``(n, 2)`` [m].

    Args:
        rng: for the starts.
        weights: ``(n,)`` not negative; equal when None.
        initial: the only start; when None, several are tried.
        progress: called with the state in words after every cycle.

    Raises:
        ValueError: fewer than 8 points per component, not finite, or all at one place.
    """
    parameters = parameters or EmParameters()
    x, w = _checked(points, weights, parameters.components)
    data = _Data(x, w, parameters.narrowest)
    count = float(1.0 / (w @ w))
    if initial is not None:
        climb = _climb(data, initial, parameters.cycles, parameters.tolerance, progress)
        return Fit(climb.top.to_model(), climb.trace, climb.converged, count)
    alone = parameters.restarts == 1
    trial = data if alone else data.drawn(parameters.trial_points, rng)
    climbs = []
    for number in range(parameters.restarts):
        if progress is not None:
            progress(f"start {number + 1} of {parameters.restarts}")
        start = trial.start(number, parameters.components, rng)
        climbs.append(
            _climb(trial, start, parameters.trial_cycles, parameters.trial_tolerance, progress)
        )
    best = max(
        (
            _climb(data, top, parameters.cycles, parameters.tolerance, progress)
            for top in _contenders(climbs, trial)
        ),
        key=lambda climb: climb.trace[-1],
    )
    return Fit(best.top.to_model(), best.trace, best.converged, count)


def _contenders(climbs: list[_Climb], trial: _Data) -> list[Mixture]:
    """The best of the starts, and the best of those that ended elsewhere and nearly as high.

    Nearly is a likelihood ratio below e^3 on the points that the starts were tried on.
    """
    ranked = sorted(climbs, key=lambda climb: -climb.trace[-1])
    first = ranked[0]
    close = first.trace[-1] - CLOSE / len(trial.x)
    elsewhere = 0.2 * math.sqrt(np.trace(trial.moments[1]))
    for other in ranked[1:]:
        apart = float(np.linalg.norm(other.top.values[:, 1:3] - first.top.values[:, 1:3]))
        if other.trace[-1] >= close and apart > elsewhere:
            return [first.top, other.top]
    return [first.top]


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
        self.moments = _moments(self.columns, w)
        self.narrowest = narrowest
        self.smallest_variance = narrowest**2 * 0.5 * float(np.trace(self.moments[1]))
        if not self.smallest_variance > 1e-18:
            raise ValueError("all points are at one place, expected them to spread")

    def drawn(self, n: int, rng: np.random.Generator) -> _Data:
        """n of the points, drawn by weight; all of them if there are not more than twice n."""
        if len(self.x) <= 2 * n:
            return self
        chosen = self.x[rng.choice(len(self.x), size=n, p=self.w)]
        if np.ptp(chosen, axis=0).max() == 0.0:
            return self
        return _Data(chosen, np.full(n, 1.0 / n), self.narrowest)

    def start(self, number: int, components: int, rng: np.random.Generator) -> Mixture:
        """Clusters of k-means, each skewed as `_skewed` says."""
        if components == 1:
            return Mixture(self._skewed(self.w, number, 0.0)[None])
        drawn = self.x[rng.choice(len(self.x), size=min(len(self.x), 2000), p=self.w)]
        centers, _ = kmeans2(drawn, components, minit="++", seed=rng, missing="warn")
        labels = ((self.x[:, None] - centers) ** 2).sum(axis=-1).argmin(axis=1)
        rows = []
        for k in range(components):
            w = np.where(labels == k, self.w, 0.0)
            few = np.count_nonzero(w) < 8
            row = self._skewed(self.w if few else w / w.sum(), number, rng.uniform(0.0, 1.5))
            row[0] = max(float(w.sum()), 1e-3)
            rows.append(row)
        values = np.array(rows)
        values[:, 0] /= values[:, 0].sum()
        return Mixture(values)

    def _skewed(self, w: FloatArray, number: int, turn: float) -> FloatArray:
        """A component with the mean and covariance of weighted points.

        Start 0 has the skewness of the points too, by the method of moments: with y the points
        whitened, E[y |y|^2] points along the skew and its length is the skewness there.  The
        others are skewed strongly, each a quarter turn (and a turn [rad]) on from that way.
        """
        mean, covariance = _moments(self.columns, w)
        root = symmetric_root(covariance + self.smallest_variance * np.eye(2))
        white = np.linalg.solve(root, self.columns - mean[:, None])
        third = (white * (w * (white * white).sum(axis=0))).sum(axis=1)
        way = math.atan2(third[1], third[0])
        strength = 0.95
        if number == 0:
            power = float(np.hypot(*third)) ** (2.0 / 3.0)
            strength = min(math.sqrt(0.5 * math.pi * power / (power + _SKEWNESS)), strength)
        else:
            way += 0.5 * math.pi * number + turn
        length = strength / math.sqrt(1.0 - 2.0 / math.pi * strength**2)
        delta = length * root @ np.array([math.cos(way), math.sin(way)])
        psi = covariance - (1.0 - 2.0 / np.pi) * np.outer(delta, delta)
        return self._row(1.0, mean - np.sqrt(2.0 / np.pi) * delta, delta, psi)

    def _row(self, share: float, mu: FloatArray, delta: FloatArray, psi: FloatArray) -> FloatArray:
        """A component, the eigenvalues of psi raised to the smallest allowed variance.

        Raising them is the exact constrained maximum of the M-step: the likelihood still rises.
        """
        a, b, c = psi[0, 0], psi[0, 1], psi[1, 1]
        if 0.5 * (a + c) - math.hypot(0.5 * (a - c), b) < self.smallest_variance:
            values, vectors = np.linalg.eigh(psi)
            psi = (vectors * np.maximum(values, self.smallest_variance)) @ vectors.T
            a, b, c = psi[0, 0], psi[0, 1], psi[1, 1]
        return np.array([share, mu[0], mu[1], delta[0], delta[1], a, b, c])

    def step(self, mixture: Mixture) -> tuple[Mixture, float]:
        """One EM step, and the mean log-likelihood of the mixture before it."""
        hidden = [_Hidden(self.columns, row) for row in mixture.values]
        if len(hidden) == 1:
            log_likelihood = hidden[0].mean_log_density(self.w, self.moments)
            return Mixture(self._regression(self.w, hidden[0], self.moments)[None]), log_likelihood
        logs = np.array([part.log_density(self.columns) for part in hidden])
        logs += np.log(mixture.share)[:, None]
        total = logsumexp(logs, axis=0)
        owned = self.w * np.exp(logs - total)
        rows = [self._regression(own, part) for own, part in zip(owned, hidden, strict=True)]
        values = np.array(rows)
        values[:, 0] /= values[:, 0].sum()
        return Mixture(values), _dot(self.w, total)

    def _regression(
        self,
        own: FloatArray,
        hidden: _Hidden,
        moments: tuple[FloatArray, FloatArray] | None = None,
    ) -> FloatArray:
        """Weighted least squares of x on |t|: the component's new row."""
        weight = float(own.sum())
        if weight < 1e-9:
            return np.concatenate([[1e-9], hidden.row[1:]])
        scaled = own / weight
        mean, covariance = moments or _moments(self.columns, scaled)
        pull = scaled * hidden.pull
        t1 = hidden.scale * float(pull.sum())
        t2 = hidden.scale**2 * (1.0 + _dot(pull, hidden.argument))
        cross = np.array([_dot(self.columns[0], pull), _dot(self.columns[1], pull)])
        together = hidden.scale * cross - t1 * mean
        delta = together / (t2 - t1 * t1)
        psi = covariance - np.outer(delta, together)
        return self._row(weight, mean - t1 * delta, delta, psi)


def _dot(a: FloatArray, b: FloatArray) -> float:
    """Scalar product without BLAS, whose threads cost more than they give at these lengths."""
    return float(np.einsum("i,i->", a, b))


def _moments(columns: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean ``(2,)`` and covariance ``(2, 2)`` of columns ``(2, n)`` under weights of sum 1."""
    mean = np.array([_dot(columns[0], w), _dot(columns[1], w)])
    x, y = columns - mean[:, None]
    wx, wy = w * x, w * y
    across = _dot(wx, y)
    return mean, np.array([[_dot(wx, x), across], [across, _dot(wy, y)]])


class _Hidden:
    """The half-normal behind each point, given one component.

    With z = ``argument``, the posterior of |t| is a normal of mean ``scale z`` and deviation
    ``scale``, cut at 0: E|t| = scale pull and E t^2 = scale^2 (1 + z pull), where
    pull = z + phi(z) / Phi(z).
    """

    def __init__(self, columns: FloatArray, row: FloatArray) -> None:
        _, m0, m1, d0, d1, a, b, c = row.tolist()
        self.row = row
        self.mu = (m0, m1)
        det = a * c - b * b
        self.precision = (c / det, -b / det, a / det)
        s0, s1 = (c * d0 - b * d1) / det, (a * d1 - b * d0) / det
        stretch = 1.0 + s0 * d0 + s1 * d1
        self.scale = stretch**-0.5
        self.way = (s0 * self.scale, s1 * self.scale)
        self.constant = math.log(2.0) - _LOG_2PI - 0.5 * math.log(det * stretch)
        z = self.way[0] * columns[0]
        z += self.way[1] * columns[1]
        z -= self.way[0] * m0 + self.way[1] * m1
        self.argument = z
        self.tail = log_ndtr(z)
        pull = z * z
        pull += _LOG_2PI
        pull *= -0.5
        pull -= self.tail
        np.exp(pull, out=pull)
        pull += z
        self.pull = pull

    def log_density(self, columns: FloatArray) -> FloatArray:
        """Log density of each point ``(n,)``."""
        x, y = columns[0] - self.mu[0], columns[1] - self.mu[1]
        p, q, r = self.precision
        squares = p * x * x + 2.0 * q * x * y + r * y * y - self.argument**2
        return self.constant + self.tail - 0.5 * squares

    def mean_log_density(self, w: FloatArray, moments: tuple[FloatArray, FloatArray]) -> float:
        """Mean of `log_density`, from the moments of the points."""
        mean, covariance = moments
        e0, e1 = mean[0] - self.mu[0], mean[1] - self.mu[1]
        m00, m01 = covariance[0, 0] + e0 * e0, covariance[0, 1] + e0 * e1
        m11 = covariance[1, 1] + e1 * e1
        (p, q, r), (a, b) = self.precision, self.way
        squares = (p - a * a) * m00 + 2.0 * (q - a * b) * m01 + (r - b * b) * m11
        return self.constant + _dot(w, self.tail) - 0.5 * float(squares)


@dataclass(frozen=True, eq=False)
class _Climb:
    """Where a climb ended, the likelihood on its way, and whether it arrived."""

    top: Mixture
    trace: tuple[float, ...]
    converged: bool


def _climb(
    data: _Data,
    start: Mixture,
    cycles: int,
    tolerance: float,
    progress: Callable[[str], None] | None = None,
) -> _Climb:
    """EM steps, extrapolated, until two in a row gain no more than the tolerance."""
    here = start
    after, height = data.step(here)
    trace = [height]
    history: list[tuple[FloatArray, FloatArray]] = []
    for cycle in range(cycles):
        history = [*history[-MEMORY:], (here.values.ravel(), after.values.ravel())]
        leap = _extrapolated(history, data.smallest_variance)
        leaped, leap_height = (after, -np.inf) if leap is None else data.step(leap)
        if leap is None or not leap_height >= height:
            leap, history = after, history[-1:]
            leaped, leap_height = data.step(after)
        here, after, height = leap, leaped, leap_height
        trace.append(height)
        if progress is not None:
            progress(f"cycle {cycle + 1}: {height:.6f} per point")
        if len(trace) > 2 and trace[-1] - trace[-3] <= tolerance:
            return _Climb(here, tuple(trace), True)
    return _Climb(here, tuple(trace), False)


def _extrapolated(
    history: list[tuple[FloatArray, FloatArray]], smallest_variance: float
) -> Mixture | None:
    """Where the EM steps (from, to) point to: the combination whose steps cancel best."""
    if len(history) < 2:
        return None
    before, after = np.array(history).transpose(1, 0, 2)
    steps = after - before
    bends = steps[1:] - steps[:-1]
    gram = bends @ bends.T
    gram.flat[:: len(gram) + 1] *= 1.0 + 1e-10
    try:
        shares = np.linalg.solve(gram, bends @ steps[-1])
    except np.linalg.LinAlgError:
        return None
    values = after[-1] - shares @ (after[1:] - after[:-1])
    leap = Mixture(values.reshape(-1, 8))
    return leap if leap.is_usable(smallest_variance) else None

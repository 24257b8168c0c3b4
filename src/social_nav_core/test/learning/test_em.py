"""Expectation maximisation: monotone, exact on simulated data, safe on degenerate ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm
from social_nav_core.parameters import ParameterError
from social_nav_core.proxemics.em import EmParameters, _Data, fit_skew_normals
from social_nav_core.proxemics.learning import bootstrap_intervals, named_parameters
from social_nav_core.proxemics.mixture import Mixture
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.skew_normal import SkewNormal

TRUE = SkewNormal(
    np.array([-0.31, 0.02]), np.array([[0.30, -0.01], [-0.01, 0.08]]), np.array([2.2, 0.0])
)
ONE = ProxemicsModel(np.array([1.0]), (TRUE,))


def test_mixture_of_a_model_gives_the_model_back() -> None:
    again = Mixture.from_model(ONE).to_model().components[0]
    np.testing.assert_allclose(again.mu, TRUE.mu)
    np.testing.assert_allclose(again.sigma, TRUE.sigma, atol=1e-12)
    np.testing.assert_allclose(again.lam, TRUE.lam, atol=1e-9)


def test_one_step_on_three_points_by_numerical_integration() -> None:
    """The E-step's moments are integrals over the hidden half-normal."""
    points = np.array([[0.1, 0.2], [0.6, -0.1], [-0.2, 0.1]])
    data = _Data(points, np.array([0.5, 0.3, 0.2]), 1e-3)
    mixture = Mixture.from_model(ONE)
    delta, psi = mixture.values[0, 3:5], mixture.values[0, [5, 6, 6, 7]].reshape(2, 2)
    moments = []
    for point in points:

        def joint(t: float, power: int, point: np.ndarray = point) -> float:
            rest = point - TRUE.mu - delta * t
            density = np.exp(-0.5 * rest @ np.linalg.solve(psi, rest))
            return float(t**power * density * norm.pdf(t))

        whole = [quad(joint, 0.0, 12.0, args=(power,))[0] for power in (0, 1, 2)]
        moments.append([whole[1] / whole[0], whole[2] / whole[0]])
    t1, t2 = np.array(moments).T
    design = np.array([[1.0, data.w @ t1], [data.w @ t1, data.w @ t2]])
    right = np.array([data.w @ points, (data.w * t1) @ points])
    mu, slope = np.linalg.solve(design, right)
    moved, log_likelihood = data.step(mixture)
    np.testing.assert_allclose(moved.values[0, 1:3], mu, rtol=1e-6)
    np.testing.assert_allclose(moved.values[0, 3:5], slope, rtol=1e-6)
    np.testing.assert_allclose(log_likelihood, data.w @ TRUE.logpdf(points), rtol=1e-9)


def test_step_of_a_mixture_has_the_mixture_s_likelihood() -> None:
    other = SkewNormal(np.array([0.5, 0.0]), 0.1 * np.eye(2), np.array([0.0, -1.0]))
    model = ProxemicsModel(np.array([0.6, 0.4]), (TRUE, other))
    points = model.components[0].sample(50, np.random.default_rng(0))
    data = _Data(points, np.full(50, 0.02), 1e-3)
    _, log_likelihood = data.step(Mixture.from_model(model))
    np.testing.assert_allclose(log_likelihood, model.score_samples(points).mean(), rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(16, 120),
    components=st.integers(1, 2),
    kind=st.sampled_from(["normal", "uniform", "line", "two places", "half plane", "weights"]),
)
def test_likelihood_never_decreases(seed: int, n: int, components: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    points = {
        "normal": rng.normal(size=(n, 2)),
        "uniform": rng.uniform(-1.0, 1.0, size=(n, 2)),
        "line": np.outer(rng.normal(size=n), [1.0, 2.0]) + 1e-6 * rng.normal(size=(n, 2)),
        "two places": rng.integers(0, 2, size=(n, 1)) * np.array([[0.3, 0.5]]),
        "half plane": np.abs(rng.normal(size=(n, 2))),
        "weights": rng.standard_t(2.5, size=(n, 2)),
    }[kind]
    if kind == "two places" and len(np.unique(points[:, 0])) < 2:
        return
    weights = rng.uniform(0.0, 1.0, size=n) if kind == "weights" else None
    parameters = EmParameters(components=components, restarts=2, cycles=60)
    fit = fit_skew_normals(points, rng, weights, parameters)
    trace = np.array(fit.trace)
    assert np.isfinite(trace).all()
    assert (np.diff(trace) >= -1e-9 * np.maximum(1.0, np.abs(trace[1:]))).all()
    for component in fit.model.components:
        assert np.isfinite(component.lam).all()


def test_simulated_parameters_lie_in_their_bootstrap_intervals() -> None:
    rng = np.random.default_rng(4)
    points = TRUE.sample(3000, rng)
    fit = fit_skew_normals(points, rng)
    start = Mixture.from_model(fit.model)
    samples = [points[rng.integers(3000, size=3000)] for _ in range(60)]
    refits = [fit_skew_normals(sample, rng, initial=start).model for sample in samples]
    intervals = bootstrap_intervals(fit.model, refits, confidence=0.99)
    for name, value in named_parameters(ONE).items():
        low, high = intervals[name]
        assert low <= value <= high, name
        assert high - low < 1.2


def test_fit_is_at_least_as_likely_as_the_truth() -> None:
    points = TRUE.sample(2000, np.random.default_rng(9))
    fit = fit_skew_normals(points, np.random.default_rng(0))
    assert fit.converged
    assert fit.log_likelihood >= TRUE.logpdf(points).mean()
    assert fit.log_likelihood == pytest.approx(fit.model.score_samples(points).mean(), rel=1e-9)


def test_no_general_optimiser_finds_a_higher_likelihood_nearby() -> None:
    points = TRUE.sample(600, np.random.default_rng(3))
    fit = fit_skew_normals(points, np.random.default_rng(0))
    found = fit.model.components[0]

    def loss(v: np.ndarray) -> float:
        factor = np.array([[np.exp(v[2]), 0.0], [v[3], np.exp(v[4])]])
        return -float(SkewNormal(v[:2], factor @ factor.T, v[5:]).logpdf(points).mean())

    low = np.linalg.cholesky(found.sigma)
    start = [*found.mu, np.log(low[0, 0]), low[1, 0], np.log(low[1, 1]), *found.lam]
    better = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 3000})
    assert -better.fun - fit.log_likelihood < 1e-6


def test_weights_are_as_good_as_repeated_points() -> None:
    rng = np.random.default_rng(2)
    points, counts = TRUE.sample(150, rng), rng.integers(1, 5, size=150)
    weighted = fit_skew_normals(points, np.random.default_rng(0), counts)
    repeated = fit_skew_normals(np.repeat(points, counts, axis=0), np.random.default_rng(0))
    np.testing.assert_allclose(weighted.log_likelihood, repeated.log_likelihood, atol=1e-6)
    np.testing.assert_allclose(
        weighted.model.mean, np.average(points, axis=0, weights=counts), atol=0.02
    )


def test_fit_moves_with_its_points() -> None:
    points = TRUE.sample(400, np.random.default_rng(1))
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    one = fit_skew_normals(points, np.random.default_rng(0))
    other = fit_skew_normals(3.0 * points @ turn.T + [1.0, 2.0], np.random.default_rng(0))
    assert other.log_likelihood == pytest.approx(one.log_likelihood - np.log(9.0), abs=1e-4)


def test_bic_finds_two_components_where_there_are_two() -> None:
    rng = np.random.default_rng(0)
    far = SkewNormal(np.array([2.0, 2.0]), 0.1 * np.eye(2), np.zeros(2))
    points = np.concatenate([TRUE.sample(300, rng), far.sample(200, rng)])
    scores = [
        fit_skew_normals(points, rng, parameters=EmParameters(components=k, cycles=60)).bic
        for k in (1, 2, 3)
    ]
    assert int(np.argmin(scores)) == 1
    model = fit_skew_normals(points, rng, parameters=EmParameters(components=2)).model
    np.testing.assert_allclose(np.sort(model.weights), [0.4, 0.6], atol=0.02)


def test_points_on_one_side_of_a_line_do_not_give_infinite_skew() -> None:
    points = np.abs(np.random.default_rng(0).normal(size=(500, 2))) * [1.0, 0.3]
    lam = fit_skew_normals(points, np.random.default_rng(0)).model.components[0].lam
    assert np.linalg.norm(lam) < 2000.0


@pytest.mark.parametrize(
    ("points", "weights", "message"),
    [
        (np.zeros((20, 3)), None, r"points have shape \(20, 3\), expected \(n, 2\)"),
        (np.zeros((5, 2)), None, "5 points, expected at least 8"),
        (np.full((20, 2), np.nan), None, "not finite"),
        (np.ones((20, 2)), None, "all points are at one place"),
        (np.eye(2).repeat(10, axis=0), -np.ones(20), "none negative"),
        (np.eye(2).repeat(10, axis=0), np.zeros(20), "not all 0"),
        (np.eye(2).repeat(10, axis=0), np.ones(3), "weights must be 20 numbers"),
    ],
)
def test_bad_points_are_named(points: np.ndarray, weights: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_skew_normals(points, np.random.default_rng(0), weights)


def test_bad_parameters_are_named() -> None:
    with pytest.raises(ParameterError, match="components is 0"):
        EmParameters(components=0)

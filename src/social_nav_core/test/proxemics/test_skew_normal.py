"""The skew normal against formulae worked out by hand and against other methods."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, skewnorm
from social_nav_core.proxemics.skew_normal import SkewNormal, symmetric_root


def skew_normal(mu, sigma, lam) -> SkewNormal:
    return SkewNormal(*(np.array(part, dtype=float) for part in (mu, sigma, lam)))


numbers = st.floats(-3.0, 3.0)
SHAPES = st.builds(
    lambda mu, a, b, c, lam: skew_normal(mu, [[a + 0.1, c * 0.1], [c * 0.1, b + 0.1]], lam),
    st.tuples(numbers, numbers),
    st.floats(0.05, 2.0),
    st.floats(0.05, 2.0),
    st.floats(-0.9, 0.9),
    st.tuples(numbers, numbers),
)


def test_density_by_hand():
    round_one = skew_normal([0.0, 0.0], np.eye(2), [0.0, 0.0])
    assert round_one.pdf([0.0, 0.0]) == pytest.approx(1.0 / (2.0 * math.pi))
    assert round_one.pdf([1.0, 0.0]) == pytest.approx(math.exp(-0.5) / (2.0 * math.pi))

    wide = skew_normal([1.0, 2.0], np.diag([4.0, 0.25]), [2.0, 0.0])
    # sqrt(4) = 2 halves the offset: Phi(2 * (3 - 1) / 2) = Phi(2) = 0.97725, exp(-4 / 8) = 0.60653
    expected = 2.0 / (2.0 * math.pi) * 0.6065307 * 0.9772499
    assert wide.pdf([3.0, 2.0]) == pytest.approx(expected, rel=1e-6)
    assert wide.logpdf([3.0, 2.0]) == pytest.approx(math.log(expected), rel=1e-6)


def test_one_axis_is_the_univariate_skew_normal():
    shape = skew_normal([0.3, -0.1], np.diag([0.5, 0.2]), [1.7, 0.0])
    x = np.linspace(-2.0, 2.0, 9)
    points = np.stack([x, np.full_like(x, 0.4)], axis=-1)
    across = multivariate_normal(-0.1, 0.2).pdf(0.4)
    along = skewnorm(1.7, loc=0.3, scale=math.sqrt(0.5)).pdf(x)
    np.testing.assert_allclose(shape.pdf(points), along * across, rtol=1e-10)


def test_the_far_tail_has_a_finite_log_density():
    shape = skew_normal([0.0, 0.0], np.eye(2), [3.0, 0.0])
    assert shape.pdf([-40.0, 0.0]) == 0.0
    assert -8100.0 < shape.logpdf([-40.0, 0.0]) < -8000.0


@given(SHAPES)
def test_mode_is_where_a_search_finds_it(shape):
    scale = np.sqrt(np.linalg.eigvalsh(shape.sigma)[0])
    start = shape.mode + 0.3 * scale
    found = minimize(lambda x: -shape.logpdf(x), start, tol=1e-12).x
    np.testing.assert_allclose(shape.mode, found, atol=1e-4)


@given(SHAPES)
def test_density_has_mass_one_and_the_stated_moments(shape):
    spread = math.sqrt(np.linalg.eigvalsh(shape.sigma)[1])
    axis = np.linspace(-8.0, 8.0, 321) * spread
    points = shape.mu + np.stack(np.meshgrid(axis, axis), axis=-1)
    mass = shape.pdf(points) * (axis[1] - axis[0]) ** 2
    mean = np.einsum("ij,ijk->k", mass, points)
    offset = points - mean
    assert mass.sum() == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(shape.mean, mean, atol=5e-3)
    second = np.einsum("ij,ijk,ijl->kl", mass, offset, offset)
    np.testing.assert_allclose(shape.covariance, second, atol=2e-2)


def test_samples_have_the_moments_of_the_density():
    shape = skew_normal([-0.3, 0.1], [[0.3, -0.05], [-0.05, 0.08]], [2.0, -0.5])
    points = shape.sample(200_000, np.random.default_rng(7))
    np.testing.assert_allclose(points.mean(axis=0), shape.mean, atol=4e-3)
    np.testing.assert_allclose(np.cov(points.T), shape.covariance, atol=4e-3)


def test_convolution_is_the_density_of_the_noisy_points():
    shape = skew_normal([0.1, 0.0], [[0.3, 0.1], [0.1, 0.2]], [2.5, -1.0])
    noise = np.array([[0.1, -0.02], [-0.02, 0.05]])
    axis = np.linspace(-3.0, 3.0, 241)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    cell = (axis[1] - axis[0]) ** 2
    for point in ([0.0, 0.0], [0.7, -0.2], [-0.4, 0.5]):
        kernel = multivariate_normal([0.0, 0.0], noise).pdf(np.asarray(point) - grid)
        expected = float((kernel * shape.pdf(grid)).sum() * cell)
        assert shape.convolved(noise).pdf(point) == pytest.approx(expected, rel=1e-6)


def test_symmetric_root():
    matrix = np.array([[0.5, 0.1], [0.1, 0.2]])
    root = symmetric_root(matrix)
    np.testing.assert_allclose(root @ root, matrix)
    np.testing.assert_allclose(root, root.T)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0], np.eye(2), [0.0, 0.0]), r"mu has the shape \(1,\), expected \(2,\)"),
        (([0.0, math.nan], np.eye(2), [0.0, 0.0]), "mu is .* expected finite"),
        (([0.0, 0.0], [[1.0, 0.5], [0.4, 1.0]], [0.0, 0.0]), "expected a symmetric matrix"),
        (([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]], [0.0, 0.0]), "expected positive eigenvalues"),
    ],
)
def test_bad_parameters_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SkewNormal(*arguments)

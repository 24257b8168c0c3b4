"""Other people's models of personal space: normalisation, direction, use in the cost field."""

from __future__ import annotations

import math

import numpy as np
import pytest
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person
from social_nav_core.proxemics.baselines import (
    BASELINES,
    EggGaussian,
    HallZones,
    KirbyGaussian,
    as_mixture,
    sampled,
    symmetric_gaussian,
)
from social_nav_core.proxemics.field import social_field


@pytest.mark.parametrize("name", BASELINES)
def test_density_integrates_to_one_and_peaks_at_the_mode(name: str) -> None:
    model = BASELINES[name]()
    axis = np.arange(-4.0, 4.0, 0.01) + 0.005
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    density = model.pdf(grid)
    assert density.sum() * 0.01**2 == pytest.approx(1.0, abs=2e-3)
    assert density.max() <= model.peak * (1.0 + 1e-9)
    assert float(model.pdf(model.mode)) == pytest.approx(model.peak)
    shares = density / density.sum()
    np.testing.assert_allclose(np.einsum("ij,ijk->k", shares, grid), model.mean, atol=2e-3)
    rest = grid - model.mean
    covariance = np.einsum("ij,ijk,ijl->kl", shares, rest, rest)
    np.testing.assert_allclose(covariance, model.covariance, atol=6e-3)


def test_hall_zones_by_hand() -> None:
    model = HallZones()
    volume = math.pi * (0.45**2 + 0.5 * (1.2**2 - 0.45**2) + 0.1 * (3.6**2 - 1.2**2))
    values = model.pdf([[0.44, 0.0], [0.0, -0.46], [-2.0, 0.0], [3.7, 0.0]])
    np.testing.assert_allclose(values * volume, [1.0, 0.5, 0.1, 0.0])


def test_kirby_is_longer_ahead_and_symmetric_across() -> None:
    model = KirbyGaussian.at_speed(1.0)
    assert (model.front, model.side, model.rear) == (2.0, 4.0 / 3.0, 1.0)
    ahead, behind, left, right = model.pdf([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert ahead / model.peak == pytest.approx(math.exp(-0.5))
    assert behind / model.peak == pytest.approx(math.exp(-2.0))
    assert left == right
    assert KirbyGaussian.at_speed(0.1).front == 0.5


def test_kirby_s_moments_are_those_of_a_two_piece_normal() -> None:
    model = KirbyGaussian(0.8, 0.4, 0.3)
    assert model.mean[0] == pytest.approx(math.sqrt(2.0 / math.pi) * 0.5, abs=1e-3)
    expected = (1.0 - 2.0 / math.pi) * 0.25 + 0.24
    assert model.covariance[0, 0] == pytest.approx(expected, abs=2e-3)
    assert model.covariance[1, 1] == pytest.approx(0.16, abs=2e-3)


def test_egg_reaches_farther_ahead_and_is_broader_behind() -> None:
    model = EggGaussian()
    ahead, behind = model.pdf([[0.8, 0.0], [-0.8, 0.0]])
    assert ahead > 2.0 * behind
    beside_front, beside_back = model.pdf([[0.55, 0.4], [-0.25, 0.4]])
    assert beside_back > beside_front


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_make_cost_fields_that_turn_with_the_person(name: str) -> None:
    model = BASELINES[name]()
    grid = GridGeometry(120, 120, 0.1, (-6.0, -6.0, 0.0))
    fields = [
        social_field([Person("a", np.array([0.0, 0.0, yaw]))], model, grid)  # type: ignore[arg-type]
        for yaw in (0.0, np.pi / 2.0)
    ]
    np.testing.assert_allclose(fields[1], fields[0][::-1].T, atol=0.02)
    assert 0.5 < fields[0].max() <= 1.0


def test_a_baseline_as_skew_normals_is_close() -> None:
    mixture, distance = as_mixture(KirbyGaussian(), 2, np.random.default_rng(0))
    assert distance < 0.03
    places, weights = sampled(KirbyGaussian(), 3.0, 0.05)
    kirby = weights @ KirbyGaussian().score_samples(places)
    assert weights @ mixture.score_samples(places) == pytest.approx(kirby, abs=0.01)


def test_symmetric_gaussian_by_hand() -> None:
    model = symmetric_gaussian(0.5)
    assert float(model.pdf([0.3, 0.4])) == pytest.approx(math.exp(-0.5) / (2 * math.pi * 0.25))

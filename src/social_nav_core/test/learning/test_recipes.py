"""From histograms to kept-out places and to models, by hand and on the published data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from social_nav_core.proxemics.asymmetry import asymmetry, mirror_test
from social_nav_core.proxemics.learning import learn_proxemics, named_parameters
from social_nav_core.proxemics.recipes import (
    RecipeParameters,
    disc_shares,
    empty_bin_points,
    fit_histogram,
    histogram_of,
    kept_out,
    smoothed_density,
    weighted_places,
)
from social_nav_core.proxemics.validation import auc, cross_validate, separation
from social_nav_core.recordings.positions import Histogram, Positions, read_histogram


def coarse(counts: list[list[float]]) -> Histogram:
    """Histogram of [-1, 1] m in square bins."""
    array = np.array(counts, dtype=float)
    edges = np.linspace(-1.0, 1.0, len(array) + 1)
    return Histogram(edges[:-1], edges[:-1], 2.0 / len(array), array)


def walked_around(seed: int = 0, n: int = 4000) -> np.ndarray:
    """Positions of walkers who leave an ellipse ahead of a person free."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1.0, 1.0, size=(6 * n, 2))
    free = ((points[:, 0] - 0.2) / 0.6) ** 2 + (points[:, 1] / 0.35) ** 2 > 1.0
    return points[free & (np.hypot(*points.T) < 1.0)][:n]


def test_histogram_counts_a_position_in_its_bin() -> None:
    histogram = histogram_of(np.array([[0.01, 0.02], [0.02, 0.01], [-0.99, 0.5], [1.5, 0.0]]))
    assert histogram.counts.shape == (60, 60)
    assert histogram.counts.sum() == 3.0
    assert histogram.counts[30, 30] == 2.0
    assert histogram.counts[0, 45] == 1.0


def test_disc_shares_sum_to_the_disc() -> None:
    histogram = histogram_of(np.zeros((0, 2)))
    assert disc_shares(histogram).sum() * histogram.edge**2 == pytest.approx(np.pi, rel=1e-3)


def test_each_empty_bin_of_the_disc_gives_one_point() -> None:
    counts = np.ones((4, 4))
    counts[1, 2] = counts[0, 0] = 0.0
    points = empty_bin_points(coarse(counts.tolist()), np.random.default_rng(0))
    inside = points[np.hypot(*points.T) < 0.71]
    assert len(inside) == 1
    assert -0.5 <= inside[0, 0] <= 0.0 and 0.0 <= inside[0, 1] <= 0.5
    assert (np.hypot(*points.T) <= 1.0).all()


def test_flat_density_stays_flat_up_to_the_edge() -> None:
    flat = histogram_of(np.zeros((0, 2)))
    flat = replace(flat, counts=3.0 * disc_shares(flat))
    density = smoothed_density(flat, 0.1)
    np.testing.assert_allclose(density[disc_shares(flat) > 0.0], 3.0, rtol=1e-9)


def test_weights_are_inverse_densities() -> None:
    counts = np.full((4, 4), 2.0)
    counts[1, 1], counts[1, 2] = 8.0, 0.0
    histogram = coarse(counts.tolist())
    places, weights = weighted_places(histogram, 0.0)
    area = disc_shares(histogram)
    by_place = {tuple(np.round(p, 3)): w for p, w in zip(places, weights, strict=True)}
    assert (-0.25, -0.25) not in by_place
    densest = 2.0 / area[0, 0] if 2.0 / area[0, 0] > 8.0 else 8.0
    assert by_place[(-0.25, 0.25)] == pytest.approx(1.0)
    assert by_place[(0.25, 0.25)] == pytest.approx(1.0 - 2.0 / densest)


@pytest.mark.parametrize("method", ["paper", "weighted"])
def test_fit_of_an_ellipse_ahead_lies_ahead(method: str) -> None:
    histogram = histogram_of(walked_around(n=12000))
    model = fit_histogram(
        histogram, RecipeParameters(method=method, draws=2), np.random.default_rng(0)
    ).model
    assert 0.0 < model.mean[0] < 0.3
    assert abs(model.mean[1]) < 0.05
    assert separation(model, histogram) > 0.85


def test_recipe_says_when_people_walked_everywhere() -> None:
    histogram = histogram_of(np.zeros((0, 2)))
    histogram = replace(histogram, counts=np.ones((60, 60)))
    with pytest.raises(ValueError, match="0 places that people kept out of, expected 8 or more"):
        fit_histogram(histogram, RecipeParameters(), np.random.default_rng(0))


def test_auc_by_hand() -> None:
    assert auc([3.0, 2.0], [1.0, 2.0]) == pytest.approx((1.0 + 1.0 + 1.0 + 0.5) / 4.0)
    assert np.isnan(auc([], [1.0]))


def test_trials_are_drawn_whole_for_the_intervals() -> None:
    points = walked_around(n=900)
    trials = np.arange(900) // 90
    learned = learn_proxemics(
        Positions(points, trials),
        RecipeParameters(draws=1),
        np.random.default_rng(0),
        bootstrap=20,
        source="a test",
    )
    for name, value in named_parameters(learned.model).items():
        low, high = learned.model.intervals[name]
        assert low < value < high
    assert "a test" in learned.model.provenance


def test_mirror_test_sees_the_ellipse_ahead_and_no_side() -> None:
    points = np.random.default_rng(1).uniform(-1.0, 1.0, size=(4000, 2))
    inside = ((points[:, 0] - 0.2) / 0.6) ** 2 + (points[:, 1] / 0.35) ** 2 < 1.0
    assert mirror_test(points[inside], 0, np.random.default_rng(0)) < 0.001
    assert mirror_test(points[inside], 1, np.random.default_rng(0)) > 0.01


def test_mirror_test_is_right_under_symmetry() -> None:
    rng = np.random.default_rng(8)
    samples = [rng.normal(size=(150, 2)) * [0.4, 0.2] for _ in range(60)]
    chances = [mirror_test(points, 1, rng) for points in samples]
    assert np.mean(np.array(chances) < 0.1) < 0.25
    assert 0.35 < np.mean(chances) < 0.65


def ring(seed: int, count: int, ahead: float = 0.0) -> np.ndarray:
    """Positions of walkers who keep 0.4 m away from a point so far ahead of a person [m]."""
    rng = np.random.default_rng(seed)
    radius = np.sqrt(rng.uniform(0.16, 2.0, 3 * count))
    angle = rng.uniform(-np.pi, np.pi, 3 * count)
    points = np.stack([ahead + radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return points[np.hypot(*points.T) < 1.0][:count]


def asymmetry_of(points: np.ndarray, recipe: RecipeParameters) -> tuple[float, float]:
    """Probabilities of the asymmetry by chance, front against back and left against right."""
    rng = np.random.default_rng(0)
    histogram = histogram_of(points)
    return asymmetry(histogram, kept_out(histogram, recipe, rng), recipe.method, rng)


RECIPES = {
    "paper": RecipeParameters(draws=2),
    "weighted": RecipeParameters(method="weighted"),
    "smoother": RecipeParameters(method="weighted", smoothing=0.1),
}


@pytest.mark.parametrize("count", [300, 3000])
@pytest.mark.parametrize("name", RECIPES)
def test_symmetric_people_seem_asymmetric_as_often_as_chance_says(
    name: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("social_nav_core.proxemics.asymmetry.FLIPS", 499)
    chances = np.array([asymmetry_of(ring(seed, count), RECIPES[name]) for seed in range(60)])
    called = int((chances < 0.05).sum())
    assert binom.ppf(0.001, chances.size, 0.05) <= called <= binom.ppf(0.999, chances.size, 0.05)
    assert 0.4 < chances.mean() < 0.6


@pytest.mark.parametrize("name", RECIPES)
def test_people_who_keep_farther_away_in_front_are_seen_to(name: str) -> None:
    chances = [asymmetry_of(ring(seed, 4000, ahead=0.15), RECIPES[name])[0] for seed in range(8)]
    assert np.median(chances) < 0.01
    assert max(chances) < 0.1


def test_a_histogram_that_is_its_own_mirror_image_is_symmetric() -> None:
    empty = histogram_of(np.zeros((0, 2)))
    distance = np.hypot(*np.moveaxis(empty.centers(), -1, 0))
    histogram = replace(empty, counts=np.round(100.0 * np.clip(distance - 0.3, 0.0, 1.0)))
    np.testing.assert_array_equal(histogram.counts, histogram.counts[::-1])
    learned = learn_proxemics(histogram, RECIPES["weighted"], np.random.default_rng(0))
    assert (learned.front_back, learned.left_right) == (1.0, 1.0)
    places, weights = weighted_places(histogram, 0.05)
    assert mirror_test(places, 0, np.random.default_rng(0), weights) == 1.0


def test_symmetry_of_one_axis_hides_no_asymmetry_of_the_other() -> None:
    points = np.random.default_rng(3).uniform(-1.0, 1.0, size=(2000, 2))
    points = points[points[:, 0] + 0.3 * points[:, 1] ** 2 > -0.2]
    both = np.concatenate([points, points * [1.0, -1.0]])
    assert mirror_test(both, 0, np.random.default_rng(0)) < 0.001
    assert mirror_test(both, 1, np.random.default_rng(0)) == 1.0


def test_paper_recipe_gives_the_published_parameters(avoidance_table: Path) -> None:
    histogram = read_histogram(avoidance_table)
    for seed in range(3):
        fit = fit_histogram(histogram, RecipeParameters(), np.random.default_rng(seed))
        component = fit.model.components[0]
        assert component.mu[0] == pytest.approx(-0.31, abs=0.02)
        assert component.mu[1] == pytest.approx(0.016, abs=0.005)
        assert 2.1 <= component.lam[0] <= 2.7
        assert component.lam[1] == pytest.approx(0.0, abs=0.05)
        published = [[0.300, -0.011], [-0.011, 0.079]]
        np.testing.assert_allclose(component.sigma, published, atol=0.01)


def test_published_parameters_lie_in_the_spread_of_single_draws(avoidance_table: Path) -> None:
    histogram = read_histogram(avoidance_table)
    recipe = RecipeParameters(draws=1)
    components = [
        fit_histogram(histogram, recipe, np.random.default_rng(seed)).model.components[0]
        for seed in range(40)
    ]
    skews = [component.lam[0] for component in components]
    places = [component.mu[0] for component in components]
    assert np.std(skews) < 0.2
    assert np.min(skews) < 2.107
    assert np.max(skews) > 2.151
    assert np.min(places) < -0.30798 < np.max(places)
    assert 940 < fit_histogram(histogram, recipe, np.random.default_rng(0)).count < 980


def test_truncated_recipe_separates_better_than_the_weighted_one(avoidance_table: Path) -> None:
    histogram = read_histogram(avoidance_table)
    scores = {
        method: cross_validate(
            histogram, RecipeParameters(method=method, draws=2), np.random.default_rng(0)
        )
        for method in ("paper", "weighted")
    }
    assert scores["paper"].auc > scores["weighted"].auc > 0.8
    assert scores["paper"].log_likelihood > scores["weighted"].log_likelihood

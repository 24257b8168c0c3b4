"""The interaction model by value, and its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from social_nav_core.interaction.bandwidth import cross_validated_bandwidth, held_out_log_likelihood
from social_nav_core.interaction.compress import compress, total_variation
from social_nav_core.interaction.formation import around
from social_nav_core.interaction.kde import (
    InteractionModel,
    kernel_density,
    load_interaction_model,
    shipped_interaction_model,
)
from social_nav_core.proxemics.model import ModelError

TWO = InteractionModel(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.75, 0.25]), 0.2)


def test_density_is_the_sum_of_two_normals() -> None:
    points = np.array([[1.0, 0.0], [0.2, 1.7], [0.5, 0.5]])
    expected = 0.75 * multivariate_normal([1, 0], 0.04 * np.eye(2)).pdf(points)
    expected += 0.25 * multivariate_normal([0, 2], 0.04 * np.eye(2)).pdf(points)
    np.testing.assert_allclose(TWO.density(points), expected, rtol=1e-12)
    np.testing.assert_allclose(TWO.score_samples(points.reshape(3, 1, 2))[:, 0], np.log(expected))
    np.testing.assert_allclose(TWO.density([1.0, 0.0]), 0.75 / (2 * np.pi * 0.04), rtol=1e-9)


def test_log_density_stays_finite_far_away() -> None:
    squares = (100.0 - 1.0) ** 2 / 0.04
    expected = np.log(0.75) - 0.5 * squares - np.log(2 * np.pi * 0.04)
    assert TWO.score_samples([100.0, 0.0]) == pytest.approx(expected, rel=1e-9)


def test_no_points_give_no_scores() -> None:
    assert TWO.score_samples(np.empty((0, 2))).shape == (0,)


def test_grid_equals_points_and_sums_to_one() -> None:
    forward, left = TWO.axes(0.05)
    points = np.stack(np.meshgrid(forward, left, indexing="ij"), axis=-1)
    np.testing.assert_allclose(TWO.on_grid(forward, left), TWO.density(points), atol=1e-12)
    assert TWO.on_grid(forward, left).sum() * 0.05**2 == pytest.approx(1.0, abs=2e-6)


def test_duplicates_become_one_kernel_of_more_weight() -> None:
    model = kernel_density([[1.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.0]], 0.1)
    np.testing.assert_allclose(model.centers, [[0.5, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(model.weights, [0.25, 0.75])


def test_weights_of_zero_leave_no_kernel() -> None:
    model = kernel_density([[1.0, 0.0], [0.5, 0.0]], 0.1, [0.0, 2.0])
    np.testing.assert_allclose(model.centers, [[0.5, 0.0]])


def test_samples_have_the_moments_of_the_mixture() -> None:
    draws = TWO.sample(40_000, np.random.default_rng(0))
    np.testing.assert_allclose(draws.mean(axis=0), [0.75, 0.5], atol=0.02)
    np.testing.assert_allclose(draws.var(axis=0), [0.1875 + 0.04, 0.75 + 0.04], atol=0.02)
    first, second = (TWO.sample(5, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_modes_are_the_far_apart_kernels_highest_first() -> None:
    np.testing.assert_allclose(TWO.modes(), [[1.0, 0.0], [0.0, 2.0]], atol=1e-4)
    np.testing.assert_allclose(TWO.modes(at_least=0.5), [[1.0, 0.0]], atol=1e-4)


def test_two_close_kernels_have_one_mode_between_them() -> None:
    model = kernel_density([[0.0, 0.0], [0.2, 0.0]], 0.2)
    np.testing.assert_allclose(model.modes(), [[0.1, 0.0]], atol=1e-4)


def test_total_variation_of_kernels_far_apart_and_equal() -> None:
    left = kernel_density([[0.0, 0.0]], 0.1)
    right = kernel_density([[0.0, 5.0]], 0.1)
    assert total_variation(left, right, 0.02) == pytest.approx(1.0, abs=1e-4)
    assert total_variation(left, left, 0.02) == 0.0


def test_total_variation_of_a_shift_is_known_in_closed_form() -> None:
    # TV of N(0, h) and N(d, h) is 2 Phi(d / 2h) - 1; for d = 2 h that is 0.682689.
    apart = total_variation(kernel_density([[0, 0]], 0.1), kernel_density([[0.2, 0]], 0.1), 0.005)
    assert apart == pytest.approx(0.682689, abs=1e-3)


def test_compression_halves_the_kernels_and_states_its_distance() -> None:
    rng = np.random.default_rng(5)
    full = kernel_density(rng.normal(size=(300, 2)) * 0.3, 0.15)
    small = compress(full, 30, rng)
    assert len(small.weights) <= 30
    assert small.bandwidth == full.bandwidth
    assert small.total_variation < 0.01
    assert total_variation(full, small, 0.01) == pytest.approx(small.total_variation, abs=2e-4)


def test_compression_keeps_a_model_that_is_small_enough() -> None:
    assert compress(TWO, 2, np.random.default_rng(0)) is TWO
    with pytest.raises(ValueError, match="kernels is 0, expected at least 1"):
        compress(TWO, 0, np.random.default_rng(0))


def test_held_out_likelihood_by_hand() -> None:
    points = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
    norm = 2 * np.pi * 0.25
    first = (np.exp(-2.0) + np.exp(-18.0)) / 2 / norm
    second = (np.exp(-2.0) + np.exp(-8.0)) / 2 / norm
    third = (np.exp(-18.0) + np.exp(-8.0)) / 2 / norm
    expected = np.mean(np.log([first, second, third]))
    assert held_out_log_likelihood(points, np.arange(3), 0.5) == pytest.approx(expected)


def test_cross_validated_bandwidth_is_near_the_best_of_a_scan() -> None:
    points = np.random.default_rng(2).normal(size=(200, 2)) * 0.5
    best = cross_validated_bandwidth(points)
    scan = np.geomspace(0.05, 0.8, 60)
    scores = [held_out_log_likelihood(points, np.arange(200), h) for h in scan]
    assert best == pytest.approx(scan[int(np.argmax(scores))], rel=0.08)


def test_duplicates_do_not_shrink_the_bandwidth() -> None:
    points = np.random.default_rng(2).normal(size=(80, 2)) * 0.5
    once = cross_validated_bandwidth(points)
    assert cross_validated_bandwidth(np.repeat(points, 4, axis=0)) == pytest.approx(once, rel=0.02)


def test_bandwidth_of_many_points_is_found_from_some(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(2).normal(size=(1200, 2)) * 0.5
    every = cross_validated_bandwidth(points)
    monkeypatch.setattr("social_nav_core.interaction.bandwidth.MOST_POINTS", 400)
    assert cross_validated_bandwidth(points) == pytest.approx(every, rel=0.15)


def test_bandwidth_needs_two_trials() -> None:
    with pytest.raises(ValueError, match="one trial only"):
        cross_validated_bandwidth(np.zeros((5, 2)))


def test_saved_and_loaded_models_are_equal(tmp_path: Path) -> None:
    model = InteractionModel(TWO.centers, TWO.weights, 0.2, "two people", "CC0", 0.01)
    model.save(tmp_path / "m.npz")
    loaded = load_interaction_model(tmp_path / "m.npz")
    np.testing.assert_array_equal(loaded.centers, model.centers)
    np.testing.assert_array_equal(loaded.weights, model.weights)
    assert (loaded.bandwidth, loaded.provenance, loaded.licence, loaded.total_variation) == (
        0.2,
        "two people",
        "CC0",
        0.01,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("weights", np.array([0.5, 0.4]), "weights sum to 0.9, expected"),
        ("weights", np.array([1.0]), "weights have shape"),
        ("centers", np.array([[1.0, np.nan], [0.0, 2.0]]), "centers hold a value"),
        ("bandwidth", np.float64(0.0), "bandwidth is 0.0 m, expected more than 0 m"),
        ("format", np.int64(99), "field format is 99, this version reads 1"),
        ("frame", np.str_("map"), "field frame is 'map', expected 'person'"),
        ("centers", np.array([[object(), 1.0]]), "Object arrays cannot be loaded"),
        ("bandwidth", np.array([0.1, 0.2]), "field bandwidth has shape"),
        ("licence", np.float64(1.0), "field licence has type float64"),
        ("weights", None, "field weights is missing"),
    ],
)
def test_a_bad_file_is_named_with_its_field(
    tmp_path: Path, field: str, value: np.ndarray | None, message: str
) -> None:
    path = tmp_path / "model.npz"
    TWO.save(path)
    with np.load(path) as archive:
        fields = dict(archive)
    if value is None:
        del fields[field]
    else:
        fields[field] = value
    np.savez(path, **fields)
    with pytest.raises(ModelError, match=message) as caught:
        load_interaction_model(path)
    assert str(path) in str(caught.value)


HOSTILE = [
    ([[1.0, 0.0], [2.0, 0.5]], 1e-5, "bandwidth is 1e-05 m, expected 0.01 to 5 m"),
    ([[1.0, 0.0]], 1e300, r"bandwidth is 1e\+300 m, expected 0.01 to 5 m"),
    ([[1e6, 0.0], [1.0, 0.0]], 0.15, r"centers reach 1e\+06 m from the person, .* at most 20 m"),
    ([[1e300, 0.0], [-1e300, 0.0]], 0.15, r"centers reach 1e\+300 m"),
    (np.zeros((200_000, 2)), 0.1, "centers are 200000 kernels, expected at most 2000"),
    ([[-6.0, 0.0], [6.0, 0.0]], 0.02, "bandwidth is 0.02 m for kernels over 12 m, .* 0.024 m"),
]


@pytest.mark.parametrize(("centers", "bandwidth", "message"), HOSTILE)
def test_a_model_that_cannot_be_used_is_neither_read_nor_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    centers: list[list[float]],
    bandwidth: float,
    message: str,
) -> None:
    path = tmp_path / "model.npz"
    places = np.array(centers)
    model = InteractionModel(places, np.full(len(places), 1.0 / len(places)), bandwidth)
    with pytest.raises(ModelError, match=f"{message}.*: not written"):
        model.save(path)
    assert not path.exists()
    with monkeypatch.context() as patch:
        patch.setattr(InteractionModel, "check_file", lambda _: None)
        model.save(path)
    with pytest.raises(ModelError, match=message) as caught:
        load_interaction_model(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_models_at_the_limits_are_used_in_bounded_work(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    apart = rng.uniform(-2.4, 2.4, size=(1000, 2))
    about_to_part = np.concatenate([apart, apart + np.array([0.02, 0.0])])
    for places, bandwidth in ((about_to_part, 0.01), (rng.uniform(-20, 20, (2000, 2)), 0.08)):
        InteractionModel(places, np.full(2000, 5e-4), bandwidth).save(tmp_path / "model.npz")
        model = load_interaction_model(tmp_path / "model.npz")
        modes = model.modes()
        heights = model.density(modes)
        assert 0 < len(modes) <= 100
        assert (np.diff(heights) <= 0.0).all()
        assert heights[0] >= model.density(places).max()


def test_a_model_around_a_person_far_from_the_origin_has_no_such_limits() -> None:
    far = around(TWO, [300.0, -20.0, 0.5])
    assert far.score_samples([300.0, -20.0]) == pytest.approx(TWO.score_samples([0.0, 0.0]))


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04broken"])
def test_a_file_that_is_no_model_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not an interaction model"):
        load_interaction_model(path)


def test_shipped_model_has_the_published_modes_and_states_where_it_comes_from() -> None:
    model = shipped_interaction_model()
    assert len(model.weights) <= 100
    assert model.bandwidth == 0.15
    assert model.total_variation <= 0.01
    assert "CongreG8" in model.provenance and "MIT" in model.licence
    expected = [[0.90, -0.50], [0.78, 0.54], [1.26, -0.04]]
    np.testing.assert_allclose(model.modes(), expected, atol=0.015)


def test_shipped_model_keeps_its_stated_distance_to_the_full_estimate(
    interaction_table: Path,
) -> None:
    table = np.loadtxt(interaction_table, delimiter=",", skiprows=1)
    full = kernel_density(table, 0.15)
    model = shipped_interaction_model()
    assert total_variation(full, model, 0.025) == pytest.approx(model.total_variation, abs=1e-4)
    expected = [[0.90, -0.50], [0.78, 0.54], [1.26, -0.04]]
    np.testing.assert_allclose(full.modes(), expected, atol=0.006)

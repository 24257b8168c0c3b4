"""Updates of a model: no drift, convergence, forgetting, constant memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.checksums import digest_of
from social_nav_core.proxemics.model import ModelError, shipped_model
from social_nav_core.proxemics.personal import PersonalModel, PersonalParameters
from social_nav_core.proxemics.recipes import RecipeParameters, fit_histogram, histogram_of
from social_nav_core.recordings.positions import Histogram

KEEP_ALL = PersonalParameters(memory=0.0)


def walkers(n: int, center: tuple[float, float], seed: int = 0) -> np.ndarray:
    """Positions of people who keep out of an ellipse around a center."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1.0, 1.0, size=(4 * n, 2))
    offset = (points - center) / [0.5, 0.3]
    return points[(offset**2).sum(axis=1) > 1.0][:n]


def test_nothing_seen_leaves_the_prior() -> None:
    prior = shipped_model()
    personal = PersonalModel(prior)
    personal.observe(np.empty((0, 2)))
    personal.observe([[4.0, 0.0], [-3.0, 2.0]])
    assert personal.model is prior
    assert personal.evidence == 0.0


def test_much_evidence_gives_the_batch_fit() -> None:
    points = walkers(60_000, (0.2, 0.0))
    recipe = RecipeParameters(method="weighted")
    personal = PersonalModel(shipped_model(), KEEP_ALL, recipe)
    for part in np.array_split(points, 20):
        personal.observe(part)
    batch = fit_histogram(
        histogram_of(points[np.hypot(*points.T) <= 1.0]), recipe, np.random.default_rng(0)
    )
    places = np.stack(np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21)), axis=-1)
    near = PersonalModel(shipped_model(), PersonalParameters(strength=0.0, memory=0.0), recipe)
    near.observe(points)
    np.testing.assert_allclose(near.model.pdf(places), batch.model.pdf(places), atol=0.02)
    difference = np.abs(personal.model.pdf(places) - batch.model.pdf(places)).max()
    from_prior = np.abs(shipped_model().pdf(places) - batch.model.pdf(places)).max()
    assert difference < 0.15 * from_prior


def test_more_evidence_moves_the_model_further() -> None:
    means = []
    for n in (200, 2_000, 20_000):
        personal = PersonalModel(shipped_model(), KEEP_ALL)
        personal.observe(walkers(n, (-0.5, 0.3)))
        means.append(personal.model.mean)
    prior = shipped_model().mean
    moved = [float(np.linalg.norm(mean - prior)) for mean in means]
    assert moved[0] < moved[1] < moved[2]


def test_few_visits_do_not_widen_a_model_that_they_agree_with() -> None:
    prior = shipped_model()
    places = np.random.default_rng(0).uniform(-1.0, 1.0, size=(5_000, 2))
    outside = places[prior.pdf(places) < 0.05 * prior.peak]
    for n, widest in ((100, 1.03), (500, 1.06), (2_000, 1.3)):
        personal = PersonalModel(prior, KEEP_ALL)
        personal.observe(outside[:n])
        spread = np.trace(personal.model.covariance) / np.trace(prior.covariance)
        assert 0.95 < spread < widest
        np.testing.assert_allclose(personal.model.mean, prior.mean, atol=0.06)


def test_order_of_what_is_seen_does_not_matter_without_forgetting() -> None:
    points = walkers(3_000, (0.1, 0.1))
    one, other = (PersonalModel(shipped_model(), KEEP_ALL) for _ in range(2))
    one.observe(points)
    for part in np.array_split(points[::-1], 7):
        other.observe(part)
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_allclose(one.model.mean, other.model.mean)


def test_old_counts_fade_by_new_ones_only() -> None:
    personal = PersonalModel(shipped_model(), PersonalParameters(memory=100.0))
    personal.observe(np.full((50, 2), 0.5))
    for _ in range(10):
        personal.observe(np.empty((0, 2)))
    assert personal.evidence == 50.0
    personal.observe(np.full((100, 2), -0.5))
    assert personal.counts[45, 45] == pytest.approx(50.0 * np.exp(-1.0))
    assert personal.evidence == pytest.approx(100.0 + 50.0 * np.exp(-1.0))


def test_memory_does_not_grow() -> None:
    personal = PersonalModel(shipped_model())
    sizes = set()
    for seed in range(3):
        personal.observe(walkers(500, (0.0, 0.0), seed))
        sizes.add(personal.counts.nbytes)
    assert sizes == {60 * 60 * 8}


def test_what_is_remembered_survives_a_restart(tmp_path: Path) -> None:
    personal = PersonalModel(shipped_model())
    personal.observe(walkers(1_000, (0.3, 0.0)))
    personal.save_counts(tmp_path / "ana.npz")
    again = PersonalModel(shipped_model())
    again.load_counts(tmp_path / "ana.npz")
    np.testing.assert_allclose(again.model.mean, personal.model.mean)


def sealed(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "sha256": np.str_(digest_of(fields))}


def test_counts_have_a_format_and_those_from_before_it_are_read(tmp_path: Path) -> None:
    path, counts = tmp_path / "ana.npz", np.arange(3600.0).reshape(60, 60)
    personal = PersonalModel(shipped_model())
    personal.save_counts(path)
    with np.load(path) as archive:
        assert int(archive["format"]) == 1
    np.savez(path, **sealed({"counts": counts}))
    personal.load_counts(path)
    np.testing.assert_array_equal(personal.counts, counts)
    for other in (np.int64(2), np.str_("1"), np.ones(2)):
        np.savez(path, **sealed({"counts": counts, "format": other}))
        with pytest.raises(ModelError, match=r"ana\.npz.* format is .*, expected 1"):
            personal.load_counts(path)
    np.savez(path, **sealed({"counts": np.full((60, 60), 1e300)}))
    with pytest.raises(ModelError, match=r"3.6e\+303 together, expected at most 1e\+12"):
        personal.load_counts(path)


def test_more_counts_than_a_file_may_hold_are_not_taken() -> None:
    personal = PersonalModel(shipped_model())
    edges = -1.0 + np.arange(60) / 30.0
    many = Histogram(edges, edges, 1.0 / 30.0, np.full((60, 60), 1e9))
    with pytest.raises(ValueError, match=r"3.6e\+12 counts together, expected at most 1e\+12"):
        personal.observe_histogram(many)
    assert personal.evidence == 0.0


@pytest.mark.parametrize(
    "content", [{"counts": np.zeros((3, 3))}, {"counts": -np.ones((60, 60))}, {"other": np.ones(2)}]
)
def test_bad_counts_are_named(tmp_path: Path, content: dict[str, np.ndarray]) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, **content)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"bad\.npz"):
        PersonalModel(shipped_model()).load_counts(path)


def test_positions_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        PersonalModel(shipped_model()).observe([[np.nan, 0.0]])

"""Fuzzed models are used, not only read: without the limits, hostile ones show."""

from __future__ import annotations

import numpy as np
import pytest
from fuzzing import models
from fuzzing.choices import Choices
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.proxemics import model as proxemics_model
from social_nav_core.proxemics.model import MOST_COMPONENTS, SHIPPED_MODEL, load_model
from social_nav_core.proxemics.personal import PersonalModel
from social_nav_core.proxemics.zone import SocialZoneParameters


def test_good_models_are_used(tmp_path):
    pair, counts = tmp_path / "pair.yaml", tmp_path / "counts.npz"
    pair.write_bytes(models.PAIR)
    for path in (SHIPPED_MODEL, pair):
        models.proxemics(path)
    models.interaction(SHIPPED_MODEL.with_name("interaction.npz"))
    prior = load_model(SHIPPED_MODEL)
    personal = PersonalModel(prior)
    personal.observe(np.random.default_rng(0).uniform(-1.0, 1.0, (100, 2)))
    personal.save_counts(counts)
    models.counts(counts, prior)


def test_costs_above_one_are_noticed(monkeypatch):
    monkeypatch.setattr(SocialZoneParameters, "label_factors", lambda *_: (1.0009, 1.0, 0.0))
    with pytest.raises(AssertionError, match=r"1\.0009"):
        models.proxemics(SHIPPED_MODEL)


def test_models_of_many_components_are_drawn_on_a_map(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_bytes(models.crowded(Choices(b"")))
    assert len(load_model(path).components) == MOST_COMPONENTS
    costs = models.proxemics(path)
    assert isinstance(costs, np.ndarray) and costs.shape == (400, 400)
    path.write_bytes(models.crowded(Choices(b"\x02")))
    with pytest.raises(proxemics_model.ModelError, match="a list of 1 to 20"):
        models.proxemics(path)


@pytest.mark.parametrize("bandwidth", [1e-5, 1e300])
def test_an_interaction_model_that_cannot_be_used_is_noticed(tmp_path, monkeypatch, bandwidth):
    monkeypatch.setattr(InteractionModel, "check_file", lambda _: None)
    centers = np.array([[1.0, 0.0], [2.0, 0.5]])
    InteractionModel(centers, np.array([0.5, 0.5]), bandwidth).save(tmp_path / "model.npz")
    with pytest.raises((MemoryError, OverflowError, AssertionError)), np.errstate(all="ignore"):
        models.interaction(tmp_path / "model.npz")


@pytest.mark.parametrize("variance", ["1.0e+300", "1.0e-9"])
def test_a_proxemics_model_that_costs_nothing_is_noticed(tmp_path, monkeypatch, variance):
    monkeypatch.setattr(proxemics_model, "_excesses", lambda _: iter(()))
    path = tmp_path / "model.yaml"
    path.write_text(
        "format: 1\nframe: person\nmu: [0.0, 0.0]\nlambda: [1.0, 0.0]\n"
        f"sigma: [[{variance}, 0.0], [0.0, {variance}]]\n"
    )
    with pytest.raises((AssertionError, ValueError)), np.errstate(all="ignore"):
        models.proxemics(path)

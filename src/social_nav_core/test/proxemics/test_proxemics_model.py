"""The model file: what ships, what a round trip keeps, what is refused."""

import numpy as np
import pytest
from social_nav_core.proxemics.model import (
    ModelError,
    ProxemicsModel,
    load_model,
    save_model,
    shipped_model,
)
from social_nav_core.proxemics.skew_normal import SkewNormal

GOOD = """format: 1
frame: person
mu: [0.1, 0.2]
sigma: [[0.3, 0.0], [0.0, 0.1]]
lambda: [1.0, 0.0]
"""


def skew_normal(mu, sigma, lam) -> SkewNormal:
    return SkewNormal(*(np.array(part, dtype=float) for part in (mu, sigma, lam)))


def pair() -> ProxemicsModel:
    front = skew_normal([0.3, 0.0], np.diag([0.2, 0.1]), [1.0, 0.0])
    back = skew_normal([-0.4, 0.0], np.diag([0.05, 0.05]), [0.0, 0.0])
    return ProxemicsModel(np.array([0.7, 0.3]), (front, back), "made up", {"mu_f": (0.2, 0.4)})


def test_the_shipped_model_reaches_farther_in_front_than_behind():
    model = shipped_model()
    at = {
        place: model.pdf([f, s]) / model.peak
        for place, f, s in [
            ("front", 0.6, 0.0),
            ("back", -0.6, 0.0),
            ("left", 0.0, 0.6),
            ("right", 0.0, -0.6),
        ]
    }
    assert at["front"] > 2.0 * at["back"]
    assert at["front"] > 1.5 * max(at["left"], at["right"])
    assert at["left"] == pytest.approx(at["right"], rel=0.6)


def test_the_shipped_model_by_hand():
    """At mu Phi is 1/2, so the density is that of the normal: 1 / (2 pi sqrt(det Sigma))."""
    model = shipped_model()
    det = 0.29992035 * 0.0791303 - 0.01143162**2
    density = model.pdf([-0.3079768, 0.0170915])
    assert density == pytest.approx(1.0 / (2.0 * np.pi * np.sqrt(det)), rel=1e-9)
    assert "CongreG8" in model.provenance and "MIT" in model.provenance


def test_mixture_by_hand_and_its_peak():
    model = pair()
    point = [0.1, 0.05]
    parts = [c.pdf(point) for c in model.components]
    assert model.pdf(point) == pytest.approx(0.7 * parts[0] + 0.3 * parts[1])
    assert model.score_samples(point) == pytest.approx(np.log(model.pdf(point)))
    axis = np.linspace(-1.0, 1.0, 401)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    highest = model.pdf(grid).max()
    assert model.peak >= highest
    assert model.peak == pytest.approx(highest, rel=1e-3)


def test_mixture_moments_equal_those_of_its_density():
    model = pair()
    axis = np.linspace(-3.0, 3.0, 301)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    mass = model.pdf(grid) * (axis[1] - axis[0]) ** 2
    mean = np.einsum("ij,ijk->k", mass, grid)
    np.testing.assert_allclose(model.mean, mean, atol=1e-6)
    second = np.einsum("ij,ijk,ijl->kl", mass, grid - mean, grid - mean)
    np.testing.assert_allclose(model.covariance, second, atol=1e-6)


@pytest.mark.parametrize("model", [shipped_model(), pair()], ids=["one", "two components"])
def test_round_trip(tmp_path, model):
    save_model(tmp_path / "model.yaml", model)
    back = load_model(tmp_path / "model.yaml")
    points = np.random.default_rng(1).uniform(-1.0, 1.0, (20, 2))
    np.testing.assert_array_equal(back.pdf(points), model.pdf(points))
    assert back.provenance.split() == model.provenance.split()
    assert back.intervals == model.intervals


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1", "holds a list, expected keys and values"),
        ("a: [", "is not YAML"),
        (GOOD.replace("format: 1", "format: 2"), "format is 2, expected 1"),
        (GOOD.replace("person", "map"), "frame is 'map', expected 'person'"),
        (GOOD.replace("mu: [0.1, 0.2]", ""), "mu is missing, expected 2 numbers"),
        (GOOD.replace("[0.1, 0.2]", "[0.1, x]"), r"mu is \[0.1, 'x'\], expected 2 numbers"),
        (GOOD.replace("[0.1, 0.2]", "[0.1, .nan]"), r"mu is \[0.1, nan\], expected 2 numbers"),
        (GOOD.replace("0.3, 0.0", "-0.3, 0.0"), "sigma is .* expected positive eigenvalues"),
        (GOOD + "components: []", r"components is \[\], expected a list"),
        (GOOD + "components: [7]", r"components\[0\] is 7, expected keys"),
        (GOOD + "components: [{mu: [0, 0]}]", r"components\[0\].weight is missing"),
        (GOOD + "intervals: {mu_f: [1]}", r"intervals.mu_f is \[1\], expected 2 numbers"),
    ],
)
def test_a_bad_file_is_named_with_its_field(tmp_path, text, message):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value)


def test_weights_must_sum_to_one(tmp_path):
    part = "{weight: 0.4, mu: [0, 0], sigma: [[1, 0], [0, 1]], lambda: [0, 0]}"
    path = tmp_path / "bad.yaml"
    path.write_text(f"format: 1\nframe: person\ncomponents: [{part}, {part}]\n")
    with pytest.raises(ModelError, match=r"components: weights are .* a sum of 1"):
        load_model(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere.yaml: cannot be read"):
        load_model(tmp_path / "nowhere.yaml")

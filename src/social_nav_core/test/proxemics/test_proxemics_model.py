"""The model file: what ships, what a round trip keeps, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person
from social_nav_core.proxemics.field import social_field
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


PART = "{weight: %s, mu: %s, sigma: [[1.0, 0.0], [0.0, 1.0]], lambda: [0.0, 0.0]}"
FAR_APART = PART % (0.5, "[0.0, 0.0]") + ", " + PART % (0.5, "[1.0e+6, 0.0]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD.replace("[[0.3, 0.0], [0.0, 0.1]]", "[[1.0e+300, 0.0], [0.0, 1.0e+300]]"),
            r"sigma is .* m\^2 with eigenvalues 1e\+300 and .* expected 0.0004 to 1000 m\^2",
        ),
        (
            GOOD.replace("[[0.3, 0.0], [0.0, 0.1]]", "[[1.0e-320, 0.0], [0.0, 1.0e-320]]"),
            r"sigma is .* expected (positive eigenvalues|0.0004 to 1000 m\^2)",
        ),
        (GOOD.replace("0.1]]", "1.0e-6]]"), "eigenvalues 1e-06 and 0.3 .* 0.0004 to 1000"),
        (
            GOOD.replace("[1.0, 0.0]", "[1.0e+300, 0.0]"),
            r"lambda is \[1e\+300, 0.0\], expected -10000 to 10000",
        ),
        (GOOD.replace("[0.1, 0.2]", "[0.1, -1.0e+300]"), "mu is .* m, expected -20 to 20 m"),
        (
            f"format: 1\nframe: person\ncomponents: [{FAR_APART}]\n",
            r"components\[1\].mu is \[1000000.0, 0.0\] m, expected -20 to 20 m",
        ),
        (
            f"format: 1\nframe: person\ncomponents: [{FAR_APART}]\nmu: [0.0, 0.0]\n".replace(
                "1.0e+6", "1.0"
            ),
            "mu stands beside components, expected it within them",
        ),
        (
            "format: 1\nframe: person\ncomponents: ["
            + ", ".join([PART % (1 / 21, "[0.0, 0.0]")] * 21)
            + "]",
            "components is a list of 21, expected a list of 1 to 20",
        ),
        (GOOD + "colour: red\n", "colour is no key of it, expected format, frame, mu, "),
        (
            GOOD[: GOOD.index("mu")] + "components: [{colour: red}]",
            r"components\[0\].colour is no key of it, expected weight, mu, sigma, lambda",
        ),
    ],
)
def test_what_is_no_personal_space_is_refused(tmp_path, text, message):
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        GOOD + f"sha256 : '{'0' * 64}'\n",
        GOOD + f"\"sha256\": '{'0' * 64}'\n",
        GOOD + f"? sha256\n: '{'0' * 64}'\n",
        GOOD.replace("\n", "\r") + f"sha256: '{'0' * 64}'\r",
        "\ufeff" + f"sha256: '{'0' * 64}'\n" + GOOD,
        "{" + GOOD.strip().replace("\n", ", ") + f", sha256: '{'0' * 64}'}}",
    ],
)
def test_a_checksum_that_cannot_be_checked_is_refused(tmp_path, text):
    path = tmp_path / "model.yaml"
    path.write_text(text, newline="")
    with pytest.raises(ModelError, match="sha256 cannot be checked, expected a line 'sha256: "):
        load_model(path)


def test_no_model_is_written_that_cannot_be_read(tmp_path):
    path = tmp_path / "model.yaml"
    narrow = skew_normal([0.0, 0.0], np.diag([1e-5, 0.2]), [0.0, 0.0])
    ones = np.ones(1)
    for model, message in (
        (ProxemicsModel(ones, (narrow,)), r"sigma is .* eigenvalues 1e-05 .*: not written"),
        (ProxemicsModel(np.full(2, 0.5), (narrow,) * 2), "not written; fit fewer components"),
        (ProxemicsModel(ones, pair().components[:1], "\u00e9" * 50_000), "shorten the provenance"),
        (ProxemicsModel(ones, pair().components[:1], "\udcff"), "is not YAML.*: not written"),
    ):
        with pytest.raises(ModelError, match=message):
            save_model(path, model)
    assert not path.exists()


def log_uniform(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(np.log(low), np.log(high)).map(np.exp).map(lambda x: min(max(x, low), high))


@settings(max_examples=60, deadline=None)
@given(
    mu=st.tuples(*[st.floats(-20.0, 20.0)] * 2),
    widths=st.tuples(*[log_uniform(4.1e-4, 990.0)] * 2),
    turn=st.floats(0.0, 3.2),
    steepness=log_uniform(1e-3, 1e4),
    way=st.floats(0.0, 6.3),
)
def test_every_model_that_is_read_raises_costs_where_it_is(
    tmp_path_factory, mu, widths, turn, steepness, way
):
    """Also one at the limits: its peak is finite, and a usual grid around it sees it."""
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    part = skew_normal(
        mu, (axes * widths) @ axes.T, [steepness * np.cos(way), steepness * np.sin(way)]
    )
    path = tmp_path_factory.mktemp("limits") / "model.yaml"
    save_model(path, ProxemicsModel(np.ones(1), (part,)))
    model = load_model(path)
    assert 0.0 < model.peak < np.inf
    assert np.isfinite(model.components[0].sample(5, np.random.default_rng(0))).all()
    grid = GridGeometry(24, 24, 0.05, (*(model.mode - 0.6), 0.0))
    costs = social_field([Person("anna", np.zeros(3))], model, grid)
    assert np.isfinite(costs).all()
    assert costs.max() > 0.02


def test_many_components_have_the_highest_of_their_modes():
    rng = np.random.default_rng(0)
    parts = tuple(
        skew_normal(rng.uniform(-20, 20, 2), np.diag(rng.uniform(0.001, 2.0, 2)), lam)
        for lam in rng.uniform(-3.0, 3.0, (20, 2))
    )
    model = ProxemicsModel(np.full(20, 0.05), parts)
    assert model.peak >= max(float(model.pdf(part.mode)) for part in parts)
    near = model.mode + 1e-3 * np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1]), axis=-1)
    assert model.pdf(near).max() <= model.peak


def test_a_climb_along_a_steep_edge_ends():
    """Its steps would be as short as the edge is wide, a micrometre, on a way of metres."""
    turned = [[500.0, 499.0], [499.0, 500.0]]
    edge = skew_normal([3.0, -4.0], turned, [7e3, -7e3])
    model = ProxemicsModel(np.full(2, 0.5), (edge, skew_normal([-9.0, 9.0], turned, [0.0, 0.0])))
    assert model.peak >= 0.5 * edge.peak


def test_weights_must_sum_to_one(tmp_path):
    part = "{weight: 0.4, mu: [0, 0], sigma: [[1, 0], [0, 1]], lambda: [0, 0]}"
    path = tmp_path / "bad.yaml"
    path.write_text(f"format: 1\nframe: person\ncomponents: [{part}, {part}]\n")
    with pytest.raises(ModelError, match=r"components: weights are .* a sum of 1"):
        load_model(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere.yaml: cannot be read"):
        load_model(tmp_path / "nowhere.yaml")

"""The C++ field against the Python field: the same people give the same cell values."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.grid import GridGeometry
from social_nav_core.parameters import specs
from social_nav_core.people import Person
from social_nav_core.proxemics import (
    ProxemicsModel,
    SkewNormal,
    SocialZoneParameters,
    shipped_model,
    social_field,
)

COMBINATIONS = ("max", "sum", "mixture")
PEOPLE = 1000
MAX_COST = 252


@pytest.fixture(scope="session")
def field_cli(compiled: Callable[[str], Path]) -> Path:
    return compiled("field_cli")


def random_person(name: str, rng: np.random.Generator) -> Person:
    spread = rng.uniform(-0.3, 0.3, (2, 2))
    covariance = np.zeros((3, 3))
    covariance[:2, :2] = rng.choice([0.0, 1.0, 6.0]) * spread @ spread.T
    covariance[2, 2] = rng.choice([0.0, rng.uniform(0.0, 2.0), 12.0], p=[0.3, 0.5, 0.2])
    return Person(
        name,
        np.array([*rng.uniform(-2.0, 2.0, 2), rng.uniform(-7.0, 7.0)]),
        velocity=rng.choice([0.0, 1.0]) * rng.normal(0.0, 1.0, 2),
        covariance=covariance,
        intent=rng.dirichlet(np.full(4, 0.5)) * rng.uniform(0.9991, 1.0009),
        attitude=rng.dirichlet(np.full(4, 0.5)) * rng.uniform(0.9991, 1.0009),
        group_id=str(rng.choice(["", "a", "b"])),
        confidence=float(rng.uniform(0.0, 1.0)),
    )


def numbers_of(person: Person) -> Iterator[float]:
    c = person.covariance
    yield from (*person.pose, *person.velocity, c[0, 0], c[0, 1], c[1, 1], c[2, 2])
    yield from (*person.intent, *person.attitude, person.confidence)
    yield {"": 0, "a": 1, "b": 2}[person.group_id]


def draw(
    program: Path,
    model: ProxemicsModel,
    parameters: SocialZoneParameters,
    cases: list[tuple[GridGeometry, list[Person]]],
) -> list[np.ndarray]:
    values: list[float] = []
    for spec in specs(parameters):
        value = getattr(parameters, spec.name)
        values.append(COMBINATIONS.index(value) if spec.name == "combination" else value)
    values.append(len(model.components))
    for weight, part in zip(model.weights, model.components, strict=True):
        values += [weight, *part.mu, *part.sigma.ravel(), *part.lam]
    values.append(len(cases))
    for grid, people in cases:
        values += [grid.width, grid.height, grid.resolution, *grid.origin[:2], len(people)]
        for person in people:
            values += numbers_of(person)
    text = "\n".join(f"{float(value):.17g}" for value in values)
    done = subprocess.run([program], input=text.encode(), capture_output=True, check=True)
    fields, start = [], 0
    for grid, _ in cases:
        size = grid.width * grid.height
        fields.append(np.frombuffer(done.stdout[start : start + size], np.uint8))
        start += size
    assert start == len(done.stdout)
    return [f.reshape(grid.shape) for f, (grid, _) in zip(fields, cases, strict=True)]


def random_cases(count: int, seed: int) -> list[tuple[GridGeometry, list[Person]]]:
    """People in scenes of one to five, each on a grid of its own."""
    rng = np.random.default_rng(seed)
    cases, made = [], 0
    while made < count:
        size = min(int(rng.integers(1, 6)), count - made)
        people = [random_person(str(made + i), rng) for i in range(size)]
        origin = (*rng.uniform(-4.0, -1.0, 2), 0.0)
        grid = GridGeometry(70, 60, float(rng.uniform(0.04, 0.12)), origin)
        cases.append((grid, people))
        made += size
    return cases


def skew_normal(mu, sigma, lam) -> SkewNormal:
    return SkewNormal(*(np.array(part, dtype=float) for part in (mu, sigma, lam)))


def two_components() -> ProxemicsModel:
    return ProxemicsModel(
        np.array([0.7, 0.3]),
        (
            skew_normal([0.3, 0.0], [[0.2, 0.03], [0.03, 0.1]], [1.0, 0.4]),
            skew_normal([-0.3, 0.1], [[0.05, 0.0], [0.0, 0.06]], [0.0, 0.0]),
        ),
    )


def lobes() -> ProxemicsModel:
    """Parts that stand apart: nearly all of the cost at one's feet, less ahead on both sides."""
    return ProxemicsModel(
        np.array([0.5, 0.25, 0.25]),
        (
            skew_normal([0.0, 0.0], [[0.05, 0.0], [0.0, 0.05]], [0.0, 0.0]),
            skew_normal([1.0, -0.7], [[0.03, 0.0], [0.0, 0.03]], [0.0, 0.0]),
            skew_normal([0.9, 0.7], [[0.03, 0.0], [0.0, 0.03]], [1.5, 0.5]),
        ),
    )


def assert_same(cases, fields, model, parameters):
    for (grid, people), cells in zip(cases, fields, strict=True):
        expected = MAX_COST * social_field(people, model, grid, parameters)
        off = np.abs(cells - expected)
        assert off.max() <= 1.0, f"off by {off.max():.2f} of {MAX_COST} for {people}"


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_a_thousand_people_cost_the_same_in_both_languages(field_cli, combination):
    parameters, model = SocialZoneParameters(combination=combination), shipped_model()
    cases = random_cases(PEOPLE, seed=COMBINATIONS.index(combination))
    fields = draw(field_cli, model, parameters, cases)
    assert_same(cases, fields, model, parameters)
    assert sum(int((field > 0).sum()) for field in fields) > 100 * PEOPLE


@pytest.mark.parametrize("cutoff", [0.001, 0.2, 0.5])
def test_where_zones_end_they_cost_the_same(field_cli, cutoff):
    parameters, model = SocialZoneParameters(cutoff=cutoff), shipped_model()
    cases = random_cases(200, seed=5)
    assert_same(cases, draw(field_cli, model, parameters, cases), model, parameters)


def test_other_parameters_and_a_mixture_of_skew_normals(field_cli):
    parameters = SocialZoneParameters(
        cutoff=0.05,
        combination="sum",
        horizon=2.5,
        drift=0.15,
        extension_max=1.2,
        position_std_max=0.3,
        o_space_amplitude=0.5,
        o_space_sigma=0.6,
        group_span=1.5,
        corridor_start=0.2,
        corridor_full=0.5,
        corridor_width=0.25,
        intent_not_interested_size=1.3,
        attitude_positive_amplitude=0.6,
    )
    cases = random_cases(200, seed=9)
    fields = draw(field_cli, two_components(), parameters, cases)
    assert_same(cases, fields, two_components(), parameters)


def test_parts_of_a_mixture_that_stand_apart_are_drawn(field_cli):
    parameters, cases = SocialZoneParameters(), random_cases(100, seed=11)
    fields = draw(field_cli, lobes(), parameters, cases)
    assert_same(cases, fields, lobes(), parameters)

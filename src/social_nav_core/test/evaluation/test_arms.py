"""Arms: their cost fields by value."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.evaluation.arms import (
    DEFAULT_ARMS,
    OTHER_MODELS,
    CostField,
    arm_named,
    canonical,
    hall_circles,
    kirby,
    two_gaussians,
    without_labels,
)
from social_nav_core.evaluation.metrics.comfort import kirby_cost
from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Intent, Person, certain

GRID = GridGeometry(81, 81, 0.05, (-2.025, -2.025, 0.0))


def at(field: FloatArray, x: float, y: float) -> float:
    """Value of a field at the cell whose centre is (x, y) [m]."""
    row, column = GRID.cells_of(np.array([x, y]))
    return float(field[row, column])


def person(yaw: float = 0.0, speed: float = 0.0) -> Person:
    """Somebody at the origin who walks ahead."""
    velocity = speed * np.array([np.cos(yaw), np.sin(yaw)])
    return Person("p", np.array([0.0, 0.0, yaw]), velocity, intent=certain(Intent.INTERESTED))


def test_circles_fall_from_the_intimate_to_the_personal_distance() -> None:
    field = hall_circles([person()], GRID)
    assert at(field, 0.0, 0.0) == at(field, 0.0, 0.4) == 1.0
    for x, y in ((0.9, 0.0), (0.0, -0.9)):
        assert at(field, x, y) == pytest.approx(0.3 / 0.75)
    assert at(field, 1.2, 0.0) == pytest.approx(0.0, abs=1e-9)


def test_the_plugins_gaussian_is_round_at_rest_and_long_in_front_when_walking() -> None:
    still = two_gaussians([person()], GRID)
    for x, y in ((0.5, 0.0), (-0.5, 0.0), (0.0, 0.5)):
        assert at(still, x, y) == pytest.approx(np.exp(-0.5))
    walking = two_gaussians([person(np.pi / 2.0, 0.6)], GRID)
    for x, y in ((0.0, 1.0), (0.0, -0.5), (0.5, 0.0)):
        assert at(walking, x, y) == pytest.approx(np.exp(-0.5))


def test_kirbys_field_is_the_metric_on_a_grid() -> None:
    someone = person(0.7)
    field = kirby([someone], GRID)
    times = np.array([0.0, 1.0])
    people = np.tile(someone.pose, (2, 1, 1))
    for x, y in ((0.5, 0.2), (-0.3, 0.6), (1.0, -1.0)):
        robot = np.tile((x, y, 0.0), (2, 1))
        assert at(field, x, y) == pytest.approx(kirby_cost(times, robot, people)[0])


@pytest.mark.parametrize("field", [hall_circles, two_gaussians, kirby])
def test_a_grid_turned_with_the_people_has_the_same_costs(field: CostField) -> None:
    turned = GridGeometry(60, 40, 0.05, (1.0, 2.0, 0.5 * np.pi))
    plain = GridGeometry(60, 40, 0.05, (1.0, 2.0, 0.0))
    there = Person("p", np.array([2.0, 3.2, 0.4]), np.array([0.9, 0.3]))
    here = Person("p", np.array([1.0 - 1.2, 2.0 + 1.0, 0.4 + 0.5 * np.pi]), np.array([-0.3, 0.9]))
    np.testing.assert_allclose(field([here], turned), field([there], plain), atol=1e-9)


@pytest.mark.parametrize(
    "name", [*(name for name in DEFAULT_ARMS if name != "no layer"), *OTHER_MODELS]
)
def test_every_arm_stays_between_0_and_1_and_nobody_costs_nothing(name: str) -> None:
    costs = arm_named(name).costs
    assert costs is not None
    field = costs([person(0.3, 1.2), person()], GRID)
    assert field.shape == GRID.shape
    assert 0.5 < field.max() <= 1.0
    assert field.min() >= 0.0
    assert not costs([], GRID).any()
    half = arm_named(f"{name} x0.5").costs
    assert half is not None
    np.testing.assert_allclose(half([person()], GRID), 0.5 * costs([person()], GRID))


def test_no_layer_has_no_costs() -> None:
    assert arm_named("no layer").costs is None


@pytest.mark.parametrize(
    "name", ["", "kirby", "no layer x0.5", "no layer x", "ours x", "ours x0", "ours x2", "ours xa"]
)
def test_arms_that_do_not_exist_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"arm is '{name}', expected"):
        arm_named(name)


def test_without_labels_nothing_is_known_but_the_pose() -> None:
    (unknown,) = without_labels([person()])
    assert np.argmax(unknown.intent) == Intent.UNKNOWN
    np.testing.assert_array_equal(unknown.pose, person().pose)


def test_an_arm_is_written_in_one_way() -> None:
    for name in ("ours x0.5", "ours x0.50", "ours x5e-1", "ours x .5"):
        assert canonical(name) == "ours x0.5"
    assert canonical("ours x1.0") == "ours"
    assert canonical("student 30 % x0.1") == "student 30 % x0.1"
    assert canonical("no layer") == "no layer"
    with pytest.raises(ValueError, match="arm is 'ours x2', expected a factor above 0"):
        canonical("ours x2")

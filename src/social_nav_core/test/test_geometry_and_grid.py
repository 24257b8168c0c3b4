"""Planar geometry, grids, people and parameters, by hand-computed numbers."""

from __future__ import annotations

import math
import re
import runpy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from social_nav_core.geometry import (
    bearing,
    compose,
    inverse,
    quaternion_from_yaw,
    relative,
    rotation,
    transform_points,
    wrap_angle,
    yaw_from_quaternion,
)
from social_nav_core.grid import GridGeometry
from social_nav_core.parameters import ParameterError, check, parameter, specs
from social_nav_core.people import Intent, Person, certain, defects

poses = st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.floats(-3.1, 3.1))


@pytest.mark.parametrize(
    ("angle", "wrapped"),
    [(0.0, 0.0), (math.pi, math.pi), (-math.pi, math.pi), (3 * math.pi, math.pi), (7.0, 0.7168147)],
)
def test_angles_are_brought_into_one_turn(angle, wrapped):
    assert wrap_angle(angle) == pytest.approx(wrapped)


def test_a_frame_that_is_turned_and_moved():
    np.testing.assert_allclose(rotation(math.pi / 2) @ [1.0, 0.0], [0.0, 1.0], atol=1e-12)
    robot_in_map = (2.0, 1.0, math.pi / 2)
    np.testing.assert_allclose(transform_points(robot_in_map, (3.0, 1.0)), (1.0, 4.0))
    np.testing.assert_allclose(compose(robot_in_map, (3.0, 1.0, math.pi)), (1, 4, -math.pi / 2))
    np.testing.assert_allclose(inverse(robot_in_map), (-1.0, 2.0, -math.pi / 2))
    np.testing.assert_allclose(relative(robot_in_map, (1.0, 4.0, -math.pi / 2))[:2], (3.0, 1.0))


@given(poses, poses, poses)
def test_chains_of_frames_associate_and_invert(a, b, c):
    left, right = compose(compose(a, b), c), compose(a, compose(b, c))
    np.testing.assert_allclose(left[:2], right[:2], atol=1e-9)
    assert wrap_angle(left[2] - right[2]) == pytest.approx(0.0, abs=1e-9)
    back = compose(inverse(a), compose(a, b))
    np.testing.assert_allclose(back[:2], b[:2], atol=1e-9)


def test_many_poses_at_once():
    frames = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, math.pi]])
    points = np.array([[1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(transform_points(frames, points), [[1, 0], [0, 0]], atol=1e-12)


@given(st.floats(-math.pi, math.pi), st.floats(0.5, 2.0))
def test_quaternions_of_any_length_have_a_yaw(yaw, length):
    x, y, z, w = (length * part for part in quaternion_from_yaw(yaw))
    assert wrap_angle(yaw_from_quaternion(x, y, z, w) - yaw) == pytest.approx(0.0, abs=1e-9)


def test_bearing():
    assert bearing((1.0, 1.0), (1.0, 3.0)) == pytest.approx(math.pi / 2)


def test_cells_of_a_grid():
    grid = GridGeometry(4, 3, 0.5, (10.0, 20.0, 0.0))
    assert grid.shape == (3, 4)
    rows, columns = grid.cells_of([[10.1, 20.6], [9.9, 20.0]])
    assert (rows.tolist(), columns.tolist()) == ([1, 0], [0, -1])
    assert grid.contains(rows, columns).tolist() == [True, False]
    np.testing.assert_allclose(grid.centers()[1, 0], (10.25, 20.75))


def test_a_turned_grid():
    grid = GridGeometry(4, 3, 0.5, (0.0, 0.0, math.pi / 2))
    np.testing.assert_allclose(grid.centers()[0, 1], (-0.25, 0.75), atol=1e-12)
    rows, columns = np.indices(grid.shape)
    got = grid.cells_of(grid.centers())
    np.testing.assert_array_equal(got[0], rows)
    np.testing.assert_array_equal(got[1], columns)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ((0, 3, 0.1), "0 x 3 cells"),
        ((3, 3, -0.1), "resolution is -0.1 m"),
        ((3, 3, math.nan), "resolution is nan m"),
        ((3, 3, 0.1, (0.0, math.inf, 0.0)), "three finite numbers"),
    ],
)
def test_grids_that_make_no_sense(about, words):
    with pytest.raises(ValueError, match=words):
        GridGeometry(*about)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"pose": np.array([0.0, math.nan, 0.0])}, "pose is"),
        ({"velocity": np.array([math.inf, 0.0])}, "velocity is"),
        ({"covariance": np.diag([1.0, -0.5, 0.1])}, "eigenvalue -0.5"),
        ({"confidence": 1.5}, "confidence is 1.5, expected 0 to 1"),
        ({"confidence": math.nan}, "confidence is nan"),
        ({"intent": np.array([0.5, 0.6, 0.0, 0.0])}, "intent probabilities"),
        ({"action": np.array([-1.0, 2.0, *np.zeros(9)])}, "action probabilities"),
        ({"attitude": np.full(4, math.nan)}, "attitude probabilities"),
    ],
)
def test_what_is_wrong_with_a_person(about, words):
    good = Person("anna", np.zeros(3), intent=certain(Intent.INTERESTED))
    assert good.defect() is None
    bad = replace(good, **about)
    assert words in str(bad.defect())
    assert defects([good, bad, good]) == [None, bad.defect(), None]
    assert defects([bad]) == [bad.defect()]


@pytest.mark.parametrize(
    "about",
    [
        {"id": ""},
        {"pose": np.array([1.1e7, 0.0, 0.0])},
        {"velocity": np.array([0.0, -101.0])},
        {"covariance": np.full((3, 3), math.inf)},
        {"confidence": -0.1},
        {"intent": np.array([0.5, 0.5, 0.0])},
    ],
)
def test_many_people_are_judged_as_one_is(about):
    people = [Person(f"p{k}", np.full(3, 1.0 * k)) for k in range(4)]
    people[2] = replace(people[2], **about)
    assert defects(people) == [person.defect() for person in people]
    assert defects([]) == []


@dataclass(frozen=True)
class Example:
    speed: float = parameter(1.0, "m/s", "how fast", 0.0, 2.0)
    count: int = parameter(3, "", "how many", 1, 5)
    name: str = parameter("a", "", "which", choices=("a", "b"))
    fast: bool = parameter(False, "", "whether")


def test_parameters_know_their_bounds():
    assert [spec.allowed for spec in specs(Example)] == [
        "0 to 2 m/s",
        "1 to 5",
        "one of a, b",
        "a bool",
    ]
    check(Example(speed=2, count=5, name="b", fast=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": 2.1},
        {"speed": math.nan},
        {"speed": "1"},
        {"count": 0},
        {"count": 2.0},
        {"count": True},
        {"name": "c"},
        {"fast": 1},
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(wrong):
    (name,) = wrong
    with pytest.raises(ParameterError, match=f"{name} is .*, expected "):
        check(Example(**wrong))


def test_a_number_without_bounds_is_no_parameter():
    with pytest.raises(TypeError, match="needs a low and a high bound"):
        parameter(1.0, "m", "a length")


def test_the_examples_of_the_readme_run(tmp_path):
    readme = Path(__file__).parents[1] / "README.md"
    examples = re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text("\n".join(examples))
    ran = runpy.run_path(str(script))
    assert ran["people"] == []
    costs = ran["costs"]
    assert costs.shape == (140, 260)
    assert 0.95 < costs.max() <= 1.0

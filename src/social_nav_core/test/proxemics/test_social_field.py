"""The field of several people: pictures, symmetry, combinations, o-spaces, windows."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.geometry import compose, rotation, transform_points
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Attitude, Intent, Person, certain
from social_nav_core.proxemics import (
    SocialZoneParameters,
    shipped_model,
    social_cost,
    social_field,
    zones_of,
)
from social_nav_core.proxemics.o_space import convex_hull

MODEL = shipped_model()
AS_LEARNED = SocialZoneParameters(size=1.0)


def standing(name, x, y, yaw, group="") -> Person:
    return Person(name, np.array([x, y, yaw]), group_id=group)


def face_to_face(gap: float) -> list[Person]:
    return [
        standing("a", 0.0, gap / 2.0, -math.pi / 2, "talk"),
        standing("b", 0.0, -gap / 2.0, math.pi / 2, "talk"),
    ]


def picture(field) -> str:
    """Tenths of the peak as digits, y up; a blank where nothing costs."""
    rows = ["".join(" " if c == 0.0 else str(min(9, int(10 * c))) for c in row) for row in field]
    return "\n".join("|" + row + "|" for row in rows[::-1])


PICTURES = {
    "stands and faces right": (
        [standing("a", 0.0, 0.0, 0.0)],
        GridGeometry(17, 11, 0.2, (-1.7, -1.1, 0.0)),
        """
|                 |
|      0000       |
|     00000000    |
|    0013321100   |
|    01367642100  |
|    014898531000 |
|    00367642100  |
|     0123221000  |
|      0000000    |
|       0000      |
|                 |""",
    ),
    "interacts: the front is open": (
        [replace(standing("a", 0.0, 0.0, 0.0), intent=certain(Intent.INTERACTING))],
        GridGeometry(17, 11, 0.2, (-1.7, -1.1, 0.0)),
        """
|                 |
|      0000       |
|     00000000    |
|    0013321000   |
|    01367641000  |
|    01489851     |
|    00367641000  |
|     0123220000  |
|      0000000    |
|       0000      |
|                 |""",
    ),
    "two face to face, 1.6 m apart": (
        face_to_face(1.6),
        GridGeometry(17, 21, 0.2, (-1.7, -2.1, 0.0)),
        """
|                 |
|       000       |
|     0000000     |
|    001121100    |
|    012454210    |
|   00147874100   |
|   00258985200   |
|   00258985200   |
|   00258985200   |
|   00258985200   |
|   00258985200   |
|   00258985200   |
|   00258985200   |
|   00258985200   |
|   00258985200   |
|   00147874100   |
|    012454210    |
|    001121100    |
|     0000000     |
|       000       |
|                 |""",
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name):
    people, grid, expected = PICTURES[name]
    assert picture(social_field(people, MODEL, grid, AS_LEARNED)) == expected.strip("\n")


unit = st.floats(0.0, 1.0)
angle = st.floats(-math.pi, math.pi)


@st.composite
def any_person(draw, name: str) -> Person:
    spread = draw(st.floats(0.0, 0.3))
    lean = draw(st.floats(-0.9, 0.9))
    covariance = np.diag([spread, 0.1, draw(st.sampled_from([0.0, 0.2, 15.0]))])
    covariance[0, 1] = covariance[1, 0] = lean * math.sqrt(0.1 * spread)
    intent, attitude = draw(st.sampled_from(list(Intent))), draw(st.sampled_from(list(Attitude)))
    return Person(
        name,
        np.array([draw(st.floats(-2.0, 2.0)), draw(st.floats(-2.0, 2.0)), draw(angle)]),
        velocity=np.array([draw(st.floats(-1.5, 1.5)), draw(st.floats(-1.5, 1.5))]),
        covariance=covariance,
        intent=certain(intent),
        attitude=certain(attitude),
        group_id=draw(st.sampled_from(["", "g"])),
        confidence=draw(st.floats(0.1, 1.0)),
    )


crowds = st.tuples(*(any_person(name) for name in "abc"))
combinations = st.sampled_from(["max", "sum", "mixture"])


def moved(person: Person, frame) -> Person:
    turn = np.eye(3)
    turn[:2, :2] = rotation(frame[2])
    return replace(
        person,
        pose=compose(frame, person.pose),
        velocity=turn[:2, :2] @ person.velocity,
        covariance=turn @ person.covariance @ turn.T,
    )


@settings(max_examples=60, deadline=None)
@given(crowds, combinations, st.floats(-5.0, 5.0), st.floats(-5.0, 5.0), angle)
def test_the_field_of_moved_people_is_the_moved_field(people, combination, x, y, yaw):
    parameters = SocialZoneParameters(combination=combination)
    frame = (x, y, yaw)
    grid = GridGeometry(24, 18, 0.25, (-3.0, -2.2, 0.0))
    origin = compose(frame, grid.origin)
    moved_grid = replace(grid, origin=tuple(origin.tolist()))
    field = social_field(people, MODEL, grid, parameters)
    turned = social_field([moved(p, frame) for p in people], MODEL, moved_grid, parameters)
    np.testing.assert_allclose(turned, field, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(crowds, combinations, angle)
def test_windows_leave_nothing_out_and_costs_stay_in_range(people, combination, yaw):
    parameters = SocialZoneParameters(combination=combination)
    grid = GridGeometry(40, 36, 0.25, (-4.0, -5.0, yaw))
    field = social_field(people, MODEL, grid, parameters)
    everywhere = social_cost(grid.centers(), people, MODEL, parameters)
    np.testing.assert_allclose(field, everywhere, atol=1e-9)
    assert field.min() >= 0.0 and field.max() <= 1.0


@settings(max_examples=40, deadline=None)
@given(crowds, combinations, st.permutations([0, 1, 2]))
def test_the_order_of_people_does_not_matter(people, combination, order):
    parameters = SocialZoneParameters(combination=combination)
    points = GridGeometry(20, 20, 0.3, (-3.0, -3.0, 0.0)).centers()
    field = social_cost(points, people, MODEL, parameters)
    again = social_cost(points, [people[i] for i in order], MODEL, parameters)
    np.testing.assert_allclose(field, again, atol=1e-12)


def test_combinations_by_value():
    people = [standing("a", 0.0, 0.0, 0.0, "g"), standing("b", 0.0, 0.5, 0.0, "g")]
    no_o_space = {"o_space_amplitude": 0.0}
    single = [social_cost([0.2, 0.2], [p], MODEL, AS_LEARNED) for p in people]
    both = {
        name: float(
            social_cost(
                [0.2, 0.2],
                people,
                MODEL,
                SocialZoneParameters(size=1.0, combination=name, **no_o_space),
            )
        )
        for name in ("max", "sum", "mixture")
    }
    assert both["max"] == pytest.approx(max(single))
    assert both["sum"] == pytest.approx(min(1.0, sum(single)))
    centers = [zone.center for zone in zones_of(people, MODEL, AS_LEARNED)]
    peak = max(sum(float(social_cost(c, [p], MODEL, AS_LEARNED)) for p in people) for c in centers)
    assert peak > 1.1
    assert both["mixture"] == pytest.approx(sum(single) / peak)
    strangers = [replace(p, group_id="") for p in people]
    apart = SocialZoneParameters(size=1.0, combination="mixture")
    assert social_cost([0.2, 0.2], strangers, MODEL, apart) == pytest.approx(max(single))


def test_o_space_of_a_pair_by_value():
    people = face_to_face(2.0)
    end = math.sqrt(-2.0 * math.log(0.01)) * 0.35
    assert social_cost([0.0, 0.0], people, MODEL, AS_LEARNED) == pytest.approx(1.0)
    expected = (math.exp(-0.5) - 0.01) / 0.99
    assert social_cost([0.35, 0.0], people, MODEL, AS_LEARNED) == pytest.approx(expected)
    assert social_cost([end + 0.001, 0.0], people, MODEL, AS_LEARNED) == 0.0
    unsure = [people[0], replace(people[1], confidence=0.5)]
    assert social_cost([0.0, 0.0], unsure, MODEL, AS_LEARNED) == pytest.approx(0.5)


def test_o_space_of_a_circle_fills_its_middle():
    circle = [
        standing(str(i), 1.5 * math.cos(a), 1.5 * math.sin(a), a + math.pi, "g")
        for i, a in enumerate(np.arange(4) * math.pi / 2)
    ]
    assert social_cost([0.3, 0.2], circle, MODEL, AS_LEARNED) == pytest.approx(1.0)
    strangers = [replace(p, group_id="") for p in circle]
    assert social_cost([0.3, 0.2], strangers, MODEL, AS_LEARNED) < 0.02


def test_members_too_far_apart_share_no_space():
    assert social_cost([0.0, 0.0], face_to_face(2.9), MODEL, AS_LEARNED) == pytest.approx(1.0)
    assert social_cost([0.0, 0.0], face_to_face(3.1), MODEL, AS_LEARNED) < 0.01


def test_convex_hull():
    square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    hull = convex_hull([*square, (0.5, 0.5), (0.5, 0.0), (0.0, 0.0)])
    assert hull.tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert convex_hull([(0.0, 0.0), (2.0, 2.0), (1.0, 1.0)]).tolist() == [[0, 0], [2, 2]]
    assert convex_hull([(1.0, 2.0), (1.0, 2.0)]).tolist() == [[1, 2]]


def test_members_on_one_spot_and_in_one_line():
    same = [standing("a", 0.0, 0.0, 0.0, "g"), standing("b", 0.0, 0.0, 1.0, "g")]
    assert np.isfinite(social_cost([0.1, 0.1], same, MODEL, AS_LEARNED))
    row = [standing(str(i), 0.9 * i, 0.0, 0.0, "g") for i in range(3)]
    assert social_cost([0.45, 0.0], row, MODEL, AS_LEARNED) >= 0.999


def test_nobody_costs_nothing():
    grid = GridGeometry(5, 4, 0.1)
    for combination in ("max", "sum", "mixture"):
        parameters = SocialZoneParameters(combination=combination)
        assert not social_field([], MODEL, grid, parameters).any()
        assert not social_cost(grid.centers(), [], MODEL, parameters).any()


def test_people_far_outside_a_grid_cost_nothing_there():
    grid = GridGeometry(5, 4, 0.1)
    for x, y in ((1e6, 0.0), (-1e6, 3.0), (0.0, -50.0)):
        assert not social_field([standing("a", x, y, 0.0)], MODEL, grid, AS_LEARNED).any()


def test_a_turned_origin_by_value():
    grid = GridGeometry(30, 30, 0.1, (2.0, 1.0, math.pi / 3))
    center = transform_points(grid.origin, [1.55, 1.45])
    person = standing("a", center[0], center[1], 0.4)
    field = social_field([person], MODEL, grid, AS_LEARNED)
    assert field[14, 15] == pytest.approx(float(social_cost(center, [person], MODEL, AS_LEARNED)))
    assert field[14, 15] > 0.98


def test_five_hundred_people():
    rng = np.random.default_rng(5)
    people = [
        standing(str(i), rng.uniform(0, 10), rng.uniform(0, 10), rng.uniform(-3, 3))
        for i in range(500)
    ]
    field = social_field(people, MODEL, GridGeometry(100, 100, 0.1), AS_LEARNED)
    assert field.min() > 0.0 and field.max() <= 1.0


@pytest.mark.parametrize("combination", ["max", "sum", "mixture"])
@pytest.mark.parametrize("sums", [0.9991, 1.0009])
def test_label_probabilities_that_are_off_by_rounding_are_normalised(combination, sums):
    """Costs stay within [0, 1] whatever a person tolerates, and those of the others stay."""
    parameters = SocialZoneParameters(combination=combination)
    intent, attitude = np.array([0.1, 0.6, 0.2, 0.1]), np.array([0.25, 0.5, 0.25, 0.0])
    exact = [replace(p, intent=intent, attitude=attitude) for p in face_to_face(1.0)]
    exact.append(standing("c", 3.0, 0.0, 0.0))
    off = [replace(p, intent=sums * p.intent, attitude=sums * p.attitude) for p in exact]
    grid = GridGeometry(300, 200, 0.02, (-2.0, -2.0, 0.0))
    field = social_field(off, MODEL, grid, parameters)
    assert 0.9 < field.max() <= 1.0
    np.testing.assert_allclose(field, social_field(exact, MODEL, grid, parameters), atol=1e-12)
    certainly = [replace(p, intent=sums * certain(Intent.NOT_INTERESTED)) for p in exact]
    centers = [zone.center for zone in zones_of(certainly, MODEL, parameters)]
    assert social_cost(centers, certainly, MODEL, parameters).max() == 1.0


@pytest.mark.parametrize("combination", ["max", "sum"])
def test_people_may_have_a_model_each(combination: str) -> None:
    parameters = SocialZoneParameters(combination=combination, o_space_amplitude=0.0)
    people = [
        Person("a", np.array([0.2, 0.1, 0.5])),
        Person("b", np.array([1.0, 0.6, 2.0]), velocity=np.array([0.5, 0.2])),
    ]
    part = MODEL.components[0]
    other = replace(MODEL, components=(replace(part, mu=part.mu + 0.2, lam=-part.lam),))
    grid = GridGeometry(60, 50, 0.1, (-2.0, -2.0, 0.3))
    both = social_field(people, [MODEL, other], grid, parameters)
    apart = [
        social_field([person], model, grid, parameters)
        for person, model in zip(people, (MODEL, other), strict=True)
    ]
    whole = np.maximum(*apart) if combination == "max" else np.minimum(sum(apart), 1.0)
    np.testing.assert_allclose(both, whole, atol=1e-12)
    points = grid.centers()
    np.testing.assert_allclose(
        social_cost(points, people, [MODEL, other], parameters), both, atol=1e-9
    )
    same = social_field(people, [MODEL, MODEL], grid, parameters)
    np.testing.assert_array_equal(same, social_field(people, MODEL, grid, parameters))
    with pytest.raises(ValueError, match="1 models, expected one for each of 2 people"):
        social_field(people, [MODEL], grid, parameters)

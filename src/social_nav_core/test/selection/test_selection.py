"""Where the robot goes to talk to people: values by hand, rejections, symmetry."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from social_nav_core.geometry import FloatArray, bearing, compose, relative, wrap_angle
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import InteractionModel, shipped_interaction_model
from social_nav_core.interaction.place import (
    NoFreePlace,
    NoPlace,
    NoSuchPerson,
    PersonStale,
    Place,
    Rejection,
)
from social_nav_core.interaction.selection import (
    ApproachSelector,
    SelectionParameters,
    Situation,
)
from social_nav_core.interaction.surroundings import Surroundings
from social_nav_core.interaction.target import Target
from social_nav_core.parameters import ParameterError
from social_nav_core.people import Intent, Person, certain
from social_nav_core.proxemics.model import shipped_model

Point = tuple[float, float]

ROBOT = np.array([4.0, 0.0, np.pi])
SELECTOR = ApproachSelector(shipped_interaction_model(), shipped_model())
ONE_KERNEL = InteractionModel(np.array([[1.0, 0.0]]), np.array([1.0]), 0.1)


def person(name: str, x: float, y: float, yaw: float, **about: Any) -> Person:
    return Person(name, np.array([x, y, yaw]), **about)


def room(robot: FloatArray = ROBOT) -> Surroundings:
    """An empty room of 10 x 8 m with walls one cell (0.1 m) thick; the way is the straight line."""
    grid = GridGeometry(100, 80, 0.1, (-5.0, -4.0, 0.0))
    occupancy = np.zeros(grid.shape, np.int8)
    occupancy[[0, -1], :] = 100
    occupancy[:, [0, -1]] = 100
    lengths = np.linalg.norm(grid.centers() - robot[:2], axis=-1)
    return Surroundings(grid, occupancy, lengths)


def fill(around: Surroundings, low: Point, high: Point, value: int = 100) -> Surroundings:
    """Set the cells between two corners [m]."""
    rows, columns = around.grid.cells_of([low, high])
    around.occupancy[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = value
    return around


def situation(
    *people: Person, around: Surroundings | None = None, robot: ArrayLike = ROBOT, now: float = 0.0
) -> Situation:
    at = np.asarray(robot, dtype=float)
    return Situation(people, at, around or room(at), now)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def chosen(result: Place | NoPlace) -> Place:
    assert isinstance(result, Place), result
    return result


def in_frame_of(who: Person, place: Place) -> FloatArray:
    return relative(who.pose, np.array(place.pose))


@pytest.mark.parametrize("yaw", [0.0, 1.0, 2.5, np.pi, -1.7])
@pytest.mark.parametrize("robot", [(4.0, 0.0, 0.0), (-4.0, 2.0, 1.0), (0.2, -3.0, 2.0)])
def test_in_an_empty_room_the_robot_goes_in_front_and_faces_the_person(
    yaw: float, robot: tuple[float, float, float]
) -> None:
    anna = person("anna", 0.3, 0.2, yaw)
    place = chosen(SELECTOR.select(situation(anna, robot=robot), "anna", rng()))
    forward, left, _ = in_frame_of(anna, place)
    assert 0.6 < np.hypot(forward, left) < 1.6
    assert abs(np.arctan2(left, forward)) < np.deg2rad(50.0)
    towards = bearing(place.pose[:2], anna.pose[:2])
    assert place.pose[2] == pytest.approx(towards, abs=1e-12)
    assert place.density > 0.8
    assert (place.person_id, place.group_id) == ("anna", "")


def test_a_person_behind_the_robot_is_approached_too() -> None:
    anna = person("anna", 0.0, 0.0, 0.0)
    place = chosen(SELECTOR.select(situation(anna, robot=(2.0, 0.0, 0.0)), "anna", rng()))
    assert place.pose[0] > 0.6
    assert abs(place.pose[2]) > np.deg2rad(130.0)
    assert place.path_length < 1.6


def test_the_nearer_of_two_equal_places_wins() -> None:
    two = InteractionModel(np.array([[0.9, 0.6], [0.9, -0.6]]), np.array([0.5, 0.5]), 0.1)
    selector = ApproachSelector(two, shipped_model())
    anna = person("anna", 0.0, 0.0, 0.0)
    for side in (1.0, -1.0):
        there = situation(anna, robot=(0.9, 3.0 * side, 0.0))
        assert chosen(selector.select(there, "anna", rng())).pose[1] * side > 0.3


def test_density_cost_and_score_by_hand() -> None:
    anywhere = SelectionParameters(rear_angle=3.15, least_density=0.0)
    selector = ApproachSelector(ONE_KERNEL, shipped_model(), anywhere)
    anna = person("anna", 0.0, 0.0, np.pi / 2)
    now = situation(anna)
    target = selector.target(now, "anna")
    assert isinstance(target, Target)
    points = np.array([[0.01, 1.01], [0.11, 1.11], [0.01, -2.99]])
    survey = selector.survey(target, points, now.surroundings)
    # One kernel of width 0.1 m at (0, 1): squared, 0.02, 2.42 and 1592.02 widths away.
    assert survey.density == pytest.approx(np.exp([-0.01, -1.21, -796.01]))
    centres = np.array([[0.05, 1.05], [0.15, 1.15], [0.05, -2.95]])  # of cells 0.1 m wide
    ways = np.hypot(*(centres - ROBOT[:2]).T)
    assert survey.path_length == pytest.approx(ways)
    expected = np.array([-0.01, -1.21, -796.01]) - 2.0 * survey.social_cost - 0.1 * ways
    off_front = np.pi - np.arctan2(0.01, 2.99)  # of the place behind her; 0.95 rad cost nothing
    expected[2] -= 10.0 * (off_front - 0.95)
    assert survey.score == pytest.approx(expected)
    assert survey.social_cost[2] == 0.0
    assert (survey.rejections == -1).all()
    usual = ApproachSelector(ONE_KERNEL, shipped_model()).survey(target, points, now.surroundings)
    assert usual.counts == {Rejection.BEHIND: 1}
    patient = ApproachSelector(ONE_KERNEL, shipped_model(), SelectionParameters(least_density=0.3))
    survey = patient.survey(target, points[:2], now.surroundings)
    assert survey.rejections.tolist() == [-1, list(Rejection).index(Rejection.RARE)]
    assert survey.score[:1] == pytest.approx(expected[:1])
    assert usual.score[:2] == pytest.approx(expected[:2])


def test_nobody_goes_where_nobody_stands_because_it_is_near() -> None:
    anna = person("anna", 0.0, 0.0, 0.0)
    now = situation(anna, robot=(-1.2, 0.0, 0.0))
    target = SELECTOR.target(now, "anna")
    assert isinstance(target, Target)
    survey = SELECTOR.survey(target, np.array([[-1.2, 0.0], [1.2, 0.0]]), now.surroundings)
    assert survey.path_length[0] < 0.1
    assert survey.score[0] < survey.score[1] - 3.0
    assert chosen(SELECTOR.select(now, "anna", rng())).pose[0] > 0.5


def test_walls_hide_places_and_bodies_do_not_fit_into_them() -> None:
    anna = person("anna", 0.0, 0.0, 0.0)
    around = fill(room(), (0.85, -3.9), (0.95, 3.9))
    now = situation(anna, around=around)
    target = SELECTOR.target(now, "anna")
    assert isinstance(target, Target)
    points = np.array([[0.5, 0.6], [0.7, 0.6], [1.1, 0.6], [1.5, 0.0], [0.0, 1.0]])
    survey = SELECTOR.survey(target, points, around)
    named = [None if i < 0 else list(Rejection)[i] for i in survey.rejections]
    occupied, hidden = Rejection.OCCUPIED, Rejection.HIDDEN
    assert named == [None, occupied, occupied, hidden, None]  # the wall is from 0.8 to 1.0 m
    place = chosen(SELECTOR.select(now, "anna", rng()))
    assert place.pose[0] < 0.8 - 0.275


def test_a_place_that_somebody_has_is_left_to_them() -> None:
    anna = person("anna", 0.0, 0.0, 0.0)
    alone = chosen(SELECTOR.select(situation(anna), "anna", rng()))
    x, y, _ = alone.pose
    other = person("otto", x, y, np.pi)
    place = chosen(SELECTOR.select(situation(anna, other), "anna", rng()))
    for who in (anna, other):
        assert np.hypot(*(np.array(place.pose[:2]) - who.pose[:2])) >= 0.45 + 0.275
    assert place.pose[1] * y < 0.0  # the other side of the front


def test_the_way_of_a_walking_person_stays_free() -> None:
    anna = person("anna", 0.0, 0.0, 0.0)
    walker = person("walt", 0.9, 2.2, -np.pi / 2, velocity=np.array([0.0, -1.2]))
    now = situation(anna, walker)
    target = SELECTOR.target(now, "anna")
    assert isinstance(target, Target)
    in_the_way = np.array([[0.9, 1.0]])
    assert list(SELECTOR.survey(target, in_the_way, now.surroundings).counts) == [
        Rejection.OTHERS_ZONE
    ]
    standing = replace(walker, velocity=np.zeros(2))
    calm = situation(anna, standing)
    target = SELECTOR.target(calm, "anna")
    assert isinstance(target, Target)
    assert not SELECTOR.survey(target, in_the_way, calm.surroundings).counts


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda around: fill(around, (-4.9, -3.9), (4.9, 3.9), -1), Rejection.UNKNOWN),
        (lambda around: fill(around, (-4.9, -3.9), (4.9, 3.9), 100), Rejection.OCCUPIED),
        (lambda around: replace(around, path_lengths=around.path_lengths + np.inf),
         Rejection.UNREACHABLE),
        (lambda around: replace(around, path_lengths=around.path_lengths * np.nan),
         Rejection.UNREACHABLE),
    ],
)  # fmt: skip
def test_without_a_free_place_the_reasons_are_counted(
    change: Callable[[Surroundings], Surroundings], reason: Rejection
) -> None:
    anna = person("anna", 0.0, 0.0, 0.0)
    result = SELECTOR.select(situation(anna, around=change(room())), "anna", rng())
    assert isinstance(result, NoFreePlace)
    assert sum(result.counts.values()) == 500
    assert result.counts[reason] > 400
    assert set(result.counts) <= {reason, Rejection.TOO_NEAR}
    assert f"{result.counts[reason]} {reason.value}" in result.text
    assert "'anna'" in result.text
    assert "of 500 places" in result.text


def test_a_person_in_a_corner_is_approached_from_the_room() -> None:
    anna = person("anna", 4.5, 3.5, np.deg2rad(-135.0))
    place = chosen(SELECTOR.select(situation(anna), "anna", rng()))
    assert place.pose[0] < 4.9 - 0.275
    assert place.pose[1] < 3.9 - 0.275
    assert 0.725 <= np.hypot(place.pose[0] - 4.5, place.pose[1] - 3.5) < 1.6


def test_a_person_who_faces_a_wall_is_approached_from_beside() -> None:
    anna = person("anna", 4.6, 0.0, 0.0)
    place = chosen(SELECTOR.select(situation(anna), "anna", rng()))
    assert place.pose[0] <= 4.9 - 0.275
    assert 0.7 < abs(place.pose[1]) < 1.0
    assert place.density < 0.3


def test_the_same_seed_gives_the_same_place() -> None:
    now = situation(person("anna", 0.0, 0.0, 0.0), person("otto", 1.0, 1.0, 0.0))
    assert SELECTOR.select(now, "anna", rng(7)) == SELECTOR.select(now, "anna", rng(7))
    assert SELECTOR.select(now, "anna", rng(7)) != SELECTOR.select(now, "anna", rng(8))


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-20.0, 20.0), st.floats(-20.0, 20.0), st.floats(-np.pi, np.pi), st.integers(0, 1000)
)
def test_a_turned_world_gives_the_turned_place(x: float, y: float, yaw: float, seed: int) -> None:
    world = np.array([x, y, yaw])
    people = [
        person("anna", 0.0, 0.0, 0.4, group_id="g"),
        person("bert", 1.1, 0.2, 3.0, group_id="g"),
        person("otto", -1.0, 1.0, 0.0),
    ]
    moved = [replace(p, pose=compose(world, p.pose)) for p in people]
    around = fill(room(), (1.0, 0.9), (1.4, 1.2))
    turned = Surroundings(
        replace(around.grid, origin=tuple(compose(world, around.grid.origin).tolist())),
        around.occupancy,
        around.path_lengths,
    )
    here = chosen(SELECTOR.select(situation(*people, around=around), "anna", rng(seed)))
    there = chosen(
        SELECTOR.select(
            situation(*moved, around=turned, robot=compose(world, ROBOT)), "anna", rng(seed)
        )
    )
    expected = compose(world, np.array(here.pose))
    assert there.pose[:2] == pytest.approx(expected[:2], abs=1e-6)
    assert wrap_angle(there.pose[2] - expected[2]) == pytest.approx(0.0, abs=1e-6)
    assert there.score == pytest.approx(here.score, abs=1e-6)


# Who is approached


def wanting(name: str, x: float, share: float, **about: Any) -> Person:
    intent = np.array([1.0 - share, 0.25 * share, 0.75 * share, 0.0])
    return person(name, x, 0.0, np.pi, intent=intent, **about)


def test_without_an_id_the_most_willing_is_approached() -> None:
    people = [wanting("low", 1.0, 0.55), wanting("high", -3.0, 0.9), wanting("none", 2.0, 0.1)]
    assert chosen(SELECTOR.select(situation(*people), None, rng())).person_id == "high"
    assert chosen(SELECTOR.select(situation(*people), "", rng())).person_id == "high"


def test_of_equally_willing_people_the_nearest_is_approached() -> None:
    people = [wanting("far", -3.0, 0.9), wanting("near", 1.0, 0.85)]
    assert chosen(SELECTOR.select(situation(*people), None, rng())).person_id == "near"


def test_nobody_is_approached_against_their_will() -> None:
    people = [wanting("a", 1.0, 0.4), person("b", 0.0, 0.0, 0.0)]
    result = SELECTOR.select(situation(*people), None, rng())
    assert isinstance(result, NoSuchPerson)
    assert result.text == "nobody of 2 people wants to interact with a probability of at least 0.5"
    assert isinstance(SELECTOR.select(situation(), None, rng()), NoSuchPerson)


def test_an_unknown_id_is_named() -> None:
    result = SELECTOR.select(situation(person("anna", 0.0, 0.0, 0.0)), "hans", rng())
    assert result == NoSuchPerson("hans", "nobody is called 'hans'")


def test_a_person_with_a_broken_pose_is_not_used_and_harms_nobody() -> None:
    broken = person("broken", np.nan, 0.0, 0.0)
    anna = person("anna", 0.0, 0.0, 0.0)
    result = SELECTOR.select(situation(anna, broken), "broken", rng())
    assert isinstance(result, NoSuchPerson)
    assert "pose is [nan, 0.0, 0.0]" in result.text
    with_it = SELECTOR.select(situation(anna, broken), "anna", rng())
    assert with_it == SELECTOR.select(situation(anna), "anna", rng())


def test_an_old_pose_is_never_used() -> None:
    anna = person("anna", 0.0, 0.0, 0.0, last_seen=10.0)
    chosen(SELECTOR.select(situation(anna, now=11.0), "anna", rng()))
    result = SELECTOR.select(situation(anna, now=11.001), "anna", rng())
    assert isinstance(result, PersonStale)
    assert result.age == pytest.approx(1.001)
    assert "last seen 1.0 s ago" in result.text
    willing = wanting("anna", 0.0, 1.0, last_seen=10.0)
    assert isinstance(SELECTOR.select(situation(willing, now=12.0), None, rng()), NoSuchPerson)


def test_a_pose_from_the_future_is_not_used() -> None:
    anna = person("anna", 0.0, 0.0, 0.0, last_seen=10.0)
    result = SELECTOR.select(situation(anna, now=5.0), "anna", rng())
    assert isinstance(result, PersonStale)
    assert "5.0 s in the future" in result.text


# Conversations


def pair(gap: float = 1.2) -> tuple[Person, Person]:
    return (
        person("anna", -0.5 * gap, 0.0, 0.0, group_id="talk"),
        person("bert", 0.5 * gap, 0.0, np.pi, group_id="talk"),
    )


def test_a_pair_is_joined_at_its_side_facing_its_middle() -> None:
    place = chosen(SELECTOR.select(situation(*pair()), "anna", rng()))
    assert place.group_id == "talk"
    assert abs(place.pose[0]) < 0.4
    assert 0.5 < abs(place.pose[1]) < 1.3
    assert place.pose[2] == pytest.approx(float(bearing(place.pose[:2], (0.0, 0.0))))


def test_nobody_is_parted_from_the_other() -> None:
    now = situation(*pair(2.2))
    target = SELECTOR.target(now, "anna")
    assert isinstance(target, Target)
    between = SELECTOR.survey(target, np.array([[0.0, 0.0], [0.1, 0.1]]), now.surroundings)
    assert between.counts == {Rejection.OWN_ZONE: 2}


def test_three_in_a_circle_are_joined_at_a_gap() -> None:
    angles = np.deg2rad([0.0, 90.0, 180.0])
    people = [
        person(f"p{i}", 0.9 * np.cos(a), 0.9 * np.sin(a), a + np.pi, group_id="ring")
        for i, a in enumerate(angles)
    ]
    place = chosen(SELECTOR.select(situation(*people), "p0", rng()))
    middle = np.array([0.0, 0.3])  # of the three positions
    assert place.pose[1] < -0.3
    assert place.pose[2] == pytest.approx(float(bearing(place.pose[:2], middle)))


def test_company_out_of_view_is_still_there() -> None:
    """The robot looks at Anna and saw Bert five seconds ago: it joins both, beside Eva's place."""
    anna, bert = pair()
    unseen = replace(bert, last_seen=-5.0)
    place = chosen(SELECTOR.select(situation(anna, unseen), "anna", rng()))
    assert place == SELECTOR.select(situation(anna, bert), "anna", rng())
    eva = replace(person("eva", *place.pose[:2], 0.0), last_seen=-5.0)
    elsewhere = chosen(SELECTOR.select(situation(anna, unseen, eva), "anna", rng()))
    assert np.hypot(*np.subtract(elsewhere.pose[:2], eva.pose[:2])) > 0.725


def test_a_member_who_was_lost_is_no_member() -> None:
    anna, bert = pair()
    gone = replace(bert, last_seen=-10.5)
    place = chosen(SELECTOR.select(situation(anna, gone), "anna", rng()))
    assert place == SELECTOR.select(situation(anna), "anna", rng())
    assert place.group_id == ""


def test_a_parameter_out_of_bounds_is_named() -> None:
    with pytest.raises(ParameterError, match=r"max_age is 0\.0, expected 0\.05 to 60 s"):
        SelectionParameters(max_age=0.0)


def test_unknown_intent_does_not_stop_an_approach_by_id() -> None:
    anna = person("anna", 0.0, 0.0, 0.0, intent=certain(Intent.NOT_INTERESTED))
    assert chosen(SELECTOR.select(situation(anna), "anna", rng())).density > 0.8

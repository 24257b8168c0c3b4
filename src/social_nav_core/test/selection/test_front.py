"""A robot that joins people stands in front of the person and of its nearest neighbour."""

from dataclasses import replace

import numpy as np
import pytest
from social_nav_core.geometry import relative
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.interaction.place import NoFreePlace, NoPlace, Place, Rejection
from social_nav_core.interaction.selection import (
    ApproachSelector,
    SelectionParameters,
    Situation,
)
from social_nav_core.interaction.surroundings import Surroundings
from social_nav_core.interaction.target import Target
from social_nav_core.people import Person
from social_nav_core.proxemics.model import shipped_model

SELECTOR = ApproachSelector(shipped_interaction_model(), shipped_model())
FREE = ApproachSelector(
    shipped_interaction_model(), shipped_model(), SelectionParameters(front_weight=0.0)
)


def situation(people: list[Person], x: float, y: float) -> Situation:
    """People in an empty room of 10 x 8 m and a robot; the way is the straight line."""
    grid = GridGeometry(100, 80, 0.1, (-5.0, -4.0, 0.0))
    lengths = np.linalg.norm(grid.centers() - (x, y), axis=-1)
    around = Surroundings(grid, np.zeros(grid.shape, np.int8), lengths)
    return Situation(people, np.array([x, y, 0.0]), around, 0.0)


def circle_of_three() -> list[Person]:
    """Three people on a ring of 0.9 m around the origin, who face its middle."""
    return [
        Person(
            name,
            np.array([0.9 * np.cos(turn), 0.9 * np.sin(turn), turn + np.pi]),
            group_id="talk",
        )
        for name, turn in (("anna", 0.0), ("ben", 2.0 * np.pi / 3.0), ("eva", -2.0 * np.pi / 3.0))
    ]


@pytest.mark.parametrize("name", ["anna", "ben", "eva"])
def test_a_place_off_the_front_of_the_person_or_of_the_nearest_scores_less(name: str) -> None:
    """In the gap at 60 deg on the ring both neighbours have the place 60 deg off their fronts."""
    now = situation(circle_of_three(), 4.0, 0.0)
    gap = np.array([np.cos(np.pi / 3.0), np.sin(np.pi / 3.0)])
    points = np.array([0.9 * gap, 0.78 * gap, [-0.9, 0.0]])
    target = SELECTOR.target(now, name)
    assert isinstance(target, Target)
    with_front, without = (
        selector.survey(target, points, now.surroundings).score for selector in (SELECTOR, FREE)
    )
    on_ring = 10.0 * (np.pi / 3.0 - 0.95)
    assert without - with_front == pytest.approx([on_ring, 0.0, on_ring], abs=1e-9)


@pytest.mark.parametrize("place", [(3.5, 1.0), (-3.0, 2.0), (0.5, -3.0)])
def test_who_joins_a_circle_is_in_front_of_the_person_and_of_the_nearest(
    place: tuple[float, float],
) -> None:
    people = circle_of_three()
    now = situation(people, *place)
    for seed in range(5):
        chosen = SELECTOR.select(now, "anna", np.random.default_rng(seed))
        assert isinstance(chosen, Place)
        seen = [relative(who.pose, np.array(chosen.pose))[:2] for who in people]
        nearest = min(seen, key=lambda at: float(np.hypot(*at)))
        for forward, left in (seen[0], nearest):
            assert abs(np.degrees(np.arctan2(left, forward))) < 58.0
        assert 0.6 < np.hypot(*nearest) < 1.6


def circle(count: int, radius: float) -> list[Person]:
    """People on a ring of a radius [m] around the origin, who face its middle."""
    turns = np.arange(count) * 2.0 * np.pi / count + 0.3
    return [
        Person(
            f"p{i}",
            np.array([radius * np.cos(turn), radius * np.sin(turn), turn + np.pi]),
            group_id="talk",
        )
        for i, turn in enumerate(turns)
    ]


@pytest.mark.parametrize(
    ("count", "radius"), [(4, 0.53), (5, 0.64), (5, 1.04), (6, 0.95), (8, 1.0)]
)
def test_a_closed_circle_leaves_no_place_beside_or_behind_somebody(
    count: int, radius: float
) -> None:
    for seed in range(3):
        result = SELECTOR.select(
            situation(circle(count, radius), 4.0, 0.0), "p0", np.random.default_rng(seed)
        )
        assert isinstance(result, NoFreePlace)
        assert result.counts[Rejection.BEHIND] > 0
        assert "beside the nearest of the group" in result.text


@pytest.mark.parametrize(("count", "radius"), [(3, 0.7), (4, 0.93), (5, 1.44), (6, 1.7)])
def test_a_circle_with_a_gap_is_joined_in_front_of_the_neighbours(
    count: int, radius: float
) -> None:
    people = circle(count, radius)
    chosen = SELECTOR.select(situation(people, 4.0, 0.0), "p0", np.random.default_rng(0))
    assert isinstance(chosen, Place)
    seen = [relative(who.pose, np.array(chosen.pose))[:2] for who in people]
    forward, left = min(seen, key=lambda at: float(np.hypot(*at)))
    assert abs(np.arctan2(left, forward)) <= SELECTOR.parameters.side_angle


def in_a_corner(yaw: float) -> NoPlace | Place:
    """Anna stands 0.4 m from two walls, to the east and to the north."""
    now = situation([Person("anna", np.array([2.6, 2.6, yaw]))], 0.0, 0.0)
    around = now.surroundings
    centers = around.grid.centers()
    around.occupancy[(centers[..., 0] > 3.0) | (centers[..., 1] > 3.0)] = 100
    return SELECTOR.select(now, "anna", np.random.default_rng(0))


def test_who_faces_a_corner_is_not_approached_from_behind() -> None:
    result = in_a_corner(np.pi / 4.0)
    assert isinstance(result, NoFreePlace)
    assert result.counts[Rejection.BEHIND] > 0
    for yaw in (-3.0 * np.pi / 4.0, 3.0 * np.pi / 4.0):
        assert isinstance(in_a_corner(yaw), Place)


NOWHERE = np.diag([0.01, 0.01, 2.0 * np.pi**2])
"""Covariance of who faces nobody knows where."""


@pytest.mark.parametrize("robot", [(-3.0, 0.0), (3.5, 0.5), (0.0, -3.0), (-2.0, 3.0)])
def test_whose_heading_is_unknown_is_approached_from_the_robots_side(
    robot: tuple[float, float],
) -> None:
    anna = Person("anna", np.zeros(3), covariance=NOWHERE)
    for seed in range(3):
        place = SELECTOR.select(situation([anna], *robot), "anna", np.random.default_rng(seed))
        assert isinstance(place, Place)
        towards = np.arctan2(robot[1], robot[0])
        assert place.person_in_map == pytest.approx((0.0, 0.0, towards))
        off = relative((0.0, 0.0, towards), np.array(place.pose))
        assert abs(np.arctan2(off[1], off[0])) < np.pi / 3.0


def test_the_guess_at_a_heading_is_kept_until_the_person_walks_on_or_is_seen_to_face() -> None:
    anna = Person("anna", np.zeros(3), covariance=NOWHERE)
    place = SELECTOR.select(situation([anna], -3.0, 0.0), "anna", np.random.default_rng(1))
    assert isinstance(place, Place)
    for robot in ((-3.0, 0.0), (-1.0, 2.0), (2.0, 0.0)):
        assert (
            SELECTOR.reconsider(situation([anna], *robot), place, np.random.default_rng(2)) is place
        )
    walked = replace(anna, pose=np.array([0.0, 1.5, 0.0]))
    new = SELECTOR.reconsider(situation([walked], 3.0, 1.5), place, np.random.default_rng(2))
    assert isinstance(new, Place)
    assert new.person_in_map == pytest.approx((0.0, 1.5, 0.0))
    known = replace(anna, pose=np.array([0.0, 0.0, np.pi / 2]), covariance=np.zeros((3, 3)))
    new = SELECTOR.reconsider(situation([known], -1.0, 0.0), place, np.random.default_rng(2))
    assert isinstance(new, Place)
    assert new.person_in_map == pytest.approx((0.0, 0.0, np.pi / 2))


def test_members_of_a_group_whose_headings_are_unknown_face_its_middle() -> None:
    people = [
        replace(p, pose=np.array([*p.pose[:2], 0.0]), covariance=NOWHERE) for p in circle(3, 0.9)
    ]
    target = SELECTOR.target(situation(people, 4.0, 0.0), "p0")
    assert isinstance(target, Target)
    for member, true in zip(target.members, circle(3, 0.9), strict=True):
        assert np.cos(member.pose[2] - true.pose[2]) == pytest.approx(1.0)


def test_who_may_face_anywhere_has_the_front_on_all_sides() -> None:
    """The places on the robot's side are taken; somebody who faces it would have none."""
    anna = Person("anna", np.zeros(3), covariance=NOWHERE)
    known = replace(anna, covariance=np.zeros((3, 3)))
    results = []
    for who in (anna, known):
        now = situation([who], 4.0, 0.0)
        now.surroundings.occupancy[now.surroundings.grid.centers()[..., 0] > 0.0] = 100
        results.append(SELECTOR.select(now, "anna", np.random.default_rng(0)))
    assert isinstance(results[0], Place)
    assert isinstance(results[1], NoFreePlace)

"""Groups: textbook formations, who must not be one, symmetries, and F1 on made-up gatherings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE
from social_nav_core.geometry import compose
from social_nav_core.people import Person
from social_nav_core.perception.formations import f_formations
from social_nav_core.perception.gatherings import CLOSE, WIDE, gathering
from social_nav_core.perception.groups import (
    GroupFilter,
    GroupParameters,
    group_scores,
    walking_together,
)
from social_nav_core.sim.scene import load_scene

SCENES = Path(__file__).parents[4] / "worlds" / "scenes"
ABOUT = GroupParameters()
EAST, NORTH, WEST, SOUTH = 0.0, np.pi / 2.0, np.pi, -np.pi / 2.0


def formations(*poses: tuple[float, float, float]) -> list[int]:
    return f_formations(np.array(poses), ABOUT).tolist()


def found(people: list[Person], filters: GroupFilter | None = None) -> list[frozenset[str]]:
    filters = GroupFilter(replace(ABOUT, memory=0.0)) if filters is None else filters
    groups: dict[str, set[str]] = {}
    for name, group in filters.update(0.0, people).items():
        if group:
            groups.setdefault(group, set()).add(name)
    return [frozenset(group) for group in groups.values()]


def test_face_to_face() -> None:
    assert formations((0.0, 0.0, EAST), (1.3, 0.0, WEST)) == [0, 0]
    assert formations((0.0, 0.0, EAST), (3.5, 0.0, WEST)) == [-1, -1]


def test_back_to_back_is_nobody() -> None:
    assert formations((0.0, 0.0, WEST), (0.8, 0.0, EAST)) == [-1, -1]


def test_a_queue_is_no_group() -> None:
    assert formations(*((0.6 * k, 0.0, EAST) for k in range(4))) == [-1] * 4


def test_side_by_side_and_l_shape() -> None:
    assert formations((0.0, 0.4, -0.25), (0.0, -0.4, 0.25)) == [0, 0]
    assert formations((-0.5, 0.5, SOUTH), (0.5, -0.5, WEST)) == [0, 0]


def test_a_circle_and_somebody_who_passes_by_looking_elsewhere() -> None:
    circle = [(np.cos(a), np.sin(a), a + np.pi) for a in np.radians([0.0, 90.0, 180.0, 270.0])]
    assert formations(*circle, (2.0, 0.3, NORTH)) == [0, 0, 0, 0, -1]


def test_two_conversations_next_to_each_other_stay_two() -> None:
    first = [(0.0, 0.0, EAST), (1.2, 0.0, WEST)]
    second = [(0.0, 1.6, EAST), (1.2, 1.6, WEST)]
    assert formations(*first, *second) == [0, 0, 1, 1]


def test_somebody_of_unknown_heading_completes_a_circle_that_leaves_room() -> None:
    circle = [(np.cos(a), np.sin(a), a + np.pi) for a in np.radians([0.0, 120.0])]
    poses = np.array([*circle, (np.cos(4.19), np.sin(4.19), 0.0), (4.0, 0.0, 0.0)])
    known = np.array([True, True, False, False])
    assert f_formations(poses, ABOUT, known).tolist() == [0, 0, 0, -1]
    assert f_formations(poses[2:], ABOUT, known[2:]).tolist() == [-1, -1]


def circle(count: int, radius: float, x: float = 0.0) -> np.ndarray:
    angle = 2.0 * np.pi * np.arange(count) / count
    return np.column_stack([x + radius * np.cos(angle), radius * np.sin(angle), angle + np.pi])


@pytest.mark.parametrize("count", range(3, 11))
def test_circles_up_to_a_radius_of_1_8_m_are_one_group(count: int) -> None:
    """Neighbours have 0.5 m of room: ten people stand at least 0.8 m from the middle."""
    for radius in np.arange(max(0.5, 0.25 / np.sin(np.pi / count)), 1.81, 0.1):
        assert f_formations(circle(count, radius), ABOUT).tolist() == [0] * count
    assert f_formations(circle(count, 2.6), ABOUT).tolist() != [0] * count


@pytest.mark.parametrize("radius", [0.9, 1.2, 1.6])
@pytest.mark.parametrize("count", [3, 4, 5, 6, 8])
def test_circles_are_whole_with_errors_and_with_some_who_look_20_degrees_aside(
    count: int, radius: float
) -> None:
    rng, whole = np.random.default_rng(count), 0
    for _ in range(50):
        poses = circle(count, radius) + rng.normal(0.0, (0.05, 0.05, 0.12), (count, 3))
        poses[:, 2] += np.radians(20.0) * rng.choice([-1, 1], count) * (rng.random(count) < 0.3)
        whole += f_formations(poses, ABOUT).tolist() == [0] * count
    assert whole >= 47


@pytest.mark.parametrize("kind", ["across", "L"])
def test_pairs_that_talk_2_5_m_apart_stay_two(kind: str) -> None:
    """Whichever way each of them stands."""
    rng, half = np.random.default_rng(0), {"across": np.pi / 2.0, "L": np.pi / 4.0}[kind]
    for _ in range(100):
        poses = []
        for x in (0.0, 2.5):
            turn, radius = rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 0.75)
            angle = turn + np.array([-half, half])
            place = x + radius * np.cos(angle), radius * np.sin(angle)
            poses += np.column_stack([*place, angle + np.pi]).tolist()
        seen = np.array(poses) + rng.normal(0.0, (0.03, 0.03, 0.08), (4, 3))
        assert f_formations(seen, ABOUT).tolist() == [0, 0, 1, 1]


def test_two_circles_and_somebody_who_looks_on_from_behind() -> None:
    poses = np.vstack([circle(6, 1.2), circle(8, 1.5, x=4.5), (-2.7, 0.1, EAST)])
    assert f_formations(poses, ABOUT).tolist() == [0] * 6 + [1] * 8 + [-1]


@pytest.mark.parametrize("apart", [0.5, 0.6, 0.8, 1.0, 1.5])
def test_queue_and_audience_are_no_groups(apart: float) -> None:
    row = [(0.0, apart * k, EAST) for k in range(6)]
    assert formations(*row) == [-1] * 6
    assert formations(*row, *((-0.9, y, yaw) for _, y, yaw in row)) == [-1] * 12
    assert formations(*((apart * k, 0.05 * (-1) ** k, EAST) for k in range(6))) == [-1] * 6
    bent = np.arange(5) * apart / 3.0
    place = 3.0 * np.cos(bent), 3.0 * np.sin(bent)
    assert f_formations(np.column_stack([*place, bent + np.pi]), ABOUT).tolist() == [-1] * 5


def test_two_side_by_side_are_a_pair_until_they_stand_in_a_row() -> None:
    pair = [(0.0, 0.35, EAST), (0.0, -0.35, EAST)]
    assert formations(*pair) == [0, 0]
    assert formations(*pair, (0.0, 1.0, WEST)) == [0, 0, -1]
    assert formations(*pair, (0.0, 1.1, 0.2)) == [-1, -1, -1]


def test_nobody_and_one() -> None:
    assert formations() == []
    assert formations((0.0, 0.0, 0.0)) == [-1]
    assert GroupFilter().update(0.0, []) == {}


def test_who_walks_side_by_side_walks_together_and_who_meets_does_not() -> None:
    poses = np.array([(0.0, 0.0, 0.0), (0.0, 0.8, 0.0), (2.0, 0.4, np.pi)])
    velocities = np.array([(1.0, 0.0), (1.1, 0.0), (-1.0, 0.0)])
    pairs = walking_together(poses, velocities, ABOUT)
    assert pairs.tolist() == [[False, True, False], [True, False, False], [False] * 3]
    two = [Person(f"p{k}", poses[k], velocities[k]) for k in (0, 2)]
    assert found(two) == []


@given(
    st.integers(0, 10**6),
    st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.floats(-3, 3)),
)
@settings(max_examples=40, deadline=None)
def test_groups_do_not_depend_on_frame_or_order(
    seed: int, frame: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(seed)
    poses = gathering(rng, WIDE if seed % 2 else CLOSE).poses
    moved = np.array([compose(np.array(frame), pose) for pose in poses])
    order = rng.permutation(len(poses))

    def partition(labels: np.ndarray, names: np.ndarray) -> set[frozenset[int]]:
        return {frozenset(names[labels == label].tolist()) for label in set(labels.tolist()) - {-1}}

    plain = partition(f_formations(poses, ABOUT), np.arange(len(poses)))
    assert partition(f_formations(moved, ABOUT), np.arange(len(poses))) == plain
    assert partition(f_formations(poses[order], ABOUT), order) == plain


@pytest.mark.parametrize(("kinds", "two_thirds", "whole"), [(CLOSE, 0.93, 0.9), (WIDE, 0.88, 0.84)])
def test_f1_on_made_up_gatherings_with_errors(
    kinds: tuple[str, ...], two_thirds: float, whole: float
) -> None:
    rng = np.random.default_rng(7)
    counts = {2.0 / 3.0: np.zeros(3), 1.0: np.zeros(3)}
    for _ in range(150):
        made = gathering(rng, kinds)
        groups = found(made.people(0.1, 0.25, rng))
        for share in counts:
            counts[share] += group_scores(groups, made.named_groups(), share)
    f1 = {share: 2.0 * a / (2.0 * a + b + c) for share, (a, b, c) in counts.items()}
    assert f1[2.0 / 3.0] > two_thirds
    assert f1[1.0] > whole


@pytest.mark.parametrize(
    "name",
    ["circle", "face_to_face", "l_shape", "side_by_side", "single", "approach", "wave", "head_on"],
)
def test_the_groups_of_the_scenes_are_found(name: str) -> None:
    scene = load_scene(SCENES / f"{name}.yaml")
    people = [Person(person.id, np.array(person.pose)) for person in scene.people]
    truth: dict[str, set[str]] = {}
    for person in scene.people:
        if person.group:
            truth.setdefault(person.group, set()).add(person.id)
    assert set(found(people)) == {frozenset(group) for group in truth.values()}


AWAY = np.array([9.0, 0.0, 0.0])


class TestOverTime:
    def pair(self, apart: float) -> list[Person]:
        poses = (0.0, 0.0, EAST), (apart, 0.0, WEST)
        return [
            Person(name, np.array(pose)) for name, pose in zip(("ana", "ben"), poses, strict=True)
        ]

    def test_a_glance_makes_no_group_and_none_ends_one(self) -> None:
        filters, names = GroupFilter(), []
        apart = [5.0] * 10 + [1.2] * 2 + [5.0] * 10 + [1.2] * 20 + [5.0] * 2 + [1.2] * 10
        for k, gap in enumerate(apart):
            names.append(filters.update(0.1 * k, self.pair(gap))["ana"])
        assert not any(names[:22])
        assert all(names[32:])
        assert len(set(names[32:])) == 1

    def test_a_group_keeps_its_name_when_somebody_joins_and_leaves(self) -> None:
        filters = GroupFilter(replace(ABOUT, memory=0.0))
        two = self.pair(1.2)
        name = filters.update(0.0, two)["ana"]
        joined = [*two, Person("eva", np.array([0.6, 0.75, SOUTH]))]
        groups = filters.update(1.0, joined)
        assert groups == {"ana": name, "ben": name, "eva": name}
        left = filters.update(2.0, [joined[0], joined[2]])
        assert set(left.values()) <= {name, ""}

    @pytest.mark.parametrize("last", ["ana", "cleo"])
    def test_a_new_group_gets_a_name_that_no_other_has(self, last: str) -> None:
        """Of four, two go; when those talk to each other elsewhere, the others keep the name."""
        filters = GroupFilter(replace(ABOUT, memory=0.0))
        ana, ben = self.pair(1.2)
        cleo, dora = (
            Person(name, np.array(pose))
            for name, pose in (("cleo", (0.6, 0.6, SOUTH)), ("dora", (0.6, -0.6, NORTH)))
        )
        assert set(filters.update(0.0, [ana, ben]).values()) == {"ana+ben"}
        assert set(filters.update(1.0, [ana, ben, cleo, dora]).values()) == {"ana+ben"}
        away = [replace(person, pose=person.pose + AWAY) for person in (ana, ben)]
        away[1] = replace(away[1], pose=away[1].pose * (1.0, 1.0, 0.0))
        names = filters.update(2.0, [*away, cleo, dora])
        assert names == {"ana": "", "ben": "", "cleo": "ana+ben", "dora": "ana+ben"}
        away = [replace(person, pose=person.pose + AWAY) for person in (ana, ben)]
        people = [*away, cleo, dora] if last == "cleo" else [cleo, dora, *away]
        names = filters.update(3.0, people)
        assert names == {
            "ana": "ana+ben#2",
            "ben": "ana+ben#2",
            "cleo": "ana+ben",
            "dora": "ana+ben",
        }

    def test_of_a_group_that_splits_the_larger_part_keeps_the_name(self) -> None:
        filters = GroupFilter(replace(ABOUT, memory=0.0))
        five = [Person(name, pose) for name, pose in zip("abcde", circle(5, 0.9), strict=True)]
        assert set(filters.update(0.0, five).values()) == {"a+b+c+d+e"}
        three = [Person(name, pose) for name, pose in zip("cde", circle(3, 0.8), strict=True)]
        two = [Person(name, pose) for name, pose in zip("ab", circle(2, 0.6, 9.0), strict=True)]
        names = filters.update(1.0, [*two, *three])
        assert {names[name] for name in "cde"} == {"a+b+c+d+e"}
        assert {names[name] for name in "ab"} == {"a+b"}

    def test_unknown_headings_found_no_group(self) -> None:
        spread = np.diag([0.0, 0.0, UNKNOWN_YAW_VARIANCE])
        people = [replace(person, covariance=spread) for person in self.pair(1.2)]
        assert found(people) == []

    def test_a_crowd_of_a_hundred(self) -> None:
        rng = np.random.default_rng(0)
        poses = np.column_stack([rng.uniform(-8, 8, (100, 2)), rng.uniform(-3, 3, 100)])
        people = [Person(f"p{k}", pose) for k, pose in enumerate(poses)]
        assert set(GroupFilter().update(0.0, people)) == {person.id for person in people}


class TestScores:
    TRUTH = (frozenset("abc"), frozenset("de"))

    def test_two_thirds_and_all(self) -> None:
        assert group_scores([frozenset("ab"), frozenset("de")], self.TRUTH, 2.0 / 3.0) == (2, 0, 0)
        assert group_scores([frozenset("ab"), frozenset("de")], self.TRUTH, 1.0) == (1, 1, 1)

    def test_one_stranger_of_three_is_still_two_thirds_right(self) -> None:
        assert group_scores([frozenset("abz")], self.TRUTH, 2.0 / 3.0) == (1, 0, 1)
        assert group_scores([frozenset("abzy")], self.TRUTH, 2.0 / 3.0) == (0, 1, 2)

    def test_one_found_group_matches_one_true_one(self) -> None:
        truth = (frozenset("ab"), frozenset("ab"))
        assert group_scores([frozenset("ab")], truth, 1.0) == (1, 0, 1)


def test_who_is_not_seen_stays_with_the_others_unless_they_go_away() -> None:
    """A camera that turns away sees the last of a person badly; that ends no conversation."""
    filters = GroupFilter(replace(ABOUT, memory=0.1))
    ana = Person("ana", np.array([0.0, 0.0, EAST]))
    ben = Person("ben", np.array([1.3, 0.0, WEST]))
    turned = replace(ben, pose=np.array([1.3, 0.0, EAST]))
    far = replace(ana, pose=np.array([-3.0, 0.0, EAST]))
    assert set(filters.update(0.0, [ana, ben]).values()) == {"ana+ben"}
    for time in (1.0, 2.0, 3.0):
        assert set(filters.update(time, [ana, turned], {"ana"}).values()) == {"ana+ben"}
    assert set(filters.update(4.0, [far, turned], {"ana"}).values()) == {""}
    assert set(filters.update(5.0, [ana, ben], {"ana"}).values()) == {""}
    assert set(filters.update(6.0, [ana, ben], {"ana", "ben"}).values()) == {"ana+ben"}
    assert set(filters.update(7.0, [ana, turned], {"ana", "ben"}).values()) == {""}

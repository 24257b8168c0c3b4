"""Social metrics and costs of personal space against trajectories worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.evaluation.metrics import comfort, social
from social_nav_core.evaluation.metrics.trajectories import MetricError
from social_nav_core.geometry import FloatArray, compose
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.skew_normal import SkewNormal

TIMES = np.arange(0.0, 10.01, 0.1)


def passing() -> tuple[FloatArray, FloatArray]:
    """A robot that drives 10 m east past a person 1 m north of the middle, who faces south."""
    robot = np.stack([TIMES, 0.0 * TIMES, 0.0 * TIMES], -1)
    person = np.tile((5.0, 1.0, -np.pi / 2.0), (len(TIMES), 1, 1))
    return robot, person


def model() -> ProxemicsModel:
    """A round Gaussian of 0.5 m."""
    part = SkewNormal(np.zeros(2), 0.25 * np.eye(2), np.zeros(2))
    return ProxemicsModel(np.ones(1), (part,))


def test_distances_while_passing() -> None:
    robot, person = passing()
    assert social.minimum_distance(TIMES, robot, person) == pytest.approx(1.0)
    assert social.minimum_distance(TIMES[::100], robot[::100], person[::100]) == pytest.approx(1.0)
    a = 5.0
    mean = (a * np.hypot(a, 1.0) + np.arcsinh(a)) / 2.0 / a
    assert social.mean_distance(TIMES, robot, person) == pytest.approx(mean, abs=1e-3)


def test_zones_while_passing() -> None:
    robot, person = passing()
    shares = social.zone_shares(TIMES, social.closest_distance(robot, person))
    personal = 2.0 * np.sqrt(1.2**2 - 1.0) / 10.0
    within_social = 2.0 * np.sqrt(3.6**2 - 1.0) / 10.0
    assert shares["intimate"] == 0.0
    assert shares["personal"] == pytest.approx(personal, abs=0.011)
    assert shares["social"] == pytest.approx(within_social - personal, abs=0.021)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_absent_people_are_far_away_and_do_not_count_in_the_mean() -> None:
    robot, person = passing()
    person = person.copy()
    person[TIMES > 5.05] = np.nan
    distances = social.closest_distance(robot, person)
    assert np.isinf(distances[-1])
    assert social.zone_shares(TIMES, distances)["public"] > 0.5
    assert social.mean_distance(TIMES, robot, person) < np.hypot(5.0, 1.0)
    assert social.minimum_distance(TIMES, robot, person) == pytest.approx(1.0)


def test_a_group_is_the_hull_of_its_members() -> None:
    people = np.array([[[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [9.0, 9.0, 0.0]]])
    groups = np.array([["g", "g", "g", ""]])
    for robot, distance in (((0.5, 0.5), 0.0), ((1.0, -0.7), 0.7), ((2.0, 2.0), np.sqrt(2.0))):
        at = social.group_distance(np.array([[*robot, 0.0]]), people, groups)
        assert at == pytest.approx([distance])
    alone = social.group_distance(
        np.array([[0.0, 0.0, 0.0]]), people, np.array([["g", "", "", ""]])
    )
    assert alone.tolist() == [np.inf]


def test_a_group_of_two_is_a_line_and_who_is_absent_is_no_member() -> None:
    people = np.array([[[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [1.0, 5.0, 0.0]]] * 2)
    people[1, 0] = np.nan
    groups = np.full((2, 3), "g")
    groups[0, 2] = ""
    robot = np.array([[1.0, 0.3, 0.0], [1.5, 2.5, 0.0]])
    assert social.group_distance(robot, people, groups) == pytest.approx([0.3, 0.0], abs=1e-9)


def test_time_to_collision_head_on_and_on_a_course_that_misses() -> None:
    robot, person = passing()
    ahead = person.copy()
    ahead[..., 1] = 0.0
    short = TIMES < 2.05
    ttc = social.minimum_time_to_collision(TIMES[short], robot[short], ahead[short])
    assert ttc == pytest.approx(5.0 - 1.9 - 0.52)
    assert social.minimum_time_to_collision(TIMES, robot, person) == np.inf
    assert social.minimum_time_to_collision(TIMES, robot, ahead) == 0.0


def test_an_o_space_of_four_and_a_robot_that_drives_through() -> None:
    angles = np.arange(4) * np.pi / 2.0
    people = np.stack([5.0 + np.cos(angles), np.sin(angles), angles + np.pi], -1)
    people = np.tile(people, (len(TIMES), 1, 1))
    groups = np.full(people.shape[:2], "g")
    space = social.o_space(people, groups == "g")
    np.testing.assert_allclose(space.centers[0], (5.0, 0.0), atol=1e-12)
    assert space.radii[0] == pytest.approx(0.85)
    robot = np.stack([TIMES, 0.5 + 0.0 * TIMES, 0.0 * TIMES], -1)
    count, seconds = social.o_space_intrusions(TIMES, robot, people, groups)
    assert count == 1
    assert seconds == pytest.approx(2.0 * np.sqrt(0.85**2 - 0.5**2), abs=0.1)
    robot[:, 1] = 0.9
    assert social.o_space_intrusions(TIMES, robot, people, groups) == (0, 0.0)
    assert social.o_space_intrusions(TIMES, robot, people, np.full_like(groups, "")) == (0, 0.0)


def test_turning_counts_only_near_people() -> None:
    robot, person = passing()
    robot = robot.copy()
    robot[:, 2] = np.where(TIMES < 1.0, 0.0, 0.5) + np.where(TIMES < 5.0, 0.0, -0.3)
    assert social.heading_change_near_people(TIMES, robot, person) == pytest.approx(0.3)
    assert social.heading_change_near_people(TIMES, robot, person, 9.0) == pytest.approx(0.8)


def test_social_work_of_standing_face_to_face_for_two_seconds() -> None:
    times = np.array([0.0, 2.0])
    robot = np.tile((0.0, 0.0, 0.0), (2, 1))
    facing = np.tile((1.65, 0.0, np.pi), (2, 1, 1))
    force = 0.42 * np.exp(-1.0)
    assert social.social_work(times, robot, facing) == pytest.approx(2.0 * 2.0 * force)
    turned = np.tile((1.65, 0.0, 0.0), (2, 1, 1))
    assert social.social_work(times, robot, turned) == pytest.approx(2.0 * 1.12 * force)


def test_learned_cost_is_the_density_at_the_robot_over_the_peak() -> None:
    robot, person = passing()
    two = np.concatenate([person, person + np.array([0.0, 3.0, 0.0])], axis=1)
    cost = comfort.learned_cost(TIMES, robot, two, model())
    np.testing.assert_allclose(cost, np.exp(-2.0 * ((TIMES - 5.0) ** 2 + 1.0)), rtol=1e-6)
    total = comfort.summary(TIMES, cost)
    assert total.integral == pytest.approx(np.exp(-2.0) * np.sqrt(np.pi / 2.0), rel=1e-3)
    assert total.maximum == pytest.approx(np.exp(-2.0))
    assert total.mean == pytest.approx(total.integral / 10.0)


def test_kirbys_gaussian_has_a_longer_front_than_back_and_grows_with_speed() -> None:
    times = np.array([0.0, 1.0])
    standing = np.tile((0.0, 0.0, np.pi / 2.0), (2, 1, 1))
    walking = standing.copy()
    walking[1, 0, 1] = 1.0
    places = {"front": (0.0, 0.5), "back": (0.0, -0.5), "side": (0.5, 0.0)}
    wanted = {"front": np.exp(-0.5), "back": np.exp(-2.0), "side": np.exp(-1.125)}
    for name, place in places.items():
        robot = np.tile((*place, 0.0), (2, 1))
        assert comfort.kirby_cost(times, robot, standing)[0] == pytest.approx(wanted[name])
    robot = np.tile((0.0, 2.0, 0.0), (2, 1))
    assert comfort.kirby_cost(times, robot, walking)[0] == pytest.approx(np.exp(-0.5))


finite = st.floats(-20.0, 20.0)


@settings(max_examples=25, deadline=None)
@given(finite, finite, st.floats(-3.1, 3.1))
def test_no_social_metric_depends_on_where_the_map_begins(x: float, y: float, yaw: float) -> None:
    robot, person = passing()
    people = np.concatenate([person, person + np.array([1.0, 0.5, 0.7])], axis=1)
    groups = np.full(people.shape[:2], "g")
    moved = compose((x, y, yaw), robot), compose((x, y, yaw), people)
    for metric in (
        social.minimum_distance,
        social.mean_distance,
        social.minimum_time_to_collision,
        social.social_work,
        social.heading_change_near_people,
    ):
        assert metric(TIMES, *moved) == pytest.approx(metric(TIMES, robot, people), abs=1e-6)
    np.testing.assert_allclose(
        comfort.kirby_cost(TIMES, *moved), comfort.kirby_cost(TIMES, robot, people), atol=1e-9
    )
    np.testing.assert_allclose(
        comfort.learned_cost(TIMES, *moved, model=model()),
        comfort.learned_cost(TIMES, robot, people, model()),
        atol=1e-9,
    )
    before = social.o_space_intrusions(TIMES, robot, people, groups)
    assert social.o_space_intrusions(TIMES, *moved, groups) == pytest.approx(before)
    np.testing.assert_allclose(
        social.group_distance(*moved, groups),
        social.group_distance(robot, people, groups),
        atol=1e-9,
    )


def test_time_reversal_and_resampling_leave_places_alone() -> None:
    robot, person = passing()
    groups = np.full(person.shape[:2], "g")
    for metric in (social.minimum_distance, social.mean_distance):
        forward = metric(TIMES, robot, person)
        assert metric(TIMES, robot[::-1], person[::-1]) == pytest.approx(forward)
        assert metric(TIMES[::2], robot[::2], person[::2]) == pytest.approx(forward, abs=0.01)
    for part in (slice(None, None, -1), slice(None, None, 2)):
        times = np.sort(TIMES[part])
        curve = comfort.summary(
            times, comfort.learned_cost(times, robot[part], person[part], model())
        )
        whole = comfort.summary(TIMES, comfort.learned_cost(TIMES, robot, person, model()))
        assert curve.integral == pytest.approx(whole.integral, rel=1e-3)
    assert social.o_space_intrusions(TIMES, robot, person, groups) == (0, 0.0)


def test_unusable_people_are_refused() -> None:
    robot, person = passing()
    with pytest.raises(MetricError, match="no people: nobody is there at any time"):
        social.mean_distance(TIMES, robot, np.full_like(person, np.nan))
    with pytest.raises(MetricError, match=r"shape \(101, 3\), expected \(101, n, 3\)"):
        social.minimum_distance(TIMES, robot, person[:, 0])
    with pytest.raises(MetricError, match="infinite value"):
        social.minimum_distance(TIMES, robot, np.full_like(person, np.inf))
    with pytest.raises(MetricError, match="without NaN"):
        social.zone_shares(TIMES, np.full(len(TIMES), np.nan))

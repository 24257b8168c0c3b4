"""Contacts: who touched whom, on trajectories worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike
from social_nav_core.evaluation.metrics.collisions import (
    Contact,
    obstacle_contacts,
    obstacle_distance,
    person_contacts,
)
from social_nav_core.evaluation.metrics.trajectories import MetricError
from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.room import Box

TIMES = np.arange(0.0, 4.01, 0.1)


def line(start: ArrayLike, velocity: ArrayLike, yaw: float = 0.0) -> FloatArray:
    """Poses (t, 3) at a constant velocity."""
    xy = np.asarray(start, float) + TIMES[:, None] * np.asarray(velocity, float)
    return np.concatenate([xy, np.full((len(TIMES), 1), yaw)], -1)


def contacts(robot: FloatArray, person: FloatArray, times: FloatArray = TIMES) -> list[Contact]:
    """Contacts of one robot and one person of radius 0.25 m each."""
    return person_contacts(
        times, robot, person[:, None], ["p"], robot_radius=0.25, person_radius=0.25
    )


def test_a_robot_drives_into_a_standing_persons_back() -> None:
    (contact,) = contacts(line((0.0, 0.0), (0.5, 0.0)), line((1.5, 0.0), (0.0, 0.0)))
    assert contact.time == pytest.approx(2.0)
    assert contact.by == "robot"
    assert contact.other == "p"
    assert contact.speed == pytest.approx(0.5)


def test_a_person_walks_into_the_stopped_robot() -> None:
    (contact,) = contacts(line((0.0, 0.0), (0.0, 0.0)), line((2.0, 0.0), (-1.0, 0.0), np.pi))
    assert contact.time == pytest.approx(1.5)
    assert (contact.by, contact.speed) == ("person", pytest.approx(1.0))


def test_a_person_who_backs_into_the_robot_is_the_one_who_came() -> None:
    (contact,) = contacts(line((0.0, 0.0), (0.0, 0.0)), line((2.0, 0.0), (-1.0, 0.0), 0.0))
    assert contact.by == "person"


def test_a_robot_that_catches_up_with_someone_who_walks_away() -> None:
    (contact,) = contacts(line((0.0, 0.0), (0.8, 0.0)), line((1.0, 0.0), (0.3, 0.0)))
    assert contact.time == pytest.approx(1.0)
    assert (contact.by, contact.speed) == ("robot", pytest.approx(0.5))


def test_both_brush_past() -> None:
    robot = line((0.0, 0.0), (0.5, 0.0))
    person = line((2.0, 0.4), (-0.5, 0.0))
    (contact,) = contacts(robot, person)
    assert contact.time == pytest.approx((2.0 - 0.3) / 1.0)
    assert contact.by == "both"
    assert contact.speed == pytest.approx(2.0 * 0.5 * 0.3 / 0.5)


def test_passing_just_beside_is_no_contact() -> None:
    robot, person = line((0.0, 0.0), (0.5, 0.0)), line((2.0, 0.501), (-0.5, 0.0))
    assert contacts(robot, person) == []


def test_two_bodies_that_overlap_at_rest() -> None:
    (contact,) = contacts(line((0.0, 0.0), (0.0, 0.0)), line((0.3, 0.0), (0.0, 0.0)))
    assert (contact.time, contact.by, contact.speed) == (0.0, "neither", 0.0)


def test_a_contact_between_two_samples_is_found() -> None:
    times = np.array([0.0, 4.0])
    robot, person = line((0.0, 0.0), (1.0, 0.0))[[0, -1]], line((2.0, 0.0), (0.0, 0.0))[[0, -1]]
    (contact,) = contacts(robot, person, times)
    assert contact.time == pytest.approx(1.5)


def test_resampling_changes_neither_the_number_nor_the_time() -> None:
    robot, person = line((0.0, 0.0), (0.5, 0.0)), line((2.0, 0.4), (-0.5, 0.0))
    for step in (1, 2, 5, 20):
        (contact,) = contacts(robot[::step], person[::step], TIMES[::step])
        assert contact.time == pytest.approx(1.7)


def test_time_reversal_keeps_the_number_and_turns_the_blame_away() -> None:
    robot = line((0.0, 0.0), (0.5, 0.0))
    person = line((1.0, 0.3), (0.0, 0.0))
    assert [c.by for c in contacts(robot, person)] == ["robot"]
    assert [c.by for c in contacts(robot[::-1], person[::-1])] == ["robot"]
    into = line((0.0, 0.0), (0.2, 0.0))
    assert [c.by for c in contacts(into, person)] == ["robot"]
    assert [c.by for c in contacts(into[::-1], person[::-1])] == ["neither"]


def test_touching_again_counts_again_only_after_a_gap() -> None:
    robot = np.zeros((len(TIMES), 3))
    person = np.zeros((len(TIMES), 3))
    person[:, 0] = 0.5 + 0.01 * np.sin(20.0 * TIMES)
    assert len(contacts(robot, person)) == 1
    person[:, 0] = 0.5 + 0.2 * np.sin(np.pi * TIMES + 0.1)
    assert len(contacts(robot, person)) == 2


def test_who_is_absent_touches_nobody() -> None:
    person = line((0.5, 0.0), (0.0, 0.0))
    person[3:] = np.nan
    assert contacts(line((5.0, 0.0), (-2.5, 0.0)), person) == []
    with pytest.raises(MetricError, match="nobody is there"):
        contacts(line((5.0, 0.0), (0.0, 0.0)), np.full((len(TIMES), 3), np.nan))


def test_walls_and_furniture_are_told_apart() -> None:
    grid = GridGeometry(80, 40, 0.05)
    occupancy = np.zeros(grid.shape, dtype=np.int8)
    occupancy[:, 78:] = 100
    occupancy[18:22, 38:42] = 100
    table = Box("table", "table", (2.0, 1.0, 0.0), (0.2, 0.2), 0.7)
    robot = line((0.5, 1.4), (0.8, 0.0))
    robot[TIMES < 2.0, 1] = 1.2
    found = obstacle_contacts(TIMES, robot, grid, occupancy, furniture=[table], robot_radius=0.27)
    assert [contact.other for contact in found] == ["furniture", "wall"]
    assert [contact.by for contact in found] == ["robot", "robot"]
    unknown = obstacle_contacts(TIMES, robot, grid, occupancy, robot_radius=0.27)
    assert [contact.other for contact in unknown] == ["wall", "wall"]


def test_distance_to_an_occupied_cell_is_to_its_edge() -> None:
    grid = GridGeometry(20, 10, 0.1)
    occupancy = np.zeros(grid.shape, dtype=np.int8)
    occupancy[5, 15] = 100
    assert obstacle_distance(grid, occupancy, (0.55, 0.55)) == pytest.approx(0.95)
    assert obstacle_distance(grid, np.zeros(grid.shape), (0.5, 0.5)) == np.inf
    with pytest.raises(MetricError, match=r"\[3.0, 0.5\] m is outside the map"):
        obstacle_distance(grid, occupancy, (3.0, 0.5))
    with pytest.raises(MetricError, match="occupancy has the shape"):
        obstacle_distance(grid, occupancy[1:], (0.5, 0.5))


def test_names_must_fit_the_people() -> None:
    robot = line((0.0, 0.0), (0.0, 0.0))
    with pytest.raises(MetricError, match="2 person_ids for 1 people"):
        person_contacts(TIMES, robot, robot[:, None] + 3.0, ["a", "b"])

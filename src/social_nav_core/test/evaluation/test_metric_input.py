"""What cannot be measured is an error that says what; sparse and dense samples tell the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from social_nav_core.evaluation.metrics import approach as approaches
from social_nav_core.evaluation.metrics import collisions, comfort, navigation, social
from social_nav_core.evaluation.metrics.table import measure
from social_nav_core.evaluation.metrics.trajectories import MetricError
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.proxemics.model import shipped_model

TIMES = np.arange(6.0)
ROBOT = np.stack([TIMES, 0.0 * TIMES, 0.0 * TIMES], -1)
PEOPLE = np.tile((2.0, 1.0, 0.5), (6, 2, 1))
GROUPS = np.full((6, 2), "talk")
GRID = GridGeometry(200, 100, 0.05, (-1.0, -2.5, 0.0))
FREE = np.zeros(GRID.shape, np.int8)
INTERACTION = shipped_interaction_model()

OF_ROBOT: dict[str, Callable[..., object]] = {
    "path_length": navigation.path_length,
    "time_to_goal": lambda t, r: navigation.time_to_goal(t, r, (1.0, 0.0, 0.0)),
    "stalled_time": lambda t, r: navigation.stalled_time(t, r, np.ones(6, bool)),
    "oscillations": navigation.oscillations,
    "mean_speed": navigation.mean_speed,
    "maximum_speed": navigation.maximum_speed,
    "maximum_acceleration": navigation.maximum_acceleration,
    "mean_jerk": navigation.mean_jerk,
    "obstacle_contacts": lambda t, r: collisions.obstacle_contacts(t, r, GRID, FREE),
    "time_in_front": lambda t, r: approaches.time_in_front(t, r, PEOPLE[:, 0]),
}
OF_PEOPLE: dict[str, Callable[..., object]] = {
    "minimum_distance": social.minimum_distance,
    "mean_distance": social.mean_distance,
    "minimum_time_to_collision": social.minimum_time_to_collision,
    "o_space_intrusions": lambda t, r, p: social.o_space_intrusions(t, r, p, GROUPS),
    "heading_change": social.heading_change_near_people,
    "social_work": social.social_work,
    "learned_cost": lambda t, r, p: comfort.learned_cost(t, r, p, shipped_model()),
    "kirby_cost": comfort.kirby_cost,
    "person_contacts": lambda t, r, p: collisions.person_contacts(t, r, p, ["a", "b"]),
}


def changed(values: FloatArray, index: Any, value: float) -> FloatArray:
    values = values.copy()
    values[index] = value
    return values


BAD_TRACKS = [
    (changed(TIMES, 3, 2.0), ROBOT, "times must increase: sample 3 is at 2 s, after 2 s"),
    (TIMES[::-1], ROBOT, "times must increase"),
    (changed(TIMES, 2, np.nan), ROBOT, "times has a value that is not finite"),
    (TIMES[:1], ROBOT[:1], "expected .* at least 2"),
    (TIMES, ROBOT[:4], r"robot_in_map has the shape \(4, 3\), expected \(6, 3\)"),
    (TIMES, changed(ROBOT, (3, 0), np.nan), r"robot_in_map is \[nan, 0.0, 0.0\] at 3 s"),
]


@pytest.mark.parametrize("name", [*OF_ROBOT, *OF_PEOPLE])
@pytest.mark.parametrize(("times", "robot", "words"), BAD_TRACKS)
def test_a_track_that_is_none_is_an_error(
    name: str, times: FloatArray, robot: FloatArray, words: str
) -> None:
    with pytest.raises(MetricError, match=words):
        if name in OF_ROBOT:
            OF_ROBOT[name](times, robot)
        else:
            OF_PEOPLE[name](times, robot, PEOPLE)


@pytest.mark.parametrize("name", OF_PEOPLE)
@pytest.mark.parametrize(
    ("people", "words"),
    [
        (np.full((6, 2, 3), np.nan), "no people"),
        (np.zeros((6, 0, 3)), "no people"),
        (PEOPLE[:4], r"people_in_map has the shape \(4, 2, 3\), expected \(6, n, 3\)"),
        (changed(PEOPLE, (2, 0, 2), np.nan), "NaN only in part"),
        (changed(PEOPLE, (2, 0), np.inf), "infinite"),
    ],
)
def test_people_who_are_none_are_an_error(name: str, people: FloatArray, words: str) -> None:
    with pytest.raises(MetricError, match=words):
        OF_PEOPLE[name](TIMES, ROBOT, people)


CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: social.zone_shares(changed(TIMES, 3, 2.0), np.ones(6)), "times must increase"),
    (lambda: social.zone_shares(TIMES[::-1], np.ones(6)), "times must increase"),
    (lambda: social.zone_shares(np.zeros(1), np.ones(1)), "at least 2"),
    (lambda: social.zone_shares(TIMES, np.ones(4)), r"distances has the shape \(4,\)"),
    (lambda: social.zone_shares(TIMES, -np.ones(6)), "distances go down to -1 m"),
    (
        lambda: social.zone_shares(TIMES, changed(np.ones(6), 2, np.nan)),
        "distances is NaN at 2 s",
    ),
    (
        lambda: social.closest_distance(changed(ROBOT, 1, np.nan), PEOPLE),
        r"robot_in_map is \[nan, nan, nan\] in sample 1",
    ),
    (lambda: social.closest_distance(ROBOT[:3], PEOPLE), r"expected \(3, n, 3\)"),
    (
        lambda: social.group_distance(changed(ROBOT, 1, np.nan), PEOPLE, GROUPS),
        "robot_in_map is .* in sample 1",
    ),
    (
        lambda: social.group_distance(ROBOT, PEOPLE, GROUPS[:, :1]),
        r"group_ids has the shape \(6, 1\), expected \(6, 2\)",
    ),
    (
        lambda: social.o_space_intrusions(TIMES, ROBOT, PEOPLE, GROUPS[:3]),
        r"group_ids has the shape \(3, 2\)",
    ),
    (
        lambda: approaches.time_in_front(TIMES, ROBOT, PEOPLE[:3, 0]),
        r"person_in_map has the shape \(3, 3\), expected \(6, 3\)",
    ),
    (lambda: approaches.time_in_front(TIMES, ROBOT, np.full((6, 3), np.nan)), "no people"),
    (lambda: approaches.approached(ROBOT[0], []), r"people_in_map has the shape \(0,\)"),
    (lambda: approaches.approached(ROBOT[0], np.zeros((0, 3))), "n at least 1"),
    (lambda: approaches.approached(ROBOT[0], np.zeros((2, 2))), r"\(2, 2\), expected \(n, 3\)"),
    (lambda: approaches.place_density(ROBOT[0], np.zeros((0, 3)), INTERACTION), "no people"),
    (
        lambda: approaches.seen_by_robot(ROBOT[0], (2.0, 0.0, 0.0), GRID, FREE[1:]),
        "occupancy has the shape",
    ),
    (
        lambda: navigation.stalled_time(TIMES, ROBOT, np.ones(5, bool)),
        r"under_way has the shape \(5,\), expected \(6,\)",
    ),
    (lambda: comfort.summary(TIMES, np.ones(5)), r"cost has the shape \(5,\)"),
    (lambda: comfort.summary(TIMES[::-1], np.ones(6)), "times must increase"),
    (lambda: collisions.obstacle_distance(GRID, FREE, (np.nan, 0.0)), "not finite"),
]


@pytest.mark.parametrize(("measured", "words"), CASES)
def test_other_input_that_is_wrong_is_named(measured: Callable[[], object], words: str) -> None:
    with pytest.raises(MetricError, match=words):
        measured()


def test_absence_is_no_error() -> None:
    nobody = np.full((6, 2, 3), np.nan)
    assert np.isinf(social.closest_distance(ROBOT, nobody)).all()
    assert np.isinf(social.group_distance(ROBOT, nobody, GROUPS)).all()
    assert approaches.approached(ROBOT[0], nobody[0]) is None
    leaves = changed(PEOPLE, slice(3, None), np.nan)[:, 0]
    assert approaches.time_in_front(TIMES, ROBOT, leaves) <= 3.0


def wall() -> np.ndarray:
    """A wall of 0.1 m across, at 4 to 4.1 m."""
    cells = FREE.copy()
    cells[:, 100:102] = 100
    return cells


@pytest.mark.parametrize("period", [0.02, 0.1, 0.3, 1.0, 2.0, 8.0])
@pytest.mark.parametrize("start", [0.0, 0.013, 0.4])
def test_a_wall_is_hit_however_sparse_the_samples_are(period: float, start: float) -> None:
    """At 1 m/s from x = start: 4 m - 0.27 m - start until it is touched, to half a cell."""
    times = np.append(np.arange(0.0, 8.0 - 1e-9, period), 8.0)
    robot = np.stack([start + times, 0.0 * times, 0.0 * times], -1)
    (found,) = collisions.obstacle_contacts(times, robot, GRID, wall())
    assert found.time == pytest.approx(4.0 - 0.27 - start, abs=0.04)
    assert (found.other, found.by) == ("wall", "robot")
    assert found.speed == pytest.approx(1.0)


def test_figures_of_dense_runs_are_those_of_their_samples(avoid_with: RunRecord) -> None:
    """Samples finer than half a cell: contacts are counted as from the samples alone."""
    fine = np.linspace(avoid_with.times[0], avoid_with.times[-1], 5000)
    robot = np.stack(
        [np.interp(fine, avoid_with.times, avoid_with.robot_in_map[:, i]) for i in range(3)], -1
    )
    cells = avoid_with.occupancy.copy()
    rows, columns = avoid_with.grid.cells_of(avoid_with.robot_in_map[::25, :2])
    cells[rows, columns] = 100
    gap = collisions.obstacle_distance(avoid_with.grid, cells, robot[:, :2]) - 0.27
    touching, starts = False, []
    for time, distance in zip(fine, gap, strict=True):
        if distance < 0.0 and not touching:
            starts.append(time)
        touching = distance < (0.05 if touching else 0.0)
    found = collisions.obstacle_contacts(fine, robot, avoid_with.grid, cells)
    assert len(starts) > 2
    assert [contact.time for contact in found] == pytest.approx(starts)
    at_samples = collisions.obstacle_contacts(
        avoid_with.times, avoid_with.robot_in_map, avoid_with.grid, cells
    )
    assert len(at_samples) == len(starts)
    assert [contact.time for contact in at_samples] == pytest.approx(starts, abs=0.06)


def test_who_should_be_approached_and_never_is_there_has_no_front(approach: RunRecord) -> None:
    poses = approach.people_in_map.copy()
    poses[:, approach.person_ids.index(approach.target_id)] = np.nan
    values = measure(approach.changed(people_in_map=poses), shipped_model(), INTERACTION)
    assert np.isnan(values["time_in_front"])
    assert np.isnan(values["arrival_distance"])
    assert np.isfinite(values["minimum_distance"])

"""Approach metrics, and the table of all metrics."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.evaluation.metrics import approach as metrics
from social_nav_core.evaluation.metrics.table import METRICS, measure, under_way
from social_nav_core.evaluation.metrics.trajectories import MetricError
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import InteractionModel, shipped_interaction_model
from social_nav_core.people import Intent
from social_nav_core.proxemics.model import shipped_model

GRID = GridGeometry(80, 80, 0.05)
FREE = np.zeros(GRID.shape, dtype=np.int8)


def test_arrival_in_the_persons_frame() -> None:
    where = metrics.arrival((2.0, 3.0, -np.pi / 2.0 + 0.1), (2.0, 2.0, np.pi / 2.0 - 0.2))
    assert where.distance == pytest.approx(1.0)
    assert where.bearing == pytest.approx(0.2)
    assert where.facing_error == pytest.approx(0.1)
    behind = metrics.arrival((1.0, 0.0, np.pi), (2.0, 0.0, 0.0))
    assert (abs(behind.bearing), behind.facing_error) == (pytest.approx(np.pi),) * 2


def test_density_is_a_share_of_the_models_maximum() -> None:
    model = InteractionModel(np.array([[1.0, 0.0], [1.0, 0.3]]), np.array([0.75, 0.25]), 0.15)
    highest = float(model.density(model.modes()[0]))
    at = metrics.place_density((2.0, 1.0, 0.0), (1.0, 1.0, 0.0), model)
    assert at == pytest.approx(float(model.density((1.0, 0.0))) / highest)
    assert metrics.place_density((3.0, 1.0, 0.0), (1.0, 1.0, 0.0), model) < 1e-6


def test_time_in_front_of_a_person_who_is_passed() -> None:
    times = np.arange(0.0, 10.01, 0.05)
    robot = np.stack([times, 0.0 * times, 0.0 * times], -1)
    person = np.tile((5.0, 1.0, -np.pi / 2.0), (len(times), 1))
    seconds = metrics.time_in_front(times, robot, person)
    assert seconds == pytest.approx(2.0 * np.tan(metrics.FRONT), abs=0.06)


def test_walls_and_backs_hide() -> None:
    wall = FREE.copy()
    wall[40, 20:60] = 100
    person, robot = (2.0, 1.0, np.pi / 2.0), (2.0, 3.0, -np.pi / 2.0)
    for occupancy, seen in ((FREE, True), (wall, False)):
        assert metrics.seen_by_person(robot, person, GRID, occupancy) is seen
        assert metrics.seen_by_robot(robot, person, GRID, occupancy) is seen
    away = (2.0, 1.0, -np.pi / 2.0)
    assert not metrics.seen_by_person(robot, away, GRID, FREE)
    assert metrics.seen_by_robot(robot, away, GRID, FREE)
    assert not metrics.seen_by_robot((2.0, 3.0, -0.9), person, GRID, FREE)
    assert not metrics.seen_by_robot((2.0, 1.2, -np.pi / 2.0), person, GRID, FREE)


def test_who_was_approached() -> None:
    people = np.array([[1.0, 0.2, 0.0], [1.2, -0.1, 0.0], [0.5, 3.0, 0.0], [np.nan] * 3])
    assert metrics.approached((0.0, 0.0, 0.0), people) == 1
    assert metrics.approached((0.0, 0.0, np.pi), people) is None
    assert metrics.approached((0.5, 2.0, np.pi / 2.0), people) == 2


def test_poses_that_are_no_poses_are_refused() -> None:
    with pytest.raises(MetricError, match=r"person_in_map is \[nan, .*expected finite"):
        metrics.arrival((0.0, 0.0, 0.0), (np.nan, 0.0, 0.0))


def test_the_table_of_both_avoid_runs(avoid_with: RunRecord, avoid_without: RunRecord) -> None:
    models = shipped_model(), shipped_interaction_model()
    with_costs, without = measure(avoid_with, *models), measure(avoid_without, *models)
    assert list(with_costs) == [metric.name for metric in METRICS]
    for values in (with_costs, without):
        assert values["success"] == 1.0
        assert np.isnan(values["arrival_distance"])
        assert np.isnan(values["spl"])
    for values in (with_costs, without):
        zones = ("intimate_time", "personal_time", "social_time")
        assert sum(values[name] for name in zones) < avoid_with.duration
        assert values["caused_contacts"] + values["contacts_by_person"] == values["person_contacts"]
    assert without["person_contacts"] == 2.0
    assert with_costs["group_time"] == with_costs["group_personal_time"] == 0.0
    assert without["group_time"] > without["o_space_time"] > 1.0
    assert without["group_personal_time"] > 0.5
    assert with_costs["o_space_intrusions"] == 0.0
    assert without["o_space_intrusions"] == 1.0
    assert with_costs["personal_cost_integral"] < 0.3 * without["personal_cost_integral"]
    assert with_costs["path_length"] > without["path_length"] == pytest.approx(9.7, abs=0.01)
    assert measure(avoid_without, *models, shortest=9.7)["spl"] == pytest.approx(1.0, abs=1e-3)


def test_the_table_of_the_approach(approach: RunRecord) -> None:
    models = shipped_model(), shipped_interaction_model()
    values = measure(approach, *models)
    assert values["arrival_distance"] == pytest.approx(1.0)
    assert values["arrival_bearing"] == pytest.approx(0.0, abs=1e-6)
    assert values["facing_error"] == pytest.approx(0.0, abs=1e-6)
    assert values["regoals"] == 1.0
    assert (values["wrong_person"], values["unwanted_approach"]) == (0.0, 0.0)
    assert (values["seen_by_person"], values["seen_by_robot"]) == (1.0, 1.0)
    other = approach.changed(target_id="person_b")
    assert measure(other, *models)["wrong_person"] == 1.0
    unwilling = np.full_like(approach.intents, Intent.NOT_INTERESTED)
    assert measure(approach.changed(intents=unwilling), *models)["unwanted_approach"] == 1.0


def test_under_way_follows_the_goal_that_was_sent_last(approach: RunRecord) -> None:
    moving = under_way(approach)
    assert moving[0]
    assert not moving[-1]
    before_second = approach.sample_at(approach.goal_times[1] - 0.05)
    assert not moving[before_second]
    assert moving[before_second + 1]


def test_a_run_without_people_has_navigation_metrics_only(avoid_with: RunRecord) -> None:
    empty = avoid_with.changed(people_in_map=np.full_like(avoid_with.people_in_map, np.nan))
    values = measure(empty, shipped_model(), shipped_interaction_model())
    assert values["person_contacts"] == 0.0
    assert np.isnan(values["minimum_distance"])
    assert values["path_length"] > 9.7


def test_an_approach_that_never_began_counts_as_a_failure(approach: RunRecord) -> None:
    models = shipped_model(), shipped_interaction_model()
    still = np.repeat(approach.robot_in_map[:1], len(approach.times), axis=0)
    never = approach.changed(
        reached=False,
        robot_in_map=still,
        goal_times=np.zeros(0),
        goals_in_map=np.zeros((0, 3)),
        time_limit=approach.duration,
    )
    values = measure(never, *models)
    assert (values["success"], values["timeout"], values["spl"]) == (0.0, 1.0, 0.0)
    assert values["stalled_time"] == pytest.approx(approach.duration)
    assert np.isnan(values["wrong_person"]), "it came up to nobody"
    assert values["unwanted_approach"] == 0.0
    earlier = never.changed(time_limit=approach.duration + 1.0)
    assert measure(earlier, *models)["timeout"] == 0.0, "it ended for another reason"


def test_success_weighs_the_way_only_where_there_is_a_way(avoid_with: RunRecord) -> None:
    models = shipped_model(), shipped_interaction_model()
    failed = avoid_with.changed(reached=False, time_limit=avoid_with.duration)
    for shortest in (9.7, 0.0, np.nan):
        assert measure(failed, *models, shortest=shortest)["spl"] == 0.0
    assert measure(failed, *models)["timeout"] == 1.0, "it is at the goal, but did not arrive"
    for shortest in (0.0, np.nan):
        assert np.isnan(measure(avoid_with, *models, shortest=shortest)["spl"])

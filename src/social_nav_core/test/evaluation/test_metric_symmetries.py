"""All metrics at once: what moves the map, samples anew or turns time round, and what must stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from social_nav_core.evaluation.batch import shipped_models
from social_nav_core.evaluation.metrics.table import METRICS, measure
from social_nav_core.evaluation.run import RunRecord, RunRecordError
from social_nav_core.geometry import FloatArray, compose, transform_points
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.room import Box

OF_PLACES = (
    *("path_length", "mean_speed", "maximum_speed", "mean_acceleration", "maximum_acceleration"),
    *("mean_jerk", "oscillations", "person_contacts", "minimum_distance", "mean_distance"),
    *("intimate_time", "personal_time", "social_time", "group_time", "group_personal_time"),
    *("intimate_share", "personal_share", "social_share", "o_space_intrusions", "o_space_time"),
    *("personal_cost_integral", "personal_cost_mean", "personal_cost_maximum", "social_work"),
    *("kirby_cost_integral", "kirby_cost_mean", "kirby_cost_maximum", "heading_change"),
)
"""Metrics that know places but neither the goal nor which way time runs."""


def values_of(run: RunRecord) -> dict[str, float]:
    models = shipped_models()
    return measure(run, models.proxemics, models.interaction, shortest=5.0)


def moved(run: RunRecord, frame: tuple[float, float, float]) -> RunRecord:
    """The run with its map, room included, somewhere else in the world."""
    there = np.array(frame)

    def pose(poses: FloatArray) -> FloatArray:
        return compose(there, poses)

    grid = run.grid
    return run.changed(
        robot_in_map=pose(run.robot_in_map),
        people_in_map=pose(run.people_in_map),
        goals_in_map=pose(run.goals_in_map),
        paths_in_map=tuple(transform_points(there, path) for path in run.paths_in_map),
        furniture=tuple(
            Box(box.name, box.kind, tuple(pose(np.array(box.pose)).tolist()), box.size, box.height)
            for box in run.furniture
        ),
        grid=GridGeometry(
            grid.width, grid.height, grid.resolution, tuple(pose(np.array(grid.origin)).tolist())
        ),
    )


def doubled(run: RunRecord) -> RunRecord:
    """The run with a sample more in the middle between each two; both bodies move straight."""
    count = len(run.times)
    rows = np.repeat(np.arange(count), 2)[:-1]

    def between(values: FloatArray) -> FloatArray:
        unwrapped = values.copy()
        if values.shape[-1] == 3:
            unwrapped[..., 2] = np.unwrap(values[..., 2], axis=0)
        fine = unwrapped[rows]
        fine[1::2] = 0.5 * (unwrapped[:-1] + unwrapped[1:])
        return fine

    times = run.times[rows]
    times[1::2] = 0.5 * (run.times[:-1] + run.times[1:])
    labels = {n: getattr(run, n)[rows] for n in ("intents", "attitudes", "actions", "group_ids")}
    return run.changed(
        times=times,
        robot_in_map=between(run.robot_in_map),
        robot_velocity=between(run.robot_velocity),
        people_in_map=between(run.people_in_map),
        **labels,
    )


def backward(run: RunRecord) -> RunRecord:
    """The run played backward."""
    per_sample = ("robot_in_map", "robot_velocity", "people_in_map", "intents", "attitudes")
    changes = {name: getattr(run, name)[::-1] for name in (*per_sample, "actions", "group_ids")}
    return run.changed(times=run.times[-1] - run.times[::-1], **changes)


@pytest.fixture(scope="module")
def runs(avoid_with: RunRecord, approach: RunRecord) -> list[RunRecord]:
    return [avoid_with, approach]


@given(x=st.floats(-50.0, 50.0), y=st.floats(-50.0, 50.0), yaw=st.floats(-np.pi, np.pi))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_metric_depends_on_where_the_map_begins(
    runs: list[RunRecord], x: float, y: float, yaw: float
) -> None:
    for run in runs:
        expected, found = values_of(run), values_of(moved(run, (x, y, yaw)))
        assert set(found) == {metric.name for metric in METRICS}
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-6, nan_ok=True), name


def test_samples_in_between_change_little(runs: list[RunRecord]) -> None:
    """Sums over time change with the trapezoids at the zones' edges, never by a sample's time."""
    for run in runs:
        step = float(np.diff(run.times).max())
        expected, found = values_of(run), values_of(doubled(run))
        for metric in METRICS:
            slack = {"s": 2.0 * step, "rad": 0.1}.get(metric.unit, 0.02)
            assert found[metric.name] == pytest.approx(
                expected[metric.name], rel=0.05, abs=slack, nan_ok=True
            ), metric.name


def test_time_reversal_keeps_what_knows_places_alone(runs: list[RunRecord]) -> None:
    for run in runs:
        expected, found = values_of(run), values_of(backward(run))
        for name in OF_PLACES:
            assert found[name] == pytest.approx(expected[name], rel=1e-6, abs=1e-6), name


def test_shares_are_times_over_the_duration(runs: list[RunRecord]) -> None:
    for run in runs:
        values = values_of(run)
        for zone in ("intimate", "personal", "social"):
            assert values[f"{zone}_share"] * run.duration == pytest.approx(values[f"{zone}_time"])
        assert sum(values[f"{z}_share"] for z in ("intimate", "personal", "social")) <= 1.0 + 1e-9
        assert values["obstacle_contacts"] == (
            values["wall_contacts"] + values["furniture_contacts"]
        )


def test_the_time_limit_decides_about_a_timeout(avoid_with: RunRecord) -> None:
    assert np.isnan(values_of(avoid_with.changed(time_limit=np.inf))["timeout"])
    assert values_of(avoid_with.changed(time_limit=avoid_with.duration + 1.0))["timeout"] == 0.0
    halfway = 0.5 * avoid_with.duration
    assert values_of(avoid_with.changed(time_limit=halfway))["timeout"] == 1.0
    with pytest.raises(RunRecordError, match=r"time_limit is 0\.0 s, expected more than 0"):
        avoid_with.changed(time_limit=0.0)


def test_who_is_not_interested_is_known_from_when_the_goal_was_sent(approach: RunRecord) -> None:
    assert values_of(approach)["not_interested_target"] == 0.0
    column = approach.person_ids.index(approach.target_id)
    intents = approach.intents.copy()
    intents[:, column] = 3
    assert values_of(approach.changed(intents=intents))["not_interested_target"] == 1.0
    intents[: approach.sample_at(float(approach.goal_times[-1])) + 1, column] = 2
    assert values_of(approach.changed(intents=intents))["not_interested_target"] == 0.0

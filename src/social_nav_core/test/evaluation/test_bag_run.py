"""Recordings become run records."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.evaluation.bag_content import BagContent
from social_nav_core.evaluation.bag_run import read_run
from social_nav_core.evaluation.batch import shipped_models
from social_nav_core.evaluation.metrics.table import measure
from social_nav_core.evaluation.recorded_task import (
    RecordedTask,
    load_task,
    read_recorded_task,
    save_task,
)
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.recordings.errors import DataError
from written_bags import Bag, write_map, write_people, write_robot, write_run


def test_a_recording_gives_the_run_back(tmp_path: Path, avoid_with: RunRecord) -> None:
    run = read_run(write_run(tmp_path / "bag", avoid_with), "avoid")
    np.testing.assert_allclose(run.times - 100.0, avoid_with.times, atol=1e-6)
    np.testing.assert_allclose(run.robot_in_map, avoid_with.robot_in_map, atol=1e-6)
    np.testing.assert_allclose(run.robot_velocity, avoid_with.robot_velocity)
    np.testing.assert_allclose(run.people_in_map, avoid_with.people_in_map, atol=1e-6)
    assert run.person_ids == avoid_with.person_ids
    np.testing.assert_array_equal(run.intents, avoid_with.intents)
    np.testing.assert_array_equal(run.group_ids, avoid_with.group_ids)
    assert run.grid == avoid_with.grid
    np.testing.assert_array_equal(run.occupancy, avoid_with.occupancy)
    np.testing.assert_allclose(run.costs[0], avoid_with.costs[0], atol=0.006)
    np.testing.assert_allclose(run.goal_in_map, (*avoid_with.paths_in_map[0][-1], 0.5))
    assert run.reached


def test_people_in_the_odometrys_frame_are_taken_into_the_map(
    tmp_path: Path, avoid_with: RunRecord
) -> None:
    """As the suite's own perception publishes them; the frames differ by a shift and a turn."""
    run = read_run(write_run(tmp_path / "bag", avoid_with, people_frame="odom"), "avoid")
    np.testing.assert_allclose(run.people_in_map, avoid_with.people_in_map, atol=1e-6)


def test_a_frame_moves_evenly_between_its_transforms() -> None:
    """From (0, 0, 3) at 10 s to (2, 4, -3) at 12 s it turns by 0.283 rad over pi, not by -6."""
    steps = [(12.0, np.array([2.0, 4.0, -3.0])), (10.0, np.array([0.0, 0.0, 3.0]))]
    content = BagContent(transforms={("map", "odom"): steps})
    found = content.frame_in("map", "odom", np.array([5.0, 10.5, 11.0, 20.0]))
    expected = [[0, 0, 3.0], [0.5, 1.0, 3.0 + 0.25 * 0.2831853], [1, 2, np.pi], [2, 4, -3.0]]
    assert found is not None
    assert found[:2] == pytest.approx(np.array(expected[:2]), abs=1e-6)
    assert found[2, :2] == pytest.approx([1.0, 2.0])
    assert abs(found[2, 2]) == pytest.approx(np.pi, abs=1e-6)
    assert found[3] == pytest.approx(expected[3])
    assert content.frame_in("map", "base", np.zeros(1)) is None


def test_a_task_is_cut_out_of_a_recording(tmp_path: Path, avoid_with: RunRecord) -> None:
    whole = read_run(write_run(tmp_path / "bag", avoid_with), "avoid")
    start, end = 100.0 + avoid_with.times[5], 100.0 + avoid_with.times[-5]
    run = read_run(tmp_path / "bag", "avoid", between=(start, end))
    kept = (whole.times >= start - 1e-6) & (whole.times <= end + 1e-6)
    assert run.times == pytest.approx(whole.times[kept] - start)
    assert run.times[0] == pytest.approx(0.0, abs=1e-6)
    assert run.robot_in_map == pytest.approx(whole.robot_in_map[kept])
    assert run.people_in_map == pytest.approx(whole.people_in_map[kept], nan_ok=True)
    assert (run.occupancy == whole.occupancy).all(), "the map was said before"


def test_what_a_simulator_tells_is_believed_before_the_odometry(
    tmp_path: Path, avoid_with: RunRecord
) -> None:
    bag = Bag(write_run(tmp_path / "odometry", avoid_with).parent / "truth")
    with bag.writer:
        write_map(bag, avoid_with, {"tf": None})
        for i, time in enumerate(avoid_with.times + 100.0):
            write_robot(bag, avoid_with, i, time)
            write_people(bag, avoid_with, i, time, "map")
            truth = bag.make(
                "nav_msgs/Odometry",
                header=bag.header(time, "map"),
                child_frame_id="base_footprint",
                pose=bag.make(
                    "geometry_msgs/PoseWithCovariance",
                    pose=bag.pose(np.array([0.1 * i, 2.0, 0.3])),
                    covariance=np.zeros(36),
                ),
                twist=bag.make(
                    "geometry_msgs/TwistWithCovariance",
                    twist=bag.make(
                        "geometry_msgs/Twist", linear=bag.vector(0.25), angular=bag.vector(0.0)
                    ),
                    covariance=np.zeros(36),
                ),
            )
            bag.write("/ground_truth", "nav_msgs/Odometry", time, truth)
    run = read_run(tmp_path / "truth", "avoid")
    assert run.robot_in_map[:, 1:] == pytest.approx(np.tile([2.0, 0.3], (len(run.times), 1)))
    assert run.robot_velocity[:, 0] == pytest.approx(np.full(len(run.times), 0.25))


@pytest.mark.parametrize("perceived", [{}, {"people_frame": "odom"}, {"people": None}])
def test_true_people_are_believed_before_those_of_a_perception(
    tmp_path: Path, approach: RunRecord, perceived: dict[str, Any]
) -> None:
    """Which are elsewhere, or in the odometry's frame, or not there at all."""
    elsewhere = approach.people_in_map + np.array([0.4, -0.3, 0.0])
    seen = approach.changed(people_in_map=elsewhere, intents=np.full_like(approach.intents, 1))
    folder = write_run(tmp_path / "bag", seen, truth=approach, **perceived)
    run = read_run(folder, "approach", "person_a")
    assert run.person_ids == approach.person_ids
    assert run.people_in_map == pytest.approx(approach.people_in_map, abs=1e-6, nan_ok=True)
    np.testing.assert_array_equal(run.intents, approach.intents)
    start, end = (100.0 + approach.times[i] for i in (5, -5))
    cut = read_run(folder, "approach", "person_a", between=(start, end))
    assert cut.people_in_map == pytest.approx(run.people_in_map[5:-4], nan_ok=True)


def test_a_recorded_task_is_named_by_what_lies_beside_it(
    tmp_path: Path, avoid_with: RunRecord
) -> None:
    write_run(tmp_path / "bag", avoid_with)
    start, end = 100.0, 100.0 + float(avoid_with.times[-1])
    goal = (2.0, 1.0, 0.5)
    task = RecordedTask("hall", "avoid", "no social costs", 7, True, "", goal, start, end)
    save_task(tmp_path / "task.yaml", task)
    assert load_task(tmp_path / "task.yaml") == task
    run = read_recorded_task(tmp_path)
    assert (run.scene, run.arm, run.seed, run.reached) == ("hall", "no social costs", 7, True)
    assert run.goal_in_map == pytest.approx(goal)
    assert run.duration == pytest.approx(avoid_with.duration)


def test_a_recorded_task_that_took_too_long_is_a_timeout(
    tmp_path: Path, avoid_with: RunRecord
) -> None:
    """Of a recording samples are kept 0.1 s apart: the last one is before the task's end."""
    length = float(avoid_with.times[-1])
    write_run(tmp_path / "bag", avoid_with)
    start, limit = 100.0 + 0.03, length - 0.6
    about = ("hall", "avoid", "social costs", 7, False, "", (2.0, 1.0, 0.5), start, 100.0 + length)
    models = shipped_models()
    for task, timeout in ((RecordedTask(*about, limit), 1.0), (RecordedTask(*about), math.nan)):
        save_task(tmp_path / "task.yaml", task)
        run = read_recorded_task(tmp_path)
        measured = measure(run, models.proxemics, models.interaction, 5.0)["timeout"]
        assert measured == pytest.approx(timeout, nan_ok=True)


@pytest.mark.parametrize(("before", "after"), [(0.0, 5.0), (5.0, 0.0)])
def test_a_recording_of_another_task_is_refused(
    tmp_path: Path, avoid_with: RunRecord, before: float, after: float
) -> None:
    write_run(tmp_path / "bag", avoid_with)
    start, end = 100.0 - before, 100.0 + float(avoid_with.times[-1]) + after
    task = RecordedTask("hall", "avoid", "social costs", 7, True, "", (1.0, 2.0, 0.0), start, end)
    save_task(tmp_path / "task.yaml", task)
    with pytest.raises(DataError, match=r"the recording has the robot from .* s of a task that"):
        read_recorded_task(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2]", "not a task"),
        ("scene: a", "missing"),
        ("{", "not YAML"),
        (
            "{scene: a, task: fly, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            "start: 0.0, end: 1.0}",
            "task is 'fly'",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            "start: 2.0, end: 1.0}",
            "expected a finite start before it",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: true, target_id: '', "
            "goal: [1, .nan, 0], start: 0.0, end: 1.0}",
            "three finite numbers",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            "start: 0.0, end: 1.0, time_limit: .nan}",
            "time_limit is nan s, expected more than 0",
        ),
        (
            "{scene: 5, task: avoid, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            "start: 0.0, end: 1.0}",
            "scene is 5, expected a text",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: 'no', target_id: '', goal: null, "
            "start: 0.0, end: 1.0}",
            "reached is 'no', expected true or false",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            f"start: {'9' * 400}, end: 1.0}}",
            "not a task",
        ),
    ],
)
def test_a_bad_task_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "task.yaml").write_text(text)
    with pytest.raises(DataError, match=words) as caught:
        load_task(tmp_path / "task.yaml")
    assert "\n" not in str(caught.value)


def test_people_who_are_not_in_the_messages_any_more_are_absent(
    tmp_path: Path, approach: RunRecord
) -> None:
    poses = approach.people_in_map.copy()
    poses[20:, 1] = np.nan
    run = read_run(
        write_run(tmp_path / "bag", approach.changed(people_in_map=poses)), "approach", "person_a"
    )
    absent = np.isnan(run.person("person_b")[:, 0])
    assert not absent[:20].any()
    assert absent[20:].all()
    assert run.target_id == "person_a"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"odom": None}, r"no message on /odom \(odometry\)"),
        ({"people": None}, r"no message on /social_people \(people\)"),
        ({"tf": None}, "no transform from 'map' to 'odom' on /tf or /tf_static"),
        ({"people_frame": "base_link"}, "people are in the frame 'base_link', expected the map's"),
        ({"/map resolution": float("nan")}, "a message on /map is no grid: .*resolution is nan"),
        ({"/map height": 0}, "a message on /map is no grid: .* expected at least 1 x 1"),
        ({"/map height": 2**31}, "a message on /map is no grid: it has .* cells, expected .* x"),
        ({"/social_costmap height": 3}, "a message on /social_costmap is no grid"),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    tmp_path: Path, avoid_with: RunRecord, changes: dict[str, Any], message: str
) -> None:
    folder = write_run(tmp_path / "bag", avoid_with, **changes)
    with pytest.raises(DataError, match=message):
        read_run(folder, "avoid")


def test_files_that_are_no_recordings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_run(tmp_path / "none", "avoid")
    (tmp_path / "text.mcap").write_text("hello")
    with pytest.raises(DataError, match="not a recording that can be read"):
        read_run(tmp_path / "text.mcap", "avoid")

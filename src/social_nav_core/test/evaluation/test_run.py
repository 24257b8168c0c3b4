"""Run records: checks, recording and files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.bodies import Body
from social_nav_core.evaluation.record_file import load_run, save_run
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.evaluation.run import CameraView, RunRecord, RunRecordError
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Intent, Person, certain
from social_nav_core.sim.room import Box

GRID = GridGeometry(4, 3, 0.5, (1.0, 2.0, 0.0))


def recorded() -> RunRecord:
    """Three samples; 'b' is there only in the second."""
    recorder = RunRecorder("scene", "approach", "arm", seed=3)
    a = Person("a", np.array([1.0, 2.0, 0.5]), intent=certain(Intent.INTERESTED))
    b = Person("b", np.array([3.0, 2.0, -0.5]), group_id="g")
    for i, people in enumerate(([a], [a, b], [a])):
        recorder.sample(0.1 * i, (0.1 * i, 0.0, 0.0), (1.0, 0.0), people)
    recorder.goal(0.0, (2.0, 2.0, 0.0))
    recorder.path(0.05, [[0.0, 0.0], [2.0, 2.0]])
    recorder.path(0.10, [[0.1, 0.0], [1.0, 1.0], [2.0, 2.0]])
    recorder.costs(0.0, np.linspace(0.0, 1.0, 12).reshape(3, 4))
    recorder.event(0.2, "arrived")
    recorder.event(0.0, "goal sent")
    recorder.view(CameraView(0.0, 640, 480, ()))
    ones = np.ones(23, dtype=np.float32)
    body = Body("a", 2.0 * ones, ones, 0.5 * ones, np.array([1.0, 2.0, 3.0]), np.eye(3))
    recorder.view(CameraView(0.1, 640, 480, (body,)))
    table = Box("table", "table", (1.0, 2.0, 0.3), (0.8, 0.6), 0.75)
    return recorder.record(
        reached=True, grid=GRID, occupancy=np.zeros((3, 4)), furniture=[table], target_id="a"
    )


def test_a_recorder_collects_people_who_come_and_go() -> None:
    run = recorded()
    assert run.person_ids == ("a", "b")
    assert np.isnan(run.person("b")).all(-1).tolist() == [True, False, True]
    np.testing.assert_allclose(run.person("b")[1], (3.0, 2.0, -0.5))
    assert run.intents[:, 0].tolist() == [Intent.INTERESTED] * 3
    assert run.group_ids.tolist() == [["", ""], ["", "g"], ["", ""]]
    assert [event.text for event in run.events] == ["goal sent", "arrived"]
    assert [run.sample_at(t) for t in (-1.0, 0.0, 0.15, 9.0)] == [0, 0, 1, 2]
    assert run.goal_in_map.tolist() == [2.0, 2.0, 0.0]


def assert_same(a: Any, b: Any) -> None:
    """Two values of a dataclass, an array or a tuple are equal, NaN included."""
    if dataclasses.is_dataclass(a):
        for item in dataclasses.fields(a):
            assert_same(getattr(a, item.name), getattr(b, item.name))
    elif isinstance(a, tuple) and a and not isinstance(a[0], (str, float)):
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    elif isinstance(a, np.ndarray) and a.dtype.kind == "f":
        np.testing.assert_allclose(a, b, atol=0.5 / 255.0)
    else:
        np.testing.assert_array_equal(a, b)


def test_a_file_gives_the_run_back(tmp_path: Path) -> None:
    run = recorded()
    save_run(tmp_path / "run.npz", run)
    assert_same(run, load_run(tmp_path / "run.npz"))


def test_a_run_with_nobody_and_no_goal_can_be_kept(tmp_path: Path) -> None:
    recorder = RunRecorder("empty", "avoid", "arm", seed=0)
    for i in range(2):
        recorder.sample(i, (0.0, 0.0, 0.0), (0.0, 0.0), [])
    run = recorder.record(reached=False, grid=GRID, occupancy=np.zeros((3, 4)))
    save_run(tmp_path / "run.npz", run)
    back = load_run(tmp_path / "run.npz")
    assert_same(run, back)
    with pytest.raises(RunRecordError, match="'arm' in scene 'empty' has no goal"):
        _ = back.goal_in_map


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "dance"}, "task is 'dance', expected one of avoid, approach"),
        ({"times": np.array([0.0, 0.2, 0.1])}, "sample 2 is at 0.1 s, after 0.2 s"),
        ({"times": np.array([0.0, np.nan, 0.1])}, "times has a value that is not finite"),
        ({"times": np.array([0.0])}, "t at least 2"),
        (
            {"times": np.array([0.0, 0.1, 2e9])},
            "for 2e.09 s, expected at most 86400 s: after 0.1 s",
        ),
        ({"robot_in_map": np.zeros((2, 3))}, r"robot_in_map has the shape \(2, 3\), expected"),
        ({"robot_in_map": np.full((3, 3), np.inf)}, "robot_in_map has a value that is not finite"),
        ({"people_in_map": np.array([[[np.nan, 0.0, 0.0]] * 2] * 3)}, "NaN only in part"),
        ({"people_in_map": np.full((3, 2, 3), np.inf)}, "people_in_map has a value"),
        ({"person_ids": ("a", "a")}, "not unique"),
        ({"target_id": "c"}, "target_id 'c' is not one of"),
        ({"costs": np.full((1, 3, 4), 1.5)}, "costs go from 1.5 to 1.5, expected 0 to 1"),
        ({"costs": np.zeros((2, 3, 4))}, r"costs has the shape \(2, 3, 4\), expected \(1, 3, 4\)"),
        ({"occupancy": [[0]]}, r"occupancy is a list, expected an array \(3, 4\)"),
        ({"path_times": np.array([0.0])}, "2 paths_in_map for 1 path_times"),
        ({"occupancy": np.full((3, 4), b"1")}, "occupancy holds .S1, expected numbers"),
        ({"group_ids": np.zeros((3, 2))}, "group_ids holds float64, expected texts"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(RunRecordError, match=message):
        recorded().changed(**changes)


def test_a_recorder_without_samples_says_so() -> None:
    with pytest.raises(RunRecordError, match="no sample"):
        RunRecorder("s", "avoid", "a", 0).record(
            reached=True, grid=GRID, occupancy=np.zeros((3, 4))
        )


def test_files_that_are_no_run_are_named(tmp_path: Path) -> None:
    text = tmp_path / "text.npz"
    text.write_text("hello")
    other = tmp_path / "other.npz"
    np.savez(other, centers=np.zeros(3))
    for path, reason in ((text, ""), (other, "it has no 'about'"), (tmp_path / "none", "")):
        with pytest.raises(RunRecordError, match=f"{path.name} is not a run record.*{reason}"):
            load_run(path)


def test_a_pickle_inside_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pickle.npz"
    np.savez(path, about=np.array([{"format": 1}], dtype=object))
    with pytest.raises(RunRecordError, match="is not a run record"):
        load_run(path)

"""Run records in NPZ files, without pickle."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.bodies import Body
from social_nav_core.evaluation.run import CameraView, Event, RunRecord, RunRecordError
from social_nav_core.grid import GridGeometry
from social_nav_core.input_files import FileError, read_arrays
from social_nav_core.sim.room import Box
from social_nav_core.skeleton import JOINTS
from social_nav_core.whole_file import written_whole

FORMAT = 1
LARGEST = 1_000_000_000  # of a run's arrays [byte]
_NOT_A_RUN = (OSError, ValueError, TypeError, IndexError, OverflowError, RecursionError)
_PLAIN = ("scene", "task", "arm", "seed", "reached", "target_id", "robot_radius", "person_radius")
_ARRAYS = (
    *("times", "robot_in_map", "robot_velocity", "people_in_map", "intents", "attitudes"),
    *(
        "actions",
        "group_ids",
        "goal_times",
        "goals_in_map",
        "path_times",
        "occupancy",
        "cost_times",
    ),
)


def save_run(path: str | Path, run: RunRecord) -> None:
    """Write a run to an NPZ file; costs are kept with a resolution of 1/255."""
    about: dict[str, Any] = {name: getattr(run, name) for name in _PLAIN}
    about["format"] = FORMAT
    about["time_limit"] = run.time_limit if math.isfinite(run.time_limit) else None
    about["person_ids"] = run.person_ids
    about["grid"] = [run.grid.width, run.grid.height, run.grid.resolution, *run.grid.origin]
    about["events"] = [[event.time, event.text] for event in run.events]
    about["furniture"] = [dataclasses.astuple(box) for box in run.furniture]
    about["views"] = [
        [view.time, view.width, view.height, [body.id for body in view.bodies]]
        for view in run.views
    ]
    arrays = {name: getattr(run, name) for name in _ARRAYS}
    arrays["costs"] = np.round(run.costs * 255.0).astype(np.uint8)
    arrays["path_lengths"] = np.array([len(path) for path in run.paths_in_map], dtype=np.int64)
    arrays["path_points"] = np.concatenate([np.zeros((0, 2)), *run.paths_in_map])
    bodies = [body for view in run.views for body in view.bodies]
    arrays["joints"] = np.array([body.joints() for body in bodies]).reshape(-1, len(JOINTS), 3)
    arrays["body_poses"] = np.array([body.pose for body in bodies]).reshape(-1, 3)
    arrays["body_covariances"] = np.array([b.covariance for b in bodies]).reshape(-1, 3, 3)
    with written_whole(path) as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)


def load_run(path: str | Path) -> RunRecord:
    """Read a run; raises `RunRecordError` that names the file and what is wrong in it."""
    try:
        content = read_arrays(path, LARGEST)
        about = json.loads(str(content["about"]))
        if about["format"] != FORMAT:
            raise RunRecordError(f"format is {about['format']!r}, expected {FORMAT}")
        return _run(about, content)
    except KeyError as error:
        raise RunRecordError(f"{path} is not a run record: it has no {error}") from error
    except FileError as error:
        raise RunRecordError(f"{path} is not a run record: {error.reason}") from error
    except _NOT_A_RUN as error:
        raise RunRecordError(f"{path} is not a run record: {error}") from error


def _run(about: dict[str, Any], content: dict[str, np.ndarray]) -> RunRecord:
    width, height, resolution, *origin = about["grid"]
    ends = np.cumsum(content["path_lengths"])
    same: dict[str, Any] = {name: about[name] for name in _PLAIN}
    same |= {name: content[name] for name in _ARRAYS}
    return RunRecord(
        **same,
        time_limit=math.inf if (limit := about.get("time_limit")) is None else limit,
        person_ids=tuple(about["person_ids"]),
        grid=GridGeometry(width, height, resolution, tuple(origin)),
        costs=content["costs"].astype(np.float64) / 255.0,
        paths_in_map=tuple(np.split(content["path_points"], ends[:-1]) if len(ends) else ()),
        events=tuple(Event(time, text) for time, text in about["events"]),
        furniture=tuple(
            Box(name, kind, tuple(pose), tuple(size), height)
            for name, kind, pose, size, height in about["furniture"]
        ),
        views=tuple(_views(about["views"], content)),
    )


def _views(heads: list[Any], content: dict[str, np.ndarray]) -> Iterator[CameraView]:
    rows = zip(content["joints"], content["body_poses"], content["body_covariances"], strict=True)
    for time, width, height, ids in heads:
        bodies = []
        for person_id in ids:
            joints, pose, covariance = next(rows, (np.empty(0),) * 3)
            x, y, confidence = joints.T.astype(np.float32)
            bodies.append(Body(person_id, x, y, confidence, pose, covariance))
        yield CameraView(time, width, height, tuple(bodies))

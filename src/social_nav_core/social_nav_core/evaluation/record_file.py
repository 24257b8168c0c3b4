"""Run records in NPZ files, without pickle."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.evaluation.run import JOINTS, CameraView, Event, RunRecord, RunRecordError
from social_nav_core.grid import GridGeometry

FORMAT = 1
_PLAIN = ("scene", "task", "arm", "seed", "reached", "target_id", "robot_radius", "person_radius")
_ARRAYS = (
    *("times", "robot_in_map", "robot_velocity", "people_in_map", "intents", "attitudes"),
    *("actions", "group_ids", "goal_times", "goals_in_map", "path_times", "occupancy"),
    *("cost_times", "furniture"),
)


def save_run(path: str | Path, run: RunRecord) -> None:
    """Write a run to an NPZ file; costs are kept with a resolution of 1/255."""
    about: dict[str, Any] = {name: getattr(run, name) for name in _PLAIN}
    about["format"] = FORMAT
    about["person_ids"] = run.person_ids
    about["grid"] = [run.grid.width, run.grid.height, run.grid.resolution, *run.grid.origin]
    about["events"] = [[event.time, event.text] for event in run.events]
    about["views"] = [[view.time, view.width, view.height, view.ids] for view in run.views]
    arrays = {name: getattr(run, name) for name in _ARRAYS}
    arrays["costs"] = np.round(run.costs * 255.0).astype(np.uint8)
    arrays["path_lengths"] = np.array([len(path) for path in run.paths_in_map], dtype=np.int64)
    arrays["path_points"] = np.concatenate([np.zeros((0, 2)), *run.paths_in_map])
    arrays["joints"] = np.concatenate([np.zeros((0, JOINTS, 3)), *map(_joints, run.views)])
    with Path(path).open("wb") as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)


def load_run(path: str | Path) -> RunRecord:
    """Read a run; raises `RunRecordError` that names the file and what is wrong in it."""
    try:
        with np.load(path, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
        about = json.loads(str(content["about"]))
        if about["format"] != FORMAT:
            raise RunRecordError(f"format is {about['format']!r}, expected {FORMAT}")
        return _run(about, content)
    except KeyError as error:
        raise RunRecordError(f"{path} is not a run record: it has no {error}") from error
    except (OSError, zipfile.BadZipFile, ValueError, TypeError) as error:
        raise RunRecordError(f"{path} is not a run record: {error}") from error


def _run(about: dict[str, Any], content: dict[str, np.ndarray]) -> RunRecord:
    width, height, resolution, *origin = about["grid"]
    ends = np.cumsum(content["path_lengths"])
    same: dict[str, Any] = {name: about[name] for name in _PLAIN}
    same |= {name: content[name] for name in _ARRAYS}
    return RunRecord(
        **same,
        person_ids=tuple(about["person_ids"]),
        grid=GridGeometry(width, height, resolution, tuple(origin)),
        costs=content["costs"].astype(np.float64) / 255.0,
        paths_in_map=tuple(np.split(content["path_points"], ends[:-1]) if len(ends) else ()),
        events=tuple(Event(time, text) for time, text in about["events"]),
        views=tuple(_views(about["views"], content["joints"])),
    )


def _joints(view: CameraView) -> np.ndarray:
    joints = np.concatenate([view.joints, view.confidence[..., None]], axis=-1)
    return joints.reshape(-1, JOINTS, 3)


def _views(heads: list[Any], joints: np.ndarray) -> list[CameraView]:
    views = []
    for time, width, height, ids in heads:
        own, joints = joints[: len(ids)], joints[len(ids) :]
        views.append(CameraView(time, width, height, tuple(ids), own[..., :2], own[..., 2]))
    return views

"""Runs from recordings of whole tasks: the topics from the recording, the rest from `task.yaml`.

A recording (rosbag2, MCAP) begins before the task and ends after it, and does not tell what the
task was.  Whoever gives the task writes that down beside the recording.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from social_nav_core.evaluation.bag_content import BagTopics
from social_nav_core.evaluation.bag_run import read_run
from social_nav_core.evaluation.run import TASKS, RunRecord, RunRecordError
from social_nav_core.input_files import FileError, one_line, read_yaml, shown
from social_nav_core.recordings.errors import DataError

FILE, BAG = "task.yaml", "bag"
"""What a folder of a recorded task holds: the task, and the folder of the recording."""
UNSEEN = 2.0
"""How long the recording may lack the robot at the beginning and at the end of a task [s]."""
_OTHER_KINDS: dict[str, Any] = {
    "seed": int,
    "reached": bool,
    "start": (int, float),
    "end": (int, float),
    "time_limit": (int, float),
}
_WORDS = {str: "a text", int: "a whole number", bool: "true or false", (int, float): "a number [s]"}


@dataclass(frozen=True)
class RecordedTask:
    """What a recording does not tell.

    Attributes:
        scene, task, arm, seed, reached, target_id, time_limit: as in `RunRecord`.
        goal: (x [m], y [m], yaw [rad]) in the map; None when it changes and is recorded.
        start, end: of the task [s], on the clock of the recorded stamps.
    """

    scene: str
    task: str
    arm: str
    seed: int
    reached: bool
    target_id: str
    goal: tuple[float, float, float] | None
    start: float
    end: float
    time_limit: float = math.inf

    def __post_init__(self) -> None:
        kinds = {**dict.fromkeys(("scene", "task", "arm", "target_id"), str), **_OTHER_KINDS}
        for name, kind in kinds.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
                raise ValueError(f"{name} is {shown(value)}, expected {_WORDS[kind]}")
        if self.task not in TASKS:
            raise ValueError(f"task is {self.task!r}, expected one of {', '.join(TASKS)}")
        if not (math.isfinite(self.start) and self.start < self.end < math.inf):
            raise ValueError(
                f"start is {self.start} s and end {self.end} s, expected a finite start before it"
            )
        if not self.time_limit > 0.0:
            raise ValueError(f"time_limit is {self.time_limit} s, expected more than 0")
        if self.goal is not None:
            goal = tuple(float(value) for value in self.goal)
            if len(goal) != 3 or not all(map(math.isfinite, goal)):
                raise ValueError(f"goal is {self.goal}, expected three finite numbers [m, m, rad]")
            object.__setattr__(self, "goal", goal)


def save_task(path: Path, task: RecordedTask) -> None:
    """Write what a recording does not tell."""
    values = dataclasses.asdict(task)
    values["goal"] = None if task.goal is None else list(task.goal)
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")


def load_task(path: Path) -> RecordedTask:
    """What `save_task` has written.

    Raises:
        DataError: it is something else; one line says what.
    """
    try:
        return RecordedTask(**read_yaml(path))
    except FileError as error:
        raise DataError(str(error)) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{path}: not a task that was recorded: {one_line(error)}") from error


def read_recorded_task(folder: Path) -> RunRecord:
    """The run of a folder that holds `task.yaml` and the recording `bag`.

    Times begin with the task.  The robot is where `/ground_truth` says, else where its
    localisation says.

    Raises:
        DataError: the recording cannot be read, or lacks what is needed.
        FileNotFoundError: there is no recording.
    """
    task = load_task(folder / FILE)
    try:
        run = read_run(folder / BAG, task.task, task.target_id, BagTopics(), (task.start, task.end))
        first, last, length = run.times[0], run.times[-1], task.end - task.start
        if first > UNSEEN or last < length - UNSEEN:
            raise DataError(
                f"{folder}: the recording has the robot from {first:.1f} to {last:.1f} s of a task "
                f"that took {length:.1f} s; is it of another task, or not whole?"
            )
        names = ("scene", "arm", "seed", "reached", "time_limit")
        about = {name: getattr(task, name) for name in names}
        if task.goal is not None:
            about |= {"goal_times": np.zeros(1), "goals_in_map": np.array([task.goal])}
        return run.changed(**about)
    except RunRecordError as error:
        raise DataError(f"{folder}: {error}") from error

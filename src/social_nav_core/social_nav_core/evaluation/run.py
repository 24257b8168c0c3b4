"""What happened in one run: everything that metrics, pictures and the report need."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.room import Box

TASKS = ("avoid", "approach")
LONGEST = 86400.0  # run [s]


class RunRecordError(ValueError):
    """A run record contradicts itself; the message names the field."""


@dataclass(frozen=True)
class Event:
    """Something that happened at one time [s], with a short text for people."""

    time: float
    text: str


@dataclass(frozen=True)
class CameraView:
    """The bodies that the robot's camera saw at one time.

    Attributes:
        time: [s], on the clock of the record.
        width, height: image size [pixel].
        bodies: who was seen, with the skeleton in the image.
    """

    time: float
    width: int
    height: int
    bodies: tuple[Body, ...]


@dataclass(frozen=True)
class RunRecord:
    """One run, sampled over time; t samples, n people, all poses true ones in the map frame.

    Attributes:
        scene: name of the scene.
        task: 'avoid' or 'approach'.
        arm: what was tried, such as 'social costs' or 'no social costs'.
        seed: seed of the run's random generator.
        reached: whether the robot said that it reached its goal; None when nobody knows the goal.
        times: (t,) [s], strictly increasing, t at least 2.
        robot_in_map: (t, 3) x [m], y [m], yaw [rad].
        robot_velocity: (t, 2) forward [m/s] and turn [rad/s].
        person_ids: (n,) names, unique.
        people_in_map: (t, n, 3) x [m], y [m], yaw [rad]; all NaN while a person is absent.
        intents, attitudes, actions: (t, n) values of `people.Intent`, `Attitude`, `Action`.
        group_ids: (t, n) names of conversations, '' when alone.
        goal_times: (g,) [s] when each goal was sent.
        goals_in_map: (g, 3) the goals; the last one sent is the one that counts.
        path_times: (p,) [s] when each path was planned.
        paths_in_map: p arrays (k, 2) [m].
        grid: geometry of the map and of the social costs.
        occupancy: (height, width) int8, 0 free to 100 occupied, -1 unknown.
        cost_times: (c,) [s] of the social costs.
        costs: (c, height, width) social costs in [0, 1]; 1 is a person's peak.
        furniture: what stands in the room, if known (it is in the occupancy too).
        target_id: who should be approached, '' in avoid.
        time_limit: [s] after which a run that is not at its goal is over; inf if not known.
        robot_radius, person_radius: [m] of the discs that bodies are taken for.
        events: what happened, in order of time.
        views: what the robot's camera saw at a few instants.
    """

    scene: str
    task: str
    arm: str
    seed: int
    reached: bool | None
    times: FloatArray
    robot_in_map: FloatArray
    robot_velocity: FloatArray
    person_ids: tuple[str, ...]
    people_in_map: FloatArray
    intents: np.ndarray
    attitudes: np.ndarray
    actions: np.ndarray
    group_ids: np.ndarray
    goal_times: FloatArray
    goals_in_map: FloatArray
    path_times: FloatArray
    paths_in_map: tuple[FloatArray, ...]
    grid: GridGeometry
    occupancy: np.ndarray
    cost_times: FloatArray
    costs: FloatArray
    furniture: tuple[Box, ...] = ()
    target_id: str = ""
    time_limit: float = float("inf")
    robot_radius: float = 0.27
    person_radius: float = 0.25
    events: tuple[Event, ...] = ()
    views: tuple[CameraView, ...] = ()

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise RunRecordError(f"task is {self.task!r}, expected one of {', '.join(TASKS)}")
        check_times(self.times)
        if len(set(self.person_ids)) != len(self.person_ids):
            raise RunRecordError(f"person_ids {self.person_ids} are not unique")
        for name, shape in self._shapes().items():
            _check_array(name, getattr(self, name), shape)
        present = np.isfinite(self.people_in_map)
        if (present.any(-1) != present.all(-1)).any():
            raise RunRecordError("people_in_map has a pose that is NaN only in part")
        if len(self.paths_in_map) != len(self.path_times):
            raise RunRecordError(
                f"{len(self.paths_in_map)} paths_in_map for {len(self.path_times)} path_times"
            )
        for path in self.paths_in_map:
            _check_array("paths_in_map", path, (None, 2))
        if self.costs.size and not (self.costs.min() >= 0.0 and self.costs.max() <= 1.0 + 1e-6):
            raise RunRecordError(
                f"costs go from {self.costs.min():g} to {self.costs.max():g}, expected 0 to 1"
            )
        if not self.time_limit > 0.0:
            raise RunRecordError(f"time_limit is {self.time_limit} s, expected more than 0")
        if self.target_id and self.target_id not in self.person_ids:
            raise RunRecordError(f"target_id {self.target_id!r} is not one of {self.person_ids}")

    def _shapes(self) -> dict[str, tuple[int | None, ...]]:
        t, n = len(self.times), len(self.person_ids)
        shapes: dict[str, tuple[int | None, ...]] = {
            "robot_in_map": (t, 3),
            "robot_velocity": (t, 2),
            "people_in_map": (t, n, 3),
            "goal_times": (None,),
            "goals_in_map": (len(self.goal_times), 3),
            "path_times": (None,),
            "occupancy": self.grid.shape,
            "cost_times": (None,),
            "costs": (len(self.cost_times), *self.grid.shape),
        }
        return shapes | dict.fromkeys(("intents", "attitudes", "actions", "group_ids"), (t, n))

    @property
    def goal_in_map(self) -> FloatArray:
        """The last goal (3,); raises `RunRecordError` when none was ever sent."""
        if not len(self.goals_in_map):
            raise RunRecordError(f"the run '{self.arm}' in scene '{self.scene}' has no goal")
        return self.goals_in_map[-1]

    @property
    def duration(self) -> float:
        """Length of the record [s]."""
        return float(self.times[-1] - self.times[0])

    def person(self, person_id: str) -> FloatArray:
        """Poses (t, 3) of one person, NaN while absent; raises `RunRecordError` if unknown."""
        if person_id not in self.person_ids:
            raise RunRecordError(f"no person {person_id!r}, the record has {self.person_ids}")
        return self.people_in_map[:, self.person_ids.index(person_id)]

    def sample_at(self, time: float) -> int:
        """Index of the last sample at or before a time [s]; 0 for earlier times."""
        return max(int(np.searchsorted(self.times, time, side="right")) - 1, 0)

    def changed(self, **changes: Any) -> RunRecord:
        """A copy with other values in some fields, checked again."""
        return dataclasses.replace(self, **changes)


def check_times(times: FloatArray) -> None:
    """Raise `RunRecordError` unless times (t,) [s] increase, t >= 2, within `LONGEST`."""
    times = np.asarray(times)
    if times.ndim != 1 or len(times) < 2:
        raise RunRecordError(f"times has the shape {times.shape}, expected (t,) with t at least 2")
    if not np.isfinite(times).all():
        raise RunRecordError("times has a value that is not finite, expected seconds")
    backward = np.flatnonzero(np.diff(times) <= 0.0)
    if len(backward):
        i = int(backward[0])
        raise RunRecordError(
            f"times must increase: sample {i + 1} is at {times[i + 1]:g} s, after {times[i]:g} s"
        )
    if times[-1] - times[0] > LONGEST:
        i = int(np.argmax(np.diff(times)))
        raise RunRecordError(
            f"times go on for {times[-1] - times[0]:g} s, expected at most {LONGEST:g} s: after "
            f"{times[i]:g} s comes {times[i + 1]:g} s, are they of one clock?"
        )


def _check_array(name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    wanted = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
    if not isinstance(array, np.ndarray):
        raise RunRecordError(f"{name} is a {type(array).__name__}, expected an array {wanted}")
    fits = array.ndim == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape, strict=False)
    )
    if not fits:
        raise RunRecordError(f"{name} has the shape {array.shape}, expected {wanted}")
    kinds, wanted = ("U", "texts") if name == "group_ids" else ("fiub", "numbers")
    if array.size and array.dtype.kind not in kinds:
        raise RunRecordError(f"{name} holds {array.dtype}, expected {wanted}")
    if name == "people_in_map":
        array = np.where(np.isnan(array), 0.0, array)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise RunRecordError(f"{name} has a value that is not finite")

"""Collects the samples of a run while it happens."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.evaluation.run import CameraView, Event, RunRecord, RunRecordError
from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person
from social_nav_core.sim.room import Box


class RunRecorder:
    """Takes samples, goals, paths, costs, views and events as they come; `record` closes the run.

    People may appear and vanish; who is missing in a sample is NaN there.  Labels are the most
    probable ones.
    """

    def __init__(self, scene: str, task: str, arm: str, seed: int) -> None:
        self._about = {"scene": scene, "task": task, "arm": arm, "seed": seed}
        self._times: list[float] = []
        self._robot: list[FloatArray] = []
        self._velocity: list[FloatArray] = []
        self._people: list[dict[str, Person]] = []
        self._goals: list[tuple[float, FloatArray]] = []
        self._paths: list[tuple[float, FloatArray]] = []
        self._costs: list[tuple[float, FloatArray]] = []
        self._events: list[Event] = []
        self._views: list[CameraView] = []

    def sample(
        self,
        time: float,
        robot_in_map: ArrayLike,
        robot_velocity: ArrayLike,
        people: Iterable[Person],
    ) -> None:
        """One instant [s]: robot (x [m], y [m], yaw [rad]), (m/s, rad/s), people in the map."""
        self._times.append(float(time))
        self._robot.append(np.array(robot_in_map, dtype=float))
        self._velocity.append(np.array(robot_velocity, dtype=float))
        self._people.append({person.id: person for person in people})

    def goal(self, time: float, goal_in_map: ArrayLike) -> None:
        """A goal (x [m], y [m], yaw [rad]) that was sent."""
        self._goals.append((float(time), np.array(goal_in_map, dtype=float)))

    def path(self, time: float, points_in_map: ArrayLike) -> None:
        """A path (k, 2) [m] that was planned."""
        self._paths.append((float(time), np.array(points_in_map, dtype=float).reshape(-1, 2)))

    def costs(self, time: float, costs: ArrayLike) -> None:
        """Social costs (height, width) in [0, 1] on the grid of the map."""
        self._costs.append((float(time), np.array(costs, dtype=float)))

    def event(self, time: float, text: str) -> None:
        """Something that a reader of the report wants to know."""
        self._events.append(Event(float(time), text))

    def view(self, view: CameraView) -> None:
        """What the camera saw."""
        self._views.append(view)

    def record(
        self,
        *,
        reached: bool,
        grid: GridGeometry,
        occupancy: ArrayLike,
        furniture: Iterable[Box] = (),
        target_id: str = "",
        time_limit: float = float("inf"),
        robot_radius: float = 0.27,
        person_radius: float = 0.25,
    ) -> RunRecord:
        """The finished run; raises `RunRecordError` when the samples contradict each other."""
        if not self._times:
            raise RunRecordError("the run has no sample, expected at least two")
        ids = tuple(dict.fromkeys(name for people in self._people for name in people))
        return RunRecord(
            **self._about,  # type: ignore[arg-type]
            reached=reached,
            times=np.array(self._times),
            robot_in_map=np.array(self._robot),
            robot_velocity=np.array(self._velocity),
            person_ids=ids,
            people_in_map=self._poses(ids),
            intents=self._labels(ids, "intent"),
            attitudes=self._labels(ids, "attitude"),
            actions=self._labels(ids, "action"),
            group_ids=np.array(
                [[p[i].group_id if i in p else "" for i in ids] for p in self._people],
                dtype=np.str_,
            ).reshape(len(self._times), len(ids)),
            goal_times=np.array([time for time, _ in self._goals]),
            goals_in_map=np.array([goal for _, goal in self._goals]).reshape(-1, 3),
            path_times=np.array([time for time, _ in self._paths]),
            paths_in_map=tuple(path for _, path in self._paths),
            grid=grid,
            occupancy=np.array(occupancy, dtype=np.int8),
            cost_times=np.array([time for time, _ in self._costs]),
            costs=np.array([costs for _, costs in self._costs]).reshape(-1, *grid.shape),
            furniture=tuple(furniture),
            target_id=target_id,
            time_limit=time_limit,
            robot_radius=robot_radius,
            person_radius=person_radius,
            events=tuple(sorted(self._events, key=lambda event: event.time)),
            views=tuple(self._views),
        )

    def _poses(self, ids: tuple[str, ...]) -> FloatArray:
        poses = np.full((len(self._times), len(ids), 3), np.nan)
        for row, people in zip(poses, self._people, strict=True):
            for column, name in enumerate(ids):
                if name in people:
                    row[column] = people[name].pose
        return poses

    def _labels(self, ids: tuple[str, ...], name: str) -> np.ndarray:
        labels = np.zeros((len(self._times), len(ids)), dtype=np.int8)
        there = np.array([[i in people for i in ids] for people in self._people], dtype=bool)
        shares = [getattr(p[i], name) for p in self._people for i in ids if i in p]
        if shares:
            labels[there] = np.argmax(shares, axis=-1)
        return labels

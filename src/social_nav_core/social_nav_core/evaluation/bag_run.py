"""Run records from recordings (rosbag2, MCAP) of a robot, Gazebo or the demonstration, without ROS.

What is recorded under `BagTopics` is read; odometry, people and map must be there.  The robot's
place in the map is the odometry moved by the transform from the map to the odometry's frame, which
a localisation publishes; people who are in another frame than the map's are moved likewise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.bodies import Body
from social_nav_core.evaluation.bag_content import (
    BagContent,
    BagTopics,
    pose_of,
    read_content,
    yaw_of,
)
from social_nav_core.evaluation.metrics.navigation import success
from social_nav_core.evaluation.run import CameraView, RunRecord
from social_nav_core.geometry import FloatArray, compose, transform_points, wrap_angle
from social_nav_core.grid import GridGeometry
from social_nav_core.people import UNKNOWN_HEADING
from social_nav_core.recordings.errors import DataError

PERIOD = 0.1
"""Shortest time [s] between the samples that are kept."""
STALE = 1.0
"""A person who was not in a message for longer than this [s] is absent."""


def read_run(
    path: str | Path,
    task: str,
    target_id: str = "",
    topics: BagTopics | None = None,
    between: tuple[float, float] | None = None,
) -> RunRecord:
    """The run of a recording; whether it reached its goal is known where that was recorded.

    Args:
        path: folder of a rosbag2 recording or an MCAP file.
        task: 'avoid' or 'approach'.
        target_id: who should be approached.
        topics: names; the defaults when None.
        between: from when to when the task was done [s]; times then begin with it.  None for the
            whole recording, with the times of its stamps.

    Raises:
        DataError: it cannot be read or something that is needed is missing; names what.
        FileNotFoundError: there is no such file.
    """
    path, topics = Path(path), topics or BagTopics()
    content = read_content(path, topics)
    if between is not None:
        content = content.between(*between, always={topics.map, topics.people, topics.people_truth})
    told = content.of(topics.people_truth) or content.of(topics.people)
    for name in ("odometry", "people", "map"):
        if not content.messages.get(getattr(topics, name)) and not (name == "people" and told):
            raise DataError(f"{path}: {content.without(name, getattr(topics, name))}")
    map_message = content.of(topics.map)[-1][1]
    frame = map_message.header.frame_id
    driven = content.of(topics.truth) or content.of(topics.odometry)
    times, robot, velocity = _robot(path, content, driven, frame)
    people = _People(path, content, told, frame, times)
    grid, occupancy = _grid(path, topics.map, map_message)
    plans = [(t, _points(m)) for t, m in content.of(topics.plan) if len(m.poses)]
    goals = _goals(content.of(topics.place), content.of(topics.plan))
    social = [(t, *_grid(path, topics.costs, m)) for t, m in content.of(topics.costs)]
    costs = [(t, np.clip(cells / 100.0, 0.0, 1.0)) for t, own, cells in social if own == grid]
    reached = success(times, robot, goals[-1][1]) if goals else None
    return RunRecord(
        scene=path.name,
        task=task,
        arm="recording",
        seed=0,
        reached=reached,
        times=times,
        robot_in_map=robot,
        robot_velocity=velocity,
        person_ids=people.ids,
        people_in_map=people.poses,
        intents=people.labels["intent"],
        attitudes=people.labels["attitude"],
        actions=people.labels["action"],
        group_ids=people.groups,
        goal_times=np.array([time for time, _ in goals]),
        goals_in_map=np.array([goal for _, goal in goals]).reshape(-1, 3),
        path_times=np.array([time for time, _ in plans]),
        paths_in_map=tuple(points for _, points in plans),
        grid=grid,
        occupancy=occupancy,
        cost_times=np.array([time for time, _ in costs]),
        costs=np.array([cost for _, cost in costs]).reshape(-1, *grid.shape),
        target_id=target_id,
        views=tuple(_views(content.of(topics.bodies))),
    )


def _robot(
    path: Path, content: BagContent, odometry: list[tuple[float, Any]], frame: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times (t,), poses in the map (t, 3) and velocities (t, 2) at a period of `PERIOD`."""
    kept: list[tuple[float, Any]] = []
    for time, message in odometry:
        if not kept or time - kept[-1][0] >= PERIOD - 1e-3:
            kept.append((time, message))
    if len(kept) < 2:
        raise DataError(f"{path}: {len(kept)} odometry messages apart in time, expected 2 or more")
    times = np.array([time for time, _ in kept])
    poses = np.array([pose_of(message.pose.pose) for _, message in kept])
    velocity = np.array([[m.twist.twist.linear.x, m.twist.twist.angular.z] for _, m in kept])
    own = kept[0][1].header.frame_id
    own_in_map = content.frame_in(frame, own, times)
    if own_in_map is None:
        raise DataError(f"{path}: no transform from '{frame}' to '{own}' on /tf or /tf_static")
    return times, compose(own_in_map, poses), velocity


class _People:
    """Everybody at the times of the robot: the last message, while it is not stale."""

    def __init__(
        self,
        path: Path,
        content: BagContent,
        messages: list[tuple[float, Any]],
        frame: str,
        times: FloatArray,
    ) -> None:
        self.ids = tuple(sorted({p.id for _, message in messages for p in message.people}))
        shape = (len(times), len(self.ids))
        self.poses = np.full((*shape, 3), np.nan)
        self._path = path
        self.labels = {n: np.zeros(shape, np.int8) for n in ("intent", "attitude", "action")}
        self.groups = np.full(shape, "", dtype=object)
        stamps = np.array([time for time, _ in messages])
        frames_in_map = self._frames_in_map(content, messages, frame, stamps)
        self._headings: dict[str, float] = {}
        before = -1
        for row, time in enumerate(times):
            index = int(np.searchsorted(stamps, time, side="right")) - 1
            for skipped in range(before + 1, index + 1):
                self._note_headings(messages[skipped][1], frames_in_map[skipped])
            before = index
            if index >= 0 and time - stamps[index] <= STALE:
                self._fill(row, messages[index][1], frames_in_map[index])
        self.groups = self.groups.astype(np.str_)

    def _frames_in_map(
        self,
        content: BagContent,
        messages: list[tuple[float, Any]],
        frame: str,
        stamps: FloatArray,
    ) -> FloatArray:
        """Poses (m, 3) in the map of the frames of messages, at their stamps."""
        own = [message.header.frame_id if message.people else frame for _, message in messages]
        found = np.zeros((len(messages), 3))
        for name in set(own):
            there = np.array([it == name for it in own])
            poses = content.frame_in(frame, name, stamps[there])
            if poses is None:
                raise DataError(
                    f"{self._path}: people are in the frame '{name}', expected the map's,"
                    f" '{frame}', or one with a transform from it on /tf or /tf_static"
                )
            found[there] = poses
        return found

    def _note_headings(self, message: Any, frame_in_map: FloatArray) -> None:
        for person in message.people:
            if person.pose.covariance[35] <= UNKNOWN_HEADING:
                yaw = frame_in_map[2] + yaw_of(person.pose.pose.orientation)
                self._headings[person.id] = float(wrap_angle(yaw))

    def _fill(self, row: int, message: Any, frame_in_map: FloatArray) -> None:
        """One sample; whose heading was never known yet is left out."""
        for person in message.people:
            column = self.ids.index(person.id)
            if person.id not in self._headings:
                continue
            at = person.pose.pose.position
            in_map = transform_points(frame_in_map, np.array([at.x, at.y]))
            pose = np.array([*in_map, self._headings[person.id]])
            if np.isfinite(pose).all():
                self.poses[row, column] = pose
            self.groups[row, column] = person.group_id
            for name, values in self.labels.items():
                label = getattr(person, name)
                if not 0 <= label <= np.iinfo(np.int8).max:
                    raise DataError(f"{self._path}: the {name} of a person is {label}")
                values[row, column] = label


def _grid(path: Path, topic: str, message: Any) -> tuple[GridGeometry, np.ndarray]:
    about = message.info
    try:
        x, y, yaw = pose_of(about.origin).tolist()
        resolution = round(float(about.resolution), 6)
        grid = GridGeometry(about.width, about.height, resolution, (x, y, yaw))
        if len(message.data) != about.width * about.height:
            raise ValueError(
                f"it has {len(message.data)} cells, expected {about.width} x {about.height}"
            )
    except ValueError as error:
        raise DataError(f"{path}: a message on {topic} is no grid: {error}") from error
    return grid, np.asarray(message.data, dtype=np.int8).reshape(grid.shape)


def _points(message: Any) -> FloatArray:
    return np.array([pose_of(stamped.pose)[:2] for stamped in message.poses])


def _goals(
    places: list[tuple[float, Any]], plans: list[tuple[float, Any]]
) -> list[tuple[float, FloatArray]]:
    """Approach places where there are any, else ends of plans where they change."""
    if places:
        return [(time, pose_of(message.pose)) for time, message in places]
    goals: list[tuple[float, FloatArray]] = []
    for time, message in plans:
        if len(message.poses):
            goal = pose_of(message.poses[-1].pose)
            if not goals or np.linalg.norm(goal[:2] - goals[-1][1][:2]) > 0.05:
                goals.append((time, goal))
    return goals


def _views(messages: list[tuple[float, Any]]) -> Iterator[CameraView]:
    """About three views a second."""
    latest = -np.inf
    for time, message in messages:
        if time - latest >= 0.3:
            latest = time
            bodies = tuple(
                Body(b.id, b.x, b.y, b.confidence, pose_of(b.pose.pose)) for b in message.bodies
            )
            yield CameraView(time, message.image_width, message.image_height, bodies)

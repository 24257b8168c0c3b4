"""Run records from recordings (rosbag2, MCAP) of a robot, Gazebo or the demonstration, without ROS.

What is recorded under `BagTopics` is read; odometry, people and map must be there.  The robot's
place in the map is the odometry moved by the transform from the map to the odometry's frame, which
a localisation publishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.bodies import Body
from social_nav_core.evaluation.metrics.navigation import success
from social_nav_core.evaluation.run import CameraView, RunRecord
from social_nav_core.geometry import FloatArray, compose, wrap_angle, yaw_from_quaternion
from social_nav_core.grid import GridGeometry
from social_nav_core.recordings.definitions import check_definitions
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.opening import opened, taken

PERIOD = 0.1
"""Shortest time [s] between the samples that are kept."""
STALE = 1.0
"""A person who was not in a message for longer than this [s] is absent."""
UNKNOWN_HEADING = np.pi**2
_TYPES = {
    "odometry": "nav_msgs/msg/Odometry",
    "truth": "nav_msgs/msg/Odometry",
    "people": "social_nav_msgs/msg/SocialPersonArray",
    "people_truth": "social_nav_msgs/msg/SocialPersonArray",
    "map": "nav_msgs/msg/OccupancyGrid",
    "costs": "nav_msgs/msg/OccupancyGrid",
    "plan": "nav_msgs/msg/Path",
    "place": "geometry_msgs/msg/PoseStamped",
    "bodies": "social_nav_msgs/msg/BodyArray",
}
"""Messages on the topics of `BagTopics`."""
_TF = dict.fromkeys(("/tf", "/tf_static"), "tf2_msgs/msg/TFMessage")


@dataclass(frozen=True)
class BagTopics:
    """Names of the topics; both truths and the last four may be missing.

    Simulators tell the truth: the robot's true pose in the map, in place of the odometry, and the
    true people, in place of those that a perception makes out.
    """

    odometry: str = "/odom"
    truth: str = "/ground_truth"
    people: str = "/social_people"
    people_truth: str = "/social_people_truth"
    map: str = "/map"
    costs: str = "/social_costmap"
    plan: str = "/plan"
    place: str = "/approach_place"
    bodies: str = "/bodies"


@dataclass
class _Content:
    """Messages by topic, each with its stamp [s], in the order of stamps; transforms by frames."""

    messages: dict[str, list[tuple[float, Any]]] = field(default_factory=dict)
    transforms: dict[tuple[str, str], list[tuple[float, FloatArray]]] = field(default_factory=dict)

    def of(self, topic: str) -> list[tuple[float, Any]]:
        return sorted(self.messages.get(topic, []), key=lambda item: item[0])

    def between(self, start: float, end: float, always: set[str]) -> _Content:
        """What was said from a start to an end [s], and before it on some topics; times from 0."""
        return _Content(
            {
                topic: [
                    (time - start, message)
                    for time, message in messages
                    if time <= end + 1e-6 and (time >= start - 1e-6 or topic in always)
                ]
                for topic, messages in self.messages.items()
            },
            {
                frames: [(time - start, pose) for time, pose in steps]
                for frames, steps in self.transforms.items()
            },
        )


def read_run(
    path: str | Path,
    task: str,
    target_id: str = "",
    topics: BagTopics | None = None,
    between: tuple[float, float] | None = None,
) -> RunRecord:
    """The run of a recording.

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
    content = _read(path, topics)
    if between is not None:
        content = content.between(*between, always={topics.map, topics.people, topics.people_truth})
    told = content.of(topics.people_truth) or content.of(topics.people)
    for name in ("odometry", "people", "map"):
        if not content.messages.get(getattr(topics, name)) and not (name == "people" and told):
            raise DataError(f"{path}: no message on {getattr(topics, name)} ({name})")
    map_message = content.of(topics.map)[-1][1]
    frame = map_message.header.frame_id
    driven = content.of(topics.truth) or content.of(topics.odometry)
    times, robot, velocity = _robot(path, content, driven, frame)
    people = _People(path, told, frame, times)
    grid, occupancy = _grid(path, topics.map, map_message)
    plans = [(t, _points(m)) for t, m in content.of(topics.plan) if len(m.poses)]
    goals = _goals(content.of(topics.place), content.of(topics.plan))
    social = [(t, *_grid(path, topics.costs, m)) for t, m in content.of(topics.costs)]
    costs = [(t, np.clip(cells / 100.0, 0.0, 1.0)) for t, own, cells in social if own == grid]
    reached = bool(goals) and success(times, robot, goals[-1][1])
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


def _read(path: Path, topics: BagTopics) -> _Content:
    wanted = {topic: _TYPES[name] for name, topic in vars(topics).items()} | _TF
    content = _Content()
    with opened(path) as reader:
        chosen = [c for c in reader.connections if c.topic in wanted]
        for connection in chosen:
            kind, expected = connection.msgtype, wanted[connection.topic]
            if kind != expected:
                raise DataError(f"{path}: {connection.topic} is {kind}, expected {expected}")
            check_definitions(path, reader.typestore, kind)
        for connection, message in taken(path, reader, chosen):
            _take(content, connection.topic, message)
    return content


def _take(content: _Content, topic: str, message: Any) -> None:
    if topic in _TF:
        for transform in message.transforms:
            frames = transform.header.frame_id, transform.child_frame_id
            shift, turn = transform.transform.translation, transform.transform.rotation
            pose = np.array([shift.x, shift.y, _yaw(turn)])
            content.transforms.setdefault(frames, []).append((_stamp(transform.header), pose))
    else:
        content.messages.setdefault(topic, []).append((_stamp(message.header), message))


def _stamp(header: Any) -> float:
    return float(header.stamp.sec + 1e-9 * header.stamp.nanosec)


def _yaw(turn: Any) -> float:
    return yaw_from_quaternion(turn.x, turn.y, turn.z, turn.w)


def _pose(pose: Any) -> FloatArray:
    return np.array([pose.position.x, pose.position.y, _yaw(pose.orientation)])


def _robot(
    path: Path, content: _Content, odometry: list[tuple[float, Any]], frame: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times (t,), poses in the map (t, 3) and velocities (t, 2) at a period of `PERIOD`."""
    kept: list[tuple[float, Any]] = []
    for time, message in odometry:
        if not kept or time - kept[-1][0] >= PERIOD - 1e-3:
            kept.append((time, message))
    if len(kept) < 2:
        raise DataError(f"{path}: {len(kept)} odometry messages apart in time, expected 2 or more")
    times = np.array([time for time, _ in kept])
    poses = np.array([_pose(message.pose.pose) for _, message in kept])
    velocity = np.array([[m.twist.twist.linear.x, m.twist.twist.angular.z] for _, m in kept])
    own = kept[0][1].header.frame_id
    if own != frame:
        steps = content.transforms.get((frame, own))
        if not steps:
            raise DataError(f"{path}: no transform from '{frame}' to '{own}' on /tf or /tf_static")
        poses = compose(_interpolated(steps, times), poses)
    return times, poses, velocity


def _interpolated(steps: list[tuple[float, FloatArray]], times: FloatArray) -> FloatArray:
    steps = sorted(steps, key=lambda step: step[0])
    stamps, poses = np.array([t for t, _ in steps]), np.array([pose for _, pose in steps])
    columns = [poses[:, 0], poses[:, 1], np.unwrap(poses[:, 2])]
    found = np.stack([np.interp(times, stamps, column) for column in columns], -1)
    found[:, 2] = wrap_angle(found[:, 2])
    return found


class _People:
    """Everybody at the times of the robot: the last message, while it is not stale."""

    def __init__(
        self, path: Path, messages: list[tuple[float, Any]], frame: str, times: FloatArray
    ) -> None:
        for _, message in messages:
            if message.header.frame_id != frame:
                raise DataError(
                    f"{path}: people are in the frame '{message.header.frame_id}', expected the"
                    f" map's, '{frame}'"
                )
        self.ids = tuple(sorted({p.id for _, message in messages for p in message.people}))
        shape = (len(times), len(self.ids))
        self.poses = np.full((*shape, 3), np.nan)
        self._path = path
        self.labels = {n: np.zeros(shape, np.int8) for n in ("intent", "attitude", "action")}
        self.groups = np.full(shape, "", dtype=object)
        stamps = np.array([time for time, _ in messages])
        self._headings: dict[str, float] = {}
        before = -1
        for row, time in enumerate(times):
            index = int(np.searchsorted(stamps, time, side="right")) - 1
            for skipped in range(before + 1, index + 1):
                self._note_headings(messages[skipped][1])
            before = index
            if index >= 0 and time - stamps[index] <= STALE:
                self._fill(row, messages[index][1])
        self.groups = self.groups.astype(np.str_)

    def _note_headings(self, message: Any) -> None:
        for person in message.people:
            if person.pose.covariance[35] <= UNKNOWN_HEADING:
                self._headings[person.id] = _yaw(person.pose.pose.orientation)

    def _fill(self, row: int, message: Any) -> None:
        """One sample; whose heading was never known yet is left out."""
        for person in message.people:
            column = self.ids.index(person.id)
            if person.id not in self._headings:
                continue
            at = person.pose.pose.position
            pose = np.array([at.x, at.y, self._headings[person.id]])
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
        x, y, yaw = _pose(about.origin).tolist()
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
    return np.array([_pose(stamped.pose)[:2] for stamped in message.poses])


def _goals(
    places: list[tuple[float, Any]], plans: list[tuple[float, Any]]
) -> list[tuple[float, FloatArray]]:
    """Approach places where there are any, else ends of plans where they change."""
    if places:
        return [(time, _pose(message.pose)) for time, message in places]
    goals: list[tuple[float, FloatArray]] = []
    for time, message in plans:
        if len(message.poses):
            goal = _pose(message.poses[-1].pose)
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
                Body(b.id, b.x, b.y, b.confidence, _pose(b.pose.pose)) for b in message.bodies
            )
            yield CameraView(time, message.image_width, message.image_height, bodies)

"""What recordings (rosbag2, MCAP) of a robot hold: topics by name, messages and transforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.geometry import FloatArray, wrap_angle, yaw_from_quaternion
from social_nav_core.input_files import shown
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.opening import opened, taken

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

    def __post_init__(self) -> None:
        names: dict[str, str] = dict.fromkeys(_TF, "the transforms'")
        for name, topic in vars(self).items():
            if not topic.startswith("/") or topic.endswith("/"):
                raise ValueError(
                    f"the topic of {name} is {shown(topic)}, expected a whole name such as /odom"
                )
            if topic in names:
                raise ValueError(f"the topic {shown(topic)} of {name} is {names[topic]} already")
            names[topic] = f"that of {name}"


def topics_named(changes: Sequence[str]) -> BagTopics:
    """The default topics with changes, each ``NAME=TOPIC`` of an attribute of `BagTopics`.

    Raises:
        ValueError: a change is something else, or names what was named before.
    """
    known = [about.name for about in fields(BagTopics)]
    named: dict[str, str] = {}
    for change in changes:
        name, equals, topic = change.partition("=")
        if not equals or name not in known:
            raise ValueError(
                f"{shown(change)} is no topic, expected NAME=TOPIC with one of {', '.join(known)}"
            )
        if name in named:
            raise ValueError(f"{name} is named twice: {shown(named[name])} and {shown(topic)}")
        named[name] = topic
    return BagTopics(**named)


@dataclass
class BagContent:
    """Messages by topic, each with its stamp [s], in the order of stamps; transforms by frames.

    Attributes:
        messages: by topic.
        transforms: poses (3,) by (frame, child frame), each with its stamp [s].
        kinds: of all topics of the recording, also of those that were not read.
    """

    messages: dict[str, list[tuple[float, Any]]] = field(default_factory=dict)
    transforms: dict[tuple[str, str], list[tuple[float, FloatArray]]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def of(self, topic: str) -> list[tuple[float, Any]]:
        """Messages on a topic in the order of their stamps."""
        return sorted(self.messages.get(topic, []), key=lambda item: item[0])

    def between(self, start: float, end: float, always: set[str]) -> BagContent:
        """What was said from a start to an end [s], and before it on some topics; times from 0."""
        return BagContent(
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
            self.kinds,
        )

    def frame_in(self, parent: str, frame: str, times: FloatArray) -> FloatArray | None:
        """Poses (t, 3) of a frame in its parent at times (t,) [s]; None without a transform.

        Between two transforms it moves and turns evenly; before the first and after the last one
        it stands.
        """
        if frame == parent:
            return np.zeros((len(times), 3))
        steps = sorted(self.transforms.get((parent, frame), []), key=lambda step: step[0])
        if not steps:
            return None
        stamps, poses = np.array([t for t, _ in steps]), np.array([pose for _, pose in steps])
        columns = [poses[:, 0], poses[:, 1], np.unwrap(poses[:, 2])]
        found = np.stack([np.interp(times, stamps, column) for column in columns], -1)
        found[:, 2] = wrap_angle(found[:, 2])
        return found

    def without(self, name: str, topic: str) -> str:
        """That there is no message on a topic, and which topic it could be."""
        others = [it for it, kind in self.kinds.items() if kind == _TYPES[name] and it != topic]
        hint = f"; of its type are {shown(', '.join(sorted(others)))}" if others else ""
        return f"no message on {topic} ({name}){hint}"


def read_content(path: Path, topics: BagTopics) -> BagContent:
    """What a recording holds of some topics, and the transforms.

    Raises:
        DataError: it cannot be read, or a topic has messages of another type.
        FileNotFoundError: there is no such file.
    """
    wanted = {topic: _TYPES[name] for name, topic in vars(topics).items()} | _TF
    content = BagContent()
    with opened(path) as reader:
        content.kinds = {c.topic: c.msgtype for c in reader.connections}
        chosen = [c for c in reader.connections if c.topic in wanted]
        for connection in chosen:
            kind, expected = connection.msgtype, wanted[connection.topic]
            if kind != expected:
                raise DataError(f"{path}: {connection.topic} is {kind}, expected {expected}")
        for connection, message in taken(path, reader, chosen):
            _take(content, connection.topic, message)
    return content


def _take(content: BagContent, topic: str, message: Any) -> None:
    if topic in _TF:
        for transform in message.transforms:
            frames = transform.header.frame_id, transform.child_frame_id
            shift, turn = transform.transform.translation, transform.transform.rotation
            pose = np.array([shift.x, shift.y, yaw_of(turn)])
            content.transforms.setdefault(frames, []).append((_stamp(transform.header), pose))
    else:
        content.messages.setdefault(topic, []).append((_stamp(message.header), message))


def _stamp(header: Any) -> float:
    return float(header.stamp.sec + 1e-9 * header.stamp.nanosec)


def yaw_of(turn: Any) -> float:
    """Yaw [rad] of a quaternion message."""
    return yaw_from_quaternion(turn.x, turn.y, turn.z, turn.w)


def pose_of(pose: Any) -> FloatArray:
    """(x [m], y [m], yaw [rad]) of a pose message."""
    return np.array([pose.position.x, pose.position.y, yaw_of(pose.orientation)])

"""Whether the messages of a recording have the fields that are read.

A recording carries the definitions of its messages, which may be those of another version or be
damaged; what it does not define as expected is refused before a message is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from social_nav_core.recordings.errors import DataError

_HEADER = {"header": "std_msgs/msg/Header"}
_POINT = dict.fromkeys("xyz", "float64")
_STAMPED_POSE = {**_HEADER, "pose": "geometry_msgs/msg/Pose"}
READ: Mapping[str, Mapping[str, str]] = {
    "builtin_interfaces/msg/Time": {"sec": "int32", "nanosec": "uint32"},
    "std_msgs/msg/Header": {"stamp": "builtin_interfaces/msg/Time", "frame_id": "string"},
    "geometry_msgs/msg/Point": _POINT,
    "geometry_msgs/msg/Vector3": _POINT,
    "geometry_msgs/msg/Quaternion": {**_POINT, "w": "float64"},
    "geometry_msgs/msg/Pose": {
        "position": "geometry_msgs/msg/Point",
        "orientation": "geometry_msgs/msg/Quaternion",
    },
    "geometry_msgs/msg/PoseWithCovariance": {
        "pose": "geometry_msgs/msg/Pose",
        "covariance": "float64[36]",
    },
    "geometry_msgs/msg/PoseStamped": _STAMPED_POSE,
    "geometry_msgs/msg/Transform": {
        "translation": "geometry_msgs/msg/Vector3",
        "rotation": "geometry_msgs/msg/Quaternion",
    },
    "geometry_msgs/msg/TransformStamped": {
        **_HEADER,
        "child_frame_id": "string",
        "transform": "geometry_msgs/msg/Transform",
    },
    "geometry_msgs/msg/Twist": {
        "linear": "geometry_msgs/msg/Vector3",
        "angular": "geometry_msgs/msg/Vector3",
    },
    "geometry_msgs/msg/TwistWithCovariance": {"twist": "geometry_msgs/msg/Twist"},
    "nav_msgs/msg/MapMetaData": {
        "resolution": "float32",
        "width": "uint32",
        "height": "uint32",
        "origin": "geometry_msgs/msg/Pose",
    },
    "nav_msgs/msg/OccupancyGrid": {
        **_HEADER,
        "info": "nav_msgs/msg/MapMetaData",
        "data": "int8[]",
    },
    "nav_msgs/msg/Odometry": {
        **_HEADER,
        "pose": "geometry_msgs/msg/PoseWithCovariance",
        "twist": "geometry_msgs/msg/TwistWithCovariance",
    },
    "nav_msgs/msg/Path": {**_HEADER, "poses": "geometry_msgs/msg/PoseStamped[]"},
    "tf2_msgs/msg/TFMessage": {"transforms": "geometry_msgs/msg/TransformStamped[]"},
    "social_nav_msgs/msg/Body": {
        "id": "string",
        "x": "float32[]",
        "y": "float32[]",
        "confidence": "float32[]",
        "pose": "geometry_msgs/msg/PoseWithCovariance",
    },
    "social_nav_msgs/msg/BodyArray": {
        **_HEADER,
        "image_width": "uint32",
        "image_height": "uint32",
        "bodies": "social_nav_msgs/msg/Body[]",
    },
    "social_nav_msgs/msg/SocialPerson": {
        "id": "string",
        "group_id": "string",
        "pose": "geometry_msgs/msg/PoseWithCovariance",
        "velocity": "geometry_msgs/msg/Vector3",
        "intent": "uint8",
        "attitude": "uint8",
        "action": "uint8",
    },
    "social_nav_msgs/msg/SocialPersonArray": {
        **_HEADER,
        "people": "social_nav_msgs/msg/SocialPerson[]",
    },
}
"""What is read: types of fields by message."""


def check_definitions(path: Path, recorded: Any, message: str) -> None:
    """Compare a recording's definition of a message, and of those in it, with what is read.

    Args:
        path: of the recording, for the error.
        recorded: the recording's ``rosbags.typesys.store.Typestore``.
        message: as ``nav_msgs/msg/Odometry``.

    Raises:
        DataError: a field is missing or of another type; names it.
    """
    waiting, seen = [message], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in recorded.fielddefs:
            raise DataError(f"{path}: it defines no {name}")
        found = {field: _written(kind) for field, kind in recorded.fielddefs[name][1]}
        for field, expected in READ[name].items():
            if found.get(field) != expected:
                got = f"is {found[field]}" if field in found else "is missing"
                raise DataError(
                    f"{path}: the field '{field}' of its {name} {got}, expected {expected}: "
                    "recorded with another version of the messages?"
                )
            if (inner := expected.removesuffix("[]")) in READ:
                waiting.append(inner)


def _written(kind: Any) -> str:
    """A type as a definition has it."""
    from rosbags.interfaces import Nodetype  # noqa: PLC0415

    node, value = kind
    if node is Nodetype.NAME:
        return str(value)
    if node is Nodetype.BASE:
        return str(value[0])
    length = value[1] if node is Nodetype.ARRAY else ""
    return f"{_written(value[0])}[{length}]"

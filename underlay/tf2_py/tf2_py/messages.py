"""Between ROS messages and the plain numbers of the tree; refuses what is no rigid transform."""

from __future__ import annotations

import math
from typing import Any

from builtin_interfaces.msg import Time as TimeMsg
from geometry_msgs.msg import TransformStamped

from tf2_py.cache import Sample
from tf2_py.rigid import Rigid, normalised

NORM_TOLERANCE = 1e-2
"""How far a quaternion's squared length may be from 1, as in tf2."""


def nanoseconds(time: Any) -> int:
    """A time or duration [ns], from an rclpy object or from a message."""
    if hasattr(time, "nanosec"):
        return int(time.sec) * 10**9 + int(time.nanosec)
    if hasattr(time, "nanoseconds"):
        return int(time.nanoseconds)
    raise TypeError(f"got {time!r}, expected a time or duration of rclpy or of builtin_interfaces")


def time_message(stamp: int) -> TimeMsg:
    """A time [ns] as a message."""
    return TimeMsg(sec=stamp // 10**9, nanosec=stamp % 10**9)


def plain_frame(name: str) -> str:
    """A frame's name without the leading slash that old publishers write."""
    return name[1:] if name.startswith("/") else name


def sample_of(message: TransformStamped) -> Sample:
    """The pose that a message carries; `ValueError` says what is wrong with it."""
    parent, child = plain_frame(message.header.frame_id), plain_frame(message.child_frame_id)
    if not parent or not child:
        raise ValueError("a frame name is empty")
    if parent == child:
        raise ValueError("a frame cannot be its own parent")
    t, q = message.transform.translation, message.transform.rotation
    translation, rotation = (t.x, t.y, t.z), (q.x, q.y, q.z, q.w)
    if not all(map(math.isfinite, (*translation, *rotation))):
        raise ValueError(
            f"translation {translation} m and quaternion {rotation} must be finite numbers"
        )
    norm = sum(part * part for part in rotation)
    if abs(norm - 1.0) > NORM_TOLERANCE:
        raise ValueError(
            f"quaternion {rotation} (x, y, z, w) has length {math.sqrt(norm):.4g}, expected 1"
        )
    stamp = nanoseconds(message.header.stamp)
    return Sample(stamp, parent, Rigid(translation, normalised(rotation)))


def message_of(target: str, source: str, stamp: int, source_in_target: Rigid) -> TransformStamped:
    """The pose of the source frame in the target frame as a message."""
    message = TransformStamped()
    message.header.stamp = time_message(stamp)
    message.header.frame_id = target
    message.child_frame_id = source
    translation, rotation = message.transform.translation, message.transform.rotation
    translation.x, translation.y, translation.z = source_in_target.translation
    rotation.x, rotation.y, rotation.z, rotation.w = source_in_target.rotation
    return message

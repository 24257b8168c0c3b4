"""Good messages, from which bad ones are made."""

from __future__ import annotations

import array
import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseArray, PoseStamped, Twist
from nav_msgs.msg import OccupancyGrid, Odometry, Path
from rosgraph_msgs.msg import Clock
from rosidl_parser.definition import AbstractString, Array
from sensor_msgs.msg import CameraInfo, Image, LaserScan
from social_nav_core.bodies import Body
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Intent, Person, certain
from social_nav_nodes.conversions import (
    bodies_message,
    grid_message,
    path_message,
    people_message,
    pose_message,
    pose_stamped,
    stamp_of,
    transform_message,
)
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from social_nav_msgs.msg import BodyArray, SocialPersonArray
from social_nav_nodes import topics

GRID = GridGeometry(60, 50, 0.1, (-3.0, -2.5, 0.0))
FRAMES = ("map", "odom", "base_footprint", "base_laser_link")


def header(now: float, frame: str = "map") -> Header:
    """A header of a time [s]."""
    return Header(stamp=stamp_of(now), frame_id=frame)


def people(now: float) -> SocialPersonArray:
    """Two who talk to each other, and one who walks and wants to interact."""
    members = [
        Person("anna", np.array([0.0, 0.0, 0.0]), group_id="g", last_seen=now),
        Person("ben", np.array([1.2, 0.0, np.pi]), group_id="g", last_seen=now),
        Person(
            "cara",
            np.array([-1.5, 1.0, 0.5]),
            velocity=np.array([0.5, 0.2]),
            covariance=np.diag([0.01, 0.02, 0.1]),
            intent=certain(Intent.INTERESTED),
            last_seen=now,
        ),
    ]
    return people_message(members, header(now))


def bodies(now: float) -> BodyArray:
    """Two bodies as a camera sees them."""
    joints = np.linspace(100.0, 400.0, 23, dtype=np.float32)
    seen = np.full(23, 0.9, dtype=np.float32)
    found = [Body(f"body_{i}", joints, joints, seen, np.array([2.0, i, 3.0])) for i in range(2)]
    return bodies_message(found, header(now, "base_footprint"), 640, 480)


def grid(now: float, cell: int = 0) -> OccupancyGrid:
    """A map with walls."""
    cells = np.full(GRID.shape, cell, np.int8)
    cells[[0, -1]] = 100
    cells[:, [0, -1]] = 100
    return grid_message(cells, GRID, header(now))


def scan(now: float) -> LaserScan:
    """A few beams."""
    return LaserScan(
        header=header(now, "base_laser_link"),
        angle_min=-1.9,
        angle_max=1.9,
        angle_increment=3.8 / 59,
        range_min=0.05,
        range_max=25.0,
        ranges=array.array("f", np.linspace(0.5, 4.0, 60, dtype=np.float32).tobytes()),
    )


def transforms(now: float) -> TFMessage:
    """The robot's chain, and a model of Gazebo."""
    chain = [
        transform_message((0.1, 0.0, 0.1), child, header(now, parent))
        for parent, child in pairwise(FRAMES)
    ]
    camera = transform_message((0.2, 0.0, 0.0), topics.CAMERA_FRAME, header(now, FRAMES[2]))
    camera.transform.translation.z = 1.2
    turn = camera.transform.rotation
    turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5  # looks ahead
    gazebo = transform_message((1.0, 1.0, 0.0), "cara", header(now))
    body = transform_message((2.0, 0.5, 3.0), "body_anna", header(now, FRAMES[2]))
    return TFMessage(transforms=[*chain, camera, gazebo, body])


def image(now: float) -> Image:
    """A small grey one; the depths' topic gets it, too."""
    return Image(
        header=header(now, topics.CAMERA_FRAME),
        height=24,
        width=32,
        encoding="rgb8",
        step=96,
        data=array.array("B", bytes(range(96)) * 24),
    )


def camera_info(now: float) -> CameraInfo:
    """Of the small camera."""
    return CameraInfo(
        header=header(now, topics.CAMERA_FRAME),
        height=24,
        width=32,
        distortion_model="plumb_bob",
        d=array.array("d", [0.0] * 5),
        k=np.array([26.0, 0.0, 16.0, 0.0, 26.0, 12.0, 0.0, 0.0, 1.0]),
    )


def poses(now: float) -> PoseArray:
    """Three people as poses."""
    return PoseArray(
        header=header(now), poses=[pose_message((float(i), 0.5, 1.0)) for i in range(3)]
    )


def odometry(now: float) -> Odometry:
    """The robot drives."""
    message = Odometry(header=header(now, "odom"), child_frame_id="base_footprint")
    message.pose.pose = pose_message((0.1, 0.0, 0.1))
    message.twist.twist.linear.x = 0.3
    return message


def path(now: float) -> Path:
    """A straight path."""
    return path_message(np.linspace((0.0, 0.0), (1.0, 1.0), 5), header(now))


def _twist(now: float) -> Twist:
    twist = Twist()
    twist.linear.x, twist.angular.z = 0.4, 0.2
    return twist


MAKERS: dict[type, Callable[[float], Any]] = {
    SocialPersonArray: people,
    BodyArray: bodies,
    OccupancyGrid: grid,
    LaserScan: scan,
    Image: image,
    CameraInfo: camera_info,
    TFMessage: transforms,
    PoseArray: poses,
    Odometry: odometry,
    Path: path,
    Twist: _twist,
    PoseStamped: lambda now: pose_stamped((1.0, 0.5, 0.0), header(now)),
    Clock: lambda now: Clock(clock=stamp_of(now)),
}


_TEMPLATES: dict[type, Any] = {}
_STAMPED: dict[type, tuple[str, ...]] = {}


def good_message(kind: type[Any], now: float) -> Any:
    """A message of a type; of those without a maker one with an item in every list."""
    return MAKERS[kind](now) if kind in MAKERS else _filled(kind, now)


def good_message_to_read(kind: type[Any], now: float) -> Any:
    """The same, sooner made: only its stamps are its own, so nobody may change it."""
    if kind not in _TEMPLATES:
        _TEMPLATES[kind] = good_message(kind, 0.0)
    return _at(_TEMPLATES[kind], now)


def _at(part: Any, now: float) -> Any:
    if isinstance(part, Time):
        return stamp_of(now)
    if isinstance(part, list):
        return [_at(item, now) for item in part]
    copied = copy.copy(part)
    for name in _stamped(type(part)):
        setattr(copied, name, _at(getattr(part, name), now))
    return copied


def _stamped(kind: type[Any]) -> tuple[str, ...]:
    """Fields of a message that are a stamp or have one within."""
    if kind not in _STAMPED:
        slots = zip(kind.get_fields_and_field_types(), kind.SLOT_TYPES, strict=True)
        _STAMPED[kind] = tuple(name for name, slot in slots if _has_stamp(slot))
    return _STAMPED[kind]


def _has_stamp(slot: Any) -> bool:
    slot = getattr(slot, "value_type", slot)
    if not hasattr(slot, "namespaced_name"):
        return False
    kind = _kind_of(slot)
    return kind is Time or bool(_stamped(kind))


def _filled(kind: type[Any], now: float) -> Any:
    message = kind()
    for name in message.get_fields_and_field_types():
        value = getattr(message, name)
        slot = kind.SLOT_TYPES[list(kind.get_fields_and_field_types()).index(name)]
        if isinstance(value, Time):
            setattr(message, name, stamp_of(now))
        elif isinstance(value, Header):
            setattr(message, name, header(now))
        elif hasattr(value, "get_fields_and_field_types"):
            setattr(message, name, _filled(type(value), now))
        elif isinstance(value, list) and hasattr(slot, "value_type"):
            most = slot.size if isinstance(slot, Array) else 1
            setattr(message, name, _items(slot.value_type, now) * most)
        elif isinstance(value, str):
            setattr(message, name, "anna")
    return message


def _items(item: Any, now: float) -> list[Any]:
    if isinstance(item, AbstractString):
        return ["anna"]
    if not hasattr(item, "namespaced_name"):
        return []
    return [_filled(_kind_of(item), now)]


def _kind_of(item: Any) -> type[Any]:
    package, folder, name = item.namespaced_name()
    kind: type[Any] = getattr(__import__(f"{package}.{folder}", fromlist=[name]), name)
    return kind

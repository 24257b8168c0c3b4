"""Says what the adapters listen to: one person in front of a robot that stands, ten times a second.

The stamps of what one of them is told can be shifted, or be those of the end of all time.
"""

from __future__ import annotations

import importlib
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseArray, TransformStamped
from hri_msgs.msg import IdsList, NormalizedPointOfInterest2D, Skeleton2D
from rclpy.clock import Clock, ClockType
from rclpy.context import Context
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from social_nav_core.geometry import FloatArray
from social_nav_core.people import Person
from social_nav_core.sim.anatomy.physique import average_physique
from social_nav_core.sim.body import figures
from social_nav_core.sim.camera import Camera, CameraParameters
from social_nav_core.sim.motion import standing
from social_nav_core.vision.onnx_file import OnnxGraph
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from tf2_ros import StaticTransformBroadcaster

from social_nav_msgs.msg import BodyArray, SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.body_tracker_node import CAMERA_INFO, IMAGE
from social_nav_nodes.conversions import (
    people_message,
    pose_message,
    stamp_of,
    transform_message,
)
from social_nav_nodes.endurance.listener import Listener
from social_nav_nodes.gazebo_people_node import GAZEBO_POSES
from social_nav_nodes.life_signs import clock_time
from social_nav_nodes.people_msgs_node import PEOPLE
from social_nav_nodes.pose_array_node import POSES
from social_nav_nodes.ros4hri_node import SKELETON, TRACKED

PERIOD = 0.1  # between two messages [s]
PLACE = (3.0, 0.0, np.pi)  # of the person, before the robot
KEPT = 2000  # times at which something was heard, those of a minute
NEWEST_STAMP = 2**31 - 1  # that a message can have [s]
STAND_INS = Path(__file__).parent / "stand_ins"
CAMERA = Camera(CameraParameters(width=160, height=120))
SIDE = 160  # of the network's input [pixel]
OUTPUTS: dict[str, tuple[str, type, QoSProfile]] = {
    "ros4hri": (topics.BODIES, BodyArray, topics.SENSOR_QOS),
    "body_tracker": (topics.BODIES, BodyArray, topics.SENSOR_QOS),
    "people_msgs": (topics.SOCIAL_PEOPLE, SocialPersonArray, topics.RELIABLE_QOS),
    "pose_array": (topics.SOCIAL_PEOPLE, SocialPersonArray, topics.RELIABLE_QOS),
    "gazebo_people": (topics.SOCIAL_PEOPLE, SocialPersonArray, topics.RELIABLE_QOS),
}
"""What an adapter publishes; here each under a name of its own, see `own_output`."""


def own_output(adapter: str) -> str:
    """The topic that an adapter's output is remapped to."""
    return f"of_{adapter}"


class Feeder(Listener):
    """Feeds all adapters, and notes when each has said something about somebody.

    Attributes:
        heard: adapter -> wall-clock times of its newest outputs [s].
    """

    def __init__(self, context: Context) -> None:
        super().__init__("feeder", context)
        self.heard: dict[str, deque[float]] = {}
        for adapter in OUTPUTS:
            self.forget(adapter)
        self._shifts: dict[str, float] = {}
        self._feeds = self._make_feeds()
        for adapter, (_, kind, qos) in OUTPUTS.items():
            note = self._telling(partial(self._note, adapter))
            self.create_subscription(kind, own_output(adapter), note, qos)
        self._mount = StaticTransformBroadcaster(self)
        self._mount.sendTransform(self._of_camera())
        self.create_timer(PERIOD, self._feed, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def shift(self, adapter: str, by: float) -> None:
        """From now on, what this adapter is told has stamps that are later by this [s]."""
        self._shifts[adapter] = by

    def stop(self) -> None:
        """Tell everybody the right time again."""
        self._shifts.clear()

    def forget(self, adapter: str) -> None:
        """What an adapter said before it is started again does not count."""
        self.heard[adapter] = deque([-np.inf], maxlen=KEPT)

    def longest_silence(self, adapter: str, since: float) -> float:
        """Of an adapter after a wall-clock time [s]."""
        times = [since, *(at for at in list(self.heard[adapter]) if at > since), time.monotonic()]
        return float(np.diff(times).max())

    def _note(self, adapter: str, message: Any) -> None:
        items = message.bodies if adapter in ("ros4hri", "body_tracker") else message.people
        if items:
            self.heard[adapter].append(time.monotonic())

    def _make_feeds(self) -> dict[str, list[tuple[Any, Callable[[Time], Any]]]]:
        """Adapter -> (publisher, what it publishes at a time) of all that it alone listens to."""
        out, sensors = self.create_publisher, topics.SENSOR_QOS
        people, tracked = people_type(), topics.RELIABLE_QOS
        return {
            "all": [(out(TFMessage, "/tf", QoSProfile(depth=100)), _body_frame)],
            "ros4hri": [
                (out(IdsList, TRACKED, tracked), lambda t: IdsList(header=_at(t), ids=["anna"])),
                (out(Skeleton2D, SKELETON.format(id="anna"), sensors), _skeleton),
            ],
            "body_tracker": [
                (out(CameraInfo, CAMERA_INFO, sensors), _camera_info),
                (out(Image, IMAGE, sensors), _image),
            ],
            "people_msgs": [(out(people, PEOPLE, sensors), _people)],
            "pose_array": [(out(PoseArray, POSES, sensors), _poses)],
            "gazebo_people": [(out(TFMessage, GAZEBO_POSES, QoSProfile(depth=100)), _models)],
        }

    def _feed(self) -> None:
        now = clock_time(self)
        for adapter, feeds in self._feeds.items():
            stamp = stamp_of(min(now + self._shifts.get(adapter, 0.0), NEWEST_STAMP))
            for publisher, make in feeds:
                publisher.publish(make(stamp))

    def _of_camera(self) -> TransformStamped:
        about = CAMERA.parameters
        frame = _at(self.get_clock().now().to_msg(), topics.BASE_FRAME)
        mount = transform_message((about.mount_x, 0.0, 0.0), topics.CAMERA_FRAME, frame)
        mount.transform.translation.z = about.mount_z
        turn = mount.transform.rotation
        turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5
        return mount


def people_type() -> type[Any]:
    """people_msgs/People, or what stands in for it."""
    if PathFinder.find_spec("people_msgs"):
        return importlib.import_module("people_msgs.msg").People
    return SocialPersonArray


def pose_network() -> bytes:
    """An ONNX file that sees the person in every image, as YOLO-pose would tell it."""
    joints = _joints()
    low, high = joints[:, :2].min(axis=0), joints[:, :2].max(axis=0)
    seen = np.zeros((1, 56, 8), np.float32)
    seen[0, :, 0] = [*(0.5 * (low + high)), *(high - low), 0.9, *joints[:17].ravel()]
    image = ("float32", (1, 3, SIDE, SIDE))
    graph = OnnxGraph("one person", {"image": image}, {"people": ("float32", seen.shape)})
    graph.constant("zero", np.zeros((), np.float32))
    graph.constant("seen", seen)
    graph.add("ReduceMean", ["image"], "mean", keepdims=0)
    graph.add("Mul", ["mean", "zero"], "nothing")
    graph.add("Add", ["seen", "nothing"], "people")
    return graph.file()


def _joints() -> FloatArray:
    """(23, 3): column [pixel], row [pixel] and confidence of the person's joints."""
    person = figures(standing(np.array([PLACE])), average_physique(np.array([1.7])))
    column, row, _ = CAMERA.project(CAMERA.pose((0.0, 0.0, 0.0)), person.joints)
    return np.stack([column[0], row[0], np.full(len(column[0]), 0.9)], axis=-1)


def _at(stamp: Time, frame: str = topics.ODOM_FRAME) -> Header:
    return Header(stamp=stamp, frame_id=frame)


def _body_frame(stamp: Time) -> TFMessage:
    frame = transform_message(PLACE, "body_anna", _at(stamp, topics.BASE_FRAME))
    return TFMessage(transforms=[frame])


def _skeleton(stamp: Time) -> Skeleton2D:
    points = [NormalizedPointOfInterest2D(x=0.5, y=0.05 * k, c=0.9) for k in range(18)]
    return Skeleton2D(header=_at(stamp, topics.CAMERA_FRAME), skeleton=points)


def _camera_info(stamp: Time) -> CameraInfo:
    about, focal = CAMERA.parameters, float(CAMERA.focal_length)
    info = CameraInfo(header=_at(stamp, topics.CAMERA_FRAME), distortion_model="plumb_bob")
    info.width, info.height, info.d = about.width, about.height, [0.0] * 5
    info.k = np.array(
        [focal, 0.0, 0.5 * about.width, 0.0, focal, 0.5 * about.height, 0.0, 0.0, 1.0]
    )
    return info


def _image(stamp: Time) -> Image:
    about = CAMERA.parameters
    return Image(
        header=_at(stamp, topics.CAMERA_FRAME),
        width=about.width,
        height=about.height,
        encoding="rgb8",
        step=3 * about.width,
        data=bytes(3 * about.width * about.height),
    )


def _people(stamp: Time) -> Any:
    message = people_message([Person("anna", np.array(PLACE))], _at(stamp))
    kind = people_type()
    if kind is SocialPersonArray:
        return message
    person = importlib.import_module("people_msgs.msg").Person(name="anna")
    person.position.x = PLACE[0]
    return kind(header=message.header, people=[person])


def _poses(stamp: Time) -> PoseArray:
    return PoseArray(header=_at(stamp), poses=[pose_message(PLACE)])


def _models(stamp: Time) -> TFMessage:
    robot = transform_message((-3.0, 0.0, 0.0), "tiago", _at(stamp, "world"))
    return TFMessage(transforms=[robot])

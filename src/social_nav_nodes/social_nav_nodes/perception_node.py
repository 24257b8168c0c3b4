"""Tracked bodies in, people with social labels out, at the camera's rate.

The bodies of one camera become people by the shipped student, filters and group detection of
social_nav_core.perception; poses are in a frame that does not move with the robot.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray, transform_points
from social_nav_core.parameters import parameter
from social_nav_core.perception.expected import ExpectedParameters
from social_nav_core.perception.groups import GroupParameters
from social_nav_core.perception.intake import IntakeParameters
from social_nav_core.perception.kinematics import KinematicsParameters
from social_nav_core.perception.label_filter import LabelParameters
from social_nav_core.perception.perceive import MemoryParameters, Perception, Sight
from social_nav_core.perception.student_file import load_student, shipped_student
from std_msgs.msg import Header

from social_nav_msgs.msg import BodyArray
from social_nav_nodes import topics
from social_nav_nodes.adapter import PeoplePublisher
from social_nav_nodes.conversions import bodies_from, quaternion_defect, seconds
from social_nav_nodes.life_signs import on_time_jump
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import PATIENCE, TransformLookup

MOST_WAITING = 4  # images that wait for their transforms, or while the node is busy
NEWEST = QoSProfile(depth=2, reliability=ReliabilityPolicy.BEST_EFFORT)  # a busy node skips images
RETRY = 0.02  # between looks for transforms that came late [s]


@dataclass(frozen=True)
class PerceptionNodeParameters:
    """Of the perception node."""

    model: str = parameter("", "", "student (ONNX); empty for the one that ships")
    frame: str = parameter(topics.ODOM_FRAME, "", "of the people; must not move with the robot")
    base_frame: str = parameter(topics.BASE_FRAME, "", topics.BASE_FRAME_MEANING)
    camera_frame: str = parameter(topics.CAMERA_FRAME, "", "optical frame of the camera")
    most_bodies: int = parameter(
        100, "", "of an image; of more, those farthest from the camera are left out", 1, 1000
    )


class PerceptionNode(Node):
    """BodyArray in, SocialPersonArray out."""

    PARAMETERS: ClassVar = {
        "": PerceptionNodeParameters,
        "memory": MemoryParameters,
        "intake": IntakeParameters,
        "kinematics": KinematicsParameters,
        "labels": LabelParameters,
        "groups": GroupParameters,
        "expected": ExpectedParameters,
    }

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("perception", **options)
        read = read_parameters(self, self.PARAMETERS)
        self._config: PerceptionNodeParameters = read[""]
        path = self._config.model
        student = load_student(path) if path else shipped_student()
        self._perception = Perception(
            student,
            read["memory"],
            read["intake"],
            read["kinematics"],
            read["labels"],
            read["groups"],
            read["expected"],
        )
        self._log = ThrottledLog(self.get_logger())
        named = {getattr(self._config, name): name for name in ("camera_frame", "frame")}
        self._transforms = TransformLookup(self, self._log, named)
        self._publisher = PeoplePublisher(self, topics.BODIES, self._log)
        self._waiting: deque[BodyArray] = deque(maxlen=MOST_WAITING)
        self._jumps = on_time_jump(self, lambda _: self._waiting.clear())
        self.create_subscription(BodyArray, topics.BODIES, self._receive, NEWEST)
        self.create_timer(RETRY, self._work)

    def _receive(self, message: BodyArray) -> None:
        if message.header.stamp.sec < 0:
            self._transforms.warn_of_stamp(message.header)
            return
        self._waiting.append(message)
        self._work()

    def _work(self) -> None:
        """Take the images in order, as far as the places of robot and camera are known then."""
        while self._waiting:
            message, own = self._waiting[0], self._config
            stamp = Time.from_msg(message.header.stamp)
            late = abs((self.get_clock().now() - stamp).nanoseconds) * 1e-9 > PATIENCE
            frame = self._transforms.pose(message.header.frame_id, own.frame, stamp, warn=late)
            if frame is None and not late:
                return
            follows = not late and self._transforms.ever_known(own.camera_frame, own.frame)
            view = self._transforms.sight(own.camera_frame, own.frame, stamp, warn=not follows)
            if view is None and follows:
                return
            self._waiting.popleft()
            if frame is not None:
                self._see(message, frame, None if view is None else Sight(view[:2], float(view[2])))

    def _see(self, message: BodyArray, frame: FloatArray, view: Sight | None) -> None:
        """Take in one image, whose bodies are in a frame with this pose, and say who is there."""
        started = time.monotonic()
        found = self._perception.see(
            seconds(message.header.stamp),
            self._usable(message, frame, view),
            message.image_width,
            message.image_height,
            view,
            frame,
        )
        self._log.left_out([(name, reason) for name, reason in found.problems if name])
        for reason in (reason for name, reason in found.problems if not name):
            self._log.warning("image", f"an image is left out: {reason}")
        if not found.late:
            header = Header(stamp=message.header.stamp, frame_id=self._config.frame)
            self._publisher.publish(found.people, header)
            self._publisher.diagnostics.took("image", started)

    def _usable(self, message: BodyArray, frame: FloatArray, view: Sight | None) -> list[Body]:
        """Bodies whose headings can be read; of too many, the nearest to the camera."""
        bodies, left_out = [], []
        for body, item in zip(bodies_from(message), message.bodies, strict=True):
            defect = quaternion_defect(item.pose.pose) if body.heading_known else None
            if defect is None:
                bodies.append(body)
            else:
                left_out.append((body.id, defect))
        self._log.left_out(left_out)
        most = self._config.most_bodies
        if len(bodies) <= most:
            return bodies
        self._log.warning(
            "too many bodies",
            f"{len(bodies)} bodies, expected at most {most}: the farthest are left out",
        )
        eye = self._robot(message, frame) if view is None else view.eye
        with np.errstate(invalid="ignore"):  # of poses that are refused later on
            places = transform_points(frame, np.stack([body.pose[:2] for body in bodies]))
            distance = np.hypot(*(places - eye).T)
        nearest = sorted(np.argsort(distance, kind="stable")[:most].tolist())
        return [bodies[k] for k in nearest]

    def _robot(self, message: BodyArray, frame: FloatArray) -> FloatArray:
        """Place (2,) of the robot [m], or else of the frame of the bodies."""
        stamp, own = Time.from_msg(message.header.stamp), self._config
        robot = self._transforms.pose(own.base_frame, own.frame, stamp, warn=False)
        return frame[:2] if robot is None else robot[:2]


def main() -> None:
    run_node(PerceptionNode)


if __name__ == "__main__":
    main()

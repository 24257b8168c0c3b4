"""ROS4HRI (REP-155) in, bodies out, for the perception.

From `/humans/bodies/tracked`, each body's `skeleton2d` and the TF frames `body_<id>`, whose origin
is between the hips and whose x points out of the belly.  Of the suite's 23 joints those skeletons
have 17; the feet get the confidence 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.subscription import Subscription
from rclpy.time import Time
from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE, Body, defects
from social_nav_core.input_files import one_line
from social_nav_core.parameters import parameter
from social_nav_core.skeleton import ROS4HRI, joints_from_ros4hri
from std_msgs.msg import Header

from social_nav_msgs.msg import BodyArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import bodies_message, seconds
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.life_signs import on_time_jump
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.stamps import LATE, StampCheck
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup

TRACKED = "/humans/bodies/tracked"
ROUNDING = 1e-3  # by which a tracker's confidences may exceed 1
SKELETON = "/humans/bodies/{id}/skeleton2d"
LOOK = 0.02  # between looks for images that are complete or late [s]


@dataclass(frozen=True)
class Ros4hriParameters:
    """What ROS4HRI does not tell."""

    image_width: int = parameter(640, "pixel", "columns of the camera's image", 16, 16384)
    image_height: int = parameter(480, "pixel", "rows of the camera's image", 16, 16384)
    frame: str = parameter(topics.BASE_FRAME, "", "of the bodies that are published, z up")
    headings: bool = parameter(
        True, "", "the x of body_<id> points out of the chest; else the perception finds headings"
    )
    position_std: float = parameter(0.1, "m", "standard deviation of positions", 0.0, 2.0)
    heading_std: float = parameter(0.3, "rad", "standard deviation of headings", 0.0, 1.5)
    wait: float = parameter(
        0.1, "s", "an image is published without bodies that take longer", 0.0, 2.0
    )
    most_bodies: int = parameter(100, "", "that are followed at a time", 1, 1000)


class Ros4hriNode(Node):
    """Adapter of ROS4HRI body trackers."""

    PARAMETERS: ClassVar = {"": Ros4hriParameters}

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("ros4hri", **options)
        try:
            from hri_msgs.msg import IdsList, Skeleton2D  # noqa: PLC0415
        except ImportError as error:
            raise ValueError(
                "ros4hri: the package hri_msgs is not installed; try: apt install "
                "ros-$ROS_DISTRO-hri-msgs"
            ) from error
        self._skeleton_type = Skeleton2D
        self._config: Ros4hriParameters = read_parameters(self, self.PARAMETERS)[""]
        self._log = ThrottledLog(self.get_logger())
        self._diagnostics = Diagnostics(self, self._log)
        skeletons = SKELETON.format(id="ID")
        self._diagnostics.expect("images", skeletons, when=lambda: bool(self._skeletons))
        self._stamps = StampCheck(self, self._log)
        self._transforms = TransformLookup(self, self._log)
        self._skeletons: dict[str, Subscription] = {}
        self._images: dict[tuple[int, int], dict[str, Any]] = {}
        self._published = -1.0
        self._jumps = on_time_jump(self, lambda _: self._forget())
        self._publisher = self.create_publisher(BodyArray, topics.BODIES, topics.SENSOR_QOS)
        self.create_subscription(IdsList, TRACKED, self._follow, topics.RELIABLE_QOS)
        self.create_timer(LOOK, self._look)

    def _follow(self, message: Any) -> None:
        """Subscribe to the skeletons of those who are tracked now, and to nobody else's."""
        if not self._stamps.accepts(message.header, TRACKED):
            return
        tracked = self._followed(message.ids)
        for name in set(self._skeletons) - tracked:
            self.destroy_subscription(self._skeletons.pop(name))
        for name in sorted(tracked - set(self._skeletons)):
            receive: Callable[[Any], None] = partial(self._receive, name)
            try:
                self._skeletons[name] = self.create_subscription(
                    self._skeleton_type, SKELETON.format(id=name), receive, topics.SENSOR_QOS
                )
            except InvalidTopicNameException as error:
                self._log.left_out([(name, f"its id makes no topic name: {one_line(error)}")])
        if not tracked and seconds(message.header.stamp) > 0.0:
            self._begin_anew_if_back(message.header)
            self._publish(Header(stamp=message.header.stamp), [])

    def _followed(self, ids: Sequence[str]) -> set[str]:
        """Those who are followed; of too many those who have been, and the first others."""
        tracked, most = dict.fromkeys(ids), self._config.most_bodies
        if len(tracked) <= most:
            return set(tracked)
        self._log.warning("too many", f"{len(tracked)} bodies, expected at most {most}")
        return set(sorted(tracked, key=lambda name: name not in self._skeletons)[:most])

    def _begin_anew_if_back(self, header: Header) -> None:
        """What was published does not count where stamps run back, as of a recording's start."""
        if seconds(header.stamp) < self._published - LATE:
            back = self._published - seconds(header.stamp)
            self._log.warning("back", f"the images' time went back by {back:.1f} s")
            self._forget()

    def _receive(self, name: str, message: Any) -> None:
        stamp = message.header.stamp
        if not self._stamps.accepts(message.header, SKELETON.format(id=name)):
            return
        self._begin_anew_if_back(message.header)
        if seconds(stamp) <= self._published:
            late = f"its skeleton of {seconds(stamp):.3f} s came after that image was published"
            self._log.left_out([(name, late)])
        else:
            self._images.setdefault((stamp.sec, stamp.nanosec), {})[name] = message
            self._look()

    def _look(self) -> None:
        """Publish, in order, images whose bodies are all there, and those that are overdue."""
        now = self.get_clock().now()
        for key in sorted(self._images):
            skeletons = self._images[key]
            header = next(iter(skeletons.values())).header
            age = abs((now - Time.from_msg(header.stamp)).nanoseconds) * 1e-9
            may_wait = age <= self._config.wait
            if may_wait and not skeletons.keys() >= set(self._skeletons):
                return
            found = {name: self._body(name, item) for name, item in skeletons.items()}
            missing = [name for name, body in found.items() if body is None]
            if may_wait and missing:
                return
            for name in missing:
                self._log.left_out([(name, f"no transform of body_{name} at its image's time")])
            del self._images[key]
            bodies = [body for body in found.values() if body is not None]
            judged = list(zip(bodies, defects(bodies), strict=True))
            self._log.left_out([(body.id, defect) for body, defect in judged if defect])
            self._publish(header, [body for body, defect in judged if not defect])

    def _body(self, name: str, message: Any) -> Body | None:
        """One body on the ground; None while its transform is not known."""
        about = self._config
        stamp = Time.from_msg(message.header.stamp)
        pose = self._transforms.pose(f"body_{name}", about.frame, stamp, warn=False)
        if pose is None:
            return None
        points = [_seen(point.x, point.y, point.c) for point in message.skeleton]
        points += [(0.0, 0.0, 0.0)] * (len(ROS4HRI) - len(points))
        joints = joints_from_ros4hri(points[: len(ROS4HRI)]).astype(np.float32)
        heading = about.heading_std**2 if about.headings else UNKNOWN_YAW_VARIANCE
        return Body(
            id=name,
            x=joints[:, 0] * about.image_width,
            y=joints[:, 1] * about.image_height,
            confidence=joints[:, 2],
            pose=pose,
            covariance=np.diag([about.position_std**2, about.position_std**2, heading]),
        )

    def _publish(self, header: Header, bodies: list[Body]) -> None:
        if seconds(header.stamp) <= self._published:
            return
        self._published = seconds(header.stamp)
        out = Header(stamp=header.stamp, frame_id=self._config.frame)
        size = self._config.image_width, self._config.image_height
        self._publisher.publish(bodies_message(bodies, out, *size))
        self._diagnostics.count("images")

    def _forget(self) -> None:
        self._images.clear()
        self._published = -1.0


def _seen(x: float, y: float, confidence: float) -> tuple[float, float, float]:
    """A joint as the perception knows it: unseen ones have no place, confidences no rounding."""
    if confidence <= 0.0:
        return 0.0, 0.0, 0.0
    return x, y, 1.0 if 1.0 < confidence <= 1.0 + ROUNDING else confidence


def main() -> None:
    run_node(Ros4hriNode)


if __name__ == "__main__":
    main()

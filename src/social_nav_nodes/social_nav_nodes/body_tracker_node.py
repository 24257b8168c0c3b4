"""Images in, tracked bodies out: a pose estimator on the robot's camera.

`image` and `camera_info` are needed, `depth` (registered to the image) makes positions better.
The newest image that has a transform is looked at; images that come meanwhile are left out.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image
from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import parameter
from social_nav_core.vision.estimator import EstimatorParameters, PoseEstimator
from social_nav_core.vision.onnx_estimator import OnnxEstimator
from social_nav_core.vision.pinhole import Pinhole
from social_nav_core.vision.placing import PlacingParameters, place
from social_nav_core.vision.tracking import BodyTrackParameters, BodyTracks
from std_msgs.msg import Header

from social_nav_msgs.msg import BodyArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import bodies_message, seconds
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.images import camera_from, depth_from, rgb_from
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.stamps import StampCheck
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import PATIENCE, TransformLookup

IMAGE, CAMERA_INFO, DEPTH = "image", "camera_info", "depth"
NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
WAITING, DEPTHS = 4, 8  # images that are kept

Mount = tuple[FloatArray, FloatArray]


@dataclass(frozen=True)
class BodyTrackerParameters:
    """Of the body_tracker node."""

    weights: str = parameter("", "", "pose network (ONNX): MoveNet's heads, YOLO-pose or RTMO")
    rate: float = parameter(10.0, "Hz", "most images that are looked at", 0.2, 60.0)
    base_frame: str = parameter(topics.BASE_FRAME, "", topics.BASE_FRAME_MEANING)
    odom_frame: str = parameter(topics.ODOM_FRAME, "", "in which the robot's motion is smooth")
    depth_delay: float = parameter(0.05, "s", "most between an image and its depth", 0.0, 0.5)


class BodyTrackerNode(Node):
    """Finds people in images, names them and says where they stand."""

    PARAMETERS: ClassVar = {
        "": BodyTrackerParameters,
        "estimator": EstimatorParameters,
        "tracks": BodyTrackParameters,
        "placing": PlacingParameters,
    }

    def __init__(self, estimator: PoseEstimator | None = None, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides.

        Args:
            estimator: in place of the one that `weights` names.
        """
        super().__init__("body_tracker", **options)
        read = read_parameters(self, self.PARAMETERS)
        self._about: BodyTrackerParameters = read[""]
        self._placing: PlacingParameters = read["placing"]
        if estimator is None and not self._about.weights:
            raise ValueError(
                "body_tracker: parameter weights is empty, expected an ONNX file; "
                "`python3 -m social_nav_core convert-movenet --help` tells how to get one"
            )
        self._estimate = estimator or OnnxEstimator(self._about.weights, read["estimator"])
        self._tracks = BodyTracks(read["tracks"])
        self._log = ThrottledLog(self.get_logger())
        self._stamps = StampCheck(self, self._log)
        self._transforms = TransformLookup(self, self._log, {self._about.base_frame: "base_frame"})
        self._camera_info: CameraInfo | None = None
        self._images: deque[Image] = deque(maxlen=WAITING)
        self._depths: deque[Image] = deque(maxlen=DEPTHS)
        self._axes_before: FloatArray | None = None
        self._mounted: float | None = None
        self._bodies_seen = 0
        self._diagnostics = Diagnostics(self, self._log, lambda: {"bodies": self._bodies_seen})
        self._diagnostics.expect("images", IMAGE)
        self._publisher = self.create_publisher(BodyArray, topics.BODIES, topics.SENSOR_QOS)
        self.create_subscription(Image, IMAGE, self._receive_image, NEWEST)
        self.create_subscription(Image, DEPTH, self._receive_depth, topics.SENSOR_QOS)
        self.create_subscription(
            CameraInfo, CAMERA_INFO, self._receive_camera_info, topics.SENSOR_QOS
        )
        self.create_timer(1.0 / self._about.rate, self._look)

    def _receive_image(self, message: Image) -> None:
        if self._stamps.accepts(message.header, IMAGE):
            self._images.append(message)

    def _receive_depth(self, message: Image) -> None:
        self._depths.append(message)

    def _receive_camera_info(self, message: CameraInfo) -> None:
        self._camera_info = message

    def _look(self) -> None:
        """Look at the newest image whose camera's place is known."""
        found = self._next_image()
        if found is None:
            return
        message, mount = found
        started = time.monotonic()
        try:
            image = rgb_from(message)
            camera = self._camera(message, mount)
            skeletons = None if camera is None else self._estimate(image)
        except ValueError as error:
            self._log.warning("image", f"an image is left out: {error}")
            return
        if camera is None or skeletons is None:
            return
        stamp = seconds(message.header.stamp)
        names = self._tracks.update(skeletons, stamp, self._turned(message, camera))
        bodies = self._bodies(names, skeletons, camera, self._depth(message))
        header = Header(stamp=message.header.stamp, frame_id=self._about.base_frame)
        self._publisher.publish(bodies_message(bodies, header, camera.width, camera.height))
        self._bodies_seen = len(bodies)
        self._diagnostics.count("images")
        self._diagnostics.took("image", started)

    def _next_image(self) -> tuple[Image, Mount] | None:
        """The newest image, and where its camera was; older ones are forgotten."""
        for message in reversed(self._images):
            mount = self._mount(message, self._about.base_frame)
            if mount is not None:
                while self._images.popleft() is not message:
                    pass
                self._mounted = seconds(message.header.stamp)
                return message, mount
        if self._images:
            self._warn_of_mount(self._images[-1])
        return None

    def _warn_of_mount(self, message: Image) -> None:
        """Say that it has not been known for a while where the camera is."""
        stamp = seconds(message.header.stamp)
        if self._mounted is None or stamp < self._mounted:
            self._mounted = stamp
        if stamp - self._mounted > PATIENCE:
            self._mount(message, self._about.base_frame, warn=True)

    def _mount(self, message: Image, parent: str, warn: bool = False) -> Mount | None:
        stamp = Time.from_msg(message.header.stamp)
        return self._transforms.mount(message.header.frame_id, parent, stamp, warn)

    def _camera(self, message: Image, mount: Mount) -> Pinhole | None:
        if self._camera_info is None:
            topic = self.resolve_topic_name(CAMERA_INFO)
            self._log.warning("camera", f"no camera on '{topic}', so nobody can be placed")
            return None
        return camera_from(self._camera_info, (message.width, message.height), mount)

    def _turned(self, message: Image, camera: Pinhole) -> FloatArray | None:
        """How pixels have moved because the camera turned in odom; None when that is unknown."""
        mount = self._mount(message, self._about.odom_frame)
        before, self._axes_before = self._axes_before, None if mount is None else mount[1]
        if mount is None or before is None:
            return None
        return camera.turned(mount[1].T @ before)

    def _depth(self, image: Image) -> NDArray[np.float32] | None:
        """Depths [m] of the image; None when there are none that fit."""
        stamp = seconds(image.header.stamp)
        apart = [abs(seconds(depth.header.stamp) - stamp) for depth in self._depths]
        if not apart or min(apart) > self._about.depth_delay:
            return None
        message = self._depths[int(np.argmin(apart))]
        if (message.width, message.height) != (image.width, image.height):
            self._log.warning(
                "depth",
                f"depths of {message.width} x {message.height} pixels are left out, expected "
                f"{image.width} x {image.height}, registered to the image",
            )
            return None
        try:
            return depth_from(message)
        except ValueError as error:
            self._log.warning("depth", f"depths are left out: {error}")
            return None

    def _bodies(
        self,
        names: list[str],
        skeletons: FloatArray,
        camera: Pinhole,
        depth: NDArray[np.float32] | None,
    ) -> list[Body]:
        """Bodies with a name and a place, in the base's frame."""
        bodies, left_out = [], []
        for name, joints in zip(names, skeletons, strict=True):
            if not name:
                continue
            placed = place(joints, camera, self._placing, depth)
            if isinstance(placed, str):
                left_out.append((name, placed))
                continue
            x, y, confidence = joints.T.astype(np.float32)
            bodies.append(Body(name, x, y, confidence, placed.pose, placed.covariance))
        self._log.left_out(left_out)
        return bodies


def main() -> None:
    run_node(BodyTrackerNode)


if __name__ == "__main__":
    main()

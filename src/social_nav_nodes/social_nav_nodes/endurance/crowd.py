"""A source of bodies for load: so many people with 23 joints each, at a camera's rate.

The messages are made before they are sent; only their stamps are written anew, so that this
process takes next to nothing of the machine that is measured.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Iterator

import numpy as np
from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node
from rclpy.serialization import serialize_message
from social_nav_core.bodies import Body
from social_nav_core.grid import GridGeometry
from social_nav_core.skeleton import JOINTS
from std_msgs.msg import Header
from tf2_ros import StaticTransformBroadcaster

from social_nav_msgs.msg import BodyArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import bodies_message, grid_message, transform_message
from social_nav_nodes.running import run_node

WIDTH, HEIGHT = 1280, 720  # [pixel]
LOOP = 3.0  # after which everybody is where they began [s]
GRID = GridGeometry(400, 400, 0.05, (-10.0, -10.0, 0.0))
STAMP = struct.Struct("<iI")
STAMP_AT = 4  # behind the encapsulation of a message that begins with a header


class CrowdNode(Node):
    """Publishes bodies, the map, and where the robot, which stands, is."""

    def __init__(self, people: int, rate: float) -> None:
        super().__init__("crowd")
        self._bodies = self.create_publisher(BodyArray, topics.BODIES, topics.SENSOR_QOS)
        self._map = self.create_publisher(OccupancyGrid, topics.MAP, topics.LATCHED_QOS)
        self._frames = StaticTransformBroadcaster(self)
        stamp = self.get_clock().now().to_msg()
        header = Header(stamp=stamp, frame_id=topics.MAP_FRAME)
        self._map.publish(grid_message(np.zeros(GRID.shape, np.int8), GRID, header))
        self._frames.sendTransform(
            [
                transform_message((0.0, 0.0, 0.0), child, Header(stamp=stamp, frame_id=parent))
                for child, parent in (
                    (topics.ODOM_FRAME, topics.MAP_FRAME),
                    (topics.BASE_FRAME, topics.ODOM_FRAME),
                    (topics.CAMERA_FRAME, topics.BASE_FRAME),
                )
            ]
        )
        self._messages = [bytearray(data) for data in messages(people, rate)]
        self._sent = 0
        self.create_timer(1.0 / rate, self._send)

    def _send(self) -> None:
        data = self._messages[self._sent % len(self._messages)]
        self._sent += 1
        now = self.get_clock().now().nanoseconds
        STAMP.pack_into(data, STAMP_AT, now // 10**9, now % 10**9)
        self._bodies.publish(bytes(data))


def messages(people: int, rate: float) -> Iterator[bytes]:
    """The serialised images of one loop: people on circles of 0.3 m, 1.5 m and more apart."""
    rng = np.random.default_rng(1)
    across = int(np.ceil(np.sqrt(people)))
    places = np.array([(2.0 + 1.5 * (k // across), 1.5 * (k % across)) for k in range(people)])
    places[:, 1] -= places[:, 1].mean()
    x = rng.uniform(0.1 * WIDTH, 0.9 * WIDTH, (people, 1))
    x = x + rng.normal(0, 25, (people, len(JOINTS)))
    y = np.linspace(0.2, 0.9, len(JOINTS)) * HEIGHT + rng.normal(0, 5, (people, len(JOINTS)))
    phases = rng.uniform(0, 2 * np.pi, people)
    header = Header(frame_id=topics.BASE_FRAME)
    frames = max(round(LOOP * rate), 1)
    for frame in range(frames):
        angles = phases + 2 * np.pi * frame / frames
        moved = places + 0.3 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        swing = 10.0 * np.sin(2 * angles)[:, None]
        bodies = [
            Body(
                id=f"p{k}",
                x=(x[k] + swing[k]).astype(np.float32),
                y=y[k].astype(np.float32),
                confidence=np.full(len(JOINTS), 0.9, np.float32),
                pose=np.array([*moved[k], angles[k] % (2 * np.pi) - np.pi]),
                covariance=np.diag([0.01, 0.01, 0.1]),
            )
            for k in range(people)
        ]
        yield serialize_message(bodies_message(bodies, header, WIDTH, HEIGHT))


def main() -> None:
    parser = argparse.ArgumentParser(prog="crowd", description=__doc__.split("\n\n")[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--rate", type=float, default=30.0, help="images per second")
    own = sys.argv[1:]
    arguments = parser.parse_args(own)
    if not (1 <= arguments.people <= 1000 and 0.1 <= arguments.rate <= 1000.0):
        parser.error("expected 1 to 1000 people, and 0.1 to 1000 images per second")
    run_node(lambda: CrowdNode(arguments.people, arguments.rate), len(own))


if __name__ == "__main__":
    main()

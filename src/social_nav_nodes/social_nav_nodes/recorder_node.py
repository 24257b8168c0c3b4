"""Records the suite's topics into a rosbag2 folder with an MCAP file.

Foxglove and `ros2 bag` open it; on a ROS 2 machine `ros2 bag record -s mcap` does the same.
"""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from ament_index_python import get_package_share_directory
from geometry_msgs.msg import PoseStamped, Twist
from nav_msgs.msg import OccupancyGrid, Odometry
from nav_msgs.msg import Path as PathMessage
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import LaserScan
from social_nav_core.parameters import parameter
from tf2_msgs.msg import TFMessage

from social_nav_msgs.msg import BodyArray, SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog

STATIC_QOS = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
BURST_QOS = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
RECORDED: tuple[tuple[str, type[Any], QoSProfile], ...] = (
    ("/clock", ClockMessage, BURST_QOS),
    ("/tf", TFMessage, BURST_QOS),
    ("/tf_static", TFMessage, STATIC_QOS),
    (topics.MAP, OccupancyGrid, topics.LATCHED_QOS),
    (topics.SOCIAL_COSTMAP, OccupancyGrid, topics.LATCHED_QOS),
    (topics.BODIES, BodyArray, topics.SENSOR_QOS),
    (topics.SOCIAL_PEOPLE, SocialPersonArray, topics.RELIABLE_QOS),
    (topics.SOCIAL_PEOPLE_TRUTH, SocialPersonArray, topics.RELIABLE_QOS),
    (topics.ODOM, Odometry, topics.RELIABLE_QOS),
    (topics.GROUND_TRUTH, Odometry, topics.RELIABLE_QOS),
    (topics.SCAN, LaserScan, topics.SENSOR_QOS),
    (topics.PLAN, PathMessage, topics.RELIABLE_QOS),
    (topics.APPROACH_PLACE, PoseStamped, topics.RELIABLE_QOS),
    (topics.CMD_VEL, Twist, topics.RELIABLE_QOS),
)
FOREVER = QosTime(9223372036, 854775807)
LARGE = 2**18  # a quarter of what is written at once [byte]


@dataclass(frozen=True)
class RecorderParameters:
    """Of the recorder node."""

    out: str = parameter("", "", "folder of the recording, which must not exist yet")
    keep_free: float = parameter(
        50.0, "MB", "the recording ends while the disk has so much left", 0.0, 1e6
    )


class RecorderNode(Node):
    """Writes every message as it came over the wire, stamped with the node's clock."""

    PARAMETERS: ClassVar = {"": RecorderParameters}

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("recorder", **options)
        parameters: RecorderParameters = read_parameters(self, self.PARAMETERS)[""]
        self._config = parameters
        self._folder = folder = Path(parameters.out)
        if not parameters.out or folder.exists():
            raise ValueError(
                f"recorder: parameter out is '{parameters.out}', expected a folder that does not "
                "exist yet"
            )
        self._log = ThrottledLog(self.get_logger(), period=60.0)
        self._diagnostics = Diagnostics(self, self._log)
        self._ended = ""
        self._writer = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        types = get_typestore(Stores.ROS2_JAZZY)
        types.register(dict(_own_types()))
        for name, message_type, qos in RECORDED:
            topic = self.resolve_topic_name(name, only_expand=True)  # as if nothing were remapped
            connection = self._writer.add_connection(
                topic,
                _type_name(message_type),
                typestore=types,
                offered_qos_profiles=[_as_recorded(qos)],
            )
            write = partial(self._write, connection)
            self.create_subscription(message_type, topic, write, qos, raw=True)

        self.create_timer(1.0, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _write(self, connection: Connection, message: bytes) -> None:
        if self._ended:
            return
        try:
            self._writer.write(connection, self.get_clock().now().nanoseconds, message)
        except OSError as error:
            with suppress(OSError):
                self._writer.abort()
            self._end(f"{error.strerror}; what was written lacks its index, see 'mcap recover'")
            return
        self._diagnostics.count("messages")

    def _look(self) -> None:
        """End in time when the disk is nearly full; keep saying that the recording has ended."""
        if not self._ended:
            self._look_at_disk()
        if self._ended:
            self._log.error("ended", self._ended)

    def _look_at_disk(self) -> None:
        assert self._writer.storage is not None
        try:
            free = shutil.disk_usage(self._writer.storage.path).free / 1e6
        except OSError as error:
            with suppress(OSError):
                self._writer.close()
            self._end(f"its file is gone: {error.strerror}")
            return
        if free < self._config.keep_free:
            self._close(f"the disk has {free:.0f} MB left, {self._config.keep_free:g} are kept")

    def _close(self, why: str) -> None:
        """Finish the file; ``why`` is empty when nothing is wrong."""
        try:
            self._writer.close()
        except OSError as error:
            why = f"{error.strerror}; what was written lacks its index, see 'mcap recover'"
        if why:
            self._end(why)

    def _end(self, why: str) -> None:
        self._ended = f"the recording in '{self._folder}' has ended: {why}"
        self._log.error("ended", self._ended)

    def destroy_node(self) -> None:
        """Close the file, which is not complete before."""
        if not self._ended:
            self._close("")
        super().destroy_node()


def _own_types() -> Iterator[tuple[str, Any]]:
    """Definitions of the suite's own messages, from where they are installed."""
    package = "social_nav_msgs"
    for file in sorted((Path(get_package_share_directory(package)) / "msg").glob("*.msg")):
        yield from get_types_from_msg(file.read_text(), f"{package}/msg/{file.stem}").items()


def _type_name(message_type: type[Any]) -> str:
    return f"{message_type.__module__.split('.')[0]}/msg/{message_type.__name__}"


def _as_recorded(qos: QoSProfile) -> Qos:
    latched = qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
    reliable = qos.reliability != ReliabilityPolicy.BEST_EFFORT
    return Qos(
        QosHistory.KEEP_LAST,
        qos.depth,
        QosReliability.RELIABLE if reliable else QosReliability.BEST_EFFORT,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        FOREVER,
        FOREVER,
        QosLiveliness.AUTOMATIC,
        FOREVER,
        False,
    )


def give_back_large_blocks() -> None:
    """Have this process return memory of `LARGE` blocks as soon as they are free.

    What is written at once is built in such blocks.  glibc learns to keep their places, now at the
    end of its heap and now between others, so that a process that needs no more seems to grow.
    Other C libraries have no such setting and need none.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    mmap_threshold = -3  # of malloc.h
    if set_option is not None:
        set_option(mmap_threshold, LARGE)


def main() -> None:
    give_back_large_blocks()
    run_node(RecorderNode)


if __name__ == "__main__":
    main()

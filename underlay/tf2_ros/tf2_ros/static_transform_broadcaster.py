"""Publishes frames that never move on /tf_static."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile

from tf2_msgs.msg import TFMessage
from tf2_ros.transform_broadcaster import as_list

LATCHED = QoSProfile(
    depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, history=HistoryPolicy.KEEP_LAST
)


class StaticTransformBroadcaster:
    """Sends poses once; whoever listens later still gets all that one broadcaster has sent."""

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        """Publish with a node; transient local unless ``qos`` (profile or depth) says otherwise."""
        self.pub_tf = node.create_publisher(
            TFMessage, "/tf_static", LATCHED if qos is None else qos
        )
        self._transforms: dict[str, TransformStamped] = {}

    def sendTransform(self, transform: TransformStamped | Iterable[TransformStamped]) -> None:
        """Send one transform or several; a child frame that was sent before gets its new pose."""
        self._transforms.update({item.child_frame_id: item for item in as_list(transform)})
        self.pub_tf.publish(TFMessage(transforms=[*self._transforms.values()]))

"""Publishes moving frames on /tf."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile

from tf2_msgs.msg import TFMessage


def as_list(transform: TransformStamped | Iterable[TransformStamped]) -> list[TransformStamped]:
    """One transform or several, as a list."""
    return [*transform] if isinstance(transform, Iterable) else [transform]


class TransformBroadcaster:
    """Sends poses of child frames in their parents, again and again."""

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        """Publish with a node; 100 deep unless ``qos`` (profile or depth) says otherwise."""
        self.pub_tf = node.create_publisher(
            TFMessage, "/tf", QoSProfile(depth=100) if qos is None else qos
        )

    def sendTransform(self, transform: TransformStamped | Iterable[TransformStamped]) -> None:
        """Send one transform or several in one message."""
        self.pub_tf.publish(TFMessage(transforms=as_list(transform)))

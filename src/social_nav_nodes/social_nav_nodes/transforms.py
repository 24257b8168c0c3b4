"""Planar transforms from tf2: a pose, or None and a throttled warning that names both frames."""

from __future__ import annotations

import numpy as np
from rclpy.node import Node
from rclpy.time import Time
from tf2_ros import Buffer, TransformException, TransformListener

from social_nav_core.geometry import FloatArray, yaw_from_quaternion
from social_nav_nodes.throttled_log import ThrottledLog


class TransformLookup:
    """Looks up where frames are, without ever waiting.

    Args:
        node: listens to /tf and /tf_static.
        log: for transforms that are missing.
    """

    def __init__(self, node: Node, log: ThrottledLog) -> None:
        self._buffer = Buffer(node=node)
        self._listener = TransformListener(self._buffer, node)
        self._log = log

    def pose(self, frame: str, parent: str, stamp: Time | None = None) -> FloatArray | None:
        """(x [m], y [m], yaw [rad]) of a frame in a parent frame; None when it is not known.

        Args:
            frame: whose pose is wanted.
            parent: the frame that the pose is expressed in.
            stamp: when; None for the latest time that is known.
        """
        if frame == parent:
            return np.zeros(3)
        try:
            found = self._buffer.lookup_transform(parent, frame, stamp or Time()).transform
        except TransformException as error:
            self._log.warning(
                f"transform {frame} {parent}", f"no transform from '{frame}' to '{parent}': {error}"
            )
            return None
        turn = found.rotation
        yaw = yaw_from_quaternion(turn.x, turn.y, turn.z, turn.w)
        return np.array([found.translation.x, found.translation.y, yaw])

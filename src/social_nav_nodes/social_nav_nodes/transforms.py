"""Planar transforms from tf2: a pose, or None and a throttled warning that names both frames."""

from __future__ import annotations

from collections import deque
from typing import Any, Generic, TypeVar

import numpy as np
from rclpy.node import Node
from rclpy.time import Time
from social_nav_core.geometry import FloatArray, yaw_from_quaternion
from std_msgs.msg import Header
from tf2_ros import Buffer, TransformException, TransformListener

from social_nav_nodes.throttled_log import ThrottledLog

Message = TypeVar("Message", bound=Any)
PATIENCE = 0.5  # how long a message waits for its transform before that is worth a warning [s]
MOST_WAITING = 50


class TransformLookup:
    """Looks up where frames are, without ever waiting.

    Args:
        node: listens to /tf and /tf_static.
        log: for transforms that are missing.
    """

    def __init__(self, node: Node, log: ThrottledLog) -> None:
        self.node = node
        self._buffer = Buffer(node=node)
        self._listener = TransformListener(self._buffer, node)
        self._log = log

    def pose(
        self, frame: str, parent: str, stamp: Time | None = None, warn: bool = True
    ) -> FloatArray | None:
        """(x [m], y [m], yaw [rad]) of a frame in a parent frame; None when it is not known.

        Args:
            frame: whose pose is wanted.
            parent: the frame that the pose is expressed in.
            stamp: when; None for the latest time that is known.
            warn: whether a pose that is not known is worth a warning.
        """
        if frame == parent:
            return np.zeros(3)
        try:
            found = self._buffer.lookup_transform(parent, frame, stamp or Time()).transform
        except TransformException as error:
            if warn:
                subject = f"transform {frame} {parent}"
                self._log.warning(subject, f"no transform from '{frame}' to '{parent}': {error}")
            return None
        turn = found.rotation
        yaw = yaw_from_quaternion(turn.x, turn.y, turn.z, turn.w)
        return np.array([found.translation.x, found.translation.y, yaw])

    def warn_of_stamp(self, header: Header) -> None:
        """Say that a message cannot be used because of its stamp."""
        self._log.warning(
            f"stamp {header.frame_id}",
            f"a message in '{header.frame_id}' is left out: its stamp is {header.stamp.sec} s, "
            "expected 0 s or more",
        )


class WaitingMessages(Generic[Message]):
    """Messages that wait until the transform of their stamp is known, which may come later."""

    def __init__(self, transforms: TransformLookup) -> None:
        self._transforms = transforms
        self._messages: deque[Message] = deque(maxlen=MOST_WAITING)

    def add(self, message: Message) -> None:
        """Let a stamped message wait; a stamp before time zero is refused with a warning."""
        if message.header.stamp.sec < 0:
            self._transforms.warn_of_stamp(message.header)
        else:
            self._messages.append(message)

    def take(self, parent: str) -> tuple[Message, FloatArray] | None:
        """The newest message whose frame is known in a parent frame, with that frame's pose.

        Older messages are forgotten; those that have waited too long too, with a warning.
        """
        for message in reversed(self._messages):
            pose = self._pose(message, parent, warn=False)
            if pose is not None:
                while self._messages.popleft() is not message:
                    pass
                return message, pose
        while self._messages and self._age(self._messages[0]) > PATIENCE:
            self._pose(self._messages.popleft(), parent, warn=True)
        return None

    def _pose(self, message: Message, parent: str, warn: bool) -> FloatArray | None:
        stamp = Time.from_msg(message.header.stamp)
        return self._transforms.pose(message.header.frame_id, parent, stamp, warn)

    def _age(self, message: Message) -> float:
        """Seconds since the message's stamp; stamps of the future have waited as long as any."""
        now = self._transforms.node.get_clock().now()
        return abs((now - Time.from_msg(message.header.stamp)).nanoseconds) * 1e-9

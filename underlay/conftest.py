"""Transforms for the tests."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from geometry_msgs.msg import TransformStamped

from tf2_py.messages import time_message

Stamped = Callable[..., TransformStamped]


@pytest.fixture
def stamped() -> Stamped:
    """Makes the pose of a child frame [m, rad] in its parent at a time [s]."""

    def make(
        parent: str,
        child: str,
        seconds: float = 0.0,
        xyz: tuple[float, float, float] = (0.0, 0.0, 0.0),
        yaw: float = 0.0,
    ) -> TransformStamped:
        message = TransformStamped()
        message.header.stamp = time_message(round(seconds * 1e9))
        message.header.frame_id, message.child_frame_id = parent, child
        translation, rotation = message.transform.translation, message.transform.rotation
        translation.x, translation.y, translation.z = xyz
        rotation.z, rotation.w = math.sin(yaw / 2.0), math.cos(yaw / 2.0)
        return message

    return make

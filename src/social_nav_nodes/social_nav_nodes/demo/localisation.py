"""How well a robot knows where it is, where a simulator tells the truth."""

from __future__ import annotations

from collections import deque

import numpy as np
from builtin_interfaces.msg import Time as TimeMessage
from nav_msgs.msg import Odometry
from social_nav_core.geometry import FloatArray, wrap_angle

from social_nav_nodes.conversions import pose_from, quaternion_defect, seconds

SAME_TIME = 1e-6  # [s]
WORTH_A_WORD = 1e-3  # [m]


class Localisation:
    """Compares poses that a robot's localisation tells with those of `ground_truth`."""

    def __init__(self) -> None:
        self._truths: deque[tuple[float, FloatArray]] = deque(maxlen=500)
        self._errors: list[tuple[float, float]] = []

    def see(self, message: Odometry) -> None:
        """Take the truth, whose frame is the map."""
        pose = pose_from(message.pose.pose)
        if np.isfinite(pose).all() and quaternion_defect(message.pose.pose) is None:
            self._truths.append((seconds(message.header.stamp), pose))

    def truth(self, stamp: TimeMessage, told: FloatArray) -> FloatArray:
        """Pose (3,) of the robot in the map at a stamp: the truth, or what was told without one."""
        time = seconds(stamp)
        while self._truths and self._truths[0][0] < time - SAME_TIME:
            self._truths.popleft()
        if not self._truths or self._truths[0][0] > time + SAME_TIME:
            return told
        true = self._truths[0][1]
        distance = float(np.hypot(*(told - true)[:2]))
        self._errors.append((distance, abs(float(wrap_angle(told[2] - true[2])))))
        return true

    def summary(self) -> str:
        """The errors in words; empty when there are none."""
        if not self._errors or max(self._errors)[0] < WORTH_A_WORD:
            return ""
        (middle, turn), (worst, worst_turn) = (
            f(self._errors, axis=0).tolist() for f in (np.median, np.max)
        )
        return (
            f"localised to {middle:.3f} m and {turn:.3f} rad (medians), "
            f"{worst:.3f} m and {worst_turn:.3f} rad at worst"
        )

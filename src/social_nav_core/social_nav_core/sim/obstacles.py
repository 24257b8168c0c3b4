"""What a scanner saw a moment ago where it does not look now, so that plans do not forget it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray, inverse, transform_points
from social_nav_core.parameters import check, parameter


@dataclass(frozen=True)
class MemoryParameters:
    """What is kept of earlier scans."""

    keep: float = parameter(5.0, "s", "time that points out of view are kept", 0.0, 60.0)
    reach: float = parameter(3.0, "m", "points farther from the robot are left out", 0.1, 50.0)


class ObstacleMemory:
    """Points of the present scan, and those of earlier ones that are out of the scanner's view.

    Without it a robot that turns away from people plans through them, turns back, and so on.

    Args:
        parameters: what is kept.
    """

    def __init__(self, parameters: MemoryParameters | None = None) -> None:
        self._parameters = parameters or MemoryParameters()
        check(self._parameters)
        self._points = np.zeros((0, 2))
        self._times = np.zeros(0)

    def update(
        self,
        points_in_robot: ArrayLike,
        robot_in_map: ArrayLike,
        time: float,
        half_angle: float,
        forward: float,
    ) -> FloatArray:
        """Take in a scan and return all obstacles ``(n, 2)`` [m] in the map.

        Args:
            points_in_robot: ``(n, 2)`` [m], the present scan's.
            robot_in_map: (x [m], y [m], yaw [rad]) at the scan.
            time: of the scan [s].
            half_angle: of the scanner's view to either side [rad].
            forward: place of the scanner ahead of the robot's centre [m].
        """
        seen = np.asarray(points_in_robot, dtype=float).reshape(-1, 2)
        seen = seen[np.hypot(*seen.T) <= self._parameters.reach]
        old = transform_points(inverse(robot_in_map), self._points)
        in_view = np.abs(np.arctan2(old[:, 1], old[:, 0] - forward)) <= half_angle
        is_young = time - self._times <= self._parameters.keep
        kept = ~in_view & is_young & (np.hypot(*old.T) <= self._parameters.reach)
        self._points = np.concatenate([self._points[kept], transform_points(robot_in_map, seen)])
        self._times = np.concatenate([self._times[kept], np.full(len(seen), time)])
        return self._points

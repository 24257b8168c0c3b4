"""Drives a path: regulated pure pursuit, turning in place at both ends, stopping for obstacles.

After Macenski et al., "Regulated pure pursuit for robot path tracking", Autonomous Robots 47
(2023): the speed falls in tight curves and near the goal, here also before obstacles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.sim.robot import Pose, Velocity

LAG = 0.3  # by how many seconds of full acceleration the measured velocity may be behind


@dataclass(frozen=True)
class FollowerParameters:
    """How the robot drives along a path."""

    speed: float = parameter(0.8, "m/s", "on a straight and free way", 0.05, 5.0)
    acceleration: float = parameter(0.8, "m/s^2", "along the way, also braking", 0.05, 20.0)
    turn_rate: float = parameter(1.5, "rad/s", "largest", 0.05, 20.0)
    turn_acceleration: float = parameter(2.0, "rad/s^2", "largest", 0.05, 100.0)
    lookahead_time: float = parameter(1.0, "s", "way at the present speed to look ahead", 0.1, 5.0)
    min_lookahead: float = parameter(0.3, "m", "shortest look ahead", 0.05, 5.0)
    max_lookahead: float = parameter(0.9, "m", "longest look ahead", 0.05, 5.0)
    min_turn_radius: float = parameter(0.9, "m", "tighter curves are driven slower", 0.05, 10.0)
    turn_in_place_angle: float = parameter(
        0.8, "rad", "a path farther off ahead is first turned to", 0.1, 3.1416
    )
    xy_tolerance: float = parameter(0.08, "m", "of the goal's place", 0.01, 2.0)
    yaw_tolerance: float = parameter(0.08, "rad", "of the goal's heading", 0.01, 3.1416)
    robot_radius: float = parameter(0.27, "m", "of the footprint", 0.05, 2.0)
    obstacle_margin: float = parameter(
        0.18, "m", "kept to obstacles ahead; the robot creeps past nearer ones", 0.0, 1.0
    )
    creep_speed: float = parameter(0.25, "m/s", "past obstacles within the margin", 0.02, 5.0)


class DriveStatus(Enum):
    """What the follower is doing."""

    DRIVING = "driving"
    TURNING = "turning in place"
    BLOCKED = "waiting for an obstacle on the way"
    ARRIVED = "arrived"


@dataclass(frozen=True)
class DriveCommand:
    """Velocity to command now, and why.

    Attributes:
        velocity: (forward [m/s], turning [rad/s]).
        status: what the follower is doing.
        distance_remaining: along the path [m].
    """

    velocity: Velocity
    status: DriveStatus
    distance_remaining: float


class PathFollower:
    """Follows one path at a time to a goal pose."""

    def __init__(self, parameters: FollowerParameters | None = None) -> None:
        self.parameters = parameters or FollowerParameters()
        check(self.parameters)
        self._path = np.zeros((0, 2))
        self._x = self._y = np.zeros(0)
        self._along = np.zeros(0)
        self._goal_yaw: float | None = None
        self._reached = self._turning = False
        self._progress = 0.0
        self._last: Velocity = (0.0, 0.0)

    @property
    def reach(self) -> float:
        """Distance [m] from the robot beyond which no obstacle counts."""
        return self._horizon + self.parameters.robot_radius + self.parameters.obstacle_margin

    @property
    def _horizon(self) -> float:
        """Way [m] ahead on which obstacles count."""
        return self.parameters.speed**2 / self.parameters.acceleration + 0.3

    def set_path(self, path: ArrayLike, goal_yaw: float | None) -> None:
        """Follow a path ``(n, 2)`` [m] from now on; the robot may be in motion.

        Args:
            path: in the frame in which `command` is given the robot's pose.
            goal_yaw: heading [rad] to turn to at the end; None for any.

        Raises:
            ValueError: the path is empty or not finite.
        """
        points = np.asarray(path, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"path has shape {points.shape}, expected (n, 2) with n at least 1")
        if not np.isfinite(points).all() or (goal_yaw is not None and not math.isfinite(goal_yaw)):
            raise ValueError("path or goal heading is not finite, expected metres and radians")
        steps = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.zeros(0)
        same_goal = len(self._path) > 0 and bool(
            np.hypot(*(points[-1] - self._path[-1])) < self.parameters.xy_tolerance
        )
        self._path, self._goal_yaw = points, goal_yaw
        self._x, self._y = points.T.copy()
        self._along = np.concatenate([[0.0], np.cumsum(steps)])
        self._progress = 0.0
        self._reached = self._reached and same_goal
        self._turning = False

    def stand(self) -> None:
        """The robot was told to stand, so the next command speeds it up from there."""
        self._last = (0.0, 0.0)

    def command(
        self,
        robot: Pose,
        velocity: Velocity,
        dt: float,
        obstacles_in_robot: ArrayLike | None = None,
    ) -> DriveCommand:
        """Velocity for the next dt [s].

        Args:
            robot: (x [m], y [m], yaw [rad]) in the path's frame.
            velocity: the robot's present (forward [m/s], turning [rad/s]).
            dt: until the next call [s].
            obstacles_in_robot: points ``(n, 2)`` [m] in the robot's frame, such as a lidar's.

        Raises:
            RuntimeError: no path was set.
        """
        if not len(self._path):
            raise RuntimeError("there is no path to follow, expected a call of set_path before")
        left = self._distance_remaining(robot)
        goal_gap = math.dist(robot[:2], self._path[-1])
        self._reached = self._reached or goal_gap <= self.parameters.xy_tolerance
        if self._reached:
            wanted, status, left = (*self._turn_to_goal(robot, velocity), 0.0)
        else:
            x, y = self._carrot_in_robot(robot, velocity)
            wanted, status = self._pursue(x, y, max(left, goal_gap), dt, obstacles_in_robot)
        self._last = self._limited(wanted, velocity, dt)
        return DriveCommand(self._last, status, left)

    def _pursue(
        self, x: float, y: float, left: float, dt: float, obstacles_in_robot: ArrayLike | None
    ) -> tuple[Velocity, DriveStatus]:
        """Velocity wanted to reach the carrot at (x, y) [m] in the robot's frame."""
        angle = math.atan2(y, x)
        limit = self.parameters.turn_in_place_angle
        self._turning = abs(angle) > (0.25 * limit if self._turning else limit)
        if self._turning:
            return (0.0, self._turn_rate(angle)), DriveStatus.TURNING
        curvature = 2.0 * y / max(x * x + y * y, 1e-6)
        speed, is_blocked = self._speed(curvature, left, dt, obstacles_in_robot)
        if is_blocked:
            return (0.0, self._turn_rate(angle)), DriveStatus.BLOCKED
        most = self._last[0] + self.parameters.acceleration * dt
        return (speed, min(speed, most) * curvature), DriveStatus.DRIVING

    def _speed(
        self, curvature: float, left: float, dt: float, obstacles_in_robot: ArrayLike | None
    ) -> tuple[float, bool]:
        """Speed [m/s] that curve [1/m], way left [m] and obstacles allow; whether they block."""
        about = self.parameters
        bend = max(abs(curvature), 1e-6)
        speed = min(about.speed, about.turn_rate / bend)
        speed *= min(1.0, 1.0 / (bend * about.min_turn_radius))
        speed = min(speed, self._braking_speed(left, dt))
        if obstacles_in_robot is None or not np.size(obstacles_in_robot):
            return speed, False
        points = np.asarray(obstacles_in_robot, dtype=float)
        free, wide = self._free_ways(points, curvature, left)
        speed = min(speed, math.hypot(about.creep_speed, self._braking_speed(wide, dt)))
        return min(speed, self._braking_speed(free, dt)), free <= 0.0

    def _turn_to_goal(self, robot: Pose, velocity: Velocity) -> tuple[Velocity, DriveStatus]:
        wanted = self._goal_yaw
        error = 0.0 if wanted is None else math.remainder(wanted - robot[2], 2.0 * math.pi)
        still = abs(velocity[0]) < 0.02 and abs(velocity[1]) < 0.1
        if abs(error) <= self.parameters.yaw_tolerance and still:
            return (0.0, 0.0), DriveStatus.ARRIVED
        return (0.0, self._turn_rate(error)), DriveStatus.TURNING

    def _turn_rate(self, error: float) -> float:
        """Rate [rad/s] from which the robot can stop in time, half the limit kept in hand."""
        rate = math.sqrt(self.parameters.turn_acceleration * abs(error))
        rate = min(rate, self.parameters.turn_rate, 4.0 * abs(error))
        return math.copysign(rate, error)

    def _braking_speed(self, way: float, dt: float) -> float:
        """Speed [m/s] from which the robot stops within a way [m], reacting after dt."""
        delay = self.parameters.acceleration * dt
        way = max(way, 0.0)
        return math.sqrt(delay * delay + 2.0 * self.parameters.acceleration * way) - delay

    def _limited(self, wanted: Velocity, velocity: Velocity, dt: float) -> Velocity:
        """The velocity wanted, as far as the accelerations allow from the last command on.

        The last command counts and not the measured velocity, which is older; but when the robot
        is far off what was commanded, as when something holds it, the measurement does.
        """
        about = self.parameters
        limits = (about.acceleration, about.turn_acceleration)
        forward, turning = (
            _within(want, _within(last, now, most * LAG), most * dt)
            for want, last, now, most in zip(wanted, self._last, velocity, limits, strict=True)
        )
        return forward, turning

    def _distance_remaining(self, robot: Pose) -> float:
        """Way [m] from the robot's foot point on the path to its end; progress never goes back."""
        first = int(self._along.searchsorted(self._progress))
        near = slice(first, int(self._along.searchsorted(self._progress + 2.0, "right")))
        gaps = np.hypot(self._x[near] - robot[0], self._y[near] - robot[1])
        self._progress = float(self._along[first + gaps.argmin()])
        return float(self._along[-1]) - self._progress

    def _carrot_in_robot(self, robot: Pose, velocity: Velocity) -> tuple[float, float]:
        about = self.parameters
        ahead = min(
            max(abs(velocity[0]) * about.lookahead_time, about.min_lookahead), about.max_lookahead
        )
        at = self._progress + ahead
        dx = float(np.interp(at, self._along, self._x)) - robot[0]
        dy = float(np.interp(at, self._along, self._y)) - robot[1]
        cos, sin = math.cos(robot[2]), math.sin(robot[2])
        return cos * dx + sin * dy, cos * dy - sin * dx

    def _free_ways(self, points: FloatArray, curvature: float, left: float) -> tuple[float, float]:
        """Ways [m] along the arc: up to the margin before an obstacle, and to a tight place.

        A place is tight when the footprint passes something nearer than the margin.  Points that
        are that near already count only if the robot would come closer to them; what is beyond
        the goal, which is ``left`` [m] away, does not count.
        """
        about = self.parameters
        horizon = min(self._horizon, left)
        reach = about.robot_radius + about.obstacle_margin
        points = points[(points**2).sum(axis=1) < (horizon + reach) ** 2]
        if not len(points):
            return math.inf, math.inf
        ways = np.linspace(0.0, horizon, 16)
        x, y = _on_arc(ways, curvature)
        gaps = np.hypot(points[:, :1] - x, points[:, 1:] - y)
        nearest = np.where(gaps < gaps[:, :1] - 1e-3, gaps, np.inf).min(axis=0)
        free = _way_before(ways, nearest < about.robot_radius)
        return free - about.obstacle_margin, _way_before(ways, nearest < reach)


def _on_arc(ways: FloatArray, curvature: float) -> tuple[FloatArray, FloatArray]:
    """Where ``x, y`` [m] an arc that begins straight ahead is after some ways [m]."""
    half = 0.5 * curvature * ways
    chord = ways * np.sinc(half / np.pi)
    return chord * np.cos(half), chord * np.sin(half)


def _way_before(ways: FloatArray, is_hit: NDArray[np.bool_]) -> float:
    """The last of some ways before the first hit; inf without one."""
    hits = np.flatnonzero(is_hit)
    return float(ways[max(hits[0] - 1, 0)]) if len(hits) else math.inf


def _within(value: float, center: float, most: float) -> float:
    """The value nearest to one that is at most so far from a center."""
    return min(max(value, center - most), center + most)

"""The differential-drive robot: limits, exact arcs, command timeout and odometry with drift."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from social_nav_core.parameters import check, parameter

Pose = tuple[float, float, float]
Velocity = tuple[float, float]


@dataclass(frozen=True)
class RobotParameters:
    """Size and limits of the base; the defaults are TIAGo's (PAL Robotics' public files)."""

    radius: float = parameter(0.27, "m", "of the round footprint", 0.05, 2.0)
    max_speed: float = parameter(1.0, "m/s", "forward", 0.05, 5.0)
    max_reverse_speed: float = parameter(0.2, "m/s", "backward, as a positive number", 0.0, 5.0)
    acceleration: float = parameter(1.0, "m/s^2", "along the way, also braking", 0.05, 20.0)
    max_turn_rate: float = parameter(2.09, "rad/s", "to either side", 0.05, 20.0)
    turn_acceleration: float = parameter(2.09, "rad/s^2", "to either side", 0.05, 100.0)
    command_timeout: float = parameter(0.5, "s", "without a command the robot brakes", 0.05, 10.0)
    drift_per_metre: float = parameter(
        0.0, "m", "standard deviation of odometry after 1 m of driving", 0.0, 1.0
    )
    drift_per_turn: float = parameter(
        0.0, "rad", "standard deviation of odometry after turning by 1 rad", 0.0, 1.0
    )


def move_along_arc(pose: Pose, forward: float, turn: float) -> Pose:
    """Pose after driving an arc of length ``forward`` [m] while turning by ``turn`` [rad].

    Exact for constant velocities: the chord of the arc is forward * sin(turn/2) / (turn/2) long
    and points half the turn off the old heading.
    """
    half = 0.5 * turn
    chord = forward * (math.sin(half) / half if abs(half) > 1e-9 else 1.0)
    x, y, yaw = pose
    direction = yaw + half
    return (
        x + chord * math.cos(direction),
        y + chord * math.sin(direction),
        math.remainder(yaw + turn, 2.0 * math.pi),
    )


class DifferentialDrive:
    """The base of the robot: turns commands into motion and motion into odometry.

    Attributes:
        pose: (x [m], y [m], yaw [rad]) in the map: the truth.
        odometry: the same in the odom frame, which starts at the robot and may drift.
        velocity: (forward [m/s], turning [rad/s]) in the robot's own frame.
    """

    def __init__(self, pose: Pose, parameters: RobotParameters) -> None:
        check(parameters)
        self.parameters = parameters
        self.pose = pose
        self.odometry: Pose = (0.0, 0.0, 0.0)
        self.velocity: Velocity = (0.0, 0.0)
        self._command: Velocity = (0.0, 0.0)
        self._command_age = math.inf

    def command(self, forward: float, turning: float) -> None:
        """Ask for a velocity [m/s], [rad/s]; it is clipped to the limits.

        Raises:
            ValueError: when a value is not finite; the command before stays in force.
        """
        if not (math.isfinite(forward) and math.isfinite(turning)):
            raise ValueError(
                f"velocity command is ({forward}, {turning}), expected finite numbers [m/s, rad/s]"
            )
        limits = self.parameters
        self._command = (
            min(max(forward, -limits.max_reverse_speed), limits.max_speed),
            min(max(turning, -limits.max_turn_rate), limits.max_turn_rate),
        )
        self._command_age = 0.0

    def next_motion(self, dt: float) -> Velocity:
        """Let dt [s] pass: change velocity within the limits and return (distance, turn) to drive.

        The distance [m] and turn [rad] are those of the mean velocity over dt.
        """
        limits = self.parameters
        alive = self._command_age < limits.command_timeout - 1e-9
        wanted = self._command if alive else (0.0, 0.0)
        self._command_age += dt
        before = self.velocity
        self.velocity = (
            _approach(before[0], wanted[0], limits.acceleration * dt),
            _approach(before[1], wanted[1], limits.turn_acceleration * dt),
        )
        forward = _travel(before[0], self.velocity[0], limits.acceleration, dt)
        return forward, _travel(before[1], self.velocity[1], limits.turn_acceleration, dt)

    def drive(self, forward: float, turn: float, rng: np.random.Generator) -> None:
        """Move along an arc [m], [rad], and measure it; drift grows with the root of the way."""
        self.pose = move_along_arc(self.pose, forward, turn)
        limits = self.parameters
        if limits.drift_per_metre > 0.0 and forward != 0.0:
            forward += limits.drift_per_metre * math.sqrt(abs(forward)) * rng.standard_normal()
        if limits.drift_per_turn > 0.0 and turn != 0.0:
            turn += limits.drift_per_turn * math.sqrt(abs(turn)) * rng.standard_normal()
        self.odometry = move_along_arc(self.odometry, forward, turn)

    def stop_forward(self) -> None:
        """Lose all speed along the way, as when driving against something."""
        self.velocity = (0.0, self.velocity[1])


def _approach(value: float, wanted: float, most: float) -> float:
    return value + min(max(wanted - value, -most), most)


def _travel(before: float, after: float, acceleration: float, dt: float) -> float:
    """Integral of a velocity that ramps from before to after and then stays, over dt [s]."""
    ramp = min(abs(after - before) / acceleration, dt)
    return 0.5 * (before + after) * ramp + after * (dt - ramp)

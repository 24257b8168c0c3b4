"""How a model that takes velocities keeps up with the person that it stands for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import rotation, wrap_angle

GAIN = 2.0  # of errors of place and heading [1/s]
FASTEST, FASTEST_TURN = 2.5, 4.0  # [m/s], [rad/s]


def following_velocity(
    pose: ArrayLike, wanted: ArrayLike, velocity: ArrayLike, turn_rate: float
) -> tuple[float, float, float]:
    """Velocity (forward [m/s], left [m/s], turning [rad/s]) in the model's own frame.

    The person's own velocity, and a share of the error that is left.

    Args:
        pose: (x [m], y [m], yaw [rad]) of the model in the map.
        wanted: that of the person.
        velocity: (2,) of the person along the map's axes [m/s].
        turn_rate: of the person [rad/s].
    """
    now, goal = np.asarray(pose, dtype=float), np.asarray(wanted, dtype=float)
    in_map = np.asarray(velocity, dtype=float) + GAIN * (goal[:2] - now[:2])
    speed = float(np.hypot(*in_map))
    in_map *= min(1.0, FASTEST / speed) if speed > 0.0 else 1.0
    forward, left = (rotation(now[2]).T @ in_map).tolist()
    turning = turn_rate + GAIN * float(wrap_angle(goal[2] - now[2]))
    return forward, left, min(max(turning, -FASTEST_TURN), FASTEST_TURN)

"""What simulated people do at one instant: everything that decides how their bodies look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.anatomy.gestures import Gesture


@dataclass(frozen=True)
class Motion:
    """What people do at one instant, or at several; arrays of one leading shape ``(...)``.

    Attributes:
        pose: (..., 3) x [m], y [m], yaw [rad] in the map: the ground below the hips, and where the
            chest points when it is not twisted.
        velocity: (..., 2) over ground along the map's axes [m/s].
        gait_phase: (...) of the stride; advance it by ``stride_rate(speed, physique) * dt``.
        gesture: (...) values of `Gesture`.
        gesture_time: (...) since the gesture began [s].
        previous: (...) the gesture before, from which the body moves on within 0.35 s.
        previous_time: (...) how long that one had gone on when this one began [s].
        gaze: (..., 3) point in the map that the person looks at [m]; NaN: straight ahead.
        target: (..., 3) point in the map that a hand goes or points to [m]; NaN: none.
        seated: (...) 0 standing to 1 seated.
        seat: (...) height of the seat [m].
        time: (...) clock for breathing and swaying [s]; give people different offsets.
    """

    pose: FloatArray
    velocity: FloatArray
    gait_phase: FloatArray
    gesture: NDArray[np.int64]
    gesture_time: FloatArray
    previous: NDArray[np.int64]
    previous_time: FloatArray
    gaze: FloatArray
    target: FloatArray
    seated: FloatArray
    seat: FloatArray
    time: FloatArray


def standing(
    poses: ArrayLike,
    gesture: ArrayLike = Gesture.IDLE,
    gesture_time: ArrayLike = 10.0,
    *,
    velocity: ArrayLike = (0.0, 0.0),
    gait_phase: ArrayLike = 0.0,
    gaze: ArrayLike = (np.nan, np.nan, np.nan),
    target: ArrayLike = (np.nan, np.nan, np.nan),
    seated: ArrayLike = 0.0,
    seat: ArrayLike = 0.45,
    time: ArrayLike = 0.0,
) -> Motion:
    """People who came from rest into what the arguments say; all broadcast to the poses' shape.

    Args:
        poses: (..., 3) x [m], y [m], yaw [rad] in the map.
        gesture: (...) values of `Gesture`.
        gesture_time: (...) since it began [s].
        velocity, gait_phase, gaze, target, seated, seat, time: as in `Motion`.
    """
    poses = np.asarray(poses, dtype=float)
    shape = poses.shape[:-1]

    def spread(value: ArrayLike, *tail: int) -> FloatArray:
        return np.broadcast_to(np.asarray(value, dtype=float), shape + tail)

    return Motion(
        pose=poses,
        velocity=spread(velocity, 2),
        gait_phase=spread(gait_phase),
        gesture=np.broadcast_to(np.asarray(gesture, dtype=np.int64), shape),
        gesture_time=spread(gesture_time),
        previous=np.full(shape, Gesture.IDLE, dtype=np.int64),
        previous_time=spread(0.0),
        gaze=spread(gaze, 3),
        target=spread(target, 3),
        seated=spread(seated),
        seat=spread(seat),
        time=spread(time),
    )

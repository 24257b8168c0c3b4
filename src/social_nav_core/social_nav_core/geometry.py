"""Planar poses, angles and frame changes (REP-103: x forward, y left, yaw counter-clockwise).

A pose is a float array ``(..., 3)`` of x [m], y [m], yaw [rad].  A name such as ``person_in_map``
is the pose of the person's frame expressed in the map frame, so that
``compose(robot_in_map, person_in_robot)`` is ``person_in_map``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

_ROUNDING = 1e-6  # by which rounding may bring a covariance's eigenvalue below 0


def wrap_angle(angle: ArrayLike) -> FloatArray:
    """Angle(s) [rad] brought into (-pi, pi]."""
    return np.pi - np.mod(np.pi - np.asarray(angle, dtype=float), 2.0 * np.pi)


def rotation(yaw: ArrayLike) -> FloatArray:
    """Rotation matrices ``(..., 2, 2)`` that turn a vector by yaw [rad]."""
    yaw = np.asarray(yaw, dtype=float)
    turn = np.empty((*yaw.shape, 2, 2))
    turn[..., 0, 0] = turn[..., 1, 1] = np.cos(yaw)
    turn[..., 1, 0] = np.sin(yaw)
    turn[..., 0, 1] = -turn[..., 1, 0]
    return turn


def transform_points(frame_in_parent: ArrayLike, points_in_frame: ArrayLike) -> FloatArray:
    """Points ``(..., 2)`` [m] given in a frame, expressed in its parent."""
    frame = np.asarray(frame_in_parent, dtype=float)
    points = np.asarray(points_in_frame, dtype=float)
    return _turned(points, np.cos(frame[..., 2]), np.sin(frame[..., 2])) + frame[..., :2]


def _turned(vectors: FloatArray, cos: FloatArray, sin: FloatArray) -> FloatArray:
    x, y = vectors[..., 0], vectors[..., 1]
    turned = np.empty((*np.broadcast_shapes(x.shape, cos.shape), 2))
    turned[..., 0] = cos * x - sin * y
    turned[..., 1] = sin * x + cos * y
    return turned


def compose(b_in_a: ArrayLike, c_in_b: ArrayLike) -> FloatArray:
    """Pose(s) of c in a ``(..., 3)``."""
    b, c = np.asarray(b_in_a, dtype=float), np.asarray(c_in_b, dtype=float)
    position = transform_points(b, c[..., :2])
    yaw = wrap_angle(b[..., 2] + c[..., 2])
    return np.concatenate([position, yaw[..., None]], axis=-1)


def inverse(b_in_a: ArrayLike) -> FloatArray:
    """Pose(s) of a in b ``(..., 3)``."""
    b = np.asarray(b_in_a, dtype=float)
    position = -_turned(b[..., :2], np.cos(b[..., 2]), -np.sin(b[..., 2]))
    return np.concatenate([position, wrap_angle(-b[..., 2])[..., None]], axis=-1)


def relative(b_in_a: ArrayLike, c_in_a: ArrayLike) -> FloatArray:
    """Pose(s) of c in b ``(..., 3)``, both given in a."""
    return compose(inverse(b_in_a), c_in_a)


def rotated_covariance(yaw: float, covariance: ArrayLike) -> FloatArray:
    """Covariances ``(..., 3, 3)`` of (x, y, yaw) in the parent of a frame turned by yaw [rad]."""
    turn = np.eye(3)
    turn[:2, :2] = rotation(yaw)
    turned: FloatArray = turn @ np.asarray(covariance, dtype=float) @ turn.T
    return turned


def are_covariances(matrices: ArrayLike) -> NDArray[np.bool_]:
    """Whether finite matrices ``(..., n, n)`` have no eigenvalue below 0, but for rounding."""
    covariances: NDArray[np.bool_] = smallest_eigenvalue(matrices) >= -_ROUNDING
    return covariances


def smallest_eigenvalue(matrices: ArrayLike) -> FloatArray:
    """Smallest eigenvalue(s) ``(...)`` of the symmetric part of finite matrices ``(..., n, n)``."""
    matrix = np.asarray(matrices, dtype=float)
    return np.linalg.eigvalsh(0.5 * (matrix + np.swapaxes(matrix, -1, -2)))[..., 0]


def bearing(from_xy: ArrayLike, to_xy: ArrayLike) -> FloatArray:
    """Direction(s) [rad] from one point ``(..., 2)`` to another, in (-pi, pi]."""
    step = np.asarray(to_xy, dtype=float) - np.asarray(from_xy, dtype=float)
    return np.arctan2(step[..., 1], step[..., 0])


def yaw_from_quaternion(x: float, y: float, z: float, w: float) -> float:
    """Yaw [rad] of a rotation; the quaternion need not have unit length, but must not be zero."""
    return float(np.arctan2(2.0 * (w * z + x * y), w * w + x * x - y * y - z * z))


def quaternion_from_yaw(yaw: float) -> tuple[float, float, float, float]:
    """Quaternion (x, y, z, w) of a turn about the vertical axis by yaw [rad]."""
    return 0.0, 0.0, float(np.sin(yaw / 2.0)), float(np.cos(yaw / 2.0))

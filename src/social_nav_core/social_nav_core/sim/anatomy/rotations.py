"""Rotations and the two-bone limb, vectorised over any leading shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray


def _matrix(axis: int, angle: ArrayLike) -> FloatArray:
    angle = np.asarray(angle, dtype=float)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., axis, axis] = 1.0
    matrix[..., i, i] = matrix[..., j, j] = np.cos(angle)
    matrix[..., j, i] = np.sin(angle)
    matrix[..., i, j] = -matrix[..., j, i]
    return matrix


def about_x(angle: ArrayLike) -> FloatArray:
    """Rotations ``(..., 3, 3)`` about x by angles [rad]."""
    return _matrix(0, angle)


def about_y(angle: ArrayLike) -> FloatArray:
    """Rotations ``(..., 3, 3)`` about y by angles [rad]; positive tips x downwards."""
    return _matrix(1, angle)


def about_z(angle: ArrayLike) -> FloatArray:
    """Rotations ``(..., 3, 3)`` about z by angles [rad]."""
    return _matrix(2, angle)


def rotate(matrix: FloatArray, vector: ArrayLike) -> FloatArray:
    """Vectors ``(..., 3)`` turned by matrices ``(..., 3, 3)``."""
    return np.einsum("...ij,...j->...i", matrix, np.asarray(vector, dtype=float))


def unit(vector: FloatArray) -> FloatArray:
    """Vectors ``(..., 3)`` brought to length 1; a zero vector stays zero."""
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return vector / np.maximum(length, 1e-12)


def transported(vector: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """``vector`` under the smallest rotation that takes the unit vector start to end.

    Shapes ``(..., 3)``; just before start and end are opposite the rotation is no longer smooth.
    """
    axis = np.cross(start, end)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    once = np.cross(axis, vector)
    return vector + once + np.cross(axis, once) / np.maximum(1.0 + cosine, 1e-6)


def turned(vector: FloatArray, axis: FloatArray, angle: ArrayLike) -> FloatArray:
    """``vector`` turned about a unit axis by angles [rad] (Rodrigues' formula)."""
    angle = np.asarray(angle, dtype=float)[..., None]
    along = np.sum(axis * vector, axis=-1, keepdims=True) * axis
    return along + np.cos(angle) * (vector - along) + np.sin(angle) * np.cross(axis, vector)


def two_bone(
    root: FloatArray,
    target: FloatArray,
    pole: FloatArray,
    upper: FloatArray,
    lower: FloatArray,
    sharpest: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Middle and end joint of a limb of two bones that reaches for a target.

    Args:
        root: (..., 3) shoulder or hip [m].
        target: (..., 3) where the end should be [m]; the end lies in its direction, as near to it
            as the limb's length and the joint's limit allow.
        pole: (..., 3) direction to which the middle joint bends; need not be perpendicular.
        upper: (...) length of the first bone [m].
        lower: (...) length of the second bone [m].
        sharpest: smallest angle between the bones [rad].

    Returns:
        (middle (..., 3), end (..., 3), bend (..., 3) unit vector of the pole across the limb).
    """
    reach = target - root
    shortest = np.sqrt(upper**2 + lower**2 - 2.0 * upper * lower * np.cos(sharpest))
    distance = np.clip(np.linalg.norm(reach, axis=-1), shortest, 0.9995 * (upper + lower))
    along = unit(reach)
    bend = unit(pole - np.sum(pole * along, axis=-1, keepdims=True) * along)
    share = (upper**2 - lower**2 + distance**2) / (2.0 * distance)
    offset = np.sqrt(np.maximum(upper**2 - share**2, 0.0))
    middle = root + share[..., None] * along + offset[..., None] * bend
    return middle, root + distance[..., None] * along, bend

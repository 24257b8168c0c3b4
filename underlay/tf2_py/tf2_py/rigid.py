"""Rigid transforms of space, as plain numbers.

``b_in_a`` is the pose of frame b in frame a: it takes coordinates in b to coordinates in a, so
that ``compose(b_in_a, c_in_b)`` is ``c_in_a``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


class Rigid(NamedTuple):
    """Translation (x, y, z) [m] and unit quaternion (x, y, z, w)."""

    translation: Vector
    rotation: Quaternion


IDENTITY = Rigid((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    """Hamilton's product: the rotation b followed by the rotation a."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def conjugate(q: Quaternion) -> Quaternion:
    """The opposite rotation of a unit quaternion."""
    return -q[0], -q[1], -q[2], q[3]


def rotate(q: Quaternion, v: Vector) -> Vector:
    """Vector v turned by the unit quaternion q."""
    x, y, z, _ = multiply(multiply(q, (*v, 0.0)), conjugate(q))
    return x, y, z


def normalised(q: Quaternion) -> Quaternion:
    """The same direction with length 1; the length must not be 0."""
    length = math.hypot(*q)
    return q[0] / length, q[1] / length, q[2] / length, q[3] / length


def compose(b_in_a: Rigid, c_in_b: Rigid) -> Rigid:
    """Pose of c in a."""
    x, y, z = rotate(b_in_a.rotation, c_in_b.translation)
    dx, dy, dz = b_in_a.translation
    rotation = normalised(multiply(b_in_a.rotation, c_in_b.rotation))
    return Rigid((x + dx, y + dy, z + dz), rotation)


def inverse(b_in_a: Rigid) -> Rigid:
    """Pose of a in b."""
    x, y, z = b_in_a.translation
    rotation = conjugate(b_in_a.rotation)
    return Rigid(rotate(rotation, (-x, -y, -z)), rotation)


def slerp(a: Quaternion, b: Quaternion, ratio: float) -> Quaternion:
    """Rotation at a ratio (0 gives a, 1 gives b) of the shorter arc between unit quaternions.

    Spherical linear interpolation (Shoemake, SIGGRAPH 1985).  The angle comes from atan2 of the
    chords, which stays exact where arccos loses half of the digits.
    """
    if sum(p * q for p, q in zip(a, b, strict=True)) < 0.0:
        b = (-b[0], -b[1], -b[2], -b[3])
    opposite_b = (-b[0], -b[1], -b[2], -b[3])
    angle = 2.0 * math.atan2(math.dist(a, b), math.dist(a, opposite_b))
    if angle < 1e-9:
        share_a, share_b = 1.0 - ratio, ratio
    else:
        share_a = math.sin((1.0 - ratio) * angle) / math.sin(angle)
        share_b = math.sin(ratio * angle) / math.sin(angle)
    x, y, z, w = (share_a * p + share_b * q for p, q in zip(a, b, strict=True))
    return normalised((x, y, z, w))


def interpolate(a: Rigid, b: Rigid, ratio: float) -> Rigid:
    """Linear in the translation, along the shorter arc in the rotation."""
    (ax, ay, az), (bx, by, bz) = a.translation, b.translation
    translation = (ax + ratio * (bx - ax), ay + ratio * (by - ay), az + ratio * (bz - az))
    return Rigid(translation, slerp(a.rotation, b.rotation, ratio))

"""Where a chest points, from the joints in the image alone, for trackers that do not tell it.

Seen from the front the left shoulder and hip are on the image's right; the narrower they are
against the length of the trunk, the more the body is turned.  Which way it is turned shows in where
the toes are off the heels and the nose off the ears.
"""

from __future__ import annotations

import numpy as np

from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE
from social_nav_core.geometry import FloatArray
from social_nav_core.skeleton import JOINT

SHOULDERS, HIPS = 0.70, 0.37
"""Median widths of shoulders and hips of bodies that face the camera, in lengths of the trunk."""
STD = 0.6
"""Standard deviation of the angle [rad] of bodies that are seen from head to toe."""
_SURE = 0.3


def turned_from_camera(joints: FloatArray) -> tuple[float, float]:
    """How far a chest points to the left of the camera, as the person sees it.

    Args:
        joints: (23, 3) columns and rows [pixel] and confidences.

    Returns:
        Angle [rad], 0 toward the camera, and its variance [rad^2]; above pi^2 where trunk joints
        are not seen.
    """
    x, sure = joints[:, 0], joints[:, 2]
    trunk = [JOINT[f"{side}_{part}"] for part in ("shoulder", "hip") for side in ("left", "right")]
    left_shoulder, right_shoulder, left_hip, right_hip = trunk
    if (sure[trunk] < _SURE).any():
        return 0.0, UNKNOWN_YAW_VARIANCE
    shoulders = 0.5 * (joints[left_shoulder, :2] + joints[right_shoulder, :2])
    hips = 0.5 * (joints[left_hip, :2] + joints[right_hip, :2])
    length = float(np.hypot(*(shoulders - hips)))
    if length < 4.0:
        return 0.0, UNKNOWN_YAW_VARIANCE
    wide = (x[left_shoulder] - x[right_shoulder] + x[left_hip] - x[right_hip]) / length
    ahead = float(np.clip(wide / (SHOULDERS + HIPS), -1.0, 1.0))
    side, known = _side(x, sure)
    angle = float(np.arccos(ahead)) * (1.0 if side >= 0.0 else -1.0)
    doubt = STD if known or abs(ahead) > 0.9 else 1.2
    return angle, doubt**2


def _side(x: FloatArray, sure: FloatArray) -> tuple[float, bool]:
    """Positive when the body is turned to its left of the camera, and whether that is known."""
    parts = [(f"{s}_big_toe", f"{s}_heel", 1.0) for s in ("left", "right")]
    parts += [("nose", f"{s}_ear", 0.5) for s in ("left", "right")]
    total = weight = 0.0
    for front, back, count in parts:
        a, b = JOINT[front], JOINT[back]
        own = count * float(min(sure[a], sure[b]) >= _SURE)
        total += own * float(x[a] - x[b])
        weight += own
    return total, weight > 0.0

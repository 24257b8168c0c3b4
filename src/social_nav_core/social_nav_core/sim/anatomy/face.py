"""The head: nose, eyes and ears, and the 68 points of the 300-W markup with an expression.

Points are in head heights (chin to crown) in the head's frame: origin at its pivot between the
ears, x to where the face looks, y left, z up.  Eye and ear heights follow from Drillis and Contini
(eyes 0.936, chin 0.870 of the stature); breadths are ANSUR II's means (head 0.152 m, between the
ears 0.145 m, between the pupils 0.063 m at a head height of 0.224 m).
"""

from __future__ import annotations

import numpy as np

from social_nav_core.geometry import FloatArray

NOSE = np.array([0.53, 0.0, 0.06])
LEFT_EYE = np.array([0.39, 0.141, 0.235])
LEFT_EAR = np.array([0.03, 0.324, 0.15])
_FLIP = np.array([1.0, -1.0, 1.0])
HEAD_POINTS = np.stack([NOSE, LEFT_EYE, LEFT_EYE * _FLIP, LEFT_EAR, LEFT_EAR * _FLIP])
"""Nose, left eye, right eye, left ear, right ear ``(5, 3)``."""
CENTRE = np.array([0.05, 0.0, 0.22])
"""Centre of the skull."""


def _surface(across: FloatArray, height: FloatArray) -> FloatArray:
    """Depth of the face's front at places across and up: an ellipsoid about the skull's centre."""
    y, z = across / 0.36, (height - 0.15) / 0.62
    return 0.02 + 0.43 * np.sqrt(np.clip(1.0 - y**2 - z**2, 0.0, 1.0))


def _placed(across: FloatArray, height: FloatArray, proud: float = 0.0) -> FloatArray:
    return np.stack([_surface(across, height) + proud, across, height], axis=-1)


def _ring(points: int, middle: tuple[float, float], radii: tuple[float, float]) -> FloatArray:
    """Points round an ellipse, from the person's right over the top to the left and back below."""
    angle = np.pi - np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    place = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.array(middle) + np.array(radii) * place


def _neutral() -> FloatArray:
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 17)
    jaw_y = 0.325 * np.sin(angle)
    jaw_z = 0.14 - 0.41 * np.cos(angle) ** 0.8
    jaw = np.stack([0.05 + 0.35 * np.cos(angle) ** 1.2, jaw_y, jaw_z], axis=-1)
    brow_y = np.linspace(0.26, 0.07, 5)
    brow_z = 0.30 + np.array([0.0, 0.04, 0.055, 0.05, 0.03])
    right_brow = _placed(-brow_y, brow_z)
    left_brow = _placed(brow_y[::-1], brow_z[::-1])
    bridge_z = np.linspace(0.225, 0.07, 4)
    bridge = np.stack([np.linspace(0.44, 0.53, 4), np.zeros(4), bridge_z], axis=-1)
    wings_y = np.array([-0.075, -0.04, 0.0, 0.04, 0.075])
    wings = np.stack([np.array([0.44, 0.46, 0.475, 0.46, 0.44]), wings_y, np.full(5, 0.02)], -1)
    eyes = []
    for side in (-1.0, 1.0):
        ring = _ring(6, (side * LEFT_EYE[1], LEFT_EYE[2]), (0.065, 0.026))
        eyes.append(np.column_stack([np.full(6, LEFT_EYE[0]), ring]))
    outer = _ring(12, (0.0, -0.075), (0.11, 0.042))
    inner = _ring(8, (0.0, -0.075), (0.085, 0.012))
    lips = np.concatenate([outer, inner])
    mouth = np.column_stack([0.45 - 2.5 * lips[:, 0] ** 2, lips])
    return np.concatenate([jaw, right_brow, left_brow, bridge, wings, *eyes, mouth])


_NEUTRAL = _neutral()
_JAW, _BROWS, _LIPS = slice(4, 13), slice(17, 27), slice(48, 68)


def _directions() -> tuple[FloatArray, FloatArray, FloatArray]:
    """How the 68 points move with a smile, a frown and an open mouth (per unit)."""
    smile, frown, opened = (np.zeros_like(_NEUTRAL) for _ in range(3))
    corner = (np.abs(_NEUTRAL[_LIPS, 1]) / 0.11)[:, None]
    smile[_LIPS] = corner**2 * np.array([-0.02, 0.0, 0.035])
    smile[_LIPS, 1] = 0.25 * _NEUTRAL[_LIPS, 1]
    inner = np.clip(1.0 - (np.abs(_NEUTRAL[_BROWS, 1]) - 0.07) / 0.19, 0.0, 1.0)
    frown[_BROWS, 2] = -0.05 * inner
    frown[_LIPS, 2] = -0.02 * corner[:, 0] ** 2
    lower = _NEUTRAL[_LIPS, 2] < -0.0751
    opened[_LIPS, 2] = np.where(lower, -0.09, 0.005)
    opened[_JAW, 2] = -0.08
    return smile, frown, opened


_SMILE, _FROWN, _OPENED = _directions()


def face_points(
    origin: FloatArray,
    frame: FloatArray,
    height: FloatArray,
    smile: FloatArray,
    mouth: FloatArray,
) -> FloatArray:
    """Points ``(..., 68, 3)`` [m] of faces, in the order of the 300-W markup.

    Args:
        origin: (..., 3) the head's pivot [m].
        frame: (..., 3, 3) rotation of the head.
        height: (...) of the head, chin to crown [m].
        smile: (...) -1 angry to 1 friendly.
        mouth: (...) 0 closed to 1 open.
    """
    friendly = np.maximum(smile, 0.0)[..., None, None]
    angry = np.maximum(-smile, 0.0)[..., None, None]
    local = _NEUTRAL + friendly * _SMILE + angry * _FROWN + mouth[..., None, None] * _OPENED
    turned = np.einsum("...ij,...kj->...ki", frame, local)
    return origin[..., None, :] + height[..., None, None] * turned

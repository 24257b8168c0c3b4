"""The 21 points of a hand from its frame and how far the fingers are bent."""

from __future__ import annotations

import numpy as np

from social_nav_core.geometry import FloatArray

# In hand lengths (wrist to the middle finger's tip), along the hand and toward the thumb: knuckles
# and the three finger bones of forefinger, middle, ring and little finger (mean proportions of
# Buryanov and Kotiuk, 2010).
_KNUCKLES = np.array([[0.50, 0.155], [0.52, 0.035], [0.49, -0.075], [0.44, -0.175]])
_BONES = np.array(
    [[0.22, 0.13, 0.11], [0.245, 0.15, 0.115], [0.225, 0.145, 0.115], [0.18, 0.1, 0.1]]
)
_SPREAD = np.array([0.06, 0.0, -0.06, -0.14])
_FULL_BEND = np.radians([85.0, 100.0, 60.0])
_THUMB_BONES = np.array([0.23, 0.18, 0.15])
_THUMB_OPEN = np.array([0.70, 0.62, 0.30])
_THUMB_SHUT = np.array([[0.75, 0.30, 0.55], [0.62, -0.40, 0.55], [0.30, -0.80, 0.45]])


def hand_points(
    wrist: FloatArray,
    along: FloatArray,
    palm: FloatArray,
    thumb: FloatArray,
    length: FloatArray,
    curl: FloatArray,
    index: FloatArray,
) -> FloatArray:
    """Points ``(..., 21, 3)`` [m] of hands, in COCO-WholeBody's order.

    Args:
        wrist: (..., 3) [m].
        along, palm, thumb: (..., 3) unit vectors of the hand's frame.
        length: (...) of the hand [m].
        curl: (...) 0 straight to 1 fist.
        index: (...) 1 keeps the forefinger straight whatever the curl.
    """
    bend = np.stack([curl * (1.0 - 0.9 * index), curl, curl, curl], axis=-1)
    angles = np.cumsum(bend[..., None] * _FULL_BEND, axis=-1)
    steps_along = np.cumsum(_BONES * np.cos(angles), axis=-1)
    steps_palm = np.cumsum(_BONES * np.sin(angles), axis=-1)
    straight = (1.0 - bend)[..., None]
    fingers = np.zeros((*curl.shape, 4, 4, 3))
    fingers[..., 0] = _KNUCKLES[:, :1]
    fingers[..., 1] = _KNUCKLES[:, 1:]
    fingers[..., 1:, 0] += steps_along
    fingers[..., 1:, 1] += straight * _SPREAD[:, None] * np.cumsum(_BONES, axis=-1)
    fingers[..., 1:, 2] += steps_palm
    local = np.zeros((*curl.shape, 21, 3))
    local[..., 5:, :] = fingers.reshape(*curl.shape, 16, 3)
    local[..., 1, :] = [0.13, 0.14, 0.05]
    shut = curl[..., None, None]
    ways = (1.0 - shut) * _THUMB_OPEN + shut * _THUMB_SHUT
    ways = ways / np.linalg.norm(ways, axis=-1, keepdims=True)
    local[..., 2:5, :] = local[..., 1:2, :] + np.cumsum(ways * _THUMB_BONES[:, None], axis=-2)
    frame = np.stack([along, thumb, palm], axis=-2)
    return wrist[..., None, :] + length[..., None, None] * (local @ frame)

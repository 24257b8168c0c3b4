"""People of two looks at one image: small for who fills it, large for who is far away.

A network sees about as far around a pixel as people were large when it was trained; who is much
larger gets a body that is far too small.
"""

from __future__ import annotations

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.vision.tracking import box_around

LARGE = 0.6  # of the image's longer side, from which on the small look is believed
SEEN = 0.2
SAME = 0.1  # mean distance of joints of the same person, in heights of the larger box


def merged(small: FloatArray, large: FloatArray, longest: float) -> FloatArray:
    """Everybody once.

    Args:
        small, large: skeletons ``(n, 23, 3)`` of the looks at the small and at the large image, in
            pixels of the original.
        longest: longer side of the original [pixel].
    """
    close = [joints for joints in small if _height(joints) >= LARGE * longest]
    far = [joints for joints in large if not any(_are_same(joints, near) for near in close)]
    return np.array([*close, *far]).reshape(-1, *large.shape[1:])


def _height(joints: FloatArray) -> float:
    """Longer side of the box around a skeleton [pixel]."""
    box = box_around(joints, SEEN)
    return 0.0 if box is None else float((box[2:] - box[:2]).max())


def _are_same(joints: FloatArray, near: FloatArray) -> bool:
    """Whether most joints that both are sure of lie where those of the nearer person do."""
    both = (joints[:, 2] >= SEEN) & (near[:, 2] >= SEEN)
    if not both.any():
        return False
    apart = np.linalg.norm(joints[both, :2] - near[both, :2], axis=1)
    return bool(np.median(apart) < SAME * _height(near))

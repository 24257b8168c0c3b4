"""Encounters of which a part is lost: what a teacher still sees when the student's input is cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from social_nav_core.perception.corruption import Corruption
from social_nav_core.perception.encounters.generator import Encounters

_GREY = 127
_NOWHERE = -1e6  # pixel, so far out that a heatmap shows nothing


def with_loss(
    encounters: Encounters, corruption: Corruption, rng: np.random.Generator
) -> Encounters:
    """Encounters without some of their frames and points.

    In a lost frame the teacher sees nothing: no point, no gaze, a grey picture.  A share of joints
    is lost from all 133 points over the whole window; gaze and picture stay.  Only ``frames`` and
    ``joints`` of the corruption count.
    """
    count, steps, points = encounters.whole_body.shape[:3]
    joints = _chosen(rng, count, points, corruption.joints)
    frames = _chosen(rng, count, steps, corruption.frames)
    whole = encounters.whole_body.copy()
    whole[..., 2] = np.where(joints[:, None, :] | frames[:, :, None], 0.0, whole[..., 2])
    gone = frames[..., None]
    gaze = np.where(gone, np.float32(_NOWHERE), encounters.gaze)
    crop = np.where(gone[..., None, None], np.uint8(_GREY), encounters.crop)
    return replace(encounters, whole_body=whole, gaze=gaze, crop=crop)


def _chosen(rng: np.random.Generator, count: int, size: int, share: float) -> np.ndarray:
    """A fixed number of ``size`` things in each of ``count`` windows ``(count, size)``."""
    return rng.random((count, size)).argsort(axis=1) < round(share * size)

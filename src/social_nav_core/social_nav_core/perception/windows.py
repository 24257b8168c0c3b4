"""Windows of body poses: what the student looks at, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.skeleton import JOINTS, MIRROR

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """Labelled windows.

    Attributes:
        joints: (n, t, 23, 3) x and y in [-1, 1] across the image, confidence in [0, 1].
        labels: (n, 3) classes of intent, attitude and action (see `tasks`).
        names: (n,) where each window comes from.
        about: what they are, in words.
    """

    joints: Float32Array
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    about: str = ""

    def __len__(self) -> int:
        return len(self.joints)

    def take(self, index: NDArray[np.int64]) -> Windows:
        """Some of the windows."""
        names = tuple(self.names[int(k)] for k in index)
        return Windows(self.joints[index], self.labels[index], names, self.about)

    def and_unlabelled(self, more: Windows) -> Windows:
        """These windows, and then others whose labels are left out (-1)."""
        return Windows(
            np.concatenate([self.joints, more.joints]),
            np.concatenate([self.labels, np.full_like(more.labels, -1)]),
            (*self.names, *more.names),
            f"{self.about}; without their labels {more.about}",
        )


def normalised(joints_in_pixels: ArrayLike, width: float, height: float) -> Float32Array:
    """Joints ``(..., 3)`` of column, row [pixel] and confidence, to [-1, 1] across the image.

    What lies outside the image is drawn to its edge; joints with no confidence become all zero.
    """
    joints = np.asarray(joints_in_pixels, dtype=np.float64)
    place = np.clip(joints[..., :2] / (width, height), 0.0, 1.0) * 2.0 - 1.0
    confidence = np.clip(joints[..., 2:], 0.0, 1.0)
    seen = confidence > 0.0
    out = np.concatenate([np.where(seen, place, 0.0), confidence], axis=-1)
    return out.astype(np.float32)


def filled(joints: ArrayLike, present: ArrayLike) -> Float32Array:
    """Frames ``(t, 23, 3)`` where absent ones repeat the frame before.

    Args:
        joints: (t, 23, 3).
        present: (t,) which frames were seen; frames before the first of them become all zero.
    """
    frames = np.asarray(joints, dtype=np.float32)
    seen = np.asarray(present, dtype=bool)
    if frames.ndim != 3 or frames.shape[1:] != (len(JOINTS), 3):
        raise ValueError(f"frames have the shape {frames.shape}, expected (t, {len(JOINTS)}, 3)")
    latest = np.maximum.accumulate(np.where(seen, np.arange(len(seen)), -1))
    return np.where((latest >= 0)[:, None, None], frames[latest], 0.0).astype(np.float32)


def centred(joints: ArrayLike, sure: float = 0.15) -> Float32Array:
    """Windows ``(..., t, 23, 3)`` moved and scaled so that the body fills [-1, 1].

    One square is put around all joints of a window with a confidence above ``sure``; where somebody
    is in the image and how large it appears are gone, how it moves and grows within the window
    stays.  Joints with no confidence take their place in the step before where they were seen, or
    else the first after; those never seen become all zero.  Far-off ones are drawn to the square's
    edge.
    """
    windows = _held(np.asarray(joints, dtype=np.float32))
    place, confidence = windows[..., :2], windows[..., 2:]
    counts = confidence > sure
    some = counts.any(axis=(-3, -2), keepdims=True)
    counts = np.where(some, counts, confidence > 0.0)
    low = np.where(counts, place, np.inf).min(axis=(-3, -2), keepdims=True)
    high = np.where(counts, place, -np.inf).max(axis=(-3, -2), keepdims=True)
    known = np.isfinite(low) & np.isfinite(high)
    low, high = np.where(known, low, -1.0), np.where(known, high, 1.0)
    half = np.maximum(0.5 * (high - low).max(axis=-1, keepdims=True), 1e-3)
    moved = np.clip((place - 0.5 * (low + high)) / half, -1.0, 1.0)
    moved = np.where((confidence > 0.0).any(axis=-3, keepdims=True), moved, 0.0)
    return np.concatenate([moved, confidence], axis=-1).astype(np.float32)


def _held(windows: Float32Array) -> Float32Array:
    """Windows ``(..., t, 23, 3)`` whose lost joints keep their last place, or take their first."""
    seen = windows[..., 2] > 0.0
    steps = np.arange(seen.shape[-2])[:, None]
    latest = np.maximum.accumulate(np.where(seen, steps, -1), axis=-2)
    first = np.where(seen.any(axis=-2), seen.argmax(axis=-2), 0)[..., None, :]
    source = np.where(latest >= 0, latest, first)[..., None]
    place = np.take_along_axis(windows[..., :2], source, axis=-3)
    return np.concatenate([place, windows[..., 2:]], axis=-1)


def mirrored(joints: ArrayLike) -> Float32Array:
    """Windows ``(..., 23, 3)`` of the mirror image: columns negated, left and right swapped."""
    windows = np.asarray(joints, dtype=np.float32)[..., MIRROR, :]
    return windows * np.array([-1.0, 1.0, 1.0], dtype=np.float32)

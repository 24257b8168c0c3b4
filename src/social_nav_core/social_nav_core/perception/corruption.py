"""Lost frames, lost joints and noise: what a robot's pose estimates suffer from.

A share of frames and a share of joints are lost; 30 % of both leave 0.7 * 0.7 = 49 % of the input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import rotation
from social_nav_core.parameters import parameter
from social_nav_core.perception.windows import Float32Array
from social_nav_core.skeleton import BODY


@dataclass(frozen=True)
class Corruption:
    """How much of the windows is lost or disturbed."""

    frames: float = parameter(0.0, "1", "share of frames lost", 0.0, 0.95)
    joints: float = parameter(0.0, "1", "share of joints lost over the whole window", 0.0, 0.95)
    jitter: float = parameter(0.0, "1", "noise of the joints, in body heights", 0.0, 1.0)
    dimmed: float = parameter(0.0, "1", "share of windows with low confidences", 0.0, 1.0)
    cut: float = parameter(0.0, "1", "share of windows cut off below or at a side", 0.0, 1.0)
    flat: float = parameter(0.0, "1", "share of windows whose confidences are all alike", 0.0, 1.0)
    late: float = parameter(0.0, "1", "share of windows of tracks that have just begun", 0.0, 1.0)
    feetless: float = parameter(0.0, "1", "share of windows without feet", 0.0, 1.0)
    turned: float = parameter(0.0, "rad", "largest roll of the camera", 0.0, 1.0)
    stretched: float = parameter(0.0, "1", "largest logarithm of the width's factor", 0.0, 1.0)

    @property
    def kept(self) -> float:
        """Share of the input that is left."""
        return (1.0 - self.frames) * (1.0 - self.joints)


def corrupted(
    joints: Float32Array, corruption: Corruption, rng: np.random.Generator
) -> Float32Array:
    """Windows ``(n, t, 23, 3)`` with some of their input lost.

    In half of the windows lost frames repeat the last one kept and lost joints are zero, as a
    tracker's gaps do; in the other half lost places hold uniform noise with the confidence 0, as
    wrong detections do (the protocol of arXiv 2505.06278).
    """
    count, steps, nodes, _ = joints.shape
    out = joints.copy()
    if corruption.jitter > 0.0:
        size = _heights(joints)[:, None, None, None] * corruption.jitter
        noise = rng.normal(size=out[..., :2].shape)
        out[..., :2] += (size * noise * (out[..., 2:] > 0.0)).astype(np.float32)
    if corruption.dimmed > 0.0:
        dim = rng.random((count,)) < corruption.dimmed
        factor = rng.uniform(0.3, 0.9, (count, 1, nodes))
        out[..., 2] *= np.where(dim[:, None, None], factor, 1.0).astype(np.float32)
    if corruption.cut > 0.0:
        _cut(out, rng.random((count,)) < corruption.cut, rng)
    if corruption.turned > 0.0 or corruption.stretched > 0.0:
        _turn_and_stretch(out, corruption.turned, corruption.stretched, rng)
    if corruption.flat > 0.0:
        flat = (rng.random((count,)) < corruption.flat)[:, None, None] & (out[..., 2] > 0.1)
        alike = rng.uniform(0.5, 1.0, (count, 1, 1))
        out[..., 2] = np.where(flat, alike, out[..., 2]).astype(np.float32)
    if corruption.feetless > 0.0:
        without = rng.random((count,)) < corruption.feetless
        out[without, :, len(BODY) :] = 0.0
    if corruption.late > 0.0:
        late = rng.random((count,)) < corruption.late
        first = np.where(late, rng.integers(0, max(round(0.7 * steps), 1), count), 0)
        out = out[np.arange(count)[:, None], np.maximum(np.arange(steps), first[:, None])]
    lost_joints = _lost(rng, count, nodes, corruption.joints)
    _lose(out, np.broadcast_to(lost_joints[:, None, :], (count, steps, nodes)), rng)
    _lose_frames(out, _lost(rng, count, steps, corruption.frames), rng)
    return out


def _lost(rng: np.random.Generator, count: int, size: int, share: float) -> NDArray[np.bool_]:
    """Which of ``size`` things are lost in each of ``count`` windows: a fixed number of them."""
    number = round(share * size)
    order = rng.random((count, size)).argsort(axis=1)
    return order < number


def _heights(joints: Float32Array) -> Float32Array:
    """Height of the bodies ``(n,)`` in the windows' units."""
    seen = joints[..., 2] > 0.0
    rows = joints[..., 1]
    top = np.where(seen, rows, np.inf).min(axis=(1, 2))
    bottom = np.where(seen, rows, -np.inf).max(axis=(1, 2))
    return np.where(bottom > top, bottom - top, 0.0).astype(np.float32)


def _lose(out: Float32Array, lost: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Lost places become zero, or noise without confidence in half of the windows; in place."""
    noise = rng.uniform(-1.0, 1.0, out[..., :2].shape).astype(np.float32)
    noisy = (rng.random((len(out),)) < 0.5)[:, None, None, None]
    out[..., :2] = np.where(lost[..., None], np.where(noisy, noise, 0.0), out[..., :2])
    out[..., 2] = np.where(lost, 0.0, out[..., 2])


def _lose_frames(out: Float32Array, lost: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Lost frames repeat the last one kept, or are lost like joints in half of the windows."""
    count, steps, nodes, _ = out.shape
    repeats = rng.random((count,)) < 0.5
    latest = np.maximum.accumulate(np.where(lost, -1, np.arange(steps)), axis=1)
    known = (latest >= 0)[..., None, None]
    held = np.where(known, out[np.arange(count)[:, None], latest], 0.0)
    noise = out.copy()
    _lose(noise, np.broadcast_to(lost[..., None], (count, steps, nodes)), rng)
    out[:] = np.where(repeats[:, None, None, None], held, noise)


def _turn_and_stretch(
    out: Float32Array, turned: float, stretched: float, rng: np.random.Generator
) -> None:
    """Roll windows about their middle, and make them wider or narrower; in place."""
    count = len(out)
    roll = rng.uniform(-turned, turned, count)
    width = np.exp(rng.uniform(-stretched, stretched, count))
    turn = rotation(roll) * np.stack([width, np.ones(count)], axis=-1)[:, :, None]
    seen = out[..., 2:] > 0.0
    share = np.maximum(seen.sum(axis=(1, 2), keepdims=True), 1)
    middle = (out[..., :2] * seen).sum(axis=(1, 2), keepdims=True) / share
    moved = np.einsum("nij,ntkj->ntki", turn, out[..., :2] - middle) + middle
    out[..., :2] = np.where(seen, moved, out[..., :2])


def _cut(out: Float32Array, cut: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Joints beyond a random edge are drawn to it and lose their confidence; in place."""
    height = _heights(out)
    middle = np.median(out[..., 0], axis=(1, 2))
    rows = out[..., 1]
    bottom = np.where(out[..., 2] > 0.0, rows, -np.inf).max(axis=(1, 2))
    edge = bottom - rng.uniform(0.2, 0.6, len(out)) * height
    side = rng.choice([-1.0, 1.0], len(out))
    below = rng.random((len(out),)) < 0.6
    border = middle + side * rng.uniform(0.0, 0.1, len(out))
    outside_below = rows > edge[:, None, None]
    outside_side = (out[..., 0] - border[:, None, None]) * side[:, None, None] > 0.0
    outside = np.where(below[:, None, None], outside_below, outside_side)
    outside &= cut[:, None, None]
    out[..., 1] = np.where(outside & below[:, None, None], edge[:, None, None], rows)
    columns = out[..., 0]
    at_side = outside & ~below[:, None, None]
    out[..., 0] = np.where(at_side, border[:, None, None], columns)
    out[..., 2] = np.where(outside, 0.1 * out[..., 2], out[..., 2])

"""The last second of every tracked body, ready for the student, from frames at uneven times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.perception.windows import Float32Array, centred
from social_nav_core.skeleton import JOINTS

SLOWEST = 10.0
"""Rate of images [Hz] from which on every step of a window counts as seen."""


@dataclass(frozen=True)
class TrackWindowParameters:
    """What a window is made of."""

    rate: float = parameter(10.0, "Hz", "steps per second of a window", 2.0, 60.0)
    steps: int = parameter(10, "", "steps of a window", 2, 120)
    shortest: float = parameter(0.3, "s", "of a track before it gives a window", 0.0, 5.0)

    @property
    def span(self) -> float:
        """Length of a window [s]."""
        return (self.steps - 1) / self.rate


@dataclass(frozen=True)
class TrackWindowBatch:
    """Windows of several bodies at one time.

    Attributes:
        names: (n,) of the bodies.
        joints: (n, steps, 23, 3) centred on the body, as the networks see them.
        share: (n,) part of the window that was really seen, more than 0 and at most 1: steps as
            near in time to a frame as images of `SLOWEST` leave them, over all steps.
    """

    names: tuple[str, ...]
    joints: Float32Array
    share: FloatArray


class TrackWindows:
    """Windows of all tracked bodies on the clock of the images.

    Every image is a row and every body a column of one array, so that all windows are cut at once.

    Args:
        parameters: what a window is.

    Raises:
        ParameterError: a parameter is out of bounds.
    """

    def __init__(self, parameters: TrackWindowParameters | None = None) -> None:
        self.parameters = TrackWindowParameters() if parameters is None else parameters
        check(self.parameters)
        self._names: list[str] = []
        self._since: dict[str, float] = {}
        self._times: list[float] = []
        self._frames = np.zeros((0, 0, len(JOINTS), 3), dtype=np.float32)
        self._present = np.zeros((0, 0), dtype=bool)

    def add(self, time: float, names: Sequence[str], joints: Float32Array) -> None:
        """Take in the bodies of one image.

        Args:
            time: of the image [s], after the one before.
            names: (n,) of the bodies, without doubles.
            joints: (n, 23, 3) across the image, as `windows.normalised` gives.
        """
        self._drop_old(time)
        for name in names:
            if name not in self._since:
                self._names.append(name)
                self._since[name] = time
        self._make_room(len(self._times) + 1, len(self._names))
        row = len(self._times)
        columns = [self._names.index(name) for name in names]
        self._present[row] = False
        self._present[row, columns] = True
        self._frames[row, columns] = joints
        self._times.append(time)

    def windows(
        self, choose: Callable[[Sequence[str]], Sequence[str]] | None = None
    ) -> TrackWindowBatch:
        """Windows of all bodies that have been seen for long enough, at the last image's time.

        Args:
            choose: given the names of these bodies, says whose windows are made; all when None.
        """
        about, count, rows = self.parameters, len(self._names), len(self._times)
        first = self._rows_before_a_window(self._times[-1]) if rows else 0
        present, times = self._present[first:rows, :count], np.array(self._times[first:])
        chosen = np.flatnonzero(present.any(axis=0))
        if len(chosen):
            since = np.array([self._since[self._names[k]] for k in chosen])
            latest = times[len(times) - 1 - present[::-1, chosen].argmax(axis=0)]
            chosen = chosen[latest - since >= about.shortest - 1e-9]
        if choose is not None:
            kept = set(choose([self._names[k] for k in chosen]))
            chosen = np.array([k for k in chosen if self._names[k] in kept], dtype=np.int64)
        if not len(chosen):
            empty = np.zeros((0, about.steps, len(JOINTS), 3), dtype=np.float32)
            return TrackWindowBatch((), empty, np.zeros(0))
        wanted = times[-1] - np.arange(about.steps - 1, -1, -1) / about.rate
        before, after = _neighbours(present[:, chosen], times, wanted)
        frames = self._frames[first:rows, chosen]
        joints = _interpolated(frames, before, after, times, wanted)
        lost = (frames[..., 2] <= 0.0) & present[:, chosen, None]
        some = np.flatnonzero(lost.any(axis=(0, 2)))
        if len(some):
            seen = present[:, chosen[some], None] & ~lost[:, some]
            near = before[:, some], after[:, some]
            joints[:, some] = _each_joint(frames[:, some], seen, near, times, wanted)
        gaps = np.abs(wanted[:, None] - np.stack([times[before], times[after]])).min(axis=0)
        share = (gaps < 0.75 / min(about.rate, SLOWEST)).mean(axis=0)
        joints = joints.swapaxes(0, 1)
        return TrackWindowBatch(tuple(self._names[k] for k in chosen), centred(joints), share)

    def forget(self, names: Sequence[str]) -> None:
        """Drop bodies."""
        gone = set(names) & set(self._since)
        if not gone:
            return
        keep = [k for k, name in enumerate(self._names) if name not in gone]
        self._frames, self._present = self._frames[:, keep], self._present[:, keep]
        self._names = [self._names[k] for k in keep]
        for name in gone:
            del self._since[name]

    def clear(self) -> None:
        """Drop everything."""
        self.forget(list(self._names))
        self._times.clear()

    def _rows_before_a_window(self, now: float) -> int:
        """Rows that a window at a time [s] does not reach; one before its start does count."""
        start = now - self.parameters.span
        return max(bisect_right(self._times, start + 1e-9) - 1, 0)

    def _drop_old(self, now: float) -> None:
        """Drop rows that no window reaches any more, seldom, so that few rows are moved."""
        old, rows = self._rows_before_a_window(now), len(self._times)
        if 2 * old > rows:
            for item in (self._frames, self._present):
                item[: rows - old] = item[old:rows]
            del self._times[:old]

    def _make_room(self, rows: int, columns: int) -> None:
        """Grow the arrays by half where they are full."""
        held_rows, held_columns = self._present.shape
        if rows <= held_rows and columns <= held_columns:
            return
        size = (max(held_rows, rows + rows // 2), max(held_columns, columns + columns // 2))
        frames = np.zeros((*size, len(JOINTS), 3), dtype=np.float32)
        present = np.zeros(size, dtype=bool)
        frames[:held_rows, :held_columns] = self._frames
        present[:held_rows, :held_columns] = self._present
        self._frames, self._present = frames, present


def _interpolated(
    frames: Float32Array,
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    times: FloatArray,
    wanted: FloatArray,
) -> Float32Array:
    """Whole frames ``(steps, n, 23, 3)`` between two rows ``(steps, n)`` of `frames`.

    Confidences take the smaller of both.
    """
    columns = np.arange(frames.shape[1])
    share = _share(before, after, times, wanted[:, None])[..., None, None]
    first, second = frames[before, columns], frames[after, columns]
    return _mixed(first, second, share)


def _each_joint(
    frames: Float32Array,
    seen: NDArray[np.bool_],
    near: tuple[NDArray[np.int64], NDArray[np.int64]],
    times: FloatArray,
    wanted: FloatArray,
) -> Float32Array:
    """Joints ``(steps, n, 23, 3)``, each between the frames around a step that saw it.

    Such a frame is less than a step away, or the nearest that saw the body at all.  Where only one
    side has one, a joint keeps its place for less than a step; else it is lost.

    Args:
        frames: (rows, n, 23, 3).
        seen: (rows, n, 23) which joints are seen.
        near: rows (steps, n) of the nearest frames before and after, as `_neighbours` gives.
        times: (rows,) [s].
        wanted: (steps,) [s].
    """
    rows, count, joints = seen.shape
    step = wanted[1] - wanted[0] - 1e-6
    before, after = _around(seen.reshape(rows, -1), times, wanted)
    body = [np.repeat(row, joints, axis=1) for row in near]
    clock, end = wanted[:, None], body[0] == body[1]
    close = (before >= 0) & (clock - times[before] < step)
    closer = (after < rows) & (times[np.minimum(after, rows - 1)] - clock < step)
    usable = close | (before == body[0]), closer | (after == body[1])
    both = usable[0] & usable[1]
    held = close | (usable[0] & end), closer | (usable[1] & end)
    first = np.where(both | held[0], before, after)
    second = np.where(both, after, first)
    known = both | held[0] | held[1]
    first, second = np.where(known, first, 0), np.where(known, second, 0)
    place = np.arange(count * joints)
    flat = frames.reshape(rows, -1, 3)
    share = _share(first, second, times, clock)[..., None]
    mixed = _mixed(flat[first, place], flat[second, place], share)
    mixed[..., 2] *= known
    return mixed.reshape(len(wanted), count, joints, 3)


def _share(
    before: NDArray[np.int64], after: NDArray[np.int64], times: FloatArray, wanted: FloatArray
) -> Float32Array:
    """How far from one row to another the wanted times are, 0 to 1; 1 where they are the same."""
    span = np.where(after > before, times[after] - times[before], 1.0)
    share = np.clip((wanted - times[before]) / span, 0.0, 1.0).astype(np.float32)
    return np.where(after > before, share, np.float32(1.0))


def _mixed(first: Float32Array, second: Float32Array, share: Float32Array) -> Float32Array:
    place = first[..., :2] + (second[..., :2] - first[..., :2]) * share
    sure = np.minimum(first[..., 2:], second[..., 2:])
    sure = np.where(share <= 0.0, first[..., 2:], np.where(share >= 1.0, second[..., 2:], sure))
    return np.concatenate([place, sure], axis=-1)


def _neighbours(
    present: NDArray[np.bool_], times: FloatArray, wanted: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows ``(steps, n)`` of the frames before and after each wanted time, where there are any.

    Outside of what was seen both are the first or the last frame.
    """
    before, after = _around(present, times, wanted)
    before = np.where(before < 0, after, before)
    return before, np.where(after >= len(times), before, after)


def _around(
    present: NDArray[np.bool_], times: FloatArray, wanted: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Last rows ``(steps, n)`` before each wanted time, -1 for none, and first from it on."""
    rows = len(times)
    index = np.arange(rows)[:, None]
    last = np.maximum.accumulate(np.where(present, index, -1), axis=0)
    following = np.minimum.accumulate(np.where(present, index, rows)[::-1], axis=0)[::-1]
    place = np.searchsorted(times, wanted)
    none_after, none_before = np.full_like(last[:1], rows), np.full_like(last[:1], -1)
    after = np.concatenate([following, none_after])[place]
    return np.concatenate([none_before, last])[place], after

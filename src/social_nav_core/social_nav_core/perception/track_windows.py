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
        share: (n,) part of the window that was really seen, more than 0 and at most 1: steps near
            in time to a frame, over all steps.
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
        joints = self._between(before, after, times, wanted, chosen, first)
        gaps = np.abs(wanted[:, None] - np.stack([times[before], times[after]])).min(axis=0)
        share = (gaps < 0.75 / about.rate).mean(axis=0)
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

    def _between(
        self,
        before: NDArray[np.int64],
        after: NDArray[np.int64],
        times: FloatArray,
        wanted: FloatArray,
        columns: NDArray[np.int64],
        first_row: int,
    ) -> Float32Array:
        """Frames ``(n, steps, 23, 3)`` interpolated between rows ``(steps, n)``.

        Confidences take the smaller of both, as `windows.resampled` does.
        """
        span = np.where(after > before, times[after] - times[before], 1.0)
        share = np.clip((wanted[:, None] - times[before]) / span, 0.0, 1.0).astype(np.float32)
        share = np.where(after > before, share, 1.0)[..., None]
        frames = self._frames[first_row:]
        first, second = frames[before, columns], frames[after, columns]
        share = share[..., None]
        place = first[..., :2] + (second[..., :2] - first[..., :2]) * share
        sure = np.minimum(first[..., 2:], second[..., 2:])
        sure = np.where(share <= 0.0, first[..., 2:], np.where(share >= 1.0, second[..., 2:], sure))
        return np.concatenate([place, sure], axis=-1).swapaxes(0, 1)

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


def _neighbours(
    present: NDArray[np.bool_], times: FloatArray, wanted: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows ``(steps, n)`` of the frames before and after each wanted time, where there are any.

    Outside of what was seen both are the first or the last frame.
    """
    rows = len(times)
    index = np.arange(rows)[:, None]
    last = np.maximum.accumulate(np.where(present, index, -1), axis=0)
    following = np.minimum.accumulate(np.where(present, index, rows)[::-1], axis=0)[::-1]
    place = np.searchsorted(times, wanted)
    none_after, none_before = np.full_like(last[:1], rows), np.full_like(last[:1], -1)
    after = np.concatenate([following, none_after])[place]
    before = np.concatenate([none_before, last])[place]
    before = np.where(before < 0, after, before)
    return before, np.where(after >= rows, before, after)

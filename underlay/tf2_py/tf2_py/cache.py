"""The history of one frame: its poses in its parent, over time.

Times are integers [ns]; 0 stands for "the latest there is", as everywhere in tf2.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from tf2_py.rigid import Rigid, interpolate

LATEST = 0


class Sample(NamedTuple):
    """Where a frame was in its parent at a time [ns]."""

    stamp: int
    parent: str
    pose_in_parent: Rigid


def seconds(stamp: int) -> str:
    """A time or duration [ns] written in seconds, exactly."""
    sign, stamp = ("-", -stamp) if stamp < 0 else ("", stamp)
    return f"{sign}{stamp // 10**9}.{stamp % 10**9:09d} s"


class TimeCache:
    """Poses of a moving frame, sorted by time, and none while there are none yet.

    An insertion first drops what is more than ``length`` [ns] older than the newest so far.
    """

    is_static = False

    def __init__(self, length: int) -> None:
        self._length = length
        self._stamps: list[int] = []
        self._samples: list[Sample] = []

    def insert(self, sample: Sample) -> str | None:
        """Add a pose; a pose with the same stamp is replaced.  Returns why not, or None."""
        stamps = self._stamps
        if stamps:
            oldest = stamps[-1] - self._length
            stale = bisect_left(stamps, oldest)
            del stamps[:stale], self._samples[:stale]
            if sample.stamp < oldest:
                return (
                    f"its time {seconds(sample.stamp)} is more than {seconds(self._length)} "
                    f"older than the newest, {seconds(stamps[-1])}"
                )
        index = bisect_left(stamps, sample.stamp)
        if index < len(stamps) and stamps[index] == sample.stamp:
            self._samples[index] = sample
            return None
        stamps.insert(index, sample.stamp)
        self._samples.insert(index, sample)
        return None

    def clear(self) -> None:
        """Forget everything."""
        self._stamps.clear()
        self._samples.clear()

    def at(self, stamp: int) -> Sample | None:
        """The pose at a time, interpolated; None outside the data, where `gap` says why.

        Between two poses in different parents the older one holds.
        """
        if stamp == LATEST:
            return self.latest
        after = bisect_right(self._stamps, stamp)
        if after == 0:
            return None
        older = self._samples[after - 1]
        if older.stamp == stamp:
            return older
        if after == len(self._samples):
            return None
        newer = self._samples[after]
        if newer.parent != older.parent:
            return older._replace(stamp=stamp)
        ratio = (stamp - older.stamp) / (newer.stamp - older.stamp)
        pose = interpolate(older.pose_in_parent, newer.pose_in_parent, ratio)
        return Sample(stamp, older.parent, pose)

    def gap(self, stamp: int) -> str:
        """Why there is no pose at a time."""
        if not self._stamps:
            return "all its data were forgotten"
        if len(self._stamps) == 1:
            return f"the only data are at {seconds(self._stamps[0])}"
        if stamp > self._stamps[-1]:
            return f"the latest data are at {seconds(self._stamps[-1])}, earlier than that"
        return f"the earliest data are at {seconds(self._stamps[0])}, later than that"

    @property
    def latest(self) -> Sample | None:
        """The newest pose."""
        return self._samples[-1] if self._samples else None

    @property
    def oldest_stamp(self) -> int:
        """Time [ns] of the oldest pose; 0 when there is none."""
        return self._stamps[0] if self._stamps else LATEST

    def __len__(self) -> int:
        return len(self._samples)


class StaticCache:
    """The pose of a frame that never moves: valid at every time."""

    is_static = True
    oldest_stamp = LATEST

    def __init__(self, sample: Sample) -> None:
        self.latest = sample._replace(stamp=LATEST)

    def at(self, stamp: int) -> Sample:
        """The pose, at any time."""
        return self.latest._replace(stamp=stamp)

    def __len__(self) -> int:
        return 1

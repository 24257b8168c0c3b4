"""Where several people were over time, and what that says about how they keep their distance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray, relative
from social_nav_core.recordings.positions import Positions

SAMPLE_PERIOD = 0.25  # [s]: as the published recipe, every 30th frame of 120 a second
STEP = 0.05  # [m]: a pair that moves less than this is not counted again
REACH = 2.5  # [m]: people farther apart do not stand together
SLOW = 0.15  # [m/s]: who is slower stands
SHORTEST = 1.0  # [s]: people who stand together for less do not talk
MINUTE = 60.0  # [s]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Poses of people over time, in one frame or in one that moves along with the observer.

    Attributes:
        times: ``(t,)`` [s], rising.
        ids: names of the p people.
        poses: ``(t, p, 3)`` x [m], y [m], yaw [rad]; NaN where not seen, a NaN yaw where only the
            heading is unknown.
        speeds: ``(t, p)`` over ground [m/s], NaN where not known.
        groups: ``(t, p)`` number of the conversation that a person is part of, -1 for none.
        source: the file, for messages.
    """

    times: FloatArray
    ids: tuple[str, ...]
    poses: FloatArray
    speeds: FloatArray
    groups: np.ndarray
    source: str

    def rows(self, chosen: np.ndarray) -> Trajectories:
        """The same at some of the times."""
        return Trajectories(
            self.times[chosen],
            self.ids,
            self.poses[chosen],
            self.speeds[chosen],
            self.groups[chosen],
            self.source,
        )

    def with_robot(self) -> Trajectories:
        """The same with the observer itself, at the origin, in place of all other subjects.

        Everybody else loses the heading, so that only the robot is looked at from.
        """
        poses = self.poses.copy()
        poses[:, :, 2] = np.nan
        count = len(self.times)
        robot = np.zeros((count, 1, 3))
        return Trajectories(
            self.times,
            (*self.ids, "robot"),
            np.concatenate([poses, robot], axis=1),
            np.concatenate([self.speeds, np.zeros((count, 1))], axis=1),
            np.concatenate([self.groups, np.full((count, 1), -1)], axis=1),
            self.source,
        )


def passing_positions(recordings: Sequence[Trajectories], radius: float) -> Positions:
    """Positions of others within a radius [m] of a person, four a second.

    Two people who do not move relative to each other count once, so that standing still does not
    outweigh walking by.  Each minute of a recording is a trial.
    """
    found = _Gathered()
    for number, recording in enumerate(recordings):
        sampled = recording.rows(_every(recording.times, SAMPLE_PERIOD))
        for pair in _pairs(sampled):
            near = np.flatnonzero(np.hypot(pair.place[:, 0], pair.place[:, 1]) <= radius)
            for row in near[_moved(pair.place[near], STEP)]:
                minute = int(sampled.times[pair.first + row] // MINUTE)
                found.add(pair.place[row], (number, -1, minute))
    return found.positions(known_members=False)


def meeting_positions(recordings: Sequence[Trajectories]) -> Positions:
    """Where one stands relative to the other at the end of each conversation of two people.

    A conversation is a time of at least 1 s in one group or, in recordings that name no groups,
    of standing within 2.5 m of each other.  How many people take part is counted at its end.
    Each group of a recording (without groups, each minute) is a trial.
    """
    found = _Gathered()
    for number, recording in enumerate(recordings):
        named = bool((recording.groups >= 0).any())
        for pair in _pairs(recording):
            for first, last in _runs(_together(recording, named, pair)):
                rows = slice(pair.first + first, pair.first + last + 1)
                times = recording.times[rows]
                if times[-1] - times[0] >= SHORTEST - 1e-6:
                    end = times >= times[-1] - SHORTEST - 1e-6
                    group = int(recording.groups[rows.stop - 1, pair.subject])
                    minute = -1 if named else int(times[-1] // MINUTE)
                    found.add(
                        np.median(pair.place[first : last + 1][end], axis=0),
                        (number, group, minute),
                        1 + _company(recording, named, pair.subject, rows.stop - 1),
                    )
    return found.positions(known_members=True)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Where one person is around another, while both are ever seen at once.

    Attributes:
        subject, other: columns of the recording.
        first: row of the recording that `place` begins at.
        place: ``(n, 2)`` (forward, left) [m]; NaN where one is not seen, or the heading of the
            subject is not known.
    """

    subject: int
    other: int
    first: int
    place: FloatArray


def _pairs(recording: Trajectories) -> Iterator[_Pair]:
    """All ordered pairs that are ever seen at once."""
    headed = np.isfinite(recording.poses[..., 2])
    seen = np.isfinite(recording.poses[..., 0])
    for subject in np.flatnonzero(headed.any(axis=0)):
        both = headed[:, subject, None] & seen
        first, after = both.argmax(axis=0), len(both) - both[::-1].argmax(axis=0)
        for other in np.flatnonzero(both.any(axis=0)):
            if other != subject:
                rows = slice(first[other], after[other])
                place = relative(recording.poses[rows, subject], recording.poses[rows, other])
                yield _Pair(int(subject), int(other), int(first[other]), place[:, :2])


def _together(recording: Trajectories, named: bool, pair: _Pair) -> np.ndarray:
    """Whether two people talk ``(n,)``, at the times of the pair."""
    rows = slice(pair.first, pair.first + len(pair.place))
    seen = np.isfinite(pair.place[:, 0])
    if named:
        own = recording.groups[rows, pair.subject]
        return seen & (own >= 0) & (own == recording.groups[rows, pair.other])
    speeds = recording.speeds[rows]
    with np.errstate(invalid="ignore"):
        stand = (speeds[:, pair.subject] < SLOW) & (speeds[:, pair.other] < SLOW)
        return seen & stand & (np.hypot(pair.place[:, 0], pair.place[:, 1]) <= REACH)


def _company(recording: Trajectories, named: bool, subject: int, row: int) -> int:
    """How many others talk with a person at one instant."""
    groups, poses = recording.groups[row], recording.poses[row, :, :2]
    if named:
        return int((groups == groups[subject]).sum()) - 1
    with np.errstate(invalid="ignore"):
        near = np.hypot(*(poses - poses[subject]).T) <= REACH
        return int((near & (recording.speeds[row] < SLOW)).sum()) - 1


class _Gathered:
    """Positions as they are found, each with the name of its trial."""

    def __init__(self) -> None:
        self._points: list[FloatArray] = []
        self._trials: dict[tuple[int, int, int], int] = {}
        self._rows: list[tuple[int, int]] = []

    def add(self, point: FloatArray, trial: tuple[int, int, int], members: int = 0) -> None:
        self._points.append(point)
        self._rows.append((self._trials.setdefault(trial, len(self._trials)), members))

    def positions(self, known_members: bool) -> Positions:
        trials, members = np.array(self._rows, dtype=int).reshape(-1, 2).T
        points = np.array(self._points).reshape(-1, 2)
        return Positions(points, trials, members if known_members else None)


def _every(times: FloatArray, period: float) -> np.ndarray:
    """First row of every period that has one."""
    slots = np.floor((times - times[0]) / period + 1e-6)
    return np.flatnonzero(np.diff(slots, prepend=-1.0) > 0)


def _moved(places: FloatArray, step: float) -> np.ndarray:
    """Whether each place is at least a step away from the last one that was kept."""
    kept = np.zeros(len(places), dtype=bool)
    last = np.array([np.inf, np.inf])
    for row, place in enumerate(places):
        if np.hypot(*(place - last)) >= step:
            kept[row], last = True, place
    return kept


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each run of true values."""
    edges = np.diff(np.concatenate([[0], mask.astype(int), [0]]))
    return list(zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1, strict=True))


def speeds_of(times: FloatArray, poses: FloatArray) -> FloatArray:
    """Speeds ``(t, p)`` [m/s] by differences over half a second; NaN where not seen."""
    if len(times) < 2:
        return np.full(poses.shape[:2], np.nan)
    before = np.searchsorted(times, times - 0.25)
    after = np.minimum(np.searchsorted(times, times + 0.25), len(times) - 1)
    lasted = np.maximum(times[after] - times[before], 1e-9)
    steps = poses[after, :, :2] - poses[before, :, :2]
    return np.hypot(steps[..., 0], steps[..., 1]) / lasted[:, None]

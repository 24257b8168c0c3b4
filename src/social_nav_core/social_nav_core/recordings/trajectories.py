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
BRIDGED = 1.0  # [s]: who is out of sight for no longer has not left
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
    of standing within 2.5 m of each other.  It lasts on while one of them is out of sight for at
    most 1 s and nobody is seen to leave.  The position is the median of the last second, of the
    times when both are seen; how many people take part is counted then.  Each group of a
    recording (without groups, each minute) is a trial.
    """
    found = _Gathered()
    for number, recording in enumerate(recordings):
        named = bool((recording.groups >= 0).any())
        for pair in _pairs(recording):
            for rows in _conversations(recording, named, pair):
                times = recording.times[rows]
                if times[-1] - times[0] >= SHORTEST - 1e-6:
                    end = rows[times >= times[-1] - SHORTEST - 1e-6]
                    group = int(recording.groups[end[-1], pair.subject])
                    minute = -1 if named else int(times[-1] // MINUTE)
                    found.add(
                        np.median(pair.place[end - pair.first], axis=0),
                        (number, group, minute),
                        1 + _company(recording, named, pair.subject, slice(end[0], end[-1] + 1)),
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


APART, UNKNOWN = -1, -2


def _conversations(recording: Trajectories, named: bool, pair: _Pair) -> list[np.ndarray]:
    """Rows of the recording at which two people are seen to talk, one array a conversation."""
    state = _together(recording, named, pair)
    known = np.flatnonzero(state != UNKNOWN)
    rows, state = known + pair.first, state[known]
    pause = np.diff(recording.times[rows]) > _bridged(recording.times)
    starts = 1 + np.flatnonzero(pause | (np.diff(state) != 0))
    parts = zip(np.split(rows, starts), np.split(state, starts), strict=True)
    return [part for part, states in parts if len(part) and states[0] != APART]


def _together(recording: Trajectories, named: bool, pair: _Pair) -> np.ndarray:
    """Number ``(n,)`` of the conversation that two people have, at the times of the pair.

    `APART` where one is seen to take no part, `UNKNOWN` where too little is seen.
    """
    rows, both = slice(pair.first, pair.first + len(pair.place)), [pair.subject, pair.other]
    seen = np.isfinite(pair.place[:, 0])
    poses = recording.poses[rows][:, both]
    if named:
        groups = np.where(np.isfinite(poses[..., 0]), recording.groups[rows][:, both], UNKNOWN)
        differ = (groups != UNKNOWN).all(axis=1) & (groups[:, 0] != groups[:, 1])
        apart = (groups == -1).any(axis=1) | differ
        number = groups[:, 0]
    else:
        speeds = recording.speeds[rows][:, both]
        with np.errstate(invalid="ignore"):
            distance = np.hypot(*(poses[:, 1, :2] - poses[:, 0, :2]).T)
            apart = (speeds >= SLOW).any(axis=1) | (distance > REACH)
        seen &= np.isfinite(speeds).all(axis=1)
        number = np.zeros(len(seen), dtype=int)
    return np.where(apart, APART, np.where(seen, number, UNKNOWN))


def _company(recording: Trajectories, named: bool, subject: int, rows: slice) -> int:
    """How many others talk with a person at the end of some rows, when each is seen last."""
    groups, poses, speeds = recording.groups[rows], recording.poses[rows], recording.speeds[rows]
    known = np.isfinite(poses[..., 0]) & (np.isfinite(speeds) | named)
    latest = len(known) - 1 - known[::-1].argmax(axis=0), np.arange(known.shape[1])
    if named:
        talk = groups[latest] == groups[-1, subject]
    else:
        with np.errstate(invalid="ignore"):
            distance = np.hypot(*(poses[latest][:, :2] - poses[-1, subject, :2]).T)
            talk = (distance <= REACH) & (speeds[latest] < SLOW)
    return int((talk & known.any(axis=0)).sum()) - 1


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


def _bridged(times: FloatArray) -> float:
    """Longest time out of sight [s] that nobody leaves in; more in a recording of few frames."""
    return max(BRIDGED, 1.5 * float(np.median(np.diff(times)))) + 1e-6 if len(times) > 1 else 0.0


def speeds_of(times: FloatArray, poses: FloatArray) -> FloatArray:
    """Speeds ``(t, p)`` [m/s] by differences over half a second; NaN where not seen.

    Frames in which somebody is out of sight are left out, and up to 1 s of them are bridged.
    """
    speeds = np.full(poses.shape[:2], np.nan)
    longest = _bridged(times)
    for person in range(poses.shape[1]):
        rows = np.flatnonzero(np.isfinite(poses[:, person, :2]).all(axis=1))
        if len(rows) > 1:
            speeds[rows, person] = _speeds(times[rows], poses[rows, person, :2], longest)
    return speeds


def _speeds(times: FloatArray, places: FloatArray, longest: float) -> FloatArray:
    """Speeds ``(t,)`` [m/s] at places ``(t, 2)`` [m], not across pauses of more than `longest`."""
    part = np.cumsum(np.diff(times, prepend=times[0]) > longest)
    first, last = np.searchsorted(part, part), np.searchsorted(part, part, side="right") - 1
    before = np.maximum(np.searchsorted(times, times - 0.25), first)
    after = np.minimum(np.searchsorted(times, times + 0.25), last)
    before = np.maximum(np.minimum(before, after - 1), first)
    steps = np.hypot(*(places[after] - places[before]).T)
    alone = first == last
    return np.where(alone, np.nan, steps / np.where(alone, 1.0, times[after] - times[before]))

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
    outweigh walking by.
    """
    points, trials = [], []
    for trial, recording in enumerate(recordings):
        rows = _every(recording.times, SAMPLE_PERIOD)
        for subject, other in _pairs(recording):
            place = relative(recording.poses[rows, subject], recording.poses[rows, other])[:, :2]
            place = place[np.hypot(place[:, 0], place[:, 1]) <= radius]
            kept = place[_moved(place, STEP)]
            points.append(kept)
            trials.append(np.full(len(kept), trial))
    return _joined(points, trials)


def meeting_positions(recordings: Sequence[Trajectories]) -> Positions:
    """Where one stands relative to the other at the end of each conversation of two people.

    A conversation is a time of at least 1 s in one group or, in recordings that name no groups,
    of standing within 2.5 m of each other.  How many people take part is counted at its end.
    """
    points, trials, members = [], [], []
    for trial, recording in enumerate(recordings):
        together = _together(recording)
        for subject, other in _pairs(recording):
            place = relative(recording.poses[:, subject], recording.poses[:, other])[:, :2]
            seen = np.isfinite(place).all(axis=1)
            for first, last in _runs(together[:, subject, other] & seen):
                times = recording.times[first : last + 1]
                if times[-1] - times[0] >= SHORTEST - 1e-6:
                    end = times >= times[-1] - SHORTEST - 1e-6
                    points.append(np.median(place[first : last + 1][end], axis=0)[None])
                    trials.append(np.array([trial]))
                    members.append(1 + int(together[last, subject].sum()))
    joined = _joined(points, trials)
    return Positions(joined.points, joined.trials, np.array(members, dtype=int))


def _together(recording: Trajectories) -> np.ndarray:
    """Who is with whom ``(t, p, p)``, nobody with oneself."""
    own, people = recording.groups, len(recording.ids)
    if (own >= 0).any():
        together = (own[:, :, None] == own[:, None, :]) & (own[:, :, None] >= 0)
    else:
        place = recording.poses[..., :2]
        apart = np.linalg.norm(place[:, :, None] - place[:, None, :], axis=-1)
        with np.errstate(invalid="ignore"):
            stands = recording.speeds < SLOW
            together = stands[:, :, None] & stands[:, None, :] & (apart <= REACH)
    return together & ~np.eye(people, dtype=bool)


def _joined(points: list[FloatArray], trials: list[np.ndarray]) -> Positions:
    return Positions(
        np.concatenate([*points, np.empty((0, 2))]),
        np.concatenate([*trials, np.empty(0, dtype=int)]),
    )


def _pairs(recording: Trajectories) -> Iterator[tuple[int, int]]:
    """Ordered pairs (subject, other) of people of whom the subject's heading is ever known."""
    known = np.isfinite(recording.poses[..., 2]).any(axis=0)
    for subject in np.flatnonzero(known):
        for other in range(len(recording.ids)):
            if other != subject:
                yield int(subject), other


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

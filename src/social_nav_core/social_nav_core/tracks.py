"""Names and velocities for people who come as bare positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter

MOST = 300  # positions that are followed; matching takes the cube of them


@dataclass(frozen=True)
class TrackParameters:
    """How positions of one instant are matched with those of the instant before."""

    gate: float = parameter(0.8, "m", "farther from where expected it is somebody else", 0.05, 5.0)
    keep: float = parameter(1.0, "s", "tracks without a position end after this", 0.0, 10.0)
    smoothing: float = parameter(0.3, "s", "time constant of the velocity", 0.01, 5.0)


@dataclass
class _Track:
    position: FloatArray
    velocity: FloatArray
    seen: float


class Tracks:
    """Nearest-neighbour tracking (Hungarian assignment) of points in a frame that does not move."""

    def __init__(self, parameters: TrackParameters | None = None) -> None:
        self._parameters = parameters or TrackParameters()
        check(self._parameters)
        self._tracks: dict[str, _Track] = {}
        self._count = 0
        self._time = -np.inf

    def update(self, positions: ArrayLike, time: float) -> list[tuple[str, FloatArray]]:
        """The id and the velocity (2,) [m/s] of each position.

        Those beyond the first `MOST` are somebody new every time.

        Args:
            positions: ``(n, 2)`` [m], finite.
            time: of the positions [s]; when it runs back, all tracks begin anew.
        """
        points = np.asarray(positions, dtype=float).reshape(-1, 2)
        if time < self._time:
            self.begin_anew()
        self._time = time
        self._tracks = {
            name: track
            for name, track in self._tracks.items()
            if time - track.seen <= self._parameters.keep
        }
        names = self._matched(points[:MOST], time)
        named = zip(names, points, strict=False)
        found = [(name, self._follow(name, point, time)) for name, point in named]
        return found + [(self._new_name(), np.zeros(2)) for _ in points[MOST:]]

    def begin_anew(self) -> None:
        """Forget all tracks; nobody gets their names."""
        self._tracks.clear()

    def _matched(self, points: FloatArray, time: float) -> list[str]:
        """A name for each point: of the track that is expected there, or a new one."""
        names = [""] * len(points)
        known = list(self._tracks)
        if known and len(points):
            expected = np.array(
                [t.position + (time - t.seen) * t.velocity for t in self._tracks.values()]
            )
            distances = np.linalg.norm(points[:, None] - expected, axis=-1)
            capped = np.minimum(distances, 10.0 * self._parameters.gate)
            for point, track in zip(*linear_sum_assignment(capped), strict=True):
                if distances[point, track] <= self._parameters.gate:
                    names[point] = known[track]
        return [name or self._new_name() for name in names]

    def _new_name(self) -> str:
        self._count += 1
        return f"person_{self._count}"

    def _follow(self, name: str, point: FloatArray, time: float) -> FloatArray:
        track = self._tracks.setdefault(name, _Track(point, np.zeros(2), time))
        dt = time - track.seen
        if dt > 0.0:
            share = dt / (dt + self._parameters.smoothing)
            measured = (point - track.position) / dt
            track.velocity = track.velocity + share * (measured - track.velocity)
        track.position, track.seen = point, time
        return track.velocity

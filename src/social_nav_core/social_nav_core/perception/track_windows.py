"""The last second of every tracked body, ready for the student, from frames at uneven times."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from social_nav_core.bodies import Body
from social_nav_core.parameters import check, parameter
from social_nav_core.perception.windows import Float32Array, centred, normalised, resampled
from social_nav_core.skeleton import JOINTS


@dataclass(frozen=True)
class TrackWindowParameters:
    """What is kept of each body, and for how long."""

    rate: float = parameter(10.0, "Hz", "steps per second of a window", 2.0, 60.0)
    steps: int = parameter(10, "", "steps of a window", 2, 120)
    shortest: float = parameter(0.3, "s", "of a track before it gives a window", 0.0, 5.0)
    timeout: float = parameter(1.0, "s", "after which an unseen track is forgotten", 0.1, 60.0)
    switch_time: float = parameter(0.5, "s", "within which a new id may be a lost one", 0.0, 5.0)
    switch_distance: float = parameter(0.5, "m", "within which it may be the same", 0.0, 5.0)
    longest_jump: float = parameter(1.0, "s", "back in time that is only a late image", 0.0, 60.0)

    @property
    def span(self) -> float:
        """Length of a window [s]."""
        return (self.steps - 1) / self.rate


@dataclass(frozen=True)
class TrackWindow:
    """What is known of one body now.

    Attributes:
        id: of the track.
        joints: (steps, 23, 3) centred on the body, as the networks see them.
        share: part of the window that was really seen, more than 0 and at most 1: frames near in
            time over all steps.
        last_seen: when the body was seen last [s].
    """

    id: str
    joints: Float32Array
    share: float
    last_seen: float


@dataclass
class _Track:
    times: deque[float] = field(default_factory=deque)
    frames: deque[Float32Array] = field(default_factory=deque)
    place: tuple[float, float] = (0.0, 0.0)


class TrackWindows:
    """Windows of all tracked bodies on the clock of the images.

    Args:
        parameters: what is kept.

    Raises:
        ParameterError: a parameter is out of bounds.
    """

    def __init__(self, parameters: TrackWindowParameters | None = None) -> None:
        self.parameters = TrackWindowParameters() if parameters is None else parameters
        check(self.parameters)
        self._tracks: dict[str, _Track] = {}
        self._now = -np.inf

    def add(self, time: float, bodies: Sequence[Body], width: float, height: float) -> list[str]:
        """Take in the bodies of one image.

        A clock that goes back by more than `longest_jump` forgets everything; an image that is only
        late is left out.

        Args:
            time: of the image [s].
            bodies: in it.
            width, height: of the image [pixel].

        Returns:
            One line for each thing that was left out, naming it and the reason.
        """
        if not (np.isfinite([time, width, height]).all() and width > 0 and height > 0):
            return [f"image at {time} s is {width} x {height} pixels, expected finite and above 0"]
        if time < self._now - self.parameters.longest_jump:
            self._tracks.clear()
        elif time <= self._now:
            return [f"image at {time:.3f} s is not after the one at {self._now:.3f} s"]
        self._now = time
        problems = []
        seen: dict[str, Body] = {}
        for body in bodies:
            reason = "id is there twice" if body.id in seen else body.defect()
            if reason is None and not (body.confidence > 0.0).any():
                reason = "no joint has a confidence above 0"
            if reason is None:
                seen[body.id] = body
            else:
                problems.append(f"body '{body.id}': {reason}")
        self._follow_switches(seen)
        for name, body in seen.items():
            self._append(name, body, width, height)
        self._forget()
        return problems

    def windows(self) -> Iterator[TrackWindow]:
        """Windows of all tracks that are long enough, at the last image's time."""
        about = self.parameters
        for name, track in self._tracks.items():
            if track.times[-1] - track.times[0] < about.shortest - 1e-9:
                continue
            frames, times = np.stack(list(track.frames)), np.array(track.times)
            joints = resampled(frames, times, about.rate, about.steps, self._now)
            steps = self._now - np.arange(about.steps) / about.rate
            near = np.abs(steps[:, None] - times).min(axis=1) < 0.75 / about.rate
            yield TrackWindow(name, centred(joints), float(near.mean()), track.times[-1])

    def _append(self, name: str, body: Body, width: float, height: float) -> None:
        track = self._tracks.setdefault(name, _Track())
        track.times.append(self._now)
        track.frames.append(normalised(body.joints(), width, height))
        track.place = (float(body.pose[0]), float(body.pose[1]))
        while len(track.times) > 1 and track.times[1] <= self._now - self.parameters.span:
            track.times.popleft()
            track.frames.popleft()

    def _follow_switches(self, seen: dict[str, Body]) -> None:
        """Give a new id the track of the nearest one that has just been lost close by."""
        about = self.parameters
        for name, body in seen.items():
            if name in self._tracks:
                continue
            lost = {
                other: float(np.hypot(*(body.pose[:2] - np.array(track.place))))
                for other, track in self._tracks.items()
                if other not in seen and self._now - track.times[-1] <= about.switch_time
            }
            nearest = min(lost, key=lambda other: lost[other], default=None)
            if nearest is not None and lost[nearest] <= about.switch_distance:
                self._tracks[name] = self._tracks.pop(nearest)

    def _forget(self) -> None:
        oldest = self._now - self.parameters.timeout
        late = [name for name, track in self._tracks.items() if track.times[-1] < oldest]
        for name in late:
            del self._tracks[name]


def stacked(windows: Sequence[TrackWindow], steps: int) -> Float32Array:
    """Joints ``(n, steps, 23, 3)`` of windows, also of none."""
    if not windows:
        return np.zeros((0, steps, len(JOINTS), 3), dtype=np.float32)
    return np.stack([window.joints for window in windows])

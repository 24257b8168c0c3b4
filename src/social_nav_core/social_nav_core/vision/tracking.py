"""Names for skeletons: who is who from one image to the next.

Every track expects its skeleton where its joints would be after moving on at a constant velocity,
and after the turn that the camera has made.  Skeletons and tracks are matched one to one
(Hungarian method) by how well they agree: the mean of COCO's object keypoint similarity and of
the overlap of the boxes around the joints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.skeleton import JOINTS

SPREAD = np.repeat(
    [0.026, 0.025, 0.035, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089],
    [1, 2, 2, 2, 2, 2, 2, 2, 2],
)
SPREAD = np.concatenate([SPREAD, np.tile([0.068, 0.066, 0.092], 2)])
"""How far annotators disagree on a joint, as a share of the square root of the person's area."""
LOOSER = 2.0  # than COCO's: joints move between images in ways that a velocity does not tell


@dataclass(frozen=True)
class BodyTrackParameters:
    """How skeletons of one image are matched with those of the image before."""

    seen: float = parameter(0.2, "", "confidence from which on a joint counts", 0.0, 0.9)
    agreement: float = parameter(0.15, "", "skeletons that agree less are not the same", 0.01, 0.9)
    sightings: int = parameter(3, "", "images in which somebody is seen before it is told", 1, 50)
    keep: float = parameter(1.0, "s", "tracks that are not seen end after this", 0.0, 10.0)
    smoothing: float = parameter(0.3, "s", "time constant of the velocity", 0.01, 5.0)


@dataclass
class _Track:
    joints: FloatArray
    velocity: FloatArray
    seen: float
    sightings: int
    name: str = ""

    def expected(self, time: float) -> FloatArray:
        """Joints ``(23, 3)`` at a time [s]."""
        joints = self.joints.copy()
        joints[:, :2] += (time - self.seen) * self.velocity
        return joints


class BodyTracks:
    """Follows skeletons through the images of one camera."""

    def __init__(self, parameters: BodyTrackParameters | None = None) -> None:
        self._about = parameters or BodyTrackParameters()
        check(self._about)
        self._tracks: list[_Track] = []
        self._count = 0
        self._time = -np.inf

    def update(
        self, skeletons: ArrayLike, time: float, turned: ArrayLike | None = None
    ) -> list[str]:
        """The name of each skeleton; "" for who has not been seen often enough yet.

        Args:
            skeletons: ``(n, 23, 3)`` of x [pixel], y [pixel] and confidence.
            time: of the image [s]; when it runs back, all tracks begin anew.
            turned: ``(3, 3)`` homography from pixels of the image before to pixels of this one,
                for what is far away; None when the camera has not turned.
        """
        people = np.asarray(skeletons, dtype=float).reshape(-1, len(JOINTS), 3)
        if time < self._time:
            self._tracks = []
        self._time = time
        about = self._about
        self._tracks = [
            track
            for track in self._tracks
            if time - track.seen <= (about.keep if track.name else 0.5 * about.keep)
        ]
        if turned is not None:
            for track in self._tracks:
                track.joints = _warped(track.joints, np.asarray(turned, dtype=float))
        matched = self._matched(people, time)
        return [self._follow(p, track, time) for p, track in zip(people, matched, strict=True)]

    def _matched(self, people: FloatArray, time: float) -> list[_Track | None]:
        found: list[_Track | None] = [None] * len(people)
        if not (len(people) and self._tracks):
            return found
        expected = [track.expected(time) for track in self._tracks]
        scores = np.array(
            [[agreement(person, e, self._about.seen) for e in expected] for person in people]
        )
        # Who already has a name goes before who has none.
        named = np.array([0.1 if track.name else 0.0 for track in self._tracks])
        for i, j in zip(*linear_sum_assignment(-(scores + named)), strict=True):
            if scores[i, j] >= self._about.agreement:
                found[i] = self._tracks[j]
        return found

    def _follow(self, person: FloatArray, track: _Track | None, time: float) -> str:
        if track is None:
            track = _Track(person.copy(), np.zeros(2), time, 1)
            self._tracks.append(track)
        else:
            dt = time - track.seen
            if dt > 0.0:
                share = dt / (dt + self._about.smoothing)
                moved = _shift(track.joints, person, self._about.seen) / dt
                track.velocity = track.velocity + share * (moved - track.velocity)
            track.joints, track.seen = person.copy(), time
            track.sightings += 1
        if not track.name and track.sightings >= self._about.sightings:
            self._count += 1
            track.name = f"body_{self._count}"
        return track.name


def agreement(a: FloatArray, b: FloatArray, seen: float) -> float:
    """How well two skeletons ``(23, 3)`` agree, from 0 (not at all) to 1.

    Args:
        a, b: x [pixel], y [pixel], confidence.
        seen: confidence from which on a joint counts.
    """
    boxes = [box_around(joints, seen) for joints in (a, b)]
    if boxes[0] is None or boxes[1] is None:
        return 0.0
    low, high = np.maximum(boxes[0][:2], boxes[1][:2]), np.minimum(boxes[0][2:], boxes[1][2:])
    areas = [float(np.prod(box[2:] - box[:2])) for box in boxes if box is not None]
    shared = float(np.prod(np.maximum(high - low, 0.0)))
    both = (a[:, 2] >= seen) & (b[:, 2] >= seen)
    similarity = 0.0
    if both.any():
        apart = ((a[both, :2] - b[both, :2]) ** 2).sum(axis=1)
        spread = (2.0 * LOOSER * SPREAD[both]) ** 2 * (0.53 * 0.5 * sum(areas))
        similarity = float(np.exp(-0.5 * apart / spread).mean())
    return 0.5 * (similarity + shared / (sum(areas) - shared))


def box_around(joints: FloatArray, seen: float) -> FloatArray | None:
    """Box (left, top, right, bottom) [pixel] around the joints that are seen, a little wider.

    None when fewer than three are seen.
    """
    points = joints[joints[:, 2] >= seen, :2]
    if len(points) < 3:
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.1 * float((high - low).max()) + 1.0
    return np.concatenate([low - margin, high + margin])


def _shift(before: FloatArray, now: FloatArray, seen: float) -> NDArray[np.float64]:
    """Median way (2,) [pixel] of the joints that are seen in both."""
    both = (before[:, 2] >= seen) & (now[:, 2] >= seen)
    if not both.any():
        return np.zeros(2)
    return np.asarray(np.median(now[both, :2] - before[both, :2], axis=0))


def _warped(joints: FloatArray, homography: FloatArray) -> FloatArray:
    points = np.column_stack([joints[:, :2], np.ones(len(joints))]) @ homography.T
    ahead = points[:, 2] > 1e-6
    warped = joints.copy()
    warped[ahead, :2] = points[ahead, :2] / points[ahead, 2:]
    return warped

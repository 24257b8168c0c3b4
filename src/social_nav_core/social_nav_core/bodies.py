"""Human bodies as a camera-based body tracker reports them (social_nav_msgs/Body), without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray, are_covariances, compose, rotated_covariance
from social_nav_core.people import UNKNOWN_HEADING, covariance_defect
from social_nav_core.skeleton import JOINTS

UNKNOWN_YAW_VARIANCE = 2.0 * UNKNOWN_HEADING
"""Yaw variance [rad^2] of a heading that could not be measured (anything above pi^2 says so)."""
_LARGEST = 1e7  # of poses [m] and covariances [m^2]; beyond it arithmetic overflows sooner or later


@dataclass(frozen=True)
class Body:
    """One tracked body in one image.

    Attributes:
        id: name of the track, unique in one image and stable over time.
        x: (23,) columns [pixel], 0 at the image's left edge, in the order of `skeleton.JOINTS`.
        y: (23,) rows [pixel], 0 at the image's top edge.
        confidence: (23,) from 0 (not seen) to 1.
        pose: (x [m], y [m], yaw [rad]) of the body on the ground, in the frame that the holder of
            the list states; x forward out of the chest.
        covariance: (3, 3) of (x, y, yaw) [m^2, m rad, rad^2]; a yaw variance above pi^2 says that
            the heading is unknown.
    """

    id: str
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    confidence: NDArray[np.float32]
    pose: FloatArray
    covariance: FloatArray = field(default_factory=lambda: np.zeros((3, 3)))

    @property
    def heading_known(self) -> bool:
        """Whether the yaw of the pose was measured."""
        return bool(self.covariance[2, 2] <= UNKNOWN_HEADING)

    def joints(self) -> NDArray[np.float32]:
        """Joints ``(23, 3)`` of x [pixel], y [pixel] and confidence."""
        return np.stack([self.x, self.y, self.confidence], axis=-1)

    def defect(self) -> str | None:
        """Why this body cannot be used, in words for a log line; None when all is well."""
        if not self.id:
            return "id is empty, expected the name of a track"
        for name in ("x", "y", "confidence"):
            values = np.asarray(getattr(self, name))
            if values.shape != (len(JOINTS),):
                count = "x".join(str(size) for size in values.shape)
                return f"{name} has {count} values, expected {len(JOINTS)}, one per joint"
            if not np.isfinite(values).all():
                joint = JOINTS[int(np.argmin(np.isfinite(values)))]
                return f"{name} of {joint} is not a finite number"
        if self.confidence.min() < 0.0 or self.confidence.max() > 1.0:
            low, high = self.confidence.min(), self.confidence.max()
            return f"confidence runs from {low:.3g} to {high:.3g}, expected 0 to 1"
        return self._pose_defect()

    def _pose_defect(self) -> str | None:
        for name, shape in (("pose", (3,)), ("covariance", (3, 3))):
            values = np.asarray(getattr(self, name))
            if values.shape != shape:
                return f"{name} has the shape {values.shape}, expected {shape}"
            if not np.isfinite(values).all():
                return f"{name} is {values.tolist()}, expected finite numbers"
            if np.abs(values).max() > _LARGEST:
                largest = float(np.abs(values).max())
                return f"{name} has the value {largest:.3g}, expected at most {_LARGEST:.0e}"
        return covariance_defect(self.covariance)


def expressed_in_parent(bodies: Sequence[Body], frame_in_parent: ArrayLike) -> list[Body]:
    """The same bodies in the parent of the frame that their poses are given in.

    Args:
        bodies: whose poses and covariances have the right shapes.
        frame_in_parent: (x [m], y [m], yaw [rad]) of the present frame.
    """
    if not bodies:
        return []
    frame = np.asarray(frame_in_parent, dtype=float)
    poses = compose(frame, np.array([body.pose for body in bodies]))
    covariances = rotated_covariance(frame[2], np.array([body.covariance for body in bodies]))
    return [
        Body(body.id, body.x, body.y, body.confidence, pose, covariance)
        for body, pose, covariance in zip(bodies, poses, covariances, strict=True)
    ]


def defects(bodies: Sequence[Body]) -> list[str | None]:
    """Why each of some bodies cannot be used, as `Body.defect` says of one; quicker for many."""
    judged = zip(bodies, _are_sound(bodies), strict=True)
    return [None if is_sound else body.defect() for body, is_sound in judged]


def _are_sound(bodies: Sequence[Body]) -> NDArray[np.bool_]:
    """Whether bodies surely have no defect; nobody is where an array has the wrong shape."""
    unsure = np.zeros(len(bodies), dtype=bool)
    try:
        joints = np.array([(body.x, body.y, body.confidence) for body in bodies])
        poses = np.array([body.pose for body in bodies])
        covariances = np.array([body.covariance for body in bodies])
    except ValueError:  # arrays of several shapes
        return unsure
    shapes = joints.shape[1:], poses.shape[1:], covariances.shape[1:]
    if shapes != ((3, len(JOINTS)), (3,), (3, 3)):
        return unsure
    confidences = joints[:, 2]
    sound = ((confidences >= 0.0) & (confidences <= 1.0)).all(axis=1)
    sound &= np.isfinite(joints).all(axis=(1, 2))
    sound &= np.array([bool(body.id) for body in bodies])
    numbers = np.concatenate([poses, covariances.reshape(-1, 9)], axis=1)
    sound &= (np.abs(numbers) <= _LARGEST).all(axis=1)
    sound[sound] = are_covariances(covariances[sound])
    return sound

"""The robot's head camera: a pinhole that sees joints, and what hides them from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.parameters import check, parameter
from social_nav_core.sim.anatomy.rotations import about_y, about_z
from social_nav_core.sim.body import Figures
from social_nav_core.sim.room import Box
from social_nav_core.skeleton import JOINT

_OPTICAL = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
"""Rows: image right, image down, viewing direction, in the camera's (forward, left, up)."""


@dataclass(frozen=True)
class CameraParameters:
    """Where the camera sits and what it covers; the defaults are TIAGo's."""

    width: int = parameter(640, "pixel", "columns of the image", 16, 8192)
    height: int = parameter(480, "pixel", "rows of the image", 16, 8192)
    horizontal_view: float = parameter(1.0996, "rad", "horizontal field of view", 0.2, 2.8)
    nearest: float = parameter(0.3, "m", "smallest depth that is seen", 0.01, 5.0)
    farthest: float = parameter(8.0, "m", "largest depth that is seen", 0.5, 100.0)
    mount_x: float = parameter(0.216, "m", "camera ahead of the robot's centre", -1.0, 1.0)
    mount_z: float = parameter(1.217, "m", "camera above the floor", 0.05, 3.0)


class Camera:
    """A pinhole camera on a robot's head.

    Args:
        parameters: of the lens and the mount.

    Raises:
        ParameterError: a parameter is out of bounds.
    """

    def __init__(self, parameters: CameraParameters | None = None) -> None:
        self.parameters = CameraParameters() if parameters is None else parameters
        check(self.parameters)
        self.focal_length = (
            0.5 * self.parameters.width / np.tan(0.5 * self.parameters.horizontal_view)
        )
        """[pixel], the same for rows and columns."""

    def pose(
        self, robot_in_map: ArrayLike, pan: ArrayLike = 0.0, tilt: ArrayLike = 0.0
    ) -> CameraPose:
        """Where the camera is and how it looks.

        Args:
            robot_in_map: (..., 3) x [m], y [m], yaw [rad].
            pan: (...) of the head [rad], left positive.
            tilt: (...) of the head [rad], down positive.
        """
        robot = np.asarray(robot_in_map, dtype=float)
        base = about_z(robot[..., 2])
        mount = np.array([self.parameters.mount_x, 0.0, self.parameters.mount_z])
        position = base @ mount
        position[..., :2] += robot[..., :2]
        axes = base @ about_z(pan) @ about_y(tilt)
        return CameraPose(position, _OPTICAL @ np.swapaxes(axes, -1, -2))

    def project(
        self, pose: CameraPose, points_in_map: ArrayLike
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Columns [pixel], rows [pixel] and depths [m] ``(..., n)`` of points ``(..., n, 3)`` [m].

        Depth is along the viewing direction; for points behind the camera, with a depth that is
        not positive, columns and rows mean nothing but are finite.
        """
        points = np.asarray(points_in_map, dtype=float)
        offset = points - pose.position[..., None, :]
        optical = offset @ np.swapaxes(pose.optical, -1, -2)
        depth = optical[..., 2]
        scale = self.focal_length / np.where(depth > 1e-3, depth, 1e-3)
        column = 0.5 * self.parameters.width + scale * optical[..., 0]
        row = 0.5 * self.parameters.height + scale * optical[..., 1]
        return column, row, depth

    def in_view(self, column: FloatArray, row: FloatArray, depth: FloatArray) -> NDArray[np.bool_]:
        """Whether projected points lie in the image and in the camera's range."""
        inside = (column >= 0.0) & (column <= self.parameters.width)
        inside &= (row >= 0.0) & (row <= self.parameters.height)
        return inside & (depth >= self.parameters.nearest) & (depth <= self.parameters.farthest)


@dataclass(frozen=True)
class CameraPose:
    """A camera in the map: position (..., 3) [m], and rows (..., 3, 3) image right, image down and
    viewing direction in the map."""

    position: FloatArray
    optical: FloatArray


@dataclass(frozen=True)
class BoxBlockers:
    """Walls and furniture that hide what is behind them.

    Attributes:
        centre: (n, 3) in the map [m].
        half: (n, 3) half sizes [m] along the box's own x, y and z.
        cos, sin: (n,) of the boxes' yaw.
    """

    centre: FloatArray
    half: FloatArray
    cos: FloatArray
    sin: FloatArray

    @staticmethod
    def of(boxes: Sequence[Box]) -> BoxBlockers:
        """Blockers from a room's boxes."""
        poses = np.array([box.pose for box in boxes], dtype=float).reshape(-1, 3)
        size = np.array([(*box.size, box.height) for box in boxes], dtype=float).reshape(-1, 3)
        centre = np.column_stack([poses[:, :2], 0.5 * size[:, 2]])
        return BoxBlockers(centre, 0.5 * size, np.cos(poses[:, 2]), np.sin(poses[:, 2]))

    def hide(self, eye: FloatArray, points: FloatArray) -> NDArray[np.bool_]:
        """Whether a box lies between the eye ``(3,)`` and points ``(..., 3)`` [m] in the map."""
        if not len(self.centre):
            return np.zeros(points.shape[:-1], dtype=bool)
        start = self._local(eye[None, :])
        step = self._local(points[..., None, :]) - start
        step = np.where(np.abs(step) < 1e-9, 1e-9, step)
        one, other = (-self.half - start) / step, (self.half - start) / step
        enter = np.minimum(one, other).max(axis=-1)
        leave = np.maximum(one, other).min(axis=-1)
        crossed = (enter < leave) & (leave > 1e-6) & (enter < 1.0 - 1e-3)
        return crossed.any(axis=-1)

    def _local(self, points: FloatArray) -> FloatArray:
        offset = points - self.centre
        x = self.cos * offset[..., 0] + self.sin * offset[..., 1]
        y = self.cos * offset[..., 1] - self.sin * offset[..., 0]
        return np.stack([x, y, offset[..., 2]], axis=-1)


_CAPSULES = (
    # from, to, radius in statures, joints that lie in or on the capsule
    ("neck", "mid_hip", 0.072, ("shoulder", "hip")),
    ("skull", "skull", 0.056, ("nose", "eye", "ear")),
    ("left_shoulder", "left_elbow", 0.026, ("left_shoulder", "left_elbow")),
    ("right_shoulder", "right_elbow", 0.026, ("right_shoulder", "right_elbow")),
    ("left_elbow", "left_wrist", 0.021, ("left_elbow", "left_wrist")),
    ("right_elbow", "right_wrist", 0.021, ("right_elbow", "right_wrist")),
    ("left_hip", "left_knee", 0.040, ("left_hip", "left_knee")),
    ("right_hip", "right_knee", 0.040, ("right_hip", "right_knee")),
    ("left_knee", "left_ankle", 0.028, ("left_knee", "left_ankle", "left_heel")),
    ("right_knee", "right_ankle", 0.028, ("right_knee", "right_ankle", "right_heel")),
)


def _own_joints() -> NDArray[np.bool_]:
    """Joints ``(capsules, 23)`` that a capsule of the same body never hides."""
    return np.array(
        [[any(part in joint for part in parts) for joint in JOINT] for *_, parts in _CAPSULES]
    )


_OWN = _own_joints()


def capsules(figures: Figures) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bodies as capsules: starts and ends ``(..., 10, 3)`` [m] and radii ``(..., 10)`` [m]."""
    joints = figures.joints
    special = {
        "neck": figures.neck,
        "skull": figures.skull,
        "mid_hip": 0.5 * (joints[..., JOINT["left_hip"], :] + joints[..., JOINT["right_hip"], :]),
    }

    def place(name: str) -> FloatArray:
        return special[name] if name in special else joints[..., JOINT[name], :]

    starts = np.stack([place(start) for start, *_ in _CAPSULES], axis=-2)
    ends = np.stack([place(end) for _, end, *_ in _CAPSULES], axis=-2)
    share = np.array([radius for _, _, radius, _ in _CAPSULES])
    size = figures.physique.stature * np.sqrt(figures.physique.girth)
    return starts, ends, (size + np.zeros(joints.shape[:-2]))[..., None] * share


def bodies_hide(eye: FloatArray, figures: Figures, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Joints ``(n, 23)`` of n people that are hidden from the eye ``(3,)`` by somebody's body.

    Another person hides a joint when one of that person's capsules crosses the line of sight in
    front of it; a person's own capsules hide those joints that are not part of them.  Only people
    who are ``seen`` (n,) are looked into; for the others nothing is hidden.
    """
    joints = figures.joints
    hidden = np.zeros(joints.shape[:2], dtype=bool)
    person, other = np.nonzero(_possible_blockers(eye, joints) & seen[:, None])
    starts, ends, radii = capsules(figures)
    crossed = _crosses(eye, joints[person] - eye, starts[other], ends[other], radii[other])
    crossed &= ~(_OWN & (person == other)[:, None, None])
    np.logical_or.at(hidden, person, crossed.any(axis=1))
    return hidden


def _possible_blockers(eye: FloatArray, joints: FloatArray) -> NDArray[np.bool_]:
    """Pairs ``(n, n)``: whether the second's body could hide the first's from the eye.

    It must be nearer and in the same direction; everybody could hide themselves.
    """
    flat = joints[:, :, :2] - eye[:2]
    distance = np.hypot(flat[..., 0], flat[..., 1])
    middle = flat.mean(axis=1)
    bearing = np.arctan2(middle[:, 1], middle[:, 0])
    half = np.linalg.norm(flat - middle[:, None], axis=-1).max(axis=1) + 0.15
    centre = np.maximum(np.hypot(middle[:, 0], middle[:, 1]), 1e-9)
    angle = np.where(half < centre, np.arcsin(np.minimum(half / centre, 1.0)), np.pi)
    apart = np.abs(wrap_angle(bearing[:, None] - bearing))
    nearer = distance.min(axis=1) - 0.25 < distance.max(axis=1)[:, None]
    return ((apart < angle[:, None] + angle) & nearer) | np.eye(len(joints), dtype=bool)


def _crosses(
    eye: FloatArray, line: FloatArray, start: FloatArray, end: FloatArray, radius: FloatArray
) -> NDArray[np.bool_]:
    """Whether lines of sight ``(p, joints, 3)`` come nearer to capsules than their radius.

    Closest points of two segments (Ericson, "Real-Time Collision Detection", 2005, section 5.1.9);
    only the way up to one radius before the joint counts.  Capsules have starts and ends
    ``(p, capsules, 3)`` and radii ``(p, capsules)``; the result is ``(p, capsules, joints)``.
    """
    axis, offset = end - start, eye - start
    a = np.sum(line * line, axis=-1)[:, None, :]
    b = axis @ np.swapaxes(line, -1, -2)
    c = offset @ np.swapaxes(line, -1, -2)
    e = np.maximum(np.sum(axis * axis, axis=-1), 1e-12)[..., None]
    f = np.sum(axis * offset, axis=-1)[..., None]
    g = np.sum(offset * offset, axis=-1)[..., None]
    r = radius[..., None]
    farthest = 1.0 - r / np.sqrt(np.maximum(a, 1e-12))
    limit = np.maximum(farthest, 0.0)
    s = np.clip((b * f - c * e) / np.maximum(a * e - b * b, 1e-12), 0.0, limit)
    t = np.clip((b * s + f) / e, 0.0, 1.0)
    s = np.clip((b * t - c) / np.maximum(a, 1e-12), 0.0, limit)
    gap = g + a * s * s + e * t * t + 2.0 * (s * c - t * f - s * t * b)
    return (gap < r * r) & (farthest > 0.0)


def facing(figures: Figures, eye: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far faces and chests point to the eye ``(3,)``: cosines ``(...)``, 1 straight at it."""
    to_eye = eye - figures.skull
    to_eye = to_eye / np.linalg.norm(to_eye, axis=-1, keepdims=True)
    face = np.sum(figures.head[..., :, 0] * to_eye, axis=-1)
    return face, np.sum(figures.chest[..., :, 0] * to_eye, axis=-1)

"""Names, order, edges and layouts of human skeletons.

The suite's skeleton is the first 23 points of COCO-WholeBody (17 body, 6 feet; Jin et al., ECCV
2020, https://arxiv.org/abs/2007.11858).  All 133 points are `WHOLE_BODY`: body, feet, 68 face
points in the order of the 300-W markup, and 21 points of each hand.  ``left`` and ``right`` are
the person's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray

BODY = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
FEET = (
    "left_big_toe",
    "left_small_toe",
    "left_heel",
    "right_big_toe",
    "right_small_toe",
    "right_heel",
)
FACE = tuple(f"face_{index}" for index in range(68))
_FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
LEFT_HAND, RIGHT_HAND = (
    (f"{side}_hand_root", *(f"{side}_{finger}{n}" for finger in _FINGERS for n in (1, 2, 3, 4)))
    for side in ("left", "right")
)

JOINTS = BODY + FEET
"""The 23 joints of a `Body`, in order."""
WHOLE_BODY = JOINTS + FACE + LEFT_HAND + RIGHT_HAND
"""The 133 points of COCO-WholeBody, in order."""
JOINT = {name: index for index, name in enumerate(JOINTS)}
"""Index of each of the 23 joints."""

FACE_SLICE = slice(23, 91)
LEFT_HAND_SLICE = slice(91, 112)
RIGHT_HAND_SLICE = slice(112, 133)

EDGES: tuple[tuple[int, int], ...] = tuple(
    (JOINT[a], JOINT[b])
    for a, b in (
        ("nose", "left_eye"),
        ("nose", "right_eye"),
        ("left_eye", "right_eye"),
        ("left_eye", "left_ear"),
        ("right_eye", "right_ear"),
        ("left_ear", "left_shoulder"),
        ("right_ear", "right_shoulder"),
        ("left_shoulder", "right_shoulder"),
        ("left_shoulder", "left_elbow"),
        ("right_shoulder", "right_elbow"),
        ("left_elbow", "left_wrist"),
        ("right_elbow", "right_wrist"),
        ("left_shoulder", "left_hip"),
        ("right_shoulder", "right_hip"),
        ("left_hip", "right_hip"),
        ("left_hip", "left_knee"),
        ("right_hip", "right_knee"),
        ("left_knee", "left_ankle"),
        ("right_knee", "right_ankle"),
        ("left_ankle", "left_big_toe"),
        ("left_ankle", "left_small_toe"),
        ("left_ankle", "left_heel"),
        ("right_ankle", "right_big_toe"),
        ("right_ankle", "right_small_toe"),
        ("right_ankle", "right_heel"),
    )
)
"""Undirected edges of the 23-joint graph: COCO-WholeBody's body and foot links."""

_FACE_MIRROR_PAIRS = (
    *((i, 16 - i) for i in range(8)),  # jaw, from the right ear to the left
    *((17 + i, 26 - i) for i in range(5)),  # eyebrows
    *((31 + i, 35 - i) for i in range(2)),  # nostrils
    *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),  # eyelids
    *((48, 54), (49, 53), (50, 52), (59, 55), (58, 56)),  # outer lip
    *((60, 64), (61, 63), (67, 65)),  # inner lip
)


def _mirror() -> NDArray[np.int64]:
    index = {name: i for i, name in enumerate(WHOLE_BODY)}
    permutation = np.arange(len(WHOLE_BODY))
    for name, i in index.items():
        side, _, part = name.partition("_")
        if side in ("left", "right"):
            other = "right" if side == "left" else "left"
            permutation[i] = index[f"{other}_{part}"]
    for a, b in _FACE_MIRROR_PAIRS:
        permutation[index[f"face_{a}"]] = index[f"face_{b}"]
        permutation[index[f"face_{b}"]] = index[f"face_{a}"]
    return permutation


WHOLE_BODY_MIRROR: NDArray[np.int64] = _mirror()
"""``points[..., WHOLE_BODY_MIRROR, :]`` swaps left and right in 133 points."""
MIRROR: NDArray[np.int64] = WHOLE_BODY_MIRROR[: len(JOINTS)]
"""``points[..., MIRROR, :]`` swaps left and right in 23 points."""

ROS4HRI = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
)
"""The 18 joints of hri_msgs/Skeleton2D (REP-155), in order."""
_BODY_IN_ROS4HRI = np.array([ROS4HRI.index(name) for name in BODY])
_NECK = ROS4HRI.index("neck")


def adjacency(edges: tuple[tuple[int, int], ...] = EDGES, joints: int = len(JOINTS)) -> FloatArray:
    """Symmetric 0/1 matrix ``(joints, joints)`` of a skeleton's graph, without self-loops."""
    matrix = np.zeros((joints, joints))
    for a, b in edges:
        matrix[a, b] = matrix[b, a] = 1.0
    return matrix


def joints_from_ros4hri(points: ArrayLike) -> FloatArray:
    """The 23 joints from ROS4HRI skeletons.

    Args:
        points: ``(..., 18, 3)`` of x, y (any unit) and confidence, in hri_msgs/Skeleton2D's order.

    Returns:
        ``(..., 23, 3)``; ROS4HRI has no feet, so those six are all zero.
    """
    points = np.asarray(points, dtype=float)
    if points.ndim < 2 or points.shape[-2:] != (len(ROS4HRI), 3):
        raise ValueError(f"skeleton has the shape {points.shape}, expected (..., 18, 3)")
    feet = np.zeros((*points.shape[:-2], len(FEET), 3))
    return np.concatenate([points[..., _BODY_IN_ROS4HRI, :], feet], axis=-2)


def ros4hri_from_joints(joints: ArrayLike) -> FloatArray:
    """ROS4HRI skeletons ``(..., 18, 3)`` from ``(..., 23, 3)`` joints of x, y and confidence.

    The neck is halfway between the shoulders and as sure as the less sure of them.
    """
    joints = np.asarray(joints, dtype=float)
    if joints.ndim < 2 or joints.shape[-2:] != (len(JOINTS), 3):
        raise ValueError(f"skeleton has the shape {joints.shape}, expected (..., 23, 3)")
    points = np.zeros((*joints.shape[:-2], len(ROS4HRI), 3))
    points[..., _BODY_IN_ROS4HRI, :] = joints[..., : len(BODY), :]
    shoulders = joints[..., [JOINT["left_shoulder"], JOINT["right_shoulder"]], :]
    points[..., _NECK, :2] = shoulders[..., :2].mean(axis=-2)
    points[..., _NECK, 2] = shoulders[..., 2].min(axis=-1)
    return points

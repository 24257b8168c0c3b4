"""Joint names, layouts and the body message's mirror, by value."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.skeleton import (
    BODY,
    EDGES,
    FACE_SLICE,
    JOINT,
    JOINTS,
    LEFT_HAND_SLICE,
    MIRROR,
    RIGHT_HAND_SLICE,
    ROS4HRI,
    WHOLE_BODY,
    WHOLE_BODY_MIRROR,
    adjacency,
    joints_from_ros4hri,
    ros4hri_from_joints,
)


def test_whole_body_has_the_published_indices() -> None:
    assert len(WHOLE_BODY) == len(set(WHOLE_BODY)) == 133
    assert (WHOLE_BODY[0], WHOLE_BODY[9], WHOLE_BODY[16]) == ("nose", "left_wrist", "right_ankle")
    assert WHOLE_BODY[17:23] == (
        "left_big_toe",
        "left_small_toe",
        "left_heel",
        "right_big_toe",
        "right_small_toe",
        "right_heel",
    )
    assert WHOLE_BODY[FACE_SLICE] == tuple(f"face_{i}" for i in range(68))
    assert WHOLE_BODY[LEFT_HAND_SLICE][0] == "left_hand_root"
    assert WHOLE_BODY[95] == "left_thumb4"
    assert WHOLE_BODY[RIGHT_HAND_SLICE][-1] == "right_pinky_finger4"


def test_mirror_swaps_sides_and_undoes_itself() -> None:
    assert [JOINTS[i] for i in MIRROR[[0, 5, 10, 17, 22]]] == [
        "nose",
        "right_shoulder",
        "left_wrist",
        "right_big_toe",
        "left_heel",
    ]
    np.testing.assert_array_equal(WHOLE_BODY_MIRROR[WHOLE_BODY_MIRROR], np.arange(133))
    face = WHOLE_BODY_MIRROR[FACE_SLICE] - FACE_SLICE.start
    assert face[[0, 8, 17, 27, 31, 36, 39, 40, 48, 51, 57, 60, 66]].tolist() == [
        16, 8, 26, 27, 35, 45, 42, 47, 54, 51, 57, 64, 66,
    ]  # fmt: skip


def test_graph_is_connected_and_mirror_symmetric() -> None:
    matrix = adjacency()
    assert matrix.sum() == 2 * len(EDGES) == 50
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(matrix, matrix[np.ix_(MIRROR, MIRROR)])
    reached = np.linalg.matrix_power(matrix + np.eye(23), 22)[0] > 0
    assert reached.all()


def test_ros4hri_maps_by_name_and_leaves_feet_unseen() -> None:
    points = np.arange(18 * 3, dtype=float).reshape(18, 3)
    joints = joints_from_ros4hri(points)
    for name in BODY:
        np.testing.assert_array_equal(joints[JOINT[name]], points[ROS4HRI.index(name)])
    np.testing.assert_array_equal(joints[17:], 0.0)


def test_ros4hri_round_trip_has_a_neck_between_the_shoulders() -> None:
    rng = np.random.default_rng(3)
    joints = rng.random((4, 23, 3))
    joints[:, 17:] = 0.0
    points = ros4hri_from_joints(joints)
    np.testing.assert_allclose(joints_from_ros4hri(points), joints)
    left, right = joints[:, JOINT["left_shoulder"]], joints[:, JOINT["right_shoulder"]]
    np.testing.assert_allclose(points[:, 1, :2], 0.5 * (left + right)[:, :2])
    np.testing.assert_allclose(points[:, 1, 2], np.minimum(left, right)[:, 2])


@pytest.mark.parametrize("shape", [(17, 3), (18, 2), (3,), (18,)])
def test_wrong_layout_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected \(\.\.\., 18, 3\)"):
        joints_from_ros4hri(np.zeros(shape))

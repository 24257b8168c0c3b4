"""Poses, points and vectors in another frame: by hand and against scipy."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import (
    PointStamped,
    Pose,
    PoseStamped,
    PoseWithCovarianceStamped,
    TransformStamped,
    Vector3Stamped,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

import tf2_geometry_msgs
import tf2_ros

HALF = math.sqrt(0.5)
parts = st.floats(-1.0, 1.0)
metres = st.floats(-10.0, 10.0)
vectors = st.tuples(metres, metres, metres)
quaternions = st.tuples(parts, parts, parts, parts).filter(lambda q: math.hypot(*q) > 0.1)


def transform(
    xyz: tuple[float, float, float] = (1.0, 2.0, 3.0),
    q: tuple[float, float, float, float] = (0.0, 0.0, HALF, HALF),
) -> TransformStamped:
    """A pose of `robot` in `map`; a quarter turn to the left unless told otherwise."""
    message = TransformStamped()
    message.header.frame_id, message.child_frame_id = "map", "robot"
    message.header.stamp.sec = 7
    t, r = message.transform.translation, message.transform.rotation
    t.x, t.y, t.z = xyz
    r.x, r.y, r.z, r.w = np.array(q) / math.hypot(*q)
    return message


def pose(
    xyz: tuple[float, float, float], q: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
) -> Pose:
    message = Pose()
    message.position.x, message.position.y, message.position.z = xyz
    o = message.orientation
    o.x, o.y, o.z, o.w = np.array(q) / (math.hypot(*q) or 1.0)
    return message


def position(message: Pose) -> list[float]:
    return [message.position.x, message.position.y, message.position.z]


def orientation(message: Pose) -> list[float]:
    o = message.orientation
    return [o.x, o.y, o.z, o.w]


def test_a_point_is_turned_and_shifted() -> None:
    point = PointStamped()
    point.point.x, point.point.y, point.point.z = 1.0, 0.5, 0.25
    moved = tf2_geometry_msgs.do_transform_point(point, transform())
    assert (moved.point.x, moved.point.y, moved.point.z) == pytest.approx((0.5, 3.0, 3.25))
    assert (moved.header.frame_id, moved.header.stamp.sec) == ("map", 7)


def test_a_vector_is_only_turned_and_the_transform_stays_as_it_is() -> None:
    vector = Vector3Stamped()
    vector.vector.x, vector.vector.y, vector.vector.z = 1.0, 0.5, 0.25
    by = transform()
    before = deepcopy(by)
    moved = tf2_geometry_msgs.do_transform_vector3(vector, by)
    assert (moved.vector.x, moved.vector.y, moved.vector.z) == pytest.approx((-0.5, 1.0, 0.25))
    assert by == before
    moved.header.frame_id = "changed"
    assert by == before


def test_a_pose_by_hand() -> None:
    moved = tf2_geometry_msgs.do_transform_pose(
        pose((1.0, 0.0, 0.0), (0, 0, HALF, HALF)), transform()
    )
    assert position(moved) == pytest.approx([1.0, 3.0, 3.0])
    assert orientation(moved) == pytest.approx([0.0, 0.0, 1.0, 0.0], abs=1e-12)


def test_an_empty_orientation_counts_as_none() -> None:
    moved = tf2_geometry_msgs.do_transform_pose(pose((0, 0, 0), (0, 0, 0, 0)), transform())
    assert orientation(moved) == pytest.approx([0.0, 0.0, HALF, HALF])


@given(vectors, quaternions, vectors, quaternions)
def test_poses_agree_with_scipy(
    t: tuple[float, float, float],
    q: tuple[float, float, float, float],
    p: tuple[float, float, float],
    o: tuple[float, float, float, float],
) -> None:
    moved = tf2_geometry_msgs.do_transform_pose(pose(p, o), transform(t, q))
    turn = Rotation.from_quat(q)
    assert position(moved) == pytest.approx(turn.apply(p) + t, abs=1e-9)
    expected = turn * Rotation.from_quat(o)
    assert (expected.inv() * Rotation.from_quat(orientation(moved))).magnitude() < 1e-7


@given(quaternions, st.integers(0, 2**32 - 1))
def test_the_covariance_turns_with_the_axes(
    q: tuple[float, float, float, float], seed: int
) -> None:
    root = np.random.default_rng(seed).normal(size=(6, 6))
    covariance = root @ root.T
    turned = tf2_geometry_msgs.transform_covariance(covariance.ravel().tolist(), transform(q=q))
    matrix = Rotation.from_quat(q).as_matrix()
    both = np.block([[matrix, np.zeros((3, 3))], [np.zeros((3, 3)), matrix]])
    assert np.reshape(turned, (6, 6)) == pytest.approx(both @ covariance @ both.T, abs=1e-9)


def test_variances_along_x_and_y_change_places_in_a_quarter_turn() -> None:
    message = PoseWithCovarianceStamped()
    message.pose.covariance[0], message.pose.covariance[7] = 4.0, 1.0
    message.pose.covariance[35] = 0.5
    moved = tf2_geometry_msgs.do_transform_pose_with_covariance_stamped(message, transform())
    found = moved.pose.covariance
    assert (found[0], found[7], found[35]) == pytest.approx((1.0, 4.0, 0.5))
    assert moved.header.frame_id == "map"
    assert position(moved.pose.pose) == pytest.approx([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "kind", [PointStamped, PoseStamped, PoseWithCovarianceStamped, Vector3Stamped]
)
def test_a_buffer_transforms_every_type_and_back(kind: Any) -> None:
    buffer = tf2_ros.Buffer()
    buffer.set_transform(transform(), "me")
    message = kind()
    message.header.frame_id = "robot"
    message.header.stamp.sec = 7
    if kind is PoseStamped:
        message.pose = pose((0.3, 0.2, 0.1), (0.1, 0.2, 0.3, 0.9))
    there = buffer.transform(message, "map")
    assert type(there) is kind
    assert there.header.frame_id == "map"
    back = buffer.transform(there, "robot")
    assert back.header == message.header
    if kind is PoseStamped:
        assert position(back.pose) == pytest.approx([0.3, 0.2, 0.1])
        assert orientation(back.pose) == pytest.approx(orientation(message.pose))

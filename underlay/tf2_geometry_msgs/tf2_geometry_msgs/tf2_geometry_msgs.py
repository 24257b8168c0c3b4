"""Poses, points and vectors of geometry_msgs in another frame.

Every function takes the `TransformStamped` that a buffer gives and returns a new message with the
transform's header; the inputs stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
from geometry_msgs.msg import (
    Point,
    PointStamped,
    Pose,
    PoseStamped,
    PoseWithCovarianceStamped,
    Quaternion,
    TransformStamped,
    Vector3,
    Vector3Stamped,
)

from tf2_py.rigid import Rigid, compose, normalised, rotate
from tf2_ros import ConvertRegistration, TransformRegistration


def _rigid(translation: Vector3 | Point, rotation: Quaternion) -> Rigid:
    quaternion = (rotation.x, rotation.y, rotation.z, rotation.w)
    if quaternion == (0.0, 0.0, 0.0, 0.0):
        quaternion = (0.0, 0.0, 0.0, 1.0)
    return Rigid((translation.x, translation.y, translation.z), normalised(quaternion))


def _frame(transform: TransformStamped) -> Rigid:
    return _rigid(transform.transform.translation, transform.transform.rotation)


def do_transform_point(point: PointStamped, transform: TransformStamped) -> PointStamped:
    """A point [m] in the transform's target frame."""
    frame = _frame(transform)
    turned = rotate(frame.rotation, (point.point.x, point.point.y, point.point.z))
    result = PointStamped(header=deepcopy(transform.header))
    result.point.x, result.point.y, result.point.z = (
        a + b for a, b in zip(turned, frame.translation, strict=True)
    )
    return result


def do_transform_vector3(vector3: Vector3Stamped, transform: TransformStamped) -> Vector3Stamped:
    """A free vector in the transform's target frame: turned, never shifted."""
    vector = vector3.vector
    turned = rotate(_frame(transform).rotation, (vector.x, vector.y, vector.z))
    result = Vector3Stamped(header=deepcopy(transform.header))
    result.vector.x, result.vector.y, result.vector.z = turned
    return result


def do_transform_pose(pose: Pose, transform: TransformStamped) -> Pose:
    """A pose in the transform's target frame; an all-zero orientation counts as none."""
    moved = compose(_frame(transform), _rigid(pose.position, pose.orientation))
    result = Pose()
    position, orientation = result.position, result.orientation
    position.x, position.y, position.z = moved.translation
    orientation.x, orientation.y, orientation.z, orientation.w = moved.rotation
    return result


def do_transform_pose_stamped(pose: PoseStamped, transform: TransformStamped) -> PoseStamped:
    """A stamped pose in the transform's target frame."""
    return PoseStamped(
        header=deepcopy(transform.header), pose=do_transform_pose(pose.pose, transform)
    )


def transform_covariance(cov_in: Sequence[float], transform: TransformStamped) -> list[float]:
    """Covariance (36 numbers, rows of x, y, z and turns about them) along the target's axes."""
    rotation = _frame(transform).rotation
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    turn = np.array([rotate(rotation, axis) for axis in axes]).T
    both = np.kron(np.eye(2), turn)
    covariance = both @ np.reshape(cov_in, (6, 6)) @ both.T
    return covariance.ravel().tolist()


def do_transform_pose_with_covariance_stamped(
    pose: PoseWithCovarianceStamped, transform: TransformStamped
) -> PoseWithCovarianceStamped:
    """A stamped pose with its covariance in the transform's target frame."""
    result = PoseWithCovarianceStamped(header=deepcopy(transform.header))
    result.pose.pose = do_transform_pose(pose.pose.pose, transform)
    result.pose.covariance = transform_covariance(pose.pose.covariance, transform)
    return result


_TRANSFORMS = {
    PointStamped: do_transform_point,
    PoseStamped: do_transform_pose_stamped,
    PoseWithCovarianceStamped: do_transform_pose_with_covariance_stamped,
    Vector3Stamped: do_transform_vector3,
}

for _type, _function in _TRANSFORMS.items():
    TransformRegistration().add(_type, _function)
    ConvertRegistration().add_to_msg(_type, deepcopy)
    ConvertRegistration().add_from_msg(_type, deepcopy)

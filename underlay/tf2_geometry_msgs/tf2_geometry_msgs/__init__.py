"""Transforms geometry_msgs with tf2_ros: importing this registers them with every buffer."""

from tf2_geometry_msgs.tf2_geometry_msgs import (
    do_transform_point,
    do_transform_pose,
    do_transform_pose_stamped,
    do_transform_pose_with_covariance_stamped,
    do_transform_vector3,
    transform_covariance,
)

__all__ = [
    "do_transform_point",
    "do_transform_pose",
    "do_transform_pose_stamped",
    "do_transform_pose_with_covariance_stamped",
    "do_transform_vector3",
    "transform_covariance",
]

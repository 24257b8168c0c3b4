"""Recordings of ``social_nav_msgs/SocialPersonArray`` (rosbag2, MCAP), read without ROS.

The frame of the messages may be fixed or move with the robot: only the poses of people relative
to each other at one stamp are used, and velocities over ground.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.geometry import yaw_from_quaternion
from social_nav_core.people import UNKNOWN_HEADING
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.opening import opened, taken
from social_nav_core.recordings.trajectories import Trajectories

MESSAGE = "social_nav_msgs/msg/SocialPersonArray"


def read_bag(path: str | Path, around_robot: bool = False) -> Trajectories:
    """People of a recording.

    Args:
        around_robot: look from the robot, whose frame the messages must then be in.

    Raises:
        DataError: not a recording, no such messages in it, or not in the robot's frame.
        OSError: there is no such file.
    """
    messages = list(_messages(Path(path)))
    if not messages:
        raise DataError(f"{path}: no message of type {MESSAGE}")
    frames = sorted({message.header.frame_id for _, message in messages})
    if around_robot and not all(frame.split("/")[-1].startswith("base_") for frame in frames):
        raise DataError(
            f"{path}: people are in the frame {', '.join(frames)}, expected the robot's (base_...)"
        )
    ids = sorted({person.id for _, message in messages for person in message.people})
    if len(ids) + around_robot < 2:
        raise DataError(f"{path}: {len(ids)} people, expected somebody around somebody")
    trajectories = _arranged(messages, ids, str(path))
    return trajectories.with_robot() if around_robot else trajectories


def _messages(path: Path) -> Iterator[tuple[float, Any]]:
    """Stamp [s] and message, in the order recorded; stamps that do not rise are left out."""
    latest = -np.inf
    with opened(path) as reader:
        connections = [c for c in reader.connections if c.msgtype == MESSAGE]
        for _, message in taken(path, reader, connections):
            stamp = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
            if stamp > latest:
                latest = stamp
                yield stamp, message


def _arranged(messages: list[tuple[float, Any]], ids: list[str], source: str) -> Trajectories:
    columns = {name: column for column, name in enumerate(ids)}
    shape = (len(messages), len(ids))
    poses, speeds = np.full((*shape, 3), np.nan), np.full(shape, np.nan)
    groups = np.full(shape, -1)
    names: dict[str, int] = {}
    for row, (_, message) in enumerate(messages):
        for person in message.people:
            column = columns[person.id]
            at, turn = person.pose.pose.position, person.pose.pose.orientation
            if np.isfinite([at.x, at.y]).all():
                poses[row, column, :2] = at.x, at.y
                length = np.linalg.norm([turn.x, turn.y, turn.z, turn.w])
                if person.pose.covariance[35] <= UNKNOWN_HEADING and length > 0.1:
                    poses[row, column, 2] = yaw_from_quaternion(turn.x, turn.y, turn.z, turn.w)
            speeds[row, column] = np.hypot(person.velocity.x, person.velocity.y)
            if person.group_id:
                groups[row, column] = names.setdefault(person.group_id, len(names))
    times = np.array([stamp for stamp, _ in messages])
    return Trajectories(times - times[0], tuple(ids), poses, speeds, groups, source)

"""Trajectories as files: CSV in the CongreG8 layout, MCAP of ``SocialPersonArray`` without ROS."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.geometry import quaternion_from_yaw
from social_nav_core.people import UNKNOWN_HEADING
from social_nav_core.recordings.bag import MESSAGE
from social_nav_core.recordings.congreg8 import FIELDS
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.trajectories import Trajectories
from social_nav_core.share_folders import share_folders
from social_nav_core.whole_file import written_whole

CHEST_HEIGHT = 1.3  # [m]
MESSAGE_FILES = ("SocialPerson", "SocialPersonArray")


def write_congreg8(path: str | Path, trajectories: Trajectories) -> None:
    """One header of names such as ``p1_Chest_PX`` after ``Time``; empty cells where not seen."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Time", *(f"{i}_Chest_{f}" for i in trajectories.ids for f in FIELDS)])
    for time, people in zip(trajectories.times, trajectories.poses, strict=True):
        row = [f"{time:.4f}"]
        for x, y, yaw in people:
            values = (y, CHEST_HEIGHT, x, 0.0, np.sin(yaw / 2.0), 0.0, np.cos(yaw / 2.0))
            row += [f"{v:.6f}" if np.isfinite((x, y, yaw)).all() else "" for v in values]
        writer.writerow(row)
    with written_whole(path) as file:
        file.write(text.getvalue().encode())


def message_folder() -> Path:
    """Folder of the definitions of social_nav_msgs: installed, or beside this package's sources.

    Raises:
        DataError: neither is there.
    """
    places = [folder / "msg" for folder in share_folders("social_nav_msgs")]
    places.append(Path(__file__).resolve().parents[3] / "social_nav_msgs" / "msg")
    for place in places:
        if (place / "SocialPersonArray.msg").is_file():
            return place
    raise DataError(f"no SocialPersonArray.msg in {', '.join(map(str, places))}")


def write_bag(folder: str | Path, trajectories: Trajectories, frame: str = "map") -> None:
    """A new rosbag2 folder with one MCAP file of ``/social_people``.

    Raises:
        DataError: the package rosbags or the message definitions are not there.
        FileExistsError: the folder is there already.
    """
    try:
        from rosbags.rosbag2 import StoragePlugin, Writer, WriterError  # noqa: PLC0415
        from rosbags.typesys import Stores, get_types_from_msg, get_typestore  # noqa: PLC0415
    except ImportError as error:
        raise DataError(
            f"{folder}: writing recordings needs the package rosbags: pip install rosbags==0.11.9"
        ) from error
    store = get_typestore(Stores.ROS2_JAZZY)
    definitions = message_folder()
    for name in MESSAGE_FILES:
        text = (definitions / f"{name}.msg").read_text(encoding="utf-8")
        store.register(get_types_from_msg(text, f"social_nav_msgs/msg/{name}"))
    if Path(folder).exists():
        raise FileExistsError(17, "Folder is there already", str(folder))
    try:
        with Writer(Path(folder), version=9, storage_plugin=StoragePlugin.MCAP) as writer:
            connection = writer.add_connection("/social_people", MESSAGE, typestore=store)
            for row, time in enumerate(trajectories.times):
                message = _message(store.types, trajectories, row, frame)
                data = store.serialize_cdr(message, MESSAGE)
                writer.write(connection, int(1e9 * time), data)
    except WriterError as error:
        raise DataError(f"{folder}: cannot be written: {error}") from error


def _message(types: Any, trajectories: Trajectories, row: int, frame: str) -> Any:
    stamp = _stamp(types, trajectories.times[row])
    people = [
        _person(types, trajectories, row, column, stamp)
        for column in range(len(trajectories.ids))
        if np.isfinite(trajectories.poses[row, column, :2]).all()
    ]
    header = types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)
    return types[MESSAGE](header=header, people=people)


def _stamp(types: Any, time: float) -> Any:
    nanoseconds = round(1e9 * time)
    return types["builtin_interfaces/msg/Time"](
        sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9
    )


def _person(types: Any, trajectories: Trajectories, row: int, column: int, stamp: Any) -> Any:
    x, y, yaw = trajectories.poses[row, column]
    group = trajectories.groups[row, column]
    known = bool(np.isfinite(yaw))
    qx, qy, qz, qw = quaternion_from_yaw(yaw if known else 0.0)
    covariance = np.zeros(36)
    covariance[35] = 0.0 if known else 2.0 * UNKNOWN_HEADING
    speed = float(np.nan_to_num(trajectories.speeds[row, column]))
    pose = types["geometry_msgs/msg/Pose"](
        position=types["geometry_msgs/msg/Point"](x=float(x), y=float(y), z=0.0),
        orientation=types["geometry_msgs/msg/Quaternion"](x=qx, y=qy, z=qz, w=qw),
    )
    certain = [np.eye(n, dtype=np.float32)[0] for n in (4, 4, 11)]
    return types["social_nav_msgs/msg/SocialPerson"](
        id=trajectories.ids[column],
        group_id=f"group_{group}" if group >= 0 else "",
        pose=types["geometry_msgs/msg/PoseWithCovariance"](pose=pose, covariance=covariance),
        velocity=types["geometry_msgs/msg/Vector3"](x=speed, y=0.0, z=0.0),
        last_seen=stamp,
        confidence=1.0,
        intent=0,
        intent_probabilities=certain[0],
        attitude=0,
        attitude_probabilities=certain[1],
        action=0,
        action_probabilities=certain[2],
    )

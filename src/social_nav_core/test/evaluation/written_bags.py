"""Recordings of runs, written with rosbags alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.geometry import compose, inverse, quaternion_from_yaw
from social_nav_core.people import Person
from social_nav_core.recordings.writers import message_folder

ODOM_IN_MAP = np.array([1.5, 3.4, 0.4])


class Bag:
    """Writes messages by type name."""

    def __init__(self, folder: Path) -> None:
        self.store = get_typestore(Stores.ROS2_JAZZY)
        for name in ("SocialPerson", "SocialPersonArray"):
            text = (message_folder() / f"{name}.msg").read_text(encoding="utf-8")
            self.store.register(get_types_from_msg(text, f"social_nav_msgs/msg/{name}"))
        self.writer = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        self.connections: dict[str, Any] = {}

    def make(self, name: str, **values: Any) -> Any:
        """A message of a type such as 'std_msgs/Header'."""
        package, kind = name.split("/")
        return self.store.types[f"{package}/msg/{kind}"](**values)

    def header(self, time: float, frame: str) -> Any:
        """Header with a stamp [s]."""
        nanoseconds = round(1e9 * time)
        stamp = self.make(
            "builtin_interfaces/Time", sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9
        )
        return self.make("std_msgs/Header", stamp=stamp, frame_id=frame)

    def pose(self, pose: np.ndarray) -> Any:
        """Pose message of (x, y, yaw)."""
        x, y, z, w = quaternion_from_yaw(float(pose[2]))
        return self.make(
            "geometry_msgs/Pose",
            position=self.make("geometry_msgs/Point", x=float(pose[0]), y=float(pose[1]), z=0.0),
            orientation=self.make("geometry_msgs/Quaternion", x=x, y=y, z=z, w=w),
        )

    def vector(self, x: float, y: float = 0.0, z: float = 0.0) -> Any:
        """Vector message."""
        return self.make("geometry_msgs/Vector3", x=x, y=y, z=z)

    def write(self, topic: str, name: str, time: float, message: Any) -> None:
        """Put a message into the recording."""
        kind = name.replace("/", "/msg/")
        if topic not in self.connections:
            self.connections[topic] = self.writer.add_connection(topic, kind, typestore=self.store)
        data = self.store.serialize_cdr(message, kind)
        self.writer.write(self.connections[topic], round(1e9 * time), data)


def write_run(folder: Path, run: RunRecord, **changes: Any) -> Path:
    """The recording of a run; changes replace what is written on a topic, None leaves it out."""
    bag = Bag(folder)
    with bag.writer:
        write_map(bag, run, changes)
        for i, time in enumerate(run.times + 100.0):
            if "odom" not in changes:
                write_robot(bag, run, i, time, changes.get("odometry topic", "/odom"))
            if i % 2 == 0 and "people" not in changes:
                write_people(bag, run, i, time, changes.get("people_frame", "map"))
            if "truth" in changes:
                write_people(bag, changes["truth"], i, time, "map", "/social_people_truth")
        for time, path in zip(run.path_times + 100.0, run.paths_in_map, strict=True):
            poses = [
                bag.make(
                    "geometry_msgs/PoseStamped",
                    header=bag.header(time, "map"),
                    pose=bag.pose(np.array([*point, 0.5])),
                )
                for point in path
            ]
            message = bag.make("nav_msgs/Path", header=bag.header(time, "map"), poses=poses)
            bag.write("/plan", "nav_msgs/Path", time, message)
    return folder


def write_map(bag: Bag, run: RunRecord, changes: dict[str, Any]) -> None:
    cells = {"/map": run.occupancy, "/social_costmap": np.round(100.0 * run.costs[0])}
    for topic, values in cells.items():
        info = bag.make(
            "nav_msgs/MapMetaData",
            map_load_time=bag.header(100.0, "").stamp,
            resolution=changes.get(f"{topic} resolution", run.grid.resolution),
            width=run.grid.width,
            height=changes.get(f"{topic} height", run.grid.height),
            origin=bag.pose(np.array(run.grid.origin)),
        )
        message = bag.make(
            "nav_msgs/OccupancyGrid",
            header=bag.header(100.0, "map"),
            info=info,
            data=values.astype(np.int8).ravel(),
        )
        bag.write(topic, "nav_msgs/OccupancyGrid", 100.0, message)
    if "tf" in changes:
        return
    x, y, z, w = quaternion_from_yaw(float(ODOM_IN_MAP[2]))
    transform = bag.make(
        "geometry_msgs/TransformStamped",
        header=bag.header(100.0, "map"),
        child_frame_id="odom",
        transform=bag.make(
            "geometry_msgs/Transform",
            translation=bag.vector(ODOM_IN_MAP[0], ODOM_IN_MAP[1]),
            rotation=bag.make("geometry_msgs/Quaternion", x=x, y=y, z=z, w=w),
        ),
    )
    message = bag.make("tf2_msgs/TFMessage", transforms=[transform])
    bag.write("/tf_static", "tf2_msgs/TFMessage", 100.0, message)


def write_robot(bag: Bag, run: RunRecord, i: int, time: float, topic: str = "/odom") -> None:
    in_odom = compose(inverse(ODOM_IN_MAP), run.robot_in_map[i])
    none = np.zeros(36)
    forward, turn = run.robot_velocity[i].tolist()
    twist = bag.make(
        "geometry_msgs/Twist", linear=bag.vector(forward), angular=bag.vector(0.0, 0.0, turn)
    )
    message = bag.make(
        "nav_msgs/Odometry",
        header=bag.header(time, "odom"),
        child_frame_id="base_footprint",
        pose=bag.make("geometry_msgs/PoseWithCovariance", pose=bag.pose(in_odom), covariance=none),
        twist=bag.make("geometry_msgs/TwistWithCovariance", twist=twist, covariance=none),
    )
    bag.write(topic, "nav_msgs/Odometry", time, message)


def write_people(
    bag: Bag, run: RunRecord, i: int, time: float, frame: str, topic: str = "/social_people"
) -> None:
    people = []
    for column, name in enumerate(run.person_ids):
        if np.isfinite(run.people_in_map[i, column]).all():
            covariance = np.zeros(36)
            if i in (4, 6):
                covariance[35] = 100.0
            in_map = run.people_in_map[i, column]
            in_frame = compose(inverse(ODOM_IN_MAP), in_map) if frame == "odom" else in_map
            person = Person(name, in_frame)
            people.append(
                bag.make(
                    "social_nav_msgs/SocialPerson",
                    id=name,
                    group_id=str(run.group_ids[i, column]),
                    pose=bag.make(
                        "geometry_msgs/PoseWithCovariance",
                        pose=bag.pose(person.pose),
                        covariance=covariance,
                    ),
                    velocity=bag.vector(0.0),
                    last_seen=bag.header(time, "").stamp,
                    confidence=1.0,
                    intent=int(run.intents[i, column]),
                    intent_probabilities=np.zeros(4, np.float32),
                    attitude=0,
                    attitude_probabilities=np.zeros(4, np.float32),
                    action=0,
                    action_probabilities=np.zeros(11, np.float32),
                )
            )
    message = bag.make(
        "social_nav_msgs/SocialPersonArray", header=bag.header(time, frame), people=people
    )
    bag.write(topic, "social_nav_msgs/SocialPersonArray", time, message)

"""The suite, real Nav2 and Gazebo with its sensors; needs Gazebo, ros_gz, Nav2 and the layer."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.sim.lidar import ray_distances_to_boxes
from social_nav_core.sim.scene import load_scene

packages = pytest.importorskip("ament_index_python.packages")
highlevel = pytest.importorskip("rosbags.highlevel")
NEEDED = (
    *("launch_ros", "nav2_bt_navigator", "nav2_controller", "nav2_planner", "nav2_behaviors"),
    *("nav2_amcl", "nav2_map_server", "nav2_lifecycle_manager", "robot_state_publisher"),
    *("nav2_velocity_smoother", "nav2_collision_monitor"),
    *("ros_gz_bridge", "ros_gz_sim", "social_nav_costmap", "social_nav_nodes"),
)
MISSING = sorted(set(NEEDED) - set(packages.get_packages_with_prefixes()))
MISSING += [name for name in ("gz", "xacro") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

LAUNCH = "tiago_gazebo.launch.py"
SCENES = Path(__file__).resolve().parents[2] / "worlds" / "scenes"
LASER = 0.202  # ahead of the robot's centre [m]


@pytest.fixture
def in_gazebo(drive, tmp_path, monkeypatch):
    """Runs ``in_gazebo(scene, task)``: the run's record, what was said, and scans with truth."""
    monkeypatch.setenv("GZ_PARTITION", tmp_path.name)

    def run(scene, task):
        about = {"scene": scene, "task": task, "headless": "true", "record": "true"}
        record = drive(LAUNCH, tmp_path, **about)
        return record, (tmp_path / "said.txt").read_text(), scans_of(tmp_path / "bag")

    return run


def scans_of(bag):
    """(time [s], pose (3,) of the robot in the map, angles, ranges) of every recorded scan."""
    truth, scans = [], []
    with highlevel.AnyReader([bag]) as reader:
        chosen = [c for c in reader.connections if c.topic in ("/scan", "/ground_truth")]
        for connection, _, data in reader.messages(connections=chosen):
            message = reader.deserialize(data, connection.msgtype)
            time = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
            if connection.topic == "/scan":
                angles = message.angle_min + message.angle_increment * np.arange(
                    len(message.ranges)
                )
                scans.append((time, angles, message.ranges))
            else:
                pose = message.pose.pose
                yaw = 2.0 * np.arctan2(pose.orientation.z, pose.orientation.w)
                truth.append((time, pose.position.x, pose.position.y, yaw))
    known = np.array(truth)
    known[:, 3] = np.unwrap(known[:, 3])
    for time, angles, ranges in scans:
        if known[0, 0] <= time <= known[-1, 0]:
            pose = [np.interp(time, known[:, 0], known[:, column]) for column in (1, 2, 3)]
            yield time, np.array(pose), angles, ranges


def test_the_robot_localises_and_goes_around_people_whom_its_lidar_sees(in_gazebo):
    record, said, scans = in_gazebo("circle", "avoid")
    assert record.reached
    found = re.search(r"localised to ([\d.]+) m and ([\d.]+) rad", said)
    assert found and float(found[1]) < 0.15 and float(found[2]) < 0.1
    scene = load_scene(SCENES / "circle.yaml")
    places = np.array([person.pose[:2] for person in scene.people])
    assert np.linalg.norm(record.robot_in_map[:, None, :2] - places, axis=-1).min() > 0.6
    errors, seen = [], {person.id: 0 for person in scene.people}
    for _, (x, y, yaw), angles, ranges in scans:
        laser = (x + LASER * np.cos(yaw), y + LASER * np.sin(yaw))
        rays = np.stack([np.cos(angles + yaw), np.sin(angles + yaw)])
        expected = ray_distances_to_boxes(laser, rays, scene.room.box_array)
        ends = np.array(laser) + (np.minimum(ranges, 30.0) * rays).T
        away = np.linalg.norm(ends[:, None] - places, axis=-1)
        on_people = (away.min(axis=1) < 0.5) & (ranges < expected - 0.2)
        for person, hits in zip(scene.people, (away < 0.5).T & on_people, strict=True):
            seen[person.id] += hits.sum() > 3
        errors.append((ranges - expected)[~on_people])
    assert len(errors) > 50
    assert abs(np.median(np.concatenate(errors))) < 0.01
    assert np.mean(np.abs(np.concatenate(errors)) < 0.1) > 0.95
    assert min(seen.values()) > 0.3 * len(errors), seen


def test_people_walk_and_the_robot_lets_them(in_gazebo):
    record, _, _ = in_gazebo("corridor_crossing", "avoid")
    assert record.reached
    ways = np.ptp(record.people_in_map[..., :2], axis=0)
    assert dict(zip(record.person_ids, ways.max(axis=-1) > 3.0, strict=True)) == {
        "ana": True,
        "ben": True,
    }
    gaps = record.people_in_map[..., :2] - record.robot_in_map[:, None, :2]
    assert np.linalg.norm(gaps, axis=-1).min() > 0.6


def test_the_robot_walks_up_to_who_is_interested(in_gazebo):
    record, _, _ = in_gazebo("single", "approach")
    assert record.reached
    assert record.target_id == "ana"

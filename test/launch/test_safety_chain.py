"""Which way velocities take: from Nav2's servers to the base, past nobody's guard."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import yaml
from social_nav_core.sim.lidar import LidarParameters
from social_nav_core.sim.robot import RobotParameters
from social_nav_core.sim.scene import BODY_RADIUS

pytest.importorskip("ament_index_python", reason="ROS 2's ament_index_python is not installed")

ROOT = Path(__file__).resolve().parents[2]
Started = runpy.run_path(str(Path(__file__).with_name("launch_stand_ins.py")))["Started"]
SAFETY = ["velocity_smoother", "collision_monitor"]
ENDS = {
    "controller_server": ((), ("cmd_vel",)),
    "behavior_server": ((), ("cmd_vel",)),
    "velocity_smoother": (("cmd_vel",), ("cmd_vel_smoothed",)),
}
"""What Nav2's nodes subscribe and publish of velocities, by their own names (1.1.20 and 1.3.13)."""


def chain(found):
    """(from, topic, to) of all that carries velocities within Nav2; 'base' reads cmd_vel."""
    ends = dict(ENDS)
    if monitor := found.parameters.get("collision_monitor"):
        topics = (monitor["cmd_vel_in_topic"],), (monitor["cmd_vel_out_topic"],)
        ends["collision_monitor"] = topics
    reads, writes = {("base", "cmd_vel")}, set()
    for name in ends.keys() & found.remappings.keys():
        renamed = found.remappings[name]
        subscribed, published = ends[name]
        reads |= {(name, renamed.get(topic, topic)) for topic in subscribed}
        writes |= {(name, renamed.get(topic, topic)) for topic in published}
    return {(a, topic, b) for a, topic in writes for b, other in reads if topic == other}


@pytest.mark.parametrize("distribution", ["jazzy", "humble"])
def test_the_collision_monitor_alone_drives_the_base(installed, monkeypatch, distribution):
    installed()
    monkeypatch.setenv("ROS_DISTRO", distribution)
    found = Started("navigation.launch.py")
    assert chain(found) == {
        ("controller_server", "cmd_vel_nav", "velocity_smoother"),
        ("behavior_server", "cmd_vel_nav", "velocity_smoother"),
        ("velocity_smoother", "cmd_vel_smoothed", "collision_monitor"),
        ("collision_monitor", "cmd_vel", "base"),
    }
    assert set(SAFETY) < set(found.managed)
    assert found.managed[-1] == "bt_navigator", "goals are taken when all else is active"
    assert found.said == []


def test_without_safety_nav2_drives_the_base_and_that_is_said(installed):
    installed(without=("nav2_velocity_smoother", "nav2_collision_monitor"))
    found = Started("navigation.launch.py", safety="false")
    assert chain(found) == {
        ("controller_server", "cmd_vel", "base"),
        ("behavior_server", "cmd_vel", "base"),
    }
    assert not set(SAFETY) & {*found.remappings, *found.managed}
    (said,) = found.said
    assert said.startswith("safety:=false: Nav2 drives cmd_vel itself")


def test_safety_is_never_left_out_in_silence(installed):
    installed(without=("nav2_collision_monitor",))
    with pytest.raises(RuntimeError, match=r"^not installed: nav2_collision_monitor; try: apt"):
        Started("navigation.launch.py")


def test_the_monitor_reads_the_robots_scan_and_the_smoother_its_odometry(installed):
    installed()
    found = Started("navigation.launch.py", scan_topic="/scan_raw", odom_topic="/wheels/odom")
    assert found.parameters["collision_monitor"]["scan.topic"] == "/scan_raw"
    assert found.parameters["velocity_smoother"]["odom_topic"] == "/wheels/odom"


def test_a_file_of_ones_own_wins_over_the_shipped_limits(installed, tmp_path):
    installed()
    own = tmp_path / "own.yaml"
    own.write_text("/**/collision_monitor: {ros__parameters: {source_timeout: 0.2}}\n")
    monitor = Started("navigation.launch.py", extra_params_file=str(own)).parameters[SAFETY[1]]
    assert monitor["source_timeout"] == 0.2
    assert monitor["polygons"] == ["stop_zone", "slowdown_zone"]


def zones(*files):
    """(stop, slowdown): corners (n, 2) in the robot's frame [m], and the smoother's parameters."""
    content: dict[str, dict] = {}
    for file in files:
        for key, section in yaml.safe_load((ROOT / "config" / file).read_text()).items():
            own = content.setdefault(key, {})
            for name, value in section["ros__parameters"].items():
                own[name] = {**own.get(name, {}), **value} if isinstance(value, dict) else value
    monitor = content["/**/collision_monitor"]
    given = [monitor[name]["points"] for name in monitor["polygons"]]
    corners = [np.array(yaml.safe_load(p) if isinstance(p, str) else p) for p in given]
    return [each.reshape(-1, 2) for each in corners], monitor, content["/**/velocity_smoother"]


def test_humble_gets_the_same_zones_in_its_own_words():
    jazzy, monitor, _ = zones("collision_monitor.yaml")
    humble, later, _ = zones("collision_monitor.yaml", "nav2_humble.yaml")
    for name, one, other in zip(monitor["polygons"], jazzy, humble, strict=True):
        np.testing.assert_array_equal(one, other)
        assert isinstance(monitor[name]["points"], str)
        assert isinstance(later[name]["points"], list)
        assert later[name]["max_points"] == monitor[name]["min_points"] - 1


BETWEEN_SCANS = 0.1  # [s]


def fastest(way, brake, ratio):
    """Speed [m/s] from which braking [m/s^2] to a share of it takes a way [m], scans included."""
    a, b = (1.0 - ratio**2) / (2.0 * brake), BETWEEN_SCANS
    return (math.sqrt(b**2 + 4.0 * a * way) - b) / (2.0 * a)


def test_the_zones_leave_the_way_that_braking_takes():
    """From what the smoother lets through the robot brakes before the next zone, or a body."""
    (stop, slow), monitor, smoother = zones("collision_monitor.yaml")
    nav2 = yaml.safe_load((ROOT / "config/nav2_tiago.yaml").read_text())
    follow = nav2["/**/controller_server"]["ros__parameters"]["FollowPath"]
    radius = nav2["/**/local_costmap"]["ros__parameters"]["robot_radius"]
    brake, ratio = -smoother["max_decel"][0], monitor["slowdown_zone"]["slowdown_ratio"]
    speed = smoother["max_velocity"][0]
    beyond_the_legs = BODY_RADIUS - LidarParameters().leg_radius
    ahead = [zone[:, 0].max() for zone in (stop, slow)]
    assert speed < fastest(ahead[1] - ahead[0], brake, ratio), "slow before the stop zone"
    assert ratio * speed < fastest(ahead[0] - radius - beyond_the_legs, brake, 0.0), "stands"
    assert follow["desired_linear_vel"] <= speed <= RobotParameters().max_speed
    assert -smoother["min_velocity"][0] <= RobotParameters().max_reverse_speed
    assert min(distance_to_edges(stop)) > radius + 0.02, "the footprint is inside"
    assert 2.0 * np.abs(stop[:, 1]).max() < 0.7, "doors are wider"
    assert follow["rotate_to_heading_angular_vel"] <= smoother["max_velocity"][2]
    assert follow["max_angular_accel"] <= smoother["max_accel"][2]


def distance_to_edges(corners):
    """Distance of the robot's centre to the line of each edge of a convex polygon."""
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        yield abs(ax * by - ay * bx) / math.hypot(bx - ax, by - ay)

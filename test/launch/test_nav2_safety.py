"""Velocity smoother and collision monitor of real Nav2 between it and the headless robot."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import yaml
from social_nav_core.sim.scene import BODY_RADIUS

pytest.importorskip("rclpy", reason="ROS 2's rclpy is not installed")
pytest.importorskip("ament_index_python", reason="ROS 2's ament_index_python is not installed")

import rclpy
from ament_index_python.packages import get_packages_with_prefixes
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from security_policies import FOLDER, compared, read_policy, running_enclaves
from sensor_msgs.msg import LaserScan
from social_nav_nodes.demo.domain import own_graph
from std_srvs.srv import Trigger

NEEDED = (
    *("launch_ros", "nav2_bt_navigator", "nav2_controller", "nav2_planner", "nav2_behaviors"),
    *("nav2_lifecycle_manager", "nav2_velocity_smoother", "nav2_collision_monitor"),
    *("social_nav_costmap", "social_nav_nodes"),
)
MISSING = sorted(set(NEEDED) - set(get_packages_with_prefixes()))
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

ROOT = Path(__file__).resolve().parents[2]
CONFIG = yaml.safe_load((ROOT / "config/collision_monitor.yaml").read_text())
MONITOR = CONFIG["/**/collision_monitor"]["ros__parameters"]
SMOOTHER = CONFIG["/**/velocity_smoother"]["ros__parameters"]
ZONES = [np.array(yaml.safe_load(MONITOR[name]["points"])) for name in MONITOR["polygons"]]
STEP = SMOOTHER["max_accel"][0] / SMOOTHER["smoothing_frequency"]  # of one command to the next
LASER = 0.202  # ahead of the robot's centre [m]
RADIUS = 0.275  # of its footprint [m]
PATIENCE = 60.0  # wall-clock time for Nav2 to come up, and for a drive [s]


class Probe:
    """Wants velocities as a server of Nav2 does, and notes what becomes of them.

    Attributes:
        smoothed, commands: forward velocities [m/s] on cmd_vel_smoothed and on cmd_vel.
        x, speed: of the robot in the map [m], [m/s].
        nearest: distance of the nearest point of the scan to the robot's centre [m].
    """

    def __init__(self, node, executor):
        self.node, self.executor = node, executor
        self.wanted = node.create_publisher(Twist, "/cmd_vel_nav", 1)
        self.smoothed: list[float] = []
        self.commands: list[float] = []
        self.x, self.speed, self.nearest = -5.0, 0.0, np.inf
        for topic, into in (
            ("/cmd_vel_smoothed", self.smoothed),
            ("/cmd_vel", self.commands),
        ):
            node.create_subscription(
                Twist, topic, lambda m, into=into: into.append(m.linear.x), 100
            )
        node.create_subscription(Odometry, "/ground_truth", self.on_truth, 10)
        node.create_subscription(LaserScan, "/scan", self.on_scan, qos_profile_sensor_data)

    def on_truth(self, message):
        self.x, self.speed = message.pose.pose.position.x, message.twist.twist.linear.x

    def on_scan(self, message):
        angles = message.angle_min + message.angle_increment * np.arange(len(message.ranges))
        ranges = np.array(message.ranges)
        points = ranges * np.exp(1j * angles) + LASER
        self.nearest = float(np.abs(points[np.isfinite(ranges)]).min())

    def wait_for(self, done, what, wanted=None):
        """Spin until something is so, and want a velocity 20 times a second until then."""
        end, last = time.monotonic() + PATIENCE, 0.0
        while not done():
            now = time.monotonic()
            assert now < end, f"no {what} within {PATIENCE:g} s"
            if wanted is not None and now > last + 0.05:
                message = Twist()
                message.linear.x = wanted
                self.wanted.publish(message)
                last = now
            self.executor.spin_once(timeout_sec=0.02)

    def nav2_is_active(self, client):
        future = client.call_async(Trigger.Request())
        self.executor.spin_until_future_complete(future, timeout_sec=2.0)
        return future.done() and future.result().success

    def nodes_of(self, topic, kind):
        """Names of the nodes that publish or subscribe a topic, without this one."""
        infos = getattr(self.node, f"get_{kind}_info_by_topic")(topic)
        return {info.node_name for info in infos} - {self.node.get_name()}


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    """In `single`: the robot at (-5, 0) looks at ana at (0, 0); all of Nav2 is active.

    On a graph of their own: no robot is to hear the 0.7 m/s that are wanted here.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own_graph().items():
            patch.setenv(name, value)
        yield from drive_alone(tmp_path_factory.mktemp("safety"))


def drive_alone(folder):
    command = ["ros2", "launch", str(ROOT / "launch/tiago_headless.launch.py")]
    command += ["scene:=single", "task:=none", "enclaves:=true", "localization:=true"]
    own = {"ROS_LOG_DIR": str(folder / "log")}
    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node("safety_probe", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    with (folder / "said.txt").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **own}, start_new_session=True
        )
        try:
            probe = Probe(node, executor)
            client = node.create_client(Trigger, "/lifecycle_manager_navigation/is_active")
            probe.wait_for(client.service_is_ready, "lifecycle manager")
            probe.wait_for(lambda: probe.nav2_is_active(client), f"active Nav2 (see {folder})")
            yield probe
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(30.0)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            executor.shutdown()
            node.destroy_node()
            rclpy.shutdown(context=context)


def test_the_graph_has_one_way_from_nav2_to_the_base(probe):
    publishers = {
        topic: probe.nodes_of(topic, "publishers")
        for topic in ("/cmd_vel_nav", "/cmd_vel_smoothed", "/cmd_vel")
    }
    assert publishers == {
        "/cmd_vel_nav": {"controller_server", "behavior_server"},
        "/cmd_vel_smoothed": {"velocity_smoother"},
        "/cmd_vel": {"collision_monitor"},
    }
    subscriptions = {topic: probe.nodes_of(topic, "subscriptions") for topic in publishers}
    assert subscriptions == {
        "/cmd_vel_nav": {"velocity_smoother"},
        "/cmd_vel_smoothed": {"collision_monitor"},
        "/cmd_vel": {"simulator"},
    }


def test_nav2_and_the_layer_have_what_their_policies_allow(probe):
    known, beyond, others = compared(probe.node, FOLDER / "nav2")
    assert beyond == []
    assert {"amcl", "map_server"} < set(known)
    costmaps = ("local_costmap/local_costmap", "global_costmap/global_costmap")
    assert {"controller_server", "bt_navigator", "collision_monitor", *costmaps} < set(known)
    suite = {"/goal_selector", "/simulator", "/social_costmap"}  # perhaps it is still starting
    assert set(others) <= suite, "what else Nav2 has"
    servers = (("controller_server", "local_costmap"), ("planner_server", "global_costmap"))
    for server, costmap in servers:
        shipped = read_policy(FOLDER / "nav2" / f"{server}.policy.xml")[f"{costmap}/{costmap}"]
        running = running_enclaves(probe.node)[f"/nav2/{server}"][f"{costmap}/{costmap}"]
        for found in (shipped, running):
            assert {f"/{costmap}/social_layer/costmap", "/diagnostics"} < found.publish
            assert "/social_people" in found.subscribe


def unused(policies, running):
    """(node, kind, name) of all that policies allow and the running nodes do not have."""
    for path in policies.glob("*.policy.xml"):
        for node, allowed in read_policy(path).items():
            has = running[f"/nav2/{path.name.partition('.')[0]}"].get(node)
            for kind in asdict(allowed):
                for name in getattr(allowed, kind) - (getattr(has, kind) if has else set()):
                    yield node, kind, name


def test_nav2s_policies_allow_no_more_than_the_running_nodes_have(probe, tmp_path):
    shipped = FOLDER / "nav2"
    allows = "use of all that the policies of Nav2 allow"
    probe.wait_for(lambda: not [*unused(shipped, running_enclaves(probe.node))], allows)
    text = (shipped / "amcl.policy.xml").read_text()
    (tmp_path / "amcl.policy.xml").write_text(text.replace("/particle_cloud<", "/other_cloud<"))
    too_much = [*unused(tmp_path, running_enclaves(probe.node))]
    assert too_much == [("amcl", "publish", "/other_cloud")]


def test_the_robot_speeds_up_gently_and_stops_when_commands_cease(probe):
    del probe.smoothed[:], probe.commands[:]
    probe.wait_for(lambda: 0.3 in np.round(probe.commands, 6), "full speed", wanted=0.3)
    steps = np.diff([0.0, *probe.smoothed])
    assert 0.0 < steps.max() <= STEP + 1e-6
    probe.wait_for(lambda: probe.commands[-1] == 0.0 and probe.speed < 1e-3, "stop")


def test_the_robot_that_nav2_drives_into_somebody_stops_before_them(probe):
    """Wanted are 0.7 m/s straight at ana, whatever the costs."""
    del probe.commands[:]
    stop, slow = (zone[:, 0].max() for zone in ZONES)
    fast, slowed = 0.7, 0.7 * MONITOR["slowdown_zone"]["slowdown_ratio"]
    probe.wait_for(lambda: probe.nearest < slow, "slowdown zone", wanted=fast)
    assert fast in np.round(probe.commands, 6)
    probe.wait_for(lambda: probe.speed < slowed + 0.02, "slow robot", wanted=fast)
    assert probe.nearest > stop
    probe.wait_for(lambda: probe.commands[-1] == 0.0 and probe.speed < 1e-3, "stop", wanted=fast)
    stood, passed = probe.x, len(probe.commands)
    asked = len(probe.smoothed)
    probe.wait_for(lambda: len(probe.smoothed) > asked + 100, "smoothed velocity", wanted=fast)
    assert fast in np.round(probe.smoothed[asked:], 6)
    assert not any(probe.commands[passed:]), "it stays where it is while 0.7 m/s are wanted"
    assert probe.x == pytest.approx(stood, abs=1e-3)
    assert -probe.x - BODY_RADIUS - RADIUS > 0.02, "ana, at 0, has not been touched"

"""Launch files really run, and stand-ins for the packages that they start."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from social_nav_core.evaluation.record_file import load_run
from social_nav_nodes.demo.domain import own_graph

LIMIT = 240.0  # wall-clock time of one run [s]

SUITE = (
    *("simulator", "goal_selector", "social_costmap", "navigator", "people_msgs", "pose_array"),
    *("gazebo_people", "trial", "recorder", "body_tracker", "perception", "ros4hri"),
)
PACKAGES: dict[str, tuple[str, ...]] = {
    "social_nav_nodes": SUITE,
    "social_nav_costmap": (),
    "social_nav_bringup": (),
    "nav2_controller": ("controller_server",),
    "nav2_planner": ("planner_server",),
    "nav2_behaviors": ("behavior_server",),
    "nav2_bt_navigator": ("bt_navigator",),
    "nav2_velocity_smoother": ("velocity_smoother",),
    "nav2_collision_monitor": ("collision_monitor",),
    "nav2_lifecycle_manager": ("lifecycle_manager",),
    "nav2_map_server": ("map_server",),
    "nav2_amcl": ("amcl",),
    "ros_gz_sim": ("create",),
    "ros_gz_bridge": ("parameter_bridge",),
    "robot_state_publisher": ("robot_state_publisher",),
    "xacro": (),
    "rviz2": ("rviz2",),
}
PAL: dict[str, tuple[str, ...]] = {
    "tiago_gazebo": (),
    "tiago_bringup": (),
    "tiago_description": (),
    "gazebo_ros": ("spawn_entity.py",),
}
INCLUDED = (
    "gazebo_ros/launch/gazebo.launch.py",
    "tiago_bringup/launch/tiago_bringup.launch.py",
)
EMPTY = "from launch import LaunchDescription\ngenerate_launch_description = LaunchDescription\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A prefix with stand-ins of the packages; ``installed(without=...)`` leaves some out."""

    def install(*, without=(), pal=False):
        prefix = tmp_path / "prefix"
        for package, executables in {**PACKAGES, **(PAL if pal else {})}.items():
            if package in without:
                continue
            index = prefix / "share/ament_index/resource_index/packages"
            index.mkdir(parents=True, exist_ok=True)
            (index / package).touch()
            (prefix / "share" / package / "launch").mkdir(parents=True)
            folder = prefix / "lib" / package
            folder.mkdir(parents=True)
            for name in set(executables) - set(without):
                (folder / name).write_text("#!/bin/sh\n")
                (folder / name).chmod(0o755)
        for launch_file in INCLUDED:
            if (prefix / "share" / launch_file).parent.is_dir():
                (prefix / "share" / launch_file).write_text(EMPTY)
        monkeypatch.setenv("AMENT_PREFIX_PATH", str(prefix))
        monkeypatch.setenv("PATH", f"{xacro_stand_in(tmp_path)}:/usr/bin:/bin")
        monkeypatch.delenv("ROS_DISTRO", raising=False)
        monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))

    return install


def xacro_stand_in(folder):
    script = folder / "bin" / "xacro"
    script.parent.mkdir(exist_ok=True)
    script.write_text("#!/bin/sh\necho '<robot/>'\n")
    script.chmod(0o755)
    return script.parent


@pytest.fixture
def drive():
    """Runs ``drive(LAUNCH_FILE, out, argument=value...)``: one task, to the record of its run."""

    def run(name, out, **arguments):
        launch_file = Path(__file__).resolve().parents[2] / "launch" / name
        command = ["ros2", "launch", str(launch_file), f"out:={out}"]
        command += [f"{name}:={value}" for name, value in arguments.items()]
        environment = {**os.environ, "ROS_LOG_DIR": str(out / "log"), **own_graph()}
        with (out / "said.txt").open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, start_new_session=True
            )
            try:
                process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGINT)
                process.wait(30.0)
        assert (out / "run.npz").is_file(), (out / "said.txt").read_text()[-3000:]
        return load_run(out / "run.npz")

    return run

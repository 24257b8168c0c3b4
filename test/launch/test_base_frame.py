"""A robot whose base frame has another name: one argument tells every node."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("launch", reason="ROS 2's launch is not installed")
pytest.importorskip("launch_ros", reason="ROS 2's launch_ros is not installed")
pytest.importorskip("rclpy", reason="ROS 2's rclpy is not installed")

import rclpy
from rclpy.context import Context
from rclpy.node import Node
from social_nav_nodes.demo.domain import free_domain
from social_nav_nodes.launching import MissingError

Walk = runpy.run_path(str(Path(__file__).with_name("launch_walk.py")))["Walk"]


def test_one_argument_tells_every_node_the_robots_frame(installed, tmp_path):
    installed()
    (tmp_path / "net.onnx").touch()
    weights = str(tmp_path / "net.onnx")
    walk = Walk("social_nav.launch.py", input="camera", weights=weights, base_frame="base_link")
    for name in ("body_tracker", "goal_selector", "perception", "social_costmap"):
        assert walk.parameters[name]["base_frame"] == "base_link", name
    walk = Walk("social_nav.launch.py", input="ros4hri", base_frame="tiago/base_link")
    assert walk.parameters["ros4hri"]["frame"] == "tiago/base_link"


def test_unasked_the_parameter_file_tells_the_frame(installed):
    installed()
    walk = Walk("social_nav.launch.py", input="ros4hri")
    assert "base_frame" not in walk.parameters.get("goal_selector", {})


def test_a_frame_of_no_name_is_refused(installed):
    installed()
    with pytest.raises(MissingError, match=r"^base_frame is '//x', expected the name of a frame"):
        Walk("social_nav.launch.py", input="bodies", base_frame="//x")


@pytest.mark.parametrize("name", ["/**/{}", "/{}", "{}", "/**", "/*"])
def test_the_argument_wins_however_the_file_names_a_node(installed, tmp_path, name):
    """As rclpy reads it, which lets sections win or lose by where they came first."""
    installed()
    nodes = {"ros4hri": "frame", **dict.fromkeys(("social_costmap", "perception"), "base_frame")}
    own = tmp_path / "own.yaml"
    sections = {
        name.format(node): f"{{base_frame: of_file, frame: of_file, timeout: {seconds}.0}}"
        for seconds, node in enumerate(nodes, start=3)
    }
    lines = (f"{key}: {{ros__parameters: {values}}}\n" for key, values in sections.items())
    own.write_text("".join(lines))
    given = {"input": "ros4hri", "params_file": str(own), "base_frame": "base_link"}
    commands = Walk("social_nav.launch.py", **given).commands
    for node, parameter in nodes.items():
        context = Context()
        rclpy.init(args=commands[node][1:], context=context, domain_id=free_domain())
        started = Node(node, context=context, automatically_declare_parameters_from_overrides=True)
        assert started.get_parameter(parameter).value == "base_link", node
        assert started.get_parameter("use_sim_time").value is False
        if node == "social_costmap":  # what the launch file sets unasked loses
            assert started.get_parameter("timeout").value in (4.0, 5.0)
        started.destroy_node()
        context.try_shutdown()

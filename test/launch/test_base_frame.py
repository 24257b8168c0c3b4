"""A robot whose base frame has another name: one argument tells every node."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("launch", reason="ROS 2's launch is not installed")
pytest.importorskip("launch_ros", reason="ROS 2's launch_ros is not installed")

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

"""The policy that is shipped for the body tracker as the launch file starts it on TIAGo."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="ROS 2's rclpy is not installed")
pytest.importorskip("ament_index_python", reason="ROS 2's ament_index_python is not installed")

from security_policies import TIAGO, TIAGOS_CAMERA, file_of, new_policy, read_policy

Started = runpy.run_path(str(Path(__file__).with_name("launch_stand_ins.py")))["Started"]


class Renamed(Started):  # type: ignore[valid-type, misc]
    """What a launch file calls topics."""

    def see(self, action):
        if type(action).__name__ == "Node":
            self.remappings[action.named["executable"]] = dict(action.named["remappings"])


def test_tiagos_body_tracker_may_read_its_camera(installed, tmp_path):
    """As the launch file calls it."""
    installed()
    (tmp_path / "net.onnx").touch()
    started = Renamed("social_nav.launch.py", input="camera", weights=str(tmp_path / "net.onnx"))
    renamed = started.remappings["body_tracker"]
    camera = {renamed[name] for name in ("image", "camera_info", "depth")}
    assert set(TIAGOS_CAMERA) == {"-r", *(f"{k}:={v}" for k, v in renamed.items() if v in camera)}
    shipped = file_of(TIAGO)
    assert shipped.read_text() == new_policy("body_tracker", TIAGOS_CAMERA)
    allowed = read_policy(shipped)["body_tracker"]
    plain = read_policy(file_of("body_tracker"))["body_tracker"]
    assert allowed.subscribe - plain.subscribe == camera
    assert plain.subscribe - allowed.subscribe == {"/image", "/camera_info", "/depth"}

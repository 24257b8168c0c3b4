"""What the launch files do beside a real robot, and what they refuse before anything starts."""

from __future__ import annotations

import runpy
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("launch", reason="ROS 2's launch is not installed")
pytest.importorskip("launch_ros", reason="ROS 2's launch_ros is not installed")

from launch.actions import Shutdown
from launch.logging import launch_config
from social_nav_nodes.launching import INPUTS, MissingError, ends_all

ROOT = Path(__file__).resolve().parents[2]
Walk = runpy.run_path(str(Path(__file__).with_name("launch_walk.py")))["Walk"]
LAUNCH = sorted(path.name for path in (ROOT / "launch").glob("*.launch.py"))
SIMULATIONS = ("tiago_headless.launch.py", "tiago_gazebo.launch.py")


def test_no_simulator_comes_unasked(installed):
    installed()
    assert set(Walk("social_nav.launch.py").commands) == {"goal_selector", "social_costmap"}


@pytest.mark.parametrize("given", sorted(set(INPUTS) - {"simulator", "truth"}))
def test_the_small_navigator_drives_simulated_robots_alone(installed, given):
    installed()
    with pytest.raises(MissingError, match=r"^navigator:=true drives past collision monitor and"):
        Walk("social_nav.launch.py", input=given, navigator="true")
    for simulated in ("simulator", "truth"):
        walk = Walk("social_nav.launch.py", input=simulated, navigator="true")
        assert "navigator" in walk.commands


@pytest.mark.parametrize("name", LAUNCH)
def test_an_argument_that_is_mistyped_is_refused(installed, monkeypatch, name):
    installed()
    command = ["ros2", "launch", str(ROOT / "launch" / name), "safty:=false"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(MissingError, match=rf"^{name} has no argument 'safty': did you mean"):
        Walk(name, safty="false")


def test_included_launch_files_are_given_what_is_theirs(installed, monkeypatch):
    """The command line of the outer one has arguments that the inner ones do not have."""
    installed()
    path = ROOT / "launch" / "tiago_headless.launch.py"
    monkeypatch.setattr(sys, "argv", ["ros2", "launch", str(path), "task:=none", "scene:=single"])
    walk = Walk("tiago_headless.launch.py", task="none", scene="single")
    assert {"simulator", "bt_navigator"} <= set(walk.commands)


@pytest.mark.parametrize("camera", ["/camera", "/camera/"])
def test_any_camera(installed, tmp_path, camera):
    installed()
    weights = tmp_path / "net.onnx"
    weights.touch()
    walk = Walk(
        "social_nav.launch.py",
        input="camera",
        weights=str(weights),
        camera=camera,
        image="color/image_raw",
        camera_info="color/camera_info",
        depth="/aligned/image_raw",
        camera_frame="camera_color_optical_frame",
    )
    remapped = {part for part in walk.commands["body_tracker"] if ":=" in part}
    expected = {"image:=/camera/color/image_raw", "camera_info:=/camera/color/camera_info"}
    assert expected | {"depth:=/aligned/image_raw"} <= remapped
    assert walk.parameters["perception"]["camera_frame"] == "camera_color_optical_frame"


@pytest.mark.parametrize("name", ["camera", "image", "camera_frame"])
def test_a_camera_of_no_name_is_refused(installed, name):
    installed()
    with pytest.raises(MissingError, match=rf"^{name} is '//x', expected "):
        Walk("social_nav.launch.py", input="bodies", **{name: "//x"})


@pytest.mark.parametrize("name", SIMULATIONS)
@pytest.mark.parametrize("record", ["true", "false"])
def test_a_recording_is_never_mixed_with_another_task(installed, tmp_path, name, record):
    installed()
    (tmp_path / "bag").mkdir()
    with pytest.raises(MissingError, match=rf"^out: {tmp_path}/bag is there already; expected"):
        Walk(name, out=str(tmp_path), record=record)


def test_an_evaluation_is_never_mixed_with_another(installed, tmp_path):
    installed()
    (tmp_path / "avoid_circle_001_none" / "bag").mkdir(parents=True)
    given = {"trials": "2", "only": "avoid circle", "out": str(tmp_path)}
    with pytest.raises(MissingError, match=r"^out: .*/avoid_circle_001_none/bag is there already"):
        Walk("evaluate_gazebo.launch.py", **given)
    assert [path.name for path in tmp_path.iterdir() if path.name != "prefix"].count("log") <= 1
    assert not (tmp_path / "avoid_circle_000_social").exists(), "nothing was begun"


@pytest.mark.parametrize("given", sorted(set(INPUTS) - {"none"}))
def test_without_its_input_nothing_goes_on(installed, tmp_path, given):
    installed()
    weights = tmp_path / "net.onnx"
    weights.touch()
    walk = Walk("social_nav.launch.py", input=given, weights=str(weights))
    assert walk.needed == set(INPUTS[given])


@pytest.mark.parametrize("name", SIMULATIONS)
def test_without_recorder_or_task_nothing_goes_on(installed, tmp_path, name):
    installed()
    walk = Walk(name, record="true", out=str(tmp_path / "out"))
    assert {"recorder", "trial"} <= walk.needed


def test_the_end_of_what_is_needed_ends_all_and_is_an_error_where_it_has_failed():
    event = SimpleNamespace(process_name="recorder-7", returncode=1)
    with pytest.raises(RuntimeError, match=r"^recorder-7 has ended \(1\); its log says why$"):
        ends_all(event, SimpleNamespace(is_shutdown=False))
    assert ends_all(event, SimpleNamespace(is_shutdown=True)) == []
    event.returncode = 0
    (action,) = ends_all(event, SimpleNamespace(is_shutdown=False))
    assert isinstance(action, Shutdown)


@pytest.mark.parametrize("name", SIMULATIONS)
@pytest.mark.parametrize(("people", "expected"), [("truth", 2.0), ("perception", 10.0)])
def test_who_leaves_the_camera_s_view_is_remembered_by_the_layers_too(
    installed, name, people, expected
):
    installed()
    walk = Walk(name, people=people)
    sections = walk.sections
    for costmap in ("local_costmap", "global_costmap"):
        layer = sections["controller_server"][f"/**/{costmap}/{costmap}"]
        assert layer["social_layer.timeout"] == expected
    if people == "perception":
        assert walk.parameters["social_costmap"]["timeout"] == expected


@pytest.mark.parametrize("name", SIMULATIONS)
def test_a_file_of_ones_own_reaches_trial_and_recorder_but_arguments_win(installed, tmp_path, name):
    installed()
    own = tmp_path / "own.yaml"
    section = "{ros__parameters: {seed: 7, timeout: 33.0, odd: 1, use_sim_time: false}}"
    own.write_text(f"trial: {section}\n/**: {section}\n")
    given = {"params_file": str(own), "seed": "5", "record": "true", "out": str(tmp_path / "out")}
    parameters = Walk(name, **given).parameters
    assert parameters["trial"]["timeout"] == 33.0
    assert parameters["trial"]["seed"] == 5
    assert parameters["recorder"]["odd"] == 1
    assert parameters["recorder"]["out"] == str(tmp_path / "out" / "bag")
    assert all(parameters[node]["use_sim_time"] for node in ("trial", "recorder", "goal_selector"))


@pytest.mark.parametrize("name", [*SIMULATIONS, "navigation.launch.py"])
def test_what_a_launch_makes_is_kept_with_its_log(installed, tmp_path, monkeypatch, name):
    """And nothing is left among the temporary files, but what launch_ros leaves there itself."""
    installed()
    for folder in ("temporary", "kept"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(launch_config, "_log_dir", str(tmp_path / "kept"))
    scene = tmp_path / "own.yaml"
    text = (ROOT / "worlds/scenes/head_on.yaml").read_text()
    scene.write_text(text.replace("../", f"{ROOT}/worlds/"))
    Walk(name, **({"scene": str(scene)} if name in SIMULATIONS else {}))
    left = {path.name for path in (tmp_path / "temporary").iterdir()}
    assert all(each.startswith("launch_params_") for each in left)
    assert list((tmp_path / "kept").glob("parameters_*.yaml"))

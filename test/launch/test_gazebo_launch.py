"""The launch files of Gazebo and of the trials in it, with stand-ins for what they start."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import yaml

pytest.importorskip("launch", reason="ROS 2's launch is not installed")
pytest.importorskip("launch_ros", reason="ROS 2's launch_ros is not installed")

from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.demo.domain import this_computer
from social_nav_nodes.launching import MissingError

ROOT = Path(__file__).resolve().parents[2]
Walk = runpy.run_path(str(Path(__file__).with_name("launch_walk.py")))["Walk"]


@pytest.mark.parametrize("scene", ["single", "circle", "l_shape", "corridor_crossing"])
@pytest.mark.parametrize("task", ["avoid", "approach"])
def test_tiago_in_gazebo(installed, scene, task):
    installed()
    walk = Walk("tiago_gazebo.launch.py", scene=scene, task=task, headless="true")
    assert {"create", "parameter_bridge", "robot_state_publisher"} <= set(walk.commands)
    assert {"gazebo_people", "goal_selector", "social_costmap", "trial"} <= set(walk.commands)
    assert {"map_server", "amcl", "controller_server", "bt_navigator"} <= set(walk.commands)
    assert "rviz2" not in walk.commands
    (gazebo,) = walk.commands["gz"]
    world = str(ROOT / f"worlds/sdf/{scene}.sdf")
    assert gazebo == f"gz sim -r -s --headless-rendering --force-version 8 {world}".split()
    assert walk.parameters["trial"]["task"] == task


def test_gazebo_and_ros_are_bridged(installed):
    installed()
    walk = Walk("tiago_gazebo.launch.py", scene="corridor_crossing", headless="true")
    bridged = yaml.safe_load(Path(walk.parameters["parameter_bridge"]["config_file"]).read_text())
    pairs = {}
    for entry in bridged:
        assert entry.keys() - {"lazy"} >= {"ros_type_name", "gz_type_name", "direction"}
        of_gazebo = entry.get("gz_topic_name") or entry["topic_name"]
        pairs[of_gazebo] = (entry.get("ros_topic_name") or of_gazebo, entry["direction"])
    assert pairs["/mobile_base_controller/odom"] == ("/odom", "GZ_TO_ROS")
    assert pairs["/cmd_vel"] == ("/cmd_vel", "ROS_TO_GZ")
    for name in ("ana", "ben"):
        assert pairs[f"/model/{name}/cmd_vel"] == (f"/model/{name}/cmd_vel", "ROS_TO_GZ")
    for name in ("ana", "ben", "tiago"):
        assert pairs[f"/model/{name}/pose"] == ("/gazebo_poses", "GZ_TO_ROS")
    assert len(pairs) == len(bridged) == 16
    lazy = {entry["ros_topic_name"] for entry in bridged if entry.get("lazy")}
    camera = "/head_front_camera/"
    expected = ("rgb/image_raw", "rgb/camera_info", "depth_registered/image_raw")
    assert lazy == {camera + name for name in expected}
    walk = Walk("tiago_gazebo.launch.py", scene="circle", headless="true")
    still = yaml.safe_load(Path(walk.parameters["parameter_bridge"]["config_file"]).read_text())
    assert still == bridged[:12], "nobody walks there"


def test_what_the_robot_knows_of_people_in_gazebo(installed, tmp_path):
    installed()
    (tmp_path / "net.onnx").touch()
    weights = {"weights": str(tmp_path / "net.onnx")}
    for people, started in {
        "truth": set(),
        "perception": {"perception"},
        "camera": {"perception", "body_tracker"},
    }.items():
        own = weights if people == "camera" else {}
        walk = Walk("tiago_gazebo.launch.py", scene="circle", people=people, **own)
        assert {"perception", "body_tracker"} & set(walk.commands) == started
        assert walk.parameters["gazebo_people"]["people"] is (people == "truth")
        aside = "bodies:=simulated_bodies" in walk.commands["gazebo_people"]
        assert aside == (people == "camera"), "the body tracker alone says bodies"
    with pytest.raises(MissingError, match=r"^weights: no file '', expected the weights:= of"):
        Walk("tiago_gazebo.launch.py", people="camera")


def test_tiago_in_gazebo_with_a_scene_of_ones_own(installed, tmp_path):
    installed()
    text = (ROOT / "worlds/scenes/circle.yaml").read_text()
    own = tmp_path / "own.yaml"
    own.write_text(text.replace("../room.yaml", str(ROOT / "worlds/room.yaml")))
    walk = Walk("tiago_gazebo.launch.py", scene=str(own), out=str(tmp_path / "out"), record="true")
    world = Path(walk.commands["gz"][0][-1])
    assert world.read_bytes() == (ROOT / "worlds/sdf/circle.sdf").read_bytes()
    assert "rviz2" in walk.commands
    assert walk.parameters["recorder"]["out"] == str(tmp_path / "out" / "bag")
    slow = Path(Walk("tiago_gazebo.launch.py", speed="0.25").commands["gz"][0][-1])
    assert "<real_time_factor>0.25</real_time_factor>" in slow.read_text()
    assert sorted(path.name for path in slow.parent.parent.glob("*/*")) == [
        "circle.sdf",
        "still_168_talk_0.dae",
        "still_174_listen_2.dae",
        "still_180_listen_1.dae",
    ]
    with pytest.raises(MissingError, match=r"^speed is '0', expected one number of simulated sec"):
        Walk("tiago_gazebo.launch.py", speed="0")


def test_pals_robot_is_asked_for_in_one_line_where_it_is_not_installed(installed):
    installed()
    with pytest.raises(MissingError, match=r"lacks tiago_gazebo, .*use robot:=tiago_lite$"):
        Walk("tiago_gazebo.launch.py", robot="pal")


def test_pals_robot_comes_into_a_world_of_gazebo_classic(installed, tmp_path):
    installed(pal=True)
    walk = Walk("tiago_gazebo.launch.py", robot="pal", scene="approach", headless="true")
    assert "spawn_entity.py" in walk.commands and "parameter_bridge" not in walk.commands
    given = walk.context.launch_configurations
    assert given["gui"] == "false"
    for name, value in (("speed", "0.5"), ("gz_version", "9")):
        with pytest.raises(MissingError, match=rf"^{name}:={value} is for robot:=tiago_lite"):
            Walk("tiago_gazebo.launch.py", robot="pal", **{name: value})
    world = Path(given["world"]).read_text()
    assert '<sdf version="1.6">' in world and 'name="ben"' in world
    assert walk.parameters["controller_server"]["odom_topic"] == "/mobile_base_controller/odom"
    given = {"record": "true", "out": str(tmp_path / "out")}
    walk = Walk("tiago_gazebo.launch.py", robot="pal", **given)
    for name in ("trial", "recorder"):
        renamed = {part for part in walk.commands[name] if ":=/" in part}
        assert {"odom:=/mobile_base_controller/odom", "scan:=/scan_raw"} <= renamed
    assert walk.parameters["amcl"]["scan_topic"] == "/scan_raw"


def test_evaluation_draws_its_trials_and_reports_them(installed, tmp_path):
    installed()
    walk = Walk(
        "evaluate_gazebo.launch.py", trials="2", only="avoid circle", out=str(tmp_path / "out")
    )
    (first,) = walk.commands["ros2"]
    given = dict(part.split(":=") for part in first[3:])
    assert "target" not in given, "ros2 launch refuses arguments without a value"
    assert given["task"] == "avoid" and given["social"] == "true" and given["record"] == "true"
    assert given["speed"] == "1.0" and given["safety"] == "true"
    folders = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert folders == [f"avoid_circle_{n:03d}_{arm}" for n in (0, 1) for arm in ("none", "social")]
    scenes = [(tmp_path / "out" / name / "scene.yaml").read_text() for name in folders]
    assert scenes[0] == scenes[1] != scenes[2] == scenes[3]


def test_trials_are_on_a_graph_of_their_own(installed, tmp_path, monkeypatch):
    """In their own domain unless they have enclaves, whose permissions hold for one domain."""
    installed()
    monkeypatch.setenv("ROS_DOMAIN_ID", "57")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    launch_file = runpy.run_path(str(ROOT / "launch/evaluate_gazebo.launch.py"))
    given = {"trials": "1", "only": "avoid circle", "out": str(tmp_path), "suite": "paper"}
    given |= {
        "simulator": "headless",
        "arms": "social",
        "seed": "0",
        "speed": "1",
        "safety": "true",
    }
    for enclaves in ("false", "true"):
        own = {"enclaves": enclaves, "localization": "true"}
        first = launch_file["start"]({**given, **own})[-1]
        graph = {name[0].text: value[0].text for name, value in first.additional_env or ()}
        assert this_computer().items() <= graph.items()
        assert ("ROS_DOMAIN_ID" in graph) is (enclaves == "false")
        assert graph.get("ROS_DOMAIN_ID") != "57"


def test_evaluation_runs_without_gazebo_too(installed, tmp_path):
    installed(without=("ros_gz_sim", "ros_gz_bridge"))
    walk = Walk("evaluate_gazebo.launch.py", simulator="headless", trials="1", out=str(tmp_path))
    (first,) = walk.commands["ros2"]
    assert Path(first[2]).name == "tiago_headless.launch.py"
    assert {"record:=true", "localization:=true"} <= set(first)
    assert not any(part.startswith("robot:=") for part in first)
    launch_file = runpy.run_path(str(ROOT / "launch/evaluate_gazebo.launch.py"))
    measured = [part[0].text for part in launch_file["report"]({"out": "here"}).cmd]
    expected = ["-m", "social_nav_core", "report-runs", "--recordings", "here", "--out", "here"]
    assert measured[1:] == expected


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"suite": "papre"}, r"no suite 'papre': expected .*moving, paper.*, or a suite file"),
        (
            {"only": "avoid all"},
            r"^only: the suite has no 'avoid all': expected one of 'avoid single'",
        ),
        (
            {"arms": "ours,no layer"},
            r"^arms is 'ours,no layer', expected social, none or both with",
        ),
        ({"arms": "social, social"}, r"^arms is 'social, social', expected social, none or both"),
        ({"arms": ""}, r"^arms is '', expected social, none or both"),
        ({"trials": "x"}, r"^trials is 'x', expected a whole number from 1 to 100000$"),
        ({"trials": "0"}, r"^trials is '0', expected a whole number from 1 to 100000$"),
        ({"seed": "-1"}, r"^seed is '-1', expected a whole number from 0 to 2147483647$"),
    ],
)
def test_evaluation_of_what_there_is_not(installed, tmp_path, arguments, text):
    installed()
    with pytest.raises(MissingError, match=text):
        Walk("evaluate_gazebo.launch.py", out=str(tmp_path), **arguments)


def test_arms_of_the_evaluation_may_have_spaces(installed, tmp_path):
    installed()
    out = tmp_path / "out"
    given = {"trials": "1", "only": "avoid circle", "out": str(out)}
    walk = Walk("evaluate_gazebo.launch.py", arms="none, social", **given)
    assert "social:=false" in walk.commands["ros2"][0]
    folders = sorted(path.name for path in out.iterdir())
    assert folders == ["avoid_circle_000_none", "avoid_circle_000_social"]


def test_evaluation_of_flows_is_for_the_headless_simulator(installed, tmp_path):
    installed()
    out = tmp_path / "out"
    given = {"suite": "crowd", "trials": "1", "only": "avoid counterflow", "out": str(out)}
    with pytest.raises(SceneError, match=r"^scene 'counterflow' has flows, which only the"):
        Walk("evaluate_gazebo.launch.py", **given)
    assert not out.exists()
    pytest.importorskip("jupedsim", reason="JuPedSim is not installed")
    Walk("evaluate_gazebo.launch.py", simulator="headless", **given)
    written = load_scene(out / "avoid_counterflow_000_social" / "scene.yaml")
    assert written.flows == load_scene(ROOT / "worlds/crowds/counterflow.yaml").flows != ()


def test_evaluation_of_a_room_that_would_be_another_one(installed, tmp_path):
    installed()
    room = (ROOT / "worlds/room.yaml").read_text()
    (tmp_path / "room.yaml").write_text(room.replace("[-3.6, 3.02", "[-3.5, 3.02"))
    scene = (ROOT / "worlds/scenes/single.yaml").read_text().replace("../room.yaml", "room.yaml")
    (tmp_path / "single.yaml").write_text(scene)
    lines = ["format: 1", "name: own", "description: own room", "entries:"]
    lines.append("  - {scene: single.yaml, task: avoid}")
    (tmp_path / "own.yaml").write_text("\n".join(lines) + "\n")
    with pytest.raises(MissingError, match=r"^the room 'room' of scene 'single' is not that of"):
        Walk("evaluate_gazebo.launch.py", suite=str(tmp_path / "own.yaml"), out=str(tmp_path))


def test_people_whose_names_gazebo_cannot_have(installed, tmp_path):
    installed()
    text = (ROOT / "worlds/scenes/head_on.yaml").read_text()
    own = tmp_path / "own.yaml"
    own.write_text(text.replace("../", f"{ROOT}/worlds/").replace("id: ana", "id: p-1"))
    with pytest.raises(SceneError, match=r"the id of person 'p-1' is no part of a topic's name"):
        Walk("tiago_gazebo.launch.py", scene=str(own))

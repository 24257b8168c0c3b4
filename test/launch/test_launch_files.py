"""Every launch file is loaded and walked, with stand-ins for the packages that it starts."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import yaml

pytest.importorskip("launch", reason="ROS 2's launch is not installed")
pytest.importorskip("launch_ros", reason="ROS 2's launch_ros is not installed")

from launch.actions import DeclareLaunchArgument
from launch.launch_description_sources import PythonLaunchDescriptionSource
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.demo.domain import OF_OTHERS, PROFILE
from social_nav_nodes.launching import MissingError

from launch import LaunchContext

ROOT = Path(__file__).resolve().parents[2]
Walk = runpy.run_path(str(Path(__file__).with_name("launch_walk.py")))["Walk"]
NOBODY = {"input": "none"}
LAUNCH = sorted((ROOT / "launch").glob("*.launch.py"))


def names(path):
    return path.name.removesuffix(".launch.py")


@pytest.mark.parametrize("path", LAUNCH, ids=names)
def test_every_argument_has_a_description_and_a_default(path):
    context = LaunchContext()
    description = PythonLaunchDescriptionSource(str(path)).get_launch_description(context)
    arguments = [e for e in description.entities if isinstance(e, DeclareLaunchArgument)]
    assert len(arguments) > 4
    for argument in arguments:
        assert (len(argument.description) > 10 and argument.description[0].isupper()) or (
            argument.choices
        ), argument.name
        assert argument.default_value is not None, argument.name
    assert description.entities[len(arguments) :], "and something is done"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("simulator", {"simulator", "perception", "goal_selector", "social_costmap"}),
        ("truth", {"simulator", "goal_selector", "social_costmap"}),
        ("bodies", {"perception", "goal_selector", "social_costmap"}),
        ("ros4hri", {"ros4hri", "perception", "goal_selector", "social_costmap"}),
        ("people_msgs", {"people_msgs", "goal_selector", "social_costmap"}),
        ("pose_array", {"pose_array", "goal_selector", "social_costmap"}),
        ("none", {"goal_selector", "social_costmap"}),
    ],
)
def test_inputs_of_the_suite(installed, given, expected):
    installed()
    assert set(Walk("social_nav.launch.py", input=given).commands) == expected


def test_the_perception_takes_the_place_of_the_truth(installed):
    installed()
    for given, stands_in in (("simulator", False), ("truth", True)):
        walk = Walk("social_nav.launch.py", input=given)
        assert walk.parameters["simulator"]["stands_in"] is stands_in
    assert "perception" not in Walk("tiago_headless.launch.py").commands
    assert "perception" in Walk("tiago_headless.launch.py", people="perception").commands


def test_the_body_tracker_gets_its_weights_and_the_robots_camera(installed, tmp_path):
    installed()
    (tmp_path / "net.onnx").touch()
    walk = Walk("social_nav.launch.py", input="camera", weights=str(tmp_path / "net.onnx"))
    assert {"body_tracker", "perception"} <= set(walk.commands)
    assert walk.parameters["body_tracker"]["weights"] == str(tmp_path / "net.onnx")
    assert "image:=/head_front_camera/rgb/image_raw" in walk.commands["body_tracker"]
    assert "depth:=/head_front_camera/depth_registered/image_raw" in walk.commands["body_tracker"]
    with pytest.raises(MissingError, match=r"^weights: no file '', expected the weights:= of"):
        Walk("social_nav.launch.py", input="camera")


def test_the_simulator_gets_its_scene_and_everybody_its_clock(installed):
    installed()
    given = {"scene": "single", "seed": "7", "speed": "2", "namespace": "/tiago"}
    walk = Walk("social_nav.launch.py", input="simulator", **given)
    simulator = walk.parameters["simulator"]
    assert Path(simulator["scene"]) == ROOT / "worlds/scenes/single.yaml"
    assert (simulator["seed"], simulator["speed"]) == (7, 2.0)
    for command in walk.commands.values():
        assert "__ns:=/tiago" in command
        assert "use_sim_time:=True" in command
        assert "/tf:=tf" in command


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"input": "truth", "scene": "circel"},
            r"no scene 'circel': expected approach, circle, corridor_crossing",
        ),
        ({"input": "truth", "scene": "/nowhere/a.yaml"}, r"no scene '/nowhere/a.yaml'"),
        (
            {"params_file": "/nowhere.yaml"},
            r"^params_file: no file '/nowhere.yaml', expected a parameter file",
        ),
        ({"input": "ros4hri"}, r"has no ros4hri in .*; build it again"),
    ],
)
def test_what_is_missing_is_said_in_one_line(installed, arguments, text):
    installed(without=("ros4hri",))
    with pytest.raises(MissingError, match=text) as caught:
        Walk("social_nav.launch.py", **arguments)
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_said_in_one_line(installed, monkeypatch):
    installed(without=("nav2_bt_navigator", "nav2_planner"))
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    expected = (
        r"^not installed: nav2_planner, nav2_bt_navigator; try: apt install "
        r"ros-jazzy-nav2-planner ros-jazzy-nav2-bt-navigator$"
    )
    with pytest.raises(MissingError, match=expected):
        Walk("navigation.launch.py")


def test_navigation_on_a_robot_with_its_own_map_and_localisation(installed):
    installed()
    walk = Walk("navigation.launch.py")
    servers = ["controller_server", "planner_server", "behavior_server"]
    servers += ["velocity_smoother", "collision_monitor", "bt_navigator"]
    assert list(walk.commands) == [*servers, "lifecycle_manager"]
    assert walk.parameters["lifecycle_manager"]["node_names"] == tuple(servers)


@pytest.mark.parametrize(
    "name", ["navigation.launch.py", "tiago_headless.launch.py", "tiago_gazebo.launch.py"]
)
def test_velocities_pass_the_monitor_unless_the_robot_has_its_own(installed, name):
    installed()
    guard = {"velocity_smoother", "collision_monitor"}
    for given, guarded in (({}, True), ({"safety": "true"}, True), ({"safety": "false"}, False)):
        walk = Walk(name, **given)
        assert guard & set(walk.commands) == (guard if guarded else set())
        for server in ("controller_server", "behavior_server"):
            assert ("cmd_vel:=cmd_vel_nav" in walk.commands[server]) is guarded


def test_navigation_in_a_map_without_social_costs_on_humble(installed, monkeypatch):
    installed(without=("social_nav_costmap",))
    monkeypatch.setenv("ROS_DISTRO", "humble")
    room = str(ROOT / "worlds/maps/room.yaml")
    walk = Walk(
        "navigation.launch.py",
        map=room,
        initial_pose="-5 0.5 1.57",
        social="false",
        scan_topic="/s",
    )
    assert walk.parameters["lifecycle_manager"]["node_names"][:2] == ("map_server", "amcl")
    assert walk.parameters["map_server"]["yaml_filename"] == room
    amcl = walk.parameters["amcl"]
    assert [amcl[f"initial_pose.{key}"] for key in ("x", "y", "yaw")] == [-5.0, 0.5, 1.57]
    assert amcl["scan_topic"] == "/s"
    for costmap in ("local_costmap", "global_costmap"):
        own = walk.sections["controller_server"][f"/**/{costmap}/{costmap}"]
        assert own["obstacle_layer.scan.topic"] == "/s"
        assert "social_layer" not in own["plugins"] and "inflation_layer" in own["plugins"]
    server = walk.sections["controller_server"]["/**/controller_server"]
    assert server["progress_checker_plugin"] == "progress_checker", "Humble's name"


@pytest.mark.parametrize(
    "name", ["tiago_headless.launch.py", "tiago_gazebo.launch.py", "navigation.launch.py"]
)
def test_every_process_asks_for_an_enclave_of_its_own_when_told(installed, name):
    installed()
    commands = Walk(name, enclaves="true").commands
    commands.pop("gz", None)
    for executable, command in commands.items():
        enclave = command[command.index("--enclave") + 1]
        ours = (ROOT / "config" / "security" / f"{executable}.policy.xml").is_file()
        assert enclave in {f"/{group}/{executable}" for group in ("social_nav", "nav2", "gazebo")}
        assert enclave.startswith("/social_nav/") == ours
    assert not any("--enclave" in command for command in Walk(name).commands.values())


def test_a_simulation_stays_on_this_computer_unless_the_environment_says_otherwise(
    installed, monkeypatch
):
    installed()
    name_of_range = "ROS_AUTOMATIC_DISCOVERY_RANGE"
    ours = {name_of_range: "LOCALHOST", "GZ_IP": "127.0.0.1"}
    for variable in ours:
        monkeypatch.delenv(variable, raising=False)
    for variable in OF_OTHERS:
        monkeypatch.setenv(variable, "192.0.2.7")
    alone = {**ours, **dict.fromkeys(OF_OTHERS, ""), PROFILE: str(ROOT / "config" / "fastdds.xml")}
    simulations: list[tuple[str, dict[str, str]]] = [
        ("tiago_headless.launch.py", {}),
        ("tiago_gazebo.launch.py", {}),
    ]
    simulations += [("social_nav.launch.py", {"input": name}) for name in ("simulator", "truth")]
    for name, arguments in simulations:
        assert alone.items() <= Walk(name, **arguments).environment.items()
    for name, arguments in (("navigation.launch.py", {}), ("social_nav.launch.py", NOBODY)):
        assert not ours.keys() & Walk(name, **arguments).environment.keys(), "a robot's network"
    monkeypatch.setenv("GZ_IP", "192.0.2.7")
    assert Walk("tiago_gazebo.launch.py").environment["GZ_IP"] == "192.0.2.7"
    monkeypatch.setenv(name_of_range, "")
    assert Walk("tiago_headless.launch.py").environment[name_of_range] == "LOCALHOST"
    monkeypatch.setenv(name_of_range, "SUBNET")
    chosen = Walk("tiago_headless.launch.py").environment
    assert chosen[name_of_range] == "SUBNET" and chosen["ROS_STATIC_PEERS"] == "192.0.2.7"


@pytest.mark.parametrize("name", ["tiago_headless.launch.py", "tiago_gazebo.launch.py"])
def test_each_part_gets_its_own_parameter_file(installed, name):
    installed()
    walk = Walk(name, scene="circle")
    assert walk.parameters["goal_selector"]["selection.intimate_distance"] == 0.45
    shipped = yaml.safe_load((ROOT / "config" / "nav2_tiago.yaml").read_text())
    follow = shipped["/**/controller_server"]["ros__parameters"]["FollowPath"]
    server = walk.sections["controller_server"]["/**/controller_server"]
    assert {f"FollowPath.{name}": value for name, value in follow.items()}.items() <= server.items()
    for executable in ("controller_server", "goal_selector"):
        assert "use_sim_time:=True" in walk.commands[executable]
    assert not any(part.startswith("__node") for part in walk.commands["trial"]), "it has two nodes"


def test_the_headless_robot_localises_with_nav2_and_its_topics_are_recorded(installed, tmp_path):
    installed()
    walk = Walk(
        "tiago_headless.launch.py",
        scene="corridor_crossing",
        localization="true",
        record="true",
        out=str(tmp_path),
    )
    assert walk.parameters["simulator"]["localised"] is False
    assert walk.parameters["simulator"]["robot.drift_per_metre"] > 0.0
    assert walk.parameters["recorder"]["out"] == str(tmp_path / "bag")
    scene = load_scene(ROOT / "worlds/scenes/corridor_crossing.yaml")
    served = walk.parameters["map_server"]["yaml_filename"]
    assert Path(served) == ROOT / "worlds/maps" / f"{scene.room.name}.yaml"
    amcl = walk.parameters["amcl"]
    assert tuple(amcl[f"initial_pose.{key}"] for key in ("x", "y", "yaw")) == scene.robot


def test_the_headless_robot_is_localised_by_its_simulator_unless_asked(installed):
    installed()
    walk = Walk("tiago_headless.launch.py", scene="circle")
    assert not {"map_server", "amcl", "recorder"} & set(walk.commands)
    assert "localised" not in walk.parameters["simulator"]


def test_a_recording_needs_a_place(installed):
    installed()
    for name in ("tiago_headless.launch.py", "tiago_gazebo.launch.py"):
        with pytest.raises(MissingError, match=r"^record:=true needs out:=FOLDER$"):
            Walk(name, record="true")


def test_a_recording_needs_rosbags(installed, tmp_path, monkeypatch):
    installed()
    monkeypatch.setattr("social_nav_nodes.launching.find_spec", lambda _: None)
    with pytest.raises(MissingError, match=r"rosbags; try: pip install rosbags==[0-9.]+$"):
        Walk("tiago_gazebo.launch.py", record="true", out=str(tmp_path))

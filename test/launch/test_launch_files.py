"""Every launch file is loaded and walked, with stand-ins for the packages that it starts."""

from __future__ import annotations

import runpy
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

pytest.importorskip("launch", reason="ROS 2's launch is not installed")
pytest.importorskip("launch_ros", reason="ROS 2's launch_ros is not installed")

from launch.actions import DeclareLaunchArgument, ExecuteLocal, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.utilities import perform_substitutions
from launch_ros.actions import Node
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.launching import MissingError

from launch import LaunchContext

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = sorted((ROOT / "launch").glob("*.launch.py"))
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
    "nav2_lifecycle_manager": ("lifecycle_manager",),
    "nav2_map_server": ("map_server",),
    "nav2_amcl": ("amcl",),
    "ros_gz_sim": ("create",),
    "ros_gz_bridge": ("parameter_bridge",),
    "robot_state_publisher": ("robot_state_publisher",),
    "xacro": (),
    "rviz2": ("rviz2",),
    "ros2bag": (),
    "rosbag2_storage_mcap": (),
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


class Walk:
    """All that a launch file would do with some arguments; nothing is started.

    Attributes:
        commands: executable -> command line, of nodes; a list of command lines, of processes.
        parameters: executable -> what is in its parameter files.
        sections: executable -> node name -> the same.
        included: names of the launch files that it includes.
    """

    def __init__(self, name, **arguments):
        self.context = LaunchContext()
        self.context.launch_configurations.update(arguments)
        self.commands, self.included = {}, []
        self.parameters, self.sections = {}, {}
        source = PythonLaunchDescriptionSource(str(ROOT / "launch" / name))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ExecuteLocal, "execute", lambda action, _: self.see(action))
            self.visit(source.get_launch_description(self.context).entities)

    def visit(self, entities):
        for entity in entities or ():
            self.visit(entity.visit(self.context))
            if isinstance(entity, IncludeLaunchDescription):
                self.included.append(Path(entity.launch_description_source.location).name)

    def see(self, action):
        """Note what would be executed."""
        command = [perform_substitutions(self.context, part) for part in action.cmd]
        if not isinstance(action, Node):
            self.commands.setdefault(Path(command[0]).name, []).append(command)
            return
        name = action.node_executable
        assert name not in self.commands, f"{name} is started twice"
        self.commands[name] = command
        self.parameters[name], self.sections[name] = {}, {}
        for option, value in pairwise(command):
            if option == "--params-file":
                # launch_ros writes lists as Python tuples
                content = yaml.load(Path(value).read_text(), yaml.FullLoader)
                for key, section in content.items():
                    self.sections[name][key] = section["ros__parameters"]
                    self.parameters[name].update(section["ros__parameters"])


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
    with pytest.raises(MissingError, match=r"^no file '', expected the weights:= of the body"):
        Walk("social_nav.launch.py", input="camera")


def test_the_simulator_gets_its_scene_and_everybody_its_clock(installed):
    installed()
    walk = Walk("social_nav.launch.py", scene="single", seed="7", speed="2", namespace="/tiago")
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
        ({"scene": "circel"}, r"no scene 'circel': expected approach, circle, corridor_crossing"),
        ({"scene": "/nowhere/a.yaml"}, r"no scene '/nowhere/a.yaml'"),
        ({"params_file": "/nowhere.yaml"}, r"no file '/nowhere.yaml', expected a parameter file"),
        ({"input": "ros4hri"}, r"has no ros4hri in .*; build it again"),
    ],
)
def test_what_is_missing_is_said_in_one_line(installed, arguments, text):
    installed(without=("ros4hri",))
    with pytest.raises(MissingError, match=text) as caught:
        Walk("social_nav.launch.py", **arguments)
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_said_in_one_line(installed, monkeypatch):
    installed(without=("nav2_bt_navigator", "social_nav_costmap"))
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    expected = (
        r"^not installed: nav2_bt_navigator, social_nav_costmap; try: apt install "
        r"ros-jazzy-nav2-bt-navigator ros-jazzy-social-nav-costmap$"
    )
    with pytest.raises(MissingError, match=expected):
        Walk("navigation.launch.py")


def test_navigation_on_a_robot_with_its_own_map_and_localisation(installed):
    installed()
    walk = Walk("navigation.launch.py")
    servers = ["controller_server", "planner_server", "behavior_server", "bt_navigator"]
    assert list(walk.commands) == [*servers, "lifecycle_manager"]
    assert walk.parameters["lifecycle_manager"]["node_names"] == tuple(servers)


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
        own = walk.sections["controller_server"][f"/{costmap}/{costmap}"]
        assert own == {"social_layer.enabled": False, "obstacle_layer.scan.topic": "/s"}
    assert any(part.endswith("nav2_humble.yaml") for part in walk.commands["controller_server"])


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
    bridged = " ".join(walk.commands["parameter_bridge"])
    walks = scene == "corridor_crossing"
    assert ("/model/ana/cmd_vel@geometry_msgs/msg/Twist]gz.msgs.Twist" in bridged) == walks
    assert "/model/tiago/pose:=gazebo_poses" in bridged


def test_tiago_in_gazebo_with_a_scene_of_ones_own(installed, tmp_path):
    installed()
    text = (ROOT / "worlds/scenes/circle.yaml").read_text()
    own = tmp_path / "own.yaml"
    own.write_text(text.replace("../room.yaml", str(ROOT / "worlds/room.yaml")))
    walk = Walk("tiago_gazebo.launch.py", scene=str(own), out=str(tmp_path / "out"), record="true")
    world = Path(walk.commands["gz"][0][-1])
    assert world.read_bytes() == (ROOT / "worlds/sdf/circle.sdf").read_bytes()
    assert "rviz2" in walk.commands
    (bag,) = walk.commands["ros2"]
    assert bag[1:5] == ["bag", "record", "--storage", "mcap"]


@pytest.mark.parametrize("name", ["tiago_headless.launch.py", "tiago_gazebo.launch.py"])
def test_each_part_gets_its_own_parameter_file(installed, name):
    installed()
    walk = Walk(name, scene="circle")
    files = {"controller_server": "nav2_tiago.yaml", "goal_selector": "social_nav.yaml"}
    for executable, expected in files.items():
        (first, *_) = [part for part in walk.commands[executable] if part.endswith(".yaml")]
        assert Path(first).name == expected
        assert "use_sim_time:=True" in walk.commands[executable]
    assert not any(part.startswith("__node") for part in walk.commands["trial"]), "it has two nodes"


def test_pals_robot_is_asked_for_in_one_line_where_it_is_not_installed(installed):
    installed()
    with pytest.raises(MissingError, match=r"lacks tiago_gazebo, .*use robot:=tiago_lite$"):
        Walk("tiago_gazebo.launch.py", robot="pal")


def test_pals_robot_comes_into_a_world_of_gazebo_classic(installed):
    installed(pal=True)
    walk = Walk("tiago_gazebo.launch.py", robot="pal", scene="approach", headless="true")
    assert "spawn_entity.py" in walk.commands and "parameter_bridge" not in walk.commands
    world = Path(walk.context.launch_configurations["world"]).read_text()
    assert '<sdf version="1.6">' in world and 'name="ben"' in world
    assert walk.parameters["controller_server"]["odom_topic"] == "/mobile_base_controller/odom"
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
    folders = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert folders == [f"avoid_circle_{n:03d}_{arm}" for n in (0, 1) for arm in ("none", "social")]
    scenes = [(tmp_path / "out" / name / "scene.yaml").read_text() for name in folders]
    assert scenes[0] == scenes[1] != scenes[2] == scenes[3]


def test_evaluation_runs_without_gazebo_too(installed, tmp_path):
    installed(without=("ros_gz_sim", "ros_gz_bridge", "rosbag2_storage_mcap"))
    walk = Walk("evaluate_gazebo.launch.py", simulator="headless", trials="1", out=str(tmp_path))
    (first,) = walk.commands["ros2"]
    assert Path(first[2]).name == "tiago_headless.launch.py"
    assert {"record:=true", "localization:=true"} <= set(first)
    assert not any(part.startswith("robot:=") for part in first)
    launch_file = runpy.run_path(str(ROOT / "launch/evaluate_gazebo.launch.py"))
    measured = [part[0].text for part in launch_file["report"]({"out": "here"}).cmd]
    expected = ["-m", "social_nav_core", "report-runs", "--recordings", "here", "--out", "here"]
    assert measured[1:] == expected


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
    with pytest.raises(MissingError, match=r"^record:=true needs out:=FOLDER$"):
        Walk("tiago_headless.launch.py", record="true")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"suite": "papre"}, r"no suite 'papre': expected .*moving, paper.*, or a suite file"),
        ({"only": "avoid all"}, r"the suite has no 'avoid all': expected one of 'avoid single'"),
    ],
)
def test_evaluation_of_what_there_is_not(installed, tmp_path, arguments, text):
    installed()
    with pytest.raises(MissingError, match=text):
        Walk("evaluate_gazebo.launch.py", out=str(tmp_path), **arguments)

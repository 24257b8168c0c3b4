"""What Nav2's nodes are given by navigation.launch.py, on robots of their own."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from social_nav_nodes.launch_arguments import MissingError, check

pytest.importorskip("ament_index_python", reason="ROS 2's ament_index_python is not installed")

ROOT = Path(__file__).resolve().parents[2]
Started = runpy.run_path(str(Path(__file__).with_name("launch_stand_ins.py")))["Started"]
COSTMAPS = ("local_costmap", "global_costmap")
STATIC = str(ROOT / "config" / "nav2_static_social_costs.yaml")
ROOM = str(ROOT / "worlds/maps/room.yaml")
MAPPED = {"map": ROOM, "initial_pose": "1 2 0.5"}


@pytest.fixture
def started(installed, monkeypatch):
    """``started(argument=value...)``: what navigation.launch.py would start."""
    installed()

    def start(*, distribution="jazzy", **arguments):
        monkeypatch.setenv("ROS_DISTRO", distribution)
        return Started("navigation.launch.py", **arguments)

    return start


def layers(found, name):
    """A layer's parameter in both costmaps."""
    return [found.parameters["controller_server", costmap].get(name) for costmap in COSTMAPS]


def scans(found):
    """Where the costmaps, the collision monitor and AMCL look for the laser scan."""
    nodes = [("collision_monitor", "scan.topic"), ("amcl", "scan_topic")]
    others = {found.parameters[node][name] for node, name in nodes}
    return others | set(layers(found, "obstacle_layer.scan.topic"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "/scan"),
        ({"scan_topic": "scan"}, "/scan"),
        ({"scan_topic": "front/scan_raw"}, "/front/scan_raw"),
        ({"namespace": "robot1"}, "/robot1/scan"),
        ({"namespace": "/fleet/robot1"}, "/fleet/robot1/scan"),
        ({"namespace": "robot1", "scan_topic": "scan_raw"}, "/robot1/scan_raw"),
        ({"namespace": "robot1", "scan_topic": "/scan_raw"}, "/scan_raw"),
    ],
)
def test_all_read_the_scan_of_the_robot(started, arguments, expected):
    """Nav2's layers would look for a relative name in the namespace of their costmap."""
    assert scans(started(**MAPPED, **arguments)) == {expected}


def test_all_read_the_odometry_of_the_robot(started):
    for arguments, expected in (
        ({}, "/odom"),
        ({"namespace": "robot1"}, "/robot1/odom"),
        ({"namespace": "robot1", "odom_topic": "wheels"}, "/robot1/wheels"),
        ({"odom_topic": "/mobile_base_controller/odom"}, "/mobile_base_controller/odom"),
    ):
        found = started(**arguments)
        for node in ("controller_server", "velocity_smoother", "bt_navigator"):
            assert found.parameters[node]["odom_topic"] == expected


def test_a_file_of_ones_own_keeps_its_topics_unless_others_are_asked_for(started, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "amcl: {ros__parameters: {scan_topic: /front}}\n"
        "controller_server: {ros__parameters: {odom_topic: /wheels}}\n"
    )
    for name in ("extra_params_file", "nav2_params_file"):
        found = started(**MAPPED, **{name: str(own)})
        assert found.parameters["amcl"]["scan_topic"] == "/front"
        assert found.parameters["controller_server"]["odom_topic"] == "/wheels"
    found = started(**MAPPED, extra_params_file=str(own), scan_topic="s", odom_topic="o")
    assert found.parameters["amcl"]["scan_topic"] == "/s"
    assert found.parameters["controller_server"]["odom_topic"] == "/o"


@pytest.mark.parametrize("distribution", ["jazzy", "humble"])
def test_files_in_the_style_of_nav2_count_in_a_namespace_and_over_the_others(
    started, tmp_path, distribution
):
    first, extra = tmp_path / "first.yaml", tmp_path / "extra.yaml"
    first.write_text(
        "/**/controller_server: {ros__parameters: {controller_frequency: 30.0}}\n"
        "planner_server:\n  ros__parameters:\n    GridBased: {plugin: Mine, tolerance: 0.1}\n"
        "local_costmap: {local_costmap: {ros__parameters: {width: 3, plugins: [a]}}}\n"
    )
    extra.write_text("controller_server: {ros__parameters: {controller_frequency: 10.0}}\n")
    found = started(
        distribution=distribution,
        namespace="robot1",
        nav2_params_file=str(first),
        extra_params_file=str(extra),
    )
    assert found.parameters["controller_server"]["controller_frequency"] == 10.0
    assert found.parameters["planner_server"]["GridBased.plugin"] == "Mine"
    assert found.parameters["planner_server"]["GridBased.tolerance"] == 0.1
    local = found.parameters["controller_server", "local_costmap"]
    assert local["width"] == 3
    assert "obstacle_layer.enabled" not in local, "that is the suite's"
    assert found.parameters["collision_monitor"]["polygons"] == ["stop_zone", "slowdown_zone"]


@pytest.mark.parametrize("given", ["true", "false"])
def test_no_file_decides_where_time_comes_from(started, tmp_path, given):
    own = tmp_path / "own.yaml"
    own.write_text("/**: {ros__parameters: {use_sim_time: true}}\n")
    found = started(extra_params_file=str(own), use_sim_time=given)
    for node in ("bt_navigator", ("controller_server", "local_costmap")):
        assert found.parameters[node]["use_sim_time"] is (given == "true")


def test_sections_of_what_is_not_started_are_told_of(started, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "planner_server: {ros__parameters: {a: 1}}\ndocking_server: {ros__parameters: {b: 1}}\n"
    )
    said = f"{own}: not started here, so without effect: docking_server"
    assert said in started(extra_params_file=str(own)).said
    own.write_text("plannerserver: {ros__parameters: {a: 1}}\n")
    with pytest.raises(MissingError, match="has parameters of plannerserver, expected some of"):
        started(extra_params_file=str(own))


def test_amcl_waits_until_somebody_tells_where_the_robot_is(started):
    found = started(map=ROOM)
    assert found.said == [
        "initial_pose:= is not given: AMCL waits until somebody tells where the robot is, on "
        "initialpose (RViz: 2D Pose Estimate)"
    ]
    assert not {"set_initial_pose", "initial_pose.x"} & found.parameters["amcl"].keys()
    amcl = started(**MAPPED).parameters["amcl"]
    assert amcl["set_initial_pose"] is True
    assert [amcl[f"initial_pose.{key}"] for key in ("x", "y", "yaw")] == [1.0, 2.0, 0.5]
    with pytest.raises(MissingError, match=r"^initial_pose:= is for AMCL, which needs map:=FILE"):
        started(initial_pose="0 0 0")


def test_without_the_layer_the_grid_does(installed):
    installed(without=("social_nav_costmap",))
    with pytest.raises(MissingError, match=r"^social_nav_costmap is not installed: build it \("):
        Started("navigation.launch.py")
    found = Started("navigation.launch.py", extra_params_file=STATIC, namespace="robot1")
    own = found.parameters["controller_server", "global_costmap"]
    assert "social_static_layer" in own["plugins"]
    assert own["social_static_layer.map_topic"] == "/robot1/social_costmap"
    found = Started("navigation.launch.py", extra_params_file=STATIC, social="false")
    local = ["obstacle_layer", "inflation_layer"]
    assert layers(found, "plugins") == [local, ["static_layer", *local]]


def test_the_layers_remember_as_long_as_is_asked(started):
    assert layers(started(), "social_layer.timeout") == [2.0, 2.0]
    assert layers(started(social_timeout="10.0"), "social_layer.timeout") == [10.0, 10.0]
    with pytest.raises(MissingError, match=r"^social_timeout is '61', expected one number of sec"):
        check({"social_timeout": "61"})


def test_costmaps_without_social_costs_are_told_of(started, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("/**: {ros__parameters: {plugins: [a]}}\n")
    said = "no costmap of the parameter files has a social layer: people raise no costs"
    assert said in started(extra_params_file=str(own)).said
    assert started().said == []

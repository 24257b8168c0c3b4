"""Parameter files as one, against what ROS 2 gives a node from the result."""

from __future__ import annotations

from pathlib import Path

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from social_nav_nodes.launch_arguments import MissingError
from social_nav_nodes.parameter_files import NodeParameters

NODES = ("planner_server", "controller_server", "local_costmap/local_costmap")
OF_EVERY_NODE = ("use_sim_time", "start_type_description_service")


@pytest.fixture
def file(tmp_path):
    """``file(text)``: the path of a file with that text."""

    def write(text):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(text)
        return path

    return write


def given_to(node, path):
    """What ROS 2 gives a node, by its whole name, from a parameter file."""
    namespace, _, name = node.rpartition("/")
    context = Context()
    rclpy.init(args=["--ros-args", "--params-file", str(path)], context=context)
    started = Node(
        name,
        namespace=namespace or "/",
        context=context,
        automatically_declare_parameters_from_overrides=True,
        start_parameter_services=False,
        enable_rosout=False,
    )
    names = set(started.get_parameters_by_prefix("")) - set(OF_EVERY_NODE)
    values = {name: started.get_parameter(name).value for name in names}
    started.destroy_node()
    rclpy.shutdown(context=context)
    return values


@pytest.mark.parametrize(
    "name",
    [
        "planner_server",
        "/robot1/planner_server",
        "robot1/planner_server",
        "robot1:\n  planner_server",
        "/**/planner_server",
        "/*/planner_server",
        "/**",
    ],
)
def test_every_way_to_name_a_node_reaches_it_in_its_namespace(file, tmp_path, name):
    parameters = NodeParameters(NODES, "/robot1")
    text = "".join(f"{'  ' * n}{part.strip()}:\n" for n, part in enumerate(name.split(":")))
    depth = "  " * text.count("\n")
    assert parameters.add_file(file(f"{text}{depth}ros__parameters: {{a: 1}}\n")) == []
    assert given_to("/robot1/planner_server", parameters.write(tmp_path))["a"] == 1


@pytest.mark.parametrize("name", ["/planner_server", "/*", "robot2/planner_server", "planner"])
def test_another_node_is_not_meant(file, name):
    parameters = NodeParameters(NODES, "/robot1")
    ours = "controller_server: {ros__parameters: {b: 2}}\n"
    others = parameters.add_file(file(f"{name}: {{ros__parameters: {{a: 1}}}}\n{ours}"))
    assert others == [name]
    assert parameters.names("planner_server") == []


def test_a_costmap_is_reached_by_its_two_names_and_by_one(file, tmp_path):
    for name in ("local_costmap: {local_costmap", "/**: {local_costmap"):
        parameters = NodeParameters(NODES, "/robot1")
        parameters.add_file(file(f"{name}: {{ros__parameters: {{a: 1}}}}}}\n"))
        assert given_to("/robot1/local_costmap/local_costmap", parameters.write(tmp_path))["a"] == 1


def test_what_is_said_later_wins_however_it_is_said(file, tmp_path):
    parameters = NodeParameters(NODES)
    parameters.add_file(file("planner_server: {ros__parameters: {a: 1, b: {c: 1, d: 1}}}\n"))
    parameters.add_file(file("/**: {ros__parameters: {a: 2, b.c: 2}}\n"))
    parameters.add_file(file("/**/planner_server: {ros__parameters: {b: {c: 3}}}\n"))
    parameters.put("planner_server", "e.f", "1e-3")
    expected = {"a": 2, "b.c": 3, "b.d": 1, "e.f": "1e-3"}
    assert given_to("/planner_server", parameters.write(tmp_path)) == expected
    assert given_to("/controller_server", parameters.write(tmp_path)) == {"a": 2, "b.c": 2}
    assert {name: parameters.value("planner_server", name) for name in expected} == expected
    assert parameters.value("planner_server", "b") is None


def test_values_are_those_that_ros_reads_from_the_file_itself(file, tmp_path):
    text = (
        "{a: 1e-3, b: y, c: '5', d: .inf, e: 0x10, f: [1.0, 2e-3], g: '', h: 1_000, i: \"2.0\",\n"
        "  j: [x, 'true'], k: on, l: 'über: #', m: -7, n: [true, false]}"
    )
    original = file(f"planner_server:\n  ros__parameters:\n   {text}\n")
    parameters = NodeParameters(NODES)
    parameters.add_file(original)
    expected = given_to("/planner_server", original)
    assert len(expected) == 14
    assert given_to("/planner_server", parameters.write(tmp_path)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has parameters of no node, expected some of what is started: planner_server"),
        ("amcl: {ros__parameters: {a: 1}}", "has parameters of amcl, expected some of what is"),
        ("[1, 2]", "it is no mapping, expected ros__parameters of nodes"),
        ("planner_server: 5", "planner_server is no mapping, expected ros__parameters"),
        ("planner_server: {ros__parameters: 5}", "ros__parameters is no mapping"),
        ("planner_server: {", "is no YAML: while parsing a flow node"),
        ("a: &a 1\nb: *a", r"has aliases (\*), which ROS 2 does not read"),
        ("[" * 5000, "is no YAML: "),
    ],
)
def test_what_is_no_parameter_file_of_these_nodes_is_refused(file, text, said):
    path = file(text)
    with pytest.raises(MissingError) as caught:
        NodeParameters(NODES).add_file(path)
    assert str(caught.value).startswith(str(path))
    assert said.replace("\\", "") in str(caught.value) and "\n" not in str(caught.value)


def test_shipped_files_come_through_whole(file, tmp_path):
    config = Path(__file__).resolve().parents[3] / "config" / "nav2_tiago.yaml"
    parameters = NodeParameters(NODES, "/tiago")
    assert parameters.add_file(config) != []
    for node in ("planner_server", "controller_server"):
        original = given_to(f"/tiago/{node}", config)
        assert len(original) > 5
        assert given_to(f"/tiago/{node}", parameters.write(tmp_path)) == original

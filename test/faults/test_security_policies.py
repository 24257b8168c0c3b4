"""The policies of SROS 2: one for every node, and what the running nodes have."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import graph_interfaces
import pytest
import rclpy
import security_policies
from fuzzing.nodes import parameters_of
from hri_msgs.msg import IdsList
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from security_policies import (
    ALL,
    FOLDER,
    compared,
    file_of,
    lacking,
    main,
    new_policy,
    profiles_of,
    read_policy,
    running_enclaves,
)
from social_nav_nodes.demo.domain import free_domain, own_graph
from social_nav_nodes.demo.processes import NodeProcesses
from social_nav_nodes.endurance.feeder import STAND_INS, people_type, pose_network
from social_nav_nodes.parameter_tables import NODES

from social_nav_msgs.msg import SocialPersonArray

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "social_nav_nodes" / "social_nav_nodes"
PATIENCE = 60.0  # until processes are in the graph [s]


def names_of_nodes():
    """Of every node in the sources: what classes of nodes pass to their base.

    But for the instruments that watch and disturb the suite in `make faults` and `make soak`.
    """
    for path in SOURCES.rglob("*.py"):
        if "endurance" in path.relative_to(SOURCES).parts:
            continue
        for found in ast.walk(ast.parse(path.read_text())):
            if not isinstance(found, ast.ClassDef) or "Node" not in map(ast.unparse, found.bases):
                continue
            (name,) = re.findall(r"super\(\).__init__\(['\"](\w+)", ast.unparse(found))
            yield name


def test_every_node_of_the_suite_has_a_policy():
    nodes = set(names_of_nodes())
    assert nodes >= {*NODES, "demo_observer"}
    assert nodes == {name for enclave in ALL for name in read_policy(file_of(enclave))}
    for enclave in NODES:
        assert enclave in read_policy(file_of(enclave))


def test_every_executable_has_an_enclave_and_every_policy_is_of_one():
    assert {path.name for path in FOLDER.glob("*.xml")} == {file_of(name).name for name in ALL}
    executables = {path.stem.removesuffix("_node") for path in SOURCES.glob("*_node.py")}
    assert executables | {"demo"} == set(ALL)
    for path in (ROOT / "launch").glob("*.py"):
        started = re.findall(r"suite_node\((?:given, )?\"(\w+)\"", path.read_text())
        assert set(started) <= set(ALL), path


@pytest.mark.parametrize("name", ALL)
def test_the_policy_allows_what_the_node_has_and_nothing_else(name, tmp_path):
    path = file_of(name)
    assert read_policy(path) == profiles_of(name, tmp_path)
    assert path.read_text() == new_policy(name)


def test_a_policy_says_who_may_do_what():
    allowed = read_policy(file_of("goal_selector"))["goal_selector"]
    assert "/approach_place" in allowed.publish and "/cmd_vel" not in allowed.publish
    assert allowed.call == {"/navigate_to_pose"} and allowed.execute == {"/approach_person"}
    assert {"/map", "/social_people", "/tf"} <= allowed.subscribe
    followed = read_policy(file_of("ros4hri"))["ros4hri"].subscribe
    assert {"/humans/bodies/tracked", "/humans/bodies/*/skeleton2d"} <= followed
    models = read_policy(file_of("gazebo_people"))["gazebo_people"].publish
    assert "/model/*/cmd_vel" in models
    trial = read_policy(file_of("trial"))
    assert trial["trial"].request == {"/bt_navigator/get_state"}
    assert trial["demo_observer"].call == {"/navigate_to_pose", "/approach_person"}


def test_policies_for_other_names_and_a_namespace(tmp_path, monkeypatch, capsys):
    wanted = ["-r", "__ns:=/fleet/tiago", "-r", "/tf:=tf", "-r", "goal_selector:map:=/hall"]
    command = ["security_policies", "--out", str(tmp_path), "--ros-args", *wanted]
    monkeypatch.setattr(sys, "argv", command)
    assert main() == 0, capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {file_of(name).name for name in ALL}
    (profile,) = ElementTree.parse(file_of("goal_selector", tmp_path)).iter("profile")
    assert (profile.get("ns"), profile.get("node")) == ("/fleet/tiago", "goal_selector")
    allowed = read_policy(file_of("goal_selector", tmp_path))["fleet/tiago/goal_selector"]
    assert allowed.call == {"/fleet/tiago/navigate_to_pose"}
    assert {"/hall", "/fleet/tiago/tf", "/tf_static"} < allowed.subscribe
    assert "/fleet/tiago/goal_selector/get_parameters" in allowed.reply
    assert read_policy(file_of("simulator", tmp_path))["fleet/tiago/simulator"]


def test_a_serial_number_in_the_namespace_stays(tmp_path, monkeypatch, observer):
    """Only what tf2 draws for its listeners is left open."""
    space = "/tiago_204512"
    wanted = ["-r", f"__ns:={space}"]
    (tmp_path / "velocity.policy.xml").write_text(new_policy("navigator", wanted))
    allowed = read_policy(tmp_path / "velocity.policy.xml")[f"{space[1:]}/navigator"]
    assert f"{space}/cmd_vel" in allowed.publish
    domain, watcher = observer
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    names = ("navigator", "transform_listener_impl_55d0c0ffee10")
    nodes = [Node(name, namespace=space, context=context) for name in names]
    odd = nodes[0].create_publisher(IdsList, "more_204512", 1)
    seen = {f"{space[1:]}/navigator", f"{space[1:]}/transform_listener_impl"}
    spin_until(lambda: len(watcher.get_node_names()) > len(seen), watcher)
    spin_until(lambda: compared(watcher, tmp_path)[1], watcher)
    known, beyond, others = compared(watcher, tmp_path)
    assert known == [f"{space[1:]}/navigator"]
    assert beyond == [f"{known[0]}: publish {space}/more_204512"]
    assert others == [f"{space}/transform_listener_impl"]
    nodes[0].destroy_publisher(odd)
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


def spin_until(done, watcher, within=PATIENCE):
    """Let the watcher see the graph until something is so, or the time [s] is over."""
    executor = SingleThreadedExecutor(context=watcher.context)
    executor.add_node(watcher)
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and not done():
        executor.spin_once(timeout_sec=0.1)
    executor.remove_node(watcher)
    executor.shutdown()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--running", "--ros-args", "-r", "a:=b"], "are for --out alone"),
        (["--out", "x", "--ros-args", "-r", "a b"], "Couldn't parse remap rule: '-r a b'"),
        (["--running"], "nothing to compare in domain"),
        (["--from-running", "x"], "no enclave runs: start with enclaves:=true"),
    ],
)
def test_what_cannot_be_compared_is_one_line(tmp_path, monkeypatch, capsys, arguments, text):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["security_policies", *arguments])
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain()))
    monkeypatch.setattr(graph_interfaces, "DISCOVERY", 0.0)
    assert main() == 2
    said = capsys.readouterr().err
    assert text in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_names_from_the_graph_lead_nowhere_else(tmp_path, monkeypatch, capsys):
    health = {"health": read_policy(file_of("health"))["health"]}
    said = {"/../../escaped": health, "/a/../b": health, "/\x1b[2J": health, "/fleet/one": health}
    monkeypatch.setattr(security_policies, "running_enclaves", lambda _: said)
    monkeypatch.setattr(graph_interfaces, "DISCOVERY", 0.0)
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain()))
    out = tmp_path / "deep" / "out"
    monkeypatch.setattr(sys, "argv", ["security_policies", "--from-running", str(out)])
    assert main() == 1
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written == [file_of("fleet/one", out)]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and all(line.startswith("left out: '/") for line in lines)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(("changes", "expected"), [(0, 3.0), (40, 11.0), (10_000, None)])
def test_the_graph_is_looked_at_until_it_stays_the_same(changes, expected):
    """Steps of 0.2 s: what changes 40 times does so for 8 s, and is the same for 3 s then."""
    steps = 0

    def pause(_):
        nonlocal steps
        steps += 1

    settled = graph_interfaces.settles(lambda: min(steps, changes), lambda: 0.2 * steps, pause)
    assert settled is (expected is not None)
    if settled:
        assert 0.2 * steps == pytest.approx(expected, abs=0.21)


def test_security_that_is_on_already_is_one_line(tmp_path):
    """Either without a keystore or with a middleware that has no DDS security."""
    own = {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce"}
    own["ROS_SECURITY_KEYSTORE"] = str(tmp_path)
    command = [sys.executable, str(ROOT / "tools" / "security_policies.py"), "--running"]
    done = subprocess.run(
        command, env={**os.environ, **own}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("look before ROS_SECURITY_ENABLE is set\n")


@pytest.fixture
def observer():
    """A node that sees other processes."""
    context = Context()
    domain = free_domain()
    rclpy.init(context=context, domain_id=domain)
    node = Node("security_check", context=context)
    yield domain, node
    node.destroy_node()
    context.try_shutdown()


def test_processes_in_the_graph_have_what_their_policies_allow(observer, tmp_path):
    """And what one has beyond its policy is told.

    The simulator and the nodes around it are compared where the demonstration runs.
    """
    domain, watcher = observer
    environment = {**os.environ, **own_graph(), "ROS_DOMAIN_ID": str(domain)}
    config = ROOT / "config" / "social_nav.yaml"
    started = ("body_tracker", "health", "gazebo_people", "people_msgs", "ros4hri", "trial")
    network = tmp_path / "one_person.onnx"
    network.write_bytes(pose_network())
    weights = {"body_tracker": {"weights": network}}
    if people_type() is SocialPersonArray:
        paths = (str(STAND_INS), environment.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    wanted = sorted([*started, "demo_observer"])
    not_here = ["demo_observer: call /approach_person"]  # its task is the other one
    with NodeProcesses(config, tmp_path, environment, enclaves=True) as processes:
        for name in started:
            own = {k: v for k, v in parameters_of(name, tmp_path).items() if k != "use_sim_time"}
            processes.start(name, **own, **weights.get(name, {}))
        bodies = watcher.create_publisher(IdsList, "/humans/bodies/tracked", 1)

        def all_there():
            bodies.publish(IdsList(ids=["b1"]))
            return compared(watcher)[0] == wanted and lacking(watcher) == not_here

        spin_until(all_there, watcher)
        assert compared(watcher) == (wanted, [], [])
        enclaves = {f"/social_nav/{name}": {name} for name in started}
        enclaves["/social_nav/trial"].add("demo_observer")
        found = running_enclaves(watcher)
        assert {path: set(profiles) for path, profiles in found.items()} == enclaves
        assert found["/social_nav/health"] == read_policy(file_of("health"))
        processes.start("pose_array", {"people_poses": "people_from_elsewhere"})
        spin_until(lambda: compared(watcher)[1], watcher)
        assert compared(watcher)[1] == ["pose_array: subscribe /people_from_elsewhere"]

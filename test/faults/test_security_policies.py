"""The policies of SROS 2: one for every node, and what the running nodes have."""

from __future__ import annotations

import ast
import os
import re
import time
from pathlib import Path

import pytest
import rclpy
from fuzzing.nodes import parameters_of
from rclpy.context import Context
from rclpy.node import Node
from security_policies import (
    ALL,
    FOLDER,
    compared,
    file_of,
    interfaces_of,
    policy,
    profiles_of,
    read_policy,
)
from social_nav_nodes.demo.domain import free_domain
from social_nav_nodes.demo.processes import NodeProcesses
from social_nav_nodes.parameter_tables import NODES

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
    assert {path.name for path in FOLDER.iterdir()} == {file_of(name).name for name in ALL}
    executables = {path.stem.removesuffix("_node") for path in SOURCES.glob("*_node.py")}
    assert executables | {"demo"} == set(ALL)
    for path in (ROOT / "launch").glob("*.py"):
        started = re.findall(r"suite_node\((?:given, )?\"(\w+)\"", path.read_text())
        assert set(started) <= set(ALL), path


@pytest.mark.parametrize("name", ALL)
def test_the_policy_allows_what_the_node_has_and_nothing_else(name, tmp_path):
    found = profiles_of(name, tmp_path)
    path = file_of(name)
    assert read_policy(path) == found
    assert path.read_text() == policy(name, found)


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
    """And what one has beyond its policy is told."""
    domain, watcher = observer
    environment = {
        **os.environ,
        "ROS_DOMAIN_ID": str(domain),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    config = ROOT / "config" / "social_nav.yaml"
    wanted = {name: read_policy(file_of(name))[name] for name in ("health", "goal_selector")}
    wanted |= read_policy(file_of("trial"))
    with NodeProcesses(config, tmp_path, environment) as processes:
        for name in ("health", "goal_selector", "trial"):
            own = {k: v for k, v in parameters_of(name, tmp_path).items() if k != "use_sim_time"}
            processes.start(name, **own)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and compared(watcher)[0] != sorted(wanted):
            time.sleep(0.1)
        while time.monotonic() < deadline and any(
            not covers(interfaces_of(watcher, name), allowed) for name, allowed in wanted.items()
        ):
            time.sleep(0.1)
        known, beyond, others = compared(watcher)
        assert (known, beyond, others) == (sorted(wanted), [], [])
        processes.start("pose_array", {"people_poses": "people_from_elsewhere"})
        while time.monotonic() < deadline and not compared(watcher)[1]:
            time.sleep(0.1)
        assert compared(watcher)[1] == ["pose_array: subscribe /people_from_elsewhere"]


def covers(found, allowed):
    """Whether all that a policy allows is there; a trial has one task at a time."""
    return all(
        getattr(found, kind) >= getattr(allowed, kind)
        for kind in ("publish", "subscribe", "reply", "request", "execute")
    )

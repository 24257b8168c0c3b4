"""Domains that are in use, or a robot's, are not handed out."""

from __future__ import annotations

import os

import rclpy
from rclpy.context import Context
from social_nav_nodes.demo import domain
from social_nav_nodes.demo.domain import OF_OTHERS, free_domain, own_graph, this_computer


def test_a_domain_with_a_participant_is_not_free(monkeypatch):
    taken, other = free_domain(), 0
    while other in (0, taken):
        other = free_domain()
    contexts = [Context(), Context()]
    for context in contexts:
        rclpy.init(context=context, domain_id=taken)
    nodes = [rclpy.create_node("somebody", context=context) for context in contexts]
    monkeypatch.setattr(domain, "DOMAINS", (taken, other))
    for context, node in zip(contexts, nodes, strict=True):  # the second stays for a while
        assert {free_domain() for _ in range(20)} == {other}
        node.destroy_node()
        context.shutdown()


def test_nothing_in_the_environment_brings_others_into_ones_own_graph(monkeypatch):
    robots, other = free_domain(), 0
    while other in (0, robots):
        other = free_domain()
    monkeypatch.setattr(domain, "DOMAINS", (robots, other))
    monkeypatch.setenv("ROS_DOMAIN_ID", str(robots))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    for name in OF_OTHERS:
        assert not os.environ.get(name), "tests are on this computer alone"
        monkeypatch.setenv(name, "192.0.2.7")
    monkeypatch.delenv("ROS_DISTRO", raising=False)
    for _ in range(20):
        assert own_graph() == {
            "ROS_DOMAIN_ID": str(other),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "SKIP_DEFAULT_XML_FILE": "1",
            **dict.fromkeys(OF_OTHERS, ""),
        }
        assert this_computer().items() < own_graph().items()
    monkeypatch.setenv("ROS_DISTRO", "humble")
    assert own_graph()["ROS_LOCALHOST_ONLY"] == "1"

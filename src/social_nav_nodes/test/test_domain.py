"""Domains in use, or a robot's, are not handed out; processes take up the suite's profile."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rclpy
from rclpy.context import Context
from social_nav_nodes.demo import domain
from social_nav_nodes.demo.domain import (
    OF_OTHERS,
    PORT_BASE,
    PORTS_PER_DOMAIN,
    PROFILE,
    free_domain,
    own_graph,
    this_computer,
)

LAST_PEER = 10 + 2 * 31  # port of those that are asked who is there, from that of the domain on
NODE = "import rclpy; rclpy.init(); node = rclpy.create_node('one'); input()"
QUICK = Path(__file__).resolve().parents[3] / "config" / "fastdds.xml"


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
        known = str(QUICK) if name == PROFILE else None
        assert os.environ.get(name) == known, "tests are on this computer alone"
        monkeypatch.setenv(name, "192.0.2.7")
    monkeypatch.delenv("ROS_DISTRO", raising=False)
    for _ in range(20):
        assert own_graph() == {
            "ROS_DOMAIN_ID": str(other),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "SKIP_DEFAULT_XML_FILE": "1",
            **dict.fromkeys(OF_OTHERS, ""),
            PROFILE: str(QUICK),
        }
        assert this_computer().items() < own_graph().items()
    monkeypatch.setenv("ROS_DISTRO", "humble")
    assert own_graph()["ROS_LOCALHOST_ONLY"] == "1"


def test_the_suites_profile_is_found_where_it_is_installed(monkeypatch, tmp_path):
    """Without one, somebody else's is emptied all the same."""
    monkeypatch.setattr(domain, "ROOT", tmp_path / "lib")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere{os.pathsep}{tmp_path}")
    monkeypatch.setenv(PROFILE, "/robot.xml")
    assert this_computer()[PROFILE] == ""
    installed = tmp_path / "share" / "social_nav_bringup" / "config" / "fastdds.xml"
    installed.parent.mkdir(parents=True)
    installed.write_bytes(QUICK.read_bytes())
    assert this_computer()[PROFILE] == str(installed)


def test_a_process_takes_up_the_profile():
    """It tells four times a second that it is there, and has 4 MiB for what it sends.

    Fast DDS alone tells it five times in the first half second, and then every 3 s.
    """
    variables = own_graph()
    port = PORT_BASE + PORTS_PER_DOMAIN * int(variables["ROS_DOMAIN_ID"]) + LAST_PEER
    command = [sys.executable, "-c", NODE]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", port))
        peer.settimeout(20.0)
        told: list[float] = []
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **variables}
        ) as process:
            while len(told) < 14:
                assert peer.recv(65536)[:4] == b"RTPS"
                told.append(time.monotonic())
            room = largest_shared_memory(process.pid)
            _, said = process.communicate(b"\n")
    assert not said, "Fast DDS understands the profile"
    assert np.median(np.diff(told[5:])) < 1.0
    assert room >= 4 * 2**20


def largest_shared_memory(pid: int) -> int:
    """Of a process, in /dev/shm [byte]."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    ranges = [line.split()[0].split("-") for line in maps if "/dev/shm/" in line]
    return max((int(end, 16) - int(start, 16) for start, end in ranges), default=0)

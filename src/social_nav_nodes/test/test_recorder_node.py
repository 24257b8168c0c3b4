"""The recorder: what other tools read back from its files."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.parameter import Parameter
from rosbags.interfaces import ConnectionExtRosbag2
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Intent, Person, certain
from social_nav_nodes.conversions import grid_message, people_message
from social_nav_nodes.recorder_node import RecorderNode
from social_nav_nodes.topics import LATCHED_QOS, MAP, RELIABLE_QOS, SOCIAL_PEOPLE

from social_nav_msgs.msg import SocialPersonArray


def test_a_recording_reads_back(graph, tmp_path):
    people = graph.probe.create_publisher(SocialPersonArray, SOCIAL_PEOPLE, RELIABLE_QOS)
    maps = graph.probe.create_publisher(OccupancyGrid, MAP, LATCHED_QOS)
    cells = np.array([[0, 100], [-1, 7]], np.int8)
    maps.publish(grid_message(cells, GridGeometry(2, 2, 0.5), graph.header("map")))
    node = graph.add(RecorderNode, parameters={"out": str(tmp_path / "bag")})
    graph.spin_until(people.get_subscription_count, "the subscription")
    anna = Person("anna", np.array([1.0, 2.0, 0.5]), intent=certain(Intent.INTERESTED))
    people.publish(people_message([anna], graph.header("map")))
    graph.pass_time(1.0)
    graph.remove(node)

    with Reader(tmp_path / "bag") as bag:
        by_topic = {c.topic: c for c in bag.connections}
        types = get_typestore(Stores.ROS2_JAZZY)
        for connection in bag.connections:
            definition = connection.msgdef.data
            if "social_nav_msgs" in connection.msgtype:
                types.register(get_types_from_msg(definition, connection.msgtype))
        read: dict[str, tuple[Any, int]] = {
            connection.topic: (types.deserialize_cdr(data, connection.msgtype), stamp)
            for connection, stamp, data in bag.messages()
        }
    recorded = by_topic["/map"].ext
    assert isinstance(recorded, ConnectionExtRosbag2)
    assert recorded.offered_qos_profiles[0].durability.name == "TRANSIENT_LOCAL"
    message, stamp = read["/social_people"]
    assert message.people[0].id == "anna"
    assert message.people[0].pose.pose.position.y == 2.0
    assert 100.0 < stamp * 1e-9 < graph.now
    assert list(read["/map"][0].data) == [0, 100, -1, 7]


def test_what_a_robot_calls_otherwise_is_recorded_under_the_suites_names(graph, tmp_path):
    """So that what measures recordings finds it, whatever the robot."""
    driven = graph.probe.create_publisher(Odometry, "/mobile_base_controller/odom", RELIABLE_QOS)
    renamed = ["--ros-args", "-r", "odom:=/mobile_base_controller/odom"]
    given = {"parameters": {"out": str(tmp_path / "bag")}, "cli_args": renamed}
    node = graph.add(RecorderNode, **given)
    graph.spin_until(driven.get_subscription_count, "the subscription")
    driven.publish(Odometry(header=graph.header("odom")))
    graph.pass_time(1.0)
    graph.remove(node)
    with Reader(tmp_path / "bag") as bag:
        assert {connection.topic for connection, _, _ in bag.messages()} == {"/clock", "/odom"}


@pytest.mark.parametrize("out", ["", "."])
def test_a_folder_that_exists_is_never_written_to(graph, out):
    with pytest.raises(ValueError, match="expected a folder that does not exist yet"):
        RecorderNode(context=graph.context, parameter_overrides=[Parameter("out", value=out)])


HELD_DOWN = """
import os, sys
from social_nav_nodes.endurance.resources import taken_by
from social_nav_nodes.recorder_node import give_back_large_blocks
if sys.argv[1] == "yes":
    give_back_large_blocks()
del [bytearray(2**24)][:]  # from here on glibc keeps blocks of less than 16 MB
before = taken_by(os.getpid()).memory
large, small = [], []
for _ in range(50):
    large.append(bytearray(2**20))
    small.append(bytearray(100_000))  # lies behind it and stays
del large[:]
print(taken_by(os.getpid()).memory - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give memory back")
@pytest.mark.parametrize(("told", "least", "most"), [("yes", 0.0, 10.0), ("no", 45.0, 60.0)])
def test_large_blocks_go_back_to_the_system(told, least, most):
    command = [sys.executable, "-c", HELD_DOWN, told]
    others = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=others)
    assert least < float(done.stdout) < most


@pytest.mark.parametrize("again", [False, True])
def test_a_folder_that_disappears_ends_the_recording_and_nothing_else(graph, tmp_path, again):
    maps = graph.probe.create_publisher(OccupancyGrid, MAP, LATCHED_QOS)
    node = graph.add(RecorderNode, parameters={"out": str(tmp_path / "bag")})
    lines: list[str] = []
    node._log._logger = type("Lines", (), {"error": staticmethod(lines.append)})
    graph.spin_until(maps.get_subscription_count, "the subscription")
    shutil.rmtree(tmp_path / "bag")
    if again:
        (tmp_path / "bag").mkdir()
    graph.spin_until(lambda: lines, "the line")
    assert lines == [
        f"the recording in '{tmp_path / 'bag'}' has ended: its file is gone: No such file or "
        "directory"
    ]
    cells = np.zeros((2, 2), np.int8)
    maps.publish(grid_message(cells, GridGeometry(2, 2, 0.5), graph.header("map")))
    graph.pass_time(0.3)
    assert [trouble.is_error for trouble in node._log.troubles()] == [True]
    graph.remove(node)
    assert len(lines) == 1

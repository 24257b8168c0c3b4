"""A DDS graph of its own for every test, with a clock that only the test moves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from social_nav_nodes.conversions import stamp_of, transform_message
from social_nav_nodes.demo.domain import free_domain, this_computer
from std_msgs.msg import Header
from tf2_ros import StaticTransformBroadcaster

LIMIT = 20.0  # wall-clock time after which something that must happen has not happened [s]


class Graph:
    """Nodes in one process, on one domain, that all live on the test's clock.

    Attributes:
        now: simulated time [s].
        probe: the test's own node.
    """

    def __init__(self) -> None:
        os.environ.update(this_computer())
        self.context = Context()
        rclpy.init(context=self.context, domain_id=free_domain())
        self.executor = SingleThreadedExecutor(context=self.context)
        self.now = 100.0
        self._nodes: list[Node] = []
        self.probe = self.add(Node, node_name="probe")
        self._clock = self.probe.create_publisher(Clock, "/clock", 10)

    def add(self, kind: Callable[..., Any], **options: Any) -> Any:
        """Make a node; ``parameters`` is a dict of ROS parameters."""
        parameters = {"use_sim_time": True, **options.pop("parameters", {})}
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = kind(context=self.context, parameter_overrides=overrides, **options)
        self._nodes.append(node)
        self.executor.add_node(node)
        return node

    def remove(self, node: Node) -> None:
        """End one node."""
        self._nodes.remove(node)
        self.executor.remove_node(node)
        node.destroy_node()

    def collect(self, message_type: type, topic: str, qos: QoSProfile | int = 10) -> list[Any]:
        """A list that grows with every message of a topic."""
        received: list[Any] = []
        self.probe.create_subscription(message_type, topic, received.append, qos)
        return received

    def spin_until(self, happened: Callable[[], object], what: str, step: float = 0.02) -> None:
        """Let simulated time pass in steps [s] until something has happened, or fail."""
        deadline = time.monotonic() + LIMIT
        while not happened():
            assert time.monotonic() < deadline, f"{what} did not happen within {LIMIT:g} s"
            self.tick(step)

    def tick(self, step: float = 0.02) -> None:
        """Let one step of simulated time [s] pass."""
        self.now += step
        self._clock.publish(Clock(clock=stamp_of(self.now)))
        self.executor.spin_once(timeout_sec=0.002)
        for _ in range(20):
            self.executor.spin_once(timeout_sec=0.0)

    def pass_time(self, duration: float, step: float = 0.05) -> None:
        """Let some simulated time [s] pass."""
        end = self.now + duration
        while self.now < end:
            self.tick(step)

    def header(self, frame: str, age: float = 0.0) -> Header:
        """A header stamped now, or some age [s] ago."""
        return Header(stamp=stamp_of(self.now - age), frame_id=frame)

    def close(self) -> None:
        """End everything."""
        for node in self._nodes:
            node.destroy_node()
        self.executor.shutdown()
        self.context.try_shutdown()


@pytest.fixture
def graph() -> Iterator[Graph]:
    graph = Graph()
    yield graph
    graph.close()


@pytest.fixture
def place_frame(graph: Graph) -> Callable[..., None]:
    """Broadcasts where frames are: ``place_frame("odom", in_="map", pose=(1.0, 0.0, 0.5))``."""
    broadcaster = StaticTransformBroadcaster(graph.probe)

    def place(child: str, in_: str, pose: tuple[float, float, float]) -> None:
        broadcaster.sendTransform(transform_message(pose, child, graph.header(in_)))

    return place

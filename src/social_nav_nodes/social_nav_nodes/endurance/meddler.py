"""A relay between the simulator and the other nodes that spoils what it passes on, as it is told.

The simulator publishes under other names; what it says goes through here unchanged, as bytes,
unless a change is set for its topic: drop it, repeat it, delay it, or say something else.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.clock import Clock, ClockType
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import LaserScan
from tf2_msgs.msg import TFMessage

from social_nav_msgs.msg import BodyArray, SocialPersonArray
from social_nav_nodes import topics

CLOCK, TF = "/clock", "/tf"
Change = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Relayed:
    """A topic that goes through the relay."""

    name: str
    kind: type
    qos: QoSProfile


RELAYED = (
    Relayed(CLOCK, ClockMessage, topics.SENSOR_QOS),
    Relayed(TF, TFMessage, QoSProfile(depth=100)),
    Relayed(topics.MAP, OccupancyGrid, topics.LATCHED_QOS),
    Relayed(topics.ODOM, Odometry, topics.RELIABLE_QOS),
    Relayed(topics.SCAN, LaserScan, topics.SENSOR_QOS),
    Relayed(topics.BODIES, BodyArray, topics.SENSOR_QOS),
    Relayed(topics.SOCIAL_PEOPLE, SocialPersonArray, topics.RELIABLE_QOS),
)
FROM_SIMULATOR = {topic.name: f"/raw/{topic.name.lstrip('/')}" for topic in RELAYED}
"""Remappings that the simulator is started with."""


class Meddler(Node):
    """Relays the simulator's topics.

    Args:
        context: of the DDS graph.
        seed: of what is dropped.
    """

    def __init__(self, context: Context, seed: int = 1) -> None:
        super().__init__("meddler", context=context)
        self._rng = np.random.default_rng(seed)
        self._changes: dict[str, Change] = {}
        self._delays: dict[str, float] = {}
        self._waiting: deque[tuple[float, str, Any]] = deque()
        self._kinds = {topic.name: topic.kind for topic in RELAYED}
        self._outputs = {
            topic.name: self.create_publisher(topic.kind, topic.name, topic.qos)
            for topic in RELAYED
        }
        for topic in RELAYED:
            self.create_subscription(
                topic.kind,
                FROM_SIMULATOR[topic.name],
                partial(self._pass_on, topic.name),
                topic.qos,
                raw=True,
            )
        self.create_timer(0.01, self._send_due, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def change(self, name: str, change: Change) -> None:
        """From now on, send what a function makes of each message of a topic."""
        self._changes[name] = change

    def drop(self, *names: str, share: float = 1.0) -> None:
        """Lose a share of the messages of some topics."""
        for name in names:
            self.change(name, lambda message: [] if self._rng.random() < share else [message])

    def delay(self, *names: str, by: float) -> None:
        """Pass on the messages of some topics later [s]."""
        self._delays.update(dict.fromkeys(names, by))

    def repeat(self, name: str) -> None:
        """Say the next message of a topic again and again, instead of those that follow."""
        first: list[Any] = []

        def again(message: Any) -> list[Any]:
            first.append(message)
            return first[:1]

        self.change(name, again)

    def say(self, name: str, message: Any) -> None:
        """Publish something of one's own."""
        self._outputs[name].publish(message)

    def stop(self) -> None:
        """Relay everything unchanged from now on."""
        self._changes.clear()
        self._delays.clear()

    def _pass_on(self, name: str, data: bytes) -> None:
        change = self._changes.get(name)
        messages: list[Any] = [data]
        if change is not None:
            messages = change(deserialize_message(data, self._kinds[name]))
        by = self._delays.get(name)  # another thread may clear them
        for message in messages:
            if by is None:
                self._outputs[name].publish(message)
            else:
                self._waiting.append((time.monotonic() + by, name, message))

    def _send_due(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            _, name, message = self._waiting.popleft()
            self._outputs[name].publish(message)

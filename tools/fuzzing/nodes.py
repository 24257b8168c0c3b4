"""Entry points of the nodes: every subscription, called in process.

A node is made once, without a network; a case is a message for one of its callbacks, after which
time passes and the timers run, as if it had come over the wire.  Actions are in `fuzzing.actions`,
services in `fuzzing.services`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import rclpy
from geometry_msgs.msg import PoseArray
from rclpy.action import GoalResponse
from rclpy.clock import ClockType, ROSClock
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.serialization import serialize_message
from rclpy.time import Time
from social_nav_core.evaluation.perceived import PerceivedRecorder
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.conversions import grid_from
from social_nav_nodes.demo.domain import free_domain, this_computer
from social_nav_nodes.demo.jobs import Job
from social_nav_nodes.demo.observer import ObserverNode
from social_nav_nodes.parameter_tables import NODES

from fuzzing import samples
from fuzzing.actions import STEPS, FakeGoalHandle, action_servers
from fuzzing.bad_messages import on_the_wire, spoiled
from fuzzing.choices import Choices
from fuzzing.outcomes import watched
from social_nav_msgs.msg import SocialPersonArray

WORLDS = Path(__file__).resolve().parents[2] / "worlds"
SCENE = str(WORLDS / "scenes" / "approach.yaml")
START = 1000.0  # simulated time at which a node begins [s]
OBSERVER = "demo_observer"  # of the demonstration, and of `trial`
SPUN = (*NODES, OBSERVER)
RECORDED = 50  # cases that go into one record of the observer
TIMERS = 4  # one of so many cases runs them
SLOW_TIMERS = {"simulator": 16, "gazebo_people": 16}  # the same, of nodes whose steps are long


def parameters_of(name: str, folder: Path) -> dict[str, Any]:
    """What a node needs to start; quiet rates, so that time passes in big steps."""
    special: dict[str, dict[str, Any]] = {
        "simulator": {"scene": SCENE},
        "gazebo_people": {"scene": SCENE},
        "recorder": {"out": str(folder / "recording")},
        "goal_selector": {"selection.candidates": 60},
        "trial": {"scene": SCENE},
    }
    return {"use_sim_time": True, **special.get(name, {})}


@contextlib.contextmanager
def _seen(discovery_range: str) -> Iterator[None]:
    """From how far nodes that start here are discovered; what comes later is as before."""
    with mock.patch.dict(
        os.environ, {**this_computer(), "ROS_AUTOMATIC_DISCOVERY_RANGE": discovery_range}
    ):
        yield


class Bench:
    """One node on its own, whose time only the cases move."""

    def __init__(self, name: str, folder: Path, domain: int | None = None) -> None:
        """With a domain the node can be seen on this machine, else nowhere."""
        _stand_in_for_people_msgs()
        rclpy.logging.set_logger_level("", rclpy.logging.LoggingSeverity.FATAL)
        self.name = name
        self.context = Context()
        with _seen("OFF" if domain is None else "LOCALHOST"):
            rclpy.init(context=self.context, domain_id=domain or free_domain())
        overrides = [Parameter(n, value=v) for n, v in parameters_of(name, folder).items()]
        options: dict[str, Any] = {"context": self.context, "parameter_overrides": overrides}
        if name == "body_tracker":
            options["estimator"] = one_person
        make = _observer if name == OBSERVER else NODES[name]
        self.node: Node = make(**options)
        self.node.get_logger().set_level(rclpy.logging.LoggingSeverity.FATAL)
        self.now = START
        self.grid: GridGeometry | None = None
        self.cases = 0
        self.goals: list[FakeGoalHandle] = []
        self.move(0.0)
        self.subscribers = self._subscribers()
        self.tell_good()
        self.subscribers = self._subscribers()  # to those whom it was told of, too
        self.tell_good()

    def _subscribers(self) -> dict[str, list[Any]]:
        """By topic, of which rclpy may have one too (the clock) beside the node itself."""
        found: dict[str, list[Any]] = {}
        for subscription in self.node.subscriptions:
            found.setdefault(subscription.topic_name, []).append(subscription)
        return found

    def type_of(self, topic: str) -> type[Any]:
        """Of the messages of a topic."""
        kind: type[Any] = self.subscribers[topic][0].msg_type
        return SocialPersonArray if kind is PoseArray and self.name == "people_msgs" else kind

    def tell_good(self) -> None:
        """One good message on every topic, and a goal for every action."""
        for topic in self.subscribers:
            self.tell(topic, samples.good_message_to_read(self.type_of(topic), self.now))
        for server in action_servers(self.node):
            self.ask(server, server.action_type.Goal())
        self.pass_time(0.1)

    def tell(self, topic: str, message: Any) -> None:
        """Call a callback with a message, or with what goes over the wire where it wants that."""
        if topic == "/map":
            self._note_map(message)
        if self.name == "people_msgs" and isinstance(message, SocialPersonArray):
            message = _as_people_msgs(message)
        for subscription in self.subscribers[topic]:
            subscription.callback(on_the_wire(message) if subscription.raw else message)

    def _note_map(self, message: Any) -> None:
        with contextlib.suppress(ValueError):
            self.grid, _ = grid_from(message)

    def ask(self, server: Any, goal: Any) -> None:
        """Send a goal to an action server, whose client goes on listening."""
        serialize_message(goal)
        if server.goal_callback(goal) == GoalResponse.ACCEPT:
            self.goals.append(FakeGoalHandle(goal))
            server.accepted(self.goals[-1])
        self.goals = [goal for goal in self.goals if not goal.ended()]

    def move(self, step: float) -> None:
        """Let the clock go on."""
        self.now += step
        time = Time(nanoseconds=int(self.now * 1e9), clock_type=ClockType.ROS_TIME)
        clock = self.node.get_clock()
        assert isinstance(clock, ROSClock)
        clock.set_ros_time_override(time)

    def pass_time(self, step: float) -> None:
        """Let the clock go on, and the timers run."""
        self.move(step)
        self.cases += 1
        if self.cases % SLOW_TIMERS.get(self.name, TIMERS) == 0:
            for timer in list(self.node.timers):
                timer.callback()
        self.goals = [goal for goal in self.goals if not goal.ended()]
        if isinstance(self.node, ObserverNode) and self.cases % RECORDED == 0:
            _begin_record(self.node, self.now)

    def close(self) -> None:
        """End the node."""
        self.node.destroy_node()
        self.context.try_shutdown()
        rclpy.logging.set_logger_level("", rclpy.logging.LoggingSeverity.INFO)


def _observer(**options: Any) -> ObserverNode:
    """On the map of the samples, and as if the goal had been sent: it records."""
    scene, job = load_scene(SCENE), Job("", "", "approach", "", True, timeout=1e9)
    observer = ObserverNode(job, scene, 0, **options)
    observer._geometry, observer._cells = samples.GRID, np.zeros(samples.GRID.shape, np.int8)
    _begin_record(observer, START)
    return observer


def _begin_record(observer: ObserverNode, now: float) -> None:
    """End what is recorded, which must make a whole record, and begin anew."""
    if len(observer._recorder._times) > 1:
        observer.record()
        observer.perceived.record()
    observer._recorder, observer.perceived = RunRecorder("", "avoid", "", 0), PerceivedRecorder()
    observer._sent, observer.finished, observer._known = now, False, set()
    observer.time = observer._next_cost = observer._next_view = 0.0


def one_person(image: np.ndarray) -> np.ndarray:
    """In place of the body tracker's network: somebody who fills half of every image."""
    height, width = image.shape[:2]
    joints = np.full((1, 23, 3), 0.9)
    joints[0, :, 0] = np.linspace(0.3 * width, 0.6 * width, 23)
    joints[0, :, 1] = np.linspace(0.2 * height, 0.8 * height, 23)
    return joints


def _stand_in_for_people_msgs() -> None:
    """people_msgs has no wheel; another message takes its place, see `_as_people_msgs`."""
    try:
        __import__("people_msgs.msg")
    except ImportError:
        stand_in = SimpleNamespace(People=PoseArray)
        sys.modules["people_msgs"] = SimpleNamespace(msg=stand_in)  # type: ignore[assignment]
        sys.modules["people_msgs.msg"] = stand_in  # type: ignore[assignment]


def _as_people_msgs(message: SocialPersonArray) -> SimpleNamespace:
    people = [
        SimpleNamespace(name=p.id, position=p.pose.pose.position, velocity=p.velocity)
        for p in message.people
    ]
    return SimpleNamespace(header=message.header, people=people)


def message_case(bench: Bench, topic: str, data: bytes) -> list[str]:
    """One spoiled message for a topic, and what the node makes of it."""
    choices = Choices(data)
    step = choices.pick(STEPS)
    refresh = choices.one_in(6)
    message = samples.good_message(bench.type_of(topic), bench.now)
    spoiled(choices, message)
    with watched(lambda: bench.grid):
        if refresh:
            bench.tell_good()
        if on_the_wire(message) is not None:
            bench.tell(topic, message)
            bench.pass_time(step)
    return []

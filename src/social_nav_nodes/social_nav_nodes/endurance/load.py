"""The perception and the social costs under load: how old is what they publish.

The age of a message is the time from its stamp, which is that of the image, to its arrival in
another process.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import rclpy
from nav_msgs.msg import OccupancyGrid
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.demo.domain import ROOT, own_graph
from social_nav_nodes.demo.processes import NodeProcesses
from social_nav_nodes.endurance.resources import Taken, taken_by

MEASURED = ("perception", "social_costmap")
WARM_UP = 10.0  # [s]
START_LIMIT = 60.0  # [s]
STAMP = struct.Struct("<4xiI")  # the encapsulation and the stamp of a message


@dataclass(frozen=True)
class Ages:
    """Of the messages of one topic [s], sorted, and how many came per second."""

    values: np.ndarray
    rate: float

    def percentile(self, share: float) -> float:
        """Age [s] that a share [%] of the messages do not exceed."""
        return float(np.percentile(self.values, share)) if self.values.size else float("inf")


@dataclass(frozen=True)
class Load:
    """What was measured with one number of people.

    Attributes:
        people: in every image.
        rate: images per second.
        perceived: ages of the perception's messages.
        costs: ages of the social grids.
        cpu: share of one core that each node took, by its name.
        memory: [MiB] by its name.
        said: what the nodes logged.
        load_average: of the machine over the last minute.
    """

    people: int
    rate: float
    perceived: Ages
    costs: Ages
    cpu: dict[str, float]
    memory: dict[str, float]
    said: dict[str, str]
    load_average: float


class Stopwatch(Node):
    """Notes the age of everything that comes on some topics, without deserialising it."""

    def __init__(self, context: Context) -> None:
        super().__init__("stopwatch", context=context)
        self.ages: dict[str, list[float]] = {}
        for kind, topic, qos in (
            (SocialPersonArray, topics.SOCIAL_PEOPLE, topics.RELIABLE_QOS),
            (OccupancyGrid, topics.SOCIAL_COSTMAP, topics.LATCHED_QOS),
        ):
            ages = self.ages.setdefault(topic, [])
            self.create_subscription(kind, topic, partial(_note, ages), qos, raw=True)

    def clear(self) -> None:
        """Forget all ages so far."""
        for ages in self.ages.values():
            ages.clear()


def _note(ages: list[float], data: bytes) -> None:
    seconds, nanoseconds = STAMP.unpack_from(data)
    ages.append(time.time() - (seconds + 1e-9 * nanoseconds))


def measure(
    people: int, duration: float, out: Path, rate: float = 30.0, warm_up: float = WARM_UP
) -> Load:
    """Run the perception and the social costs with so many people for some time [s].

    Args:
        people: in every image.
        duration: that is measured [s].
        out: for logs.
        rate: images per second.
        warm_up: time before [s].

    Raises:
        RuntimeError: the nodes do not start, or one ends.
    """
    alone = own_graph()
    environment = {**os.environ, **alone}
    context = Context()
    rclpy.init(context=context, domain_id=int(alone["ROS_DOMAIN_ID"]))
    stopwatch = Stopwatch(context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(stopwatch)
    stop = threading.Event()
    thread = threading.Thread(target=_spin, args=(executor, stop), daemon=True)
    thread.start()
    config = ROOT / "config" / "social_nav.yaml"
    try:
        with NodeProcesses(config, out / f"logs_{people}", environment) as nodes:
            for node in MEASURED:
                nodes.start(node, None, two_cores(), use_sim_time=False)
            crowd = [sys.executable, "-m", "social_nav_nodes.endurance.crowd"]
            crowd += ["--people", str(people), "--rate", str(rate)]
            nodes.run("crowd", [*two_cores(), *crowd])
            _await(lambda: all(len(ages) > 5 for ages in stopwatch.ages.values()), nodes)
            _await_time(warm_up, nodes)
            before, began = _taken(nodes), time.monotonic()
            stopwatch.clear()
            printed = {node: nodes.log_of(node).stat().st_size for node in MEASURED}
            _await_time(duration, nodes)
            elapsed = time.monotonic() - began
            after = _taken(nodes)
            ages = {
                topic: Ages(np.sort(values), len(values) / elapsed)
                for topic, values in stopwatch.ages.items()
            }
            said = {
                node: nodes.log_of(node).read_bytes()[begin:].decode()
                for node, begin in printed.items()
            }
    finally:
        stop.set()
        thread.join()
        executor.shutdown()
        stopwatch.destroy_node()
        context.try_shutdown()
    return Load(
        people=people,
        rate=rate,
        perceived=ages[topics.SOCIAL_PEOPLE],
        costs=ages[topics.SOCIAL_COSTMAP],
        cpu={node: (after[node].cpu - before[node].cpu) / elapsed for node in after},
        memory={node: after[node].memory for node in after},
        said=said,
        load_average=os.getloadavg()[0],
    )


def two_cores() -> tuple[str, ...]:
    """The command that keeps a process on two cores where there are more."""
    return ("taskset", "--cpu-list", "0,1") if (os.cpu_count() or 1) > 2 else ()


def _taken(nodes: NodeProcesses) -> dict[str, Taken]:
    return {node: taken_by(nodes.pid_of(node)) for node in (*MEASURED, "crowd")}


def _spin(executor: SingleThreadedExecutor, stop: threading.Event) -> None:
    while not stop.is_set():
        executor.spin_once(timeout_sec=0.1)


def _await(happened: Callable[[], bool], nodes: NodeProcesses) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not happened():
        _check(nodes)
        if time.monotonic() > deadline:
            raise RuntimeError(f"the nodes did not start within {START_LIMIT:g} s")
        time.sleep(0.1)


def _await_time(duration: float, nodes: NodeProcesses) -> None:
    end = time.monotonic() + duration
    while time.monotonic() < end:
        _check(nodes)
        time.sleep(min(0.5, max(end - time.monotonic(), 0.0)))


def _check(nodes: NodeProcesses) -> None:
    dead = nodes.first_dead()
    if dead is not None:
        raise RuntimeError(f"the node {dead} has ended, see {nodes.log_of(dead)}")

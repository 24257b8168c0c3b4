"""The running suite, on a DDS graph of its own, with a relay that can spoil what it sees."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import rclpy
from nav_msgs.msg import OccupancyGrid
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from social_nav_nodes import topics
from social_nav_nodes.demo.domain import free_domain
from social_nav_nodes.demo.processes import NodeProcesses
from social_nav_nodes.diagnostics import TOPIC
from social_nav_nodes.endurance.meddler import FROM_SIMULATOR, Meddler
from social_nav_nodes.endurance.witness import PERCEIVED, Witness

ROOT = Path(__file__).resolve().parents[4]
NODES = (
    *("health", "recorder", "perception", "social_costmap", "goal_selector", "navigator"),
    "simulator",
)
PEOPLE = ("ana", "ben")  # at the two ends of the room
SCENE = """\
format: 1
name: endurance
description: Two people stand far from each other and would both like to talk.
room: {room}
robot: [0.0, 0.0, 0.0]
goal: [0.0, 0.0, 0.0]
people:
  - {{id: ana, pose: [4.8, 0.2, 3.1], height: 1.7, gesture: idle, look_at: robot,
     intent: interested, attitude: positive, action: gaze}}
  - {{id: ben, pose: [-4.8, 0.0, 0.0], height: 1.8, gesture: idle, look_at: robot,
     intent: interested, attitude: positive, action: gaze}}
"""


class Suite:
    """The nodes as processes, and the relay and the witness in a thread of this one.

    Args:
        folder: for the scene, logs and recordings.
        nodes: those that are started.
        scene: a scene file; a room with two people when None.
    """

    def __init__(
        self, folder: Path, nodes: tuple[str, ...] = NODES, scene: Path | None = None
    ) -> None:
        self.folder = folder
        self.nodes = nodes
        folder.mkdir(parents=True, exist_ok=True)
        self._scene = scene or folder / "scene.yaml"
        if scene is None:
            self._scene.write_text(SCENE.format(room=ROOT / "worlds" / "room.yaml"))
        domain = free_domain()
        environment = {
            **os.environ,
            "ROS_DOMAIN_ID": str(domain),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        }
        config = ROOT / "config" / "social_nav.yaml"
        self.processes = NodeProcesses(config, folder / "logs", environment)
        self._recordings = 0
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self.meddler = Meddler(self._context)
        self.witness = Witness(self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        for node in (self.meddler, self.witness):
            self._executor.add_node(node)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)

    def __enter__(self) -> Suite:
        self._thread.start()
        for node in self.nodes:
            self.start(node)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for node in self.nodes:
            with suppress(KeyError, ProcessLookupError):
                self.processes.signal(node, signal.SIGCONT)
        self.processes.stop()
        self._stopping.set()
        self._thread.join()
        self._executor.shutdown()
        for own in (self.meddler, self.witness):
            own.destroy_node()
        self._context.try_shutdown()

    def start(self, node: str, wrapper: tuple[str, ...] = (), **parameters: object) -> None:
        """Start one node, with the parameters that it needs here."""
        remappings: Mapping[str, str] = FROM_SIMULATOR if node == "simulator" else {}
        if node == "perception":  # it sees one end of the room at a time, the robot needs both
            remappings = {topics.SOCIAL_PEOPLE: PERCEIVED}
        if node == "simulator":
            parameters = {"scene": self._scene, **parameters}
        if node == "recorder":
            self._recordings += 1
            out = self.folder / "recordings" / str(self._recordings)
            parameters = {"out": out, **parameters}
        self.processes.start(node, remappings, wrapper, **parameters)

    def log(self, node: str) -> str:
        """What a node has printed so far."""
        return self.processes.log_of(node).read_text(errors="replace")

    def incarnations_of(self, node: str) -> set[bytes]:
        """Nodes of a name in the graph, by their publishers of diagnostics.

        One that was killed stays in the graph for a while, beside the one that replaces it.
        """
        writers = self.witness.get_publishers_info_by_topic(TOPIC)
        return {bytes(writer.endpoint_gid) for writer in writers if writer.node_name == node}

    def add(self, node: Node) -> None:
        """Let a node of the test's own take part."""
        self._executor.add_node(node)

    def remove(self, node: Node) -> None:
        """End a node that was added."""
        self._executor.remove_node(node)
        node.destroy_node()

    @property
    def map(self) -> OccupancyGrid:
        """The simulator's."""
        assert self.witness.seen.map is not None
        return self.witness.seen.map

    @property
    def context(self) -> Context:
        """Of the DDS graph."""
        return self._context

    def _spin(self) -> None:
        while not self._stopping.is_set():
            self._executor.spin_once(timeout_sec=0.1)

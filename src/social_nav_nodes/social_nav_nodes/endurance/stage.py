"""Processes of nodes on a DDS graph of their own, and the test's nodes in a thread of this one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from social_nav_nodes.demo.domain import ROOT, own_graph
from social_nav_nodes.demo.processes import NodeProcesses
from social_nav_nodes.diagnostics import TOPIC

Entered = TypeVar("Entered", bound="Stage")


class Stage:
    """The nodes run for the length of a with-block.

    Args:
        folder: for logs and whatever else comes of it.
        nodes: those that are started.
        environment: of the processes, beside that of this one.

    Attributes:
        context: of the DDS graph.
        processes: the nodes.
    """

    def __init__(
        self, folder: Path, nodes: tuple[str, ...], environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.nodes = nodes
        folder.mkdir(parents=True, exist_ok=True)
        alone = own_graph()
        theirs = {**os.environ, **alone, **(environment or {})}
        config = ROOT / "config" / "social_nav.yaml"
        self.processes = NodeProcesses(config, folder / "logs", theirs)
        self.context = Context()
        rclpy.init(context=self.context, domain_id=int(alone["ROS_DOMAIN_ID"]))
        self._executor = SingleThreadedExecutor(context=self.context)
        self._own: list[Node] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)

    def __enter__(self: Entered) -> Entered:
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
        for own in self._own:
            own.destroy_node()
        self.context.try_shutdown()

    def start(self, node: str, wrapper: tuple[str, ...] = (), **parameters: object) -> None:
        """Start one node, with the parameters that it needs here."""
        self.processes.start(node, {}, wrapper, **parameters)

    def log(self, node: str) -> str:
        """What a node has printed so far."""
        return self.processes.log_of(node).read_text(errors="replace")

    def incarnations_of(self, node: str) -> set[bytes]:
        """Nodes of a name in the graph, by their publishers of diagnostics.

        One that was killed stays in the graph for a while, beside the one that replaces it.
        """
        writers = self._own[0].get_publishers_info_by_topic(TOPIC)
        return {bytes(writer.endpoint_gid) for writer in writers if writer.node_name == node}

    def add(self, node: Node) -> None:
        """Let a node of the test's own take part."""
        self._own.append(node)
        self._executor.add_node(node)

    def remove(self, node: Node) -> None:
        """End a node that was added."""
        self._own.remove(node)
        self._executor.remove_node(node)
        node.destroy_node()

    def _spin(self) -> None:
        while not self._stopping.is_set():
            self._executor.spin_once(timeout_sec=0.1)

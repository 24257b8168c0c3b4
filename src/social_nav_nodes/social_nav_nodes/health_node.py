"""Watches over the other nodes: says which has gone silent, and when it is back.

A node that is killed cannot say so itself.  This one knows the suite's nodes, in any namespace, by
their diagnostics, and puts into its own which of them are silent; it does not restart anything.
What others publish there, such as a motor's temperature, comes as they like and is not watched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from social_nav_core.parameters import ParameterError, parameter

from social_nav_nodes.diagnostics import TOPIC, Diagnostics
from social_nav_nodes.life_signs import Watch
from social_nav_nodes.node_names import NODE_NAMES
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import RELIABLE_QOS

NODE_NAME = re.compile(r"[A-Za-z0-9_/]{1,255}")  # with its namespaces
MOST = 100  # nodes that are watched
NAMED = 10  # silent nodes that one line names


@dataclass(frozen=True)
class HealthParameters:
    """Of the health node."""

    timeout: float = parameter(
        2.5, "s", "nodes publish diagnostics every second; without them one is silent", 1.5, 600.0
    )
    forget: float = parameter(600.0, "s", "a node that is silent for so long was ended", 2.0, 1e6)
    others: str = parameter(
        "", "", "watched beside the suite's nodes: names of diagnostics, commas in between"
    )

    def __post_init__(self) -> None:
        if self.forget <= self.timeout:
            raise ParameterError(
                f"forget is {self.forget} s, expected more than timeout, {self.timeout} s"
            )


class HealthNode(Node):
    """Diagnostics in, diagnostics about who is silent out."""

    PARAMETERS: ClassVar = {"": HealthParameters}

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("health", **options)
        self._config: HealthParameters = read_parameters(self, self.PARAMETERS)[""]
        self._others = {name.strip() for name in self._config.others.split(",")} - {""}
        self._log = ThrottledLog(self.get_logger(), period=30.0)
        self._watch = Watch(self, self._look)
        self._known: set[str] = set()
        self._silent: set[str] = set()
        self._losses = 0
        self._diagnostics = Diagnostics(self, self._log, self._values)
        self.create_subscription(DiagnosticArray, TOPIC, self._receive, RELIABLE_QOS)

    def _receive(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if self._is_watched(status.name):
                self._hear(status.name)

    def _is_watched(self, name: str) -> bool:
        if name in self._known:
            return True
        is_own = NODE_NAME.fullmatch(name) and name.rpartition("/")[2] in NODE_NAMES
        if not is_own and name not in self._others:
            return False
        if len(self._known) >= MOST:
            self._log.warning("many", f"'{name}' is not watched: {MOST} other nodes are")
        return len(self._known) < MOST

    def _hear(self, name: str) -> None:
        if name in self._silent:
            self._silent.remove(name)
            self.get_logger().info(f"the node '{name}' is back")
        self._known.add(name)
        self._watch.heard(name)

    def _look(self) -> None:
        silences = {name: self._watch.ticks_silent(name) for name in self._known}
        for name, silence in silences.items():
            if silence > self._config.forget:
                self._known.remove(name)
                self._silent.discard(name)
                self._watch.forget(name)
        silent = {name for name in self._known if silences[name] > self._config.timeout}
        if silent - self._silent:
            self._losses += 1
        self._silent = silent
        if silent:  # a new loss is said at once
            self._log.error(f"loss {self._losses}", _who_is_silent(sorted(silent)))

    def _values(self) -> dict[str, object]:
        known = ", ".join(sorted(self._known - self._silent))
        return {"running": known, "silent": ", ".join(sorted(self._silent))}


def _who_is_silent(names: list[str]) -> str:
    if len(names) == 1:
        return f"the node '{names[0]}' is silent: was it killed?"
    named = ", ".join(f"'{name}'" for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} nodes are silent: {named}{more}: were they killed?"


def main() -> None:
    run_node(HealthNode)


if __name__ == "__main__":
    main()

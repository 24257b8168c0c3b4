"""Watches over the other nodes: says which has gone silent, and when it is back.

A node that is killed cannot say so itself.  This one knows every node by its diagnostics, and puts
into its own which of them are silent; it does not restart anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from social_nav_core.parameters import parameter

from social_nav_nodes.diagnostics import TOPIC, Diagnostics
from social_nav_nodes.life_signs import Watch
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import RELIABLE_QOS


@dataclass(frozen=True)
class HealthParameters:
    """Of the health node."""

    timeout: float = parameter(
        2.5, "s", "nodes publish diagnostics every second; without them one is silent", 1.5, 600.0
    )
    forget: float = parameter(600.0, "s", "a node that is silent for so long was ended", 2.0, 1e6)


class HealthNode(Node):
    """Diagnostics in, diagnostics about who is silent out."""

    PARAMETERS: ClassVar = {"": HealthParameters}

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("health", **options)
        self._config: HealthParameters = read_parameters(self, self.PARAMETERS)[""]
        self._log = ThrottledLog(self.get_logger(), period=30.0)
        self._watch = Watch(self, self._look)
        self._known: set[str] = set()
        self._silent: dict[str, int] = {}
        self._losses = 0
        self._diagnostics = Diagnostics(self, self._log, self._values)
        self.create_subscription(DiagnosticArray, TOPIC, self._receive, RELIABLE_QOS)

    def _receive(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name in self._silent:
                del self._silent[status.name]
                self.get_logger().info(f"the node '{status.name}' is back")
            self._known.add(status.name)
            self._watch.heard(status.name)

    def _look(self) -> None:
        for name in sorted(self._known):
            silence = self._watch.ticks_silent(name)
            if silence > self._config.forget:
                self._known.remove(name)
                self._silent.pop(name, None)
            elif silence > self._config.timeout:
                if name not in self._silent:
                    self._losses += 1
                    self._silent[name] = self._losses
                loss = f"{name} {self._silent[name]}"  # a new loss is said at once
                self._log.error(loss, f"the node '{name}' is silent: was it killed?")

    def _values(self) -> dict[str, object]:
        known = ", ".join(sorted(self._known - self._silent.keys()))
        return {"running": known, "silent": ", ".join(sorted(self._silent))}


def main() -> None:
    run_node(HealthNode)


if __name__ == "__main__":
    main()

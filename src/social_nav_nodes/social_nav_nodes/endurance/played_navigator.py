"""A navigator that rejects every goal."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from nav2_msgs.action import NavigateToPose
from rclpy.action import ActionServer, GoalResponse
from rclpy.node import Node

from social_nav_nodes.endurance.suite import Suite
from social_nav_nodes.topics import NAVIGATE_TO_POSE


class RefusingNavigator:
    """Takes part in the suite for the length of a with-block."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._node = Node("refusing_navigator", context=suite.context)
        self._server = ActionServer(
            self._node,
            NavigateToPose,
            NAVIGATE_TO_POSE,
            self._execute,
            goal_callback=lambda _: GoalResponse.REJECT,
        )

    def is_known(self) -> bool:
        """Whether the graph has it."""
        return bool(self._suite.copies_of("refusing_navigator"))

    def __enter__(self) -> RefusingNavigator:
        self._suite.add(self._node)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._suite.remove(self._node)

    @staticmethod
    def _execute(_: Any) -> NavigateToPose.Result:
        return NavigateToPose.Result()

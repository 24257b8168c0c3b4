"""A navigator that rejects every goal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nav2_msgs.action import NavigateToPose
from rclpy.action import ActionServer, GoalResponse
from rclpy.node import Node

from social_nav_nodes.endurance.suite import Suite
from social_nav_nodes.topics import NAVIGATE_TO_POSE

NAME = "refusing_navigator"


@contextmanager
def refusing_navigator(suite: Suite) -> Iterator[Callable[[], bool]]:
    """It takes part in the suite for the length of a with-block.

    Yields:
        Whether the graph has it by now.
    """
    node = Node(NAME, context=suite.context)
    server = ActionServer(
        node,
        NavigateToPose,
        NAVIGATE_TO_POSE,
        lambda _: NavigateToPose.Result(),
        goal_callback=lambda _: GoalResponse.REJECT,
    )
    suite.add(node)
    try:
        yield lambda: NAME in suite.witness.get_node_names()
    finally:
        server.destroy()
        suite.remove(node)

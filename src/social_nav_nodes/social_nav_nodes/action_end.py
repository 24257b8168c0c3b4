"""How an action's goal ends, once the node knows the result."""

from __future__ import annotations

from typing import Any

from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future


async def finish(done: Future, goal_handle: ServerGoalHandle) -> Any:
    """Wait for a result and tell the client: cancelled on request, else by its error code."""
    result = await done
    if goal_handle.is_cancel_requested:
        goal_handle.canceled()
    elif result.error_code == 0:
        goal_handle.succeed()
    else:
        goal_handle.abort()
    return result

"""How an action's goal ends, once the node knows the result."""

from __future__ import annotations

from typing import Any

from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future


async def finish(done: Future, goal_handle: ServerGoalHandle) -> Any:
    """Tell the client how a goal ended: cancelled on request, else succeeded or aborted.

    Args:
        done: gives the result, and whether it is a success; Humble's results cannot say.
        goal_handle: of the goal.
    """
    result, succeeded = await done
    if goal_handle.is_cancel_requested:
        goal_handle.canceled()
    elif succeeded:
        goal_handle.succeed()
    else:
        goal_handle.abort()
    return result

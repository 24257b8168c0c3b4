"""One NavigateToPose goal at a time, replaced at will, with a state that is safe to poll."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from action_msgs.msg import GoalStatus
from geometry_msgs.msg import PoseStamped
from nav2_msgs.action import NavigateToPose
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.task import Future

from social_nav_nodes.topics import NAVIGATE_TO_POSE


class NavigationState(Enum):
    """What became of the last goal."""

    IDLE = "no goal"
    DRIVING = "on the way"
    ARRIVED = "arrived"
    FAILED = "failed"


class NavigationClient:
    """Sends goals to Nav2 and watches over the last one; what happens to earlier ones is ignored.

    Args:
        node: on whose clock and in whose executor everything happens.
        timeout: without a server or a sign of life from it for so long [s], a goal has failed.
        on_end: called when the last goal has arrived or failed.
    """

    def __init__(self, node: Node, timeout: float, on_end: Callable[[], None]) -> None:
        self._node = node
        self._timeout = timeout
        self._on_end = on_end
        self._client = ActionClient(node, NavigateToPose, NAVIGATE_TO_POSE)
        self._state = NavigationState.IDLE
        self._failure = ""
        self._generation = 0
        self._waiting: PoseStamped | None = None
        self._handle: Any = None
        self._heard = 0.0
        self.distance_remaining = 0.0

    @property
    def failure(self) -> str:
        """Why the last goal failed, for people."""
        return self._failure

    def go(self, goal: PoseStamped) -> None:
        """Drive to a pose from now on, instead of to the one before."""
        self._generation += 1
        self._state, self._failure = NavigationState.DRIVING, ""
        self._handle, self._heard = None, self._now()
        self._waiting = goal
        self._send_waiting()

    def cancel(self) -> None:
        """Stop; a goal that the server has not answered yet is cancelled when it answers."""
        self._generation += 1
        self._state, self._waiting = NavigationState.IDLE, None
        if self._handle is not None:
            self._handle.cancel_goal_async()
            self._handle = None

    def poll(self) -> NavigationState:
        """The state now; notices a server that is not there or no longer answers."""
        if self._state is NavigationState.DRIVING:
            self._send_waiting()
            if self._now() - self._heard > self._timeout:
                name = self._client._action_name
                self._failure = (
                    f"no action server '{name}' for {self._timeout:g} s: is Nav2 active?"
                    if self._waiting is not None
                    else f"'{name}' gave no sign of life for {self._timeout:g} s"
                )
                self._state = NavigationState.FAILED
        return self._state

    def _now(self) -> float:
        return float(self._node.get_clock().now().nanoseconds) * 1e-9

    def _send_waiting(self) -> None:
        if self._waiting is None or not self._client.server_is_ready():
            return
        goal = NavigateToPose.Goal(pose=self._waiting)
        self._waiting = None
        generation = self._generation
        answer = self._client.send_goal_async(
            goal, feedback_callback=lambda message: self._hear(generation, message.feedback)
        )
        answer.add_done_callback(lambda future: self._answered(generation, future))

    def _hear(self, generation: int, feedback: NavigateToPose.Feedback) -> None:
        if generation == self._generation:
            self._heard = self._now()
            self.distance_remaining = feedback.distance_remaining

    def _answered(self, generation: int, future: Future) -> None:
        handle = future.result()
        if handle is None or not handle.accepted:
            self._finish(generation, "the navigator refused the goal")
            return
        if generation != self._generation:
            if self._state is NavigationState.IDLE:
                handle.cancel_goal_async()
            return
        self._handle, self._heard = handle, self._now()
        handle.get_result_async().add_done_callback(lambda done: self._ended(generation, done))

    def _ended(self, generation: int, future: Future) -> None:
        outcome = future.result()
        if outcome is not None and outcome.status == GoalStatus.STATUS_SUCCEEDED:
            self._finish(generation, "")
            return
        reason = getattr(outcome and outcome.result, "error_msg", "")  # Humble has no message
        self._finish(generation, f"the navigator gave up{': ' if reason else ''}{reason}")

    def _finish(self, generation: int, failure: str) -> None:
        if generation != self._generation:
            return
        self._handle, self._failure = None, failure
        self._state = NavigationState.FAILED if failure else NavigationState.ARRIVED
        self._on_end()

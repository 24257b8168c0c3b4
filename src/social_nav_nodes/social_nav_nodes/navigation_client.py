"""One NavigateToPose goal at a time, replaced at will, with a state that is safe to poll."""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

from action_msgs.msg import GoalInfo, GoalStatus, GoalStatusArray
from action_msgs.srv import CancelGoal
from geometry_msgs.msg import PoseStamped
from nav2_msgs.action import NavigateToPose
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import qos_profile_action_status_default
from rclpy.task import Future
from social_nav_core.input_files import one_line
from unique_identifier_msgs.msg import UUID

from social_nav_nodes.life_signs import Watch
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import NAVIGATE_TO_POSE

NAVIGATOR = "navigator"
FARTHEST = 1e5  # that the navigator may say is left to drive [m]
ACTIVE = (GoalStatus.STATUS_ACCEPTED, GoalStatus.STATUS_EXECUTING)


class NavigationState(Enum):
    """What became of the last goal."""

    IDLE = "no goal"
    DRIVING = "on the way"
    ARRIVED = "arrived"
    FAILED = "failed"


class NavigationClient:
    """Sends goals to Nav2 and watches over the last one.

    An earlier one counts only when it is time to stop: a navigator that refuses to change its goal
    may still drive there.  Goals that a node of the same name has left behind, because it was
    killed, are cancelled.

    Args:
        node: in whose executor everything happens.
        watch: measures how long the server was silent.
        timeout: without a server or a sign of life from it for so long [s], a goal has failed.
        on_end: called when the last goal has arrived or failed.
        log: for goals that were left behind.
    """

    def __init__(
        self,
        node: Node,
        watch: Watch,
        timeout: float,
        on_end: Callable[[], None],
        log: ThrottledLog,
    ) -> None:
        self._watch = watch
        self._log = log
        self._timeout = timeout
        self._on_end = on_end
        self._client = ActionClient(node, NavigateToPose, NAVIGATE_TO_POSE)
        self._state = NavigationState.IDLE
        self._failure = ""
        self._waiting: PoseStamped | None = None
        self._last = b""
        self._wanted: dict[bytes, Any] = {}
        self.distance_remaining = 0.0
        self._mark = hashlib.sha256(node.get_fully_qualified_name().encode()).digest()[:8]
        self._mine: deque[bytes] = deque(maxlen=100)
        self._cancel = node.create_client(CancelGoal, f"{NAVIGATE_TO_POSE}/_action/cancel_goal")
        node.create_subscription(
            GoalStatusArray,
            f"{NAVIGATE_TO_POSE}/_action/status",
            self._see_goals,
            qos_profile_action_status_default,
        )

    @property
    def failure(self) -> str:
        """Why the last goal failed, for people."""
        return self._failure

    def go(self, goal: PoseStamped) -> None:
        """Drive to a pose from now on, instead of to the one before.

        A server that has been silent is no less so because it is given another goal.
        """
        if self._state is not NavigationState.DRIVING:
            self._watch.heard(NAVIGATOR)
        self._state, self._failure, self._last = NavigationState.DRIVING, "", b""
        self._waiting = goal
        self._send_waiting()

    def cancel(self) -> list[Future]:
        """Stop; a goal that the server has not answered yet is cancelled again when it answers.

        Returns what becomes of each.
        """
        self._state, self._waiting, self._last = NavigationState.IDLE, None, b""
        wanted, self._wanted = self._wanted, {}
        return [
            self._cancel_goal(name) if handle is None else handle.cancel_goal_async()
            for name, handle in wanted.items()
        ]

    def poll(self) -> NavigationState:
        """The state now; notices a server that is not there or no longer answers."""
        if self._state is NavigationState.DRIVING:
            self._send_waiting()
            if (self._watch.silence(NAVIGATOR) or 0.0) >= self._timeout:
                name = self._client._action_name
                self._failure = (
                    f"no action server '{name}' for {self._timeout:g} s: is Nav2 active?"
                    if self._waiting is not None
                    else f"'{name}' gave no sign of life for {self._timeout:g} s"
                )
                self._state = NavigationState.FAILED
        return self._state

    def _see_goals(self, message: GoalStatusArray) -> None:
        """Cancel what drives for this node although it is not wanted."""
        for status in message.status_list:
            name = bytes(status.goal_info.goal_id.uuid.tolist())
            if status.status not in ACTIVE or name[:8] != self._mark or name in self._wanted:
                continue
            if name not in self._mine:
                self._mine.append(name)
                self._log.warning(
                    "left behind", "a goal that this node sent before it was started is cancelled"
                )
            self._cancel_goal(name)

    def _cancel_goal(self, name: bytes) -> Future:
        info = GoalInfo(goal_id=UUID(uuid=list(name)))  # with a stamp, others would end as well
        return self._cancel.call_async(CancelGoal.Request(goal_info=info))

    def _send_waiting(self) -> None:
        if self._waiting is None or not self._client.server_is_ready():
            return
        goal = NavigateToPose.Goal(pose=self._waiting)
        self._waiting = None
        self._last = name = self._mark + uuid.uuid4().bytes[:8]
        self._mine.append(name)
        self._wanted[name] = None
        answer = self._client.send_goal_async(
            goal,
            feedback_callback=lambda message: self._hear(name, message.feedback),
            goal_uuid=UUID(uuid=list(name)),
        )
        answer.add_done_callback(partial(self._answered, name))

    def _hear(self, name: bytes, feedback: NavigateToPose.Feedback) -> None:
        if name == self._last:
            self._watch.heard(NAVIGATOR)
            distance = feedback.distance_remaining
            if 0.0 <= distance <= FARTHEST:
                self.distance_remaining = distance
            else:
                self._log.warning(
                    "distance",
                    f"the navigator says that {distance:g} m are left, which is ignored, expected "
                    f"0 to {FARTHEST:g} m",
                )

    def _answered(self, name: bytes, future: Future) -> None:
        handle = future.result()
        if handle is None or not handle.accepted:
            self._finish(name, "the navigator refused the goal")
            return
        if name not in self._wanted:
            handle.cancel_goal_async()
            return
        self._wanted[name] = handle
        if name == self._last:
            self._watch.heard(NAVIGATOR)
        handle.get_result_async().add_done_callback(partial(self._ended, name))

    def _ended(self, name: bytes, future: Future) -> None:
        outcome = future.result()
        if outcome is not None and outcome.status == GoalStatus.STATUS_SUCCEEDED:
            self._finish(name, "")
            return
        reason = getattr(outcome and outcome.result, "error_msg", "")  # Humble has no message
        why = f": {one_line(reason)}" if reason else ""
        self._finish(name, f"the navigator gave up{why}")

    def _finish(self, name: bytes, failure: str) -> None:
        self._wanted.pop(name, None)
        if name != self._last:
            return
        self._failure = failure
        self._state = NavigationState.FAILED if failure else NavigationState.ARRIVED
        self._on_end()

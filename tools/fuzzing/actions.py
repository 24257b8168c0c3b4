"""Entry points of actions: goals that a node is sent, and what comes back on goals that it sends.

What comes back (the response to a goal, feedback, the result, states, the response to a
cancellation) goes through rclpy's action client, which takes it as if it had come over the wire.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from action_msgs.msg import GoalInfo, GoalStatus, GoalStatusArray
from action_msgs.srv import CancelGoal
from nav2_msgs.action import NavigateToPose
from rclpy.action import ActionClient, ActionServer
from rclpy.node import Node
from rclpy.serialization import serialize_message
from social_nav_nodes.demo.observer import ObserverNode
from unique_identifier_msgs.msg import UUID

from fuzzing import samples
from fuzzing.bad_messages import as_received, spoiled
from fuzzing.choices import Choices
from fuzzing.outcomes import check_answer, watched
from social_nav_msgs.action import ApproachPerson
from social_nav_nodes import topics

if TYPE_CHECKING:
    from fuzzing.nodes import Bench

STEPS = (0.0, 0.01, 0.1, 0.4, 1.5, 5.0)  # time that passes after a message [s]
ACTIONS = {ApproachPerson: topics.APPROACH_PERSON, NavigateToPose: topics.NAVIGATE_TO_POSE}


class FakeGoalHandle:
    """What a node sees of a goal; feedback and result are checked."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.is_cancel_requested = False
        self._execution: Coroutine[Any, Any, Any] | None = None

    def execute(self, callback: Callable[[FakeGoalHandle], Coroutine[Any, Any, Any]]) -> None:
        """Go on until the node waits for something."""
        self._execution = callback(self)
        self.ended()

    def ended(self) -> bool:
        """Whether there is a result; goes on with what waited for one."""
        if self._execution is None:
            return True
        try:
            self._execution.send(None)
        except StopIteration as end:
            self._execution = None
            check_answer(end.value)
            serialize_message(end.value)
            return True
        return False

    def succeed(self) -> None:
        """Of a goal that nobody asks about."""

    abort = canceled = succeed

    def publish_feedback(self, feedback: Any) -> None:
        """As if it went over the wire."""
        check_answer(feedback)
        serialize_message(feedback)


def action_servers(node: Node) -> list[Any]:
    """Name, type and callbacks of the node's action servers."""
    return [
        SimpleNamespace(
            name=f"{ACTIONS[server._action_type]} (goal)",
            action=ACTIONS[server._action_type],
            action_type=server._action_type,
            goal_callback=server._goal_callback,
            accepted=server._handle_accepted_callback,
        )
        for server in node.waitables
        if isinstance(server, ActionServer)
    ]


def action_clients(node: Node) -> dict[str, Any]:
    """The node's action clients, by the names of their actions."""
    found = [it for it in node.waitables if isinstance(it, ActionClient)]
    return {ACTIONS[client._action_type]: client for client in found}


def goal_case(bench: Bench, action: str, data: bytes) -> list[str]:
    """One spoiled goal for an action."""
    choices = Choices(data)
    server = next(s for s in action_servers(bench.node) if s.name == action)
    step = choices.pick(STEPS)
    goal = samples.good_message(server.action_type.Goal, bench.now)
    spoiled(choices, goal)
    with watched(lambda: bench.grid):
        if choices.one_in(6):
            bench.tell_good()
        bench.ask(server, goal)
        bench.pass_time(step)
    return []


def answer_case(part: str, bench: Bench, action: str, data: bytes) -> list[str]:
    """One spoiled message that comes back on a goal, of a part of `PARTS`."""
    choices = Choices(data)
    step = choices.pick(STEPS)
    with watched(lambda: bench.grid):
        client = action_clients(bench.node)[action]
        if not PARTS[part](bench, client, choices):
            raise AssertionError(f"{bench.name} sent no goal to {action}")
        bench.pass_time(step)
    return []


def _response(bench: Bench, client: Any, choices: Choices) -> bool:
    request = _requested(bench, client)
    if request is None:
        return False
    response = client._action_type.Impl.SendGoalService.Response(accepted=not choices.one_in(3))
    _tell(client, "goal", response, choices, request)
    return True


def _feedback(bench: Bench, client: Any, choices: Choices) -> bool:
    goal_id = _accepted(bench, client)[1]
    if goal_id is None:
        return False
    message = client._action_type.Impl.FeedbackMessage(goal_id=goal_id)
    message.feedback = samples.good_message(client._action_type.Feedback, bench.now)
    _tell(client, "feedback", message, choices)
    return True


def _result(bench: Bench, client: Any, choices: Choices) -> bool:
    request, _ = _accepted(bench, client)
    if request is None:
        return False
    response = client._action_type.Impl.GetResultService.Response()
    response.status = choices.pick(STATES)
    response.result = samples.good_message(client._action_type.Result, bench.now)
    _tell(client, "result", response, choices, request)
    return True


def _status(bench: Bench, client: Any, choices: Choices) -> bool:
    goal_id = _accepted(bench, client)[1]
    if goal_id is None:
        return False
    states = [
        GoalStatus(goal_info=GoalInfo(goal_id=it), status=choices.pick(STATES))
        for it in (goal_id, UUID())
    ]
    _tell(client, "status", GoalStatusArray(status_list=states), choices)
    return True


def _cancelled(bench: Bench, client: Any, choices: Choices) -> bool:
    """Of a goal that the node took back; the first one that it accepted is the newest."""
    if not client._pending_cancel_requests:
        if _accepted(bench, client)[0] is None:
            return False
        for reference in client._goal_handles.values():
            if (handle := reference()) is not None:
                handle.cancel_goal_async()
    for request in list(client._pending_cancel_requests):
        response = samples.good_message(CancelGoal.Response, bench.now)
        _tell(client, "cancel", response, choices, request)
    return True


PARTS: dict[str, Callable[[Bench, Any, Choices], bool]] = {
    "response": _response,
    "feedback": _feedback,
    "result": _result,
    "status": _status,
    "cancelled": _cancelled,
}
STATES = tuple(range(7))  # of `GoalStatus`, of which others are made, too


def _tell(
    client: Any, key: str, message: Any, choices: Choices, request: int | None = None
) -> None:
    """Spoil a message, and let the client take it if it can be sent."""
    spoiled(choices, message)
    if (received := as_received(message)) is not None:
        _take(client, key, received, request)


def _take(client: Any, key: str, message: Any, request: int | None = None) -> None:
    taken = client.execute({key: message if request is None else (request, message)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what a callback raises is warned of only
        with contextlib.suppress(StopIteration):
            taken.send(None)
            raise AssertionError(f"{key}: the client waits for something else")


def _requested(bench: Bench, client: Any) -> int | None:
    """Number of the newest goal that waits for its response; lets the node send one."""
    waiting = client._pending_goal_requests
    if not waiting or _is_idle(bench):
        vars(client)["server_is_ready"] = lambda: True
        if isinstance(bench.node, ObserverNode):
            _let_observer_send(bench.node, bench.now)
        else:
            bench.tell_good()
    for number in sorted(waiting)[:-1]:
        del waiting[number]
    return next(iter(waiting), None)


def _is_idle(bench: Bench) -> bool:
    """Whether the node follows no goal any more."""
    return bench.node.finished if isinstance(bench.node, ObserverNode) else not bench.goals


def _let_observer_send(observer: ObserverNode, now: float) -> None:
    observer._sent, observer.finished = None, False
    observer._has_map = observer._has_costs = observer._has_people = True
    observer._try_to_send(samples.people(now))


def _accepted(bench: Bench, client: Any) -> tuple[int | None, UUID | None]:
    """Number of the newest request for a result, and its goal; lets the node get that far."""
    waiting = client._result_sequence_number_to_goal_id
    if _is_idle(bench):
        for kept in (waiting, client._pending_result_requests, client._feedback_callbacks):
            kept.clear()
    if not waiting:
        if (request := _requested(bench, client)) is None:
            return None, None
        response = client._action_type.Impl.SendGoalService.Response(accepted=True)
        _take(client, "goal", response, request)
    newest = max(waiting, default=None)
    return (None, None) if newest is None else (newest, waiting[newest])

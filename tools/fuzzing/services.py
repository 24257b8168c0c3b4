"""Entry points of services: every request that a node answers, and an answer that it waits for.

Those of the nodes themselves (parameters, type descriptions, frames) are called in process.  Those
of an action (goal, cancellation, result) go through the middleware inside of this process, since
rclpy's action server takes nothing else.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import rclpy
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionServer
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.serialization import serialize_message
from rclpy.task import Future
from social_nav_nodes.trial_node import TrialNode

from fuzzing import samples
from fuzzing.bad_messages import as_received, spoiled
from fuzzing.choices import Choices
from fuzzing.nodes import STEPS, Bench
from fuzzing.outcomes import check_answer, watched
from social_nav_nodes import trial_node

STATES = "bt_navigator/get_state"  # whose answer `trial` waits for
PATIENCE = 5.0  # for an answer [s]
GOALS = 4  # newest ones that requests are about


def service_case(bench: Bench, data: bytes) -> None:
    """A spoiled request to one of the node's services, and the answer."""
    choices = Choices(data)
    services: list[Any] = list(bench.node.services)
    service = choices.pick(services)
    request = samples.good_message(service.srv_type.Request, 0.0)
    known = ["use_sim_time", "", "nobody", *bench.node._parameters]
    names = [choices.pick(known) for _ in range(1 + choices.below(3))]
    if hasattr(request, "parameters"):
        request.parameters = [
            ParameterMessage(name=name, value=_any_value(choices)) for name in names
        ]
    elif hasattr(request, "names"):
        request.names = names
    spoiled(choices, request)
    if (request := as_received(request)) is None:
        return
    answer = service.callback(request, service.srv_type.Response())
    serialize_message(answer)
    if service.srv_type is SetParameters and len(answer.results) != len(request.parameters):
        raise AssertionError(f"{len(request.parameters)} parameters, answer {answer}")


def _any_value(choices: Choices) -> ParameterValue:
    """Of a type that is one, or not, and which may have another value than its type says."""
    kinds = [kind.value for kind in Parameter.Type]
    return ParameterValue(
        type=choices.below(256) if choices.one_in(3) else choices.pick(kinds),
        bool_value=choices.one_in(2),
        integer_value=choices.whole(),
        double_value=choices.real(),
        string_value=choices.text().encode("utf-8", "replace").decode(),
        string_array_value=["a"] * choices.below(3),
    )


class ActionAsker:
    """Asks a node's action server over the middleware.

    Args:
        bench: the node.
        action: name of its action.
    """

    def __init__(self, bench: Bench, action: str) -> None:
        self._bench = bench
        self._node = rclpy.create_node("asker", context=bench.context, use_global_arguments=False)
        self._executor = SingleThreadedExecutor(context=bench.context)
        for node in (bench.node, self._node):
            self._executor.add_node(node)
        (server,) = (s for s in bench.node.waitables if isinstance(s, ActionServer))
        parts = server._action_type.Impl
        services = (parts.SendGoalService, parts.CancelGoalService, parts.GetResultService)
        names = ("send_goal", "cancel_goal", "get_result")
        self._clients: list[Any] = [
            self._node.create_client(kind, f"{action}/_action/{name}")
            for kind, name in zip(services, names, strict=True)
        ]
        for client in self._clients:
            client.wait_for_service(PATIENCE)
        self._open: list[Future] = []
        self._goals = 0

    def close(self) -> None:
        """End the one who asks."""
        self._executor.shutdown()
        self._node.destroy_node()

    def case(self, data: bytes) -> None:
        """A spoiled request, which must be answered; a result when the goal has ended."""
        choices = Choices(data)
        step = choices.pick(STEPS)
        client = choices.pick(self._clients)
        request = samples.good_message(client.srv_type.Request, self._bench.now)
        info = getattr(request, "goal_info", request)
        if hasattr(request, "goal") and not choices.one_in(4):
            self._goals += 1
            number = self._goals
        else:
            number = max(self._goals - choices.below(GOALS), 0)
        info.goal_id.uuid = list(number.to_bytes(16, "little"))
        spoiled(choices, request)
        with watched(lambda: self._bench.grid):
            if choices.one_in(6):
                self._bench.tell_good()
            try:
                answer = client.call_async(request)
            except (ValueError, OverflowError, UnicodeEncodeError, TypeError):
                return
            if hasattr(client.srv_type.Response(), "result"):
                self._open.append(answer)
                self._spin(None)
            else:
                self._spin(answer)
            self._bench.pass_time(step)
            self._look_at_results()

    def _spin(self, answer: Future | None) -> None:
        """Until there is an answer; without one to wait for, a little."""
        end = time.monotonic() + PATIENCE
        for _ in range(3):
            self._executor.spin_once(timeout_sec=0.0)
        while answer is not None and not answer.done():
            self._executor.spin_once(timeout_sec=0.1)
            if time.monotonic() > end:
                raise AssertionError(f"no answer for {PATIENCE:g} s")

    def _look_at_results(self) -> None:
        for answer in [it for it in self._open if it.done()]:
            check_answer(answer.result().result)
            self._open.remove(answer)
        if len(self._open) > 100:
            self._open.clear()


def state_case(bench: Bench, data: bytes) -> None:
    """A spoiled answer to the question whether Nav2 is active."""
    choices = Choices(data)
    response = GetState.Response()
    response.current_state = State(id=choices.below(8), label="active")
    spoiled(choices, response)
    if (response := as_received(response)) is None:
        return
    assert isinstance(bench.node, TrialNode)
    answer = Future()
    answer.set_result(None if choices.one_in(8) else response)
    asked = SimpleNamespace(wait_for_service=lambda _: True, call_async=lambda _: answer)
    with _asked_once(), _exchanged(bench.node, "_states", asked):
        active = bench.node.nav2_is_active(1.0)
    told = answer.result()
    if active != (told is not None and told.current_state.id == State.PRIMARY_STATE_ACTIVE):
        raise AssertionError(f"{told} was taken for {active}")


@contextlib.contextmanager
def _exchanged(holder: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(holder, name)
    setattr(holder, name, value)
    try:
        yield
    finally:
        setattr(holder, name, before)


@contextlib.contextmanager
def _asked_once() -> Iterator[None]:
    """`trial` waits for nothing, and has no time for a second question."""
    spins = {"spin_until_future_complete": _do_nothing, "spin_once": _do_nothing}
    times = iter((0.0, 0.0, 2.0))
    with (
        _exchanged(trial_node, "rclpy", SimpleNamespace(**spins)),
        _exchanged(trial_node, "time", SimpleNamespace(monotonic=lambda: next(times))),
    ):
        yield


def _do_nothing(*_: object, **__: object) -> None:
    """In place of spinning."""

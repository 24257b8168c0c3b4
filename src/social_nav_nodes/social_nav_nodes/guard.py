"""Refuses, for every node, what rclpy itself takes: there one bad message would end the node.

rclpy makes a time of whatever comes on /clock, and asks each parameter that somebody sets for one
of the types that it knows; it raises a ValueError in the executor when there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from social_nav_core.input_files import one_line

from social_nav_nodes.stamps import stamp_defect
from social_nav_nodes.throttled_log import ThrottledLog

Answer = Callable[[Any, Any], Any]
Guard = Callable[[Answer, ThrottledLog, Any, Any], Any]
MOST = 1000  # parameters, names or prefixes of one request; no node has so many
TYPES = frozenset(kind.value for kind in Parameter.Type)


def guard(node: Node, reports: ThrottledLog) -> None:
    """Refuse bad clocks and bad requests about parameters, from now on.

    Args:
        node: of the suite, or any other.
        reports: what is refused.
    """
    _guard_clock(node, reports)
    for service in node.services:
        if service.srv_type in GUARDS:
            service.callback = partial(GUARDS[service.srv_type], service.callback, reports)


def _guard_clock(node: Node, reports: ThrottledLog) -> None:
    source = node._time_source
    take = source.clock_callback

    def take_if_it_can_be(message: Clock) -> None:
        if defect := stamp_defect(message.clock):
            reports.warning("bad clock", f"a message on '/clock' is left out: {defect}")
        else:
            take(message)

    # Of subscriptions to come, too: use_sim_time can be set.
    vars(source)["clock_callback"] = take_if_it_can_be
    for subscription in node.subscriptions:
        if subscription.callback == take:
            subscription.callback = take_if_it_can_be


def _set_each(answer: Answer, reports: ThrottledLog, request: Any, response: Any) -> Any:
    """Refuse those parameters that cannot be set, and set the others."""
    too_many = _too_many(request.parameters, reports)
    for item in request.parameters:
        if defect := too_many or _defect(item, reports):
            response.results.append(SetParametersResult(successful=False, reason=defect))
        else:
            answer(SetParameters.Request(parameters=[item]), response)
    return response


def _set_all(answer: Answer, reports: ThrottledLog, request: Any, response: Any) -> Any:
    """Refuse all parameters when one of them cannot be set."""
    defects = [_too_many(request.parameters, reports)]
    defects += [] if defects[0] else [_defect(item, reports) for item in request.parameters]
    if not any(defects):
        return answer(request, response)
    reason = next(defect for defect in defects if defect)
    response.result = SetParametersResult(successful=False, reason=reason)
    return response


def _tell(answer: Answer, reports: ThrottledLog, request: Any, response: Any) -> Any:
    """Answer a question about named parameters; nothing when there are too many."""
    return response if _too_many(request.names, reports) else answer(request, response)


def _list(answer: Answer, reports: ThrottledLog, request: Any, response: Any) -> Any:
    return response if _too_many(request.prefixes, reports) else answer(request, response)


def _too_many(items: list[Any], reports: ThrottledLog) -> str:
    if len(items) <= MOST:
        return ""
    defect = f"a request about {len(items)} parameters is refused, expected at most {MOST}"
    reports.warning("parameters", defect)
    return defect


def _defect(item: ParameterMessage, reports: ThrottledLog) -> str:
    if item.value.type in TYPES:
        return ""
    defect = (
        f"the parameter {one_line(item.name)} is not set: its type is {item.value.type}, expected "
        f"{min(TYPES)} to {max(TYPES)}"
    )
    reports.warning("parameters", defect)
    return defect


GUARDS: dict[type, Guard] = {
    SetParameters: _set_each,
    SetParametersAtomically: _set_all,
    GetParameters: _tell,
    GetParameterTypes: _tell,
    DescribeParameters: _tell,
    ListParameters: _list,
}

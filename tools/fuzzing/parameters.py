"""Entry points of the parameters: every parameter of every node, with values that are nearly good.

They are given at the node's start, or asked for and set by requests to its parameter services.
What a node accepts must also work: costs of accepted zones stay within 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message, serialize_message
from social_nav_core.parameters import specs
from social_nav_core.people import Person
from social_nav_core.proxemics.field import social_field
from social_nav_core.proxemics.model import shipped_model
from social_nav_core.proxemics.zone import SocialZoneParameters
from social_nav_nodes.conversions import people_from
from social_nav_nodes.parameters import read_parameters

from fuzzing import samples
from fuzzing.bad_messages import spoiled
from fuzzing.choices import Choices

VALUES: tuple[Any, ...] = (
    *(True, False, 0, 1, -1, 2**31, -(2**63), 2**63 - 1, "", "max", "sum", "x" * 3000, "\x00"),
    *([1, 2], [1.5], ["a"], [True], b"x"),
)
SERVICES = (
    *("SetParameters", "SetParametersAtomically", "GetParameters", "GetParameterTypes"),
    *("DescribeParameters", "ListParameters"),
)


class ParameterBench:
    """A node whose parameters are declared and forgotten, case by case.

    Args:
        node: that reads them.
        groups: prefix -> dataclass, as the node's class has them.
    """

    def __init__(self, node: Node, groups: Mapping[str, type[Any]]) -> None:
        self._node = node
        self._groups = groups
        services: list[Any] = list(node.services)
        self._services = [s for s in services if s.srv_type.__name__ in SERVICES]
        self._names = ["use_sim_time", "", "nobody", *node._parameters]
        self._people: list[Person] = people_from(samples.people(0.0)).people

    def case(self, data: bytes) -> None:
        """Some parameters of one group, given at the start; or a request while the node runs."""
        choices = Choices(data)
        if choices.one_in(3):
            self._request(choices)
            return
        prefix = choices.pick(list(self._groups))
        known = list(specs(self._groups[prefix]))
        given: dict[str, Any] = {}
        for _ in range(1 + choices.below(3)):
            spec = choices.pick(known)
            name = f"{prefix}.{spec.name}" if prefix else spec.name
            given[name if not choices.one_in(12) else choices.text()] = _value(choices, spec)
        try:
            overrides = {name: Parameter(name, value=value) for name, value in given.items()}
        except (TypeError, ValueError, OverflowError):
            return  # no such parameter can be sent
        self._read(prefix, overrides)

    def _request(self, choices: Choices) -> None:
        """A spoiled request to one of the node's parameter services, and the answer."""
        service = choices.pick(self._services)
        request = samples.good_message(service.srv_type.Request, 0.0)
        names = [choices.pick(self._names) for _ in range(1 + choices.below(3))]
        if hasattr(request, "parameters"):
            request.parameters = [
                ParameterMessage(name=name, value=_any_value(choices)) for name in names
            ]
        elif hasattr(request, "names"):
            request.names = names
        spoiled(choices, request)
        try:
            wire = serialize_message(request)
        except (ValueError, OverflowError, UnicodeEncodeError, TypeError):
            return  # no such request can be sent
        request = deserialize_message(wire, service.srv_type.Request)
        answer = service.callback(request, service.srv_type.Response())
        serialize_message(answer)
        if service.srv_type is SetParameters and len(answer.results) != len(request.parameters):
            raise AssertionError(f"{len(request.parameters)} parameters, answer {answer}")

    def _read(self, prefix: str, overrides: dict[str, Parameter]) -> None:
        """As if the node started anew."""
        for spec in specs(self._groups[prefix]):
            name = f"{prefix}.{spec.name}" if prefix else spec.name
            if self._node.has_parameter(name):
                self._node._descriptors[name].read_only = False
                self._node.undeclare_parameter(name)
        self._node._parameter_overrides = overrides
        read = read_parameters(self._node, {prefix: self._groups[prefix]})[prefix]
        for spec in specs(read):
            spec.check(getattr(read, spec.name))
        if isinstance(read, SocialZoneParameters):
            _check_field(self._people, read)


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


def _value(choices: Choices, spec: Any) -> Any:
    kind = choices.below(5)
    if kind == 0:
        return choices.pick(VALUES)
    if kind == 1:
        return choices.real()
    if kind == 2:
        return choices.whole()
    if spec.choices:
        return choices.pick((*spec.choices, "max "))
    if spec.low is None:
        return choices.text() if isinstance(spec.default, str) else choices.pick((True, False))
    span = (spec.low, spec.high, np.nextafter(spec.high, np.inf), 0.5 * (spec.low + spec.high))
    value = choices.pick(span)
    return int(value) if isinstance(spec.default, int) else float(value)


def _check_field(people: list[Person], zones: SocialZoneParameters) -> None:
    field = social_field(people, shipped_model(), samples.GRID, zones)
    if not (field.min() >= 0.0 and field.max() <= 1.0):
        raise AssertionError(f"costs from {field.min()} to {field.max()} with {zones}")

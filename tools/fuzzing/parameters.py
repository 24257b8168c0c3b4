"""Entry points of the parameters: every parameter of every node, with values that are nearly good.

They are given at the node's start; the parameter services are in `fuzzing.services`.  What a node
accepts must also work: costs of accepted zones stay within 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.parameter import Parameter
from social_nav_core.parameters import specs
from social_nav_core.people import Person
from social_nav_core.proxemics.field import social_field
from social_nav_core.proxemics.model import shipped_model
from social_nav_core.proxemics.zone import SocialZoneParameters
from social_nav_nodes.conversions import people_from
from social_nav_nodes.parameters import read_parameters

from fuzzing import samples
from fuzzing.choices import Choices

VALUES: tuple[Any, ...] = (
    *(True, False, 0, 1, -1, 2**31, -(2**63), 2**63 - 1, "", "max", "sum", "x" * 3000, "\x00"),
    *([1, 2], [1.5], ["a"], [True], b"x"),
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
        self._people: list[Person] = people_from(samples.people(0.0)).people

    def case(self, data: bytes) -> None:
        """Some parameters of one group, given at the start."""
        choices = Choices(data)
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

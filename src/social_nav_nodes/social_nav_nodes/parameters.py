"""ROS parameters from the core's parameter dataclasses: declared, checked and read in one call.

A parameter keeps the value that the node was started with; a bad or unknown one stops the node.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter
from social_nav_core.input_files import one_line, shown
from social_nav_core.parameters import ParameterError, ParameterSpec, specs

Parameters = TypeVar("Parameters")
OTHERS = ("use_sim_time", "start_type_description_service")


def read_parameters(node: Node, groups: Mapping[str, type[Any]]) -> dict[str, Any]:
    """Declare and read all parameters of a node.

    Args:
        node: whose parameters they are.
        groups: prefix -> dataclass; the parameters of the dataclass with the prefix "" have no
            prefix, the others are called ``prefix.name``.

    Returns:
        The prefix -> an instance of its dataclass.

    Raises:
        ParameterError: names the node and the parameter, what it is and what is allowed.
    """
    known = [_full(prefix, spec.name) for prefix, group in groups.items() for spec in specs(group)]
    for name in node._parameter_overrides:
        if name not in (*known, *OTHERS) and not name.startswith("qos_overrides."):
            likely = get_close_matches(name, known, n=1, cutoff=0.0)
            raise ParameterError(
                f"{node.get_name()}: unknown parameter {one_line(name)}, did you mean {likely[0]}?"
            )
    return {prefix: _read_group(node, prefix, group) for prefix, group in groups.items()}


def _full(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _read_group(node: Node, prefix: str, group: type[Parameters]) -> Parameters:
    values = {}
    for spec in specs(group):
        values[spec.name] = _read(node, _full(prefix, spec.name), spec)
    try:
        return group(**values)
    except ParameterError as error:
        where = f"{node.get_name()}: {prefix}." if prefix else f"{node.get_name()}: "
        raise ParameterError(f"{where}{error}") from error


def _read(node: Node, name: str, spec: ParameterSpec) -> Any:
    given = spec.default
    if name in node._parameter_overrides:
        given = node._parameter_overrides[name].value
        if type(given) is int and isinstance(spec.default, float):
            given = float(given)
            node._parameter_overrides[name] = Parameter(name, value=given)
    try:
        spec.check(given)
        return node.declare_parameter(name, spec.default, _descriptor(spec)).value
    except ParameterError as error:
        raise ParameterError(f"{node.get_name()}: {_prefixed(name, spec, error)}") from error
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        raise ParameterError(
            f"{node.get_name()}: {name} is {shown(given)}, expected {spec.allowed}"
        ) from error


def _prefixed(name: str, spec: ParameterSpec, error: ParameterError) -> str:
    return str(error).replace(spec.name, name, 1)


def _descriptor(spec: ParameterSpec) -> ParameterDescriptor:
    about = ParameterDescriptor(
        description=f"{spec.meaning} [{spec.unit}]" if spec.unit else spec.meaning,
        additional_constraints=spec.allowed,
        read_only=True,
    )
    if spec.low is not None and spec.high is not None:
        if isinstance(spec.default, float):
            about.floating_point_range = [
                FloatingPointRange(from_value=float(spec.low), to_value=float(spec.high))
            ]
        else:
            about.integer_range = [IntegerRange(from_value=int(spec.low), to_value=int(spec.high))]
    return about

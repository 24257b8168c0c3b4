"""Parameters written once: a frozen dataclass holds default, unit, bounds and meaning of each.

    @dataclass(frozen=True)
    class CostmapParameters:
        timeout: float = parameter(2.0, "s", "people older than this are dropped", 0.0, 60.0)

The nodes declare their ROS parameters from it, the YAML files are tested against it, and
`check` guards every use that does not come through a node.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from social_nav_core.input_files import shown


class ParameterError(ValueError):
    """A parameter has a value that it must not have; the message says what is allowed."""


@dataclass(frozen=True)
class ParameterSpec:
    """What is known of one parameter; ``low`` and ``high`` are inclusive."""

    name: str
    default: Any
    unit: str
    meaning: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.low is None:
            return f"a {type(self.default).__name__}"
        return f"{self.low:g} to {self.high:g} {self.unit}".rstrip()

    def check(self, value: Any) -> None:
        """Raise `ParameterError` if the value has the wrong type or is out of bounds."""
        wanted = type(self.default)
        if wanted is float and type(value) is int:
            value = float(value)
        bad = type(value) is not wanted
        bad = bad or (bool(self.choices) and value not in self.choices)
        if not bad and self.low is not None and self.high is not None:
            bad = not (math.isfinite(value) and self.low <= value <= self.high)
        if bad:
            raise ParameterError(f"{self.name} is {shown(value)}, expected {self.allowed}")


def parameter(
    default: Any,
    unit: str,
    meaning: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Field of a parameter dataclass; numbers need ``low`` and ``high``, names may need choices."""
    if isinstance(default, (int, float)) and not isinstance(default, bool) and None in (low, high):
        raise TypeError(f"parameter '{meaning}' is a number and needs a low and a high bound")
    about = {"unit": unit, "meaning": meaning, "low": low, "high": high, "choices": choices}
    return dataclasses.field(default=default, metadata=about)


def specs(parameters: Any) -> Iterator[ParameterSpec]:
    """The parameters of a dataclass (or an instance of one), in the order written."""
    for item in dataclasses.fields(parameters):
        yield ParameterSpec(name=item.name, default=item.default, **item.metadata)


def check(parameters: Any) -> None:
    """Raise `ParameterError` for the first parameter of an instance that is out of bounds."""
    for spec in specs(parameters):
        spec.check(getattr(parameters, spec.name))

"""Strict reading of the YAML files of rooms and scenes; errors name the file and the field."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from social_nav_core.input_files import FileError, one_line, read_yaml, shown

_NAME = re.compile(r"(?!.*--)[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")


class SceneError(ValueError):
    """A room or scene file is wrong; the message names file, field, value and what is expected."""


class Fields:
    """A mapping of a YAML file whose values are taken one by one, checked, and must all be used."""

    def __init__(self, values: Any, where: str, file: Path) -> None:
        self.file = file
        self.where = where
        if not isinstance(values, dict):
            raise self.error("", shown(values), "a mapping of names to values")
        self._values = dict(values)
        self._known: list[str] = []

    @classmethod
    def of_file(cls, path: Path) -> Fields:
        """The top-level mapping of a file of ``format: 1``."""
        try:
            values = read_yaml(path)
        except OSError as error:
            raise SceneError(f"{path}: cannot be read ({error.strerror})") from error
        except FileError as error:
            raise SceneError(str(error)) from error
        fields = cls(values, "", path)
        if fields.integer("format") != 1:
            raise fields.error("format", shown(values["format"]), "1")
        return fields

    def error(self, name: str, got: str, expected: str) -> SceneError:
        """The error to raise for a field of this mapping."""
        field = ".".join(part for part in (self.where, name) if part) or "the file's content"
        return SceneError(f"{self.file}: {field} is {got}, expected {expected}")

    def has(self, name: str) -> bool:
        """Whether the mapping has a value with this name."""
        self._known.append(name)
        return name in self._values

    def take(self, name: str, expected: str) -> Any:
        """A value of any type, which must be there."""
        if not self.has(name):
            raise self.error(name, "missing", expected)
        return self._values.pop(name)

    def number(self, name: str, unit: str, low: float, high: float) -> float:
        """A finite number between low and high, both included."""
        expected = f"a number from {low:g} to {high:g} {unit}"
        value = self.take(name, expected)
        if not _is_number(value) or not low <= value <= high:
            raise self.error(name, shown(value), expected)
        return float(value)

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self.take(name, "a whole number")
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(name, shown(value), "a whole number")
        return value

    def numbers(self, name: str, count: int, unit: str) -> tuple[float, ...]:
        """A list of finite numbers of a given length."""
        expected = f"a list of {count} finite numbers [{unit}]"
        value = self.take(name, expected)
        good = isinstance(value, list) and len(value) == count and all(map(_is_number, value))
        if not good:
            raise self.error(name, shown(value), expected)
        return tuple(float(item) for item in value)

    def pose(self, name: str) -> tuple[float, float, float]:
        """A pose [x, y, yaw] [m, m, rad]."""
        x, y, yaw = self.numbers(name, 3, "m, m, rad")
        return x, y, yaw

    def point(self, name: str) -> tuple[float, float]:
        """A point or size [x, y] [m]."""
        x, y = self.numbers(name, 2, "m")
        return x, y

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self.take(name, "a text")
        if not isinstance(value, str) or not value:
            raise self.error(name, shown(value), "a text that is not empty")
        return value

    def label(self, name: str) -> str:
        """A name that may be part of a file's name, of XML, also of its comments, and of YAML."""
        expected = "1 to 100 letters, digits, _, '.', '-' and blanks, of ASCII; without '--', and"
        expected += " with a letter, digit or _ in front"
        value = self.take(name, expected)
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise self.error(name, shown(value), expected)
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of some names."""
        expected = "one of " + ", ".join(choices)
        value = self.take(name, expected)
        if value not in choices:
            raise self.error(name, shown(value), expected)
        return str(value)

    def flag(self, name: str) -> bool:
        """true or false; false when it is not there."""
        value = self.take(name, "true or false") if self.has(name) else False
        if not isinstance(value, bool):
            raise self.error(name, shown(value), "true or false")
        return value

    def items(self, name: str) -> Iterator[Fields]:
        """The mappings of a list; none when it is not there."""
        values = self.take(name, "a list") if self.has(name) else []
        if not isinstance(values, list):
            raise self.error(name, shown(values), "a list")
        for index, value in enumerate(values):
            where = ".".join(part for part in (self.where, f"{name}[{index}]") if part)
            yield Fields(value, where, self.file)

    def finish(self) -> None:
        """Raise when the mapping has a name that nobody asked for, such as a misspelled one."""
        for name in self._values:
            known = ", ".join(sorted(set(self._known)))
            told = one_line(name) if str(name).strip() else shown(name)
            raise self.error(told, "not a known field", f"one of {known}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)

"""Qualities of service of a recording's topics, checked before the package rosbags reads them.

They are YAML in a text, for every publisher.  The parser that rosbags gives it to takes 10 to 50 µs
for each value, and minutes for 300 bytes that merge each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from social_nav_core.input_files import FileError, parse_yaml
from social_nav_core.recordings.errors import LimitError

KEY = "offered_qos_profiles"
MOST_VALUES = 15_000
"""Of all publishers in one file, who have 31 values each; rosbags needs 1 s for so many."""

_OF_TEXT = 4  # values that a text takes as long as


class Profiles:
    """Those of one file."""

    def __init__(self) -> None:
        self._values = 0

    def check(self, told: str) -> None:
        """Raise `LimitError` when a text is no plain YAML, or all texts have too many values."""
        if not told:
            return
        try:
            self._values += _OF_TEXT + _values(parse_yaml(told, ""))
        except FileError as error:
            raise LimitError(f"its {KEY} {error.reason}") from error
        if self._values > MOST_VALUES:
            raise LimitError(
                f"its {KEY} have more than {MOST_VALUES} values; record fewer topics, or in "
                "shorter files"
            )


def profiles_in(content: Any) -> Iterator[str]:
    """The texts of them in a folder's metadata."""
    if isinstance(content, dict):
        if isinstance(told := content.get(KEY), str):
            yield told
        content = list(content.values())
    for value in content if isinstance(content, list) else ():
        yield from profiles_in(value)


def _values(content: Any) -> int:
    if isinstance(content, dict):
        return 1 + sum(1 + _values(value) for value in content.values())
    return 1 + (sum(map(_values, content)) if isinstance(content, list) else 0)

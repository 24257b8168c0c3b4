"""Bytes as a stream of choices, so that any fuzzer that makes bytes makes structured cases."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, float("nan"), float("inf"), float("-inf"), 5e-324, -5e-324),
    *(2.2e-308, 1e-30, 1e-9, 1e9, 1e18, 1e30, 1.7e308, -1.7e308, 3.4e38, 1e7, 100.0, -100.0),
    *(3.141592653589793, -3.141592653589793, 2.0**31, 2.0**63, 2.0**64),
)
TEXTS = (
    *("", "anna", "map", "odom", "base_footprint", "/map", "robot", "ben", " ", "x" * 5000),
    *("\n", "\x00", "\x1b[31m", "ä漢🙂", "../..", "%s%n", "nan", "null", "1e999", "'\"", "~"),
)


class Choices:
    """Reads choices off bytes; where the bytes end every choice is the first one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that are not used yet."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """Some bytes, filled up with zeros."""
        found = self._data[self._at : self._at + count]
        self._at += len(found)
        return found.ljust(count, b"\x00")

    def below(self, bound: int) -> int:
        """A whole number from 0 up, below a bound."""
        if bound <= 1:
            return 0
        return int.from_bytes(self.take(1 if bound <= 256 else 4), "little") % bound

    def pick(self, items: Sequence[Item]) -> Item:
        """One of some items."""
        return items[self.below(len(items))]

    def one_in(self, count: int) -> bool:
        """True about once in so many times; false where the bytes end."""
        return self.left > 0 and self.below(count) == count - 1

    def real(self) -> float:
        """A float: a usual one, one of `FLOATS`, or any 64 bits."""
        kind = self.below(4)
        if kind == 0:
            return round(10.0 * (self.below(65536) / 32768.0 - 1.0), 3)
        if kind == 3:
            return float(struct.unpack("<d", self.take(8))[0])
        return self.pick(FLOATS)

    def whole(self) -> int:
        """A whole number, of up to 64 bits."""
        kind = self.below(3)
        if kind == 0:
            return self.below(256) - 128
        if kind == 1:
            return self.pick((0, 1, -1, 2**7, 2**15, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1))
        return int.from_bytes(self.take(8), "little", signed=True)

    def text(self) -> str:
        """A text."""
        if self.below(2) == 0:
            return self.pick(TEXTS)
        return self.take(self.below(24)).decode("utf-8", errors="replace")

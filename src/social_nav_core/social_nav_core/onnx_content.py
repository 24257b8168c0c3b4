"""What an ONNX file holds, read without the onnx package: its weights, and what makes it hostile.

ONNX is a protocol buffer (https://onnx.ai/onnx/repo-docs/IR.html); a weight can be an initialiser,
or the attribute of a node, also in a graph that is itself an attribute.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_FIELDS = 1_000_000  # of all messages in one file
DEEPEST = 12  # messages in each other
_PARTS: dict[str, dict[int, str]] = {  # field numbers in onnx.proto3, of what can hold a weight
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
}
_OPERATOR = 4  # of a node
_ENDLESS = (b"Loop", b"Scan")
_DIMS, _TYPE, _FLOATS, _NAME, _RAW, _DOUBLES, _ELSEWHERE, _PLACE = 1, 2, 4, 8, 9, 10, 13, 14
_RAW_TYPES = {1: "<f4", 10: "<f2", 11: "<f8", 16: "<u2"}  # of field 9, by data type; 16 is bfloat16
Value = int | memoryview
Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Weight:
    """One tensor of floats, as a flat list of its values."""

    name: str
    values: Values


def float_weights(content: bytes) -> Iterator[Weight]:
    """All weights that are floats.

    Raises:
        ValueError: the content is no protocol buffer, or hostile: a weight whose shape is of more
            values than it has, that is sparse or lies in another file; a loop, which may not end;
            or more than `MOST_FIELDS` fields.
    """
    return _Reader().weights(memoryview(content), "model", 0)


class _Reader:
    def __init__(self) -> None:
        self._left = MOST_FIELDS

    def weights(self, message: memoryview, kind: str, depth: int) -> Iterator[Weight]:
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} graphs and nodes in each other")
        parts = _PARTS[kind]
        for number, value in self._fields(message):
            if kind == "node" and number == _OPERATOR and not isinstance(value, int):
                if bytes(value) in _ENDLESS:
                    raise ValueError(f"has the operator {bytes(value).decode()}, expected no loops")
            elif number in parts and not isinstance(value, int):
                if parts[number] == "sparse":
                    raise ValueError("has a sparse weight, expected dense ones")
                if parts[number] == "tensor":
                    yield from self._tensor(value)
                else:
                    yield from self.weights(value, parts[number], depth + 1)

    def _tensor(self, message: memoryview) -> Iterator[Weight]:
        sizes: list[int] = []
        kind, name, raw, told = 0, "", b"", bytearray()
        for number, value in self._fields(message):
            if number == _DIMS:
                sizes += [value] if isinstance(value, int) else self._numbers(value)
            elif number == _TYPE and isinstance(value, int):
                kind = value
            elif number == _ELSEWHERE or (number == _PLACE and value):
                raise ValueError(f"weight '{name[:80]}' lies in another file, expected it in this")
            elif number == _NAME and not isinstance(value, int):
                name = bytes(value).decode(errors="replace")
            elif number == _RAW and not isinstance(value, int):
                raw = value.tobytes()
            elif number in (_FLOATS, _DOUBLES) and not isinstance(value, int):
                told += value
        _check_sizes(name, sizes, len(message))
        if kind in _RAW_TYPES:
            yield Weight(name, _floats(raw, kind))
            yield Weight(name, _floats(bytes(told), kind))

    def _fields(self, message: memoryview) -> Iterator[tuple[int, Value]]:
        """Numbers and contents of a message's fields."""
        place = 0
        while place < len(message):
            self._count()
            key, place = _varint(message, place)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, place = _varint(message, place)
                yield number, value
                continue
            if wire == 2:
                size, place = _varint(message, place)
            elif wire in (1, 5):
                size = 8 if wire == 1 else 4
            else:
                raise ValueError(f"field {number} has the wire type {wire}")
            if place + size > len(message):
                raise ValueError(f"field {number} is {size} bytes long and the message ends before")
            yield number, message[place : place + size]
            place += size

    def _numbers(self, message: memoryview) -> Iterator[int]:
        place = 0
        while place < len(message):
            self._count()
            value, place = _varint(message, place)
            yield value

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"more than {MOST_FIELDS} fields")


def _check_sizes(name: str, sizes: list[int], held: int) -> None:
    """Two values fit into a byte at most; a negative size reads as one of 2^63 or more."""
    if 0 not in sizes and math.prod(sizes[:64]) > 2 * held:
        shape = ", ".join(str(size) for size in sizes[:6]) + ", ..." * (len(sizes) > 6)
        raise ValueError(
            f"weight '{name[:80]}' claims the shape ({shape}), and has {held} bytes of values"
        )


def _floats(data: bytes, kind: int) -> Values:
    dtype = np.dtype(_RAW_TYPES[kind])
    values = np.frombuffer(data, dtype, len(data) // dtype.itemsize)
    if kind == 16:
        return (values.astype("<u4") << 16).view("<f4")
    return values


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message) and shift < 64:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
    raise ValueError(f"no number at byte {place}")

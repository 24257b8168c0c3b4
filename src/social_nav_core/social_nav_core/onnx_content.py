"""What an ONNX file holds, read without the onnx package: its weights, and what makes it hostile.

ONNX is a protocol buffer (https://onnx.ai/onnx/repo-docs/IR.html); a weight can be an initialiser,
or the attribute of a node, also in a graph that is itself an attribute.  ONNX Runtime puts a
file's functions in place of the nodes that name them, and these may name functions again: a
thousand bytes become more nodes than any computer holds.  Its work on a graph before that is run
grows with the square of the number of nodes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_FIELDS = 100_000
"""Of all messages in one file, those of a node twice, as they are read.  HRNet-W64 has 45,000."""
MOST = {"node": 4000, "weight": 4000, "input": 100, "output": 100, "value": 20_000}
"""Of each in one file, in all of its graphs."""
DEEPEST = 12  # messages in each other
_IN_ATTRIBUTES = {5: "weight", 10: "weight", 22: "sparse", 23: "sparse"}
_PARTS: dict[str, dict[int, str]] = {  # field numbers in onnx.proto3
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "weight", 11: "input", 12: "output", 13: "value", 15: "sparse"},
    "node": {5: "attribute"},
    "If": {5: "branches"},
    "attribute": {**_IN_ATTRIBUTES, 6: "body", 11: "body"},
    "branches": {**_IN_ATTRIBUTES, 6: "graph", 11: "graph"},
}
_REFUSED = {
    "body": "a node with a graph, expected that If alone has graphs",
    "function": "functions of its own, expected operators alone; export it without functions",
    "sparse": "a sparse weight, expected dense ones",
    "training": "training information, expected none; export it for inference",
}
_OPERATOR = 4  # of a node
_ENDLESS = {b"Loop", b"Scan"}
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
            functions; more of something than `MOST`, or more than `MOST_FIELDS` fields.
    """
    return _Reader().weights(memoryview(content), "model", 0)


class _Reader:
    def __init__(self) -> None:
        self._left = MOST_FIELDS
        self._seen = dict.fromkeys(MOST, 0)

    def weights(self, message: memoryview, kind: str, depth: int) -> Iterator[Weight]:
        if depth > DEEPEST:
            raise ValueError(f"it has more than {DEEPEST} graphs and nodes in each other")
        parts = _PARTS[self._kind_of_node(message) if kind == "node" else kind]
        for number, value in self._fields(message):
            if number not in parts or isinstance(value, int):
                continue
            part = parts[number]
            self._count(part)
            if part == "weight":
                yield from self._tensor(value)
            elif part in _PARTS:
                yield from self.weights(value, part, depth + 1)

    def _kind_of_node(self, message: memoryview) -> str:
        """'If', or 'node' for all others."""
        operators = (value for number, value in self._fields(message) if number == _OPERATOR)
        told = {bytes(value) for value in operators if not isinstance(value, int)}
        for endless in _ENDLESS & told:
            raise ValueError(f"it has the operator {endless.decode()}, expected no loops")
        return "If" if told == {b"If"} else "node"

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
            self._count_field()
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
                raise _damaged(f"field {number} has the wire type {wire}")
            if place + size > len(message):
                raise _damaged(f"field {number} is {size} bytes long and the message ends before")
            yield number, message[place : place + size]
            place += size

    def _numbers(self, message: memoryview) -> Iterator[int]:
        place = 0
        while place < len(message):
            self._count_field()
            value, place = _varint(message, place)
            yield value

    def _count_field(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"it has more than {MOST_FIELDS} fields")

    def _count(self, part: str) -> None:
        if part in _REFUSED:
            raise ValueError(f"it has {_REFUSED[part]}")
        if part in MOST:
            self._seen[part] += 1
            if self._seen[part] > MOST[part]:
                raise ValueError(f"it has more than {MOST[part]} {part}s")


def _damaged(reason: str) -> ValueError:
    return ValueError(f"it is not an ONNX file: {reason}")


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
    raise _damaged(f"no number at byte {place}")

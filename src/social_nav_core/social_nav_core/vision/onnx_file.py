"""Writes ONNX files (https://onnx.ai/onnx/repo-docs/IR.html): the few parts that are needed here.

ONNX is a protocol buffer: fields with a number, each a varint, a 32-bit float or a run of bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

OPSET, IR_VERSION = 17, 8
FORMAT = 1  # of the networks that are written here
PRODUCER = "social_nav_core"  # of networks whose files have a seal
_TYPES = {"float32": 1, "uint8": 2, "int64": 7}
Attribute = float | int | str | Sequence[int]


@dataclass
class OnnxGraph:
    """A graph that grows node by node.

    Attributes:
        name: of the graph.
        inputs, outputs: name -> (numpy's name of the type, shape); a text in a shape names a size
            that is free.
        metadata: what the file says of itself.
        producer: who made the file; nobody in particular when empty.
    """

    name: str
    inputs: Mapping[str, tuple[str, Sequence[int | str]]]
    outputs: Mapping[str, tuple[str, Sequence[int | str]]]
    metadata: Mapping[str, str] = field(default_factory=dict)
    producer: str = ""
    _nodes: list[bytes] = field(default_factory=list)
    _tensors: list[bytes] = field(default_factory=list)

    def add(
        self, operator: str, inputs: Sequence[str], output: str, **attributes: Attribute
    ) -> str:
        """Append a node; returns the name of its output."""
        body = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(3, output)
        body += _text(4, operator)
        body += b"".join(_bytes(5, _attribute(*item)) for item in attributes.items())
        self._nodes.append(body)
        return output

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Append a constant tensor; returns its name."""
        values = np.ascontiguousarray(values)
        body = b"".join(_varint(1, size) for size in values.shape)
        body += _varint(2, _TYPES[values.dtype.name]) + _text(8, name)
        self._tensors.append(body + _bytes(9, values.tobytes()))
        return name

    def file(self) -> bytes:
        """The ONNX file."""
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _text(2, self.name)
        graph += b"".join(_bytes(5, tensor) for tensor in self._tensors)
        for number, values in ((11, self.inputs), (12, self.outputs)):
            graph += b"".join(_bytes(number, _value(name, *v)) for name, v in values.items())
        return (
            _varint(1, IR_VERSION)
            + (_text(2, self.producer) if self.producer else b"")
            + _bytes(7, graph)
            + _bytes(8, _varint(2, OPSET))
            + b"".join(_bytes(14, _text(1, k) + _text(2, v)) for k, v in self.metadata.items())
        )


def is_own(content: bytes) -> bool:
    """Whether a file begins as those of `PRODUCER` do."""
    return content.startswith(_varint(1, IR_VERSION) + _text(2, PRODUCER))


def _key(number: int, wire: int) -> bytes:
    return _plain((number << 3) | wire)


def _plain(value: int) -> bytes:
    """A base-128 varint; negative numbers are those of 64 bits."""
    value &= (1 << 64) - 1
    digits = bytearray()
    while True:
        digit, value = value & 0x7F, value >> 7
        digits.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(digits)


def _varint(number: int, value: int) -> bytes:
    return _key(number, 0) + _plain(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _key(number, 2) + _plain(len(value)) + value


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())


def _attribute(name: str, value: Attribute) -> bytes:
    body = _text(1, name)
    if isinstance(value, float):
        return body + _key(2, 5) + struct.pack("<f", value) + _varint(20, 1)
    if isinstance(value, int):
        return body + _varint(3, value) + _varint(20, 2)
    if isinstance(value, str):
        return body + _text(4, value) + _varint(20, 3)
    return body + b"".join(_varint(8, item) for item in value) + _varint(20, 7)


def _value(name: str, kind: str, shape: Sequence[int | str]) -> bytes:
    sizes = (_varint(1, s) if isinstance(s, int) else _text(2, s) for s in shape)
    tensor = _varint(1, _TYPES[kind]) + _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))

"""The weights inside an ONNX file, read without the onnx package (protobuf's wire format)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from social_nav_core.perception.windows import Float32Array

_GRAPH, _INITIALIZER, _TYPE, _NAME, _RAW = 7, 5, 2, 8, 9  # field numbers in onnx.proto3
_FLOAT = 1


def float_weights(content: bytes) -> Iterator[tuple[str, Float32Array]]:
    """Names and values, flat, of a model's 32-bit weights.

    Raises:
        ValueError: the content is not protobuf.
    """
    for number, graph in _fields(content):
        if number != _GRAPH or isinstance(graph, int):
            continue
        for kind, tensor in _fields(graph):
            if kind != _INITIALIZER or isinstance(tensor, int):
                continue
            parts = dict(_fields(tensor))
            raw, name = parts.get(_RAW, b""), parts.get(_NAME, b"")
            if parts.get(_TYPE) == _FLOAT and isinstance(raw, bytes) and isinstance(name, bytes):
                yield name.decode(errors="replace"), np.frombuffer(raw, dtype="<f4")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and contents of a message's fields; fixed-size ones are left out."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, place = _varint(message, place)
            yield number, value
        elif wire == 2:
            size, place = _varint(message, place)
            if place + size > len(message):
                raise ValueError(f"field {number} is {size} bytes long and the message ends before")
            yield number, message[place : place + size]
            place += size
        elif wire in (1, 5):
            place += 8 if wire == 1 else 4
        else:
            raise ValueError(f"field {number} has the wire type {wire}")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message) and shift < 64:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
    raise ValueError(f"no number at byte {place}")

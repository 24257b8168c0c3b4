"""Kinds of bad message, by name: each spoils one thing in a message of any type.

A kind finds the fields that it is about by their types and names; a message that has none stays.
"""

from __future__ import annotations

import array
import copy
import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message

from fuzzing.choices import FLOATS, TEXTS, Choices

Spoil = Callable[[Choices, Any], None]
MANY = 120  # items of an enormous list of messages
ENORMOUS = 20_000  # numbers of an enormous list

_INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
_RANGES = {
    name: (0, 2 ** int(name[4:]) - 1)
    if name.startswith("u")
    else (-(2 ** (int(name[3:]) - 1)), 2 ** (int(name[3:]) - 1) - 1)
    for name in _INTEGERS
}


def parts(message: Any) -> Iterator[Any]:
    """The message and all messages in it; of long lists only the first few."""
    yield message
    for name in _holders(message.__class__):
        value = getattr(message, name)
        for item in value[:4] if isinstance(value, list) else (value,):
            yield from parts(item)


@cache
def _holders(kind: type[Any]) -> tuple[str, ...]:
    """Fields that are messages or lists of them: their types have a package."""
    return tuple(name for name, t in kind.get_fields_and_field_types().items() if "/" in t)


def fields(message: Any, *types: str) -> list[tuple[Any, str]]:
    """(message, field) of all fields of some types; a type may end with ``[`` for any list."""
    return [(part, name) for part in parts(message) for name in _matching(part.__class__, types)]


@cache
def _matching(kind: type[Any], types: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name
        for name, own in kind.get_fields_and_field_types().items()
        if any(own == t or (t.endswith("[") and _is_list(own, t[:-1])) for t in types)
    )


def of_type(message: Any, *names: str) -> list[Any]:
    """All parts whose types have some names."""
    return [part for part in parts(message) if type(part).__name__ in names]


def _is_list(kind: str, item: str) -> bool:
    return kind.startswith((f"sequence<{item}", f"{item}["))


def _floats(values: tuple[float, ...]) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        single = fields(message, "double", "float")
        lists = [f for f in fields(message, "double[", "float[") if len(getattr(*f))]
        place = choices.below(len(single) + len(lists))
        if place < len(single):
            part, name = single[place]
            narrow = part.get_fields_and_field_types()[name] == "float"
            value = choices.pick(values)
            setattr(part, name, _narrowed(value) if narrow else value)
        elif lists:
            part, name = lists[place - len(single)]
            numbers = getattr(part, name)
            value = choices.pick(values)
            narrow = "float" in part.get_fields_and_field_types()[name]
            numbers[choices.below(len(numbers))] = _narrowed(value) if narrow else value

    return spoil


def _narrowed(value: float) -> float:
    with np.errstate(over="ignore", under="ignore"):
        return (
            float(np.float32(value)) if abs(value) <= 3.4e38 or math.isnan(value) else value / 1e300
        )


def _stamps(sec: int, nanosec: int) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        stamps = of_type(message, "Time", "Duration")
        if stamps:
            stamp = choices.pick(stamps)
            stamp.sec, stamp.nanosec = sec, nanosec

    return spoil


def _texts(values: tuple[str, ...], *names: str) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        found = [f for f in fields(message, "string") if not names or f[1] in names]
        if found:
            part, name = choices.pick(found)
            setattr(part, name, choices.pick(values))

    return spoil


def _integers(choices: Choices, message: Any) -> None:
    found = fields(message, *_RANGES)
    if found:
        part, name = choices.pick(found)
        low, high = _RANGES[part.get_fields_and_field_types()[name]]
        value = choices.pick((low, high, 0, 1, choices.whole()))
        setattr(part, name, min(max(value, low), high))


def _quaternions(x: float, y: float, z: float, w: float) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        found = of_type(message, "Quaternion")
        if found:
            turn = choices.pick(found)
            turn.x, turn.y, turn.z, turn.w = x, y, z, w

    return spoil


def _covariance(values: Callable[[np.ndarray], None]) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        found = [part for part in parts(message) if hasattr(part, "covariance")]
        if found:
            part = choices.pick(found)
            matrix = np.array(part.covariance).reshape(6, 6)
            values(matrix)
            part.covariance = matrix.ravel()

    return spoil


def _set(row: int, column: int, value: float) -> Callable[[np.ndarray], None]:
    def change(matrix: np.ndarray) -> None:
        matrix[row, column] = value

    return change


def _probabilities(value: float) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        found = [f for f in fields(message, "float[") if f[1].endswith("_probabilities")]
        if found:
            part, name = choices.pick(found)
            setattr(part, name, np.full(len(getattr(part, name)), value, dtype=np.float32))

    return spoil


def _lists(change: Callable[[Choices, Any], Any]) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        found = fields(message, "[")  # of anything
        if found:
            part, name = choices.pick(found)
            setattr(part, name, change(choices, getattr(part, name)))

    return spoil


def _longer(count: int) -> Callable[[Choices, Any], Any]:
    def change(choices: Choices, values: Any) -> Any:
        if isinstance(values, list):
            return values[:1] * min(count, MANY)
        return array.array(values.typecode, [values[0] if values else 0]) * count

    return change


def _twice(choices: Choices, values: Any) -> Any:
    return values + values[:1]


def _cut(choices: Choices, values: Any) -> Any:
    return values[: choices.below(max(len(values), 1))]


def _other_ids(choices: Choices, message: Any) -> None:
    """Many items, each with a name of its own."""
    for part in parts(message):
        for name, kind in part.get_fields_and_field_types().items():
            items = getattr(part, name)
            if kind.startswith("sequence<") and isinstance(items, list) and items:
                many = [copy.copy(items[0]) for _ in range(MANY)]
                for number, item in enumerate(many):
                    for field in ("id", "name", "child_frame_id"):
                        if hasattr(item, field):
                            setattr(item, field, f"{choices.below(256)}_{number}")
                setattr(part, name, many)
                return


def _grid(**values: Any) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        for info in of_type(message, "MapMetaData"):
            for name, value in values.items():
                setattr(info, name, value)

    return spoil


def _cells(choices: Choices, message: Any) -> None:
    for part in of_type(message, "OccupancyGrid"):
        value = choices.below(256) - 128
        part.data = array.array("b", [value]) * len(part.data)


def _scan(**values: float) -> Spoil:
    def spoil(choices: Choices, message: Any) -> None:
        for part in of_type(message, "LaserScan"):
            for name, value in values.items():
                setattr(part, name, value)

    return spoil


def _loop(choices: Choices, message: Any) -> None:
    for part in of_type(message, "TransformStamped"):
        part.child_frame_id = choices.pick((part.header.frame_id, "map", "odom"))


def _any_number(choices: Choices, message: Any) -> None:
    _floats((choices.real(),))(choices, message)


NAN, INF = float("nan"), float("inf")
KINDS: dict[str, Spoil] = {
    "not a number": _floats((NAN,)),
    "infinite": _floats((INF, -INF)),
    "huge": _floats((1.7e308, -1.7e308, 1e30, 1e18)),
    "subnormal": _floats((5e-324, -5e-324, 1e-310, 1e-45)),
    "any float": _floats(FLOATS),
    "any bits": _any_number,
    "negative stamp": _stamps(-1, 0),
    "oldest stamp": _stamps(-(2**31), 0),
    "newest stamp": _stamps(2**31 - 1, 2**32 - 1),
    "zero stamp": _stamps(0, 0),
    "nanoseconds over a second": _stamps(100, 2**32 - 1),
    "empty frame": _texts(("",), "frame_id", "child_frame_id"),
    "unknown frame": _texts(("nowhere", "/map", "map ", "x" * 5000), "frame_id", "child_frame_id"),
    "empty id": _texts(("",), "id", "name", "group_id", "person_id"),
    "strange text": _texts(TEXTS),
    "integer at its limits": _integers,
    "quaternion of zeros": _quaternions(0.0, 0.0, 0.0, 0.0),
    "quaternion too long": _quaternions(3.0, 0.0, 0.0, 4.0),
    "quaternion of NaN": _quaternions(NAN, NAN, NAN, NAN),
    "quaternion huge": _quaternions(1e200, 1e200, 1e200, 1e200),
    "quaternion tiny": _quaternions(0.0, 0.0, 1e-200, 1e-200),
    "covariance negative": _covariance(_set(0, 0, -1.0)),
    "covariance not symmetric": _covariance(_set(0, 1, 1e6)),
    "covariance of NaN": _covariance(_set(5, 5, NAN)),
    "covariance huge": _covariance(_set(5, 5, 1e300)),
    "probabilities over 1": _probabilities(1.0),
    "probabilities below 0": _probabilities(-0.5),
    "probabilities of NaN": _probabilities(NAN),
    "nothing in a list": _lists(lambda choices, values: values[:0]),
    "short list": _lists(_cut),
    "wrong joint count": _lists(_longer(24)),
    "enormous list": _lists(_longer(ENORMOUS)),
    "id twice": _lists(_twice),
    "many ids": _other_ids,
    "grid of no cells": _grid(width=0, height=0),
    "grid of 2^64 cells": _grid(width=2**32 - 1, height=2**32 - 1),
    "grid resolution zero": _grid(resolution=0.0),
    "grid resolution tiny": _grid(resolution=1e-30),
    "grid resolution huge": _grid(resolution=3e38),
    "cells out of range": _cells,
    "scan without increment": _scan(angle_increment=0.0),
    "scan of inverted ranges": _scan(range_min=10.0, range_max=0.0),
    "scan of huge angles": _scan(angle_min=-3e38, angle_max=3e38),
    "transform in a loop": _loop,
}


HEAVY = ("enormous list", "many ids")


def spoiled(choices: Choices, message: Any) -> list[str]:
    """Spoil a message in up to four ways, and name them; in one of eight cases in none."""
    names = [name for name in KINDS if name not in HEAVY or choices.one_in(16)]
    if choices.one_in(8):
        return []
    chosen = [names[choices.below(len(names))]]
    chosen += [names[choices.below(len(names))] for _ in range(choices.below(4)) if choices.left]
    for name in chosen:
        KINDS[name](choices, message)
    return chosen


def on_the_wire(message: Any) -> bytes | None:
    """A message as it is sent; None when no such message can be."""
    try:
        return bytes(serialize_message(message))
    except (ValueError, OverflowError, UnicodeEncodeError, TypeError):
        return None


def as_received(message: Any) -> Any:
    """A message as it arrives; None when no such message can be sent."""
    wire = on_the_wire(message)
    return None if wire is None else deserialize_message(wire, type(message))

"""What the arguments of the launch files have to be, where they are no choice of a few words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from social_nav_core.sim.scene import Scene

TOKEN = "[A-Za-z_][A-Za-z0-9_]*"
NAMES = re.compile(f"/?{TOKEN}(/{TOKEN})*")
FRAME = re.compile("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
LONGEST_NAME = 200  # characters; DDS has 255 for the whole of a topic's name
FARTHEST = 1e6  # [m]


class MissingError(RuntimeError):
    """Something that a launch file needs is missing or wrong; one line says what."""


@dataclass(frozen=True)
class Expected:
    """What the value of an argument has to be.

    Attributes:
        what: the same in words, with the unit.
        accepts: whether a text is such a value.
    """

    what: str
    accepts: Callable[[str], bool]


def whole(least: int, most: int) -> Expected:
    """A whole number in decimal digits."""
    pattern = re.compile("[0-9]{1,12}")
    return Expected(
        f"a whole number from {least} to {most}",
        lambda text: bool(pattern.fullmatch(text)) and least <= int(text) <= most,
    )


def _numbers(text: str) -> list[float]:
    """Numbers between spaces, none when one of them is not a number."""
    try:
        return [float(part) for part in text.split()] if "_" not in text else []
    except ValueError:
        return []


def numbers(what: str, least: float, most: float, count: int = 1) -> Expected:
    """Some numbers with spaces between them, each within bounds."""

    def accepts(text: str) -> bool:
        found = _numbers(text)
        return len(found) == count and all(least <= number <= most for number in found)

    return Expected(what, accepts)


def maybe(expected: Expected, otherwise: str = "nothing") -> Expected:
    """The same, or an empty text."""
    return Expected(
        f"{expected.what}, or {otherwise}", lambda text: not text or expected.accepts(text)
    )


def _is_name(text: str) -> bool:
    return bool(NAMES.fullmatch(text)) and len(text) <= LONGEST_NAME


def _is_folder(text: str) -> bool:
    """Whether files can be written into it once it is made."""
    if "\0" in text:
        return False
    path = Path(text).absolute()
    there = next(each for each in (path, *path.parents) if os.path.exists(each))
    return there.is_dir() and os.access(there, os.W_OK)


TOPIC = Expected("the name of a topic, such as image_raw", _is_name)
MAYBE_TOPIC = maybe(Expected("the name of a topic, such as scan", _is_name))
MAYBE_FRAME = maybe(
    Expected("the name of a frame, such as base_link", lambda text: bool(FRAME.fullmatch(text)))
)
EXPECTED = {
    "seed": whole(0, 2**31 - 1),
    "trials": whole(1, 100_000),
    "gz_version": maybe(
        Expected("the major version of Gazebo, such as 8", whole(1, 99).accepts), "nothing for any"
    ),
    "speed": numbers("one number of simulated seconds per second, from 0.05 to 50", 0.05, 50.0),
    "initial_pose": maybe(
        numbers(
            "three numbers with spaces between them: x [m], y [m], yaw [rad]",
            -FARTHEST,
            FARTHEST,
            count=3,
        )
    ),
    "social_timeout": maybe(numbers("one number of seconds, from 0.05 to 60", 0.05, 60.0)),
    "namespace": maybe(
        Expected("a name of letters, digits and '_', such as /tiago or fleet/tiago", _is_name)
    ),
    "scan_topic": MAYBE_TOPIC,
    "odom_topic": MAYBE_TOPIC,
    "camera": Expected(
        "a namespace, such as /head_front_camera",
        lambda text: _is_name(text.removesuffix("/")),
    ),
    "image": TOPIC,
    "camera_info": TOPIC,
    "depth": TOPIC,
    "base_frame": MAYBE_FRAME,
    "camera_frame": MAYBE_FRAME,
    "out": Expected("a folder that can be written, or nothing", _is_folder),
}
"""By the argument's name, which means the same in all launch files."""


def check(given: Mapping[str, str]) -> None:
    """Raise `MissingError` when the value of an argument is not what it has to be."""
    for name, expected in EXPECTED.items():
        if name in given and not expected.accepts(given[name]):
            raise MissingError(f"{name} is '{given[name]}', expected {expected.what}")


def check_target(given: Mapping[str, str], scene: Scene) -> None:
    """Raise `MissingError` when who is to be approached is nobody of a scene's people."""
    people = [person.id for person in scene.people]
    target = given["target"]
    if target and target not in people and not scene.flows:
        ids = ", ".join(people) or "nobody"
        raise MissingError(f"target is '{target}', expected an id of the scene's people: {ids}")

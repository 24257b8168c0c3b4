"""What is refused, and what the log says about it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.time import Time

from tf2_py import BufferCore

Stamped = Callable[..., TransformStamped]
LATEST = Time()


BAD = [
    ("translation", "x", math.nan, "must be finite"),
    ("translation", "y", math.inf, "must be finite"),
    ("rotation", "w", math.nan, "must be finite"),
    ("rotation", "w", 0.0, "has length 0, expected 1"),
    ("rotation", "w", 2.0, "has length 2, expected 1"),
    ("rotation", "w", 1.006, "has length 1.006, expected 1"),
]


@pytest.mark.parametrize(("part", "axis", "value", "reason"), BAD)
@pytest.mark.parametrize("static", [False, True])
def test_what_is_no_rigid_transform_is_refused_with_a_reason(
    core: BufferCore,
    stamped: Stamped,
    capfd: pytest.CaptureFixture[str],
    part: str,
    axis: str,
    value: float,
    reason: str,
    static: bool,
) -> None:
    bad = stamped("map", "robot", 1.0)
    setattr(getattr(bad.transform, part), axis, value)
    (core.set_transform_static if static else core.set_transform)(bad, "a broken driver")
    logged = capfd.readouterr().err
    assert "'robot' in 'map' from a broken driver" in logged
    assert reason in logged
    assert not core.can_transform_core("map", "robot", LATEST)[0]
    core.set_transform(stamped("map", "robot", 1.0), "me")
    assert core.can_transform_core("map", "robot", LATEST)[0]


@pytest.mark.parametrize(
    ("parent", "child", "reason"),
    [("map", "map", "its own parent"), ("map", "/map", "its own parent"), ("", "a", "is empty"),
     ("a", "", "is empty"), ("/", "a", "is empty")],
)  # fmt: skip
def test_impossible_names_are_refused(
    core: BufferCore,
    stamped: Stamped,
    capfd: pytest.CaptureFixture[str],
    parent: str,
    child: str,
    reason: str,
) -> None:
    core.set_transform(stamped(parent, child), "me")
    assert reason in capfd.readouterr().err
    assert core.all_frames_as_yaml() == "[]"


def test_the_same_frame_is_complained_about_once(
    core: BufferCore, stamped: Stamped, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(50):
        for child in ("a", "b"):
            core.set_transform(stamped("", child), "me")
    logged = capfd.readouterr().err
    assert logged.count("'a'") == 1
    assert logged.count("'b'") == 1


def test_a_quaternion_within_tolerance_is_normalised(core: BufferCore, stamped: Stamped) -> None:
    slightly = stamped("map", "robot", 1.0, (1.0, 0.0, 0.0))
    slightly.transform.rotation.w = 1.004
    core.set_transform(slightly, "me")
    back = core.lookup_transform_core("robot", "map", LATEST)
    assert back.transform.translation.x == -1.0
    assert back.transform.rotation.w == 1.0

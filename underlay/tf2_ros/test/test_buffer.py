"""The buffer: waiting, futures, whole messages; nothing is spun here."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from geometry_msgs.msg import PoseStamped, TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time
from std_msgs.msg import Header

import tf2_ros

Stamped = Callable[..., TransformStamped]
LATEST = Time()


def at(seconds: float) -> Time:
    return Time(nanoseconds=round(seconds * 1e9))


@pytest.fixture
def buffer() -> tf2_ros.Buffer:
    return tf2_ros.Buffer()


def x_of(message: TransformStamped) -> float:
    return message.transform.translation.x


def in_thread(work: Callable[[], Any]) -> tuple[Thread, list[Any]]:
    results: list[Any] = []
    thread = Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    return thread, results


def test_classes_are_also_found_in_tf2s_modules() -> None:
    for name, module in (
        ("Buffer", "buffer"),
        ("BufferInterface", "buffer_interface"),
        ("TransformListener", "transform_listener"),
        ("TransformBroadcaster", "transform_broadcaster"),
        ("StaticTransformBroadcaster", "static_transform_broadcaster"),
    ):
        there = getattr(importlib.import_module(f"tf2_ros.{module}"), name)
        assert there is getattr(tf2_ros, name)


def test_without_a_timeout_nothing_waits(
    buffer: tf2_ros.Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer._changed, "wait", lambda *_: pytest.fail("it waited"))
    assert not buffer.can_transform("map", "robot", LATEST)
    assert not buffer.can_transform("map", "robot", LATEST, Duration())
    assert not buffer.can_transform_full("map", at(1.0), "robot", at(2.0), "odom")
    with pytest.raises(tf2_ros.LookupException):
        buffer.lookup_transform("map", "robot", LATEST)
    with pytest.raises(tf2_ros.LookupException):
        buffer.lookup_transform("map", "robot", LATEST, timeout=Duration(seconds=-1))


def test_a_timeout_passes_without_busy_waiting(
    buffer: tf2_ros.Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    look_up = buffer.can_transform_core

    def counted(target: str, source: str, when: Time) -> tuple[bool, str]:
        looks.append(when)
        return look_up(target, source, when)

    monkeypatch.setattr(buffer, "can_transform_core", counted)
    started = time.monotonic()
    assert not buffer.can_transform("map", "robot", LATEST, Duration(nanoseconds=30_000_000))
    assert time.monotonic() - started >= 0.03
    assert len(looks) <= 3


def test_a_waiting_look_up_ends_when_the_data_come(
    buffer: tf2_ros.Buffer, stamped: Stamped, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Event()
    wait = buffer._changed.wait

    def told(timeout: float) -> bool:
        waiting.set()
        return wait(timeout)

    monkeypatch.setattr(buffer._changed, "wait", told)
    thread, results = in_thread(
        lambda: buffer.lookup_transform("map", "robot", at(2.5), Duration(seconds=30))
    )
    assert waiting.wait(20.0)
    for seconds in (1.0, 2.0, 3.0):
        assert thread.is_alive()
        buffer.set_transform(stamped("map", "robot", seconds, (seconds, 0.0, 0.0)), "me")
    thread.join(20.0)
    assert x_of(results[0]) == pytest.approx(2.5)


def test_waiting_between_two_times(buffer: tf2_ros.Buffer, stamped: Stamped) -> None:
    where = ("robot", at(2.0), "person", at(1.0), "map")
    thread, results = in_thread(
        lambda: buffer.lookup_transform_full(*where, timeout=Duration(seconds=30))
    )
    buffer.set_transform(stamped("map", "robot", 2.0, (2.0, 0.0, 0.0)), "me")
    buffer.set_transform(stamped("map", "person", 1.0, (5.0, 0.0, 0.0)), "me")
    thread.join(20.0)
    assert x_of(results[0]) == pytest.approx(3.0)
    assert buffer.can_transform_full(*where)


def test_the_reason_why_not_is_given_on_request(buffer: tf2_ros.Buffer) -> None:
    possible, reason = buffer.can_transform("map", "robot", LATEST, return_debug_tuple=True)
    assert not possible
    assert "'robot'" in reason


def test_futures_get_the_transform_once_it_is_known(
    buffer: tf2_ros.Buffer, stamped: Stamped
) -> None:
    future = buffer.wait_for_transform_async("map", "robot", at(1.5))
    full = buffer.wait_for_transform_full_async("map", at(1.0), "robot", at(2.0), "map")
    dropped = buffer.wait_for_transform_async("map", "robot", at(1.5))
    dropped.cancel()
    buffer.set_transform(stamped("map", "robot", 1.0, (1.0, 0.0, 0.0)), "me")
    assert not future.done()
    buffer.set_transform(stamped("map", "robot", 2.0, (2.0, 0.0, 0.0)), "me")
    assert x_of(future.result()) == pytest.approx(1.5)
    assert x_of(full.result()) == pytest.approx(2.0)
    assert dropped.cancelled()
    assert buffer._pending == []
    at_once = buffer.wait_for_transform_async("map", "robot", at(1.5))
    assert at_once.done()
    assert buffer._pending == []


def test_coroutines_get_the_transform(buffer: tf2_ros.Buffer, stamped: Stamped) -> None:
    work = buffer.lookup_transform_async("map", "robot", at(1.0))
    work.send(None)
    buffer.set_transform(stamped("map", "robot", 1.0, (1.0, 0.0, 0.0)), "me")
    with pytest.raises(StopIteration) as done:
        work.send(None)
    assert x_of(done.value.value) == 1.0


def test_a_type_that_nobody_registered_is_named(buffer: tf2_ros.Buffer) -> None:
    with pytest.raises(tf2_ros.TypeException, match=r"transform.*int.*import the package"):
        buffer.transform(3, "map")


def test_registered_types_are_transformed_and_converted(
    buffer: tf2_ros.Buffer, stamped: Stamped
) -> None:
    class Mark:
        def __init__(self, x: float, frame_id: str, stamp: Any) -> None:
            self.x = x
            self.header = Header(frame_id=frame_id, stamp=stamp)

    tf2_ros.TransformRegistration().add(
        Mark, lambda mark, t: Mark(mark.x + x_of(t), t.header.frame_id, t.header.stamp)
    )
    tf2_ros.ConvertRegistration().add_convert((Mark, float), lambda mark: mark.x)
    buffer.set_transform(stamped("map", "robot", 1.0, (2.0, 0.0, 0.0)), "me")
    buffer.set_transform(stamped("map", "robot", 2.0, (3.0, 0.0, 0.0)), "me")
    mark = Mark(0.5, "robot", at(1.5).to_msg())
    moved = buffer.transform(mark, "map")
    assert (moved.x, moved.header.frame_id, moved.header.stamp) == (3.0, "map", mark.header.stamp)
    assert buffer.transform(mark, "map", new_type=float) == 3.0
    assert buffer.transform_full(mark, "robot", at(2.0), "map").x == pytest.approx(0.0)


def test_an_object_gets_a_header() -> None:
    pose = tf2_ros.Stamped(PoseStamped(), at(2.0).to_msg(), "map")
    assert (pose.header.frame_id, pose.header.stamp.sec) == ("map", 2)


def test_conversion_goes_by_way_of_messages() -> None:
    registry = tf2_ros.ConvertRegistration()

    class Yaw(float):
        pass

    registry.add_to_msg(Yaw, lambda yaw: PoseStamped())
    registry.add_from_msg(str, lambda message: type(message).__name__)
    assert tf2_ros.convert(Yaw(1.0), str) == "PoseStamped"
    original = PoseStamped()
    assert tf2_ros.convert(original, PoseStamped) == original
    assert tf2_ros.convert(original, PoseStamped) is not original
    with pytest.raises(tf2_ros.TypeException):
        tf2_ros.convert(1.0j, str)

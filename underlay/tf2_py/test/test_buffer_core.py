"""The transform tree: values by hand, exceptions, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import yaml
from geometry_msgs.msg import TransformStamped
from hypothesis import given
from hypothesis import strategies as st
from rclpy.duration import Duration
from rclpy.time import Time

from tf2_py import (
    BufferCore,
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TimeoutException,
    TransformException,
)
from tf2_py.cache import Sample
from tf2_py.messages import time_message
from tf2_py.rigid import Rigid, compose, inverse
from tf2_py.tree import FrameTree

Stamped = Callable[..., TransformStamped]
LATEST = Time()


def at(seconds: float) -> Time:
    return Time(nanoseconds=round(seconds * 1e9))


def xyz(message: TransformStamped) -> tuple[float, float, float]:
    t = message.transform.translation
    return t.x, t.y, t.z


def yaw(message: TransformStamped) -> float:
    q = message.transform.rotation
    return 2.0 * math.atan2(q.z, q.w)


def stamp(message: TransformStamped) -> float:
    return message.header.stamp.sec + message.header.stamp.nanosec * 1e-9


def test_the_exceptions_are_tf2s() -> None:
    for kind in (
        LookupException,
        ConnectivityException,
        ExtrapolationException,
        InvalidArgumentException,
        TimeoutException,
    ):
        assert issubclass(kind, TransformException)
        assert not issubclass(kind, LookupError)
    assert TransformException.__base__ is Exception


def test_a_transform_and_its_inverse_by_hand(core: BufferCore, stamped: Stamped) -> None:
    core.set_transform(stamped("map", "robot", 1.0, (2.0, 1.0, 0.5), math.pi / 2), "me")
    there = core.lookup_transform_core("map", "robot", at(1.0))
    assert (there.header.frame_id, there.child_frame_id) == ("map", "robot")
    assert xyz(there) == pytest.approx((2.0, 1.0, 0.5))
    assert yaw(there) == pytest.approx(math.pi / 2)
    back = core.lookup_transform_core("robot", "map", at(1.0))
    assert (back.header.frame_id, back.child_frame_id) == ("robot", "map")
    assert xyz(back) == pytest.approx((-1.0, 2.0, -0.5))
    assert yaw(back) == pytest.approx(-math.pi / 2)


def test_a_tree_is_walked_up_and_down(core: BufferCore, stamped: Stamped) -> None:
    core.set_transform(stamped("map", "odom", 1.0, (10.0, 0.0, 0.0), math.pi / 2), "me")
    core.set_transform(stamped("odom", "base", 1.0, (1.0, 0.0, 0.0), math.pi / 2), "me")
    core.set_transform_static(stamped("base", "camera", 0.0, (0.2, 0.0, 1.0)), "me")
    core.set_transform(stamped("map", "person", 1.0, (9.8, 1.0, 0.0), math.pi), "me")
    # base stands at (10, 1) in the map and looks back, the camera 0.2 m before it at (9.8, 1).
    assert xyz(core.lookup_transform_core("map", "camera", at(1.0))) == pytest.approx((9.8, 1, 1))
    in_camera = core.lookup_transform_core("camera", "person", at(1.0))
    assert xyz(in_camera) == pytest.approx((0.0, 0.0, -1.0), abs=1e-12)
    assert yaw(in_camera) == pytest.approx(0.0, abs=1e-12)


def test_between_two_times_position_and_angle_are_shared_out(
    core: BufferCore, stamped: Stamped
) -> None:
    core.set_transform(stamped("map", "robot", 1.0, (0.0, 0.0, 0.0), 3.0), "me")
    core.set_transform(stamped("map", "robot", 2.0, (1.0, 2.0, 0.0), -3.0), "me")
    quarter = core.lookup_transform_core("map", "robot", at(1.25))
    assert xyz(quarter) == pytest.approx((0.25, 0.5, 0.0))
    assert yaw(quarter) == pytest.approx(3.0 + 0.25 * (2.0 * math.pi - 6.0))  # by way of pi
    assert stamp(quarter) == 1.25


def test_time_zero_is_the_latest_common_time(core: BufferCore, stamped: Stamped) -> None:
    for seconds in (1.0, 2.0, 3.0):
        core.set_transform(stamped("map", "odom", seconds, (seconds, 0.0, 0.0)), "me")
    for seconds in (1.5, 2.5):
        core.set_transform(stamped("odom", "base", seconds, (0.0, seconds, 0.0)), "me")
    core.set_transform_static(stamped("base", "camera"), "me")
    latest = core.lookup_transform_core("map", "camera", LATEST)
    assert stamp(latest) == 2.5
    assert xyz(latest) == pytest.approx((2.5, 2.5, 0.0))
    assert core.get_latest_common_time("map", "camera") == at(2.5)
    assert core.get_latest_common_time("base", "base") == at(2.5)
    assert core.get_latest_common_time("base", "camera") == LATEST
    assert stamp(core.lookup_transform_core("map", "odom", LATEST)) == 3.0
    assert stamp(core.lookup_transform_core("base", "camera", LATEST)) == 0.0


def test_times_may_be_of_rclpy_or_messages(core: BufferCore, stamped: Stamped) -> None:
    core.set_transform(stamped("map", "robot", 1.0, (2.0, 0.0, 0.0)), "me")
    message = time_message(10**9)
    assert core.lookup_transform_core("map", "robot", message).header.stamp == message
    with pytest.raises(TypeError, match="expected a time or duration"):
        core.lookup_transform_core("map", "robot", 1.0)


def test_a_static_transform_holds_at_every_time(core: BufferCore, stamped: Stamped) -> None:
    core.set_transform_static(stamped("base", "laser", 5.0, (0.2, 0.0, 0.1)), "me")
    for seconds in (0.0, 1e-9, 1e6):
        found = core.lookup_transform_core("base", "laser", at(seconds))
        assert xyz(found) == (0.2, 0.0, 0.1)
        assert stamp(found) == seconds


def test_a_frame_in_itself_is_the_identity_even_if_unknown(core: BufferCore) -> None:
    found = core.lookup_transform_core("nowhere", "nowhere", at(3.0))
    assert xyz(found) == (0.0, 0.0, 0.0)
    assert stamp(found) == 3.0


def test_stamps_out_of_order_are_sorted_and_a_repeated_one_replaces(
    core: BufferCore, stamped: Stamped
) -> None:
    for seconds in (2.0, 4.0, 1.0, 3.0):
        core.set_transform(stamped("map", "robot", seconds, (seconds, 0.0, 0.0)), "me")
    assert xyz(core.lookup_transform_core("map", "robot", at(2.5))) == pytest.approx((2.5, 0, 0))
    core.set_transform(stamped("map", "robot", 3.0, (7.0, 0.0, 0.0)), "me")
    assert xyz(core.lookup_transform_core("map", "robot", at(2.5))) == pytest.approx((4.5, 0, 0))
    assert xyz(core.lookup_transform_core("map", "robot", LATEST)) == (4.0, 0.0, 0.0)


def test_the_cache_is_ten_seconds_long(
    core: BufferCore, stamped: Stamped, capfd: pytest.CaptureFixture[str]
) -> None:
    for seconds in (1.0, 5.0, 15.0, 15.5):
        core.set_transform(stamped("map", "robot", seconds, (seconds, 0.0, 0.0)), "me")
    with pytest.raises(ExtrapolationException, match=r"1\.000000000 s.*5\.000000000 s"):
        core.lookup_transform_core("map", "robot", at(1.0))
    assert xyz(core.lookup_transform_core("map", "robot", at(5.0))) == (5.0, 0.0, 0.0)
    core.set_transform(stamped("map", "robot", 5.4), "the past")
    assert "from the past: its time 5.400000000 s is more than" in capfd.readouterr().err
    with pytest.raises(ExtrapolationException):
        core.lookup_transform_core("map", "robot", at(4.9))
    short = BufferCore(Duration(seconds=2))
    for seconds in (1.0, 3.0, 3.5, 3.6):
        short.set_transform(stamped("map", "robot", seconds), "me")
    assert not short.can_transform_core("map", "robot", at(1.0))[0]
    assert short.can_transform_core("map", "robot", at(3.0))[0]


def test_times_outside_the_data_are_refused_with_frames_and_times(
    core: BufferCore, stamped: Stamped
) -> None:
    core.set_transform(stamped("map", "odom", 4.0), "me")
    with pytest.raises(ExtrapolationException, match=r"the only data are at 4.000000000 s"):
        core.lookup_transform_core("map", "odom", at(4.5))
    core.set_transform(stamped("map", "odom", 5.0), "me")
    core.set_transform_static(stamped("odom", "base"), "me")
    with pytest.raises(ExtrapolationException) as late:
        core.lookup_transform_core("map", "base", at(5.5))
    for part in ("'base' in 'map'", "'odom' at 5.500000000 s", "latest data are at 5.000000000 s"):
        assert part in str(late.value)
    with pytest.raises(ExtrapolationException, match=r"earliest data are at 4.000000000 s"):
        core.lookup_transform_core("base", "map", at(3.5))
    possible, reason = core.can_transform_core("map", "base", at(5.5))
    assert not possible
    assert reason == str(late.value)
    assert core.can_transform_core("map", "base", at(4.5)) == (True, "")


def test_data_missing_above_the_common_ancestor_do_not_matter(
    core: BufferCore, stamped: Stamped
) -> None:
    core.set_transform(stamped("map", "odom", 1.0), "me")
    core.set_transform_static(stamped("odom", "a", 0.0, (1.0, 0.0, 0.0)), "me")
    core.set_transform_static(stamped("odom", "b", 0.0, (0.0, 1.0, 0.0)), "me")
    assert xyz(core.lookup_transform_core("a", "b", at(9.0))) == pytest.approx((-1.0, 1.0, 0.0))


def test_an_error_names_the_known_frames_unless_they_are_many(
    core: BufferCore, stamped: Stamped
) -> None:
    core.set_transform_static(stamped("map", "odom", 0.0), "me")
    with pytest.raises(LookupException, match=r"known frames: map, odom\)$"):
        core.lookup_transform_core("map", "lost", LATEST)
    for number in range(99):
        core.set_transform_static(stamped("map", f"shelf_{number}", 0.0), "me")
    with pytest.raises(LookupException, match=r"101 frames are known\)$"):
        core.lookup_transform_core("map", "lost", LATEST)


def test_unknown_frames_empty_names_and_slashes_are_told_apart(
    core: BufferCore, stamped: Stamped
) -> None:
    core.set_transform(stamped("map", "odom", 4.0), "me")
    with pytest.raises(LookupException, match=r"source frame 'lost' does not exist.*'map' at time"):
        core.lookup_transform_core("map", "lost", at(4.0))
    with pytest.raises(LookupException, match="target frame 'lost' does not exist"):
        core.lookup_transform_core("lost", "map", LATEST)
    with pytest.raises(InvalidArgumentException, match=r"'/map' starts with a slash.*for 'map'"):
        core.lookup_transform_core("/map", "odom", LATEST)
    with pytest.raises(InvalidArgumentException, match="source frame has an empty name"):
        core.lookup_transform_core("map", "", LATEST)
    assert not core.can_transform_core("/map", "odom", LATEST)[0]


def test_a_slash_on_a_published_frame_is_dropped(core: BufferCore, stamped: Stamped) -> None:
    core.set_transform(stamped("/map", "/odom", 4.0, (1.0, 0.0, 0.0)), "an old driver")
    assert xyz(core.lookup_transform_core("map", "odom", at(4.0))) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("when", [LATEST, at(4.0)])
def test_separate_trees_are_not_connected(core: BufferCore, stamped: Stamped, when: Time) -> None:
    core.set_transform(stamped("map", "odom", 4.0), "me")
    core.set_transform(stamped("world", "robot", 4.0), "me")
    with pytest.raises(ConnectivityException, match=r"'odom'.*'robot'|'robot'.*'odom'") as error:
        core.lookup_transform_core("odom", "robot", when)
    assert "tree of 'world'" in str(error.value)
    assert "tree of 'map'" in str(error.value)


@pytest.mark.parametrize("when", [LATEST, at(4.0)])
def test_a_loop_is_named(core: BufferCore, stamped: Stamped, when: Time) -> None:
    for parent, child in (("a", "b"), ("b", "c"), ("c", "a"), ("c", "leaf"), ("map", "odom")):
        core.set_transform(stamped(parent, child, 4.0), "me")
    with pytest.raises(LookupException, match=r"form a loop.*c -> b -> a -> c"):
        core.lookup_transform_core("map", "leaf", when)
    with pytest.raises(LookupException, match="form a loop"):
        core.lookup_transform_core("leaf", "odom", when)
    core.lookup_transform_core("b", "leaf", when)  # found before the loop closes


def test_a_frame_may_get_another_parent(core: BufferCore, stamped: Stamped) -> None:
    core.set_transform_static(stamped("map", "table", 0.0, (5.0, 0.0, 0.0)), "me")
    core.set_transform_static(stamped("map", "hand", 0.0, (0.0, 1.0, 0.0)), "me")
    core.set_transform(stamped("table", "cup", 1.0, (1.0, 0.0, 0.0)), "me")
    core.set_transform(stamped("hand", "cup", 2.0, (0.0, 1.0, 0.0)), "me")
    assert xyz(core.lookup_transform_core("map", "cup", at(1.0))) == (6.0, 0.0, 0.0)
    assert xyz(core.lookup_transform_core("map", "cup", at(1.9))) == (6.0, 0.0, 0.0)
    assert xyz(core.lookup_transform_core("map", "cup", at(2.0))) == (0.0, 2.0, 0.0)
    assert xyz(core.lookup_transform_core("hand", "cup", LATEST)) == (0.0, 1.0, 0.0)


def test_static_and_moving_replace_each_other(core: BufferCore, stamped: Stamped) -> None:
    core.set_transform_static(stamped("map", "door", 0.0, (1.0, 0.0, 0.0)), "me")
    core.set_transform(stamped("map", "door", 3.0, (2.0, 0.0, 0.0)), "me")
    assert not core.can_transform_core("map", "door", at(1.0))[0]
    core.set_transform_static(stamped("map", "door", 0.0, (3.0, 0.0, 0.0)), "me")
    assert xyz(core.lookup_transform_core("map", "door", at(1.0))) == (3.0, 0.0, 0.0)


def test_clearing_forgets_what_moves_and_keeps_what_does_not(
    core: BufferCore, stamped: Stamped
) -> None:
    core.set_transform(stamped("map", "base", 100.0), "me")
    core.set_transform_static(stamped("base", "laser", 0.0, (0.2, 0.0, 0.0)), "me")
    core.clear()
    assert xyz(core.lookup_transform_core("base", "laser", LATEST)) == (0.2, 0.0, 0.0)
    with pytest.raises(ConnectivityException):
        core.lookup_transform_core("map", "base", LATEST)
    with pytest.raises(ExtrapolationException, match=r"'base' at .* all its data were forgotten"):
        core.lookup_transform_core("map", "base", at(100.0))
    assert "base" not in yaml.safe_load(core.all_frames_as_yaml())
    core.set_transform(stamped("map", "base", 1.0), "me")  # 99 s before what was forgotten
    assert core.can_transform_core("map", "laser", at(1.0))[0]


def test_frames_are_listed_as_yaml(core: BufferCore, stamped: Stamped) -> None:
    for seconds in (1.0, 1.5, 2.0):
        core.set_transform(stamped("map", "odom", seconds), "the odometry")
    core.set_transform_static(stamped("odom", "no: 'plain' name"), "me")
    frames = yaml.safe_load(core.all_frames_as_yaml())
    assert frames["odom"] == {
        "parent": "map",
        "broadcaster": "the odometry",
        "rate": 3.0,
        "most_recent_transform": 2.0,
        "oldest_transform": 1.0,
        "buffer_length": 1.0,
    }
    assert frames["no: 'plain' name"]["parent"] == "odom"
    assert "Frame odom exists with parent map, newest at 2.000000000 s." in (
        core.all_frames_as_string()
    )


def test_a_moving_frame_seen_from_a_moving_frame_at_another_time(
    core: BufferCore, stamped: Stamped
) -> None:
    for seconds in (1.0, 2.0):
        core.set_transform(stamped("map", "robot", seconds, (seconds, 0.0, 0.0)), "me")
        core.set_transform(stamped("map", "person", seconds, (0.0, 10.0 * seconds, 0.0)), "me")
    found = core.lookup_transform_full_core("robot", at(2.0), "person", at(1.0), "map")
    assert xyz(found) == pytest.approx((-2.0, 10.0, 0.0))
    assert stamp(found) == 2.0
    where = ("robot", at(2.0), "person", at(9.0), "map")
    possible, reason = core.can_transform_full_core(*where)
    assert not possible
    assert "'person' in 'map' at time 9.000000000 s" in reason
    with pytest.raises(LookupException, match="fixed frame 'lost' does not exist"):
        core.lookup_transform_full_core("robot", at(2.0), "person", at(1.0), "lost")


parts = st.floats(-1.0, 1.0)
metres = st.floats(-10.0, 10.0)


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[int, Rigid]]:
    """Parent and pose in it of each frame but the first."""
    poses = []
    for index in range(draw(st.integers(1, 7))):
        q = draw(st.tuples(parts, parts, parts, parts).filter(lambda q: math.hypot(*q) > 0.1))
        length = math.hypot(*q)
        rotation = (q[0] / length, q[1] / length, q[2] / length, q[3] / length)
        translation = draw(st.tuples(metres, metres, metres))
        poses.append((draw(st.integers(0, index)), Rigid(translation, rotation)))
    return poses


def assert_same(a: Rigid, b: Rigid) -> None:
    assert a.translation == pytest.approx(b.translation, abs=1e-9)
    dot = sum(p * q for p, q in zip(a.rotation, b.rotation, strict=True))
    assert abs(dot) == pytest.approx(1.0)


@given(trees(), st.data())
def test_chains_compose_and_reverse(tree: list[tuple[int, Rigid]], data: st.DataObject) -> None:
    frames = FrameTree(10**10)
    in_root = [Rigid((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))]
    for child, (parent, pose) in enumerate(tree, start=1):
        frames.insert(str(child), Sample(5, str(parent), pose), is_static=False)
        in_root.append(compose(in_root[parent], pose))
    nodes = st.integers(0, len(tree))
    a, b, c = data.draw(nodes), data.draw(nodes), data.draw(nodes)
    b_in_a, _ = frames.pose(str(a), str(b), 5)
    c_in_b, _ = frames.pose(str(b), str(c), 5)
    c_in_a, _ = frames.pose(str(a), str(c), 5)
    assert_same(compose(b_in_a, c_in_b), c_in_a)
    assert_same(frames.pose(str(b), str(a), 5)[0], inverse(b_in_a))
    assert_same(b_in_a, compose(inverse(in_root[a]), in_root[b]))

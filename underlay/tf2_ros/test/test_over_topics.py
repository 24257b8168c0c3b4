"""Broadcasters, listener and service over real topics, in a domain of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.clock import ROSClock
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.time import Time

import tf2_ros
from tf2_msgs.srv import FrameGraph

Stamped = Callable[..., TransformStamped]
LATEST = Time()


def is_published(node: Node, topic: str) -> bool:
    return node.count_publishers(topic) == 1


def at(seconds: float) -> Time:
    return Time(nanoseconds=round(seconds * 1e9))


class Graph:
    """Nodes of one context, spun together."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.executor = SingleThreadedExecutor(context=context)

    def node(self, name: str, spun: bool = True) -> Node:
        node = Node(name, context=self.context, start_parameter_services=False)
        if spun:
            self.executor.add_node(node)
        return node

    def spin_until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20.0
        while not happened():
            assert time.monotonic() < deadline, "it did not happen within 20 s"
            self.executor.spin_once(timeout_sec=0.05)


@pytest.fixture
def graph() -> Iterator[Graph]:
    context = Context()
    rclpy.init(context=context, domain_id=1 + os.getpid() % 100)
    graph = Graph(context)
    yield graph
    for node in graph.executor.get_nodes():
        node.destroy_node()
    graph.executor.shutdown()
    rclpy.shutdown(context=context)


def test_what_is_broadcast_arrives_and_is_interpolated(graph: Graph, stamped: Stamped) -> None:
    listening, sending = graph.node("listening"), graph.node("sending")
    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, listening)
    broadcaster = tf2_ros.TransformBroadcaster(sending)
    graph.spin_until(lambda: broadcaster.pub_tf.get_subscription_count() == 1)
    broadcaster.sendTransform(stamped("map", "odom", 1.0, (1.0, 0.0, 0.0)))
    broadcaster.sendTransform(
        [stamped("map", "odom", 2.0, (2.0, 0.0, 0.0)), stamped("odom", "base", 1.5, yaw=1.0)]
    )
    graph.spin_until(lambda: buffer.can_transform("map", "base", at(1.5)))
    found = buffer.lookup_transform("map", "base", at(1.5))
    assert found.transform.translation.x == pytest.approx(1.5)
    listener.unregister()
    graph.spin_until(lambda: broadcaster.pub_tf.get_subscription_count() == 0)


def test_who_listens_later_still_gets_what_is_static(graph: Graph, stamped: Stamped) -> None:
    broadcaster = tf2_ros.StaticTransformBroadcaster(graph.node("sending"))
    broadcaster.sendTransform(stamped("base", "laser", 0.0, (0.2, 0.0, 0.0)))
    broadcaster.sendTransform([stamped("base", "camera", 0.0, (0.1, 0.0, 1.0))])
    broadcaster.sendTransform(stamped("base", "laser", 0.0, (0.3, 0.0, 0.0)))
    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, graph.node("listening"))
    graph.spin_until(lambda: buffer.can_transform("laser", "camera", at(5.0)))
    found = buffer.lookup_transform("laser", "camera", at(5.0)).transform.translation
    assert (found.x, found.z) == (pytest.approx(-0.2), 1.0)
    listener.unregister()


def test_the_topics_have_tf2s_types_and_durability(graph: Graph, stamped: Stamped) -> None:
    node = graph.node("both")
    tf2_ros.TransformBroadcaster(node)
    tf2_ros.StaticTransformBroadcaster(node)
    listener = tf2_ros.TransformListener(tf2_ros.Buffer(), node)
    for topic, durability in (
        ("/tf", DurabilityPolicy.VOLATILE),
        ("/tf_static", DurabilityPolicy.TRANSIENT_LOCAL),
    ):
        graph.spin_until(partial(is_published, node, topic))
        ends = node.get_publishers_info_by_topic(topic)
        ends += node.get_subscriptions_info_by_topic(topic)
        assert len(ends) == 2
        for end in ends:
            assert end.topic_type == "tf2_msgs/msg/TFMessage"
            assert end.qos_profile.durability == durability
    listener.unregister()


def test_a_listener_with_a_thread_of_its_own_serves_waiting_look_ups(
    graph: Graph, stamped: Stamped
) -> None:
    listening, sending = graph.node("listening", spun=False), graph.node("sending")
    broadcaster = tf2_ros.StaticTransformBroadcaster(sending)
    broadcaster.sendTransform(stamped("base", "laser", 0.0, (0.2, 0.0, 0.0)))
    buffer = tf2_ros.Buffer(node=listening)
    listener = tf2_ros.TransformListener(buffer, listening, spin_thread=True)
    found = buffer.lookup_transform("base", "laser", LATEST, Duration(seconds=20))
    assert found.transform.translation.x == 0.2
    thread = listener.dedicated_listener_thread
    assert thread is not None
    listener.unregister()
    assert not thread.is_alive()
    listening.destroy_node()


def test_a_coroutine_in_a_callback_waits_without_blocking(graph: Graph, stamped: Stamped) -> None:
    node = graph.node("both")
    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, node)
    broadcaster = tf2_ros.TransformBroadcaster(node)
    found: list[TransformStamped] = []

    async def look_up() -> None:
        found.append(await buffer.lookup_transform_async("map", "base", at(1.0)))

    graph.executor.create_task(look_up)
    graph.spin_until(lambda: broadcaster.pub_tf.get_subscription_count() == 1)
    broadcaster.sendTransform(stamped("map", "base", 1.0, (1.0, 0.0, 0.0)))
    graph.spin_until(lambda: bool(found))
    assert found[0].transform.translation.x == 1.0
    listener.unregister()


def test_the_frames_are_told_on_request(graph: Graph, stamped: Stamped) -> None:
    node = graph.node("buffering")
    buffer = tf2_ros.Buffer(node=node)
    buffer.set_transform(stamped("map", "odom", 1.0), "me")
    client = graph.node("asking").create_client(FrameGraph, "tf2_frames")
    graph.spin_until(client.service_is_ready)
    future = client.call_async(FrameGraph.Request())
    graph.spin_until(future.done)
    assert future.result().frame_yaml == buffer.all_frames_as_yaml()


def test_a_jump_back_in_time_forgets_what_moves(
    graph: Graph, stamped: Stamped, capfd: pytest.CaptureFixture[str]
) -> None:
    node = graph.node("simulated")
    clock = node.get_clock()
    assert isinstance(clock, ROSClock)
    clock._set_ros_time_is_active(True)
    clock.set_ros_time_override(at(100.0))
    buffer = tf2_ros.Buffer(node=node)
    buffer.set_transform(stamped("map", "base", 100.0), "me")
    buffer.set_transform_static(stamped("base", "laser"), "me")
    clock.set_ros_time_override(at(105.0))
    assert buffer.can_transform("map", "base", at(100.0))
    clock.set_ros_time_override(at(104.9))
    assert "time jumped by -0.100 s" in capfd.readouterr().err
    assert not buffer.can_transform("map", "base", at(100.0))
    assert buffer.can_transform("base", "laser", at(100.0))
    clock._set_ros_time_is_active(False)
    buffer.set_transform(stamped("map", "base", 100.0), "me")
    clock._set_ros_time_is_active(True)
    assert not buffer.can_transform("map", "base", at(100.0))

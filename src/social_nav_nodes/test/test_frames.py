"""Robots whose frames have other names, and clocks that do not agree."""

from __future__ import annotations

import numpy as np
import pytest
from goal_selector_bench import Bench, Result, person
from rclpy.node import Node
from sensor_msgs.msg import Image
from social_nav_nodes.body_tracker_node import BodyTrackerNode
from social_nav_nodes.conversions import bodies_message, stamp_of, transform_message
from social_nav_nodes.perception_node import PerceptionNode
from social_nav_nodes.stamps import clock_hint
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup
from std_msgs.msg import Header
from tf2_ros import TransformBroadcaster

from social_nav_msgs.msg import BodyArray
from social_nav_nodes import topics

QUESTION = "is use_sim_time the same for all nodes?"


def said(node):
    return " ".join(trouble.text for trouble in node._log.troubles())


def test_an_approach_of_a_robot_with_another_base_frame(graph, place_frame):
    bench = Bench(graph, place_frame, base_frame="base_link")
    place_frame("base_link", in_="map", pose=(0.5, 0.0, 0.0))
    bench.people = [person("anna", 3.0, 1.0, np.pi)]
    bench.request("anna")
    bench.goal()
    bench.navigator.finish()
    assert bench.result().result.error_code == Result.NONE


def test_a_base_frame_that_is_not_there_is_named_with_its_parameter(graph, place_frame):
    bench = Bench(graph, place_frame, base_frame="base_link", start_patience=0.5)
    bench.people = [person("anna", 3.0, 1.0, np.pi)]
    bench.request("anna")
    result = bench.result().result
    assert result.error_code == Result.NAVIGATION_FAILED
    assert result.error_msg == (
        "no transform from 'base_link' to 'map' (the parameter base_frame is 'base_link')"
    )


class Lookup:
    """A node that looks up frames, and what it said."""

    def __init__(self, graph):
        self.graph, self.lines = graph, []
        self.node = graph.add(Node, node_name="reader")
        self.frames = TransformLookup(self.node, ThrottledLog(self, period=0.0))
        self.broadcaster = TransformBroadcaster(graph.probe)
        graph.pass_time(0.3)

    def warning(self, text):
        self.lines.append(text)

    error = warning

    def send(self, stamp):
        header = Header(stamp=stamp_of(stamp), frame_id="map")
        self.broadcaster.sendTransform(transform_message((1.0, 0.0, 0.0), "base_footprint", header))

    def pose(self, stamp=None):
        return self.frames.pose("base_footprint", "map", stamp)


def test_transforms_of_the_simulation_beside_a_wall_clock(graph):
    look = Lookup(graph)
    look.send(5.0)
    graph.spin_until(lambda: look.frames.ever_known("base_footprint", "map"), "the transform")
    graph.now = 1.79e9
    graph.pass_time(0.2)
    look.lines.clear()
    assert look.pose() is None
    assert "s old, expected at most 0.5 s" in look.lines[0] and QUESTION in look.lines[0]
    look.lines.clear()
    assert look.pose(look.node.get_clock().now()) is None
    assert QUESTION in look.lines[0], "extrapolation"


def test_transforms_of_the_wall_clock_beside_the_simulation(graph):
    look = Lookup(graph)
    look.send(1.79e9)
    graph.spin_until(lambda: look.lines, "the warning")
    assert "s ahead of now" in look.lines[0] and QUESTION in look.lines[0]


def test_transforms_that_are_only_late_raise_no_question(graph):
    look = Lookup(graph)
    look.send(graph.now)
    graph.spin_until(lambda: look.frames.ever_known("base_footprint", "map"), "the transform")
    graph.pass_time(30.0, step=0.5)
    look.lines.clear()
    assert look.pose() is None
    assert "s old" in look.lines[0] and QUESTION not in look.lines[0]


@pytest.mark.parametrize(
    ("difference", "asked"), [(0.6, False), (-3600.0, False), (1.79e9, True), (-1.79e9, True)]
)
def test_only_differences_of_years_are_those_of_simulated_time(difference, asked):
    assert (QUESTION in clock_hint(difference)) == asked


def test_people_of_another_clock_raise_the_question(graph, place_frame):
    bench = Bench(graph, place_frame)
    bench.people = [person("anna", 3.0, 1.0, np.pi)]
    bench.age = -1.79e9
    bench.request("anna")
    bench.result()
    assert "'anna'" in said(bench.node) and QUESTION in said(bench.node)


def test_the_body_tracker_says_which_parameters_name_its_frames(graph):
    node = graph.add(
        BodyTrackerNode,
        estimator=lambda image: np.zeros((0, 17, 3)),
        parameters={"base_frame": "base_link"},
    )
    images = graph.probe.create_publisher(Image, "image", 1)
    graph.spin_until(images.get_subscription_count, "the subscription")
    for _ in range(12):
        images.publish(Image(header=graph.header("camera"), height=1, width=1, encoding="rgb8"))
        graph.pass_time(0.1)
    assert "the parameter base_frame is 'base_link'" in said(node)


def test_the_perception_says_which_parameter_names_its_frame(graph):
    node = graph.add(PerceptionNode, parameters={"frame": "odom_combined"})
    bodies = graph.probe.create_publisher(BodyArray, topics.BODIES, topics.SENSOR_QOS)
    graph.spin_until(bodies.get_subscription_count, "the subscription")
    message = bodies_message([], graph.header("base_footprint"), 640, 480)
    for _ in range(12):
        bodies.publish(message)
        graph.pass_time(0.1)
    assert "the parameter frame is 'odom_combined'" in said(node)

"""Transforms that contradict each other, and how a node finds back to the true ones."""

from __future__ import annotations

import numpy as np
import pytest
from rclpy.node import Node
from social_nav_nodes.conversions import transform_message
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import SILENT, TransformLookup
from tf2_msgs.msg import TFMessage

from social_nav_nodes import transforms


class Told:
    """A look-up that is told of transforms without the wire, and what it says."""

    def __init__(self, graph):
        self.graph, self.lines = graph, []
        node = graph.add(Node, node_name="reader")
        self.steady = 0.0
        self.log = ThrottledLog(self, steady_time=lambda: self.steady)
        self.lookup = TransformLookup(node, self.log)
        graph.pass_time(0.3)

    def warning(self, text):
        self.lines.append(text)

    error = warning

    def tell(self, *edges, ahead=0.0, static=False):
        header = self.graph.header
        messages = [
            transform_message((1.0, 0.0, 0.0), child, header(parent, -ahead))
            for child, parent in edges
        ]
        listener = self.lookup._listener
        receive = listener.static_callback if static else listener.callback
        receive(TFMessage(transforms=messages))

    def tell_truth(self, duration):
        for _ in range(round(duration / 0.1)):
            self.graph.pass_time(0.1)
            self.tell(("odom", "map"), ("base_footprint", "odom"))

    def where(self):
        found = self.lookup.pose("base_footprint", "map", warn=False)
        return None if found is None else found[0]


@pytest.fixture
def told(graph):
    return Told(graph)


def test_one_wrong_transform_before_the_true_ones_is_forgotten(told):
    told.tell(("map", "base_footprint"))
    told.tell_truth(SILENT - 0.5)
    assert told.where() is None and len(told.lines) == 1 and "closes a loop" in told.lines[0]
    told.tell_truth(0.9)
    assert told.where() == 2.0


def test_a_wrong_transform_beside_true_ones_is_refused_for_ever(told):
    for _ in range(40):
        told.tell_truth(0.1)
        told.tell(("map", "base_footprint"), ("map", "map"))
        assert told.where() == 2.0


def test_static_transforms_give_way_to_nothing(told):
    told.tell(("base_footprint", "map"), static=True)
    told.graph.pass_time(30.0, step=0.5)
    told.tell(("map", "base_footprint"))
    assert told.where() == 1.0
    told.graph.now -= 10.0
    told.graph.pass_time(0.2)
    told.tell(("map", "base_footprint"))
    assert told.where() == 1.0


@pytest.mark.parametrize("jump", [-20.0, 20.0])
def test_a_clock_that_jumps_forgets_what_was_wrong(told, jump):
    told.tell(("map", "base_footprint"))
    told.graph.now += jump
    told.tell_truth(0.2)
    assert told.where() == 2.0


def test_the_number_of_frames_is_bounded_and_room_comes_back(told, monkeypatch):
    monkeypatch.setattr(transforms, "MOST_FRAMES", 50)
    told.tell_truth(0.2)
    told.tell(*((f"body_{n}", "map") for n in range(1000)))
    told.tell_truth(0.2)
    told.tell(("late", "map"))
    edges = told.lookup._listener._edges
    assert len(edges) == 50 and "late" not in edges and told.where() == 2.0
    assert "there are 50 others already" in told.lines[0]
    told.tell_truth(SILENT + 0.2)
    told.tell(("late", "map"))
    told.tell_truth(0.1)
    assert set(told.lookup._listener._edges) == {"odom", "base_footprint", "late"}
    assert told.where() == 2.0


def test_many_transforms_that_are_refused_are_told_of_in_one_line(told):
    told.tell_truth(0.1)
    told.tell(*((f"frame_{n}", "map") for n in range(1000)), ahead=60.0)
    assert len(told.lines) == 1
    assert "'frame_0' is ignored: its stamp is 60 s ahead" in told.lines[0]
    assert told.lines[0].endswith("; and 995 more")
    for number in range(200):
        told.tell((f"other_{number}", "map"), ahead=60.0)
        told.tell((f"self_{number}", f"self_{number}"))
        told.lookup.pose(f"nowhere_{number}", "map")
    assert len(told.lines) == 11
    told.steady = 6.0
    told.tell(("frame_7", "map"), ahead=60.0)
    assert len(told.lines) == 12 and "frame_7" in told.lines[-1]


def test_a_frame_may_be_told_of_in_another_parent_at_any_time(told):
    told.tell(("base_footprint", "map"))
    np.testing.assert_array_equal(told.lookup.pose("base_footprint", "map"), (1.0, 0.0, 0.0))
    told.tell_truth(0.1)
    assert told.where() == 2.0

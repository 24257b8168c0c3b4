"""Who is known of those that a topic tells of, and what counts as news."""

from __future__ import annotations

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.node import Node
from social_nav_core.people import Person
from social_nav_nodes.conversions import people_message, stamp_of
from social_nav_nodes.people_in_frame import PeopleInFrame
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup


class Known:
    """Who is known, told without the wire, and how often there was news."""

    def __init__(self, graph):
        self.graph, self.news, self.lines = graph, 0, []
        node = graph.add(Node, node_name="reader")
        log = ThrottledLog(self)
        frames = TransformLookup(node, log)
        self.people = PeopleInFrame(node, frames, log, 2.0, 1.0, 20, "base", self._hear)
        graph.pass_time(0.3)

    def warning(self, text):
        self.lines.append(text)

    error = warning

    def _hear(self):
        self.news += 1

    def tell(self, stamp=None):
        message = people_message([Person("anna", np.zeros(3))], self.graph.header("map"))
        message.people[0].last_seen = message.header.stamp
        message.header.stamp = message.header.stamp if stamp is None else stamp
        self.people._receive(message)

    def names(self):
        return [person.id for person in self.people.current("map")]


@pytest.fixture
def known(graph):
    return Known(graph)


def test_a_message_of_now_is_news(known):
    known.tell()
    known.graph.pass_time(0.1)
    known.tell()
    assert known.news == 2 and known.names() == ["anna"]


@pytest.mark.parametrize("age", [1.1, -0.7])
def test_a_message_of_another_time_is_no_news(known, age):
    known.tell(stamp_of(known.graph.now - age))
    assert known.news == 0


def test_a_stamp_before_time_zero_is_no_news(known):
    """It must not pass for a sign of life either."""
    known.tell()
    began = known.graph.now
    for second in range(5):
        known.graph.pass_time(0.3)
        known.tell(Time(sec=-5 - second))
    assert known.news == 1 and known.names() == []
    assert known.people.age() == pytest.approx(known.graph.now - began, abs=0.1)
    assert "its stamp is -5 s, expected 0 s or more" in known.lines[0]


def test_everybody_is_forgotten_when_the_clock_goes_back(known):
    known.tell()
    assert known.names() == ["anna"]
    known.graph.now -= 0.4
    known.graph.pass_time(0.1)
    assert known.names() == [] and known.people.age() is None and known.people.stamp is None


def test_what_still_waits_is_forgotten_when_the_clock_goes_back(known):
    known.tell()
    known.graph.now -= 0.4
    known.graph.pass_time(0.1)
    assert known.names() == []

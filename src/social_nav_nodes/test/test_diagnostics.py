"""What nodes say about themselves: throttled lines, diagnostics, and who is silent."""

from __future__ import annotations

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from social_nav_core.parameters import ParameterError
from social_nav_core.people import Person
from social_nav_nodes.conversions import people_message, stamp_of
from social_nav_nodes.diagnostics import TOPIC, Diagnostics
from social_nav_nodes.health_node import HealthNode
from social_nav_nodes.life_signs import TICK
from social_nav_nodes.node_names import NODE_NAMES
from social_nav_nodes.parameter_tables import NODES
from social_nav_nodes.people_in_frame import PeopleInFrame
from social_nav_nodes.social_costmap_node import SocialCostmapNode
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import RELIABLE_QOS, SOCIAL_PEOPLE
from social_nav_nodes.transforms import TransformLookup

from social_nav_msgs.msg import SocialPersonArray


class Lines(list):
    """A logger that keeps what it is told."""

    def warning(self, text):
        self.append(("warning", text))

    def error(self, text):
        self.append(("error", text))


class Log:
    """A throttled log on a clock that the test moves."""

    def __init__(self):
        self.now = 0.0
        self.lines = Lines()
        self.throttled = ThrottledLog(self.lines, period=5.0, steady_time=lambda: self.now)


@pytest.fixture
def log():
    return Log()


def test_a_subject_is_said_once_per_period(log):
    for tenths in range(100):
        log.now = 0.1 * tenths
        log.throttled.warning("map", f"try {tenths}")
    assert log.lines == [("warning", "try 0"), ("warning", "try 50")]
    assert log.throttled.refused == 100


def test_subjects_do_not_hide_each_other_and_errors_come_first(log):
    log.throttled.warning("map", "no map")
    log.throttled.error("disk", "no space")
    log.now = 1.0
    log.throttled.warning("scan", "no scan")
    assert [line for _, line in log.lines] == ["no map", "no space", "no scan"]
    assert [t.text for t in log.throttled.troubles()] == ["no space", "no scan", "no map"]


def test_a_trouble_that_does_not_come_back_is_over(log):
    log.throttled.warning("map", "no map")
    log.now = 1.9
    assert [t.text for t in log.throttled.troubles()] == ["no map"]
    log.now = 2.1
    assert log.throttled.troubles() == []


def test_what_others_wrote_is_told_in_one_short_line(log):
    log.throttled.warning("frame", "no frame '" + "a\nb" * 5000 + "'")
    log.throttled.error("file", "c\x0b" * 5000)
    log.throttled.left_out([("d" * 5000, "unused"), ("e" * 5000, "unused")])
    told = [line for _, line in log.lines] + [t.text for t in log.throttled.troubles()]
    assert len(told) == 6
    assert all(len(text) <= 1020 and len(text.splitlines()) == 1 for text in told)


def test_three_hundred_people_are_one_trouble_and_one_line(log):
    people = [(f"p{number}", "seen 3.1 s ago") for number in range(300)]
    log.throttled.left_out(people)
    log.throttled.left_out(people)
    assert len(log.lines) == 1 and "and 295 more" in log.lines[0][1]
    assert log.throttled.refused == 600
    assert [t.text for t in log.throttled.troubles()] == [
        "person 'p0' is left out: seen 3.1 s ago (and 299 more)"
    ]


def test_names_that_are_always_new_are_told_of_only_now_and_then(log):
    for number in range(150):
        log.now = number / 30.0
        log.throttled.left_out([(f"track_{number}", f"its pose is {number} nan")])
        log.throttled.several("frames", [(f"'frame_{number}' is ignored", f"in 'map{number}'")])
    assert len(log.lines) == 10 and "track_4" in log.lines[8][1]
    assert len(log.throttled.troubles()) == 2 and log.throttled.refused == 300
    log.now = 5.0
    log.throttled.left_out([("track_150", "its pose is 3 nan"), ("ben", "seen 3 s ago")])
    assert "'track_150'" in log.lines[10][1] and "'ben'" in log.lines[10][1]
    log.now = 6.0
    log.throttled.left_out(
        [(f"p{n}", f"is {chr(97 + n % 26)}{chr(97 + n // 26)}") for n in range(400)]
    )
    assert len(log.throttled._named) <= 101


def test_thousands_of_subjects_are_not_told_and_hide_no_error(log):
    log.throttled.error("disk", "no space")
    for number in range(5000):
        log.throttled.warning(f"subject {number}", "something")
    log.throttled.error("model", "no model")
    assert len(log.lines) == 101 and log.lines[-1] == ("error", "no model")
    assert [t.text for t in log.throttled.troubles()[:2]] == ["no space", "no model"]
    assert len(log.throttled.troubles()) == 100
    log.now = 5.0
    log.throttled.warning("subject 4000", "again")
    assert log.lines[-1] == ("warning", "again")


def values(status):
    return {item.key: item.value for item in status.values}


def test_an_entry_has_level_reason_values_and_rates(graph):
    node = graph.add(Node, node_name="worker")
    throttled = ThrottledLog(Lines())
    diagnostics = Diagnostics(node, throttled, lambda: {"people": 3, "age [s]": 0.123456})
    received = graph.collect(DiagnosticArray, TOPIC)
    for _ in range(7):
        diagnostics.count("grids")
    graph.spin_until(lambda: received, "an entry")
    first = received[0].status[0]
    assert first.name == "worker" and first.level == DiagnosticStatus.OK
    assert values(first)["people"] == "3" and values(first)["age [s]"] == "0.123"
    assert values(first)["grids"] == "7"
    assert 0.0 < float(values(first)["grids per second"]) < 7.1
    throttled.error("disk", "no space left")
    received.clear()
    graph.spin_until(lambda: received, "another entry")
    assert received[0].status[0].level == DiagnosticStatus.ERROR
    assert received[0].status[0].message == "no space left"
    assert values(received[0].status[0])["refused"] == "1"


def test_time_that_stands_still_is_reported(graph):
    graph.add(SocialCostmapNode)
    received = graph.collect(DiagnosticArray, TOPIC)
    graph.tick()

    def says_so():
        graph.tick(0.0)
        messages = [s.message for m in received for s in m.status if s.level != b"\0"]
        return any("simulated time stands still at 100.0" in text for text in messages)

    graph.spin_until(says_so, "the report", step=0.0)


def test_what_comes_no_more_is_reported_once_it_has_come(graph):
    """A camera that is unplugged: nothing else would tell of it."""
    node = graph.add(Node, node_name="worker")
    throttled, wanted = ThrottledLog(Lines()), True
    diagnostics = Diagnostics(node, throttled)
    diagnostics.expect("images", "image", when=lambda: wanted)
    received = graph.collect(DiagnosticArray, TOPIC)

    def entry(number):
        graph.spin_until(lambda: len(received) >= number, f"entry {number}")
        return received[number - 1].status[0].message

    assert [entry(1), entry(2), entry(3)] == ["all is well"] * 3
    diagnostics.count("images")
    assert [entry(4), entry(5)] == ["all is well"] * 2
    assert entry(6) == "nothing of use on '/image' for 2 s: does its source run?"
    wanted = False
    throttled._troubles.clear()
    assert entry(7) == "all is well"


def test_nobody_is_blamed_while_time_stands_still(graph):
    node = graph.add(Node, node_name="worker")
    diagnostics = Diagnostics(node, ThrottledLog(Lines()))
    diagnostics.expect("images", "image")
    received = graph.collect(DiagnosticArray, TOPIC)
    graph.tick()
    diagnostics.count("images")
    graph.spin_until(lambda: len(received) >= 5, "five entries", step=0.0)
    assert not any("source" in item.status[0].message for item in received)


def test_health_names_who_is_silent_and_who_is_back(graph):
    health = graph.add(HealthNode, parameters={"timeout": 1.5})
    health._log._logger = lines = Lines()
    publisher = graph.probe.create_publisher(DiagnosticArray, TOPIC, 10)
    received = graph.collect(DiagnosticArray, TOPIC)
    graph.spin_until(publisher.get_subscription_count, "the subscription")
    publisher.publish(DiagnosticArray(status=[DiagnosticStatus(name="navigator")]))
    graph.spin_until(lambda: lines, "the line")
    assert lines == [("error", "the node 'navigator' is silent: was it killed?")]

    def entry(level):
        return [s for m in received for s in m.status if s.name == "health" and s.level == level]

    graph.spin_until(lambda: entry(DiagnosticStatus.ERROR), "the entry")
    assert values(entry(DiagnosticStatus.ERROR)[0])["silent"] == "navigator"
    received.clear()
    alive = graph.probe.create_timer(
        0.2, lambda: publisher.publish(DiagnosticArray(status=[DiagnosticStatus(name="navigator")]))
    )
    graph.spin_until(lambda: entry(DiagnosticStatus.OK), "all is well again")
    assert values(entry(DiagnosticStatus.OK)[0])["running"].split(", ").count("navigator") == 1
    alive.cancel()


class Watched:
    """The health node, told who is alive without the wire, and the lines that it writes."""

    def __init__(self, graph, **parameters):
        self.node = graph.add(HealthNode, parameters={"timeout": 1.5, **parameters})
        self.node._log._logger = self.lines = Lines()

    def tell(self, *names):
        self.node._receive(DiagnosticArray(status=[DiagnosticStatus(name=n) for n in names]))

    def ticks(self, seconds):
        for _ in range(round(seconds / TICK)):
            self.node._watch._tick()


def test_health_watches_the_suite_and_who_is_named_to_it(graph):
    watched = Watched(graph, others="lidar: scan, battery")
    foreign = [f"joint {n}: temperature" for n in range(500)]
    odd = ["", "navigator ", "\n/navigator", "x" * 300 + "/navigator", "navigator/joint"]
    watched.tell(*foreign, *odd, "navigator", "robot1/recorder", "battery")
    assert watched.node._known == {"navigator", "robot1/recorder", "battery"}
    watched.ticks(60.0)
    assert watched.lines == [
        (
            "error",
            "3 nodes are silent: 'battery', 'navigator', 'robot1/recorder': were they killed?",
        )
    ]


def test_health_names_a_new_loss_at_once_and_forgets_who_was_ended(graph):
    watched = Watched(graph, forget=10.0)
    watched.tell("navigator", "recorder")
    for _ in range(3):
        watched.ticks(1.0)
        watched.tell("recorder")
    assert [line for _, line in watched.lines] == ["the node 'navigator' is silent: was it killed?"]
    watched.ticks(2.0)
    assert watched.lines[1][1].startswith("2 nodes are silent: 'navigator', 'recorder'")
    watched.ticks(10.0)
    assert not watched.node._known and not watched.node._silent and not watched.node._watch._heard


@pytest.mark.parametrize("forget", [2.0, 2.5])
def test_health_does_not_forget_before_it_has_told(graph, forget):
    words = f"health: forget is {forget} s, expected more than timeout, 2.5 s"
    with pytest.raises(ParameterError, match=words):
        graph.add(HealthNode, parameters={"forget": forget})


def test_health_watches_only_so_many(graph):
    watched = Watched(graph)
    watched.tell(*(f"robot{n}/navigator" for n in range(300)))
    assert len(watched.node._known) == 100
    assert [line for _, line in watched.lines] == [
        "'robot100/navigator' is not watched: 100 other nodes are"
    ]
    watched.ticks(3.0)
    assert "100 nodes are silent" in watched.lines[1][1] and "and 90 more" in watched.lines[1][1]


def test_the_names_of_the_nodes_are_those_of_the_table():
    """`trial` ends with its task: nobody is to wait for its next entry."""
    assert {*NODES} == NODE_NAMES | {"trial"}


def test_a_node_with_too_many_people_keeps_the_nearest_and_says_so(graph, place_frame):
    node = graph.add(Node, node_name="reader")
    lines = Lines()
    log = ThrottledLog(lines)
    people = PeopleInFrame(node, TransformLookup(node, log), log, 2.0, 2.0, 20, "base_footprint")
    place_frame("base_footprint", in_="map", pose=(3.0, 4.0, 0.5))
    rng = np.random.default_rng(3)
    places = rng.uniform(-20.0, 20.0, (200, 2))
    crowd = [Person(f"p{n}", np.array([x, y, 0.0])) for n, (x, y) in enumerate(places)]
    seen = tell(graph, crowd, people)
    distances = np.hypot(places[:, 0] - 3.0, places[:, 1] - 4.0)
    assert {person.id for person in seen} == {f"p{n}" for n in np.argsort(distances)[:20]}
    assert sum("200 people, expected at most 20: the 180 farthest" in t for _, t in lines) == 1
    far = f"p{np.argmax(distances)}"
    assert "farther than the 20 nearest of 200 people" in str(people.why_left_out(far))


def tell(graph, crowd, people):
    """Publish people who are seen now, and return those that are current then."""
    publisher = graph.probe.create_publisher(SocialPersonArray, SOCIAL_PEOPLE, RELIABLE_QOS)
    graph.spin_until(publisher.get_subscription_count, "the subscription")
    graph.pass_time(0.3)
    message = people_message(crowd, graph.header("map"))
    for item in message.people:
        item.last_seen = stamp_of(graph.now)
    publisher.publish(message)
    graph.spin_until(lambda: people.current("map"), "the people")
    return people.current("map")

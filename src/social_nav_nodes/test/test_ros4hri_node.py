"""ROS4HRI in, bodies out."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
from hri_msgs.msg import IdsList, NormalizedPointOfInterest2D, Skeleton2D
from social_nav_core.skeleton import JOINT, JOINTS, ROS4HRI
from social_nav_nodes.conversions import bodies_from, seconds, stamp_of
from social_nav_nodes.ros4hri_node import Ros4hriNode
from social_nav_nodes.topics import BODIES, SENSOR_QOS
from std_msgs.msg import Header

from social_nav_msgs.msg import BodyArray

RELIABLE = 10


class Tracker:
    """A ROS4HRI body tracker."""

    def __init__(self, graph, **parameters):
        self.graph = graph
        self.node = graph.add(Ros4hriNode, parameters=parameters)
        self.tracked = graph.probe.create_publisher(IdsList, "/humans/bodies/tracked", RELIABLE)
        self.received = graph.collect(BodyArray, BODIES, SENSOR_QOS)
        self.topics = {}
        graph.spin_until(self.tracked.get_subscription_count, "the node's subscription")

    def track(self, *names):
        for name in names:
            if name not in self.topics:
                topic = f"/humans/bodies/{name}/skeleton2d"
                self.topics[name] = self.graph.probe.create_publisher(Skeleton2D, topic, RELIABLE)
        self.tracked.publish(IdsList(header=self.graph.header(""), ids=list(names)))
        met = lambda: all(self.topics[n].get_subscription_count() for n in names)  # noqa: E731
        self.graph.spin_until(met, "subscriptions to skeletons", step=0.0)

    def see(self, *names, stamp=None):
        stamp = self.graph.now if stamp is None else stamp
        for name in names:
            points = [
                NormalizedPointOfInterest2D(x=0.5 + 0.01 * k, y=0.05 * k, c=0.9) for k in range(18)
            ]
            header = Header(stamp=stamp_of(stamp), frame_id="camera")
            self.topics[name].publish(Skeleton2D(header=header, skeleton=points))
        return stamp


@pytest.fixture
def tracker(graph):
    return Tracker(graph)


def test_joints_and_places_arrive(graph, tracker, place_frame):
    place_frame("body_ab1", in_="base_footprint", pose=(2.0, -0.5, 3.0))
    tracker.track("ab1")
    graph.pass_time(0.2)
    stamp = tracker.see("ab1")
    graph.spin_until(lambda: tracker.received, "bodies")
    message = tracker.received[-1]
    assert (message.image_width, message.image_height) == (640, 480)
    assert message.header.frame_id == "base_footprint"
    assert seconds(message.header.stamp) == pytest.approx(stamp)
    (body,) = bodies_from(message)
    assert body.defect() is None
    assert body.id == "ab1"
    assert body.pose == pytest.approx([2.0, -0.5, 3.0])
    for name in ("nose", "left_wrist", "right_ankle", "left_ear"):
        k = ROS4HRI.index(name)
        assert body.x[JOINT[name]] == pytest.approx(640.0 * (0.5 + 0.01 * k), rel=1e-5)
        assert body.y[JOINT[name]] == pytest.approx(480.0 * 0.05 * k, rel=1e-5)
    feet = [k for k, name in enumerate(JOINTS) if "toe" in name or "heel" in name]
    assert len(feet) == 6
    np.testing.assert_array_equal(body.confidence[feet], 0.0)
    assert (np.delete(body.confidence, feet) > 0.8).all()


def test_bodies_of_one_image_come_together_and_late_ones_do_not_hold_it_up(
    graph, tracker, place_frame
):
    place_frame("body_a", in_="base_footprint", pose=(2.0, 0.0, 3.0))
    place_frame("body_b", in_="base_footprint", pose=(3.0, 0.0, 3.0))
    tracker.track("a", "b")
    graph.pass_time(0.2)
    tracker.see("a", "b")
    graph.spin_until(lambda: tracker.received, "bodies")
    assert {body.id for body in bodies_from(tracker.received[-1])} == {"a", "b"}
    graph.pass_time(0.1)
    stamp = tracker.see("a")
    graph.spin_until(lambda: len(tracker.received) > 1, "bodies")
    assert [body.id for body in bodies_from(tracker.received[-1])] == ["a"]
    assert seconds(tracker.received[-1].header.stamp) == pytest.approx(stamp)
    assert graph.now - stamp > 0.1


def test_the_bodies_of_an_image_are_placed_once_when_all_have_come(graph, tracker, place_frame):
    """Or twenty bodies would be placed two hundred times for every image."""
    names = [f"b{number}" for number in range(20)]
    for name in names:
        place_frame(f"body_{name}", in_="base_footprint", pose=(2.0, 0.0, 3.0))
    tracker.track(*names)
    graph.pass_time(0.2)
    vars(tracker.node)["_body"] = place = Mock(wraps=tracker.node._body)
    skeleton = Skeleton2D(header=graph.header("camera"))
    for name in names:
        tracker.node._receive(name, skeleton)
    graph.spin_until(lambda: tracker.received, "bodies")
    assert len(bodies_from(tracker.received[-1])) == 20
    assert place.call_count == 20


def test_who_is_not_tracked_any_more_is_not_waited_for(graph, tracker, place_frame):
    place_frame("body_a", in_="base_footprint", pose=(2.0, 0.0, 3.0))
    tracker.track("a", "b")
    tracker.track("a")
    graph.pass_time(0.2)
    assert set(tracker.node._skeletons) == {"a"}
    stamp = tracker.see("a")
    graph.spin_until(lambda: tracker.received, "bodies", step=0.005)
    assert graph.now - stamp < 0.1


def test_nobody_is_an_image_too(graph, tracker):
    tracker.track()
    graph.spin_until(lambda: tracker.received, "an image without bodies")
    assert bodies_from(tracker.received[-1]) == []


def test_without_a_transform_a_body_is_left_out(graph, tracker):
    tracker.track("a")
    tracker.see("a")
    graph.spin_until(lambda: tracker.received, "an image without bodies")
    assert bodies_from(tracker.received[-1]) == []


def test_headings_are_unknown_where_the_frames_do_not_tell_them(graph, place_frame):
    tracker = Tracker(graph, headings=False, image_width=1280, image_height=720)
    place_frame("body_a", in_="base_footprint", pose=(2.0, 0.0, 3.0))
    tracker.track("a")
    graph.pass_time(0.2)
    tracker.see("a")
    graph.spin_until(lambda: tracker.received, "bodies")
    (body,) = bodies_from(tracker.received[-1])
    assert not body.heading_known
    assert tracker.received[-1].image_width == 1280


def test_an_id_that_makes_no_topic_is_left_out(graph, tracker):
    tracker.tracked.publish(IdsList(ids=["no way", "good"]))
    graph.spin_until(lambda: "good" in tracker.node._skeletons, "a subscription")
    assert set(tracker.node._skeletons) == {"good"}


def test_hri_msgs_is_asked_for_in_one_line_where_it_is_missing(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "hri_msgs.msg", None)
    with pytest.raises(ValueError, match=r"hri_msgs is not installed; try: apt install"):
        graph.add(Ros4hriNode)


def test_a_stamp_from_the_future_stops_nothing(graph, tracker, place_frame):
    place_frame("body_a", in_="base_footprint", pose=(2.0, 0.0, 3.0))
    tracker.track("a")
    graph.pass_time(0.2)
    for ahead in (0.6, 1e5, 2**31 - 1 - graph.now):
        stamp = stamp_of(graph.now + ahead)
        tracker.node._follow(IdsList(header=Header(stamp=stamp)))
        tracker.node._receive("a", Skeleton2D(header=Header(stamp=stamp)))
    troubles = [trouble.text for trouble in tracker.node._log.troubles()]
    assert any("'/humans/bodies/tracked' is left out: its stamp is " in text for text in troubles)
    assert any("'/humans/bodies/a/skeleton2d' is left out" in text for text in troubles)
    assert set(tracker.node._skeletons) == {"a"} and not tracker.received
    stamp = tracker.see("a")
    graph.spin_until(lambda: tracker.received, "bodies")
    assert seconds(tracker.received[-1].header.stamp) == pytest.approx(stamp)


def test_stamps_that_run_back_begin_anew_and_a_late_skeleton_does_not(graph, tracker):
    published: list[BodyArray] = []
    vars(tracker.node)["_publisher"] = SimpleNamespace(publish=published.append)
    now = graph.now
    for age in (0.0, 0.4, 50.0, 49.0, 49.5, 0.0):
        tracker.node._receive("a", Skeleton2D(header=Header(stamp=stamp_of(now - age))))
        graph.pass_time(0.2)
    stamps = [seconds(message.header.stamp) for message in published]
    assert stamps == pytest.approx([now, now - 50.0, now - 49.0, now])


def test_of_too_many_bodies_those_are_followed_who_have_been(graph):
    tracker = Tracker(graph, most_bodies=3)
    tracker.track("c", "d")
    graph.spin_until(lambda: len(tracker.node._skeletons) == 2, "subscriptions")
    tracker.node._follow(IdsList(ids=["a", "b", "c", "d", "e", "a"]))
    assert set(tracker.node._skeletons) == {"a", "c", "d"}
    assert "5 bodies, expected at most 3" in tracker.node._log.troubles()[0].text


def test_a_joint_that_is_nowhere_leaves_out_that_body_alone(graph, tracker, place_frame):
    """Found by fuzzing: such a joint was published."""
    for name in "ab":
        place_frame(f"body_{name}", in_="base_footprint", pose=(2.0, 0.0, 3.0))
    tracker.track("a", "b")
    graph.pass_time(0.2)
    bad = Skeleton2D(header=graph.header("camera"))
    bad.skeleton[3].x, bad.skeleton[3].c = float("nan"), 0.9
    tracker.topics["a"].publish(bad)
    tracker.see("b", stamp=graph.now)
    graph.spin_until(lambda: tracker.received, "bodies")
    assert [body.id for body in bodies_from(tracker.received[-1])] == ["b"]
    assert "person 'a' is left out: x of " in tracker.node._log.troubles()[0].text


@pytest.mark.parametrize(
    ("x", "confidence", "expected"),
    [(float("nan"), 0.0, 0.0), (0.5, -1.0, 0.0), (0.5, 1.0000002, 1.0)],
)
def test_how_trackers_say_unseen_and_certain(graph, tracker, place_frame, x, confidence, expected):
    place_frame("body_a", in_="base_footprint", pose=(2.0, 0.0, 3.0))
    tracker.track("a")
    graph.pass_time(0.2)
    message = Skeleton2D(header=graph.header("camera"))
    k = ROS4HRI.index("left_ear")
    message.skeleton[k].x, message.skeleton[k].c = x, confidence
    tracker.topics["a"].publish(message)
    graph.spin_until(lambda: tracker.received, "bodies")
    (body,) = bodies_from(tracker.received[-1])
    assert body.defect() is None
    assert body.confidence[JOINT["left_ear"]] == expected

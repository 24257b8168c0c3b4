"""Adapters of other packages' people."""

from __future__ import annotations

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from geometry_msgs.msg import PoseArray
from social_nav_core.people import UNKNOWN_HEADING
from social_nav_core.tracks import MOST, Tracks
from social_nav_nodes.adapter import AdapterParameters, person_seen
from social_nav_nodes.conversions import people_from, pose_message, seconds, stamp_of
from social_nav_nodes.people_msgs_node import PeopleMsgsNode
from social_nav_nodes.pose_array_node import PoseArrayNode
from social_nav_nodes.topics import SENSOR_QOS
from std_msgs.msg import Header

from social_nav_msgs.msg import SocialPersonArray

HEADING_VARIANCE = 0.35**2


def test_who_stands_without_a_heading_has_a_heading_that_nobody_knows():
    person = person_seen(
        "ana", np.array([1.0, 2.0]), np.array([0.1, 0.0]), 5.0, AdapterParameters()
    )
    assert person.defect() is None
    assert person.covariance[2, 2] > UNKNOWN_HEADING
    assert person.covariance[0, 0] == pytest.approx(0.01)


def test_who_walks_faces_the_way():
    person = person_seen("ana", np.zeros(2), np.array([0.0, -1.0]), 5.0, AdapterParameters())
    assert person.pose == pytest.approx([0.0, 0.0, -math.pi / 2])
    assert person.covariance[2, 2] == pytest.approx(HEADING_VARIANCE)


def test_a_heading_that_is_told_is_kept_also_when_walking_backwards():
    person = person_seen(
        "ana", np.zeros(2), np.array([-1.0, 0.0]), 5.0, AdapterParameters(), yaw=0.5
    )
    assert person.pose[2] == 0.5


class TestTracks:
    def test_people_keep_their_names_while_they_pass_each_other(self):
        tracks, names = Tracks(), []
        for step in range(41):
            time = 0.1 * step
            places = [[-2.0 + time, 0.5], [2.0 - time, -0.5]]
            order = [0, 1] if step % 2 else [1, 0]
            found = tracks.update([places[i] for i in order], time)
            names.append({i: name for i, (name, _) in zip(order, found, strict=True)})
        assert names[-1] == names[0]
        velocity = dict(found)
        assert velocity[names[0][0]] == pytest.approx([1.0, 0.0], abs=0.01)
        assert velocity[names[0][1]] == pytest.approx([-1.0, 0.0], abs=0.01)

    def test_who_jumps_or_was_away_too_long_is_somebody_else(self):
        tracks = Tracks()
        (first, _), *_ = tracks.update([[0.0, 0.0]], 1.0)
        (second, _), *_ = tracks.update([[3.0, 0.0]], 1.1)
        assert second != first
        (third, _), *_ = tracks.update([[3.0, 0.0]], 2.2)
        assert third not in (first, second)

    def test_a_short_gap_keeps_the_name_and_a_clock_that_runs_back_does_not(self):
        tracks = Tracks()
        (first, _), *_ = tracks.update([[0.0, 0.0]], 1.0)
        assert tracks.update([], 1.4) == []
        (second, velocity), *_ = tracks.update([[0.2, 0.0]], 1.8)
        assert second == first
        assert velocity == pytest.approx([0.25 * 0.8 / 1.1, 0.0])
        (third, _), *_ = tracks.update([[0.2, 0.0]], 0.5)
        assert third != first

    def test_of_a_crowd_only_so_many_are_followed_and_nobody_is_left_out(self):
        """All pairs of 20 000 places do not fit into a computer."""
        tracks, rng = Tracks(), np.random.default_rng(0)
        places = 3.0 * np.stack(np.meshgrid(np.arange(200), np.arange(100)), -1).reshape(-1, 2)
        first, second = (tracks.update(places + 0.1 * step, 0.2 * step) for step in (0, 1))
        for found in (first, second):
            assert len({name for name, _ in found}) == len(places)
        kept = [a == b for (a, _), (b, _) in zip(first, second, strict=True)]
        assert kept == [True] * MOST + [False] * (len(places) - MOST)
        assert all((velocity == 0.0).all() for _, velocity in second[MOST:])
        shuffled = rng.permutation(places)[:2000]
        for step in range(3):
            tracks.update(shuffled + step, 1.0 + step)
        assert len(tracks._tracks) <= 2 * MOST


def test_pose_array(graph):
    graph.add(PoseArrayNode)
    poses = graph.probe.create_publisher(PoseArray, "people_poses", SENSOR_QOS)
    received = graph.collect(SocialPersonArray, "social_people")
    graph.spin_until(poses.get_subscription_count, "the node's subscription")
    start = graph.now
    for _ in range(12):
        graph.pass_time(0.1)
        place = 1.0 + graph.now - start
        walking = pose_message((place, 0.0, 0.0))
        broken = pose_message((5.0, 5.0, 0.0))
        broken.orientation.w = 0.2
        lost = pose_message((math.nan, 0.0, 0.0))
        count = len(received)
        poses.publish(PoseArray(header=graph.header("map"), poses=[broken, walking, lost]))
        graph.spin_until(lambda before=count: len(received) > before, "people")
    (person,) = people_from(received[-1]).people
    assert received[-1].header.frame_id == "map"
    assert person.pose == pytest.approx([place, 0.0, 0.0])
    assert person.velocity == pytest.approx([1.0, 0.0], abs=0.15)
    assert person.last_seen == pytest.approx(graph.now, abs=0.2)
    assert {p.id for m in received for p in m.people} == {person.id}
    assert person.covariance[2, 2] == pytest.approx(HEADING_VARIANCE)


def test_pose_array_without_headings(graph):
    graph.add(PoseArrayNode, parameters={"headings": False})
    poses = graph.probe.create_publisher(PoseArray, "people_poses", SENSOR_QOS)
    received = graph.collect(SocialPersonArray, "social_people")
    graph.spin_until(poses.get_subscription_count, "the node's subscription")
    nobody_knows = pose_message((1.0, 0.0, 0.0))
    nobody_knows.orientation.w = 0.0
    poses.publish(PoseArray(header=graph.header("odom"), poses=[nobody_knows]))
    graph.spin_until(lambda: received, "people")
    (person,) = people_from(received[-1]).people
    assert person.covariance[2, 2] > UNKNOWN_HEADING


def test_people_msgs_is_asked_for_in_one_line_where_it_is_missing(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "people_msgs", None)
    with pytest.raises(ValueError, match=r"people_msgs is not installed; build it from https"):
        graph.add(PeopleMsgsNode)


def test_people_msgs(graph, monkeypatch):
    """With a message of another package in its place: only its fields matter here."""
    stand_in = SimpleNamespace(People=PoseArray)
    monkeypatch.setitem(sys.modules, "people_msgs", SimpleNamespace(msg=stand_in))
    monkeypatch.setitem(sys.modules, "people_msgs.msg", stand_in)
    node = graph.add(PeopleMsgsNode)
    received = graph.collect(SocialPersonArray, "social_people")
    graph.spin_until(lambda: graph.probe.count_publishers("social_people"), "its publisher")
    point = SimpleNamespace

    def person(name, x, vx):
        return SimpleNamespace(
            name=name, position=point(x=x, y=1.0, z=0.0), velocity=point(x=vx, y=0.0, z=0.0)
        )

    message = SimpleNamespace(
        header=graph.header("odom"),
        people=[person("ana", 2.0, -1.0), person("", 3.0, 0.0), person("eva", math.inf, 0.0)],
    )
    ahead = SimpleNamespace(header=graph.header("odom", age=-1.0), people=[])
    graph.spin_until(
        lambda: node._receive(ahead) or node._receive(message) or received, "people", step=0.1
    )
    ana, other = people_from(received[-1]).people
    assert (ana.id, other.id) == ("ana", "person_1")
    assert abs(ana.pose[2]) == pytest.approx(math.pi)
    assert other.covariance[2, 2] > UNKNOWN_HEADING


def test_stamps_that_cannot_be_rename_nobody(graph):
    node = graph.add(PoseArrayNode)
    sent: list[SocialPersonArray] = []
    vars(node._publisher)["_publisher"] = SimpleNamespace(publish=sent.append)
    graph.tick()
    now = graph.now

    def tell(time):
        header = Header(stamp=stamp_of(time), frame_id="map")
        node._receive(PoseArray(header=header, poses=[pose_message((1.0, 0.0, 0.0))]))

    for time in (now, now + 0.6, now - 0.9, 2.0**31 - 1, now + 0.1):
        tell(time)
    assert [seconds(m.header.stamp) for m in sent] == pytest.approx([now, now + 0.1])
    assert len({p.id for m in sent for p in m.people}) == 1
    texts = "; ".join(trouble.text for trouble in node._log.troubles())
    assert "s ahead of the clock" in texts and "it is 0.900 s late" in texts
    tell(now - 2.0)
    assert seconds(sent[-1].header.stamp) == pytest.approx(now - 2.0), "it has begun anew"


def test_poses_in_another_frame_are_other_peoples(graph):
    node = graph.add(PoseArrayNode)
    sent: list[SocialPersonArray] = []
    vars(node._publisher)["_publisher"] = SimpleNamespace(publish=sent.append)
    for step, frame in enumerate(("map", "map", "odom", "odom")):
        header = Header(stamp=stamp_of(graph.now + 0.1 * step), frame_id=frame)
        node._receive(PoseArray(header=header, poses=[pose_message((1.0, 0.0, 0.0))]))
    names = [message.people[0].id for message in sent]
    assert names[0] == names[1] != names[2] == names[3]
    assert "poses in 'odom' follow poses in 'map'" in node._log.troubles()[0].text


def test_people_without_names_keep_theirs_when_another_one_leaves(graph, monkeypatch):
    """Or a robot on its way to the second would turn to the third."""
    stand_in = SimpleNamespace(People=PoseArray)
    monkeypatch.setitem(sys.modules, "people_msgs", SimpleNamespace(msg=stand_in))
    monkeypatch.setitem(sys.modules, "people_msgs.msg", stand_in)
    node = graph.add(PeopleMsgsNode)
    sent: list[SocialPersonArray] = []
    vars(node._publisher)["_publisher"] = SimpleNamespace(publish=sent.append)
    point = SimpleNamespace

    def tell(time, *places):
        people = [
            point(name="", position=point(x=x, y=0.0, z=0.0), velocity=point(x=0.0, y=0.0, z=0.0))
            for x in places
        ]
        header = Header(stamp=stamp_of(graph.now + time), frame_id="odom")
        node._receive(SimpleNamespace(header=header, people=people))
        return {p.pose.pose.position.x: p.id for p in sent[-1].people}

    before, after = tell(0.0, 1.0, 2.0, 3.0), tell(0.1, math.nan, 2.0, 3.0)
    assert len(set(before.values())) == 3
    assert after == {x: before[x] for x in (2.0, 3.0)}

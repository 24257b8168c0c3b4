"""People in Gazebo: a stand-in for Gazebo moves models as it is told and tells where they are."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from social_nav_core.geometry import compose, relative
from social_nav_core.parameters import ParameterError
from social_nav_core.sim.gazebo.following import following_velocity
from social_nav_core.sim.gazebo.walkers import LEAD
from social_nav_core.sim.reading import SceneError
from social_nav_nodes.conversions import (
    bodies_from,
    people_from,
    seconds,
    stamp_of,
    transform_message,
)
from social_nav_nodes.gazebo_people_node import GAZEBO_POSES, GazeboPeopleNode
from social_nav_nodes.topics import SENSOR_QOS
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from social_nav_msgs.msg import BodyArray, SocialPersonArray

SCENES = Path(__file__).resolve().parents[3] / "worlds" / "scenes"


class Gazebo:
    """Bodies that move exactly as VelocityControl would move them; a walker's frame is ahead."""

    def __init__(self, graph, **poses):
        self.graph, self.poses = graph, {name: np.array(pose) for name, pose in poses.items()}
        self.commands = dict.fromkeys(poses, (0.0, 0.0, 0.0))
        self.publisher = graph.probe.create_publisher(TFMessage, GAZEBO_POSES, 100)
        for name in poses:
            graph.probe.create_subscription(
                Twist, f"/model/{name}/cmd_vel", lambda m, name=name: self.command(name, m), 1
            )

    def command(self, name, message):
        self.commands[name] = (message.linear.x, message.linear.y, message.angular.z)

    def frame_of(self, name):
        return self.poses[name] if name == "tiago" else compose(self.poses[name], (LEAD, 0, 0))

    def run(self, duration, step=0.05):
        for _ in range(round(duration / step)):
            for name, (forward, left, turning) in self.commands.items():
                motion = step * np.array([forward, left, turning])
                self.poses[name] = compose(self.poses[name], motion)
            header = self.graph.header("world")
            self.publisher.publish(
                TFMessage(
                    transforms=[
                        transform_message(self.frame_of(name), f"model/{name}", header)
                        for name in self.poses
                    ]
                )
            )
            self.graph.tick(step)


def test_a_model_that_lags_behind_is_hurried_in_its_own_frame():
    forward, left, turning = following_velocity(
        (1.0, 0.0, math.pi / 2), (1.0, 0.3, math.pi / 2), (0.0, 1.0), 0.0
    )
    assert (forward, left, turning) == pytest.approx((1.6, 0.0, 0.0))
    assert following_velocity((0, 0, 0), (0, 0, 0.2), (0, 0), 0.5)[2] == pytest.approx(0.9)
    assert math.hypot(*following_velocity((0, 0, 0), (9, 9, 0), (1, 0), 0.0)[:2]) <= 2.5 + 1e-9


def test_scripts_move_the_models_and_what_the_camera_sees_goes_out(graph):
    gazebo = Gazebo(graph, tiago=(-5.7, 0.0, 0.0), ana=(5.9, 0.3, math.pi))
    graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "head_on.yaml")})
    people = graph.collect(SocialPersonArray, "social_people")
    bodies = graph.collect(BodyArray, "bodies", SENSOR_QOS)
    graph.spin_until(gazebo.publisher.get_subscription_count, "the node's subscription")
    gazebo.run(8.0)
    x, y, yaw = gazebo.poses["ana"]
    assert -3.0 < x < 0.0, "she has walked for about 8 s at 1 m/s"
    assert y == pytest.approx(0.3, abs=0.05)
    assert math.cos(yaw) == pytest.approx(-1.0, abs=0.01)
    (ana,) = people_from(people[-1]).people
    assert ana.pose == pytest.approx(gazebo.poses["ana"], abs=0.15)
    assert ana.velocity == pytest.approx([-1.0, 0.0], abs=0.05)
    (body,) = bodies_from(bodies[-1])
    assert bodies[-1].header.frame_id == "base_footprint"
    assert body.id
    expected = relative(gazebo.poses["tiago"], gazebo.poses["ana"])
    assert body.pose[:2] == pytest.approx(expected[:2], abs=0.5)


def test_who_has_no_script_stands_where_the_scene_says_and_gets_no_velocity(graph):
    gazebo = Gazebo(graph, tiago=(-3.0, 0.0, 0.0))
    graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "single.yaml")})
    people = graph.collect(SocialPersonArray, "social_people")
    gazebo.run(1.0)
    graph.spin_until(lambda: people, "people")
    (ana,) = people_from(people[-1]).people
    assert ana.pose[:2] == pytest.approx([0.0, 0.0])
    assert math.cos(ana.pose[2]) == pytest.approx(-1.0)
    assert graph.probe.count_publishers("/model/ana/cmd_vel") == 0


def test_truth_about_the_robot_has_the_time_at_which_it_was_so(graph):
    """Poses come at a rhythm of their own, every 36 ms, while the node looks every 33 ms."""
    publisher = graph.probe.create_publisher(TFMessage, GAZEBO_POSES, 100)
    graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "single.yaml")})
    truths = graph.collect(Odometry, "ground_truth")
    graph.spin_until(publisher.get_subscription_count, "the node's subscription")
    start = graph.now
    for step in range(240):
        if step % 3 == 0:
            pose = (-3.0 + 0.5 * (graph.now - start), 0.0, 0.0)
            transform = transform_message(pose, "model/tiago", graph.header("world"))
            publisher.publish(TFMessage(transforms=[transform]))
        graph.tick(0.012)
    assert len(truths) > 60
    times = [seconds(message.header.stamp) for message in truths]
    assert min(np.diff(times)) == pytest.approx(0.036)
    for time, message in zip(times, truths, strict=True):
        assert message.pose.pose.position.x == pytest.approx(-3.0 + 0.5 * (time - start), abs=1e-6)
        assert message.twist.twist.linear.x == pytest.approx(0.5, abs=1e-6)


def test_without_the_robots_place_nothing_is_published(graph):
    graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "single.yaml")})
    people = graph.collect(SocialPersonArray, "social_people")
    graph.pass_time(1.0)
    assert people == []


def test_a_scene_must_be_named(graph):
    with pytest.raises(ValueError, match="scene is empty"):
        graph.add(GazeboPeopleNode)


@pytest.mark.parametrize("leap", [5.1, 60.0, 1e9, -0.1, -9.0])
def test_time_that_leaps_begins_anew(graph, leap):
    """The scripts would catch up in steps of 0.1 s: for ever, after 30 years."""
    node = graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "head_on.yaml")})
    steps = []
    vars(node._crowd)["step"] = lambda dt, *_: steps.append(dt)
    vars(node)["_truth"] = SimpleNamespace(publish=lambda message: None)
    for time in (10.0, 10.2, 10.2 + leap, 10.5 + leap):
        header = Header(stamp=stamp_of(time))
        node._receive_poses(TFMessage(transforms=[transform_message((0, 0, 0), "tiago", header)]))
        node._step()
    assert sum(steps) == pytest.approx(0.2 + 0.3) and max(steps) < 0.1 + 1e-6
    assert "the poses' time went from 10.2" in node._log.troubles()[0].text


@pytest.mark.parametrize("stamp", [Time(sec=-1), Time(nanosec=2**31)])
def test_a_pose_with_a_stamp_that_is_none_is_left_out(graph, stamp):
    node = graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "single.yaml")})
    transform = transform_message((0.0, 0.0, 0.0), "tiago", Header(stamp=stamp))
    node._receive_poses(TFMessage(transforms=[transform]))
    assert "tiago" not in node._poses
    assert "the pose of 'tiago' is left out: its stamp" in node._log.troubles()[0].text


@pytest.mark.parametrize("name", ["p-1", "mia"])
def test_people_whose_models_gazebo_cannot_have_are_refused(graph, tmp_path, name):
    text = (SCENES / "head_on.yaml").read_text().replace("../", f"{SCENES.parent}/")
    (tmp_path / "own.yaml").write_text(text.replace("id: ana", f"id: {name}"))
    with pytest.raises(SceneError, match=f"the id of person '{name}' is"):
        graph.add(
            GazeboPeopleNode, parameters={"scene": str(tmp_path / "own.yaml"), "robot": "mia"}
        )


@pytest.mark.parametrize("name", ["camera.rate", "walkers.sway", "walkers.sway_time"])
def test_what_gazebo_decides_is_no_parameter(graph, name):
    with pytest.raises(ParameterError, match=f"unknown parameter {name}"):
        graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "single.yaml"), name: 0.01})


def test_errors_of_the_tracker_last_as_long_as_the_images_are_apart(graph):
    """The node looks 30 times a second, and Gazebo tells poses when it likes."""
    node = graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "single.yaml")})
    apart = []

    def detect(*about):
        apart.append(about[-1])
        return []

    vars(node)["_detector"] = SimpleNamespace(detect=detect)
    vars(node)["_truth"] = SimpleNamespace(publish=lambda message: None)
    for time in (10.0, 10.04, 10.04, 10.25, 10.26):
        header = Header(stamp=stamp_of(time))
        node._receive_poses(TFMessage(transforms=[transform_message((0, 0, 0), "tiago", header)]))
        node._step()
    assert apart == pytest.approx([0.0, 0.04, 0.21, 0.01])


def test_only_models_of_the_scene_are_kept(graph):
    node = graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "head_on.yaml")})
    names = ("tiago", "model/ana", "chair_1", "chair_2")
    header = graph.header("world")
    transforms = [transform_message((0.0, 0.0, 0.0), name, header) for name in names]
    node._receive_poses(TFMessage(transforms=transforms))
    assert set(node._poses) == {"tiago", "ana"}


def test_a_gazebo_that_has_fallen_silent_is_told_of(graph):
    node = graph.add(GazeboPeopleNode, parameters={"scene": str(SCENES / "single.yaml")})
    people = graph.collect(SocialPersonArray, "social_people")
    graph.tick()
    header = graph.header("world")
    node._receive_poses(TFMessage(transforms=[transform_message((0, 0, 0), "tiago", header)]))
    graph.spin_until(lambda: people, "people")
    told = [False, False]
    for index in range(2):
        graph.pass_time(1.5)
        told[index] = any("no new pose of 'tiago'" in t.text for t in node._log.troubles())
    assert told == [False, True]
    assert len(people) == 1

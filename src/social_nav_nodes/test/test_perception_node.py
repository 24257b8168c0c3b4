"""The perception node: people from bodies, at the camera's rate, whatever the bodies are like."""

from __future__ import annotations

import numpy as np
import pytest
from geometry_msgs.msg import Quaternion
from social_nav_core.bodies import Body
from social_nav_core.people import Intent
from social_nav_core.perception.expected import ExpectedParameters
from social_nav_core.perception.perceive import MemoryParameters
from social_nav_core.proxemics.model import ModelError
from social_nav_core.sim.camera import BoxBlockers, Camera
from social_nav_core.sim.cast import Cast
from social_nav_core.sim.detector import Detector
from social_nav_core.sim.people import PersonState
from social_nav_core.sim.scene import Labels
from social_nav_nodes.conversions import (
    bodies_message,
    people_from,
    seconds,
    stamp_of,
    transform_message,
)
from social_nav_nodes.one_camera import SETTINGS
from social_nav_nodes.perception_node import PerceptionNode
from social_nav_nodes.topics import BODIES, CAMERA_FRAME, SENSOR_QOS
from std_msgs.msg import Header
from tf2_ros import StaticTransformBroadcaster, TransformBroadcaster

from social_nav_msgs.msg import BodyArray, SocialPersonArray

FRAME = 1.0 / 30.0


class Said:
    """Everything that a node had to complain about."""

    def __init__(self, node):
        self.text = ""
        note = node._log._note

        def noted(subject, text, is_error):
            self.text += text + "\n"
            note(subject, text, is_error)

        node._log._note = noted

    def __contains__(self, text):
        return text in self.text


class Bench:
    """A perception node, a robot that stands at (2, 1, 90 degrees) in odom, and a camera."""

    def __init__(self, graph, place_frame, **parameters):
        self.graph = graph
        self.node = graph.add(PerceptionNode, parameters=parameters)
        self.bodies = graph.probe.create_publisher(BodyArray, BODIES, SENSOR_QOS)
        self.received = graph.collect(SocialPersonArray, "social_people")
        self.said = Said(self.node)
        place_frame("base_footprint", in_="odom", pose=(2.0, 1.0, np.pi / 2.0))
        self._place_camera()
        known = self.node._transforms
        graph.spin_until(lambda: known.pose(CAMERA_FRAME, "odom", warn=False) is not None, "tf")
        graph.spin_until(self.bodies.get_subscription_count, "the node's subscription")

    def image(self, bodies, stamp=None, frame="base_footprint"):
        """Publish an image and let the node see it."""
        stamp = self.graph.now if stamp is None else stamp
        header = Header(stamp=stamp_of(stamp), frame_id=frame)
        message = bodies_message(bodies, header, 640, 480)
        self.publish(message)

    def publish(self, message):
        self.bodies.publish(message)
        for _ in range(3):
            self.graph.tick(FRAME / 3.0)

    def film(self, duration, bodies):
        """Publish images at 30 Hz; ``bodies`` is a list or a function of the time since now."""
        start = self.graph.now
        while self.graph.now < start + duration:
            self.image(bodies(self.graph.now - start) if callable(bodies) else bodies)

    def people(self):
        return {person.id: person for person in people_from(self.received[-1]).people}

    def _place_camera(self):
        """0.2 m ahead of the robot, looking ahead: z ahead, x right, y down."""
        optical = transform_message(
            (0.2, 0.0, 0.0), CAMERA_FRAME, Header(frame_id="base_footprint")
        )
        optical.transform.rotation = Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5)
        self.broadcaster = StaticTransformBroadcaster(self.graph.probe)
        self.broadcaster.sendTransform([optical])


@pytest.fixture
def bench(graph, place_frame):
    return Bench(graph, place_frame)


def body(name="ana", ahead=2.0, left=0.0, yaw=np.pi, **changes):
    """A body that stands before the robot, in the robot's frame."""
    fields = {
        "x": np.linspace(280.0, 360.0, 23, dtype=np.float32),
        "y": np.linspace(60.0, 420.0, 23, dtype=np.float32),
        "confidence": np.full(23, 0.8, np.float32),
        "pose": np.array([ahead, left, yaw]),
        "covariance": np.diag([0.01, 0.01, 0.04]),
    }
    return Body(name, **{**fields, **changes})


def actor(gesture, distance, yaw=np.pi):
    """Bodies over time of somebody who does a gesture before a camera on the robot's head."""
    labels = Labels.__new__(Labels)
    state = PersonState(
        "ana", "", 1.7, False, (distance, 0.0, yaw), (0.0, 0.0), 0.0, 0.0, 0.0, gesture, 0.0, labels
    )
    rng = np.random.default_rng(3)
    cast, camera = Cast([state], rng), Camera()
    detector = Detector(camera, None, rng)

    def bodies(time):
        now = PersonState(**{**vars(state), "gesture_time": time})
        figures = cast.figures([now], time)
        pose = camera.pose(np.zeros(3))
        return detector.detect(["ana"], figures, pose, BoxBlockers.of(()), FRAME)

    return bodies


def test_people_come_at_the_cameras_rate_in_a_frame_that_stands_still(bench):
    bench.film(1.5, [body()])
    assert len(bench.received) >= 40
    message, person = bench.received[-1], bench.people()["ana"]
    assert message.header.frame_id == "odom"
    assert person.pose == pytest.approx([2.0, 3.0, -np.pi / 2.0], abs=0.02)
    assert np.hypot(*person.velocity) < 0.05
    assert 0.0 < person.covariance[0, 0] < 0.02
    assert person.last_seen == pytest.approx(seconds(message.header.stamp))
    assert person.confidence == 1.0
    assert person.intent[Intent.UNKNOWN] < 0.1


def test_who_waves_wants_to_interact_and_who_stands_turned_away_does_not(graph, place_frame):
    bench = Bench(graph, place_frame)
    bench.film(2.0, actor("wave", 3.0))
    wish = bench.people()["ana"].intent
    assert wish[Intent.INTERACTING] + wish[Intent.INTERESTED] > 0.6
    bench.graph.now += 4.0
    bench.film(2.0, actor("phone", 3.0, yaw=0.4))
    wish = bench.people()["ana"].intent
    assert wish[Intent.INTERACTING] + wish[Intent.INTERESTED] < 0.5


def test_labels_grow_with_what_has_been_seen(bench):
    unknown = []
    for _ in range(40):
        bench.image([body()])
        unknown.append(bench.people()["ana"].intent[Intent.UNKNOWN])
    assert unknown[3] == 1.0
    assert unknown[15] < 0.7
    assert unknown[-1] < 0.15


def test_walking_people_have_a_velocity_and_keep_their_chests_heading(bench):
    bench.film(2.0, lambda time: [body(ahead=4.0 - 0.8 * time, left=0.3, yaw=1.0)])
    person = bench.people()["ana"]
    assert person.velocity == pytest.approx([0.0, -0.8], abs=0.1)
    assert person.pose[2] == pytest.approx(1.0 + np.pi / 2.0, abs=0.1)


def test_who_looks_at_each_other_is_a_group(bench):
    two = [body("ana", 2.0, 0.6, -np.pi / 2.0), body("ben", 2.0, -0.6, np.pi / 2.0)]
    bench.film(1.5, [*two, body("eva", 4.0, 0.0, 0.0)])
    people = bench.people()
    assert people["ana"].group_id == people["ben"].group_id != ""
    assert people["eva"].group_id == ""


def test_people_out_of_view_are_remembered_and_those_who_left_are_not(graph, place_frame):
    bench = Bench(graph, place_frame, **{"memory.memory": 3.0})
    bench.film(0.5, [body("ana", 3.0, 0.0), body("ben", 0.5, 2.5)])
    bench.film(1.8, [])
    people = bench.people()
    assert set(people) == {"ben"}
    assert people["ben"].confidence < 0.9
    assert people["ben"].last_seen < bench.graph.now - 1.5
    bench.film(1.5, [])
    assert bench.people() == {}


def test_images_wait_for_the_cameras_place_whatever_their_frame(graph, place_frame):
    """Bodies in odom need no transform, but which of them are in view is asked of the camera's."""
    moving = TransformBroadcaster(graph.probe)

    def place_moving(child, in_, pose):
        moving.sendTransform(transform_message(pose, child, graph.header(in_)))

    bench = Bench(graph, place_moving)

    def film(duration, bodies):
        end = graph.now + duration
        while graph.now < end:
            bench.image(bodies, frame="odom")
            place_moving("base_footprint", "odom", (2.0, 1.0, np.pi / 2.0))

    unknown = np.diag([0.01, 0.01, 20.0])
    film(0.6, [body("ana", ahead=2.0, left=4.0, yaw=0.0, covariance=unknown)])
    assert bench.people()["ana"].covariance[2, 2] < 1.0
    film(2.5, [])
    assert bench.people() == {}
    assert "no transform" not in bench.said


def test_without_a_cameras_place_people_come_at_once(graph, place_frame):
    bench = Bench(graph, place_frame, camera_frame="no_camera")
    bench.film(0.3, [body()])
    assert len(bench.received) >= 8
    assert "'no_camera'" in bench.said


def test_a_new_id_close_by_is_the_same_person(bench):
    bench.film(1.0, [body("a")])
    bench.film(0.5, [body("b")])
    assert set(bench.people()) == {"a"}
    assert bench.people()["a"].intent[Intent.UNKNOWN] < 0.3


BAD = {
    "joint count": body("bad", x=np.zeros(17, np.float32), pose=np.array([3.0, 1.0, 0.0])),
    "NaN joint": body("bad", y=np.full(23, np.nan, np.float32)),
    "all zero": body("bad", x=np.zeros(23), y=np.zeros(23), confidence=np.zeros(23)),
    "confidence": body("bad", confidence=np.full(23, 1.5, np.float32)),
    "NaN pose": body("bad", pose=np.array([np.nan, 0.0, 0.0])),
    "huge pose": body("bad", pose=np.array([1e300, 0.0, 0.0])),
    "infinite covariance": body("bad", covariance=np.diag([np.inf, 1.0, 1.0])),
    "negative covariance": body("bad", covariance=np.diag([-1.0, 1.0, 1.0])),
    "no id": body(""),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_bad_body_is_left_out_alone(bench, bad):
    bench.film(0.5, [bad, body("ana")])
    assert set(bench.people()) == {"ana"}
    assert bench.people()["ana"].defect() is None
    bench.image([bad, body("ana")])
    assert "is left out" in bench.said


def test_a_quaternion_of_zeros_is_left_out_where_the_heading_should_be_known(bench):
    message = bodies_message([body("ana"), body("ben", 3.0, 1.0)], Header(), 640, 480)
    message.header = bench.graph.header("base_footprint")
    message.bodies[0].pose.pose.orientation = Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)
    bench.publish(message)
    assert set(bench.people()) == {"ben"}


def test_double_ids_count_once(bench):
    bench.film(0.5, [body("ana"), body("ana", 4.0, 1.0)])
    assert bench.people()["ana"].pose == pytest.approx([2.0, 3.0, -np.pi / 2.0], abs=0.05)
    assert "id is there twice" in bench.said


def test_one_frame_of_somebody_is_a_person_without_labels(bench):
    bench.image([body()])
    person = bench.people()["ana"]
    assert person.intent[Intent.UNKNOWN] == 1.0
    assert person.defect() is None


def test_a_hundred_people_and_no_more(bench):
    crowd = [body(f"p{k}", 1.0 + 0.3 * k, 0.0) for k in range(130)]
    bench.film(0.2, crowd)
    assert set(bench.people()) == {f"p{k}" for k in range(100)}
    assert "expected at most 100" in bench.said


@pytest.mark.parametrize("camera", ["", "nowhere"])
def test_of_too_many_the_nearest_to_the_camera_are_kept_in_any_frame(graph, place_frame, camera):
    """The camera is at (2, 1.2) in odom; where it is not known, the robot counts, at (2, 1)."""
    unknown = {"camera_frame": camera} if camera else {}
    bench = Bench(graph, place_frame, most_bodies=2, **unknown)
    places = {"origin": (0.0, 0.0), "behind": (2.0, -1.0), "near": (2.5, 2.0), "front": (2.0, 3.1)}
    lost = body("lost", pose=np.array([np.inf, np.nan, 0.0]))
    bodies = [body(name, pose=np.array([*place, 0.0])) for name, place in places.items()]
    bench.image([lost, *bodies], frame="odom")
    assert set(bench.people()) == {"near", "behind" if camera else "front"}
    assert "the farthest are left out" in bench.said


def test_a_clock_that_goes_back_starts_anew(bench):
    bench.film(1.0, [body("ana")])
    count = len(bench.received)
    bench.image([body("ben")], stamp=bench.graph.now - 0.2)
    assert len(bench.received) == count
    bench.graph.now -= 50.0
    bench.graph.pass_time(0.2)
    bench.film(0.5, [body("eva", 4.0, 1.0)])
    assert set(bench.people()) == {"eva"}


@pytest.mark.parametrize("size", [(0, 480), (640, 0)])
def test_an_image_without_size_is_left_out(bench, size):
    message = bodies_message([body()], bench.graph.header("base_footprint"), *size)
    bench.publish(message)
    assert bench.received == []
    assert "an image is left out" in bench.said


def test_an_unknown_frame_is_named(bench):
    bench.image([body()], frame="nowhere")
    bench.graph.pass_time(1.0)
    assert bench.received == []
    assert "'nowhere'" in bench.said


def test_expected_shares_are_the_pipelines(graph):
    shares = {"interacting": 0.25, "interested": 0.15, "not_interested": 0.45}
    node = graph.add(PerceptionNode, parameters={f"expected.{k}": v for k, v in shares.items()})
    assert node._perception.expected == ExpectedParameters(**shares)


def test_costs_last_as_long_as_the_memory():
    assert SETTINGS["social_costmap"]["timeout"] == MemoryParameters().memory


def test_a_model_that_is_not_there_stops_the_node(graph, tmp_path):
    with pytest.raises(ModelError, match=r"x\.onnx: cannot be read"):
        graph.add(PerceptionNode, parameters={"model": str(tmp_path / "x.onnx")})

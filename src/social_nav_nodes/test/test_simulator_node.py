"""The simulator as a robot: what it publishes, stamped and placed as a robot would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from geometry_msgs.msg import Twist
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.parameter import Parameter
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import LaserScan
from social_nav_core.geometry import compose
from social_nav_core.parameters import ParameterError
from social_nav_core.people import Intent
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.scene import load_scene, occupancy
from social_nav_nodes.conversions import bodies_from, grid_from, people_from, pose_from, seconds
from social_nav_nodes.simulator_node import START, STEP, SimulatorNode
from tf2_ros import Buffer, TransformListener

from social_nav_msgs.msg import BodyArray, SocialPersonArray
from social_nav_nodes import topics

SCENES = Path(__file__).parents[3] / "worlds" / "scenes"


class Bench:
    """The simulator, stepped by the test, and all that it publishes."""

    def __init__(self, graph, scene="circle", **parameters):
        self.graph = graph
        self.scene = load_scene(SCENES / f"{scene}.yaml")
        about = {"scene": str(SCENES / f"{scene}.yaml"), "use_sim_time": False, **parameters}
        self.received = {
            topic: graph.collect(kind, topic, qos)
            for topic, kind, qos in (
                ("/clock", Clock, topics.SENSOR_QOS),
                (topics.MAP, OccupancyGrid, topics.LATCHED_QOS),
                (topics.ODOM, Odometry, topics.RELIABLE_QOS),
                (topics.GROUND_TRUTH, Odometry, topics.RELIABLE_QOS),
                (topics.SCAN, LaserScan, topics.SENSOR_QOS),
                (topics.BODIES, BodyArray, topics.SENSOR_QOS),
                (topics.SOCIAL_PEOPLE, SocialPersonArray, topics.RELIABLE_QOS),
                (topics.SOCIAL_PEOPLE_TRUTH, SocialPersonArray, topics.RELIABLE_QOS),
            )
        }
        self.buffer = Buffer()
        self.listener = TransformListener(self.buffer, graph.probe)
        self.commands = graph.probe.create_publisher(Twist, topics.CMD_VEL, 1)
        self.node = graph.add(SimulatorNode, parameters=about)
        for timer in self.node.timers:
            timer.cancel()
        if parameters.get("localised", True):
            self.settle(lambda: self.received[topics.MAP], "the map")
        self.settle(self.commands.get_subscription_count, "the subscription of cmd_vel")
        self.steps = 0

    def settle(self, happened, what):
        """Spin without letting simulated time pass."""
        for _ in range(4000):
            if happened():
                return
            self.graph.executor.spin_once(timeout_sec=0.005)
        pytest.fail(f"{what} did not happen")

    def run(self, duration, velocity=None):
        """Let some simulated time [s] pass, with a velocity command in every step."""
        for _ in range(round(duration / STEP)):
            if velocity is not None:
                self.node._receive_command(_twist(*velocity))
            self.node.step()
            self.steps += 1
            self.settle(lambda: len(self.received[topics.ODOM]) >= self.steps, "odometry")

    def last(self, topic):
        self.settle(lambda: self.received[topic], f"a message on {topic}")
        return self.received[topic][-1]

    def pose(self, frame, parent):
        transform = self.buffer.lookup_transform(parent, frame, Time()).transform
        x, y = transform.translation.x, transform.translation.y
        return np.array([x, y, 2.0 * np.arctan2(transform.rotation.z, transform.rotation.w)])


def _twist(forward, turning):
    twist = Twist()
    twist.linear.x, twist.angular.z = float(forward), float(turning)
    return twist


@pytest.fixture
def bench(graph):
    return Bench(graph)


def test_the_map_is_the_scenes(bench):
    geometry, cells = grid_from(bench.last(topics.MAP))
    expected_geometry, expected = occupancy(bench.scene)
    assert geometry == expected_geometry
    np.testing.assert_array_equal(cells, expected)


def test_rates_and_stamps(bench):
    bench.run(1.0)
    people = topics.SOCIAL_PEOPLE, topics.SOCIAL_PEOPLE_TRUTH
    for topic, count in ((topics.BODIES, 30), (topics.SCAN, 10), *((name, 10) for name in people)):
        bench.settle(lambda: len(bench.received[topic]) >= count, f"{count} of {topic}")  # noqa: B023
    counts = {topic: len(messages) for topic, messages in bench.received.items()}
    assert counts[topics.ODOM] == 50
    assert counts[topics.SCAN] == counts[topics.SOCIAL_PEOPLE] == 10
    assert bench.last(people[0]) == bench.last(people[1])
    assert counts[topics.BODIES] == 30
    stamps = [seconds(message.header.stamp) for message in bench.received[topics.ODOM]]
    np.testing.assert_allclose(stamps, START + STEP * np.arange(1, 51), atol=1e-6)


def test_the_robot_obeys_and_the_frames_agree(bench):
    bench.run(3.0, (0.5, 0.2))
    state = bench.node._world.state
    bench.settle(
        lambda: np.allclose(bench.pose("base_footprint", "map"), state.robot_in_map), "the pose"
    )
    odometry = pose_from(bench.last(topics.ODOM).pose.pose)
    robot_in_map = compose(bench.pose("odom", "map"), odometry)
    np.testing.assert_allclose(robot_in_map, state.robot_in_map, atol=1e-9)
    assert bench.last(topics.ODOM).twist.twist.linear.x == pytest.approx(0.5)
    assert odometry[0] > 0.9


def test_without_commands_the_robot_brakes(bench):
    bench.run(1.0, (0.5, 0.0))
    bench.run(1.5)
    assert bench.last(topics.ODOM).twist.twist.linear.x == 0.0


def test_a_command_that_is_not_finite_is_ignored(bench):
    bench.run(0.4, (float("nan"), 0.0))
    np.testing.assert_array_equal(bench.node._world.state.robot_in_map, bench.scene.robot)


def test_people_are_the_scenes(bench):
    bench.run(0.2)
    message = bench.last(topics.SOCIAL_PEOPLE)
    assert message.header.frame_id == "map"
    people = people_from(message).people
    assert [p.id for p in people] == [p.id for p in bench.scene.people]
    for person, wanted in zip(people, bench.scene.people, strict=True):
        assert person.group_id == wanted.group
        assert np.hypot(*(person.pose[:2] - wanted.pose[:2])) < 0.1


def test_bodies_are_those_in_the_cameras_view(graph):
    bench = Bench(graph, "approach")
    bench.run(0.5)
    message = bench.last(topics.BODIES)
    assert message.header.frame_id == "base_footprint"
    bodies = bodies_from(message)
    assert "ana" in [body.id for body in bodies]
    robot_in_map = bench.node._world.state.robot_in_map
    for body in bodies:
        assert body.defect() is None
        truth = next(p for p in bench.scene.people if p.id == body.id)
        body_in_map = compose(robot_in_map, body.pose)
        assert np.hypot(*(body_in_map[:2] - truth.pose[:2])) < 0.6


def test_nobody_behind_the_robot_is_a_body(bench):
    bench.run(2.5, (0.0, 1.5))
    facing = bench.node._world.state.robot_in_map[2]
    assert abs(facing) > 2.0  # away from the group, which is ahead of the start
    bench.received[topics.BODIES].clear()
    bench.run(0.2)
    assert not bench.last(topics.BODIES).bodies


def test_the_scan_meets_the_walls(graph):
    bench = Bench(graph, "room")
    bench.run(0.2)
    scan = bench.last(topics.SCAN)
    assert scan.header.frame_id == "base_laser_link" and len(scan.ranges) == 667
    x, _, yaw = bench.scene.robot
    assert yaw == 0.0
    to_wall = bench.scene.room.x[1] - (x + bench.node._world.lidar.parameters.forward)
    assert scan.ranges[333] == pytest.approx(to_wall, abs=0.1)


def test_map_and_localisation_can_be_left_to_others(graph):
    bench = Bench(graph, localised=False, **{"robot.drift_per_metre": 0.2})
    bench.run(2.0, (0.5, 0.3))
    steps = round(2.0 / STEP)
    both = bench.received[topics.GROUND_TRUTH], bench.received[topics.ODOM]
    bench.settle(lambda: min(map(len, both)) >= steps, "the last odometry")
    truth, told = (received[-1] for received in both)
    assert (truth.header.frame_id, truth.child_frame_id) == ("map", "base_footprint")
    assert truth.header.stamp == told.header.stamp
    assert pose_from(truth.pose.pose) == pytest.approx(bench.node._world.state.robot_in_map)
    assert truth.twist.twist.linear.x == pytest.approx(0.5)
    drifted = compose(bench.scene.robot, pose_from(told.pose.pose)) - pose_from(truth.pose.pose)
    assert 0.01 < np.hypot(*drifted[:2]) < 1.0
    assert not bench.received[topics.MAP]
    assert bench.buffer.can_transform("odom", "base_footprint", Time())
    assert not bench.buffer.can_transform("map", "odom", Time())


def test_the_same_seed_gives_the_same_world(graph):
    first = Bench(graph, "approach", seed=7)
    first.run(1.0)
    seen = [list(b.x) for m in first.received[topics.BODIES] for b in m.bodies]
    graph.remove(first.node)
    second = Bench(graph, "approach", seed=7)
    second.run(1.0)
    assert seen == [list(b.x) for m in second.received[topics.BODIES] for b in m.bodies]


@pytest.mark.parametrize(
    ("scene", "error", "words"),
    [
        ("", ValueError, "parameter scene is empty"),
        ("/nowhere/scene.yaml", (SceneError, OSError), "scene.yaml"),
    ],
)
def test_a_bad_scene_stops_the_node(graph, scene, error, words):
    with pytest.raises(error, match=words):
        SimulatorNode(context=graph.context, parameter_overrides=[Parameter("scene", value=scene)])


@pytest.mark.parametrize("name", ["lidar.rate", "camera.rate", "people_rate"])
def test_a_rate_that_the_steps_cannot_keep_is_refused(graph, name):
    scene = str(SCENES / "circle.yaml")
    with pytest.raises(ParameterError, match=rf"simulator: {name} is 50\.1, expected .* to 50 Hz"):
        graph.add(SimulatorNode, parameters={"scene": scene, "use_sim_time": False, name: 50.1})


def test_the_fastest_rates_are_kept(graph):
    bench = Bench(graph, **{"lidar.rate": 50.0, "camera.rate": 50.0})
    bench.run(0.5)
    for topic in (topics.SCAN, topics.BODIES):
        bench.settle(lambda: len(bench.received[topic]) >= 25, f"25 of {topic}")  # noqa: B023
        assert len(bench.received[topic]) == 25
    assert bench.last(topics.SCAN).scan_time == pytest.approx(STEP)


def test_intents_are_those_of_the_script(graph):
    bench = Bench(graph, "approach")
    bench.run(0.1)
    people = {p.id: p for p in people_from(bench.last(topics.SOCIAL_PEOPLE)).people}
    assert np.argmax(people["ana"].intent) == Intent.INTERESTED
    assert np.argmax(people["ben"].intent) == Intent.NOT_INTERESTED


def test_with_a_perception_the_truth_has_a_topic_of_its_own(graph):
    scene = {"scene": str(SCENES / "circle.yaml"), "stands_in": False}
    graph.add(SimulatorNode, parameters=scene)
    graph.spin_until(lambda: graph.probe.count_publishers("social_people_truth"), "the truth")
    assert graph.probe.count_publishers("social_people") == 0

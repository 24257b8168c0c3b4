"""The navigator that stands in for Nav2, with a robot that does exactly what it is told."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Twist
from nav2_msgs.action import NavigateToPose
from nav_msgs.msg import OccupancyGrid, Odometry, Path
from rclpy.action import ActionClient
from rclpy.task import Future
from sensor_msgs.msg import LaserScan
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.robot import DifferentialDrive, RobotParameters
from social_nav_nodes.action_end import finish
from social_nav_nodes.conversions import (
    grid_message,
    path_from,
    pose_stamped,
    transform_message,
)
from social_nav_nodes.navigator_node import TIMEOUT, UNKNOWN, NavigatorNode
from social_nav_nodes.topics import (
    CMD_VEL,
    LATCHED_QOS,
    MAP,
    NAVIGATE_TO_POSE,
    ODOM,
    PLAN,
    RELIABLE_QOS,
    SCAN,
    SENSOR_QOS,
    SOCIAL_COSTMAP,
)
from tf2_ros import TransformBroadcaster

GRID = GridGeometry(100, 80, 0.1, (-2.0, -4.0, 0.0))
STEP = 0.05


class Bench:
    """The node in an empty room, and a robot at the origin that obeys cmd_vel."""

    def __init__(self, graph, **parameters):
        self.graph = graph
        self.node = graph.add(NavigatorNode, parameters=parameters)
        self.robot = DifferentialDrive((0.0, 0.0, 0.0), RobotParameters())
        self.commands = graph.collect(Twist, CMD_VEL)
        self.all_commands = graph.collect(Twist, CMD_VEL)
        self.plans = graph.collect(Path, PLAN)
        self._rng = np.random.default_rng(1)
        self._odometry = graph.probe.create_publisher(Odometry, ODOM, RELIABLE_QOS)
        self.scans = graph.probe.create_publisher(LaserScan, SCAN, SENSOR_QOS)
        self._maps = graph.probe.create_publisher(OccupancyGrid, MAP, LATCHED_QOS)
        self._costs = graph.probe.create_publisher(OccupancyGrid, SOCIAL_COSTMAP, LATCHED_QOS)
        self._transforms = TransformBroadcaster(graph.probe)
        self.client = ActionClient(graph.probe, NavigateToPose, NAVIGATE_TO_POSE)
        self.feedback = []
        self.handle: Any = None
        self.use_map(np.zeros(GRID.shape, np.int8))
        graph.probe.create_timer(STEP, self._drive)

    def use_map(self, cells):
        self._maps.publish(grid_message(cells, GRID, self.graph.header("map")))

    def use_costs(self, cells, grid=GRID):
        self._costs.publish(grid_message(cells, grid, self.graph.header("map")))

    def _drive(self):
        for command in self.commands:
            self.robot.command(command.linear.x, command.angular.z)
        self.commands.clear()
        self.robot.drive(*self.robot.next_motion(STEP), self._rng)
        odometry = Odometry(header=self.graph.header("odom"))
        odometry.twist.twist.linear.x, odometry.twist.twist.angular.z = self.robot.velocity
        self._odometry.publish(odometry)
        header = self.graph.header("map")
        robot = transform_message(self.robot.pose, "base_footprint", header)
        self._transforms.sendTransform(robot)

    def send(self, goal, frame="map"):
        self.graph.spin_until(self.client.server_is_ready, "the action server")
        self.graph.pass_time(0.5)
        message = NavigateToPose.Goal(pose=pose_stamped(goal, self.graph.header(frame)))
        answer = self.client.send_goal_async(message, lambda m: self.feedback.append(m.feedback))
        self.graph.spin_until(answer.done, "the answer")
        if answer.result().accepted:
            self.outcome = answer.result().get_result_async()
        return answer.result()

    def result(self):
        self.graph.spin_until(self.outcome.done, "the result", step=STEP)
        return self.outcome.result()


@pytest.fixture
def bench(graph):
    return Bench(graph)


def test_it_drives_to_the_goal_and_turns_to_its_heading(bench):
    bench.send((3.0, 1.0, -1.0))
    assert bench.result().status == GoalStatus.STATUS_SUCCEEDED
    np.testing.assert_allclose(bench.robot.pose, (3.0, 1.0, -1.0), atol=0.12)
    distances = [feedback.distance_remaining for feedback in bench.feedback]
    assert distances[0] == pytest.approx(np.hypot(3.0, 1.0), abs=0.15)
    assert distances[-1] < 0.1
    bench.graph.pass_time(0.5)
    assert bench.robot.velocity == (0.0, 0.0)


def test_the_plan_goes_around_social_costs(bench):
    costs = np.zeros(GRID.shape, np.int8)
    costs[28:52, 30:45] = 90  # 2.4 m wide, across the straight way
    bench.use_costs(costs)
    bench.send((5.0, 0.0, 0.0))
    bench.graph.spin_until(lambda: bench.plans, "a plan")
    aside = np.abs(path_from(bench.plans[0])[:, 1]).max()
    assert aside > 1.1


def test_social_costs_can_be_left_out(graph):
    bench = Bench(graph, use_social_costs=False)
    bench.use_costs(np.full(GRID.shape, 90, np.int8))
    bench.send((5.0, 0.0, 0.0))
    bench.graph.spin_until(lambda: bench.plans, "a plan")
    assert np.abs(path_from(bench.plans[0])[:, 1]).max() < 0.1


def test_social_costs_on_another_grid_are_not_used(bench):
    other = GridGeometry(10, 10, 0.1)
    bench.use_costs(np.full(other.shape, 90, np.int8), other)
    bench.send((2.0, 0.0, 0.0))
    assert bench.result().status == GoalStatus.STATUS_SUCCEEDED


def test_a_goal_behind_a_wall_fails_with_the_reason(graph):
    bench = Bench(graph, patience=2.0)
    cells = np.zeros(GRID.shape, np.int8)
    cells[:, 50:52] = 100
    bench.use_map(cells)
    bench.send((5.0, 0.0, 0.0))
    outcome = bench.result()
    assert outcome.status == GoalStatus.STATUS_ABORTED
    assert outcome.result.error_code == TIMEOUT
    assert "no way leads from the start to the goal: (5.00, 0.00) m" in outcome.result.error_msg
    assert bench.robot.pose == (0.0, 0.0, 0.0)


def test_a_new_goal_replaces_the_one_before(bench):
    bench.send((5.0, 0.0, 0.0))
    first = bench.outcome
    bench.graph.pass_time(1.0)
    bench.send((1.0, 1.0, 0.0))
    bench.graph.spin_until(first.done, "the end of the first goal")
    assert first.result().result.error_code == UNKNOWN
    assert bench.result().status == GoalStatus.STATUS_SUCCEEDED
    np.testing.assert_allclose(bench.robot.pose[:2], (1.0, 1.0), atol=0.12)


def test_cancelling_stops_the_robot(bench):
    handle = bench.send((5.0, 0.0, 0.0))
    bench.graph.pass_time(2.0)
    handle.cancel_goal_async()
    assert bench.result().status == GoalStatus.STATUS_CANCELED
    bench.graph.pass_time(1.5)
    assert bench.robot.velocity == (0.0, 0.0)
    assert 0.1 < bench.robot.pose[0] < 3.0


@pytest.mark.parametrize("goal", [(np.nan, 0.0, 0.0), (0.0, np.inf, 0.0), (0.0, 0.0, np.nan)])
def test_a_goal_that_is_not_finite_is_refused(bench, goal):
    assert not bench.send(goal).accepted


def test_a_goal_in_a_frame_that_nobody_knows_fails(bench):
    bench.send((1.0, 0.0, 0.0), frame="moon")
    outcome = bench.result()
    assert outcome.status == GoalStatus.STATUS_ABORTED
    assert "'moon'" in outcome.result.error_msg


def test_a_long_name_of_a_frame_is_told_in_one_line(bench):
    """Found by fuzzing."""
    bench.send((1.0, 0.0, 0.0), frame="moon\n" * 1000)
    message = bench.result().result.error_msg
    assert len(message) <= 300 and len(message.splitlines()) == 1


def test_an_obstacle_that_only_the_lidar_sees_is_driven_around(bench):
    scan = LaserScan(angle_min=-0.3, angle_max=0.3, angle_increment=0.05)
    scan.range_min, scan.range_max = 0.05, 25.0
    scan.ranges = [1.5] * 13
    bench.graph.spin_until(bench.scans.get_subscription_count, "the subscription")
    bench.graph.pass_time(0.3)
    scan.header = bench.graph.header("base_footprint")
    bench.scans.publish(scan)
    bench.graph.pass_time(0.3)
    bench.send((4.0, 0.0, 0.0))
    bench.graph.spin_until(lambda: bench.plans, "a plan")
    points = path_from(bench.plans[0])
    angles = np.linspace(-0.3, 0.3, 13)
    obstacle = 1.5 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    gaps = np.linalg.norm(points[:, None] - obstacle, axis=-1)
    assert gaps.min() > 0.27


@pytest.mark.parametrize(
    ("cancelled", "succeeded", "end"),
    [(False, True, "succeed"), (False, False, "abort"), (True, False, "canceled")],
)
def test_a_result_without_an_error_code_ends_a_goal_as_well(cancelled, succeeded, end):
    """Humble's NavigateToPose says nothing but whether it succeeded."""
    done, result = Future(), object()
    told: list[str] = []
    done.set_result((result, succeeded))
    handle: Any = SimpleNamespace(is_cancel_requested=cancelled)
    for name in ("succeed", "abort", "canceled"):
        setattr(handle, name, partial(told.append, name))
    with pytest.raises(StopIteration) as stopped:
        finish(done, handle).send(None)
    assert stopped.value.value is result
    assert told == [end]

"""The navigator when what it hears is old, repeated, out of this world or silent."""

from __future__ import annotations

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Twist
from nav2_msgs.action import NavigateToPose
from sensor_msgs.msg import LaserScan
from social_nav_core.grid import GridGeometry
from social_nav_nodes.conversions import grid_message, path_from
from social_nav_nodes.navigator_node import TIMEOUT

from .test_navigator_node import GRID, Bench

BEAMS = 61
COSTS = np.zeros(GRID.shape, np.int8)
COSTS[28:52, 30:45] = 90  # 2.4 m wide, across the straight way


class Lines:
    """What a node would have logged."""

    def __init__(self, bench):
        bench.node._log._logger = self
        self.texts: list[str] = []

    def warning(self, text):
        self.texts.append(text)

    error = warning


class Laser:
    """Publishes scans of open space at 10 Hz, which ``spoil`` may change."""

    def __init__(self, bench):
        self._bench = bench
        self.spoil = lambda scan: scan
        self.ranges = [np.inf] * BEAMS
        bench.graph.probe.create_timer(0.1, self._publish)

    def _publish(self):
        scan = LaserScan(header=self._bench.graph.header("base_footprint"))
        scan.angle_min, scan.angle_max, scan.angle_increment = -1.5, 1.5, 0.05
        scan.range_min, scan.range_max, scan.ranges = 0.05, 10.0, self.ranges
        scan = self.spoil(scan)
        if scan is not None:
            self._bench.scans.publish(scan)


@pytest.fixture
def bench(graph):
    """Silences are short: they are measured in wall-clock time, too, and simulated time is fast."""
    return Bench(graph, scan_timeout=0.25, odometry_timeout=0.2)


@pytest.fixture
def lines(bench):
    return Lines(bench)


@pytest.fixture
def laser(bench):
    return Laser(bench)


def speed(bench):
    return bench.robot.velocity[0]


def start(bench, goal=(7.5, 0.0, 0.0)):
    bench.send(goal)
    bench.graph.spin_until(lambda: speed(bench) > 0.4, "driving")


def with_costs(graph):
    """A navigator that knows social costs, which last."""
    bench = Bench(graph, social_timeout=60.0)
    graph.spin_until(lambda: bench.node._map.geometry, "the map")
    bench.use_costs(COSTS)
    graph.spin_until(lambda: bench.node._map.social is not None, "the costs")
    return bench


def stamped(change):
    """Spoils the stamp of a scan."""

    def spoil(scan):
        change(scan.header.stamp)
        return scan

    return spoil


def framed(scan):
    scan.header.frame_id = "laser_typo"
    return scan


def negative(stamp):
    stamp.sec = -5


def an_hour_old(stamp):
    stamp.sec = 0


def a_minute_ahead(stamp):
    stamp.sec += 60


def without_angles(scan):
    scan.angle_min = float("nan")
    return scan


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: None, "the robot stands: nothing new on '/scan' that can be used for"),
        (framed, "no transform from 'laser_typo' to 'map'"),
        (stamped(negative), "its stamp is -5 s, expected 0 s or more"),
        (stamped(an_hour_old), "s old, expected at most 0.25 s"),
        (stamped(a_minute_ahead), "s ahead of the clock, expected at most 0.5 s"),
        (without_angles, "its angle_min is nan, expected a finite number"),
    ],
)
def test_scans_that_cannot_be_used_stop_the_robot_as_silence_does(
    bench, lines, laser, spoil, reason
):
    start(bench)
    laser.spoil = spoil
    bench.graph.spin_until(lambda: speed(bench) == 0.0, "the stop", step=0.05)
    assert bench.robot.pose[0] < 6.5
    standing = [text for text in lines.texts if text.startswith("the robot stands")]
    assert len(standing) == 1 and reason in standing[0]
    assert any(reason in trouble.text for trouble in bench.node._log.troubles())
    assert bench.node._values()["scan silent for [s]"] > 0.25
    laser.spoil = lambda scan: scan
    bench.graph.spin_until(lambda: speed(bench) > 0.4, "driving again", step=0.05)


def test_a_lidar_that_freezes_stops_the_robot(bench, lines, laser):
    start(bench)
    frozen = bench.graph.header("base_footprint")

    def repeat(scan):
        scan.header = frozen
        return scan

    laser.spoil = repeat
    bench.graph.spin_until(lambda: speed(bench) == 0.0, "the stop", step=0.05)
    assert any("it repeats the stamp" in text for text in lines.texts)


def test_a_lidar_whose_scans_could_never_be_used_stops_the_robot_too(bench, laser):
    laser.spoil = framed
    bench.graph.pass_time(0.5)
    bench.graph.spin_until(bench.node._lidar.source.missing, "silence", step=0.05)
    bench.send((6.0, 0.0, 0.0))
    bench.graph.pass_time(1.0)
    assert bench.robot.pose[0] < 0.01


def test_a_scan_that_comes_after_a_newer_one_is_not_used(bench, lines, laser):
    laser.spoil = lambda _: None
    bench.graph.pass_time(0.3)
    for age in (0.0, 0.1):
        scan = LaserScan(header=bench.graph.header("base_footprint", age=age))
        scan.range_max, scan.ranges = 10.0, [1.0 + age]
        bench.scans.publish(scan)
        bench.graph.pass_time(0.05, step=0.01)
    np.testing.assert_array_equal(bench.node._lidar.points_in_base, [(1.0, 0.0)])
    assert "s before that of the last one, expected after it" in lines.texts[0]


def test_a_first_scan_that_is_none_does_not_spoil_the_memory(bench, laser):
    laser.spoil, laser.ranges = without_angles, [1.5] * BEAMS
    bench.graph.pass_time(0.5)
    assert not len(bench.node._lidar.obstacles_in_map)
    laser.spoil = lambda scan: scan
    bench.graph.pass_time(0.5)
    assert len(bench.node._lidar.obstacles_in_map) == BEAMS
    laser.ranges = [np.inf] * BEAMS
    bench.graph.pass_time(0.5)
    assert not len(bench.node._lidar.obstacles_in_map)


def test_odometry_that_falls_silent_stops_the_robot(bench, lines):
    start(bench)
    publish, bench._odometry.publish = bench._odometry.publish, lambda _: None
    bench.graph.spin_until(lambda: speed(bench) == 0.0, "the stop", step=0.05)
    assert bench.robot.pose[0] < 6.5
    assert any("nothing new on '/odom' that can be used for" in text for text in lines.texts)
    bench._odometry.publish = publish
    assert bench.result().status == GoalStatus.STATUS_SUCCEEDED
    np.testing.assert_allclose(bench.robot.pose[:2], (7.5, 0.0), atol=0.12)


def test_odometry_that_repeats_itself_stops_the_robot_and_its_reason_ends_the_drive(graph):
    bench = Bench(graph, patience=3.0, odometry_timeout=0.2)
    start(bench)
    publish, frozen = bench._odometry.publish, graph.header("odom")

    def repeat(message):
        message.header = frozen
        publish(message)

    bench._odometry.publish = repeat
    outcome = bench.result()
    assert outcome.result.error_code == TIMEOUT
    assert "nothing new on '/odom'" in outcome.result.error_msg
    assert "it repeats the stamp" in outcome.result.error_msg
    assert bench.robot.pose[0] < 6.5


def test_without_any_odometry_the_robot_stands(bench):
    bench._odometry.publish = lambda _: None
    bench.send((2.0, 0.0, 0.0))
    bench.graph.pass_time(2.0)
    assert bench.robot.pose[0] == 0.0
    assert bench.node._drive.trouble == "no odometry"


def test_while_the_robot_stands_it_is_told_to(bench):
    """One lost message must not let it drive on."""
    start(bench)
    send, bench._transforms.sendTransform = bench._transforms.sendTransform, lambda _: None
    bench.graph.spin_until(lambda: speed(bench) == 0.0, "the stop", step=0.05)
    bench.all_commands.clear()
    bench.graph.pass_time(1.0)
    assert len(bench.all_commands) > 10 and all(c == Twist() for c in bench.all_commands)
    bench._transforms.sendTransform = send
    bench.all_commands.clear()
    bench.graph.spin_until(lambda: speed(bench) > 0.4, "driving again", step=0.05)
    steps = np.diff([0.0, *(command.linear.x for command in bench.all_commands)])
    assert steps.max() < 0.05  # 0.8 m/s^2 at 20 Hz


def test_wheels_that_never_move_are_no_progress(graph, monkeypatch):
    bench = Bench(graph, patience=3.0)
    monkeypatch.setattr(bench.robot, "command", lambda *_: None)
    bench.send((4.0, 0.0, 0.0))
    began = graph.now
    outcome = bench.result()
    assert outcome.result.error_code == TIMEOUT
    assert outcome.result.error_msg.startswith("no progress for 3.")
    assert graph.now - began < 5.0


def test_a_robot_that_turns_in_place_makes_progress(graph):
    bench = Bench(graph, patience=1.0)
    bench.send((0.0, 0.0, 3.1))
    assert bench.result().status == GoalStatus.STATUS_SUCCEEDED


def test_the_same_map_again_changes_nothing(graph):
    bench = with_costs(graph)
    start(bench)
    bench.all_commands.clear()
    made = len(bench.plans)
    bench.use_map(np.zeros(GRID.shape, np.int8))
    bench.graph.pass_time(0.3)
    assert bench.node._map.social is not None
    assert Twist() not in bench.all_commands and len(bench.plans) <= made + 1


def test_another_map_on_the_same_grid_is_planned_on_at_once_with_the_social_costs(graph):
    bench = with_costs(graph)
    start(bench)
    cells = np.zeros(GRID.shape, np.int8)
    cells[:5] = 100
    bench.plans.clear()
    bench.use_map(cells)
    bench.graph.spin_until(lambda: bench.plans, "a plan", step=0.01)
    assert bench.node._map.social is not None
    assert np.abs(path_from(bench.plans[0])[:, 1]).max() > 1.1


def test_maps_and_costs_in_another_frame_are_refused(bench, lines):
    bench.graph.pass_time(0.5)
    before = bench.node._map.geometry
    wide = GridGeometry(140, 80, 0.1)
    empty = np.zeros(wide.shape, np.int8)
    bench._maps.publish(grid_message(empty, wide, bench.graph.header("world")))
    bench._costs.publish(grid_message(COSTS, GRID, bench.graph.header("kitchen")))
    bench.graph.spin_until(lambda: len(lines.texts) == 2, "the lines")
    assert bench.node._map.geometry == before and bench.node._map.social is None
    assert sorted(lines.texts) == [
        "a message on '/social_costmap' is left out: it is in the frame 'kitchen', expected 'map'",
        "the map is not used: it is in the frame 'world', expected 'map'",
    ]


def test_costs_on_another_grid_name_both_grids(bench, lines):
    other = GridGeometry(10, 20, 0.05, (1.0, 2.0, 0.5))
    bench.graph.pass_time(0.5)
    bench.use_costs(np.full(other.shape, 90, np.int8), other)
    bench.graph.spin_until(lambda: lines.texts, "the line")
    assert lines.texts == [
        "a message on '/social_costmap' is left out: it is on 10 x 20 cells of 0.05 m from "
        "(1.000 m, 2.000 m, 0.500 rad) on, the map on 100 x 80 cells of 0.1 m from "
        "(-2.000 m, -4.000 m, 0.000 rad) on"
    ]


def test_costs_that_repeat_their_stamp_are_dropped(bench, lines):
    fixed = bench.graph.header("map")
    repeat = bench.graph.probe.create_timer(
        0.2, lambda: bench._costs.publish(grid_message(COSTS, GRID, fixed))
    )
    bench.graph.spin_until(lambda: bench.node._map.social is not None, "the costs")
    bench.graph.spin_until(lambda: bench.node._map.social is None, "their end", step=0.05)
    bench.graph.pass_time(1.0)
    assert bench.node._map.social is None
    repeat.cancel()
    assert "no social costs any more: nothing new on '/social_costmap'" in lines.texts[0]
    bench.use_costs(COSTS)
    bench.graph.spin_until(lambda: bench.node._map.social is not None, "the costs again")


def test_old_costs_are_not_used(bench, lines):
    bench.graph.pass_time(0.5)
    bench._costs.publish(grid_message(COSTS, GRID, bench.graph.header("map", age=30.0)))
    bench.graph.spin_until(lambda: lines.texts, "the line")
    assert bench.node._map.social is None
    assert "s old, expected at most 2 s" in lines.texts[0]


def test_many_goals_that_are_no_poses_are_one_line(bench, lines):
    bench.graph.spin_until(bench.client.server_is_ready, "the action server")
    goal = NavigateToPose.Goal()
    goal.pose.pose.position.x = float("nan")
    for _ in range(10):
        bench.client.send_goal_async(goal)
    bench.graph.spin_until(lambda: bench.node._log.refused >= 10, "the answers")
    text = (
        "a goal at (nan, 0) m with the quaternion (0, 0, 0, 1) is refused, "
        "expected finite numbers and a quaternion that is not 0"
    )
    assert lines.texts == [text]
    assert [trouble.text for trouble in bench.node._log.troubles()] == [text]


def test_a_leap_in_time_forgets_what_was_heard(bench, laser):
    """Of the time before, only that there is a lidar is known."""
    laser.ranges = [1.5] * BEAMS
    timer = bench.graph.probe.create_timer(0.2, lambda: bench.use_costs(COSTS))
    bench.graph.spin_until(lambda: bench.node._map.social is not None, "the costs")
    start(bench, (1.0, 3.0, 0.0))
    node = bench.node
    bench.graph.spin_until(lambda: len(node._lidar.obstacles_in_map), "the obstacles")
    timer.cancel()
    laser.spoil = lambda _: None
    bench._odometry.publish = lambda _: None
    bench.graph.now -= 50.0
    bench.graph.spin_until(bench.outcome.done, "the end")
    assert node._map.social is None and node._odometer.velocity == (0.0, 0.0)
    assert not len(node._lidar.obstacles_in_map) and not len(node._lidar.points_in_base)
    assert not node._lidar._waiting._messages and not len(node._lidar._memory._points)
    assert node._lidar.source.newest is node._odometer.source.newest is None


def test_plans_that_take_long_are_made_while_the_robot_brakes(bench):
    start(bench)
    assert bench.node._planning_took < 0.2
    plan = bench.node._map.plan

    def asked(*request):
        told.append(bench.all_commands[-1] if bench.all_commands else None)
        return plan(*request)

    told: list[Twist | None] = []
    published: list[Twist] = []
    bench.node._map.plan = asked
    publisher = bench.node._cmd_vel
    bench.node._cmd_vel = type("Publisher", (), {"publish": staticmethod(published.append)})
    bench.node._planning_took = 0.5
    drive, robot = bench.node._drive, np.array(bench.robot.pose)
    bench.node._make_plan(drive, robot)
    assert published == [Twist()] and len(told) == 1
    bench.node._make_plan(drive, robot)
    assert len(published) == 1
    bench.node._cmd_vel = publisher

"""What nodes do when another part goes silent, jumps in time or contradicts itself."""

from __future__ import annotations

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Twist
from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node
from sensor_msgs.msg import LaserScan
from social_nav_core.grid import GridGeometry
from social_nav_nodes.conversions import grid_message, transform_message
from social_nav_nodes.goal_selector_node import GoalSelectorNode
from social_nav_nodes.recorder_node import RecorderNode
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import LATCHED_QOS, MAP
from social_nav_nodes.transforms import OLDEST, TransformLookup
from tf2_ros import TransformBroadcaster

from social_nav_msgs.action import ApproachPerson

from .test_goal_selector_node import Bench as ApproachBench
from .test_goal_selector_node import Result, person
from .test_navigator_node import GRID
from .test_navigator_node import Bench as DriveBench
from .test_social_costmap_node import Bench as CostsBench
from .test_social_costmap_node import anna


class Frames:
    """A look-up of transforms, and what it complains of."""

    def __init__(self, graph):
        node = graph.add(Node, node_name="reader")
        self.graph = graph
        self.lines = []
        throttled = ThrottledLog(self, period=0.0)
        self.lookup = TransformLookup(node, throttled)
        self.broadcaster = TransformBroadcaster(graph.probe)
        graph.pass_time(0.3)

    def warning(self, text):
        self.lines.append(text)

    error = warning

    def send(self, child, parent, x=1.0, ahead=0.0):
        header = self.graph.header(parent, age=-ahead)
        self.broadcaster.sendTransform(transform_message((x, 0.0, 0.0), child, header))

    def pose(self, child="base_footprint", parent="map"):
        return self.lookup.pose(child, parent)


@pytest.fixture
def frames(graph):
    frames = Frames(graph)

    def known():
        frames.send("base_footprint", "map")
        return frames.pose() is not None

    graph.spin_until(known, "the first transform")
    frames.lines.clear()
    return frames


def test_an_old_transform_is_no_pose(frames):
    frames.graph.pass_time(0.9 * OLDEST)
    assert frames.pose() is not None
    frames.graph.pass_time(0.3 * OLDEST)
    assert frames.pose() is None
    assert "expected at most 0.5 s" in frames.lines[0]


def test_a_static_transform_never_grows_old(graph, place_frame):
    frames = Frames(graph)
    place_frame("base_footprint", in_="map", pose=(2.0, 0.0, 0.0))
    graph.spin_until(lambda: frames.pose() is not None, "the transform")
    graph.pass_time(20.0, step=0.5)
    np.testing.assert_array_equal(frames.pose(), (2.0, 0.0, 0.0))


def test_a_transform_from_the_far_future_does_not_hide_the_true_ones(frames):
    frames.send("base_footprint", "map", x=9.0, ahead=1000.0)
    frames.graph.spin_until(lambda: frames.lines, "the warning")
    assert "'base_footprint' is ignored: its stamp is 1000 s ahead" in frames.lines[0]
    frames.send("base_footprint", "map", x=2.0)
    frames.graph.pass_time(0.2)
    np.testing.assert_array_equal(frames.pose(), (2.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("child", "parent", "loop"),
    [
        ("map", "base_footprint", "'map' in 'base_footprint' in 'map'"),
        ("map", "map", "'map' in 'map'"),
    ],
)
def test_a_transform_that_closes_a_loop_is_refused(frames, child, parent, loop):
    for _ in range(5):
        frames.send(child, parent)
        frames.graph.pass_time(0.1)
        frames.send("base_footprint", "map")
    frames.graph.pass_time(0.1)
    assert len(frames.lines) == 5 and "closes a loop" in frames.lines[0]
    assert loop in frames.lines[0]
    assert frames.pose() is not None


def test_a_frame_may_get_another_parent(frames):
    frames.send("base_footprint", "odom")
    frames.send("odom", "map", x=3.0)
    frames.graph.pass_time(0.2)
    np.testing.assert_allclose(frames.pose(), (4.0, 0.0, 0.0))
    assert not frames.lines


@pytest.fixture
def driving(graph):
    bench = DriveBench(graph)
    bench.send((6.0, 0.0, 0.0))
    graph.spin_until(lambda: bench.robot.velocity[0] > 0.4, "driving")
    return bench


def speed(bench):
    return bench.robot.velocity[0]


def test_a_robot_without_a_pose_stands_and_goes_on_when_it_is_back(driving):
    graph = driving.graph
    send = driving._transforms.sendTransform
    driving._transforms.sendTransform = lambda _: None
    graph.spin_until(lambda: speed(driving) == 0.0, "the stop", step=0.05)
    heard = len(driving.feedback)
    graph.pass_time(1.0)
    assert len(driving.feedback) > heard + 5  # it lives
    driving._transforms.sendTransform = send
    graph.spin_until(lambda: speed(driving) > 0.4, "driving again", step=0.05)


def test_a_map_of_another_size_stops_the_robot_until_there_is_a_plan_on_it(driving):
    graph = driving.graph
    driving.plans.clear()
    driving.all_commands.clear()
    wider = GridGeometry(140, 80, 0.1, (-5.0, -4.0, 0.0))
    cells = np.zeros(wider.shape, np.int8)
    driving._maps.publish(grid_message(cells, wider, graph.header("map")))
    graph.spin_until(lambda: driving.node._map.geometry == wider, "the new map", step=0.0)
    assert not driving.node._drive.has_path
    graph.spin_until(lambda: driving.plans, "a new plan")
    assert Twist() in driving.all_commands
    graph.spin_until(lambda: speed(driving) > 0.4, "driving again", step=0.05)


def test_a_map_elsewhere_stops_the_robot(driving):
    away = GridGeometry(50, 50, 0.1, (100.0, 100.0, 0.0))
    cells = np.zeros(away.shape, np.int8)
    driving._maps.publish(grid_message(cells, away, driving.graph.header("map")))
    driving.graph.spin_until(lambda: speed(driving) == 0.0, "the stop", step=0.05)
    assert driving.robot.pose[0] < 5.0


def test_social_costs_that_are_not_renewed_do_not_block_for_ever(graph):
    bench = DriveBench(graph, social_timeout=1.0)
    costs = np.zeros(GRID.shape, np.int8)
    costs[28:52, 30:45] = 90
    bench.use_costs(costs)
    graph.spin_until(lambda: bench.node._map.social is not None, "the costs")
    graph.spin_until(lambda: bench.node._map.social is None, "the end of the costs", step=0.05)
    bench.send((5.0, 0.0, 0.0))
    graph.spin_until(lambda: bench.plans, "a plan")
    straight = np.array([[p.pose.position.x, p.pose.position.y] for p in bench.plans[0].poses])
    assert np.abs(straight[:, 1]).max() < 0.1


def test_a_lidar_that_falls_silent_stops_the_robot(graph):
    bench = DriveBench(graph, scan_timeout=0.15)
    scan = LaserScan(angle_min=-0.3, angle_max=0.3, angle_increment=0.05, range_max=25.0)
    scan.ranges = [20.0] * 13

    def publish():
        scan.header = graph.header("base_footprint")
        bench.scans.publish(scan)

    timer = graph.probe.create_timer(0.1, publish)
    bench.send((6.0, 0.0, 0.0))
    graph.spin_until(lambda: speed(bench) > 0.4, "driving")
    timer.cancel()
    graph.spin_until(lambda: speed(bench) == 0.0, "the stop", step=0.05)
    timer.reset()
    graph.spin_until(lambda: speed(bench) > 0.4, "driving again", step=0.05)


def test_a_clock_that_goes_back_ends_the_drive(driving):
    driving.graph.now -= 50.0
    outcome = driving.result()
    assert outcome.status == GoalStatus.STATUS_ABORTED
    assert "time went back by" in outcome.result.error_msg
    driving.graph.spin_until(lambda: speed(driving) == 0.0, "the stop", step=0.05)
    driving.send((6.0, 0.0, 0.0))
    driving.graph.spin_until(lambda: speed(driving) > 0.4, "driving again", step=0.05)


@pytest.fixture
def approach(graph, place_frame):
    bench = ApproachBench(graph, place_frame, lost_timeout=60.0)
    bench.people = [person("anna", 3.0, 1.0, np.pi)]
    bench.request("anna")
    bench.goal()
    return bench


def test_a_source_of_people_that_falls_silent_ends_the_approach(approach):
    for timer in list(approach.graph.probe.timers):
        timer.cancel()
    keep = approach.graph.probe.create_timer(0.1, approach.navigator.keep_alive)
    outcome = approach.result()
    keep.cancel()
    assert outcome.result.error_code == Result.PERSON_LOST
    assert "nothing new on '/social_people' for 0.7 s" in outcome.result.error_msg


def test_a_frozen_camera_is_no_source_of_people(approach):
    fixed = approach.graph.header("map")
    approach.graph.header = lambda frame, age=0.0: fixed
    outcome = approach.result()
    assert outcome.result.error_code == Result.PERSON_LOST
    assert "nothing new on '/social_people'" in outcome.result.error_msg


def test_a_clock_that_goes_back_ends_the_approach(approach):
    approach.graph.now -= 40.0
    outcome = approach.result()
    assert outcome.result.error_code == Result.PERSON_LOST
    assert "time went back by" in outcome.result.error_msg


def test_a_clock_that_stands_still_ends_the_approach(approach):
    graph = approach.graph
    graph.spin_until(approach.outcome.done, "the end", step=0.0)
    result = approach.outcome.result().result
    assert result.error_code == Result.PERSON_LOST
    assert "the clock and '/social_people' have stood still for 0.7 s" in result.error_msg


@pytest.mark.parametrize("heard", [True, False])
def test_a_clock_that_stands_still_ends_an_approach_without_a_place(graph, place_frame, heard):
    bench = ApproachBench(graph, place_frame, patience=60.0)
    if not heard:
        for timer in list(graph.probe.timers):
            timer.cancel()
    bench.request("nobody")
    graph.spin_until(bench.outcome.done, "the end", step=0.0)
    result = bench.outcome.result().result
    assert result.error_code == Result.PERSON_LOST
    assert result.error_msg.startswith("'nobody' is lost: the clock and '/social_people' have")


def test_a_clock_that_never_begins_ends_an_approach(graph, place_frame):
    bench = ApproachBench(graph, place_frame, start_patience=1.0)
    graph.now = 0.0
    graph.spin_until(bench.client.server_is_ready, "the action server", step=0.0)
    answer = bench.client.send_goal_async(ApproachPerson.Goal())
    graph.spin_until(answer.done, "the answer", step=0.0)
    outcome = answer.result().get_result_async()
    graph.spin_until(outcome.done, "the end", step=0.0)
    assert outcome.result().result.error_msg == (
        "simulated time has not begun within 1 s: does the simulator run?"
    )


def test_what_a_killed_goal_selector_left_behind_is_cancelled(graph, approach):
    handle = approach.navigator.handles[-1]
    approach.node._end = lambda *_: None  # it can no longer cancel anything itself
    graph.remove(approach.node)
    graph.add(GoalSelectorNode)
    graph.spin_until(
        lambda: handle.status in (GoalStatus.STATUS_CANCELED, GoalStatus.STATUS_CANCELING),
        "the end of the old goal",
    )


def test_a_full_disk_ends_the_recording_and_nothing_else(graph, tmp_path):
    maps = graph.probe.create_publisher(OccupancyGrid, MAP, LATCHED_QOS)
    node = graph.add(RecorderNode, parameters={"out": str(tmp_path / "bag"), "keep_free": 1e6})
    lines: list[str] = []
    node._log._logger = type("Lines", (), {"error": staticmethod(lines.append)})
    graph.spin_until(lambda: lines, "the line")
    assert "MB left, 1e+06 are kept" in lines[0]
    maps.publish(grid_message(np.zeros(GRID.shape, np.int8), GRID, graph.header("map")))
    graph.pass_time(0.5)
    assert (tmp_path / "bag" / "metadata.yaml").is_file()
    graph.remove(node)
    assert len(lines) == 1


def test_a_source_that_falls_silent_takes_its_people_along(graph):
    bench = CostsBench(graph, timeout=30.0, source_timeout=1.0)
    bench.use_map()
    bench.tell(anna())
    bench.next_grid(np.any, "costs")
    graph.pass_time(1.2)
    assert not bench.next_grid(lambda cells: not cells.any(), "an empty grid").any()
    assert len(bench.warnings) == 1
    assert "nothing new on '/social_people' for 1." in bench.warnings[0]

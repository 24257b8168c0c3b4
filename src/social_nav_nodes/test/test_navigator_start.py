"""The navigator with a goal that was sent before simulated time has come to it."""

from __future__ import annotations

import pytest
from action_msgs.msg import GoalStatus
from nav2_msgs.action import NavigateToPose
from social_nav_nodes.conversions import pose_stamped
from social_nav_nodes.navigator_node import TIMEOUT

from .test_navigator_node import Bench


@pytest.fixture
def waiting(graph):
    """A navigator that got a goal before simulated time has come to it."""
    graph.now = 0.0
    bench = Bench(graph, patience=1.0)
    graph.spin_until(bench.client.server_is_ready, "the action server", step=0.0)
    goal = NavigateToPose.Goal(pose=pose_stamped((3.0, 0.0, 0.0), graph.header("map")))
    answer = bench.client.send_goal_async(goal, lambda m: bench.feedback.append(m.feedback))
    graph.spin_until(answer.done, "the answer", step=0.0)
    bench.handle = answer.result()
    bench.outcome = bench.handle.get_result_async()
    return bench


def test_who_sent_a_goal_hears_of_it_before_simulated_time_begins(waiting):
    waiting.graph.spin_until(lambda: len(waiting.feedback) >= 3, "signs of life", step=0.0)
    assert not waiting.outcome.done()
    waiting.graph.now = 50.0
    waiting.graph.spin_until(lambda: waiting.robot.velocity[0] > 0.4, "driving", step=0.05)


def test_simulated_time_that_never_begins_ends_the_drive(waiting):
    waiting.graph.spin_until(waiting.outcome.done, "the end", step=0.0)
    result = waiting.outcome.result().result
    assert result.error_code == TIMEOUT
    assert result.error_msg == "simulated time has not begun: does the simulator run?"


def test_a_drive_is_cancelled_before_simulated_time_begins(waiting):
    waiting.handle.cancel_goal_async()
    waiting.graph.spin_until(waiting.outcome.done, "the end", step=0.0)
    assert waiting.outcome.result().status == GoalStatus.STATUS_CANCELED

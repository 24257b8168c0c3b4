"""The goal selector beside navigators that give up, refuse or fall silent."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from goal_selector_bench import Bench, Result, person
from nav2_msgs.action import NavigateToPose
from rclpy.task import Future


@pytest.fixture
def bench(graph, place_frame):
    return Bench(graph, place_frame)


def test_a_navigator_that_gives_up(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    bench.goal()
    bench.navigator.finish(arrived=False, text="wheels are stuck")
    outcome = bench.result()
    assert outcome.result.error_code == Result.NAVIGATION_FAILED
    assert "wheels are stuck" in outcome.result.error_msg


def test_a_navigator_of_humble_gives_up_without_a_message(bench):
    """Its result has neither error_code nor error_msg."""
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    bench.goal()
    client, future = bench.node._navigation, Future()
    future.set_result(SimpleNamespace(status=GoalStatus.STATUS_ABORTED, result=object()))
    client._ended(client._generation, future)
    outcome = bench.result()
    assert outcome.result.error_code == Result.NAVIGATION_FAILED
    assert outcome.result.error_msg.endswith("the navigator gave up")


@pytest.mark.parametrize("distance", [np.nan, np.inf, -1.0, 3e38])
def test_a_navigator_whose_distance_is_no_distance(bench, distance):
    """It is a sign of life all the same."""
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    bench.goal()
    bench.graph.spin_until(lambda: bench.node._navigation.distance_remaining == 1.5, "feedback")
    client = bench.node._navigation
    client._hear(client._generation, NavigateToPose.Feedback(distance_remaining=distance))
    assert client.distance_remaining == 1.5
    assert bench.node._log.refused == 1


def test_a_long_word_of_the_navigator_is_told_in_one_line(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    bench.goal()
    bench.navigator.finish(arrived=False, text="stuck\n" * 100_000)
    message = bench.result().result.error_msg
    assert message.startswith("the navigator gave up: stuck stuck")
    assert len(message) <= 300 and "\n" not in message


def test_a_long_name_that_nobody_has_is_told_in_one_line(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("nobody\n" * 1000)
    outcome = bench.result()
    assert outcome.result.error_code == Result.NO_SUCH_PERSON
    assert len(outcome.result.error_msg) <= 300 and "\n" not in outcome.result.error_msg


def test_a_navigator_that_refuses(bench):
    bench.navigator.refuse = True
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    outcome = bench.result()
    assert outcome.result.error_code == Result.NAVIGATION_FAILED
    assert "refused" in outcome.result.error_msg


def test_a_navigator_that_falls_silent(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    bench.goal()
    bench.navigator.keep_alive = lambda: None
    outcome = bench.result()
    assert outcome.result.error_code == Result.NAVIGATION_FAILED
    assert "no sign of life" in outcome.result.error_msg

"""The goal selector beside navigators that give up, refuse or fall silent."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from goal_selector_bench import Bench, Result, person
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

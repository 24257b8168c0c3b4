"""The goal selector beside navigators that give up, refuse or fall silent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import PoseStamped
from goal_selector_bench import Bench, Result, person
from nav2_msgs.action import NavigateToPose
from rclpy.action import ActionClient
from rclpy.task import Future
from social_nav_nodes.navigation_client import NavigationState

from social_nav_nodes import topics


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
    client._ended(client._last, future)
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
    client._hear(client._last, NavigateToPose.Feedback(distance_remaining=distance))
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


def test_a_silent_navigator_is_noticed_however_often_its_goal_is_replaced(bench):
    client = bench.node._navigation
    client._client.server_is_ready = lambda: True
    client._client.send_goal_async = lambda *_, **__: Future()

    def replace_and_look():
        client.go(PoseStamped())
        return client.poll() is NavigationState.FAILED

    bench.graph.spin_until(replace_and_look, "the failure")
    assert "no sign of life for 0.7 s" in client.failure
    client.go(PoseStamped())
    assert client.poll() is NavigationState.DRIVING


@pytest.fixture
def moving(bench):
    """An approach that drives to its first place."""
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    bench.goal()
    bench.graph.pass_time(0.5)
    return bench


def walk_away(bench):
    """The person stands elsewhere, so that the place is chosen again."""
    bench.people = [person("anna", -3.0, 2.0, 0.0)]


def assert_nothing_drives(bench):
    """The navigator ends what it is told to cancel, and knows of no other goal."""
    bench.graph.spin_until(
        lambda: not any(handle.is_active for handle in bench.navigator.handles), "the stop"
    )


def test_a_second_goal_that_is_refused_leaves_no_first_one_driving(moving):
    moving.navigator.refuse = True
    walk_away(moving)
    assert "refused" in moving.result().result.error_msg
    assert_nothing_drives(moving)


def test_a_second_goal_that_fails_leaves_no_first_one_driving(moving):
    walk_away(moving)
    moving.goal(2)
    assert moving.navigator.handles[0].is_active
    moving.navigator.finish(arrived=False, text="no path")
    assert "no path" in moving.result().result.error_msg
    assert_nothing_drives(moving)


@pytest.mark.parametrize("refuse", [True, False])
def test_cancelling_while_an_answer_is_pending_stops_every_goal(moving, refuse):
    client, held = moving.node._navigation, []
    moving.navigator.refuse = refuse
    answered, client._answered = client._answered, lambda *answer: held.append(answer)
    walk_away(moving)
    moving.graph.spin_until(lambda: held, "the second goal's answer")
    moving.node._end(Result.CANCELLED, "cancelled on request")
    for answer in held:
        answered(*answer)
    assert moving.result().result.error_code == Result.CANCELLED
    assert_nothing_drives(moving)


@pytest.mark.parametrize("there", [True, False])
def test_a_server_that_leaves_a_second_goal_unanswered_is_told_to_stop(moving, there):
    client = moving.node._navigation
    if there:
        client._client.send_goal_async = lambda *_, **__: Future()
    else:
        client._client.server_is_ready = lambda: False
    moving.navigator.keep_alive = lambda: None
    walk_away(moving)
    assert moving.result().result.error_code == Result.NAVIGATION_FAILED
    assert_nothing_drives(moving)


def test_a_goal_that_is_accepted_after_the_end_is_cancelled_by_its_answer(bench):
    client, answer = bench.node._navigation, Future()
    client._client.server_is_ready = lambda: True
    client._client.send_goal_async = lambda *_, **__: answer
    client.go(PoseStamped())
    (name,) = client._wanted
    client.cancel()
    client.go(PoseStamped())  # of the next approach, which does not make the former one's wanted
    cancelled: list[str] = []
    handle = SimpleNamespace(accepted=True, get_result_async=Future)
    handle.cancel_goal_async = lambda: cancelled.append("first")
    accepted = Future()
    accepted.set_result(handle)
    client._answered(name, accepted)
    assert cancelled == ["first"] and name not in client._wanted


def test_a_goal_that_is_not_answered_yet_is_cancelled_by_its_name(bench):
    client = bench.node._navigation
    cancelled: list[bytes] = []
    client._client.server_is_ready = lambda: True
    client._client.send_goal_async = lambda *_, **__: Future()
    client._cancel_goal = cancelled.append
    client.go(PoseStamped())
    names = list(client._wanted)
    client.cancel()
    assert cancelled == names


def test_a_goal_whose_answer_was_lost_is_cancelled_once_it_is_seen(moving):
    client = moving.node._navigation
    send = client._client.send_goal_async
    client._client.send_goal_async = lambda *goal, **about: (send(*goal, **about), Future())[1]
    client._cancel_goal, cancel_goal = lambda _: None, client._cancel_goal  # nor is it cancelled
    walk_away(moving)
    moving.goal(2)
    moving.node._end(Result.CANCELLED, "cancelled on request")
    client._cancel_goal = cancel_goal
    assert_nothing_drives(moving)  # the end of the first has the navigator tell of the second


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_goal_selector_that_is_told_to_stop_takes_its_goal_back(graph, place_frame, number):
    """Or the robot would drive on to the person with nobody who looks at them."""
    bench = Bench(graph, place_frame, has_node=False)
    command = [sys.executable, "-m", "social_nav_nodes.goal_selector_node"]
    process = subprocess.Popen(
        [*command, "--ros-args", "-p", "use_sim_time:=true"],
        env={**os.environ, "ROS_DOMAIN_ID": str(graph.context.get_domain_id())},
    )
    try:
        bench.people = [person("anna", 3.0, 0.0, np.pi)]
        bench.request("anna")
        bench.goal()
        process.send_signal(number)
        assert_nothing_drives(bench)
        assert process.wait(10.0) == 0
    finally:
        process.kill()


def test_goals_are_remembered_until_they_have_ended(moving):
    client = moving.node._navigation
    (first,) = client._wanted.values()
    assert first.accepted
    walk_away(moving)
    moving.goal(2)
    moving.graph.pass_time(0.5)
    assert len(client._wanted) == 2
    moving.navigator.finish(number=0)
    moving.graph.spin_until(lambda: len(client._wanted) == 1, "the end of the first")
    assert first not in client._wanted.values() and not moving.outcome.done()


def test_the_goals_of_others_are_left_alone(moving):
    others = ActionClient(moving.graph.probe, NavigateToPose, topics.NAVIGATE_TO_POSE)
    moving.graph.spin_until(others.server_is_ready, "the server")
    others.send_goal_async(NavigateToPose.Goal())
    moving.goal(2)
    moving.node._end(Result.CANCELLED, "cancelled on request")
    moving.graph.spin_until(lambda: not moving.navigator.handles[0].is_active, "the stop")
    moving.graph.pass_time(0.5)
    assert moving.navigator.handles[1].is_active

"""What rclpy would take, and end a node with, is refused for every node."""

from __future__ import annotations

from pathlib import Path

import pytest
from builtin_interfaces.msg import Time
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.parameter import Parameter as OwnParameter
from rosgraph_msgs.msg import Clock
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.demo.jobs import Job
from social_nav_nodes.demo.observer import ObserverNode
from social_nav_nodes.health_node import HealthNode
from social_nav_nodes.life_signs import clock_time
from social_nav_nodes.pose_array_node import PoseArrayNode
from social_nav_nodes.trial_node import TrialNode

SCENE = Path(__file__).resolve().parents[3] / "worlds" / "scenes" / "single.yaml"
BAD = Parameter(name="timeout", value=ParameterValue(type=77))
NUMBER = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=3.0)
GOOD_NAME = Parameter(name="timeout", value=NUMBER)


@pytest.fixture
def health(graph):
    return graph.add(HealthNode)


def observer(**options):
    scene = load_scene(SCENE)
    return ObserverNode(Job("", scene.name, "avoid", "", True), scene, 0, **options)


def asked(node, kind, **fields):
    """What the node answers to a request about its parameters."""
    (service,) = (s for s in node.services if s.srv_type is kind)
    return service.callback(kind.Request(**fields), kind.Response())


@pytest.mark.parametrize(
    "stamp", [Time(sec=-1), Time(sec=-(2**31)), Time(sec=5, nanosec=10**9), Time(nanosec=2**32 - 1)]
)
def test_a_clock_that_is_none_is_left_out_over_the_wire(graph, health, stamp):
    clock = graph.probe.create_publisher(Clock, "/clock", 10)
    graph.spin_until(lambda: clock_time(health) > 0.0, "the clock")
    met = lambda: clock.get_subscription_count() >= 2  # noqa: E731
    graph.spin_until(met, "the subscriptions", step=0.0)
    told = lambda: [t for t in health._log.troubles() if "'/clock' is left out" in t.text]  # noqa: E731
    # The test's own node is not guarded, and must not hear of it.
    graph.executor.remove_node(graph.probe)
    clock.publish(Clock(clock=stamp))
    while not told():
        graph.executor.spin_once(timeout_sec=1.0)
    assert clock_time(health) == pytest.approx(graph.now)
    assert f"{stamp.sec if stamp.sec < 0 else stamp.nanosec}" in told()[0].text


@pytest.mark.parametrize("make", [HealthNode, PoseArrayNode, TrialNode, observer])
def test_every_kind_of_node_is_guarded_also_when_simulated_time_is_chosen_later(graph, make):
    node = graph.add(make, parameters={"scene": str(SCENE)} if make is TrialNode else {})
    for choice in (True, False, True):
        node.set_parameters([OwnParameter("use_sim_time", value=choice)])
        own = [s for s in node.subscriptions if s.topic_name == "/clock"]
        assert len(own) == choice
        for subscription in own:
            subscription.callback(Clock(clock=Time(sec=-1)))
            subscription.callback(Clock(clock=Time(sec=7)))
            assert clock_time(node) == 7.0
    answer = asked(node, SetParameters, parameters=[BAD])
    assert not answer.results[0].successful


def test_a_type_that_is_none_is_refused_and_the_others_are_answered(health):
    answer = asked(health, SetParameters, parameters=[BAD, GOOD_NAME, BAD])
    assert [result.successful for result in answer.results] == [False] * 3
    reasons = [result.reason for result in answer.results]
    assert reasons[0] == reasons[2] and "its type is 77, expected 0 to 9" in reasons[0]
    assert "read-only" in reasons[1]
    sim = Parameter(name="use_sim_time", value=ParameterValue(type=1, bool_value=True))
    answer = asked(health, SetParameters, parameters=[BAD, sim])
    assert [result.successful for result in answer.results] == [False, True]
    assert any("type is 77" in trouble.text for trouble in health._log.troubles())


@pytest.mark.parametrize("kind", [10, 77, 255])
def test_of_all_or_nothing_it_is_nothing(health, kind):
    sim = Parameter(name="use_sim_time", value=ParameterValue(type=1, bool_value=False))
    bad = Parameter(name="x\ny", value=ParameterValue(type=kind))
    answer = asked(health, SetParametersAtomically, parameters=[sim, bad])
    assert not answer.result.successful and f"its type is {kind}" in answer.result.reason
    assert "\n" not in answer.result.reason
    assert health.get_parameter("use_sim_time").value is True
    assert asked(health, SetParametersAtomically, parameters=[sim]).result.successful


def test_requests_that_are_too_long_are_refused(health):
    names = ["timeout"] * 1001
    assert asked(health, GetParameters, names=names).values == []
    assert asked(health, DescribeParameters, names=names).descriptors == []
    assert len(asked(health, GetParameterTypes, names=names).types) == 0
    assert asked(health, ListParameters, prefixes=names).result.names == []
    refused = asked(health, SetParameters, parameters=[GOOD_NAME] * 1001).results
    assert len(refused) == 1001 and "1001 parameters is refused" in refused[0].reason
    assert not asked(
        health, SetParametersAtomically, parameters=[GOOD_NAME] * 1001
    ).result.successful
    assert len(asked(health, GetParameters, names=names[:9]).values) == 9
    assert "timeout" in asked(health, ListParameters, depth=2**64 - 1).result.names

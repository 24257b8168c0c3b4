"""What is written down of a run, also when somebody says things that cannot be."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from goal_selector_bench import PlayedNavigator
from nav_msgs.msg import Odometry
from rclpy.task import Future
from social_nav_core.evaluation.batch import shipped_models
from social_nav_core.evaluation.metrics.table import measure
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person
from social_nav_core.sim.scene import load_scene, occupancy
from social_nav_nodes.conversions import (
    grid_message,
    odometry_message,
    path_message,
    people_message,
    pose_stamped,
)
from social_nav_nodes.demo.jobs import Job
from social_nav_nodes.demo.observer import ObserverNode
from social_nav_nodes.life_signs import clock_time

from social_nav_msgs.action import ApproachPerson

SCENE = Path(__file__).resolve().parents[3] / "worlds" / "scenes" / "approach.yaml"


def observer_of(graph, task="approach", patience=60.0, **about):
    scene = load_scene(SCENE)
    job = Job(task, scene.name, task, "social costs", True, **about)
    return graph.add(lambda **options: ObserverNode(job, scene, 0, patience, **options))


@pytest.fixture
def observer(graph, place_frame):
    """An observer whose goal has been sent a second ago."""
    node = observer_of(graph)
    place_frame("base_footprint", in_="map", pose=(1.0, 2.0, 0.5))
    graph.pass_time(1.0)
    node._sent = graph.now - 1.0
    return node


def tell_people(graph, observer, *people):
    graph.pass_time(0.2)
    observer._see_people(people_message(list(people), graph.header("map")))


def test_what_cannot_be_is_not_recorded(graph, observer):
    tell_people(graph, observer, Person("anna", np.ones(3)))
    for twist in (0.5, math.nan, math.inf):
        observer._see_odometry(
            odometry_message((0.0, 0.0, 0.0), (twist, 0.0), graph.header("odom"))
        )
    for x in (0.5, math.nan):
        place = pose_stamped((x, 0.0, 0.0), graph.header("map"))
        observer._see_place(place)
        observer._see_path(path_message(np.array([[0.0, 0.0], [x, 1.0]]), graph.header("map")))
    truth = Odometry(header=graph.header("map"))
    truth.pose.pose.orientation.w = 0.0
    observer._localisation.see(truth)
    geometry, cells = occupancy(load_scene(SCENE))
    other = GridGeometry(3, 2, 0.5)
    graph.pass_time(1.0)
    observer._see_costs(grid_message(np.zeros(other.shape, np.int8), other, graph.header("map")))
    broken = grid_message(cells, geometry, graph.header("map"))
    broken.data[0] = 120
    observer._see_costs(broken)
    observer._see_costs(grid_message(np.maximum(cells, 0), geometry, graph.header("map")))
    tell_people(graph, observer, Person("anna", np.ones(3)))
    run = observer.record()
    assert run.robot_velocity.tolist() == [[0.0, 0.0], [0.5, 0.0]]
    assert len(run.costs) == len(run.goals_in_map) == len(run.paths_in_map) == 1
    assert run.robot_in_map == pytest.approx(np.tile((1.0, 2.0, 0.5), (2, 1)))


def test_samples_go_on_in_time(graph, observer):
    people = people_message([Person("anna", np.ones(3))], graph.header("map"))
    early = people_message([Person("anna", np.ones(3))], graph.header("map", age=0.5))
    negative = people_message([], graph.header("map"))
    negative.header.stamp.sec = -1
    future = people_message([], graph.header("map", age=-1e6))
    for message in (future, people, early, people, negative):
        observer._take("social_people_truth", observer._see_people, message)
    assert len(observer._recorder._times) == 1
    assert observer.time == pytest.approx(1.0)


def test_another_map_ends_the_job_with_the_reason(graph, observer):
    geometry, cells = occupancy(load_scene(SCENE))
    observer._see_map(grid_message(cells, geometry, graph.header("map")))
    assert not observer.finished
    broken = grid_message(cells, geometry, graph.header("map"))
    broken.info.resolution = math.nan
    observer._see_map(broken)
    assert not observer.finished
    observer._see_map(grid_message(cells[:5, :4], GridGeometry(4, 5, 0.05), graph.header("map")))
    assert observer.finished
    assert observer.status.startswith("the map is GridGeometry(width=4, height=5")


def test_a_clock_that_goes_back_ends_the_job(graph, observer):
    graph.tick(-10.0)
    graph.spin_until(lambda: observer.finished, "the end")
    assert "time went back by" in observer.status


def test_who_was_approached_is_somebody_of_the_truth(graph, observer):
    """A body tracker's names are not the simulator's."""
    for _ in range(2):
        tell_people(graph, observer, Person("ana", np.ones(3)))
    outcome = Future()
    result = SimpleNamespace(person_id="body_7", error_msg="")
    outcome.set_result(SimpleNamespace(result=result, status=GoalStatus.STATUS_SUCCEEDED))
    observer._ended(outcome)
    assert observer.record().target_id in ("", "ana")
    result.person_id = "ana"
    observer._ended(outcome)
    assert observer.record().target_id == "ana"


def test_what_the_other_side_of_the_action_says_is_told_in_one_line(observer):
    def feedback(distance, person_id="ana", arrived=False):
        about = ApproachPerson.Feedback(
            distance_remaining=distance, person_id=person_id, arrived=arrived
        )
        observer._see_feedback(SimpleNamespace(feedback=about))
        return observer.status

    assert feedback(1.25) == "1.2 m left to ana"
    for distance in (math.nan, math.inf, -1.0, 3e38):
        assert feedback(distance) == "1.2 m left to ana"
    for arrived in (False, True):
        text = feedback(2.0, "an\n" * 5000, arrived)
        assert len(text) <= 100 and len(text.splitlines()) == 1
    outcome = Future()
    result = SimpleNamespace(person_id="ana", error_msg="no way\n" * 100_000)
    outcome.set_result(SimpleNamespace(result=result, status=GoalStatus.STATUS_ABORTED))
    observer._ended(outcome)
    assert observer.finished and observer.status.startswith("no way no way")
    assert len(observer.status) <= 300


def test_costs_from_the_future_do_not_keep_those_of_now_out(graph, observer):
    geometry, cells = occupancy(load_scene(SCENE))
    for age in (-1e6, 0.0):
        message = grid_message(np.zeros_like(cells), geometry, graph.header("map", age=age))
        observer._take("social_costmap", observer._see_costs, message)
    assert observer._next_cost == pytest.approx(1.4, abs=0.1)


def test_a_job_about_which_nobody_tells_anything_ends_with_its_time_limit(graph):
    observer = observer_of(graph, timeout=5.0)
    observer._sent = graph.now
    graph.spin_until(lambda: observer.finished, "the end", step=0.1)
    told = "gave up after 5 s: people and the robot's pose have not been told since 0.0 s"
    assert observer.status == told
    assert 10.5 < graph.now - observer._sent < 13.0


def test_a_clock_that_stands_still_ends_the_job(graph):
    observer = observer_of(graph, patience=0.3)
    graph.tick()
    graph.spin_until(lambda: clock_time(observer) > 0.0, "the clock")
    observer._sent = graph.now
    graph.spin_until(lambda: observer.finished, "the end", step=0.0)
    assert observer.status == "simulated time has stood still for 0.3 s of wall-clock time"


@pytest.mark.parametrize(
    ("task", "clock", "words"),
    [
        (
            "avoid",
            False,
            "no simulated time and no map and no social costs and no people and no",
        ),
        ("avoid", True, "there is no map and no social costs and no people and no server of the"),
        ("approach", True, "no map and no social costs and no person who is known well enough and"),
    ],
)
def test_a_job_that_cannot_begin_ends_with_what_it_lacks(graph, task, clock, words):
    observer = observer_of(graph, task, patience=0.3)
    if not clock:
        vars(graph)["tick"] = lambda _: graph.executor.spin_once(timeout_sec=0.05)
    graph.spin_until(lambda: observer.finished, "the end")
    assert observer.status.startswith("no goal was sent within 0.3 s of wall-clock time: there is")
    assert words in observer.status
    assert observer.task() is None


@pytest.mark.parametrize("first", [0.1, 0.4])
def test_the_record_of_a_job_that_took_too_long_is_one_of_a_timeout(graph, place_frame, first):
    """Its samples begin when people are told of, which is after the goal was sent."""
    observer = observer_of(graph, timeout=5.0)
    place_frame("base_footprint", in_="map", pose=(1.0, 2.0, 0.5))
    graph.pass_time(0.2)
    observer._sent = graph.now - first
    while not observer.finished:
        tell_people(graph, observer, Person("anna", np.ones(3)))
    run = observer.record()
    assert run.times[0] >= first and run.time_limit == observer.task().time_limit == 5.0
    models = shipped_models()
    assert measure(run, models.proxemics, models.interaction, 5.0)["timeout"] == 1.0


@pytest.mark.parametrize(("taken", "reached"), [(4.8, True), (5.2, False)])
def test_a_goal_that_is_reached_too_late_is_not_reached(graph, observer, taken, reached):
    observer._job = dataclasses.replace(observer._job, timeout=5.0)
    observer.time = taken
    outcome = Future()
    result = SimpleNamespace(person_id="ana", error_msg="")
    outcome.set_result(SimpleNamespace(result=result, status=GoalStatus.STATUS_SUCCEEDED))
    observer._ended(outcome)
    expected = "reached the goal" if reached else "gave up after 5 s"
    assert (observer.finished, observer._reached, observer.status) == (True, reached, expected)


@pytest.mark.parametrize(("stay", "expected"), [(0.9, (0, 900_000_000)), (8.0, (8, 0))])
def test_an_approach_is_asked_to_stay_to_the_fraction_of_a_second(graph, stay, expected):
    observer = observer_of(graph, stay=stay)
    sent = []

    def send(goal, *_):
        sent.append(goal)
        return Future()

    vars(observer)["_client"] = SimpleNamespace(
        server_is_ready=lambda: True, send_goal_async=send, destroy=lambda: None
    )
    observer._has_map = observer._has_costs = observer._has_people = True
    observer._try_to_send(people_message([], graph.header("map")))
    assert (sent[0].stay.sec, sent[0].stay.nanosec) == expected


def test_a_goal_whose_answer_was_lost_is_cancelled_as_well(graph):
    navigator, observer = PlayedNavigator(graph), observer_of(graph, task="avoid")
    client = observer._client
    graph.spin_until(client.server_is_ready, "the navigator")
    send = client.send_goal_async

    def send_and_lose_the_answer(*goal):
        send(*goal)
        return Future()

    vars(client)["send_goal_async"] = send_and_lose_the_answer
    observer._has_map = observer._has_costs = observer._has_people = True
    observer._try_to_send(people_message([], graph.header("map")))
    graph.spin_until(lambda: navigator.handles, "the goal")
    observer.take_back(lambda _: graph.pass_time(0.5))
    graph.spin_until(lambda: navigator.handles[0].is_cancel_requested, "the cancellation")

"""The goal selector: places in front of people, sent to a navigator that the test plays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from goal_selector_bench import GRID, Bench, Result, person
from social_nav_core.geometry import bearing, relative, wrap_angle
from social_nav_core.people import Intent, certain
from social_nav_nodes.conversions import pose_from


@pytest.fixture
def bench(graph, place_frame):
    return Bench(graph, place_frame)


def assert_in_front_and_facing(place, someone):
    place_in_person = relative(someone.pose, place)
    assert 0.6 < np.hypot(*place_in_person[:2]) < 1.7
    assert abs(np.arctan2(place_in_person[1], place_in_person[0])) < np.radians(75)
    assert abs(wrap_angle(bearing(place[:2], someone.pose[:2]) - place[2])) < 1e-6


def test_the_robot_is_sent_in_front_of_the_person_and_arrives(bench):
    anna = person("anna", 3.0, 1.0, np.pi)
    bench.people = [anna]
    bench.request("anna")
    assert_in_front_and_facing(bench.goal(), anna)
    bench.graph.pass_time(1.0)
    bench.navigator.finish()
    outcome = bench.result()
    assert outcome.status == GoalStatus.STATUS_SUCCEEDED
    assert outcome.result.error_code == Result.NONE and outcome.result.person_id == "anna"
    np.testing.assert_allclose(pose_from(outcome.result.place.pose), bench.goal(), atol=1e-6)
    assert bench.feedback[-1].distance_remaining == pytest.approx(1.5)


def test_without_an_id_whoever_most_wants_it_is_approached(bench):
    bench.people = [
        person("ben", 1.5, -2.0, 0.0, Intent.NOT_INTERESTED),
        person("anna", 3.0, 2.0, np.pi),
    ]
    bench.request()
    assert_in_front_and_facing(bench.goal(), bench.people[1])


def turned_away(someone):
    return replace(someone, intent=certain(Intent.NOT_INTERESTED))


def test_who_wanted_it_and_turned_away_for_long_is_left_alone(bench):
    anna = person("anna", 3.0, 1.0, np.pi)
    bench.people = [anna]
    bench.request()
    bench.goal()
    for _ in range(3):  # flickers, and waits without a sign
        bench.people = [turned_away(anna)]
        bench.graph.pass_time(1.5)
        bench.people = [replace(anna, intent=certain(Intent.UNKNOWN))]
        bench.graph.pass_time(1.5)
    assert not bench.outcome.done()
    assert len(bench.navigator.goals) == 1
    bench.people = [turned_away(anna)]
    bench.graph.pass_time(4.0)
    assert not bench.outcome.done()
    outcome = bench.result()
    assert outcome.result.error_code == Result.NO_SUCH_PERSON
    assert outcome.result.error_msg == "'anna' has turned away for 5 s"
    assert outcome.result.person_id == "anna"


def test_who_turns_away_after_the_robot_arrived_ends_the_approach_well(bench):
    anna = person("anna", 3.0, 1.0, np.pi)
    bench.people = [anna]
    bench.request(stay=60)
    bench.goal()
    bench.navigator.finish()
    bench.graph.pass_time(1.0)
    bench.people = [turned_away(anna)]
    outcome = bench.result()
    assert outcome.status == GoalStatus.STATUS_SUCCEEDED
    assert outcome.result.error_code == Result.NONE


def test_who_was_named_is_approached_whatever_they_want(bench):
    bench.people = [person("anna", 3.0, 1.0, np.pi, Intent.NOT_INTERESTED)]
    bench.request("anna")
    bench.goal()
    bench.graph.pass_time(5.0)
    assert not bench.outcome.done()


def test_who_is_out_of_reach_is_not_said_to_be_off_the_map(graph, place_frame):
    bench = Bench(graph, place_frame, reach=2.0)
    bench.people = [person("anna", 4.6, 0.0, np.pi)]
    bench.request("anna")
    outcome = bench.result()
    assert outcome.result.error_code == Result.NO_FREE_PLACE
    text = outcome.result.error_msg
    assert "off the map" not in text
    assert "beyond the robot's reach" in text
    assert "ways are looked for up to 2 m to every side of the robot" in text


def test_nobody_wants_it(bench):
    bench.people = [person("ben", 2.0, 0.0, 0.0, Intent.NOT_INTERESTED)]
    bench.request()
    outcome = bench.result()
    assert outcome.status == GoalStatus.STATUS_ABORTED
    assert outcome.result.error_code == Result.NO_SUCH_PERSON
    assert "nobody of 1 people wants to interact" in outcome.result.error_msg
    assert not bench.navigator.goals


def test_a_name_that_nobody_has(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("carl")
    outcome = bench.result()
    assert outcome.result.error_code == Result.NO_SUCH_PERSON
    assert "'carl'" in outcome.result.error_msg


def test_the_place_is_chosen_again_when_the_person_moves_and_kept_when_not(bench):
    bench.people = [person("anna", 3.0, 1.0, np.pi)]
    bench.request("anna")
    bench.goal()
    bench.graph.pass_time(3.0)
    assert len(bench.navigator.goals) == 1
    moved = person("anna", 2.0, -3.0, np.pi / 2)
    bench.people = [moved]
    assert_in_front_and_facing(bench.goal(2), moved)
    bench.navigator.finish()
    assert bench.result().result.replans == 1


def test_a_person_who_walks_is_not_chased_at_every_step(bench):
    bench.people = [person("anna", 3.0, 3.0, np.pi)]
    bench.request("anna")
    bench.goal()
    for step in range(40):  # 4 s at 1 m/s
        bench.people = [
            person("anna", 3.0, 3.0 - 0.1 * step, -np.pi / 2, velocity=np.array([0.0, -1.0]))
        ]
        bench.graph.pass_time(0.1)
    assert len(bench.navigator.goals) <= 2
    bench.people = [person("anna", 3.0, -1.0, np.pi)]
    count = len(bench.navigator.goals)
    assert_in_front_and_facing(bench.goal(count + 1), bench.people[0])


def test_the_place_is_chosen_again_when_the_person_turns_away(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    bench.goal()
    turned = person("anna", 3.0, 0.0, 0.0)
    bench.people = [turned]
    assert_in_front_and_facing(bench.goal(2), turned)


def test_staying_follows_a_person_who_moves_after_the_arrival(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna", stay=4)
    bench.goal()
    bench.navigator.finish()
    bench.graph.pass_time(2.0)
    assert bench.feedback[-1].arrived and not bench.outcome.done()
    bench.people = [person("anna", -2.0, 3.0, -np.pi / 2)]
    assert_in_front_and_facing(bench.goal(2), bench.people[0])
    bench.graph.pass_time(6.0)
    assert not bench.outcome.done() and not bench.feedback[-1].arrived
    bench.navigator.finish()
    bench.graph.pass_time(3.0)
    assert not bench.outcome.done()
    assert bench.result().status == GoalStatus.STATUS_SUCCEEDED


def test_a_lost_person_stops_the_robot(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    bench.goal()
    bench.people = []
    outcome = bench.result()
    assert outcome.result.error_code == Result.PERSON_LOST
    assert "'anna'" in outcome.result.error_msg
    bench.graph.spin_until(
        lambda: bench.navigator.handles[-1].status == GoalStatus.STATUS_CANCELED, "the stop"
    )


def test_old_poses_are_never_approached(bench):
    bench.age = 1.8  # longer than selection.max_age, less than lost_timeout
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    bench.request("anna")
    outcome = bench.result()
    assert outcome.result.error_code == Result.NO_SUCH_PERSON
    assert "last seen" in outcome.result.error_msg
    assert not bench.navigator.goals


def test_no_free_place_says_what_is_in_the_way(bench):
    cells = np.full(GRID.shape, 100, np.int8)
    cells[40:60, 50:75] = 0  # free about the robot, walls about the person
    bench.use_map(cells)
    bench.people = [person("anna", 3.5, 0.0, np.pi / 2)]
    bench.request("anna")
    outcome = bench.result()
    assert outcome.result.error_code == Result.NO_FREE_PLACE
    assert "no free place near 'anna'" in outcome.result.error_msg
    assert not bench.navigator.goals


def test_cancelling_stops_the_robot(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi)]
    handle = bench.request("anna")
    bench.goal()
    handle.cancel_goal_async()
    outcome = bench.result()
    assert outcome.status == GoalStatus.STATUS_CANCELED
    assert outcome.result.error_code == Result.CANCELLED
    bench.graph.spin_until(
        lambda: bench.navigator.handles[-1].status == GoalStatus.STATUS_CANCELED, "the stop"
    )


def test_a_new_request_replaces_the_one_before(bench):
    bench.people = [person("anna", 3.0, 2.0, np.pi), person("ben", 3.0, -2.0, np.pi)]
    bench.request("anna")
    bench.goal()
    first = bench.outcome
    bench.request("ben")
    assert_in_front_and_facing(bench.goal(2), bench.people[1])
    bench.graph.spin_until(first.done, "the end of the first request")
    assert first.result().result.error_code == Result.CANCELLED
    bench.navigator.finish()
    assert bench.result().result.person_id == "ben"


def test_a_group_is_approached_together(bench):
    bench.people = [
        person(
            name,
            2.5 + 0.8 * np.cos(angle),
            0.8 * np.sin(angle),
            angle + np.pi,
            group_id="talk",
        )
        for name, angle in (("anna", 0.4), ("ben", 0.4 + 2.1), ("eva", 0.4 - 2.1))
    ]
    bench.request("anna")
    place = bench.goal()
    members = np.array([p.pose for p in bench.people])
    assert np.hypot(*(members[:, :2] - place[:2]).T).min() > 0.45 + 0.275
    center = members[:, :2].mean(axis=0)
    assert abs(wrap_angle(bearing(place[:2], center) - place[2])) < 1e-6


def test_a_member_who_is_far_away_is_no_member(bench):
    anna = person("anna", 3.0, 0.0, np.pi, group_id="g")
    bench.people = [anna, person("ben", 1e6, 0.0, 0.0, group_id="g")]
    bench.request("anna")
    assert_in_front_and_facing(bench.goal(), anna)


def test_the_reason_of_a_person_who_is_left_out_reaches_the_client(bench):
    bench.people = [person("anna", 3.0, 0.0, np.pi, confidence=7.0)]
    bench.request("anna")
    outcome = bench.result()
    assert outcome.result.error_code == Result.NO_SUCH_PERSON
    assert "'anna' is left out: confidence is 7" in outcome.result.error_msg


def test_the_first_map_is_waited_for(graph, place_frame):
    bench = Bench(graph, place_frame, has_map=False)
    bench.people = [person("ana", 2.0, 0.0, np.pi)]
    bench.request("ana")
    graph.pass_time(5.0)
    assert not bench.outcome.done()
    bench.use_map()
    assert_in_front_and_facing(bench.goal(), bench.people[0])


def test_a_map_that_never_comes_ends_the_approach(graph, place_frame):
    bench = Bench(graph, place_frame, has_map=False, start_patience=3.0)
    bench.request("ana")
    assert bench.result().result.error_msg == "no map on '/map'"

"""The goal selector: places in front of people, sent to a navigator that the test plays."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Duration
from nav2_msgs.action import NavigateToPose
from nav_msgs.msg import OccupancyGrid
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.task import Future
from social_nav_core.geometry import bearing, relative, wrap_angle
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Intent, Person, certain
from social_nav_nodes.conversions import grid_message, people_message, pose_from
from social_nav_nodes.goal_selector_node import GoalSelectorNode

from social_nav_msgs.action import ApproachPerson
from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes import topics

GRID = GridGeometry(120, 100, 0.1, (-6.0, -5.0, 0.0))
EMPTY = np.zeros(GRID.shape, np.int8)
Result = ApproachPerson.Result


class PlayedNavigator:
    """A NavigateToPose server that does what the test says."""

    def __init__(self, graph):
        self.goals = []
        self.handles = []
        self.refuse = False
        self._ends = []
        self._server = ActionServer(
            graph.probe,
            NavigateToPose,
            topics.NAVIGATE_TO_POSE,
            self._execute,
            goal_callback=self._decide,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
        )

    def _decide(self, goal):
        if self.refuse:
            return GoalResponse.REJECT
        self.goals.append(pose_from(goal.pose.pose))
        return GoalResponse.ACCEPT

    async def _execute(self, handle):
        end = Future()
        self.handles.append(handle)
        self._ends.append(end)
        arrived, text = await end
        if handle.is_cancel_requested:
            handle.canceled()
        elif arrived:
            handle.succeed()
        else:
            handle.abort()
        return NavigateToPose.Result(error_code=0 if arrived else 9000, error_msg=text)

    def keep_alive(self):
        """Feedback on the last goal."""
        if self.handles and self.handles[-1].is_active:
            self.handles[-1].publish_feedback(NavigateToPose.Feedback(distance_remaining=1.5))

    def finish(self, arrived=True, text=""):
        """End the last goal."""
        self._ends[-1].set_result((arrived, text))

    def stop_cancelled(self):
        """End goals that were asked to stop."""
        for handle, end in zip(self.handles, self._ends, strict=True):
            if handle.is_cancel_requested and not end.done():
                end.set_result((False, "cancelled"))


class Bench:
    """The node in an empty room, the robot at the origin, people who are seen all the time."""

    def __init__(self, graph, place_frame, has_map=True, **parameters):
        self.graph = graph
        self.navigator = PlayedNavigator(graph)
        self.node = graph.add(GoalSelectorNode, parameters=parameters)
        self.people = []
        self.age = 0.0
        self._publisher = graph.probe.create_publisher(
            SocialPersonArray, topics.SOCIAL_PEOPLE, topics.RELIABLE_QOS
        )
        self._maps = graph.probe.create_publisher(OccupancyGrid, topics.MAP, topics.LATCHED_QOS)
        self.client = ActionClient(graph.probe, ApproachPerson, topics.APPROACH_PERSON)
        self.feedback = []
        place_frame("base_footprint", in_="map", pose=(0.0, 0.0, 0.0))
        if has_map:
            self.use_map()
        graph.probe.create_timer(0.1, self._publish)

    def use_map(self, cells=EMPTY):
        self._maps.publish(grid_message(cells, GRID, self.graph.header("map")))

    def _publish(self):
        message = people_message(self.people, self.graph.header("map", self.age))
        for item in message.people:
            item.last_seen = message.header.stamp
        self._publisher.publish(message)
        self.navigator.keep_alive()
        self.navigator.stop_cancelled()

    def request(self, person_id="", stay=0):
        """Send a request; returns the goal handle."""
        self.graph.spin_until(self.client.server_is_ready, "the action server")
        self.graph.pass_time(0.5)
        goal = ApproachPerson.Goal(person_id=person_id, stay=Duration(sec=stay))
        answer = self.client.send_goal_async(goal, lambda m: self.feedback.append(m.feedback))
        self.graph.spin_until(answer.done, "the answer to the request")
        self.outcome = answer.result().get_result_async()
        return answer.result()

    def goal(self, number=1):
        """Pose of the navigation goal with a number."""
        self.graph.spin_until(
            lambda: len(self.navigator.handles) >= number, f"navigation goal {number}"
        )
        return self.navigator.goals[number - 1]

    def result(self):
        self.graph.spin_until(self.outcome.done, "the result", step=0.05)
        return self.outcome.result()


def person(name, x, y, yaw, intent=Intent.INTERESTED, **about):
    return Person(name, np.array([x, y, yaw]), intent=certain(intent), **about)


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
    bench.graph.pass_time(2.0)
    assert not bench.outcome.done()
    outcome = bench.result()
    assert outcome.result.error_code == Result.NO_SUCH_PERSON
    assert outcome.result.error_msg == "'anna' has turned away for 3 s"
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

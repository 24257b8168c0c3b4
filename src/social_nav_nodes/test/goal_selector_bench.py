"""A goal selector in an empty room, and the navigator that the test plays."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Duration
from nav2_msgs.action import NavigateToPose
from nav_msgs.msg import OccupancyGrid
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.task import Future
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
        self.before_answer = lambda: None
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
        self.before_answer()
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

    def finish(self, arrived=True, text="", number=-1):
        """End the last goal, or the one with a number."""
        self._ends[number].set_result((arrived, text))

    def stop_cancelled(self):
        """End goals that were asked to stop."""
        for handle, end in zip(self.handles, self._ends, strict=True):
            if handle.is_cancel_requested and not end.done():
                end.set_result((False, "cancelled"))


class Bench:
    """The node in an empty room, the robot at the origin, people who are seen all the time."""

    def __init__(self, graph, place_frame, has_map=True, has_node=True, **parameters):
        self.graph = graph
        self.navigator = PlayedNavigator(graph)
        if has_node:
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

"""Walks up to people: chooses the place where a person would stand and sends it to Nav2.

The ApproachPerson action chooses a place, sends it as a NavigateToPose goal, chooses again while
the person moves or turns, and ends with a reason that a person understands.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import OccupancyGrid
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future
from social_nav_core.input_files import one_line
from social_nav_core.interaction.kde import load_interaction_model, shipped_interaction_model
from social_nav_core.interaction.place import NoFreePlace, NoPlace, Place
from social_nav_core.interaction.reach import ReachableMap
from social_nav_core.interaction.selection import (
    ApproachSelector,
    SelectionParameters,
    Situation,
)
from social_nav_core.interaction.wish import WishWatch
from social_nav_core.proxemics.model import load_model, shipped_model
from social_nav_core.proxemics.zone import SocialZoneParameters
from social_nav_core.sim.planner import PlannerParameters, PlanningError
from std_msgs.msg import Header

from social_nav_msgs.action import ApproachPerson
from social_nav_nodes import topics
from social_nav_nodes.action_end import finish
from social_nav_nodes.approach import Approach, GoalSelectorParameters
from social_nav_nodes.conversions import pose_stamped, seconds
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.life_signs import Watch, clock_time, on_time_jump
from social_nav_nodes.map_reading import read_map
from social_nav_nodes.navigation_client import NAVIGATOR, NavigationClient, NavigationState
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.people_in_frame import PeopleInFrame
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup

Result = ApproachPerson.Result
PEOPLE = "people"
REQUEST = "request"


class GoalSelectorNode(Node):
    """People in, NavigateToPose goals out, as an ApproachPerson action."""

    PARAMETERS: ClassVar = {
        "": GoalSelectorParameters,
        "selection": SelectionParameters,
        "zones": SocialZoneParameters,
        "planner": PlannerParameters,
    }

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("goal_selector", **options)
        read = read_parameters(self, self.PARAMETERS)
        about: GoalSelectorParameters = read[""]
        self._config = about
        self._planner_parameters: PlannerParameters = read["planner"]
        self._selector = ApproachSelector(
            load_interaction_model(about.interaction_model)
            if about.interaction_model
            else shipped_interaction_model(),
            load_model(about.proxemics_model) if about.proxemics_model else shipped_model(),
            read["selection"],
            read["zones"],
        )
        self._rng = np.random.default_rng(about.seed)
        self._log = ThrottledLog(self.get_logger())
        self._transforms = TransformLookup(self, self._log, {about.base_frame: "base_frame"})
        self._watch = Watch(self, self._look)
        self._people = PeopleInFrame(
            self,
            self._transforms,
            self._log,
            about.lost_timeout,
            about.lost_timeout,
            about.most_people,
            about.base_frame,
            lambda: self._watch.heard(PEOPLE),
        )
        self._map: ReachableMap | None = None
        self._map_frame = ""
        self._knew_where = False
        self._approach: Approach | None = None
        self.create_subscription(OccupancyGrid, topics.MAP, self._receive_map, topics.LATCHED_QOS)
        self._place = self.create_publisher(PoseStamped, topics.APPROACH_PLACE, topics.RELIABLE_QOS)
        self._navigation = NavigationClient(
            self, self._watch, about.navigator_timeout, self._look, self._log
        )
        self._jumps = on_time_jump(self, lambda jump: self._end(Result.PERSON_LOST, jump))
        self._diagnostics = Diagnostics(self, self._log, self._values)
        self._server = ActionServer(
            self,
            ApproachPerson,
            topics.APPROACH_PERSON,
            execute_callback=finish,
            handle_accepted_callback=self._begin,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
        )
        self.create_timer(1.0 / about.rate, self._tick)

    def _receive_map(self, message: OccupancyGrid) -> None:
        found = read_map(message, self._log)
        if found is not None:
            self._map = ReachableMap(*found, self._planner_parameters, self._config.reach)
            self._map_frame = message.header.frame_id

    def _begin(self, goal_handle: ServerGoalHandle) -> None:
        self._end(Result.CANCELLED, "replaced by a new request")
        self._watch.heard(REQUEST)
        request = goal_handle.request
        about = self._config
        wish = WishWatch(about.unwilling_from, about.unwilling_patience)
        self._approach = Approach(
            goal_handle,
            Future(),
            request.person_id,
            seconds(request.stay),
            None if request.person_id else wish,
        )
        goal_handle.execute(partial(finish, self._approach.done))
        self._tick()

    def leave(self) -> list[Future]:
        """Cancel what drives, before the node ends; the answers of the navigator."""
        return self._navigation.cancel()

    def _end(self, error_code: int, message: str) -> None:
        """Stop driving and report how the present approach ended; nothing when there is none."""
        if self._approach is None:
            return
        approach, self._approach = self._approach, None
        self._navigation.cancel()
        who = one_line(approach.person_id or "whoever wants to interact", 80)
        message = one_line(message, 300)
        text = f"approach of '{who}' ended: {message}"
        if error_code in (Result.NONE, Result.CANCELLED):
            self.get_logger().info(text)
        else:
            self._log.warning(f"approach {id(approach)}", text)
        result = Result(
            error_code=error_code,
            error_msg="" if error_code == Result.NONE else message,
            person_id=approach.place.person_id if approach.place else "",
            replans=approach.replans,
        )
        if approach.place is not None:
            result.place = self._place_message(approach.place)
        approach.done.set_result((result, error_code == Result.NONE))

    def _tick(self) -> None:
        approach = self._approach
        if approach is None:
            return
        if approach.goal_handle.is_cancel_requested:
            self._end(Result.CANCELLED, "cancelled on request")
            return
        self._choose(approach)
        self._look()
        if self._approach is approach and approach.place is not None:
            self._send_feedback(approach)

    def _look(self) -> None:
        """End the approach at once when the request, the people or the navigator is gone."""
        approach = self._approach
        if approach is None:
            return
        lost = self._lost_source(approach)
        if approach.goal_handle.is_cancel_requested:
            self._end(Result.CANCELLED, "cancelled on request")
        elif lost:
            who = f"'{approach.person_id}' is lost: " if approach.person_id else ""
            self._end(Result.PERSON_LOST, who + lost)
        else:
            self._watch_navigation(approach)

    def _lost_source(self, approach: Approach) -> str:
        """Why nothing is known about anybody any more; empty while there is news or may be."""
        most, still, start = (
            self._config.people_timeout,
            self._config.clock_timeout,
            self._config.start_patience,
        )
        topic = self.resolve_topic_name(topics.SOCIAL_PEOPLE)
        silence = self._watch.silence(PEOPLE)
        quiet = self._watch.ticks_silent(PEOPLE if silence is not None else REQUEST)
        if min(self._watch.standstill(), quiet) >= still:
            return f"the clock and '{topic}' have stood still for {still:g} s"
        if clock_time(self) == 0.0 and self._watch.ticks_silent(REQUEST) >= start:
            return f"simulated time has not begun within {start:g} s: does the simulator run?"
        if approach.place is not None and (silence or 0.0) >= most:
            return f"nothing new on '{topic}' for {most:g} s: does the perception run?"
        return ""

    def _values(self) -> dict[str, object]:
        return {
            "approach": self._approach.person_id or "whoever" if self._approach else "none",
            "age of the newest people [s]": self._people.age(),
            "navigator silent for [s]": self._watch.silence(NAVIGATOR),
        }

    def _choose(self, approach: Approach) -> None:
        """Choose the place, again or for the first time, and drive there if it is a new one."""
        if clock_time(self) == 0.0:  # simulated time has not come yet
            return
        if approach.last_good is None:
            approach.good(clock_time(self))
        situation = self._situation()
        if isinstance(situation, str):
            self._wait_for(situation, approach)
            return
        self._knew_where = True
        if approach.is_unwanted(situation):
            self._leave(approach)
            return
        if approach.lets_walk(situation, self._config):
            approach.good(clock_time(self))
            return
        choice = self._selected(approach, situation)
        if not isinstance(choice, Place):
            self._give_up_after(approach, choice, self._waited(approach))
            return
        approach.good(clock_time(self))
        if choice is not approach.place:
            approach.replans += approach.place is not None
            approach.place, approach.chosen, approach.arrived = choice, clock_time(self), None
            approach.person_id = choice.person_id
            message = self._place_message(choice)
            self._place.publish(message)
            self._navigation.go(message)

    def _leave(self, approach: Approach) -> None:
        """End when the person does not want to interact any more: well, once the robot arrived."""
        patience = self._config.unwilling_patience
        text = f"'{approach.person_id}' has turned away for {patience:g} s"
        self._end(Result.NO_SUCH_PERSON if approach.arrived is None else Result.NONE, text)

    def _wait_for(self, missing: str, approach: Approach) -> None:
        """Go on as before for a moment; longer for a map and a localisation that still start."""
        if not self._knew_where:
            self._log.warning("start", f"waiting: {missing}")
        most = self._config.patience if self._knew_where else self._config.start_patience
        if self._waited(approach) > most:
            self._end(Result.NAVIGATION_FAILED, missing)

    def _waited(self, approach: Approach) -> float:
        return approach.waited(clock_time(self), 1.0 / self._config.rate)

    def _situation(self) -> Situation | str:
        """What is known now, or what is missing for that."""
        if self._map is None:
            return f"no map on '{self.resolve_topic_name(topics.MAP)}'"
        base = self._config.base_frame
        robot_in_map = self._transforms.pose(base, self._map_frame)
        if robot_in_map is None:
            return self._transforms.missing(base, self._map_frame)
        try:
            surroundings = self._map.around(robot_in_map)
        except PlanningError as error:
            return f"the robot's place is not usable: {error}"
        people = self._people.current(self._map_frame)
        return Situation(people, robot_in_map, surroundings, clock_time(self))

    def _selected(self, approach: Approach, situation: Situation) -> Place | NoPlace:
        if approach.place is None:
            return self._selector.select(situation, approach.person_id or None, self._rng)
        return self._selector.reconsider(situation, approach.place, self._rng)

    def _give_up_after(self, approach: Approach, choice: NoPlace, waited: float) -> None:
        """End when there was no place for too long: until then the robot goes on as it was."""
        reason = self._people.why_left_out(approach.person_id)
        text = f"'{approach.person_id}' is left out: {reason}" if reason else choice.text
        if isinstance(choice, NoFreePlace):
            if waited > self._config.patience:
                self._end(Result.NO_FREE_PLACE, choice.text)
        elif approach.place is None:
            if waited > self._config.patience:
                self._end(Result.NO_SUCH_PERSON, text)
        elif waited > self._config.lost_timeout:
            self._end(Result.PERSON_LOST, f"'{approach.person_id}' is lost: {text}")

    def _watch_navigation(self, approach: Approach) -> None:
        state = self._navigation.poll()
        if state is NavigationState.FAILED:
            self._end(Result.NAVIGATION_FAILED, self._navigation.failure)
        elif state is NavigationState.ARRIVED:
            now = clock_time(self)
            approach.arrived = now if approach.arrived is None else approach.arrived
            if now - approach.arrived >= approach.stay:
                self._end(Result.NONE, "arrived")

    def _send_feedback(self, approach: Approach) -> None:
        assert approach.place is not None
        approach.goal_handle.publish_feedback(
            ApproachPerson.Feedback(
                person_id=approach.person_id,
                place=self._place_message(approach.place),
                distance_remaining=self._navigation.distance_remaining,
                replans=approach.replans,
                arrived=approach.arrived is not None,
            )
        )

    def _place_message(self, place: Place) -> PoseStamped:
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._map_frame)
        return pose_stamped(place.pose, header)


def main() -> None:
    run_node(GoalSelectorNode, leave=GoalSelectorNode.leave)


if __name__ == "__main__":
    main()

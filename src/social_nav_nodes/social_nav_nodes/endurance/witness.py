"""Sees what the suite does: costs, the robot's motion, diagnostics, and how approaches end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.action import ActionClient
from rclpy.context import Context

from social_nav_msgs.action import ApproachPerson
from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import grid_from
from social_nav_nodes.endurance.listener import Listener
from social_nav_nodes.endurance.meddler import FROM_SIMULATOR

PERCEIVED = "perceived_people"  # where the perception publishes, beside the simulator's truth


@dataclass
class Attempt:
    """One request to approach somebody; wall-clock times [s]."""

    person_id: str
    accepted: bool | None = None
    distance: float = np.inf
    ended: float | None = None
    result: ApproachPerson.Result | None = None
    goal_handle: Any = None

    def has_ended(self) -> bool:
        """Whether there is a result."""
        return self.ended is not None


@dataclass
class Seen:
    """The newest of everything; wall-clock times [s]."""

    people: list[str] = field(default_factory=list)
    people_at: float = 0.0
    perceived_at: float = 0.0
    costs: int = 0
    costs_at: float = 0.0
    grid: tuple[int, int] = (0, 0)
    grids: int = 0
    robot: tuple[float, float] = (0.0, 0.0)
    speed: float = 0.0
    command: float = 0.0
    clock: float = 0.0
    map: OccupancyGrid | None = None


class Witness(Listener):
    """Subscribes to what matters.

    Attributes:
        seen: the newest of everything.
        broken: what must never be: social costs that are none.
    """

    def __init__(self, context: Context) -> None:
        super().__init__("witness", context)
        self.seen = Seen()
        self._client = ActionClient(self, ApproachPerson, topics.APPROACH_PERSON)
        for kind, topic, see, qos in (
            (OccupancyGrid, topics.SOCIAL_COSTMAP, self._see_costs, topics.LATCHED_QOS),
            (SocialPersonArray, topics.SOCIAL_PEOPLE, self._see_people, topics.RELIABLE_QOS),
            (SocialPersonArray, PERCEIVED, self._see_perceived, topics.RELIABLE_QOS),
            (Odometry, FROM_SIMULATOR[topics.ODOM], self._see_robot, topics.RELIABLE_QOS),
            (OccupancyGrid, FROM_SIMULATOR[topics.MAP], self._see_map, topics.LATCHED_QOS),
            (Twist, topics.CMD_VEL, self._see_command, topics.RELIABLE_QOS),
        ):
            self.create_subscription(kind, topic, self._telling(see), qos)

    def request(self, person_id: str) -> Attempt:
        """Ask for an approach."""
        attempt = Attempt(person_id)
        self._in_executor(lambda: self._send(attempt))
        return attempt

    def cancel(self, attempt: Attempt) -> None:
        """Ask for the end of an approach that was accepted."""
        self._in_executor(attempt.goal_handle.cancel_goal_async)

    def server_is_ready(self) -> bool:
        """Whether there is a goal selector to ask."""
        return bool(self._client.server_is_ready())

    def _in_executor(self, call: Callable[[], object]) -> None:
        """Requests leave in the thread that takes the answers: no answer is faster than its note.

        rclpy's ActionClient keeps track of a request only after it was sent.
        """
        assert self.executor is not None
        self.executor.create_task(call)

    def _send(self, attempt: Attempt) -> None:
        answer = self._client.send_goal_async(
            ApproachPerson.Goal(person_id=attempt.person_id),
            lambda m: self._note(attempt, "distance", m.feedback.distance_remaining),
        )
        answer.add_done_callback(lambda future: self._answered(attempt, future))

    def _note(self, attempt: Attempt, name: str, value: object) -> None:
        with self._changed:
            setattr(attempt, name, value)
            self._changed.notify_all()

    def _answered(self, attempt: Attempt, future: Any) -> None:
        handle = future.result()
        attempt.goal_handle = handle
        self._note(attempt, "accepted", handle.accepted)
        if handle.accepted:
            handle.get_result_async().add_done_callback(lambda done: self._ended(attempt, done))

    def _ended(self, attempt: Attempt, future: Any) -> None:
        attempt.result = future.result().result
        self._note(attempt, "ended", time.monotonic())

    def _see_people(self, message: SocialPersonArray) -> None:
        self.seen.people = [person.id for person in message.people]
        self.seen.people_at = time.monotonic()

    def _see_perceived(self, _: SocialPersonArray) -> None:
        self.seen.perceived_at = time.monotonic()

    def _see_map(self, message: OccupancyGrid) -> None:
        self.seen.map = message

    def _see_costs(self, message: OccupancyGrid) -> None:
        try:
            _, cells = grid_from(message)
        except ValueError as error:
            self.broken.append(f"social costs: {error}")
            return
        if cells.size and (cells.min() < 0 or cells.max() > 100):
            self.broken.append(f"a social cost of {cells.min()} or {cells.max()}, not in 0 to 100")
        self.seen.costs = int(cells.max(initial=0))
        self.seen.grid = cells.shape
        self.seen.grids += 1
        self.seen.costs_at = time.monotonic()

    def _see_robot(self, message: Odometry) -> None:
        twist, place = message.twist.twist, message.pose.pose.position
        self.seen.robot = place.x, place.y
        self.seen.speed = abs(twist.linear.x) + 0.3 * abs(twist.angular.z)
        self.seen.clock = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec

    def _see_command(self, message: Twist) -> None:
        self.seen.command = abs(message.linear.x) + 0.3 * abs(message.angular.z)

"""Sees what the suite does: costs, the robot's motion, diagnostics, and how approaches end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Twist
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.node import Node

from social_nav_msgs.action import ApproachPerson
from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import grid_from
from social_nav_nodes.diagnostics import TOPIC
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
    command_at: float = 0.0
    clock: float = 0.0
    map: OccupancyGrid | None = None


class Witness(Node):
    """Subscribes to what matters; `wait` blocks until something has been seen.

    Attributes:
        seen: the newest of everything.
        broken: what must never be: a grid with a value that is no cost.
    """

    def __init__(self, context: Context) -> None:
        super().__init__("witness", context=context)
        self.seen = Seen()
        self.broken: list[str] = []
        self._changed = threading.Condition()
        self._reports: list[tuple[float, DiagnosticStatus]] = []
        self._client = ActionClient(self, ApproachPerson, topics.APPROACH_PERSON)
        for kind, topic, see, qos in (
            (OccupancyGrid, topics.SOCIAL_COSTMAP, self._see_costs, topics.LATCHED_QOS),
            (SocialPersonArray, topics.SOCIAL_PEOPLE, self._see_people, topics.RELIABLE_QOS),
            (SocialPersonArray, PERCEIVED, self._see_perceived, topics.RELIABLE_QOS),
            (Odometry, FROM_SIMULATOR[topics.ODOM], self._see_robot, topics.RELIABLE_QOS),
            (OccupancyGrid, FROM_SIMULATOR[topics.MAP], self._see_map, topics.LATCHED_QOS),
            (Twist, topics.CMD_VEL, self._see_command, topics.RELIABLE_QOS),
            (DiagnosticArray, TOPIC, self._see_diagnostics, topics.RELIABLE_QOS),
        ):
            self.create_subscription(kind, topic, self._telling(see), qos)

    def wait(self, happened: Callable[[], object], limit: float) -> float | None:
        """Wall-clock time that something took to happen [s]; None when the limit [s] is over."""
        started = time.monotonic()
        with self._changed:
            if self._changed.wait_for(lambda: bool(happened()), limit):
                return time.monotonic() - started
        return None

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

    def report(self, node: str, pattern: str, since: float, worst: bool = True) -> str | None:
        """Message of a diagnostics entry of a node, after a time, that matches a pattern.

        Args:
            node: whose entry it is.
            pattern: regular expression that its message has to match.
            since: wall-clock time [s].
            worst: whether the level has to be a warning or an error.
        """
        for at, status in reversed(self._reports):
            if at < since:
                return None
            is_bad = status.level != DiagnosticStatus.OK
            if status.name == node and is_bad == worst and re.search(pattern, status.message):
                return str(status.message)
        return None

    def newest(self, node: str) -> DiagnosticStatus | None:
        """The newest diagnostics entry of a node; None before the first."""
        return next((s for _, s in reversed(self._reports) if s.name == node), None)

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

    def _telling(self, see: Callable[[Any], None]) -> Callable[[Any], None]:
        def tell(message: Any) -> None:
            with self._changed:
                see(message)
                self._changed.notify_all()

        return tell

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
        _, cells = grid_from(message)
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
        self.seen.command_at = time.monotonic()

    def _see_diagnostics(self, message: DiagnosticArray) -> None:
        now = time.monotonic()
        self._reports.extend((now, status) for status in message.status)
        del self._reports[:-500]

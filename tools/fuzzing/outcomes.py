"""What must hold for everything that a node publishes, whatever it was told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped, Twist
from nav_msgs.msg import OccupancyGrid, Path
from rclpy.publisher import Publisher
from social_nav_core.grid import GridGeometry

from fuzzing.bad_messages import fields
from social_nav_msgs.msg import BodyArray, SocialPersonArray

FARTHEST = 1e6  # that may be left to drive [m]
LONGEST_TEXT = 3100  # that a node says of itself or of a goal [character]
FASTEST = 5.0  # of any robot in the suite [m/s], [rad/s / 4]


class BrokenPromiseError(AssertionError):
    """Something was published that never must be."""


@contextmanager
def watched(map_now: Callable[[], GridGeometry | None]) -> Iterator[list[str]]:
    """Check every message that this process publishes; yields the topics, in order.

    Args:
        map_now: the map that goals must lie in; None as long as there is none.
    """
    published: list[str] = []
    publish = Publisher.publish

    def checked(publisher: Publisher, message: Any) -> None:
        published.append(publisher.topic_name)
        check(message, publisher.topic_name, map_now())
        publish(publisher, message)

    name = "publish"
    setattr(Publisher, name, checked)
    try:
        yield published
    finally:
        setattr(Publisher, name, publish)


def check(message: Any, topic: str, grid: GridGeometry | None) -> None:
    """Raise `BrokenPromiseError` for costs out of range, goals outside the map and no numbers."""
    if isinstance(message, OccupancyGrid):
        _check_grid(message, topic)
    elif isinstance(message, PoseStamped):
        place = (message.pose.position.x, message.pose.position.y)
        _finite(topic, *place, message.pose.orientation.z, message.pose.orientation.w)
        inside = grid is not None and bool(grid.contains(*grid.cells_of(place)))
        if topic.endswith("approach_place") and not inside:
            raise BrokenPromiseError(f"{topic}: goal {place} m is outside the map {grid}")
    elif isinstance(message, Twist):
        _check_twist(message, topic)
    elif isinstance(message, SocialPersonArray):
        _check_people(message, topic)
    elif isinstance(message, BodyArray):
        for body in message.bodies:
            _finite(topic, *body.x, *body.y, *body.pose.covariance)
    elif isinstance(message, Path):
        for pose in message.poses:
            _finite(topic, pose.pose.position.x, pose.pose.position.y)
    elif isinstance(message, DiagnosticArray):
        for status in message.status:
            _one_line(topic, status.message, *(value.value for value in status.values))


def check_answer(message: Any) -> None:
    """The same for the feedback and the result of an action."""
    kind = type(message).__name__
    for part, name in fields(message, "double", "float"):
        _finite(f"{kind} {name}", getattr(part, name))
    _one_line(kind, getattr(message, "error_msg", ""))
    distance = getattr(message, "distance_remaining", 0.0)
    if not 0.0 <= distance <= FARTHEST:
        raise BrokenPromiseError(f"{kind}: {distance} m are left")


def _check_grid(message: OccupancyGrid, topic: str) -> None:
    cells = np.asarray(message.data, dtype=np.int8)
    if len(cells) != message.info.width * message.info.height:
        raise BrokenPromiseError(f"{topic}: {len(cells)} cells in {message.info}")
    if len(cells) and (cells.min() < -1 or cells.max() > 100):
        raise BrokenPromiseError(f"{topic}: cells from {cells.min()} to {cells.max()}")
    if topic.endswith("social_costmap") and len(cells) and cells.min() < 0:
        raise BrokenPromiseError(f"{topic}: a social cost of {cells.min()}")


def _check_twist(message: Twist, topic: str) -> None:
    _finite(topic, message.linear.x, message.linear.y, message.angular.z)
    if math.hypot(message.linear.x, message.linear.y) > FASTEST:
        raise BrokenPromiseError(f"{topic}: {message.linear.x}, {message.linear.y} m/s")
    if abs(message.angular.z) > 4.0 * FASTEST:
        raise BrokenPromiseError(f"{topic}: {message.angular.z} rad/s")


def _check_people(message: SocialPersonArray, topic: str) -> None:
    ids = [person.id for person in message.people]
    if len(set(ids)) < len(ids) or "" in ids:
        raise BrokenPromiseError(f"{topic}: ids {ids[:20]} are not unique names")
    for person in message.people:
        at, turn = person.pose.pose.position, person.pose.pose.orientation
        _finite(topic, at.x, at.y, person.velocity.x, person.velocity.y, person.confidence)
        _finite(topic, *person.pose.covariance)
        if abs(math.hypot(turn.x, turn.y, turn.z, turn.w) - 1.0) > 0.01:
            raise BrokenPromiseError(f"{topic}: {person.id!r} has the orientation {turn}")


def _one_line(topic: str, *texts: str) -> None:
    for text in texts:
        if len(text) > LONGEST_TEXT or len(text.splitlines()) > 1:
            raise BrokenPromiseError(f"{topic}: a text of {len(text)} characters: {text[:200]!r}")


def _finite(topic: str, *values: float) -> None:
    for value in values:
        if not math.isfinite(value):
            raise BrokenPromiseError(f"{topic}: {value} was published")

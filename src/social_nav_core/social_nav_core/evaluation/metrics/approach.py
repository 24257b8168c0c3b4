"""How a robot ends up in front of a person.

Angles are absolute, in [0, pi] rad; bearings are in the person's frame, 0 straight in front.  The
list follows Electronics 2025, 14(18), 3704, section 4, and arXiv 2306.16740.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.evaluation.metrics.trajectories import (
    MetricError,
    checked_people,
    checked_robot,
    time_where,
)
from social_nav_core.geometry import FloatArray, bearing, relative, wrap_angle
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import InteractionModel

FRONT = np.deg2rad(60.0)
"""Half opening [rad] of the zone in front of a person."""
NEAR = 3.6
"""Distance [m] within which someone can be talked to (the end of Hall's social zone)."""
PERSON_FIELD_OF_VIEW = np.deg2rad(190.0)
"""Horizontal field of view [rad] of two eyes."""
CAMERA_FIELD_OF_VIEW = np.deg2rad(63.0)
CAMERA_RANGE = (0.3, 8.0)
"""TIAGo's head camera: horizontal field of view [rad] and range [m]."""


@dataclass(frozen=True)
class Arrival:
    """Where the robot stands with respect to a person.

    Attributes:
        distance: between the centres [m].
        bearing: of the robot in the person's frame [rad], (-pi, pi], 0 in front, left positive.
        facing_error: angle [rad] in [0, pi] between the robot's heading and the person.
    """

    distance: float
    bearing: float
    facing_error: float


def arrival(robot_in_map: ArrayLike, person_in_map: ArrayLike) -> Arrival:
    """Place of a robot (3,) with respect to a person (3,) at one time."""
    robot, person = _pose("robot_in_map", robot_in_map), _pose("person_in_map", person_in_map)
    robot_in_person = relative(person, robot)
    toward = bearing(robot[:2], person[:2])
    return Arrival(
        distance=float(np.linalg.norm(robot_in_person[:2])),
        bearing=float(np.arctan2(robot_in_person[1], robot_in_person[0])),
        facing_error=float(abs(wrap_angle(toward - robot[2]))),
    )


def _pose(name: str, value: ArrayLike) -> FloatArray:
    pose = np.asarray(value, dtype=float)
    if pose.shape != (3,) or not np.isfinite(pose).all():
        raise MetricError(f"{name} is {pose.tolist()}, expected finite x [m], y [m], yaw [rad]")
    return pose


def place_density(
    robot_in_map: ArrayLike, people_in_map: ArrayLike, model: InteractionModel
) -> float:
    """Density of the robot's place (3,) around people (m, 3), as a share of the model's maximum.

    The mean over the people, 0 to 1; with one person, 1 is the best place.
    """
    robot = _pose("robot_in_map", robot_in_map)
    people = [_pose("people_in_map", person) for person in np.atleast_2d(people_in_map)]
    if not people:
        raise MetricError("no people, expected the poses (m, 3) of 1 or more")
    places = relative(np.array(people), robot)[:, :2]
    highest = float(model.density(model.modes()[:1])[0])
    return min(float(model.density(places).mean()) / highest, 1.0)


def time_in_front(times: ArrayLike, robot_in_map: ArrayLike, person_in_map: ArrayLike) -> float:
    """Time [s] that the robot is within `FRONT` of a person's (t, 3) front and within `NEAR`.

    Who is absent (NaN) has no front; the person must be there once.
    """
    times, robot = checked_robot(times, robot_in_map)
    person = np.asarray(person_in_map, dtype=float)
    if person.shape != (len(times), 3):
        raise MetricError(f"person_in_map has the shape {person.shape}, expected ({len(times)}, 3)")
    place = relative(checked_people(times, person[:, None])[:, 0], robot)
    ahead = np.abs(np.arctan2(place[:, 1], place[:, 0])) <= FRONT
    return time_where(times, ahead & (np.linalg.norm(place[:, :2], axis=1) <= NEAR))


def seen_by_person(
    robot_in_map: ArrayLike, person_in_map: ArrayLike, grid: GridGeometry, occupancy: np.ndarray
) -> bool:
    """Whether the robot is in a person's field of view with nothing of the map in between."""
    angle = abs(arrival(robot_in_map, person_in_map).bearing)
    return angle <= 0.5 * PERSON_FIELD_OF_VIEW and _sight(
        robot_in_map, person_in_map, grid, occupancy
    )


def seen_by_robot(
    robot_in_map: ArrayLike, person_in_map: ArrayLike, grid: GridGeometry, occupancy: np.ndarray
) -> bool:
    """Whether a person is in view of a camera that looks straight ahead, not behind a wall."""
    where = arrival(robot_in_map, person_in_map)
    low, high = CAMERA_RANGE
    in_view = where.facing_error <= 0.5 * CAMERA_FIELD_OF_VIEW and low <= where.distance <= high
    return in_view and _sight(robot_in_map, person_in_map, grid, occupancy)


def _sight(a: ArrayLike, b: ArrayLike, grid: GridGeometry, occupancy: np.ndarray) -> bool:
    """Whether no occupied cell lies on the straight line between two poses in the map."""
    if np.shape(occupancy) != grid.shape:
        raise MetricError(f"occupancy has the shape {np.shape(occupancy)}, expected {grid.shape}")
    start, end = np.asarray(a, dtype=float)[:2], np.asarray(b, dtype=float)[:2]
    count = int(np.linalg.norm(end - start) / (0.25 * grid.resolution)) + 2
    rows, columns = grid.cells_of(start + np.linspace(0.0, 1.0, count)[:, None] * (end - start))
    inside = grid.contains(rows, columns)
    return not (np.asarray(occupancy)[rows[inside], columns[inside]] >= 100).any()


def approached(
    robot_in_map: ArrayLike, people_in_map: ArrayLike, within: float = 2.0
) -> int | None:
    """Index of the person whom the robot (3,) has come up to, among (n, 3); None if nobody.

    The one it faces best among those nearer than ``within`` [m] and less than 45 degrees off its
    heading.
    """
    robot = _pose("robot_in_map", robot_in_map)
    people = np.asarray(people_in_map, dtype=float)
    if people.ndim != 2 or people.shape[1:] != (3,) or not len(people):
        raise MetricError(
            f"people_in_map has the shape {people.shape}, expected (n, 3) with n at least 1"
        )
    offset = people[:, :2] - robot[:2]
    distance = np.linalg.norm(offset, axis=1)
    angle = np.abs(wrap_angle(np.arctan2(offset[:, 1], offset[:, 0]) - robot[2]))
    candidate = np.isfinite(distance) & (distance <= within) & (angle < np.pi / 4.0)
    return int(np.argmin(np.where(candidate, angle, np.inf))) if candidate.any() else None

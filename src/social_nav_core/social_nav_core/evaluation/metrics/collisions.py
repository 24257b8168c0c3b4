"""Who touched whom, and who drove or walked into the other.

Bodies are discs.  Between two samples both move straight, so a contact is found however sparse
the samples are; contacts with the map are looked for every half cell of the robot's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt

from social_nav_core.evaluation.metrics.trajectories import (
    MetricError,
    checked_people,
    checked_robot,
    velocities,
)
from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.room import Box, BoxArray

MOVING = 0.05
"""Speed [m/s] toward the other above which a body counts as coming closer."""
APART = 0.05
"""Gap [m] that must open before a new contact of the same two is counted."""


@dataclass(frozen=True)
class Contact:
    """The start of one contact.

    Attributes:
        time: [s].
        other: the person's name, or 'wall' or 'furniture'.
        by: who came closer at that time: 'robot', 'person', 'both' or 'neither'.
        speed: at which the two came closer [m/s], negative while they part.
    """

    time: float
    other: str
    by: str
    speed: float


def person_contacts(
    times: ArrayLike,
    robot_in_map: ArrayLike,
    people_in_map: ArrayLike,
    person_ids: Sequence[str],
    *,
    robot_radius: float = 0.27,
    person_radius: float = 0.25,
) -> list[Contact]:
    """Contacts of the robot with people, in order of time.

    The robot came closer when its velocity toward the person's centre is above `MOVING`, the
    person when theirs toward the robot's centre is; brushing past each other is 'both', two
    bodies that overlap at rest 'neither'.
    """
    times, robot = checked_robot(times, robot_in_map)
    people = checked_people(times, people_in_map)
    if len(person_ids) != people.shape[1]:
        raise MetricError(f"{len(person_ids)} person_ids for {people.shape[1]} people")
    contacts: list[Contact] = []
    for column, person_id in enumerate(person_ids):
        contacts += _contacts_of(
            times, robot, people[:, column], person_id, robot_radius + person_radius
        )
    return sorted(contacts, key=lambda contact: contact.time)


def _contacts_of(
    times: FloatArray, robot: FloatArray, person: FloatArray, person_id: str, reach: float
) -> list[Contact]:
    offset = person[:, :2] - robot[:, :2]
    robot_velocity, person_velocity = velocities(times, robot), velocities(times, person)
    contacts: list[Contact] = []
    touching = False
    for i in range(len(times) - 1):
        if not np.isfinite(offset[i : i + 2]).all():
            touching = False
            continue
        share = _entry(offset[i], offset[i + 1], reach)
        if share is not None and not touching:
            toward = offset[i] + share * (offset[i + 1] - offset[i])
            toward = toward / max(float(np.linalg.norm(toward)), 1e-9)
            by_robot = float(robot_velocity[i] @ toward)
            by_person = float(-person_velocity[i] @ toward)
            time = float(times[i] + share * (times[i + 1] - times[i]))
            contacts.append(
                Contact(time, person_id, _who(by_robot, by_person), by_robot + by_person)
            )
        touching = touching or share is not None
        if touching and np.linalg.norm(offset[i + 1]) > reach + APART:
            touching = False
    return contacts


def _entry(start: FloatArray, end: FloatArray, reach: float) -> float | None:
    """Share of a straight step from which an offset is shorter than reach; None if never."""
    step = end - start
    a, b, c = float(step @ step), float(start @ step), float(start @ start) - reach**2
    if c < 0.0:
        return 0.0
    discriminant = b * b - a * c
    if b >= 0.0 or a == 0.0 or discriminant <= 0.0:
        return None
    share = (-b - float(np.sqrt(discriminant))) / a
    return share if share <= 1.0 else None


def _who(by_robot: float, by_person: float) -> str:
    if by_robot > MOVING:
        return "both" if by_person > MOVING else "robot"
    return "person" if by_person > MOVING else "neither"


def obstacle_contacts(
    times: ArrayLike,
    robot_in_map: ArrayLike,
    grid: GridGeometry,
    occupancy: np.ndarray,
    *,
    furniture: Sequence[Box] = (),
    robot_radius: float = 0.27,
) -> list[Contact]:
    """Contacts of the robot with occupied cells (value 100), named 'wall' or 'furniture'.

    A contact belongs to the furniture when a piece stands nearer than a cell's diagonal beyond
    the robot's edge.  Cells are taken for discs of half their edge, so a contact of less than
    half a cell may be missed.
    """
    times, robot = checked_robot(times, robot_in_map)
    speeds = np.append(np.linalg.norm(velocities(times, robot), axis=1), 0.0)
    samples, shares = _along(robot, 0.5 * grid.resolution)
    after = np.minimum(samples + 1, len(times) - 1)
    points = robot[samples, :2] + shares[:, None] * (robot[after, :2] - robot[samples, :2])
    gap = obstacle_distance(grid, occupancy, points) - robot_radius
    boxes = BoxArray(furniture)
    contacts: list[Contact] = []
    touching = False
    for at, i, share in zip(range(len(gap)), samples.tolist(), shares.tolist(), strict=True):
        if gap[at] < 0.0 and not touching:
            near = boxes.clearances(points[at : at + 1])[0] < robot_radius + 1.5 * grid.resolution
            came = speeds[i if share > 0.0 else max(i - 1, 0)]
            time = float(times[i] + share * (times[after[at]] - times[i]))
            by = "robot" if came > MOVING else "neither"
            contacts.append(Contact(time, "furniture" if near else "wall", by, float(speeds[i])))
        touching = gap[at] < (APART if touching else 0.0)
    return contacts


def _along(robot: FloatArray, step: float) -> tuple[NDArray[np.int64], FloatArray]:
    """Samples (k,) and shares (k,) of the way to the next one, at most a step [m] apart."""
    lengths = np.linalg.norm(np.diff(robot[:, :2], axis=0), axis=1)
    counts = np.append(np.maximum(np.ceil(lengths / step - 1e-9), 1), 1).astype(np.int64)
    samples = np.repeat(np.arange(len(robot)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return samples, (np.arange(len(samples)) - first) / counts[samples]


def obstacle_distance(grid: GridGeometry, occupancy: np.ndarray, points: ArrayLike) -> FloatArray:
    """Distance (...) [m] from points (..., 2) to the nearest occupied cell; inf without any."""
    occupied = np.asarray(occupancy) >= 100
    points = np.asarray(points, dtype=float)
    if occupied.shape != grid.shape:
        raise MetricError(f"occupancy has the shape {occupied.shape}, expected {grid.shape}")
    if not np.isfinite(points).all():
        raise MetricError("points have a value that is not finite, expected x, y [m]")
    rows, columns = grid.cells_of(points)
    inside = grid.contains(rows, columns)
    if not inside.all():
        raise MetricError(f"the point {points[~inside][0].tolist()} m is outside the map")
    if not occupied.any():
        return np.full(points.shape[:-1], np.inf)
    _, nearest = distance_transform_edt(~occupied, return_indices=True)
    centers = grid.centers_of(nearest[0][rows, columns], nearest[1][rows, columns])
    return np.asarray(np.linalg.norm(points - centers, axis=-1) - 0.5 * grid.resolution)

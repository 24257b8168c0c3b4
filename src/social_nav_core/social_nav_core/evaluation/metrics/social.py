"""How a robot behaves among people: distances, zones, times to collision, o-spaces.

Sources: Hall 1966 ("The Hidden Dimension") for the zones; Kendon 1990 for o-spaces, with the
votes of Setti et al. 2015 (PLoS ONE 10(5), e0123783); Francis et al. 2023 (arXiv 2306.16740) and
Perez-Higueras et al. 2023 (arXiv 2305.01303, HuNavSim) for the list.  People are poses (t, n, 3),
NaN while absent, in the same frame as the robot's (t, 3).  Distances are between centres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.evaluation.metrics.trajectories import (
    MetricError,
    checked_at,
    checked_names,
    checked_people,
    checked_poses,
    checked_robot,
    checked_times,
    episodes,
    resampled,
    time_average,
    time_where,
    velocities,
    weights_in_time,
)
from social_nav_core.geometry import FloatArray, transform_points, wrap_angle

ZONES = {"intimate": 0.45, "personal": 1.2, "social": 3.6}
"""Outer limit [m] of Hall's zones; beyond the last one is public."""
STRIDE = 0.7
"""Distance [m] in front of a person at which they vote for the centre of the shared space."""
BODY_DEPTH = 0.15
"""Half the depth [m] of a standing body; the o-space ends there."""


def closest_distance(robot_in_map: FloatArray, people_in_map: FloatArray) -> FloatArray:
    """Distance (t,) [m] to the closest person at each sample; infinite while nobody is there."""
    robot, people = checked_poses(robot_in_map, people_in_map)
    distances = np.linalg.norm(people[..., :2] - robot[:, None, :2], axis=-1)
    return np.where(np.isfinite(distances), distances, np.inf).min(axis=1, initial=np.inf)


def minimum_distance(times: ArrayLike, robot_in_map: ArrayLike, people_in_map: ArrayLike) -> float:
    """Smallest distance [m] ever between the robot's and a person's centre; 0 or more.

    Between samples both move straight, so the samples may be sparse.
    """
    times, robot = checked_robot(times, robot_in_map)
    people = checked_people(times, people_in_map)
    offsets = people[..., :2] - robot[:, None, :2]
    start, step = offsets[:-1], np.diff(offsets, axis=0)
    square = (step**2).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(square > 0.0, -(start * step).sum(-1) / square, 0.0)
    nearest = np.linalg.norm(start + np.clip(share, 0.0, 1.0)[..., None] * step, axis=-1)
    at_samples = np.linalg.norm(offsets, axis=-1)
    return float(np.nanmin(np.concatenate([nearest.ravel(), at_samples.ravel()])))


def mean_distance(times: ArrayLike, robot_in_map: ArrayLike, people_in_map: ArrayLike) -> float:
    """Mean over time of the distance [m] to the closest person, while anybody is there."""
    times, robot = checked_robot(times, robot_in_map)
    return time_average(times, closest_distance(robot, checked_people(times, people_in_map)))


def zone_shares(times: ArrayLike, distances: FloatArray) -> dict[str, float]:
    """Share (0 to 1) of the time in each of Hall's zones, 'public' included; they sum to 1.

    Args:
        times: (t,) [s].
        distances: (t,) [m] to the closest person or to a group, infinite while there is none.
    """
    times = checked_times(times)
    distances = checked_at(times, "distances", np.asarray(distances, dtype=float))
    if (distances < 0.0).any():
        raise MetricError(f"distances go down to {distances.min():g} m, expected at least 0 m")
    zone = np.digitize(distances, list(ZONES.values()))
    duration = float(times[-1] - times[0])
    return {
        name: time_where(times, zone == i) / duration for i, name in enumerate([*ZONES, "public"])
    }


def group_distance(
    robot_in_map: FloatArray, people_in_map: FloatArray, group_ids: np.ndarray
) -> FloatArray:
    """Distance (t,) [m] to the nearest group; infinite while there is none.

    A group is the convex hull of its members' centres, so between them the distance is 0.

    Args:
        robot_in_map: (t, 3).
        people_in_map: (t, n, 3), NaN while absent.
        group_ids: (t, n) names of groups, '' for nobody's.
    """
    robot, people = checked_poses(robot_in_map, people_in_map)
    group_ids = checked_names(people, "group_ids", group_ids)
    smallest = np.full(len(robot), np.inf)
    for name in _groups(group_ids):
        members = (group_ids == name) & np.isfinite(people).all(-1)
        for present in np.unique(members[members.sum(1) >= 2], axis=0):
            rows = (members == present).all(1)
            corners = people[rows][:, present, :2] - robot[rows, None, :2]
            smallest[rows] = np.minimum(smallest[rows], _distance_to_hull(corners))
    return smallest


def _distance_to_hull(corners: FloatArray) -> FloatArray:
    """Distance (t,) of the origin to the convex hull of corners (t, m, 2)."""
    a, b = corners[:, :, None], corners[:, None, :]
    along = b - a
    square = np.maximum((along**2).sum(-1), 1e-12)
    share = np.clip(-(a * along).sum(-1) / square, 0.0, 1.0)
    edge = np.linalg.norm(a + share[..., None] * along, axis=-1).min(axis=(1, 2))
    angles = np.sort(np.arctan2(corners[..., 1], corners[..., 0]), axis=1)
    gaps = np.diff(angles, axis=1, append=angles[:, :1] + 2.0 * np.pi)
    return np.asarray(np.where(gaps.max(axis=1) < np.pi, 0.0, edge))


def _groups(group_ids: np.ndarray) -> list[str]:
    return [str(name) for name in np.unique(group_ids) if name]


def minimum_time_to_collision(
    times: ArrayLike,
    robot_in_map: ArrayLike,
    people_in_map: ArrayLike,
    robot_radius: float = 0.27,
    person_radius: float = 0.25,
) -> float:
    """Smallest time [s] in which two discs would touch if both kept their velocity.

    0 while they touch, infinite when no course ever leads to a contact.
    """
    times, robot = checked_robot(times, robot_in_map)
    people = checked_people(times, people_in_map)
    offset = (people[..., :2] - robot[:, None, :2])[:-1]
    closing = velocities(times, people) - velocities(times, robot)[:, None]
    a, b = (closing**2).sum(-1), (offset * closing).sum(-1)
    c = (offset**2).sum(-1) - (robot_radius + person_radius) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(b * b - a * c)
        time = np.where((b < 0.0) & np.isfinite(root), (-b - root) / a, np.inf)
    return float(np.where(c <= 0.0, 0.0, time).min())


@dataclass(frozen=True)
class SharedSpaces:
    """O-spaces of one group over time: centres (t, 2) [m] and radii (t,) [m], NaN while none."""

    centers: FloatArray
    radii: FloatArray


def o_space(people_in_map: FloatArray, members: np.ndarray) -> SharedSpaces:
    """Space that the members (t, n) of a group share, while there are two or more.

    Each member votes for the point `STRIDE` in front of them; the centre is the mean vote
    (Setti et al. 2015) and the radius ends `BODY_DEPTH` before the nearest member's centre.
    """
    members = checked_names(people_in_map, "members", members)
    present = members & np.isfinite(people_in_map).all(-1)
    votes = transform_points(people_in_map, np.array([STRIDE, 0.0]))
    count = present.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centers = np.where(present[..., None], votes, 0.0).sum(axis=1) / count[:, None]
    away = np.linalg.norm(people_in_map[..., :2] - centers[:, None], axis=-1)
    nearest = np.where(present, away, np.inf).min(axis=1, initial=np.inf)
    exists = count >= 2
    return SharedSpaces(
        np.where(exists[:, None], centers, np.nan),
        np.where(exists, np.maximum(nearest - BODY_DEPTH, 0.0), np.nan),
    )


def o_space_intrusions(
    times: ArrayLike, robot_in_map: ArrayLike, people_in_map: ArrayLike, group_ids: np.ndarray
) -> tuple[int, float]:
    """How often the robot's centre enters an o-space, and for how long in all [s].

    Both are 0 or more; groups (t, n) are names, '' for nobody's.
    """
    times, robot = checked_robot(times, robot_in_map)
    people = checked_people(times, people_in_map)
    group_ids = checked_names(people, "group_ids", group_ids)
    count, duration = 0, 0.0
    for name in _groups(group_ids):
        space = o_space(people, group_ids == name)
        inside = np.linalg.norm(robot[:, :2] - space.centers, axis=1) < space.radii
        count += episodes(inside)
        duration += time_where(times, inside)
    return count, duration


def heading_change_near_people(
    times: ArrayLike, robot_in_map: ArrayLike, people_in_map: ArrayLike, distance: float = 3.6
) -> float:
    """Sum of the robot's turning [rad], either way, while someone is nearer than a distance [m].

    Taken from samples every 0.2 s; 0 or more.
    """
    times, robot = checked_robot(times, robot_in_map)
    closest = closest_distance(robot, checked_people(times, people_in_map))
    regular, poses = resampled(times, robot, 0.2)
    near = np.interp(regular, times, np.where(np.isfinite(closest), closest, 1e9)) < distance
    turning = np.abs(wrap_angle(np.diff(poses[:, 2])))
    return float(turning[near[:-1] & near[1:]].sum())


def social_work(times: ArrayLike, robot_in_map: ArrayLike, people_in_map: ArrayLike) -> float:
    """Integral over time of the social force between the robot and all people [m/s]; 0 or more.

    The sum of the modulus that each person feels and that the robot feels, after HuNavSim's
    social work; the force is Helbing and Molnar's repulsion (Phys. Rev. E 51, 1995) in the
    circular form that Johansson et al. (Adv. Complex Systems 10, 2007) fitted: A = 0.42 m/s^2,
    B = 1.65 m, between centres, with the weight lambda = 0.12 for what is behind the one who
    feels it.
    """
    times, robot = checked_robot(times, robot_in_map)
    people = checked_people(times, people_in_map)
    to_robot = robot[:, None, :2] - people[..., :2]
    distance = np.linalg.norm(to_robot, axis=-1)
    strength = 0.42 * np.exp(-distance / 1.65)
    direction = np.arctan2(to_robot[..., 1], to_robot[..., 0])
    felt_by_people = strength * _ahead(direction - people[..., 2])
    felt_by_robot = strength * _ahead(direction + np.pi - robot[:, None, 2])
    return float(weights_in_time(times) @ np.nansum(felt_by_people + felt_by_robot, axis=1))


def _ahead(angle: FloatArray) -> FloatArray:
    """Weight 0.12 behind to 1 ahead of what is seen at an angle [rad] from straight ahead."""
    return np.asarray(0.12 + 0.88 * 0.5 * (1.0 + np.cos(angle)))

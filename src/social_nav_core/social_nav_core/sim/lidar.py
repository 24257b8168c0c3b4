"""A planar laser scanner that looks at boxes and people's legs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.sim.people import PersonState, stride_length
from social_nav_core.sim.robot import Pose
from social_nav_core.sim.room import BoxArray


@dataclass(frozen=True)
class LidarParameters:
    """The scanner; the defaults are those of TIAGo's SICK TiM571 (PAL Robotics' public files)."""

    beams: int = parameter(667, "", "rays of a scan", 2, 10000)
    half_angle: float = parameter(1.9199, "rad", "to either side of ahead", 0.1, 3.1416)
    range_min: float = parameter(0.05, "m", "nearest reading", 0.0, 1.0)
    range_max: float = parameter(25.0, "m", "farthest reading", 0.5, 200.0)
    sigma: float = parameter(0.01, "m", "standard deviation of a reading", 0.0, 0.5)
    forward: float = parameter(0.202, "m", "place ahead of the robot's centre", -1.0, 1.0)
    leg_radius: float = parameter(0.1, "m", "of each of a person's two legs", 0.02, 0.2)
    leg_spread: float = parameter(0.1, "m", "from a person's middle to each leg", 0.0, 0.3)


class Lidar:
    """Scans the room's boxes and, for every person, two legs that swing with the stride.

    Attributes:
        angles: ``(beams,)`` [rad] of the rays in the scanner's frame, counter-clockwise.
    """

    def __init__(self, boxes: BoxArray, parameters: LidarParameters) -> None:
        check(parameters)
        self.parameters = parameters
        self.angles = np.linspace(-parameters.half_angle, parameters.half_angle, parameters.beams)
        self._rays = np.stack([np.cos(self.angles), np.sin(self.angles)])
        self._boxes = boxes

    def scan(
        self, robot_in_map: Pose, people: Sequence[PersonState], rng: np.random.Generator
    ) -> FloatArray:
        """Ranges ``(beams,)`` [m]; inf beyond the farthest reading, -inf below the nearest one.

        The two infinities are REP-117's.
        """
        x, y, yaw = robot_in_map
        ahead = self.parameters.forward
        origin = (x + ahead * math.cos(yaw), y + ahead * math.sin(yaw))
        directions = np.stack([np.cos(self.angles + yaw), np.sin(self.angles + yaw)])
        ranges = ray_distances_to_boxes(origin, directions, self._boxes)
        if people:
            legs = np.concatenate([leg_positions(p, self.parameters.leg_spread) for p in people])
            to_legs = ray_distances_to_circles(origin, directions, legs, self.parameters.leg_radius)
            ranges = np.minimum(ranges, to_legs)
        ranges = ranges + self.parameters.sigma * rng.standard_normal(len(ranges))
        ranges[ranges > self.parameters.range_max] = np.inf
        ranges[ranges < self.parameters.range_min] = -np.inf
        return ranges

    def points_in_robot(self, ranges: FloatArray) -> FloatArray:
        """Points ``(n, 2)`` [m] of the finite ranges of a scan, in the robot's base frame."""
        hit = np.isfinite(ranges)
        points = (ranges[hit] * self._rays[:, hit]).T
        points[:, 0] += self.parameters.forward
        return points


def leg_positions(person: PersonState, spread: float) -> FloatArray:
    """Centres ``(2, 2)`` [m] of the left and the right leg in the map, near the floor."""
    x, y, yaw = person.pose
    cos, sin = math.cos(yaw), math.sin(yaw)
    swing = 0.0
    if person.speed > 0.0:
        reach = 0.25 * stride_length(person.speed, person.height)
        swing = reach * math.cos(person.gait_phase)
    ahead = 0.35 if person.seated else 0.0
    left = (x + (ahead + swing) * cos - spread * sin, y + (ahead + swing) * sin + spread * cos)
    right = (x + (ahead - swing) * cos + spread * sin, y + (ahead - swing) * sin - spread * cos)
    return np.array([left, right])


def ray_distances_to_boxes(
    origin: tuple[float, float], directions: FloatArray, boxes: BoxArray
) -> FloatArray:
    """Distances ``(n,)`` [m] along rays to the nearest box; inf where there is none.

    A ray that starts inside a box has distance 0.  Slab method, all rays against all boxes.

    Args:
        origin: (x, y) [m] of all rays.
        directions: unit vectors ``(2, n)``.
        boxes: in the same frame.
    """
    dx, dy = origin[0] - boxes.centers[:, 0], origin[1] - boxes.centers[:, 1]
    start = np.stack([boxes.cos * dx + boxes.sin * dy, boxes.cos * dy - boxes.sin * dx])
    axes = np.stack([boxes.cos, boxes.sin, -boxes.sin, boxes.cos]).reshape(2, 2, -1)
    turned = axes[:, 0, :, None] * directions[0] + axes[:, 1, :, None] * directions[1]
    turned[turned == 0.0] = 1e-15  # a ray along a side meets the slab's faces very far away
    slope = np.reciprocal(turned, out=turned)
    middle = -start[:, :, None] * slope
    reach = np.abs(slope, out=slope)
    reach *= boxes.halves.T[:, :, None]
    low, high = middle - reach, np.add(middle, reach, out=middle)
    near = np.maximum(np.maximum(low[0], low[1], out=low[0]), 0.0, out=low[0])
    near[near > np.minimum(high[0], high[1], out=high[0])] = np.inf
    return np.asarray(near.min(axis=0, initial=np.inf))


def ray_distances_to_circles(
    origin: tuple[float, float], directions: FloatArray, centers: FloatArray, radius: float
) -> FloatArray:
    """Distances ``(n,)`` [m] along rays ``(2, n)`` to the nearest circle ``(m, 2)``; inf if none.

    A ray that starts inside a circle has distance 0.
    """
    to_centers = centers - np.asarray(origin)
    along = to_centers @ directions
    spare = radius**2 - (to_centers**2).sum(axis=1)[:, None] + along**2
    half_chord = np.sqrt(np.maximum(spare, 0.0))
    hit = (spare >= 0.0) & (along + half_chord >= 0.0)
    distances = np.where(hit, np.maximum(along - half_chord, 0.0), np.inf)
    return distances.min(axis=0, initial=np.inf)

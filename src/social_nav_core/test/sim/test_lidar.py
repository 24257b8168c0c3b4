"""The ray caster against hand-computed ranges and against marching along the rays."""

import math

import numpy as np
import pytest
from social_nav_core.sim.lidar import (
    Lidar,
    LidarParameters,
    leg_positions,
    ray_distances_to_boxes,
    ray_distances_to_circles,
)
from social_nav_core.sim.people import Crowd, WalkerParameters
from social_nav_core.sim.room import Box, BoxArray
from social_nav_core.sim.scene import ScenePerson

EXACT = LidarParameters(sigma=0.0)


def standing(*poses):
    """States of people who stand still."""
    people = [ScenePerson(f"p{i}", pose) for i, pose in enumerate(poses)]
    return Crowd(people, WalkerParameters(sway=0.0), BoxArray([])).states


def scan(lidar, robot, people=(), seed=0):
    """One scan with a fresh generator."""
    return lidar.scan(robot, people, np.random.default_rng(seed))


def test_ranges_to_the_walls_by_hand(bare_room):
    lidar = Lidar(bare_room.box_array, EXACT)
    ranges = scan(lidar, (0.0, 0.0, 0.0))
    assert len(ranges) == 667 and lidar.angles[333] == pytest.approx(0.0)
    assert ranges[333] == pytest.approx(6.5 - 0.202)
    angle = lidar.angles[600]  # about 88 degrees: meets the north wall at y = 3.5 m
    assert ranges[600] == pytest.approx(3.5 / math.sin(angle))
    assert ranges[66] == pytest.approx(ranges[600])  # and the south wall, mirrored
    back = lidar.angles[666]  # 110 degrees
    assert ranges[666] == pytest.approx(3.5 / math.sin(back))


def test_a_turned_robot_sees_the_turned_room(bare_room):
    lidar = Lidar(bare_room.box_array, EXACT)
    there, back = scan(lidar, (1.0, 0.5, 0.3)), scan(lidar, (-1.0, -0.5, 0.3 + math.pi))
    assert there == pytest.approx(back)


def test_rays_agree_with_marching_in_the_furnished_room(room):
    rng = np.random.default_rng(7)
    origins = rng.uniform((-6.4, -3.4), (6.4, 3.4), (25, 2))
    origins = origins[room.box_array.clearances(origins) > 0.05]
    angles = np.linspace(-math.pi, math.pi, 90)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    for origin in origins.tolist():
        ranges = ray_distances_to_boxes(tuple(origin), directions, room.box_array)
        marched = np.zeros(90)
        for _ in range(400):  # sphere tracing: as far as there is surely nothing
            marched += room.box_array.clearances(origin + (marched * directions).T)
        assert marched == pytest.approx(ranges, abs=0.01)


def test_rays_along_a_side_and_from_inside():
    boxes = BoxArray([Box("b", "table", (2.0, 0.0, 0.0), (2.0, 2.0), 1.0)])
    east = np.array([[1.0], [0.0]])
    assert ray_distances_to_boxes((0.0, 0.5), east, boxes) == pytest.approx([1.0])
    assert ray_distances_to_boxes((0.0, 1.5), east, boxes) == pytest.approx([np.inf])
    assert ray_distances_to_boxes((4.0, 0.0), east, boxes) == pytest.approx([np.inf])
    assert ray_distances_to_boxes((2.0, 0.5), east, boxes) == pytest.approx([0.0])
    assert ray_distances_to_boxes((0.0, 0.0), east, BoxArray([])) == pytest.approx([np.inf])


def test_rays_to_circles_by_hand():
    directions = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    centers = np.array([[3.0, 0.0], [3.0, 0.3], [0.3, 2.0]])
    # the second circle is met at 3 - 0.4, the first at 3 - 0.5, the third at 2 - 0.4
    ranges = ray_distances_to_circles((0.0, 0.0), directions, centers, 0.5)
    assert ranges == pytest.approx([2.5, 1.6, np.inf])
    ranges = ray_distances_to_circles((0.0, 0.0), directions, centers[1:2], 0.5)
    assert ranges[0] == pytest.approx(2.6)


def test_a_person_is_two_legs(bare_room):
    lidar = Lidar(bare_room.box_array, LidarParameters(sigma=0.0, leg_spread=0.12))
    people = standing((2.202, 0.0, math.pi))
    legs = leg_positions(people[0], 0.12)
    assert legs == pytest.approx(np.array([[2.202, -0.12], [2.202, 0.12]]))
    ranges = scan(lidar, (0.0, 0.0, 0.0), people)
    assert ranges[333] == pytest.approx(6.298)  # between the legs
    near = np.abs(lidar.angles) < 0.15
    legs = ranges[near][ranges[near] < 3.0]
    assert legs.min() == pytest.approx(math.hypot(2.0, 0.12) - 0.1, abs=2e-3)
    # a circle of 0.1 m seen from 2.0036 m spans 2 asin(0.1 / 2.0036) = 5.72 degrees
    expected = 2 * 2 * math.degrees(math.asin(0.1 / math.hypot(2.0, 0.12))) / (220 / 666)
    assert len(legs) == pytest.approx(expected, abs=2)


def test_readings_out_of_range_are_infinite(bare_room):
    lidar = Lidar(bare_room.box_array, LidarParameters(sigma=0.0, range_max=5.0))
    ranges = scan(lidar, (0.0, 0.0, 0.0))
    assert ranges[333] == np.inf and np.isfinite(ranges[600])
    close = scan(lidar, (6.5 - 0.202 - 0.03, 0.0, 0.0))  # 3 cm from the east wall
    assert close[333] == -np.inf
    points = lidar.points_in_robot(ranges)
    assert len(points) == np.isfinite(ranges).sum()
    assert np.abs(points[:, 1]).max() == pytest.approx(3.5)
    assert np.hypot(points[:, 0] - 0.202, points[:, 1]) == pytest.approx(
        ranges[np.isfinite(ranges)]
    )


def test_noise_has_its_deviation_and_is_seeded(bare_room):
    exact = scan(Lidar(bare_room.box_array, EXACT), (0.0, 0.0, 0.0))
    noisy = Lidar(bare_room.box_array, LidarParameters(sigma=0.03))
    errors = np.concatenate([scan(noisy, (0.0, 0.0, 0.0), seed=i) - exact for i in range(10)])
    assert errors.std() == pytest.approx(0.03, rel=0.05) and abs(errors.mean()) < 0.002
    assert np.array_equal(*(scan(noisy, (0.0, 0.0, 0.0), seed=3) for _ in range(2)))

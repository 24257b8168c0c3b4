"""Obstacles out of view are remembered for a while; what is in view is as it is seen."""

import math

import numpy as np
import pytest
from social_nav_core.sim.obstacles import MemoryParameters, ObstacleMemory

PERSON = np.array([[1.0, 0.0]])
NOTHING = np.zeros((0, 2))
VIEW = (1.92, 0.2)  # half angle [rad], ahead of the robot's centre [m]


def test_what_leaves_the_view_is_kept_in_its_place_for_a_while():
    memory = ObstacleMemory(MemoryParameters(keep=5.0))
    assert memory.update(PERSON, (2.0, 1.0, 0.0), 0.0, *VIEW) == pytest.approx(
        np.array([[3.0, 1.0]])
    )
    turned = (2.0, 1.0, math.pi)
    assert memory.update(NOTHING, turned, 4.9, *VIEW) == pytest.approx(np.array([[3.0, 1.0]]))
    assert len(memory.update(NOTHING, turned, 5.1, *VIEW)) == 0


def test_what_is_in_view_is_as_it_is_seen_now():
    memory = ObstacleMemory()
    memory.update(PERSON, (0.0, 0.0, 0.0), 0.0, *VIEW)
    assert len(memory.update(NOTHING, (0.0, 0.0, 0.0), 0.1, *VIEW)) == 0
    memory.update(PERSON, (0.0, 0.0, 0.0), 0.2, *VIEW)
    moved = memory.update([[1.5, 0.5]], (0.0, 0.0, 0.0), 0.3, *VIEW)
    assert moved == pytest.approx(np.array([[1.5, 0.5]]))


def test_what_is_far_away_is_left_out():
    memory = ObstacleMemory(MemoryParameters(reach=2.0))
    assert len(memory.update([[1.9, 0.0], [2.1, 0.0]], (0.0, 0.0, 0.0), 0.0, *VIEW)) == 1
    assert len(memory.update(NOTHING, (-3.0, 0.0, math.pi), 0.1, *VIEW)) == 0


def test_many_scans_do_not_pile_up():
    memory = ObstacleMemory()
    angles = np.linspace(-1.92, 1.92, 667)
    scan = np.stack([0.2 + 2.0 * np.cos(angles), 2.0 * np.sin(angles)], axis=-1)
    counts = [len(memory.update(scan, (0.0, 0.0, 0.3 * i), 0.1 * i, *VIEW)) for i in range(200)]
    assert max(counts) < 3 * 667


def test_a_narrower_view_keeps_what_it_no_longer_sees():
    memory = ObstacleMemory()
    beside = np.array([[0.2, 1.0]])
    memory.update(beside, (0.0, 0.0, 0.0), 0.0, 1.92, 0.2)
    assert len(memory.update(NOTHING, (0.0, 0.0, 0.0), 0.1, 1.0, 0.2)) == 1
    assert len(memory.update(NOTHING, (0.0, 0.0, 0.0), 0.2, 1.92, 0.2)) == 0

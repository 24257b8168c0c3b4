"""When a person who walks or turns is left to come to rest before a place is chosen again."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from goal_selector_bench import person
from social_nav_core.interaction.selection import Situation
from social_nav_nodes.approach import Approach, GoalSelectorParameters

ABOUT = GoalSelectorParameters()


@pytest.fixture
def approach():
    return Approach(Mock(), Mock(), "anna", 0.0, place=Mock(), chosen=10.0)


def lets_walk(approach, seen, yaw, now=10.5, speed=0.0):
    anna = person("anna", 3.0, 0.0, yaw, velocity=np.array([0.0, speed]))
    people = [replace(anna, last_seen=seen), person("ben", 0.0, 3.0, 0.0)]
    return approach.lets_walk(Situation(people, np.zeros(3), Mock(), now), ABOUT)


@pytest.mark.parametrize(
    ("yaw", "waits"), [(3.0, False), (3.3, False), (3.4, True), (2.6, True), (-3.0, False)]
)
def test_who_turns_faster_than_the_rate_has_not_come_to_rest(approach, yaw, waits):
    """Within 0.5 s, 0.35 rad are allowed; -3.0 rad is 0.28 rad from 3.0 rad."""
    assert not lets_walk(approach, 10.0, 3.0)
    assert lets_walk(approach, 10.5, yaw) == waits


def test_without_news_a_correction_of_the_map_is_no_turn(approach):
    lets_walk(approach, 10.0, 3.0)
    assert not lets_walk(approach, 10.0, 3.001)
    assert not lets_walk(approach, 10.0, 2.0)


@pytest.mark.parametrize(("speed", "waits"), [(0.39, False), (0.41, True)])
def test_who_walks_is_not_at_rest(approach, speed, waits):
    lets_walk(approach, 10.0, 3.0)
    assert lets_walk(approach, 10.5, 3.0, speed=speed) == waits


def test_nobody_is_waited_for_longer_than_the_patience(approach):
    lets_walk(approach, 10.0, 3.0)
    assert lets_walk(approach, 12.9, 3.0, now=12.9, speed=1.0)
    assert not lets_walk(approach, 13.1, 3.0, now=13.1, speed=1.0)


def test_before_there_is_a_place_nobody_is_waited_for():
    approach = Approach(Mock(), Mock(), "anna", 0.0, chosen=10.0)
    lets_walk(approach, 10.0, 3.0)
    assert not lets_walk(approach, 10.5, 0.0, speed=1.0)

"""Numbers that launch files repeat, so that they need not load what they come from."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from social_nav_core.parameters import specs
from social_nav_core.perception.perceive import MemoryParameters
from social_nav_nodes.launch_arguments import MissingError, check
from social_nav_nodes.one_camera import KEPT
from social_nav_nodes.social_costmap_node import SocialCostmapParameters

CONFIG = Path(__file__).resolve().parents[3] / "config" / "social_nav.yaml"


def test_costs_are_kept_as_long_as_people_are_remembered():
    shipped = yaml.safe_load(CONFIG.read_text())["/**/perception"]["ros__parameters"]
    assert MemoryParameters().memory == shipped["memory"]["memory"] == KEPT


def test_the_social_timeout_has_the_bounds_of_the_costs_timeout():
    (timeout,) = (spec for spec in specs(SocialCostmapParameters) if spec.name == "timeout")
    low, high = timeout.low, timeout.high
    assert low is not None and high is not None
    for good in (low, high):
        check({"social_timeout": str(good)})
    for bad in (0.99 * low, 1.01 * high):
        with pytest.raises(MissingError, match=f"{low:g} to {high:g}"):
            check({"social_timeout": str(bad)})

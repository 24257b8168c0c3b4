"""Nav2's parameter files: ROS ignores a misspelled parameter in silence, these tests do not."""

from __future__ import annotations

import math
import os
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import yaml
from social_nav_core.grid import GridGeometry
from social_nav_core.parameters import specs
from social_nav_core.people import Person
from social_nav_core.proxemics.field import social_field
from social_nav_core.proxemics.model import shipped_model
from social_nav_core.proxemics.zone import SocialZoneParameters
from social_nav_core.sim.lidar import LidarParameters
from social_nav_core.sim.robot import RobotParameters

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
NAV2 = ("nav2_tiago.yaml", "nav2_humble.yaml", "nav2_static_social_costs.yaml")
SAFETY = "collision_monitor.yaml"
JAZZY, HUMBLE = "1.3.13", "1.1.20"
DECLARED = yaml.safe_load(Path(__file__).with_name("nav2_declared.yaml").read_text())
PLUGIN_LISTS = (
    *("plugins", "controller_plugins", "planner_plugins", "behavior_plugins"),
    *("progress_checker_plugins", "goal_checker_plugins"),
)


def merged(below, above):
    """What ROS sees when two files are loaded one after the other."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    result = dict(below)
    for key, value in above.items():
        result[key] = merged(result[key], value) if key in result else value
    return result


def nodes(*names):
    """Parameters by node, of files that are loaded one after the other."""
    content: dict[str, dict] = {}
    for name in names:
        content = merged(content, yaml.safe_load((CONFIG / name).read_text()))
    return {key.removeprefix("/**/"): value["ros__parameters"] for key, value in content.items()}


def flat(parameters, prefix=""):
    for key, value in parameters.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def layer_settings():
    """Names that the social layer declares, from its source."""
    text = (ROOT / "src/social_nav_costmap/include/social_nav_costmap/settings.hpp").read_text()
    names = set(re.findall(r'^\s*\{"(\w+)",', text, re.MULTILINE))
    labels = re.findall(r'all, "(\w+)"', text)
    return names | {
        f"{name}_{kind}" for name in labels for kind in ("amplitude", "size", "opening")
    }


def declared_by(plugin, version):
    if plugin == "social_nav_costmap::SocialLayer":
        return layer_settings()
    return set(DECLARED[version][plugin.replace("/", "::")])


def of_lists(node, parameters, version):
    """Parameters of what a list of the node names: polygons, and sources of observations."""
    for key in ("polygons", "observation_sources"):
        known = DECLARED[version].get(f"{node} {key}")
        if known is not None:
            own = [*known, "type"]  # which the node itself reads
            yield from (f"{each}.{name}" for each in parameters[key] for name in own)


def unknown(node, parameters, version):
    """Parameters that neither the node nor one of its plugins declares."""
    found = []
    listed = set(of_lists(node, parameters, version))
    for name in flat(parameters):
        if name in listed:
            continue
        first, _, rest = name.partition(".")
        section = parameters[first]
        if name in DECLARED[version][node]:
            continue
        if not rest or not isinstance(section, dict) or "plugin" not in section:
            found.append(name)
            continue
        source, _, of_source = rest.partition(".")
        if of_source and source in str(section.get("observation_sources", "")).split():
            rest = f"SOURCE.{of_source}"
        if rest != "plugin" and rest not in declared_by(section["plugin"], version):
            found.append(name)
    return found


@pytest.mark.parametrize(
    "names", [("nav2_tiago.yaml",), ("nav2_tiago.yaml", "nav2_static_social_costs.yaml"), (SAFETY,)]
)
def test_jazzy_declares_every_parameter(names):
    for node, parameters in nodes(*names).items():
        assert unknown(node, parameters, JAZZY) == [], node


def test_humble_declares_every_parameter_but_those_that_came_later():
    later = {
        "controller_server": ["progress_checker_plugins"],
        "collision_monitor": [
            "state_topic",
            "stop_zone.min_points",
            "slowdown_zone.min_points",
        ],
        "behavior_server": [
            "local_costmap_topic",
            "local_footprint_topic",
            "global_costmap_topic",
            "global_footprint_topic",
            "local_frame",
        ],
    }
    for node, parameters in nodes(SAFETY, "nav2_tiago.yaml", "nav2_humble.yaml").items():
        left = set(unknown(node, parameters, HUMBLE)) - set(later.get(node, []))
        assert {name for name in left if not may_be_ignored(name)} == set(), node
    for node, parameters in nodes("nav2_humble.yaml").items():
        sections = {"GridBased", "spin", "backup", "wait", "stop_zone", "slowdown_zone"}
        assert set(parameters) <= set(DECLARED[HUMBLE][node]) | sections


def may_be_ignored(name):
    """Refinements that Humble does not have and does without; its costmaps wait for ever."""
    later = {"wait_for_service_timeout", "initial_transform_timeout"}
    return name in {*later, "FollowPath.min_distance_to_obstacle"}


@pytest.mark.parametrize("names", [NAV2[:1], NAV2[:2], (NAV2[0], NAV2[2])])
def test_every_plugin_of_a_list_has_a_section_with_its_class(names):
    for node, parameters in nodes(*names).items():
        for key in PLUGIN_LISTS:
            for plugin in parameters.get(key, []):
                assert "plugin" in parameters[plugin], f"{node}: {plugin}"


@pytest.mark.parametrize("name", [*NAV2, SAFETY])
def test_files_have_no_anchors_which_ros_does_not_read(name):
    tokens = yaml.scan((CONFIG / name).read_text())
    assert not [t for t in tokens if isinstance(t, (yaml.AnchorToken, yaml.AliasToken))]


def test_a_misspelled_parameter_is_found():
    parameters = nodes("nav2_tiago.yaml")["local_costmap"]
    parameters["social_layer"]["max_costs"] = 1
    parameters["obstacle_layer"]["scan"]["topics"] = "scan"
    parameters["widht"] = 3
    monitor = nodes(SAFETY)["collision_monitor"]
    monitor["stop_zone"]["min_point"] = 1
    monitor["scan"]["topics"] = "scan"
    wrong = ["stop_zone.min_point", "scan.topics"]
    assert unknown("collision_monitor", monitor, JAZZY) == wrong
    assert unknown("local_costmap", parameters, JAZZY) == [
        "obstacle_layer.scan.topics",
        "social_layer.max_costs",
        "widht",
    ]


def test_the_social_layer_is_in_both_costmaps_with_the_same_values_within_bounds():
    found = nodes("nav2_tiago.yaml")
    local, far = (found[f"{name}_costmap"] for name in ("local", "global"))
    assert local["social_layer"] == far["social_layer"]
    assert "social_layer" in local["plugins"] and "social_layer" in far["plugins"]
    bounds = {spec.name: spec for spec in specs(SocialZoneParameters)}
    for name, value in local["social_layer"].items():
        if name in bounds:
            bounds[name].check(value)
    assert 1 <= local["social_layer"]["max_cost"] < 253


def test_the_robot_is_tiago():
    found, limits = nodes("nav2_tiago.yaml"), RobotParameters()
    follow = found["controller_server"]["FollowPath"]
    for name in ("local_costmap", "global_costmap"):
        assert limits.radius <= found[name]["robot_radius"] <= limits.radius + 0.02
        assert found[name]["robot_base_frame"] == "base_footprint"
    assert follow["desired_linear_vel"] <= limits.max_speed
    assert follow["rotate_to_heading_angular_vel"] <= limits.max_turn_rate
    assert follow["max_angular_accel"] <= limits.turn_acceleration
    assert found["amcl"]["laser_max_range"] == LidarParameters().range_max
    assert found["behavior_server"]["max_rotational_vel"] <= limits.max_turn_rate


def test_the_local_costmap_holds_the_whole_zone_of_everybody_near():
    """A person whom the robot reaches within 2 s, who walks at 1 m/s, is not clipped."""
    found = nodes("nav2_tiago.yaml")
    grid = GridGeometry(200, 200, 0.05, (-5.0, -5.0, 0.0))
    walker = Person("ana", np.zeros(3), velocity=np.array([1.0, 0.0]))
    field = social_field([walker], shipped_model(), grid, SocialZoneParameters())
    reach = np.linalg.norm(grid.centers()[field > 0.0], axis=-1).max()
    near = 2.0 * found["controller_server"]["FollowPath"]["desired_linear_vel"]
    local = found["local_costmap"]
    half = 0.5 * min(local["width"], local["height"])
    assert half >= near + reach
    assert near + reach > 1.5, "TIAGo's own 3 x 3 m would not do"
    assert math.isclose(local["resolution"], 0.05)


def test_the_list_of_declared_parameters_is_that_of_the_sources():
    repository = os.environ.get("NAV2_SOURCE")
    if not repository:
        pytest.skip("NAV2_SOURCE does not name a clone of ros-navigation/navigation2")
    declared = runpy.run_path(str(Path(__file__).with_name("nav2_sources.py")))["declared"]
    for version in (JAZZY, HUMBLE):
        assert declared(repository, version) == DECLARED[version]

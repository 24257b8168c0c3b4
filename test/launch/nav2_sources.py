"""Reads from Nav2's sources which parameters its nodes and plugins declare.

    python test/launch/nav2_sources.py NAVIGATION2 TAG

NAVIGATION2 is a clone of ros-navigation/navigation2; what it prints belongs into
nav2_declared.yaml.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

DECLARED = Path(__file__).with_name("nav2_declared.yaml")
COSTMAP = "nav2_costmap_2d/src/costmap_2d_ros.cpp"
BEHAVIORS = "nav2_behaviors/plugins"
LAYERS = "nav2_costmap_2d/plugins"
MONITOR = "nav2_collision_monitor/src"
PURSUIT = "nav2_regulated_pure_pursuit_controller"
SOURCES: dict[str, tuple[str, ...]] = {
    "amcl": ("nav2_amcl/src/amcl_node.cpp",),
    "behavior_server": ("nav2_behaviors/src/behavior_server.cpp", f"{BEHAVIORS}/spin.cpp"),
    "bt_navigator": (
        "nav2_bt_navigator/src/bt_navigator.cpp",
        "nav2_behavior_tree/include/nav2_behavior_tree/bt_action_server_impl.hpp",
    ),
    "collision_monitor": (f"{MONITOR}/collision_monitor_node.cpp",),
    "collision_monitor polygons": (f"{MONITOR}/polygon.cpp", f"{MONITOR}/circle.cpp"),
    "collision_monitor observation_sources": (f"{MONITOR}/source.cpp", f"{MONITOR}/scan.cpp"),
    "controller_server": (
        "nav2_controller/src/controller_server.cpp",
        "nav2_dwb_controller/nav_2d_utils/include/nav_2d_utils/odom_subscriber.hpp",
    ),
    "global_costmap": (COSTMAP,),
    "local_costmap": (COSTMAP,),
    "map_server": ("nav2_map_server/src/map_server/map_server.cpp",),
    "planner_server": ("nav2_planner/src/planner_server.cpp",),
    "velocity_smoother": ("nav2_velocity_smoother/src/velocity_smoother.cpp",),
    "nav2_behaviors::BackUp": (),
    "nav2_behaviors::Spin": (),
    "nav2_behaviors::Wait": (),
    "nav2_controller::SimpleGoalChecker": ("nav2_controller/plugins/simple_goal_checker.cpp",),
    "nav2_controller::SimpleProgressChecker": (
        "nav2_controller/plugins/simple_progress_checker.cpp",
    ),
    "nav2_costmap_2d::InflationLayer": (f"{LAYERS}/inflation_layer.cpp",),
    "nav2_costmap_2d::ObstacleLayer": (f"{LAYERS}/obstacle_layer.cpp",),
    "nav2_costmap_2d::StaticLayer": (f"{LAYERS}/static_layer.cpp",),
    "nav2_navfn_planner::NavfnPlanner": ("nav2_navfn_planner/src/navfn_planner.cpp",),
    f"{PURSUIT}::RegulatedPurePursuitController": (
        f"{PURSUIT}/src/parameter_handler.cpp",
        f"{PURSUIT}/src/regulated_pure_pursuit_controller.cpp",
    ),
}
"""The files that declare the parameters of a node, of a plugin behind its name, or of what a list
of a node names."""
CALL = re.compile(r"(?:declare_?[pP]arameter\w*|add_parameter)\s*(?:<[^;{}]*?>)?\s*\(\s*([^;{}]*)")
NAME = re.compile(r'"\.?([a-z][\w.]*)"')
OF_SOURCE = re.compile(r'source\s*\+\s*"\."\s*\+\s*"(\w+)"')


def declared(repository: str, tag: str) -> dict[str, list[str]]:
    """Names of all parameters by node or plugin."""
    known = set(_git(repository, "ls-tree", "-r", "--name-only", tag).split())
    found = {}
    for owner, files in SOURCES.items():
        names = set()
        for file in files:
            if file in known:
                text = _git(repository, "show", f"{tag}:{file}")
                names |= {name for call in CALL.findall(text) for name in NAME.findall(call)[:1]}
                names |= {f"SOURCE.{name}" for name in OF_SOURCE.findall(text)}
        found[owner] = sorted(names)
    return found


def _git(repository: str, *arguments: str) -> str:
    command = ["git", "-C", repository, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    yaml.safe_dump({sys.argv[2]: declared(*sys.argv[1:3])}, sys.stdout, width=100)

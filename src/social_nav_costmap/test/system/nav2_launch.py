"""What the launch tests share: the processes of Nav2, and robots led through scenes of people."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import launch_testing.actions
import rclpy
from launch_ros.actions import Node
from nav2_world import WORLDS, World, largest_cost_and_length, load_scene, people_of

import launch

HERE = Path(__file__).parent
PACKAGES = {"planner_server": "nav2_planner", "controller_server": "nav2_controller"}
DRIVING = ("planner_server", "controller_server")
COSTMAPS = ("global_costmap", "local_costmap")

Figures = tuple[float, float]  # largest social cost on a path or track, and its length [m]


def nav2_with(servers: Sequence[str], *more: str) -> launch.LaunchDescription:
    """A map server, servers and their lifecycle manager, with nav2_params.yaml and files on top."""
    files = [str(HERE / name) for name in ("nav2_params.yaml", *more)]
    room = {"yaml_filename": str(WORLDS / "maps" / "room.yaml")}
    managed = {"node_names": ["map_server", *servers]}

    def server(package: str, name: str, *values: dict[str, Any]) -> Node:
        return Node(package=package, executable=name, parameters=[*files, *values])

    return launch.LaunchDescription(
        [
            server("nav2_map_server", "map_server", room),
            *(server(PACKAGES[name], name) for name in servers),
            server("nav2_lifecycle_manager", "lifecycle_manager", managed),
            launch_testing.actions.ReadyToTest(),
        ]
    )


class Nav2TestCase(unittest.TestCase):
    """Each test has a world of its own, around servers that are active."""

    def setUp(self) -> None:
        rclpy.init()
        self.world = World()
        self.world.wait_for_servers()

    def tearDown(self) -> None:
        self.world.destroy_node()
        rclpy.shutdown()

    def drive(self, scene: dict[str, Any]) -> Figures:
        """The robot's track to a scene's goal, along the path of NavFn."""
        track, error = self.world.follow(self.world.plan("NavFn", scene["goal"]), 120.0)
        self.assertEqual(error, 0)
        return largest_cost_and_length(track, people_of(scene))

    def check_the_layers_effect(
        self,
        scenes: Sequence[str],
        costmaps: Sequence[str],
        measure: Callable[[dict[str, Any]], dict[str, Figures]],
    ) -> None:
        """Measure every scene without and with the layer, by the name of who planned or drove.

        Without it each leads through the people; with it the largest cost is below a tenth of the
        peak, and the way grows by less than 60 %.
        """
        lines = ["", f"{'':26}without the layer   with it"]
        wrong = []
        for name in scenes:
            scene = load_scene(name)
            found = []
            for enabled in (False, True):
                self.world.people = people_of(scene)
                if "local_costmap" in costmaps:
                    self.world.put_robot(scene["robot"])
                for costmap in costmaps:
                    self.world.set(costmap, "enabled", enabled)
                self.world.wait_for_costs(costmaps[0], enabled)
                found.append(measure(scene))
            for who, (before, short) in found[0].items():
                after, long = found[1][who]
                figures = f"{before:4.2f}, {short:5.2f} m       {after:4.2f}, {long:5.2f} m"
                lines.append(f"{name:14} {who:8}   {figures}")
                if not (before > 0.3 and after < 0.1 and long < 1.6 * short):
                    wrong.append(lines[-1])
        print("\n".join(lines))
        self.assertEqual(wrong, [])

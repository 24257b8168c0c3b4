"""NavFn and Smac 2D in a real planner server, on five scenes, with and without the layer.

Without the layer the path leads through the people; with it the largest social cost on the path
falls below a tenth of the peak and the path grows by less than 60 %.
"""

import unittest
from pathlib import Path

import launch_testing.actions
import rclpy
from launch_ros.actions import Node
from nav2_msgs.action import ComputePathToPose
from nav2_world import SCENES, WORLDS, World, largest_cost_and_length, load_scene, people_of
from nav2_world import pose_in_map as pose

import launch

PARAMETERS = str(Path(__file__).with_name("nav2_params.yaml"))


def generate_test_description() -> launch.LaunchDescription:
    room = {"yaml_filename": str(WORLDS / "maps" / "room.yaml")}
    return launch.LaunchDescription(
        [
            Node(package="nav2_map_server", executable="map_server", parameters=[PARAMETERS, room]),
            Node(package="nav2_planner", executable="planner_server", parameters=[PARAMETERS]),
            Node(
                package="nav2_lifecycle_manager",
                executable="lifecycle_manager",
                parameters=[PARAMETERS],
            ),
            launch_testing.actions.ReadyToTest(),
        ]
    )


class PlannersGoAroundPeople(unittest.TestCase):
    def setUp(self) -> None:
        rclpy.init()
        self.world = World()
        self.world.wait_for_servers()

    def tearDown(self) -> None:
        self.world.destroy_node()
        rclpy.shutdown()

    def plan(self, planner: str, scene: dict) -> tuple[float, float]:
        goal = ComputePathToPose.Goal(planner_id=planner, use_start=True)
        goal.start, goal.goal = pose(scene["robot"]), pose(scene["goal"])
        path = self.world.call(ComputePathToPose, "compute_path_to_pose", goal).path
        self.assertGreater(len(path.poses), 10, f"{planner} found no path")
        track = [(p.pose.position.x, p.pose.position.y) for p in path.poses]
        return largest_cost_and_length(track, people_of(scene))

    def test_five_scenes(self) -> None:
        costmap = "global_costmap"
        self.world.set(costmap, "max_cost", 240)
        lines = ["", "scene          planner   without the layer   with it"]
        wrong = []
        for name in SCENES:
            scene = load_scene(name)
            self.world.people = people_of(scene)
            found = {}
            for enabled in (False, True):
                self.world.set(costmap, "enabled", enabled)
                self.world.wait_for_costs(costmap, enabled)
                for planner in ("NavFn", "Smac2D"):
                    found[planner, enabled] = self.plan(planner, scene)
            for planner in ("NavFn", "Smac2D"):
                (before, short), (after, long) = found[planner, False], found[planner, True]
                figures = f"{before:4.2f}, {short:5.2f} m    {after:4.2f}, {long:5.2f} m"
                lines.append(f"{name:14} {planner:8}  {figures}")
                if not (before > 0.3 and after < 0.1 and long < 1.6 * short):
                    wrong.append(lines[-1])
        print("\n".join(lines))
        self.assertEqual(wrong, [])

    def test_what_max_cost_does(self) -> None:
        """The table of the README; at the highest value every planner goes around everybody."""
        costmap, values = "global_costmap", (50, 100, 150, 200, 252)
        lines = ["", f"scene          planner  {''.join(f'{value:>14}' for value in values)}"]
        highest = []
        self.world.set(costmap, "enabled", True)
        for name in SCENES:
            scene = load_scene(name)
            self.world.people = people_of(scene)
            self.world.wait_for_costs(costmap, True)
            found: dict[str, list[tuple[float, float]]] = {"NavFn": [], "Smac2D": []}
            for value in values:
                self.world.set(costmap, "max_cost", value)
                self.world.wait_for_update(costmap)
                for planner, figures in found.items():
                    figures.append(self.plan(planner, scene))
            for planner, figures in found.items():
                cells = "".join(f"  {cost:4.2f}, {length:4.1f} m" for cost, length in figures)
                lines.append(f"{name:14} {planner:8} {cells}")
                highest.append(figures[-1][0])
        print("\n".join(lines))
        self.assertLess(max(highest), 0.1)

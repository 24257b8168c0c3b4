"""A simulated robot, driven by a real controller server with MPPI along the paths of NavFn.

With the layer in the global and the local costmap the robot's track stays below a tenth of the
social peak and grows by less than 60 %; without it the robot drives through.
"""

import unittest
from pathlib import Path

import launch_testing.actions
import rclpy
from launch_ros.actions import Node
from nav2_msgs.action import ComputePathToPose, FollowPath
from nav2_world import WORLDS, World, largest_cost_and_length, load_scene, people_of
from nav2_world import pose_in_map as pose

import launch

HERE = Path(__file__).parent
PARAMETERS = [str(HERE / "nav2_params.yaml"), str(HERE / "mppi_params.yaml")]


def generate_test_description() -> launch.LaunchDescription:
    room = {"yaml_filename": str(WORLDS / "maps" / "room.yaml")}
    servers = {"node_names": ["map_server", "planner_server", "controller_server"]}

    def server(package: str, name: str, *more: dict) -> Node:
        return Node(package=package, executable=name, parameters=[*PARAMETERS, *more])

    return launch.LaunchDescription(
        [
            server("nav2_map_server", "map_server", room),
            server("nav2_planner", "planner_server"),
            server("nav2_controller", "controller_server"),
            server("nav2_lifecycle_manager", "lifecycle_manager", servers),
            launch_testing.actions.ReadyToTest(),
        ]
    )


class MppiDrivesAroundPeople(unittest.TestCase):
    def setUp(self) -> None:
        rclpy.init()
        self.world = World()
        self.world.wait_for_servers()

    def tearDown(self) -> None:
        self.world.destroy_node()
        rclpy.shutdown()

    def drive(self, scene: dict) -> tuple[float, float]:
        plan = ComputePathToPose.Goal(planner_id="NavFn", use_start=False)
        plan.goal = pose(scene["goal"])
        path = self.world.call(ComputePathToPose, "compute_path_to_pose", plan).path
        self.assertGreater(len(path.poses), 10, "no path")
        self.world.track.clear()
        result = self.world.call(FollowPath, "follow_path", FollowPath.Goal(path=path), 120.0)
        self.assertEqual(result.error_code, 0)
        return largest_cost_and_length(self.world.track, people_of(scene))

    def test_two_scenes(self) -> None:
        lines = ["", "scene          without the layer   with it"]
        wrong = []
        for name in ("single", "circle"):
            scene = load_scene(name)
            found = {}
            for enabled in (False, True):
                self.world.people = people_of(scene)
                self.world.put_robot(scene["robot"])
                for costmap in ("global_costmap", "local_costmap"):
                    self.world.set(costmap, "enabled", enabled)
                self.world.wait_for_costs("global_costmap", enabled)
                found[enabled] = self.drive(scene)
            (before, short), (after, long) = found[False], found[True]
            figures = f"{before:4.2f}, {short:5.2f} m      {after:4.2f}, {long:5.2f} m"
            lines.append(f"{name:14} {figures}")
            if not (before > 0.3 and after < 0.1 and long < 1.6 * short):
                wrong.append(lines[-1])
        print("\n".join(lines))
        self.assertEqual(wrong, [])

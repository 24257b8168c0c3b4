"""Draws what max_cost does to NavFn and Smac 2D in a real planner server.

python draw_paths.py ../../doc/max_cost.png
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import launch_planners
import matplotlib.pyplot as plt
import numpy as np
import rclpy
from nav2_msgs.action import ComputePathToPose
from nav2_world import MODEL, World, load_scene, people_of, pose_in_map
from social_nav_core.grid import GridGeometry
from social_nav_core.proxemics import social_field

from launch import LaunchService

VALUES = {50: "tab:purple", 100: "tab:blue", 150: "tab:cyan", 200: "tab:green", 252: "k"}
SCENES = ("single", "face_to_face", "circle")
GRID = GridGeometry(200, 150, 0.05, (-5.0, -3.75, 0.0))
EXTENT = (-5.0, 5.0, -3.75, 3.75)
COSTMAP = "global_costmap"


def tracks(world: World, planner: str, scene: dict) -> dict[int, np.ndarray]:
    """Paths ``(n, 2)`` [m] of a planner across a scene, for each value of max_cost."""
    found = {}
    for value in VALUES:
        world.set(COSTMAP, "max_cost", value)
        world.wait_for_update(COSTMAP)
        goal = ComputePathToPose.Goal(planner_id=planner, use_start=True)
        goal.start, goal.goal = pose_in_map(scene["robot"]), pose_in_map(scene["goal"])
        path = world.call(ComputePathToPose, "compute_path_to_pose", goal).path
        found[value] = np.array([(p.pose.position.x, p.pose.position.y) for p in path.poses])
    return found


def draw(world: World, target: Path) -> None:
    figure, axes = plt.subplots(2, 3, figsize=(12, 5.6), constrained_layout=True)
    for column, name in enumerate(SCENES):
        scene = load_scene(name)
        world.people = people_of(scene)
        world.wait_for_costs(COSTMAP, True)
        field = social_field(world.people, MODEL, GRID)
        for row, planner in enumerate(("NavFn", "Smac2D")):
            axis = axes[row, column]
            axis.imshow(
                np.ma.masked_equal(field, 0.0), origin="lower", extent=EXTENT, cmap="YlOrRd"
            )
            for value, track in tracks(world, planner, scene).items():
                axis.plot(*track.T, color=VALUES[value], linewidth=1.2, label=f"{value}")
            axis.set(title=f"{name}, {planner}", xlim=(-3.5, 3.5), ylim=(-2.2, 2.2))
            axis.set(xlabel="x [m]", ylabel="y [m]")
    axes[0, 0].legend(title="max_cost", fontsize=7, title_fontsize=8, loc="lower left")
    figure.savefig(target, dpi=75)


def main() -> None:
    service = LaunchService()
    service.include_launch_description(launch_planners.generate_test_description())
    rclpy.init()
    world = World()

    def work() -> None:
        try:
            world.wait_for_servers()
            draw(world, Path(sys.argv[1]).resolve())
        finally:
            service.shutdown()

    threading.Thread(target=work).start()
    service.run()
    rclpy.shutdown()


if __name__ == "__main__":
    main()

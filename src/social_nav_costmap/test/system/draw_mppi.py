"""What max_cost does to MPPI, on a straight path through people and on the path of NavFn.

On the straight path the layer is in the local costmap only; NavFn's path has it in both.

python draw_mppi.py ../../doc/max_cost_mppi.png  # prints the table, too
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import launch_mppi
import matplotlib.pyplot as plt
import numpy as np
import rclpy
from draw_paths import EXTENT, GRID, SCENES
from nav2_msgs.action import ComputePathToPose, FollowPath
from nav2_world import (
    MODEL,
    PERIOD,
    World,
    largest_cost_and_length,
    load_scene,
    people_of,
    pose_in_map,
)
from nav_msgs.msg import Path as PathMessage
from social_nav_core.proxemics import social_field

from launch import LaunchService

VALUES = {100: "tab:blue", 150: "tab:cyan", 200: "tab:green", 252: "k"}
START, END = (-2.5, 0.0, 0.0), (2.5, 0.0, 0.0)


def straight_path() -> PathMessage:
    path = PathMessage()
    path.header.frame_id = "map"
    path.poses = [pose_in_map((x, 0.0, 0.0)) for x in np.arange(START[0], END[0] + 0.01, 0.05)]
    return path


def path_of_navfn(world: World) -> PathMessage:
    goal = ComputePathToPose.Goal(planner_id="NavFn", use_start=True)
    goal.start, goal.goal = pose_in_map(START), pose_in_map(END)
    return world.call(ComputePathToPose, "compute_path_to_pose", goal).path


def drive(world: World, path: PathMessage) -> tuple[np.ndarray, bool]:
    """The robot's track ``(n, 2)`` [m], and whether it reached the end of the path."""
    world.put_robot(START)
    world.wait_for_costs("local_costmap", True)
    world.wait_for_update("local_costmap")
    world.track.clear()
    result = world.call(FollowPath, "follow_path", FollowPath.Goal(path=path), 90.0)
    return np.array(world.track), result.error_code == 0


def draw(world: World, target: Path) -> None:
    figure, axes = plt.subplots(2, 3, figsize=(12, 5.6), constrained_layout=True)
    for column, name in enumerate(SCENES):
        world.people = people_of(load_scene(name))
        world.put_robot(START)
        world.wait_for_costs("global_costmap", True)
        field = social_field(world.people, MODEL, GRID)
        for row, kind in enumerate(("NavFn's path", "straight path")):
            axis = axes[row, column]
            axis.imshow(
                np.ma.masked_equal(field, 0.0), origin="lower", extent=EXTENT, cmap="YlOrRd"
            )
            for value, color in VALUES.items():
                for costmap in ("global_costmap", "local_costmap"):
                    world.set(costmap, "max_cost", value)
                world.wait_for_update("global_costmap")
                path = straight_path() if row else path_of_navfn(world)
                track, reached = drive(world, path)
                cost, length = largest_cost_and_length(track, world.people)
                time = f"{PERIOD * len(track):.1f} s" if reached else "stopped"
                print(f"| {name} | {kind} | {value} | {cost:.2f}, {length:.1f} m, {time} |")
                sys.stdout.flush()
                axis.plot(*track.T, color=color, linewidth=1.2, label=f"{value}")
            axis.set(title=f"{name}, {kind}", xlim=(-3.5, 3.5), ylim=(-2.2, 2.2))
            axis.set(xlabel="x [m]", ylabel="y [m]")
    axes[0, 0].legend(title="max_cost", fontsize=7, title_fontsize=8, loc="lower left")
    figure.savefig(target, dpi=75)


def main() -> None:
    service = LaunchService()
    service.include_launch_description(launch_mppi.generate_test_description())
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

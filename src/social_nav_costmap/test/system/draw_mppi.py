"""What max_cost does to MPPI, on the path of NavFn and on a straight path through people.

NavFn's path has the layer in both costmaps.  On the straight path the local costmap alone tells
MPPI about people; the last row gives its CostCritic four times the default weight.

python draw_mppi.py ../../doc/max_cost_mppi.png  # prints the table, too
"""

from __future__ import annotations

from typing import Any

import launch_mppi
import nav2_launch
import nav2_pictures
import numpy as np
from nav2_world import PERIOD, World, pose_in_map
from nav_msgs.msg import Path as PathMessage

VALUES = (100, 150, 200, 252)
START, END = (-2.5, 0.0, 0.0), (2.5, 0.0, 0.0)
USUAL_WEIGHT, HIGH_WEIGHT = 3.81, 15.0  # of CostCritic


def straight_path() -> PathMessage:
    path = PathMessage()
    path.header.frame_id = "map"
    path.poses = [pose_in_map((x, 0.0, 0.0)) for x in np.arange(START[0], END[0] + 0.01, 0.05)]
    return path


def drive(world: World, path: PathMessage, weight: float) -> tuple[np.ndarray, str]:
    """The robot's track ``(n, 2)`` [m], and how long it took or that the robot stopped."""
    world.set_parameter("/controller_server", "MPPI.CostCritic.cost_weight", weight)
    world.put_robot(START)
    world.wait_for_costs("local_costmap", True)
    world.wait_for_update("local_costmap")
    track, error = world.follow(path, 90.0)
    return track, ", stopped" if error else f", {PERIOD * len(track):.1f} s"


def along_navfn(world: World, scene: dict[str, Any]) -> tuple[np.ndarray, str]:
    return drive(world, world.plan("NavFn", END, START), USUAL_WEIGHT)


def straight(world: World, scene: dict[str, Any]) -> tuple[np.ndarray, str]:
    return drive(world, straight_path(), USUAL_WEIGHT)


def straight_at_high_weight(world: World, scene: dict[str, Any]) -> tuple[np.ndarray, str]:
    return drive(world, straight_path(), HIGH_WEIGHT)


def main() -> None:
    rows = {
        "NavFn's path": along_navfn,
        "straight path": straight,
        f"straight path, cost_weight {HIGH_WEIGHT:g}": straight_at_high_weight,
    }
    nav2_pictures.save(
        launch_mppi.generate_test_description(),
        lambda world: nav2_pictures.draw(world, rows, nav2_launch.COSTMAPS, VALUES),
    )


if __name__ == "__main__":
    main()

"""Draws what max_cost does to NavFn and Smac 2D in a real planner server.

python draw_paths.py ../../doc/max_cost.png  # prints the figures of its paths, too
"""

from __future__ import annotations

from typing import Any

import launch_planners
import nav2_pictures
import numpy as np
from nav2_world import World, points_of


def tracker(planner: str) -> nav2_pictures.Tracker:
    def track(world: World, scene: dict[str, Any]) -> tuple[np.ndarray, str]:
        return points_of(world.plan(planner, scene["goal"], scene["robot"])), ""

    return track


def main() -> None:
    rows = {planner: tracker(planner) for planner in launch_planners.PLANNERS}
    nav2_pictures.save(
        launch_planners.generate_test_description(),
        lambda world: nav2_pictures.draw(
            world, rows, [launch_planners.COSTMAP], launch_planners.VALUES
        ),
    )


if __name__ == "__main__":
    main()

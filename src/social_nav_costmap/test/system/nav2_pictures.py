"""Tracks through three scenes at several values of max_cost: a picture and the table beside it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import rclpy
from nav2_world import MODEL, World, largest_cost_and_length, load_scene, people_of
from social_nav_core.grid import GridGeometry
from social_nav_core.proxemics import social_field

from launch import LaunchDescription, LaunchService

COLORS = {50: "tab:purple", 100: "tab:blue", 150: "tab:cyan", 200: "tab:green", 252: "k"}
SCENES = ("single", "face_to_face", "circle")
GRID = GridGeometry(200, 150, 0.05, (-5.0, -3.75, 0.0))
EXTENT = (-5.0, 5.0, -3.75, 3.75)

# A track (n, 2) [m] across a scene, and what the table says after its cost and length.
Tracker = Callable[[World, dict[str, Any]], tuple[np.ndarray, str]]


def draw(
    world: World, rows: dict[str, Tracker], costmaps: Sequence[str], values: Sequence[int]
) -> plt.Figure:
    """One row of axes for each tracker; the layer is in the costmaps named."""
    size = (12.0, 3.1 * len(rows))
    figure, axes = plt.subplots(len(rows), 3, figsize=size, constrained_layout=True)
    for column, name in enumerate(SCENES):
        scene = load_scene(name)
        world.people = people_of(scene)
        world.wait_for_costs(costmaps[0], True)
        field = np.ma.masked_equal(social_field(world.people, MODEL, GRID), 0.0)
        for axis, (title, tracker) in zip(axes[:, column], rows.items(), strict=True):
            axis.imshow(field, origin="lower", extent=EXTENT, cmap="YlOrRd")
            cells = []
            for value in values:
                for costmap in costmaps:
                    world.set(costmap, "max_cost", value)
                world.wait_for_update(costmaps[0])
                track, more = tracker(world, scene)
                cost, length = largest_cost_and_length(track, world.people)
                cells.append(f"{cost:.2f}, {length:.1f} m{more}")
                axis.plot(*track.T, color=COLORS[value], linewidth=1.2, label=f"{value}")
            print(f"| {name} | {title} | {' | '.join(cells)} |", flush=True)
            axis.set(title=f"{name}, {title}", xlim=(-3.5, 3.5), ylim=(-2.2, 2.2))
            axis.set(xlabel="x [m]", ylabel="y [m]")
    axes[0, 0].legend(title="max_cost", fontsize=7, title_fontsize=8, loc="lower left")
    return figure


def save(nav2: LaunchDescription, drawn: Callable[[World], plt.Figure]) -> None:
    """Draw with Nav2 running, into the file that the command line names."""
    target = Path(sys.argv[1]).resolve()
    service = LaunchService()
    service.include_launch_description(nav2)
    rclpy.init()
    world = World()

    def work() -> None:
        try:
            world.wait_for_servers()
            drawn(world).savefig(target, dpi=75)
        finally:
            service.shutdown()

    threading.Thread(target=work).start()
    service.run()
    rclpy.shutdown()

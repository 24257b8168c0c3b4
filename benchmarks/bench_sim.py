"""Speed of the headless simulator against real time, on one core.

    python benchmarks/bench_sim.py [--seconds 20]

Every row simulates the same time at 20 Hz: people and robot alone, with a lidar scan at its own
10 Hz, and as a whole navigation loop (plan every second, follow at 20 Hz, lidar).  The last rows
time planning.  Figures are CPU time, the best of three runs.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from social_nav_core.geometry import FloatArray  # noqa: E402
from social_nav_core.sim.follower import PathFollower  # noqa: E402
from social_nav_core.sim.planner import GridPlanner  # noqa: E402
from social_nav_core.sim.scene import Scene, ScenePerson, load_scene, occupancy  # noqa: E402
from social_nav_core.sim.world import World  # noqa: E402

DT = 0.05
SCENES = Path(__file__).resolve().parent.parent / "worlds" / "scenes"


def crowded(scene: Scene, count: int) -> Scene:
    """The scene with people in rows, off the robot's way."""
    people = tuple(
        ScenePerson(f"person_{i}", (-2.0 + 0.7 * (i % 10), 1.0 + 0.4 * (i // 10), -1.57))
        for i in range(count)
    )
    return replace(scene, people=people)


def step_only(scene: Scene, steps: int) -> None:
    """People and robot."""
    world = World(scene, 1)
    for _ in range(steps):
        world.step((0.4, 0.5), DT)


def with_lidar(scene: Scene, steps: int) -> None:
    """People, robot and lidar."""
    world = World(scene, 1)
    for index in range(steps):
        world.step((0.4, 0.5), DT)
        if index % 2 == 0:
            world.scan()


def navigation(scene: Scene, steps: int) -> None:
    """The whole loop, without social costs."""
    world = World(scene, 1)
    planner, follower = GridPlanner(*occupancy(scene)), PathFollower()
    points = np.zeros((0, 2))
    state = world.state
    for index in range(steps):
        if index % 20 == 0:
            follower.set_path(planner_path(planner, state.robot_in_map, scene), scene.goal[2])
        if index % 2 == 0:
            points = world.lidar.points_in_robot(world.scan())
        command = follower.command(state.robot_in_map, state.robot_velocity, DT, points)
        state = world.step(command.velocity, DT)


def planner_path(
    planner: GridPlanner, robot: tuple[float, float, float], scene: Scene
) -> FloatArray:
    """A new plan from where the robot is."""
    planner.update()
    return planner.plan(robot, scene.goal)


def best_of_three(job: Callable[[], object]) -> float:
    """Shortest CPU time [s] of three runs."""
    times = []
    for _ in range(3):
        begin = time.process_time()
        job()
        times.append(time.process_time() - begin)
    return min(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="simulated time per run [s]")
    seconds = parser.parse_args().seconds
    steps = math.ceil(seconds / DT)
    empty = load_scene(SCENES / "room.yaml")
    scenes = [load_scene(SCENES / f"{name}.yaml") for name in ("room", "circle", "approach")]
    scenes += [replace(crowded(empty, count), name=f"{count} people") for count in (5, 20, 50)]
    print(f"{'scene':12}{'job':14}{'ms per step':>12}{'x real time':>13}")
    for scene in scenes:
        for job in (step_only, with_lidar, navigation):
            cpu = best_of_three(partial(job, scene, steps))
            label = job.__name__.replace("_", " ")
            print(f"{scene.name:12}{label:14}{1e3 * cpu / steps:12.3f}{seconds / cpu:13.0f}")
    for resolution in (0.1, 0.05, 0.025):
        planner = GridPlanner(*occupancy(empty, resolution))
        cpu = best_of_three(partial(planner_path, planner, empty.robot, empty))
        width, height = planner.geometry.width, planner.geometry.height
        print(f"replanning on {width} x {height} cells: {1e3 * cpu:.1f} ms")


if __name__ == "__main__":
    main()

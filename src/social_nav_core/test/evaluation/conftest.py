"""Made-up run records: a robot through or around a circle of three, and up to one person."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.bodies import Body
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.evaluation.run import CameraView, RunRecord
from social_nav_core.geometry import FloatArray, bearing, wrap_angle
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Intent, Person, certain
from social_nav_core.sim.room import Box, BoxArray

PERIOD = 0.1
FURNITURE = (
    Box("table", "table", (2.0, 6.2, 0.0), (1.8, 0.8), 0.75),
    Box("shelf", "shelf", (10.6, 0.6, 0.0), (1.6, 0.6), 1.8),
    Box("sofa", "sofa", (11.9, 5.2, np.pi / 2), (1.6, 0.9), 0.8),
    Box("plant", "plant", (0.6, 0.6, 0.0), (0.5, 0.5), 1.2),
    Box("chair", "chair", (2.1, 5.5, 1.7), (0.45, 0.45), 0.9),
)


def room() -> tuple[GridGeometry, np.ndarray]:
    """A 13 x 7 m room with walls of 0.1 m and three pieces of furniture, at 0.05 m."""
    grid = GridGeometry(260, 140, 0.05)
    centers = grid.centers()
    occupied = (centers < 0.1).any(-1) | (centers > np.array([12.9, 6.9])).any(-1)
    occupied |= BoxArray(FURNITURE).clearances(centers) < 0.0
    return grid, np.where(occupied, 100, 0).astype(np.int8)


def walk(points: FloatArray, speed: float = 0.7) -> FloatArray:
    """Poses (t, 3) of a smooth drive along points (k, 2) that slows down at both ends."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = int(along[-1] / speed / PERIOD) + 10
    phase = np.linspace(0.0, 1.0, count)
    eased = along[-1] * (0.15 * (1.0 - np.cos(np.pi * phase)) / 2.0 + 0.85 * phase)
    xy = np.stack([np.interp(eased, along, points[:, i]) for i in (0, 1)], -1)
    step = np.gradient(xy, axis=0)
    return np.concatenate([xy, np.arctan2(step[:, 1], step[:, 0])[:, None]], -1)


def bump(start: FloatArray, goal: FloatArray, sideways: float) -> FloatArray:
    """A curve (100, 2) from start to goal that swings sideways by some metres halfway."""
    phase = np.linspace(0.0, 1.0, 100)[:, None]
    along = (goal - start) / np.linalg.norm(goal - start)
    left = np.array([-along[1], along[0]])
    return start + phase * (goal - start) + sideways * np.sin(np.pi * phase) ** 2 * left


def soft_field(grid: GridGeometry, poses: FloatArray) -> FloatArray:
    """Stand-in for the social costs: a Gaussian hill a little in front of everybody."""
    field = np.zeros(grid.shape)
    for x, y, yaw in poses[np.isfinite(poses).all(-1)]:
        offset = grid.centers() - (x + 0.15 * np.cos(yaw), y + 0.15 * np.sin(yaw))
        forward = offset @ (np.cos(yaw), np.sin(yaw))
        left = offset @ (-np.sin(yaw), np.cos(yaw))
        field = np.maximum(field, np.exp(-0.5 * ((forward / 0.55) ** 2 + (left / 0.4) ** 2)))
    return field


def circle_of_three(center: tuple[float, float] = (6.5, 3.5), radius: float = 0.9) -> FloatArray:
    """Poses (3, 3) of people in a circle who face its centre."""
    angles = np.pi / 2 + np.arange(3) * 2.0 * np.pi / 3.0
    xy = np.array(center) + radius * np.stack([np.cos(angles), np.sin(angles)], -1)
    return np.concatenate([xy, wrap_angle(angles + np.pi)[:, None]], -1)


def avoid_run(social: bool) -> RunRecord:
    """Across the room: around the circle with the social costs, through it without."""
    grid, occupancy = room()
    start, goal = np.array([1.5, 3.4]), np.array([11.2, 3.5])
    points = bump(start, goal, -1.9 if social else 0.0)
    robot = walk(points)
    people = [
        Person(f"person_{i}", pose, intent=certain(Intent.NOT_INTERESTED), group_id="circle")
        for i, pose in enumerate(circle_of_three())
    ]
    arm = "social costs" if social else "no social costs"
    recorder = RunRecorder("circle of three", "avoid", arm, seed=7)
    for i, pose in enumerate(robot):
        recorder.sample(i * PERIOD, pose, (0.7, 0.0), people)
    recorder.goal(0.0, (*goal, 0.0))
    recorder.path(0.0, points)
    recorder.costs(0.0, soft_field(grid, np.array([p.pose for p in people])))
    recorder.event(0.0, "goal sent: across the group")
    recorder.event((len(robot) - 1) * PERIOD, "goal reached")
    return recorder.record(reached=True, grid=grid, occupancy=occupancy, furniture=FURNITURE)


def approach_run() -> RunRecord:
    """Up to one person, who then walks off to another place; the robot follows."""
    grid, occupancy = room()
    first, second = np.array([7.6, 4.6, -2.6]), np.array([9.4, 2.2, 2.9])
    goals = [place_before(pose) for pose in (first, second)]
    to_first = walk(bump(np.array([1.6, 1.4]), goals[0][:2], -0.3))
    stroll = walk(np.array([first[:2], second[:2]]), speed=0.9)
    wait = np.repeat(goals[0][None], 5 + len(stroll), axis=0)
    to_second = walk(bump(goals[0][:2], goals[1][:2], -0.4))
    turn = np.repeat(goals[1][None], 25, axis=0)
    robot = np.concatenate([to_first, wait, to_second, turn])
    leaves = len(to_first) + 5
    bystander = Person("person_b", np.array([4.0, 5.2, 0.6]), intent=certain(Intent.NOT_INTERESTED))

    recorder = RunRecorder("one interested person", "approach", "social costs", seed=7)
    for i, pose in enumerate(robot):
        person = first if i < leaves else second
        if leaves <= i < leaves + len(stroll):
            person = stroll[i - leaves]
        target = Person("person_a", person, intent=certain(Intent.INTERESTED))
        recorder.sample(i * PERIOD, pose, (0.7, 0.0), [target, bystander])
        if i % 5 == 0:
            recorder.costs(i * PERIOD, soft_field(grid, np.array([person, bystander.pose])))
        if i % 30 == 0:
            recorder.view(_camera_view(i * PERIOD))
    recorder.goal(0.0, goals[0])
    recorder.path(0.0, to_first[:, :2])
    recorder.event(0.0, "goal sent: the place in front of person_a")
    again = (leaves + len(stroll)) * PERIOD
    recorder.goal(again, goals[1])
    recorder.path(again, to_second[:, :2])
    recorder.event(leaves * PERIOD, "person_a walks away")
    recorder.event(again, "new goal: person_a has moved")
    recorder.event((len(robot) - 1) * PERIOD, "arrived in front of person_a")
    return recorder.record(
        reached=True,
        grid=grid,
        occupancy=occupancy,
        furniture=FURNITURE,
        target_id="person_a",
    )


def place_before(person: FloatArray, distance: float = 1.0) -> FloatArray:
    """The pose (3,) straight in front of a person that faces the person."""
    xy = person[:2] + distance * np.array([np.cos(person[2]), np.sin(person[2])])
    return np.array([*xy, float(bearing(xy, person[:2]))])


def _camera_view(time: float) -> CameraView:
    joints = _stick_figure(320.0 + 20.0 * np.sin(time), 60.0, 330.0).astype(np.float32)
    confidence = np.full(23, 0.9, dtype=np.float32)
    confidence[3] = 0.0
    body = Body("person_a", joints[:, 0], joints[:, 1], confidence, np.array([2.0, 0.0, np.pi]))
    return CameraView(time, 640, 480, (body,))


def _stick_figure(x: float, top: float, height: float) -> FloatArray:
    """COCO-WholeBody's body and feet, upright and seen from the front (23, 2) [pixel]."""
    sideways = [0, 4, -4, 8, -8, 20, -20, 28, -28, 30, -30, 13, -13, 14, -14, 15, -15]
    sideways += [20, 24, 13, -20, -24, -13]
    down = [0.08, 0.06, 0.06, 0.07, 0.07, 0.19, 0.19, 0.35, 0.35, 0.5, 0.5, 0.52, 0.52, 0.74, 0.74]
    down += [0.96, 0.96, 1.0, 0.99, 0.98, 1.0, 0.99, 0.98]
    columns = x + np.array(sideways, float) * height / 170.0
    return np.stack([columns, top + height * np.array(down)], -1)


@pytest.fixture(scope="session")
def avoid_with() -> RunRecord:
    """Avoid, with the social costs."""
    return avoid_run(social=True)


@pytest.fixture(scope="session")
def avoid_without() -> RunRecord:
    """Avoid, without the social costs."""
    return avoid_run(social=False)


@pytest.fixture(scope="session")
def approach() -> RunRecord:
    """Approach, of a person who moves."""
    return approach_run()

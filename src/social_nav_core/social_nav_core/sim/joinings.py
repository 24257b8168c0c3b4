"""Simulated joinings: three people talk, a fourth walks around them and joins.

The scripts follow the CongreG8 recordings (PLoS ONE 2021, 0247364) in outline only: they test the
learning and its tutorial, and say nothing about how people keep their distance.
"""

from __future__ import annotations

import math

import numpy as np

from social_nav_core.recordings.trajectories import Trajectories, speeds_of
from social_nav_core.sim.room import Box, Room
from social_nav_core.sim.scene import Labels, Scene, ScenePerson, ScriptStep
from social_nav_core.sim.world import World

NEWCOMER = "p4"
STAY = 4.0  # [s] that everybody stands after the newcomer has joined
LONGEST = 60.0  # [s]
PERIOD = 0.05  # [s] between recorded instants


def joining_scene(rng: np.random.Generator) -> Scene:
    """A group of three with a gap, and a newcomer with a way around the group to the gap."""
    radius, gap = rng.uniform(0.6, 0.85), rng.uniform(-math.pi, math.pi)
    members = []
    for number in (1, 2, 3):
        angle = gap + number * 0.5 * math.pi + rng.normal(0.0, 0.12)
        length = radius + rng.normal(0.0, 0.05)
        x, y = length * math.cos(angle), length * math.sin(angle)
        facing = math.atan2(-y, -x) + rng.normal(0.0, 0.1)
        members.append(ScenePerson(f"p{number}", (x, y, facing), "talk"))
    room = Room("yard", (-5.0, 5.0), (-5.0, 5.0), 0.1, (_wall(),), ())
    far_corner = (-4.5, -4.5, 0.0)
    people = (*members, _newcomer(radius, gap, rng))
    return Scene("joining", "A newcomer joins three people.", room, people, far_corner, far_corner)


def _newcomer(radius: float, gap: float, rng: np.random.Generator) -> ScenePerson:
    turn = rng.uniform(0.3, math.pi) * rng.choice([-1.0, 1.0])
    distance, speed = rng.uniform(1.2, 1.9), rng.uniform(0.7, 1.2)
    angles = gap + turn * np.linspace(1.0, 0.0, 2 + int(abs(turn) / 0.4))
    ways = [(distance * math.cos(a), distance * math.sin(a)) for a in angles]
    last = radius + rng.uniform(0.0, 0.15)
    ways.append((last * math.cos(gap), last * math.sin(gap)))
    labels = Labels()
    steps = [ScriptStep("walk_to", "idle", "", labels, point=way, speed=speed) for way in ways]
    inward = math.atan2(-math.sin(gap), -math.cos(gap))
    steps.append(ScriptStep("turn_to", "idle", "", labels, target=inward))
    start = (2.0 * ways[0][0], 2.0 * ways[0][1], math.atan2(-ways[0][1], -ways[0][0]))
    return ScenePerson(NEWCOMER, start, script=tuple(steps))


def _wall() -> Box:
    return Box("wall_west", "wall", (-5.05, 0.0, 0.0), (0.1, 10.0), 2.5)


def simulate_joining(seed: int) -> Trajectories:
    """Poses of everybody, twenty times a second, until 4 s after the newcomer has joined."""
    rng = np.random.default_rng(seed)
    scene = joining_scene(rng)
    goal = next(step.point for step in reversed(scene.people[-1].script) if step.point)
    world = World(scene, seed)
    times, poses = [], []
    joined: list[bool] = []
    while world.state.time < LONGEST and sum(joined) * PERIOD < STAY:
        newcomer = world.state.people[-1]
        there = math.dist(newcomer.pose[:2], goal) < 0.1 and newcomer.speed < 0.05
        times.append(world.state.time)
        poses.append([person.pose for person in world.state.people])
        joined.append(there)
        world.step(None, PERIOD)
    groups = np.zeros((len(times), len(scene.people)), dtype=int)
    groups[~np.array(joined), -1] = -1
    array = np.array(poses)
    ids = tuple(person.id for person in scene.people)
    clock = np.array(times)
    return Trajectories(clock, ids, array, speeds_of(clock, array), groups, f"joining {seed}")

"""Suites: which scenes, which tasks, and how a trial's start, goal and people are drawn.

A suite is a YAML file; anyone can add one:

    format: 1
    name: paper
    description: one sentence
    arms: [ours, no layer]
    entries:
      - {scene: ../scenes/circle.yaml, task: avoid, vary: formation}
      - {scene: ../scenes/circle.yaml, task: approach, vary: formation, target: ana}

Scenes are paths relative to the file.  ``vary`` says what is drawn anew in every trial: 'none';
'start' moves the robot's start and goal a little; 'formation' turns and shifts the people as a
whole, with the ways of their scripts, and draws the start anywhere around them, in avoid with the
goal opposite.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from social_nav_core.evaluation.arms import ALL_ARMS, DEFAULT_ARMS
from social_nav_core.evaluation.run import TASKS
from social_nav_core.evaluation.trial import Trial
from social_nav_core.geometry import FloatArray, compose, wrap_angle
from social_nav_core.people import Action, Attitude, Intent
from social_nav_core.sim.reading import Fields, SceneError
from social_nav_core.sim.robot import Pose
from social_nav_core.sim.scene import (
    BODY_RADIUS,
    ROBOT,
    ROBOT_RADIUS,
    Labels,
    Scene,
    ScenePerson,
    load_scene,
    walks_of,
)

VARIATIONS = ("none", "start", "formation")
CLEARANCE = 0.3
"""Way [m] that is kept between walls and the robot's edge at drawn starts and goals."""
AROUND = (2.2, 5.5)
"""Distances [m] from the middle of the people at which starts and goals are drawn."""
SHORTEST = 0.5
"""Way [m] from start to goal that avoid takes at least."""
START_JITTER = 0.3
YAW_JITTER = 0.4
"""Half widths [m], [rad] of the changes of 'start'."""
TRIES = 500
WILLING = (Intent.INTERESTED, Intent.INTERACTING)


@dataclass(frozen=True)
class Entry:
    """One scene and task of a suite; `target_id` is who is approached, '' in avoid."""

    scene: Scene
    task: str
    vary: str
    target_id: str = ""

    @property
    def name(self) -> str:
        """'task scene', the name under which results are gathered."""
        return f"{self.task} {self.scene.name}"


@dataclass(frozen=True)
class Suite:
    """A named list of entries, and the arms that are tried when nobody says which."""

    name: str
    description: str
    entries: tuple[Entry, ...]
    arms: tuple[str, ...] = DEFAULT_ARMS


def load_suite(path: str | Path) -> Suite:
    """Read a suite file; raises `SceneError` that names file, field and what was expected."""
    fields = Fields.of_file(Path(path))
    name, description = fields.text("name"), fields.text("description")
    arms = _arms(fields) if fields.has("arms") else DEFAULT_ARMS
    entries = tuple(_entry(item) for item in fields.items("entries"))
    fields.finish()
    if not entries:
        raise fields.error("entries", "empty", "at least one entry")
    names = [entry.name for entry in entries]
    for double in {name for name in names if names.count(name) > 1}:
        raise fields.error("entries", f"'{double}' twice", "every scene once for each task")
    return Suite(name, description, entries, arms)


def _arms(fields: Fields) -> tuple[str, ...]:
    names = fields.take("arms", "a list of arms")
    good = isinstance(names, list) and names and all(name in ALL_ARMS for name in names)
    if not good or len(set(names)) != len(names):
        raise fields.error("arms", repr(names), f"a list of some of {', '.join(ALL_ARMS)}")
    return tuple(names)


def _entry(fields: Fields) -> Entry:
    scene = load_scene(fields.file.parent / fields.text("scene"))
    task = fields.choice("task", TASKS)
    vary = fields.choice("vary", VARIATIONS) if fields.has("vary") else "none"
    _check_entry(fields, scene, task, vary)
    target = ""
    if task == "approach":
        target = fields.choice("target", tuple(person.id for person in scene.people))
    fields.finish()
    return Entry(scene, task, vary, target)


def _check_entry(fields: Fields, scene: Scene, task: str, vary: str) -> None:
    """Raise where no trial can be drawn of a scene, or where it would be none."""
    named = f"'{scene.name}'"
    if not scene.people and (task == "approach" or not scene.flows):
        people = "people" if task == "approach" else "people or flows"
        raise fields.error("scene", f"{named}, which has none", f"a scene with {people}")
    if vary == "formation":
        seated = [person.id for person in scene.people if person.seated]
        reason = "flows" if scene.flows else f"'{seated[0]}', who is seated," if seated else ""
        if reason:
            expected = f"none or start: {reason} cannot be turned in scene {named}"
            raise fields.error("vary", "'formation'", expected)
    elif task == "avoid" and (away := math.dist(scene.robot[:2], scene.goal[:2])) <= SHORTEST:
        got = f"{named}, whose goal is {away:.2f} m from the robot's start"
        raise fields.error("scene", got, f"more than {SHORTEST:g} m")


def draw_trial(entry: Entry, index: int, seed: int) -> Trial:
    """The trial of an entry with an index; depends on the entry's name, the index and the seed.

    Raises:
        SceneError: no free start is found in the room.
    """
    own = zlib.crc32(entry.name.encode())
    stream = np.random.SeedSequence([seed, own, index])
    rng = np.random.default_rng(stream)
    scene = entry.scene if entry.task == "avoid" else _willing(entry.scene, entry.target_id)
    if entry.vary == "start":
        scene = _with_other_start(scene, rng)
    elif entry.vary == "formation":
        scene = _with_other_formation(scene, entry.task, rng)
    return Trial(scene, entry.task, int(stream.generate_state(1)[0]), entry.target_id)


def _willing(scene: Scene, target_id: str) -> Scene:
    """The scene in which the target and its group want to talk, where they do not already.

    They look at the robot, which is how a perception can know.
    """
    target = next(person for person in scene.people if person.id == target_id)
    if target.labels.intent in WILLING:
        return scene
    labels = Labels(Intent.INTERESTED, Attitude.POSITIVE, Action.GAZE)
    people = tuple(
        replace(person, labels=labels, look_at=ROBOT)
        if person is target or (person.group and person.group == target.group)
        else person
        for person in scene.people
    )
    return replace(scene, people=people)


def _with_other_start(scene: Scene, rng: np.random.Generator) -> Scene:
    for _ in range(TRIES):
        start, goal = _moved(scene.robot, rng), _moved(scene.goal, rng)
        if _is_free(scene, [start, goal]) and math.dist(start[:2], goal[:2]) > SHORTEST:
            return replace(scene, robot=start, goal=goal)
    raise SceneError(f"scene '{scene.name}': no free start within {START_JITTER} m of its own")


def _moved(pose: Pose, rng: np.random.Generator) -> Pose:
    x, y = rng.uniform(-START_JITTER, START_JITTER, 2).tolist()
    return pose[0] + x, pose[1] + y, float(wrap_angle(pose[2] + rng.uniform(-1, 1) * YAW_JITTER))


def _with_other_formation(scene: Scene, task: str, rng: np.random.Generator) -> Scene:
    """People turned and shifted as one, with their ways; start around them, goal opposite."""
    middle = np.mean([person.pose[:2] for person in scene.people], axis=0)
    for _ in range(TRIES):
        turn, away = rng.uniform(-np.pi, np.pi, 2)
        shift = rng.uniform(-0.5, 0.5, 2)
        people = tuple(_turned(person, middle, shift, turn) for person in scene.people)
        center = np.mean([person.pose[:2] for person in people], axis=0)
        start = _around(center, away, rng)
        goal = _around(center, away + np.pi, rng)
        goal = (goal[0], goal[1], float(wrap_angle(away + np.pi)))
        drawn = replace(scene, people=people, robot=start)
        if task == "avoid":
            drawn = replace(drawn, goal=goal)
        if _is_free(drawn, [start, goal] if task == "avoid" else [start]) and _can_walk(drawn):
            return drawn
    raise SceneError(
        f"scene '{scene.name}': in {TRIES} tries no formation had free places and ways for people"
        " and a free start around them"
    )


def _turned(person: ScenePerson, middle: FloatArray, shift: FloatArray, turn: float) -> ScenePerson:
    """A person and the script, turned [rad] about a point (2,) and then shifted (2,) [m]."""

    def moved(pose: Pose) -> Pose:
        x, y, yaw = compose((*(middle + shift), turn), compose((*-middle, 0.0), pose)).tolist()
        return x, y, yaw

    script = tuple(
        replace(
            step,
            point=None if step.point is None else moved((*step.point, 0.0))[:2],
            target=float(wrap_angle(step.target + turn))
            if step.kind == "turn_to" and not isinstance(step.target, str)
            else step.target,
        )
        for step in person.script
    )
    return replace(person, pose=moved(person.pose), script=script)


def _can_walk(scene: Scene) -> bool:
    """Whether all ways of people are inside the room and off its walls."""
    walks = [places for person in scene.people for places in walks_of(person)]
    places = np.concatenate([np.zeros((0, 2)), *walks])
    clearances = scene.room.box_array.clearances(places)
    return bool(scene.room.contains(places).all() and clearances.min(initial=np.inf) > BODY_RADIUS)


def _around(center: np.ndarray, direction: float, rng: np.random.Generator) -> Pose:
    """A pose off a centre, somewhere in a direction [rad], that looks back at it."""
    distance = rng.uniform(*AROUND)
    direction += rng.uniform(-0.15, 0.15)
    x, y = (center + distance * np.array([np.cos(direction), np.sin(direction)])).tolist()
    return x, y, float(wrap_angle(direction + np.pi + rng.uniform(-1, 1) * YAW_JITTER))


def _is_free(scene: Scene, robot: Sequence[Pose]) -> bool:
    """Whether people and robot poses are inside the room, off its walls and off each other.

    The robot's poses are its start and maybe its goal, which people who walk away may stand on.
    Who is seated may be where furniture is.
    """
    boxes, places = scene.room.box_array, np.array([pose[:2] for pose in robot])
    people = np.array([person.pose[:2] for person in scene.people]).reshape(-1, 2)
    standing = np.array([not person.seated for person in scene.people], dtype=bool)
    if not (scene.room.contains(places).all() and scene.room.contains(people).all()):
        return False
    gaps = np.linalg.norm(places[:, None] - people, axis=-1)
    leaves = [bool(person.script) for person in scene.people]
    gaps[1:, leaves] = np.inf
    smallest = gaps.min(initial=np.inf)
    return bool(
        boxes.clearances(places).min() > ROBOT_RADIUS + CLEARANCE
        and boxes.clearances(people[standing]).min(initial=np.inf) > BODY_RADIUS
        and smallest > ROBOT_RADIUS + BODY_RADIUS + CLEARANCE
    )

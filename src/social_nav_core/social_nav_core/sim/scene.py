"""Scenes: who stands where in which room, what they do, where the robot starts and should go."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Action, Attitude, Intent
from social_nav_core.sim.anatomy.gestures import Gesture
from social_nav_core.sim.flows import Flow, read_flow
from social_nav_core.sim.reading import Fields, SceneError
from social_nav_core.sim.room import Room, load_room

GESTURES = tuple(gesture.name.lower() for gesture in Gesture)
STEP_KINDS = ("stand", "walk_to", "turn_to", "await_robot")
ROBOT = "robot"  # the name by which people's scripts refer to the robot
BODY_RADIUS = 0.25  # of a person's ground plan [m]: half a shoulder width
ROBOT_RADIUS = 0.27  # of TIAGo's base [m]
SLOWEST, FASTEST = 0.5, 1.4  # walking speeds [m/s]


@dataclass(frozen=True)
class Labels:
    """What a person truly wants, feels and does."""

    intent: Intent = Intent.NOT_INTERESTED
    attitude: Attitude = Attitude.NOT_INTERACTING
    action: Action = Action.NO_RESPONSE


@dataclass(frozen=True)
class ScriptStep:
    """One step of what a person does; it ends and the next one begins.

    Attributes:
        kind: "stand" for ``duration``; "walk_to" ``point`` at ``speed``; "turn_to" face
            ``target``; "await_robot" until it is within ``distance`` or ``duration`` is over.
        gesture: one of `GESTURES`, during this step.
        look_at: whom the head turns to during this step: "robot", a person's id or "" (ahead).
        labels: ground truth from this step on.
        duration: [s]; a turn ends when the target is faced.
        point: where to walk, (x, y) [m] in the map.
        speed: of walking [m/s].
        target: "robot", a person's id, or a yaw [rad] in the map.
        distance: from the person's centre to the robot's [m].
    """

    kind: str
    gesture: str
    look_at: str
    labels: Labels
    duration: float = math.inf
    point: tuple[float, float] | None = None
    speed: float = 0.0
    target: str | float = 0.0
    distance: float = 0.0


@dataclass(frozen=True)
class ScenePerson:
    """A person at the start of a scene, and the script from there on.

    Attributes:
        id: unique in the scene.
        pose: (x [m], y [m], yaw [rad]) in the map; yaw is the chest's.
        group: name of the conversation that the person is part of, "" when alone.
        height: of the body [m].
        seated: whether the person sits; a seated person has no script that walks or turns.
        gesture, look_at: before and after the script, and in steps that do not say.
        labels: ground truth at the start.
        script: steps in order; a person without one stands.
        repeat: whether the script starts again when it is over.
    """

    id: str
    pose: tuple[float, float, float]
    group: str = ""
    height: float = 1.72
    seated: bool = False
    gesture: str = "idle"
    look_at: str = ""
    labels: Labels = Labels()
    script: tuple[ScriptStep, ...] = ()
    repeat: bool = False


@dataclass(frozen=True)
class Scene:
    """Everything that a run of the simulator starts from; immutable.

    Attributes:
        name: of the scene.
        description: one sentence for people.
        room: with walls and furniture.
        people: at time 0.
        robot: start pose (x [m], y [m], yaw [rad]) in the map.
        goal: where the robot should go in the avoid task, in the map.
        flows: people who walk to and fro; who starts where is drawn in every run.
    """

    name: str
    description: str
    room: Room
    people: tuple[ScenePerson, ...]
    robot: tuple[float, float, float]
    goal: tuple[float, float, float]
    flows: tuple[Flow, ...] = ()


def occupancy(scene: Scene, resolution: float = 0.05) -> tuple[GridGeometry, NDArray[np.int8]]:
    """Map of the scene's room without people: grid in the map frame, and cells 0, 100 or -1."""
    return scene.room.occupancy(resolution)


def load_scene(path: str | Path) -> Scene:
    """Read a scene file; its ``room`` is a path relative to that file.

    Raises:
        SceneError: names file and field, what was got and what was expected; also when somebody
            stands in a wall or walks through one.
    """
    fields = Fields.of_file(Path(path))
    name, description = fields.label("name"), fields.text("description")
    room = load_room(Path(path).parent / fields.text("room"))
    people = tuple(_read_person(item) for item in fields.items("people"))
    flows = tuple(read_flow(item, room) for item in fields.items("flows"))
    robot, goal = fields.pose("robot"), fields.pose("goal")
    scene = Scene(name, description, room, people, robot, goal, flows)
    fields.finish()
    _check_names(scene, fields.file)
    _check_places(scene, fields.file)
    return scene


def _read_person(fields: Fields) -> ScenePerson:
    labels = _read_labels(fields, Labels())
    gesture, look_at = _read_manner(fields, "idle", "")
    script = []
    at_step = labels
    for item in fields.items("script"):
        at_step = _read_labels(item, at_step)
        script.append(_read_step(item, gesture, look_at, at_step))
    person = ScenePerson(
        id=fields.label("id"),
        pose=fields.pose("pose"),
        group=fields.label("group") if fields.has("group") else "",
        height=fields.number("height", "m", 0.8, 2.2) if fields.has("height") else 1.72,
        seated=fields.flag("seated"),
        gesture=gesture,
        look_at=look_at,
        labels=labels,
        script=tuple(script),
        repeat=fields.flag("repeat"),
    )
    fields.finish()
    if person.seated and any(step.kind in ("walk_to", "turn_to") for step in script):
        raise fields.error("script", "walking or turning", "a seated person that does neither")
    if person.repeat and not script:
        raise fields.error("repeat", "true", "a script to repeat")
    return person


def _read_labels(fields: Fields, before: Labels) -> Labels:
    def read(name: str, value: Intent | Attitude | Action) -> int:
        if not fields.has(name):
            return int(value)
        names = tuple(member.name.lower() for member in type(value))
        return names.index(fields.choice(name, names))

    return Labels(
        Intent(read("intent", before.intent)),
        Attitude(read("attitude", before.attitude)),
        Action(read("action", before.action)),
    )


def _read_manner(fields: Fields, gesture: str, look_at: str) -> tuple[str, str]:
    gesture = fields.choice("gesture", GESTURES) if fields.has("gesture") else gesture
    return gesture, fields.text("look_at") if fields.has("look_at") else look_at


def _read_step(fields: Fields, gesture: str, look_at: str, labels: Labels) -> ScriptStep:
    kind = fields.choice("do", STEP_KINDS)
    manner = _read_manner(fields, gesture, look_at)
    step = ScriptStep(kind, *manner, labels)
    if kind == "stand":
        duration = fields.number("duration", "s", 0.0, 3600.0)
        step = ScriptStep(kind, *manner, labels, duration=duration)
    elif kind == "walk_to":
        speed = fields.number("speed", "m/s", SLOWEST, FASTEST)
        step = ScriptStep(kind, *manner, labels, point=fields.point("point"), speed=speed)
    elif kind == "turn_to":
        step = ScriptStep(kind, *manner, labels, target=_read_target(fields))
    elif kind == "await_robot":
        duration = fields.number("duration", "s", 0.0, 3600.0)
        distance = fields.number("distance", "m", 0.5, 20.0)
        step = ScriptStep(kind, *manner, labels, duration=duration, distance=distance)
    fields.finish()
    return step


def _read_target(fields: Fields) -> str | float:
    target = fields.take("target", "robot, a person's id or a yaw [rad]")
    if isinstance(target, str) and target:
        return target
    if isinstance(target, bool) or not isinstance(target, (int, float)) or abs(target) > 7.0:
        raise fields.error("target", repr(target), "robot, a person's id or a yaw [rad]")
    return float(target)


def _check_names(scene: Scene, file: Path) -> None:
    ids = [person.id for person in scene.people]
    everybody = [*ids, *(name for flow in scene.flows for name in flow.ids)]
    for index, person in enumerate(scene.people):
        where = f"{file}: people[{index}]"
        if person.id == ROBOT or everybody.count(person.id) > 1:
            raise SceneError(f"{where}.id is '{person.id}', expected a name nobody else has")
        others = [ROBOT, *(other for other in ids if other != person.id)]
        named = [person.look_at]
        for step in person.script:
            named += [step.look_at, step.target if isinstance(step.target, str) else ""]
        for name in named:
            if name and name not in others:
                raise SceneError(f"{where} refers to '{name}', expected one of {', '.join(others)}")
    names = [flow.name for flow in scene.flows]
    for name in names:
        if names.count(name) > 1:
            raise SceneError(f"{file}: two flows are called '{name}', expected different names")


def _check_places(scene: Scene, file: Path) -> None:
    for field, pose in (("robot", scene.robot), ("goal", scene.goal)):
        _check_clear(scene.room, [pose[:2]], ROBOT_RADIUS, f"{file}: {field}")
    for index, person in enumerate(scene.people):
        where = f"{file}: people[{index}]"
        gap = math.dist(person.pose[:2], scene.robot[:2]) - BODY_RADIUS - ROBOT_RADIUS
        if gap < 0.0:
            raise SceneError(f"{where}.pose overlaps the robot's start, expected {-gap:.2f} m more")
        if not person.seated:
            _check_clear(scene.room, [person.pose[:2]], BODY_RADIUS, f"{where}.pose")
        for places in walks_of(person):
            walk = f"{where}.script, walk to {places[-1].tolist()}"
            _check_clear(scene.room, places.tolist(), BODY_RADIUS, walk)


def walks_of(person: ScenePerson) -> Iterator[FloatArray]:
    """Places ``(k, 2)`` [m] in the map, at most 0.02 m apart, along every walk of a script."""
    points = [step.point for step in person.script if step.point is not None]
    way = [person.pose[:2], *points, *(points[:1] if person.repeat else [])]
    for start, end in pairwise(way):
        yield np.linspace(start, end, 2 + int(math.dist(start, end) / 0.02))


def _check_clear(room: Room, points: Sequence[Sequence[float]], radius: float, where: str) -> None:
    """Raise unless a circle [m] around each point [m] is on the floor and clear of all boxes."""
    distances = room.box_array.signed_distances(points)
    row, box = np.unravel_index(int(np.argmin(distances)), distances.shape)
    inside = room.contains(points)
    if not inside.all():
        x, y = points[int(np.argmin(inside))]
        raise SceneError(f"{where} is at ({x:g}, {y:g}) m, expected a place inside the room")
    if distances[row, box] < radius:
        x, y = points[int(row)]
        raise SceneError(
            f"{where} comes within {distances[row, box]:.2f} m of '{room.boxes[int(box)].name}' at "
            f"({x:.2f}, {y:.2f}) m, expected at least {radius:g} m"
        )

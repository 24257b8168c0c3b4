"""Scene files of scenes that were drawn, so that a simulator can be started with them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import yaml

from social_nav_core.sim.flows import Flow
from social_nav_core.sim.scene import Labels, Scene, ScenePerson, ScriptStep


def scene_file(scene: Scene, room: str | Path) -> bytes:
    """The YAML file of a scene; `load_scene` reads the same scene from it.

    Args:
        scene: to write.
        room: path of its room file, absolute or relative to where the scene file will be.
    """
    values = {
        "format": 1,
        "name": scene.name,
        "description": scene.description,
        "room": str(room),
        "robot": list(scene.robot),
        "goal": list(scene.goal),
        "people": [_person(person) for person in scene.people],
    }
    if scene.flows:
        values["flows"] = [_flow(flow) for flow in scene.flows]
    text: str = yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=100)
    return text.encode()


def _flow(flow: Flow) -> dict[str, Any]:
    values: dict[str, Any] = {"name": flow.name, "people": flow.people, "speed": list(flow.speed)}
    for name, area in (("from", flow.start), ("to", flow.end)):
        values[name] = [list(area.low), list(area.high)]
    return values | ({"via": [list(point) for point in flow.via]} if flow.via else {})


def _person(person: ScenePerson) -> dict[str, Any]:
    values: dict[str, Any] = {"id": person.id, "pose": list(person.pose), "height": person.height}
    if person.group:
        values["group"] = person.group
    for flag in ("seated", "repeat"):
        if getattr(person, flag):
            values[flag] = True
    values |= _manner(person.gesture, person.look_at, person.labels)
    if person.script:
        values["script"] = [_step(step) for step in person.script]
    return values


def _manner(gesture: str, look_at: str, labels: Labels) -> dict[str, Any]:
    values = {
        "gesture": gesture,
        "intent": labels.intent.name.lower(),
        "attitude": labels.attitude.name.lower(),
        "action": labels.action.name.lower(),
    }
    return values | ({"look_at": look_at} if look_at else {})


def _step(step: ScriptStep) -> dict[str, Any]:
    values: dict[str, Any] = {"do": step.kind}
    if step.point is not None:
        values |= {"point": list(step.point), "speed": step.speed}
    if step.kind == "turn_to":
        values["target"] = step.target
    if step.kind == "await_robot":
        values["distance"] = step.distance
    if step.kind != "turn_to" and math.isfinite(step.duration):
        values["duration"] = step.duration
    return values | _manner(step.gesture, step.look_at, step.labels)

"""The student on the people of the simulator's scenes, whom no training has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.people import Intent
from social_nav_core.perception.metrics import Classes
from social_nav_core.perception.track_windows import TrackWindows
from social_nav_core.perception.windows import Float32Array, normalised
from social_nav_core.sim.camera import BoxBlockers, Camera
from social_nav_core.sim.cast import Cast
from social_nav_core.sim.detector import Detector
from social_nav_core.sim.people import PersonState
from social_nav_core.sim.scene import Scene, load_scene
from social_nav_core.sim.world import World
from social_nav_core.skeleton import JOINTS

SCENES = Path(__file__).parents[2] / "worlds" / "scenes"
_RATE, _SECONDS, _STEPS = 10.0, 12.0, 2
_SETTLED = 1.5  # [s] since a label's begin from which on the answer counts
_IN_FRONT = np.radians(75.0)  # of the chest, from where a robot can be looked at

Answer = Callable[[Float32Array], dict[str, FloatArray]]
Counts = dict[tuple[str, str, str], Classes]


def scene_counts(scene: Scene, answer: Answer, seed: int) -> Counts:
    """How often a student gives each intent to everybody of a scene.

    The robot stands still 1.5 to 5 m from one of the people and looks at them.  Whoever is meant to
    look at it counts only while it is in front of them.

    Args:
        scene: with its people.
        answer: logits by task of centred windows.
        seed: of viewpoint, bodies and tracker.

    Returns:
        Answers (3,) by intent, of each person, true action and true intent.
    """
    rng = np.random.default_rng(seed)
    someone = np.array(scene.people[int(rng.integers(len(scene.people)))].pose)
    for _ in range(200):
        way, far = rng.uniform(-np.pi, np.pi), rng.uniform(1.5, 5.0)
        place = someone[:2] + far * np.array([np.cos(way), np.sin(way)])
        if scene.room.box_array.signed_distances(tuple(place)).min() > 0.35:
            break
    robot = (float(place[0]), float(place[1]), float(np.arctan2(*(someone[:2] - place)[::-1])))
    world = World(replace(scene, robot=robot), seed)
    camera, cast = Camera(), Cast(world.state.people, rng)
    detector, blockers = Detector(camera, None, rng), BoxBlockers.of(scene.room.boxes)
    windows, since = TrackWindows(), dict[str, tuple[object, float]]()
    found: list[tuple[tuple[str, str, str], Float32Array]] = []
    for _ in range(round(_RATE * _SECONDS)):
        for _ in range(_STEPS):
            world.step(None, 1.0 / _RATE / _STEPS)
        state = world.state
        bodies = detector.detect(
            cast.ids,
            cast.figures(state.people, state.time),
            camera.pose(np.array(robot)),
            blockers,
            1.0 / _RATE,
        )
        seen = {body.id: body.joints() for body in bodies}
        size = (camera.parameters.width, camera.parameters.height)
        joints = [normalised(one, *size) for one in seen.values()]
        windows.add(state.time, list(seen), np.array(joints).reshape(-1, len(JOINTS), 3))
        people = {person.id: person for person in state.people}
        for name, person in people.items():
            if name not in since or since[name][0] != person.labels:
                since[name] = (person.labels, state.time)
        batch = windows.windows()
        for name, window in zip(batch.names, batch.joints, strict=True):
            labels = people[name].labels
            if labels.intent is not Intent.NOT_INTERESTED and not _facing(people[name], place):
                continue
            if name in seen and state.time - since[name][1] >= _SETTLED:
                key = (name, labels.action.name.lower(), labels.intent.name.lower())
                found.append((key, window))
    if not found:
        return {}
    given = answer(np.stack([window for _, window in found]))["intent"].argmax(axis=-1)
    counts: Counts = {}
    for (key, _), intent in zip(found, given, strict=True):
        counts.setdefault(key, np.zeros(len(Intent) - 1, dtype=np.int64))[intent] += 1
    return counts


def _facing(person: PersonState, place: FloatArray) -> bool:
    x, y, yaw = person.pose
    bearing = np.arctan2(place[1] - y, place[0] - x)
    return bool(abs(wrap_angle(bearing - yaw)) < _IN_FRONT)


def all_scenes(answer: Answer, views: int = 6) -> dict[str, Counts]:
    """Counts of every scene with people and without flows, over several viewpoints."""
    result: dict[str, Counts] = {}
    for path in sorted(SCENES.glob("*.yaml")):
        scene = load_scene(path)
        if scene.flows or not scene.people:
            continue
        total: Counts = {}
        for seed in range(views):
            for key, count in scene_counts(scene, answer, seed).items():
                total[key] = total.get(key, np.zeros_like(count)) + count
        result[path.stem] = total
    return result


def written(as_trained: dict[str, Counts], expected: dict[str, Counts]) -> str:
    """Markdown: one line per scene, person and true label.

    Args:
        as_trained: counts of a student's own answers.
        expected: counts of its answers with other shares of intents expected.
    """
    lines = [
        "| scene | person | truth | interacting | interested | not interested | right | right, "
        "other shares |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for scene, counts in as_trained.items():
        for (person, action, intent), count in sorted(counts.items()):
            truth = "interacting or interested" if intent != "not_interested" else "not interested"
            shown = " | ".join(f"{one:.0f} %" for one in 100.0 * count / count.sum())
            rights = [
                100.0 * (one[:2].sum() if intent != "not_interested" else one[2]) / one.sum()
                for one in (count, expected[scene][person, action, intent])
            ]
            right = " | ".join(f"{one:.0f} %" for one in rights)
            lines.append(f"| {scene} | {person} | {action}, {truth} | {shown} | {right} |")
    return "\n".join(lines)

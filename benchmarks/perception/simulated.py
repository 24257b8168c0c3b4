"""The student on the people of the simulator's scenes, whom no training has seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.interaction.selection import SelectionParameters
from social_nav_core.people import Intent
from social_nav_core.perception.expected import ExpectedParameters, as_expected
from social_nav_core.perception.metrics import Classes
from social_nav_core.perception.track_windows import TrackWindows
from social_nav_core.perception.windows import Float32Array, normalised
from social_nav_core.sim.camera import BoxBlockers, Camera
from social_nav_core.sim.cast import Cast
from social_nav_core.sim.detector import Detector
from social_nav_core.sim.people import PersonState
from social_nav_core.sim.robot import Pose
from social_nav_core.sim.scene import Scene, load_scene
from social_nav_core.sim.world import World
from social_nav_core.skeleton import JOINTS

SCENES = Path(__file__).parents[2] / "worlds" / "scenes"
ENOUGH = SelectionParameters().least_wish
_RATE, _SECONDS, _STEPS = 10.0, 12.0, 2
_SETTLED = 1.5  # [s] since a label's begin from which on the answer counts
_IN_FRONT = np.radians(75.0)  # of the chest, from where a robot can be looked at
_ON_THE_WAY = np.radians(60.0)
_WALKS = 0.3  # [m/s]
_ONCOMING = ("head_on", "corridor_crossing", "walking_group")
_TALKING = ("circle", "face_to_face", "l_shape", "side_by_side")
_OFF = (0, 15, 30, 45, 60, 90, 180)  # robot off where somebody looks [degrees]

Answer = Callable[[Float32Array], FloatArray]
Label = tuple[str, str, str]
"""Person, true action, true intent."""
Name = Callable[[PersonState, FloatArray], Label | None]
"""Of whom to count, and where the robot is (2,) [m]: as what, None to leave it out."""
Counts = dict[Label, Classes]
Answers = dict[Label, FloatArray]


def scene_answers(scene: Scene, answer: Answer, seed: int, name_of: Name | None = None) -> Answers:
    """What a student says of the intent of everybody of a scene.

    The robot stands still 1.5 to 5 m from one of the people and looks at them.  Whoever is meant to
    look at it counts only while it is in front of them.

    Args:
        scene: with its people.
        answer: probabilities (n, 3) of intents of centred windows.
        seed: of viewpoint, bodies and tracker.
        name_of: of whom to count; None: everybody by the true label.

    Returns:
        Probabilities (n, 3) by label, or by name.
    """
    rng = np.random.default_rng(seed)
    someone = np.array(scene.people[int(rng.integers(len(scene.people)))].pose)
    for _ in range(200):
        way, far = rng.uniform(-np.pi, np.pi), rng.uniform(1.5, 5.0)
        place = someone[:2] + far * np.array([np.cos(way), np.sin(way)])
        if scene.room.box_array.signed_distances(tuple(place)).min() > 0.35:
            break
    robot = (float(place[0]), float(place[1]), float(np.arctan2(*(someone[:2] - place)[::-1])))
    return _answers(replace(scene, robot=robot), answer, seed, rng, name_of or _looked_at)


def oncoming_answers(scene: Scene, answer: Answer, seed: int) -> Answers:
    """What a student says of the intent of people who come toward a robot that drives straight on.

    The robot starts up to 2 m ahead and 0.5 m beside the scene's own start and drives at 0 to
    0.6 m/s.  People count while they walk and the robot is within 60 degrees of their way.
    """
    rng = np.random.default_rng(seed)
    x, y, yaw = scene.robot
    robot = (x + rng.uniform(0.0, 2.0), y + rng.uniform(-0.5, 0.5), yaw)
    speed = float(rng.uniform(0.0, 0.6))
    return _answers(replace(scene, robot=robot), answer, seed, rng, _comes, speed)


def _answers(
    scene: Scene,
    answer: Answer,
    seed: int,
    rng: np.random.Generator,
    name_of: Name,
    speed: float = 0.0,
) -> Answers:
    """Probabilities by name of those who have one, filmed by a robot at a speed [m/s]."""
    world = World(scene, seed)
    camera, cast = Camera(), Cast(world.state.people, rng)
    detector, blockers = Detector(camera, None, rng), BoxBlockers.of(scene.room.boxes)
    windows, since = TrackWindows(), dict[str, tuple[object, float]]()
    found: dict[Label, list[Float32Array]] = {}
    for _ in range(round(_RATE * _SECONDS)):
        for _ in range(_STEPS):
            world.step((speed, 0.0), 1.0 / _RATE / _STEPS)
        state = world.state
        robot = np.array(state.robot_in_map)
        bodies = detector.detect(
            cast.ids,
            cast.figures(state.people, state.time),
            camera.pose(robot),
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
            key = name_of(people[name], robot[:2])
            if key and name in seen and state.time - since[name][1] >= _SETTLED:
                found.setdefault(key, []).append(window)
    return {key: answer(np.stack(windows)) for key, windows in found.items()}


def _label(person: PersonState) -> Label:
    return person.id, person.labels.action.name.lower(), person.labels.intent.name.lower()


def _looked_at(person: PersonState, place: FloatArray) -> Label | None:
    wants_nothing = person.labels.intent is Intent.NOT_INTERESTED
    return _label(person) if wants_nothing or _off(person.pose, place) < _IN_FRONT else None


def _comes(person: PersonState, place: FloatArray) -> Label | None:
    comes = person.speed > _WALKS and _off(person.pose, place) < _ON_THE_WAY
    return _label(person) if comes else None


def _gaze_off(person: PersonState, place: FloatArray) -> Label:
    """How far the robot is off where somebody looks, as the range that it is in."""
    x, y, yaw = person.pose
    off = np.degrees(_off((x, y, yaw + person.head_yaw), place))
    upper = next(one for one in _OFF[1:] if off <= one)
    return f"{_OFF[_OFF.index(upper) - 1]} to {upper}", *_label(person)[1:]


def _off(pose: Pose, place: FloatArray) -> float:
    """Angle [rad] between where somebody at a pose is turned and a place."""
    x, y, yaw = pose
    return float(abs(wrap_angle(np.arctan2(place[1] - y, place[0] - x) - yaw)))


def all_scenes(answer: Answer, views: Iterable[int] = range(24)) -> dict[str, Answers]:
    """Answers in every scene with people and without flows, from the viewpoints of some seeds."""
    scenes = {path.stem: load_scene(path) for path in sorted(SCENES.glob("*.yaml"))}
    return {
        name: _over_views(scene_answers, scene, answer, views)
        for name, scene in scenes.items()
        if not scene.flows and scene.people
    }


def oncoming(answer: Answer, views: Iterable[int] = range(12)) -> dict[str, Answers]:
    """Answers to people who come toward a driving robot, in the scenes where people do."""
    return {
        name: _over_views(oncoming_answers, load_scene(SCENES / f"{name}.yaml"), answer, views)
        for name in _ONCOMING
    }


def talking(answer: Answer, views: Iterable[int] = range(30)) -> Answers:
    """Answers about people who stand and talk, by how far the robot is off where they look.

    Returns:
        Probabilities (n, 3) by (range of angles [degrees], action, intent), smallest angle first.
    """
    ask, parts = partial(scene_answers, name_of=_gaze_off), dict[Label, list[FloatArray]]()
    for name in _TALKING:
        scene = load_scene(SCENES / f"{name}.yaml")
        for key, given in _over_views(ask, scene, answer, views).items():
            parts.setdefault(key, []).append(given)
    smallest_first = sorted(parts, key=lambda key: int(key[0].split()[0]))
    return {key: np.concatenate(parts[key]) for key in smallest_first}


def _over_views(
    ask: Callable[[Scene, Answer, int], Answers],
    scene: Scene,
    answer: Answer,
    views: Iterable[int],
) -> Answers:
    parts: dict[Label, list[FloatArray]] = {}
    for seed in views:
        for key, given in ask(scene, answer, seed).items():
            parts.setdefault(key, []).append(given)
    return {key: np.concatenate(given) for key, given in parts.items()}


def counted(answers: Answers, expected: ExpectedParameters | None = None) -> Counts:
    """How often each intent (3,) is the likeliest, by label; with other shares where given."""
    return {
        key: np.bincount(
            (given if expected is None else as_expected(given, expected)).argmax(axis=-1),
            minlength=given.shape[1],
        )
        for key, given in answers.items()
    }


def written(found: dict[str, Answers], expected: ExpectedParameters) -> str:
    """Markdown: one line per scene, person and true label.

    Args:
        found: a student's own answers by scene.
        expected: shares of intents, as the perception has them.
    """
    lines = [
        "| scene | person | truth | windows | interacting | interested | not interested | right | "
        "right as trained | wish |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for scene, answers in found.items():
        as_trained, counts = counted(answers), counted(answers, expected)
        for key, count in sorted(counts.items()):
            person, action, intent = key
            wants = intent != "not_interested"
            truth = "interacting or interested" if wants else "not interested"
            shown = " | ".join(f"{one:.0f} %" for one in 100.0 * count / count.sum())
            rights = [
                100.0 * (one[:2].sum() if wants else one[2]) / one.sum()
                for one in (count, as_trained[key])
            ]
            right = " | ".join(f"{one:.0f} %" for one in rights)
            given = as_expected(answers[key], expected)
            wish = 100.0 * (given[:, :2].sum(axis=-1) >= ENOUGH).mean()
            about = f"{scene} | {person} | {action}, {truth} | {count.sum()}"
            lines.append(f"| {about} | {shown} | {right} | {wish:.0f} % |")
    return "\n".join(lines)


def written_talking(found: Answers, expected: ExpectedParameters) -> str:
    """Markdown: one line per angle between the robot and where somebody looks.

    Args:
        found: as `talking` gives them.
        expected: shares of intents, as the perception has them.
    """
    lines = [
        "| robot off the gaze [degrees] | windows | not interested | wish |",
        "|---|---|---|---|",
    ]
    for (angles, _, _), given in found.items():
        met = as_expected(given, expected)
        right = 100.0 * (met.argmax(axis=-1) == Intent.NOT_INTERESTED - 1).mean()
        wish = 100.0 * (met[:, :2].sum(axis=-1) >= ENOUGH).mean()
        lines.append(f"| {angles} | {len(given)} | {right:.0f} % | {wish:.0f} % |")
    return "\n".join(lines)

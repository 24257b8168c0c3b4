"""Encounters as data: scenes drawn, filmed by a robot's camera, and cut into labelled windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.people import Action
from social_nav_core.perception.encounters.behaviour import (
    draw_circumstances,
    motion_of,
    talks_to_others,
)
from social_nav_core.perception.encounters.company import with_others
from social_nav_core.perception.encounters.pools import Pool, RobotCamera, pool_of
from social_nav_core.perception.encounters.render import crop_box, render
from social_nav_core.perception.tasks import CLASSES, labels_of
from social_nav_core.perception.windows import Float32Array, Windows, filled, normalised
from social_nav_core.sim.body import Figures
from social_nav_core.sim.camera import BoxBlockers, Camera, CameraPose
from social_nav_core.sim.detector import Detector
from social_nav_core.sim.room import Box
from social_nav_core.skeleton import FACE_SLICE, JOINT, LEFT_HAND_SLICE, RIGHT_HAND_SLICE

_SUBJECT = "subject"
_FEWEST_FRAMES = 0.6


@dataclass(frozen=True)
class EncounterSettings:
    """What is made.

    Attributes:
        rate: frames per second, 10 or 30.
        seconds: length of a window.
        image: edge of the rendered crop [pixel]; 0 renders nothing.
    """

    rate: int = 10
    seconds: float = 1.0
    image: int = 20

    @property
    def steps(self) -> int:
        """Frames of a window."""
        return round(self.rate * self.seconds)


@dataclass(frozen=True)
class Encounters:
    """Labelled windows with everything that a teacher may see.

    Attributes:
        pixels: (n, t, 23, 3) joints from the tracker: column, row [pixel] and confidence; frames
            that it missed repeat the one before.
        present: (n, t) frames in which the tracker found the person.
        whole_body: (n, t, 133, 3) all points, body as in ``pixels``.
        gaze: (n, t, 4) head and gaze ends in the image [pixel]: column, row, column, row.
        box: (n, 4) square around the person over the whole window: left, top, edge, edge [pixel].
        crop: (n, t, e, e, 3) rendered image of that square, 0 to 255; e is 0 without rendering.
        image_size: (n, 2) width and height [pixel].
        labels: (n, 3) classes of intent, attitude and action.
        person, style, camera: (n,) who, how and through which camera, in the split's pool.
        distance: (n,) from camera to person at the end [m].
        speed: (n,) walking speed [m/s].
        ahead: (n,) time since the gesture began at the end [s], negative before it.
    """

    pixels: Float32Array
    present: NDArray[np.bool_]
    whole_body: Float32Array
    gaze: Float32Array
    box: Float32Array
    crop: NDArray[np.uint8]
    image_size: Float32Array
    labels: NDArray[np.int64]
    person: NDArray[np.int64]
    style: NDArray[np.int64]
    camera: NDArray[np.int64]
    distance: Float32Array
    speed: Float32Array
    ahead: Float32Array

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, count: int) -> Encounters:
        """The first of the windows."""
        return self.part(range(count))

    def part(self, windows: range) -> Encounters:
        """Windows that follow each other."""
        names = [item.name for item in fields(Encounters)]
        chosen = slice(windows.start, windows.stop)
        return Encounters(**{name: getattr(self, name)[chosen] for name in names})

    def and_more(self, more: Encounters) -> Encounters:
        """These windows, and then others of the same length and size of picture."""
        names = [item.name for item in fields(Encounters)]
        both = {name: (getattr(self, name), getattr(more, name)) for name in names}
        return Encounters(**{name: np.concatenate(pair) for name, pair in both.items()})

    def windows(self) -> Windows:
        """What the student sees."""
        size = self.image_size
        joints = np.stack(
            [normalised(item, *size[index]) for index, item in enumerate(self.pixels)]
        )
        return Windows(joints, self.labels, tuple(f"encounter {k}" for k in range(len(self))))


def generate(
    split: str,
    count: int,
    seed: int,
    settings: EncounterSettings | None = None,
    report: Callable[[int], None] | None = None,
    passing: int = 0,
    only: range | None = None,
) -> Encounters:
    """Encounters of a split: as many of each action as of any other, and then passers-by.

    Args:
        split: "train", "validation" or "test": people, styles and cameras are never shared.
        count: number of windows with every action in turn.
        seed: the same seed and settings give the same encounters; what a window shows does not
            depend on ``count`` and ``passing``.
        settings: frame rate, length and image.
        report: is called with the number of the window that was made, from 1.
        passing: number of windows, beside ``count``, of people who walk toward the robot and pass
            it by, and do not respond to it.
        only: makes only these of the ``count`` and ``passing`` windows, which follow each other.
    """
    if min(count, passing) < 0 or count + passing < 1:
        raise ValueError(f"count is {count} and passing {passing}, expected 1 or more windows")
    pool, about = pool_of(split), EncounterSettings() if settings is None else settings
    made = []
    for index in range(count + passing) if only is None else only:
        passes = index >= count
        rng = np.random.default_rng([seed, index - count, 1] if passes else [seed, index])
        action = Action.NO_RESPONSE if passes else Action(index % CLASSES["action"] + 1)
        window = None
        while window is None:
            window = _encounter(pool, action, about, rng, passes)
        made.append(window)
        if report is not None:
            report(index + 1)
    names = [item.name for item in fields(Encounters)]
    return Encounters(**{name: np.stack([window[name] for window in made]) for name in names})


def _encounter(
    pool: Pool, action: Action, about: EncounterSettings, rng: np.random.Generator, passes: bool
) -> dict[str, NDArray[np.generic]] | None:
    """One window; None where the tracker saw too little, or one who is to pass by stands."""
    person, style, camera = (
        int(rng.integers(size))
        for size in (len(pool.people.stature), len(pool.styles), len(pool.cameras))
    )
    lens = pool.cameras[camera]
    times = np.arange(about.steps) / about.rate
    poses, direction = _film(lens, times, rng)
    height = lens.camera.mount_z
    given = draw_circumstances(poses.position[-1, :2], direction, height, rng)
    if passes and not given.speed:
        return None
    subject = pool.people.take(np.array([person]))
    alone = pool.people.take(person)
    motion = motion_of(action, given, pool.styles[style], alone, times, rng, passes)
    talks = talks_to_others(action, motion)
    bodies, colours = with_others(motion, subject, pool, pool.styles[style], talks, rng)
    boxes = _furniture(given.place, given.robot, rng)
    tracked = _track(lens, poses, bodies, boxes, about.rate, rng)
    if tracked is None:
        return None
    pixels, present = tracked
    whole = _whole_body(lens, poses, bodies, pixels, rng)
    box = crop_box(pixels)
    image = np.zeros((len(times), 0, 0, 3), dtype=np.uint8)
    if about.image:
        image = render(Camera(lens.camera), poses, bodies, boxes, colours, box, about.image, rng)
    return {
        "pixels": pixels,
        "present": present,
        "whole_body": whole,
        "gaze": _gaze_ends(lens, poses, bodies),
        "box": box,
        "crop": image,
        "image_size": np.array([lens.camera.width, lens.camera.height], dtype=np.float32),
        "labels": np.array(labels_of(action)),
        "person": np.array(person),
        "style": np.array(style),
        "camera": np.array(camera),
        "distance": np.array(np.linalg.norm(given.place - given.robot), dtype=np.float32),
        "speed": np.array(given.speed, dtype=np.float32),
        "ahead": np.array(given.ahead, dtype=np.float32),
    }


def _film(
    lens: RobotCamera, times: FloatArray, rng: np.random.Generator
) -> tuple[CameraPose, float]:
    """Camera poses ``(t,)`` of a robot that drives and pans, and the person's direction [rad]."""
    before = times - times[-1]
    speed = rng.uniform(0.1, 0.6) if rng.random() < 0.5 else 0.0
    turning = rng.uniform(-0.4, 0.4) if rng.random() < 0.4 else 0.0
    panning = rng.uniform(-0.3, 0.3) if rng.random() < 0.3 else 0.0
    yaw = turning * before
    robot = np.column_stack([speed * before, 0.5 * speed * turning * before**2, yaw])
    pan = rng.uniform(-0.6, 0.6) + panning * before
    bearing = rng.uniform(-0.75, 0.75) * 0.5 * lens.camera.horizontal_view
    looks_up = np.arctan2(lens.camera.mount_z - rng.uniform(0.7, 1.3), rng.uniform(1.2, 3.0))
    tilt = np.full(len(times), looks_up + rng.normal(0.0, 0.06))
    poses = Camera(lens.camera).pose(robot, pan, tilt)
    return poses, float(yaw[-1] + pan[-1] + bearing)


def _furniture(place: FloatArray, robot: FloatArray, rng: np.random.Generator) -> list[Box]:
    """In one encounter of five, a piece of furniture between the camera and the person."""
    if rng.random() > 0.2:
        return []
    middle = robot + rng.uniform(0.45, 0.8) * (place - robot) + rng.uniform(-0.3, 0.3, 2)
    size = (float(rng.uniform(0.3, 0.8)), float(rng.uniform(0.4, 1.6)))
    pose = (float(middle[0]), float(middle[1]), float(rng.uniform(-np.pi, np.pi)))
    return [Box("table", "table", pose, size, float(rng.uniform(0.35, 0.95)))]


def _track(
    lens: RobotCamera,
    poses: CameraPose,
    bodies: Figures,
    boxes: list[Box],
    rate: int,
    rng: np.random.Generator,
) -> tuple[Float32Array, NDArray[np.bool_]] | None:
    """The subject's joints ``(t, 23, 3)`` and frames ``(t,)`` with it, gaps filled."""
    detector = Detector(Camera(lens.camera), lens.detector, rng)
    blockers = BoxBlockers.of(boxes)
    steps, people = bodies.joints.shape[:2]
    ids = [_SUBJECT, *(f"bystander {k}" for k in range(1, people))]
    joints, present = np.zeros((steps, 23, 3), dtype=np.float32), np.zeros(steps, dtype=bool)
    for step in range(steps):
        pose = CameraPose(poses.position[step], poses.optical[step])
        found = detector.detect(ids, bodies.at(step), pose, blockers, 1.0 / rate)
        if found and found[0].id == _SUBJECT:
            joints[step], present[step] = found[0].joints(), True
    if present.mean() < _FEWEST_FRAMES or not present[0]:
        return None
    return filled(joints, present), present


def _whole_body(
    lens: RobotCamera,
    poses: CameraPose,
    bodies: Figures,
    pixels: Float32Array,
    rng: np.random.Generator,
) -> Float32Array:
    """All points ``(t, 133, 3)``: face and hands with the confidence of nose and wrists."""
    points = bodies.whole_body()[:, 0]
    column, row, depth = Camera(lens.camera).project(poses, points)
    sigma = 0.004 * np.hypot(lens.camera.width, lens.camera.height) / np.maximum(depth, 0.3)
    whole = np.zeros((*column.shape, 3), dtype=np.float32)
    whole[..., 0] = np.clip(column + sigma * rng.normal(size=column.shape), 0, lens.camera.width)
    whole[..., 1] = np.clip(row + sigma * rng.normal(size=row.shape), 0, lens.camera.height)
    whole[:, FACE_SLICE, 2] = pixels[:, JOINT["nose"], 2, None]
    whole[:, LEFT_HAND_SLICE, 2] = pixels[:, JOINT["left_wrist"], 2, None]
    whole[:, RIGHT_HAND_SLICE, 2] = pixels[:, JOINT["right_wrist"], 2, None]
    whole[:, : len(JOINT)] = pixels
    return whole


def _gaze_ends(lens: RobotCamera, poses: CameraPose, bodies: Figures) -> Float32Array:
    """Head, and a point half a metre along the gaze, in the image ``(t, 4)`` [pixel]."""
    head = bodies.skull[:, 0]
    ends = np.stack([head, head + 0.5 * bodies.gaze[:, 0]], axis=1)
    column, row, _ = Camera(lens.camera).project(poses, ends)
    size = (lens.camera.width, lens.camera.height)
    place = np.stack([column[:, 0], row[:, 0], column[:, 1], row[:, 1]], axis=-1)
    return np.clip(place, 0.0, [*size, *size]).astype(np.float32)

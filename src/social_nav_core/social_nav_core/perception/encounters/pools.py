"""Who meets whom: people, styles and cameras, disjoint between the splits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.perception.datasets.tracks import SPLITS
from social_nav_core.sim.anatomy.gestures import Manner, sample_manners
from social_nav_core.sim.anatomy.physique import Physique, sample_physiques, sample_statures
from social_nav_core.sim.camera import CameraParameters
from social_nav_core.sim.detector import DetectorParameters

_PEOPLE = {"train": 60, "validation": 20, "test": 20}
_STYLES = {"train": 45, "validation": 15, "test": 15}
_CAMERAS = {"train": 18, "validation": 6, "test": 6}
_IMAGES = ((640, 480), (320, 240), (1280, 720), (848, 480))
_POOL_SEED = 20250914


@dataclass(frozen=True)
class Style:
    """How a person behaves apart from their build: movements, clothes, habits.

    Attributes:
        manner: of one person, arrays without a shape.
        colours: (4, 3) of skin, hair, top and trousers, 0 to 1.
        steadiness: share of the time that the eyes stay on what they look at, 0.7 to 1.
        hand_height: [m] at which a handshake is offered.
    """

    manner: Manner
    colours: FloatArray
    steadiness: float
    hand_height: float


@dataclass(frozen=True)
class RobotCamera:
    """A camera on some robot, and how well the tracker works on its images."""

    camera: CameraParameters
    detector: DetectorParameters


@dataclass(frozen=True)
class Pool:
    """What one split may use."""

    people: Physique
    styles: tuple[Style, ...]
    cameras: tuple[RobotCamera, ...]


def pool_of(split: str) -> Pool:
    """The people, styles and cameras of a split; no two splits share any of them."""
    if split not in SPLITS:
        raise ValueError(f"split is '{split}', expected one of {', '.join(SPLITS)}")
    rng = np.random.default_rng(_POOL_SEED)
    stature = sample_statures(sum(_PEOPLE.values()), rng, children=0.12)
    people = sample_physiques(stature, rng)
    styles = tuple(_style(rng) for _ in range(sum(_STYLES.values())))
    cameras = tuple(_camera(rng) for _ in range(sum(_CAMERAS.values())))
    chosen = _share(_STYLES, split), _share(_CAMERAS, split)
    return Pool(
        people=people.take(_share(_PEOPLE, split)),
        styles=tuple(styles[index] for index in chosen[0]),
        cameras=tuple(cameras[index] for index in chosen[1]),
    )


def _share(counts: dict[str, int], split: str) -> NDArray[np.int64]:
    start = sum(counts[name] for name in SPLITS[: SPLITS.index(split)])
    return np.arange(start, start + counts[split])


def _style(rng: np.random.Generator) -> Style:
    manner = sample_manners(1, rng)
    usual = Manner(**{name: value[0] for name, value in vars(manner).items()})
    alone = replace(
        usual,
        amplitude=np.clip(rng.normal(1.0, 0.15), 0.65, 1.3),
        height=np.clip(rng.normal(0.0, 0.12), -0.25, 0.3),
        swivel=np.clip(rng.normal(0.0, 0.25), -0.5, 0.5),
    )
    skin = np.array([0.95, 0.78, 0.65]) * rng.uniform(0.35, 1.0)
    hair = np.array([0.5, 0.35, 0.2]) * rng.uniform(0.1, 1.3)
    return Style(
        manner=alone,
        colours=np.stack([skin, hair, rng.random(3), 0.7 * rng.random(3)]),
        steadiness=float(rng.uniform(0.75, 1.0)),
        hand_height=float(rng.uniform(0.75, 1.05)),
    )


def _camera(rng: np.random.Generator) -> RobotCamera:
    width, height = _IMAGES[rng.integers(len(_IMAGES))]
    camera = CameraParameters(
        width=width,
        height=height,
        horizontal_view=float(np.radians(rng.uniform(55.0, 90.0))),
        mount_x=0.0,
        mount_z=float(rng.uniform(0.6, 1.4)),
    )
    detector = DetectorParameters(
        pixel_noise=float(rng.uniform(0.4, 1.2)) * width / 640.0,
        joint_noise=float(rng.uniform(0.15, 0.45)),
        miss_rate=float(rng.uniform(0.0, 0.04)),
        swap_rate=float(rng.uniform(0.0, 0.02)),
        smallest=40.0 * height / 480.0,
    )
    return RobotCamera(camera, detector)

"""Where on the floor a body in an image stands, and which way it faces.

With a depth image the distance is the median depth on the trunk.  Without one it comes from what
is known of people: feet stand on the floor, heads are as high as people are tall, trunks are as
long as trunks are; each gives a distance with an uncertainty, and they are weighed by these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE
from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import parameter
from social_nav_core.skeleton import JOINT
from social_nav_core.vision.pinhole import Pinhole

_SHOULDERS = [JOINT["left_shoulder"], JOINT["right_shoulder"]]
_HIPS = [JOINT["left_hip"], JOINT["right_hip"]]
_ANKLES = [JOINT["left_ankle"], JOINT["right_ankle"]]
_EARS = [JOINT["left_ear"], JOINT["right_ear"]]
_FACE = [JOINT[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]

# Lengths in statures (Winter, "Biomechanics and Motor Control of Human Movement", figure 4.1).
ANKLE, FACE, TRUNK = 0.039, 0.92, 0.288
SHOULDER_WIDTH, HIP_WIDTH, HEAD_AHEAD = 0.22, 0.13, 0.10
CHEST = 0.09  # from the front of the trunk, which a depth image shows, to its middle [m]
LIFT, STEP = 0.03, 0.08  # how feet that walk differ from feet below the hips: up, aside [m]
EDGE = 2.0  # [pixel]
GRID = np.linspace(0.2, 0.8, 7)  # where on the trunk depths are taken


@dataclass(frozen=True)
class PlacingParameters:
    """What is known of people and of how well joints are found."""

    seen: float = parameter(0.2, "", "confidence from which on a joint counts", 0.0, 0.9)
    stature: float = parameter(1.70, "m", "mean height of people", 0.5, 2.2)
    stature_std: float = parameter(0.10, "m", "how far people differ from it", 0.01, 0.5)
    pixel_std: float = parameter(3.0, "pixel", "error of a joint", 0.1, 50.0)
    farthest: float = parameter(12.0, "m", "who seems farther away is left out", 1.0, 100.0)
    nearest_depth: float = parameter(0.3, "m", "smallest depth that is believed", 0.01, 5.0)
    depth_std: float = parameter(0.05, "m", "error of the depth on a trunk", 0.005, 1.0)
    yaw_std: float = parameter(0.35, "rad", "error of a heading", 0.05, 1.5)


@dataclass(frozen=True)
class Placement:
    """Where a body is.

    Attributes:
        pose: (x [m], y [m], yaw [rad]) on the floor, in the camera's reference frame.
        covariance: (3, 3); a yaw variance above pi^2 says that the heading is not known.
        sources: what the distance is from: 'depth', or some of 'feet', 'head' and 'trunk'.
    """

    pose: FloatArray
    covariance: FloatArray
    sources: tuple[str, ...]


def place(
    joints: FloatArray,
    camera: Pinhole,
    about: PlacingParameters,
    depth: NDArray[np.float32] | None = None,
) -> Placement | str:
    """Where a body stands, or why that cannot be told.

    Args:
        joints: (23, 3) x [pixel], y [pixel], confidence.
        camera: lens and mount.
        about: what is known of people.
        depth: (height, width) [m] along the viewing direction, registered to the image; NaN, 0 and
            infinity are no depth.
    """
    seen = (joints[:, 2] >= about.seen) & _inside(joints, camera)
    aim = _aim(joints, seen)
    if aim is None:
        return "neither trunk nor head nor feet are seen"
    ray = camera.rays(aim)
    if not np.isfinite(ray).all():
        return "the camera's distortion cannot be undone where it is seen"
    flat = float(np.hypot(*ray[:2]))
    if flat < 0.05:
        return "it is straight above or below the camera"
    along = ray[:2] / flat
    found = _from_depth(joints, seen, camera, about, depth)
    guesses = [found] if found else _from_geometry(joints, seen, camera, about)
    guesses = [(name, r, std) for name, r, std in guesses if 0.0 < r < np.inf]
    if not guesses:
        return "its distance cannot be told: no depth, no feet on the floor, no upright trunk"
    weights = np.array([std**-2 for _, _, std in guesses])
    distance = float(weights @ [r for _, r, _ in guesses] / weights.sum())
    if distance > about.farthest:
        return f"it seems {distance:.1f} m away, expected at most {about.farthest:g} m"
    std = float(weights.sum() ** -0.5)
    across = 0.03 + distance * about.pixel_std / camera.focal[0]
    axes = np.array([along, [-along[1], along[0]]]).T
    covariance = np.zeros((3, 3))
    covariance[:2, :2] = (axes * np.array([std, across]) ** 2) @ axes.T
    yaw = _yaw(joints, seen, camera, about, distance, along)
    covariance[2, 2] = UNKNOWN_YAW_VARIANCE if yaw is None else about.yaw_std**2
    position = camera.position[:2] + distance * along
    return Placement(
        np.array([*position, 0.0 if yaw is None else yaw]),
        covariance,
        tuple(name for name, _, _ in guesses),
    )


def _inside(joints: FloatArray, camera: Pinhole) -> NDArray[np.bool_]:
    """Which joints ``(23,)`` are in the image; at its border it cuts them off."""
    low, high = np.array([EDGE, EDGE]), np.array([camera.width, camera.height]) - EDGE
    return np.asarray(((joints[:, :2] >= low) & (joints[:, :2] <= high)).all(axis=1))


def _aim(joints: FloatArray, seen: NDArray[np.bool_]) -> FloatArray | None:
    """The pixel (2,) whose column tells the direction: hips, else shoulders, ankles, head."""
    for group in (_HIPS, _SHOULDERS, _ANKLES, _FACE):
        there = [i for i in group if seen[i]]
        if there:
            return np.asarray(joints[there, :2].mean(axis=0))
    return None


def _from_depth(
    joints: FloatArray,
    seen: NDArray[np.bool_],
    camera: Pinhole,
    about: PlacingParameters,
    depth: NDArray[np.float32] | None,
) -> tuple[str, float, float] | None:
    """Name, horizontal distance [m] and its standard deviation, from the depths on the trunk."""
    trunk = [*_SHOULDERS, *_HIPS]
    if depth is None or not seen[trunk].all():
        return None
    top, bottom = joints[_SHOULDERS, :2], joints[_HIPS, :2]
    u, v = (grid[..., None] for grid in np.meshgrid(GRID, GRID))
    points = (1 - v) * ((1 - u) * top[0] + u * top[1]) + v * ((1 - u) * bottom[0] + u * bottom[1])
    columns, rows = np.round(points).astype(int).reshape(-1, 2).T
    inside = (columns >= 0) & (columns < depth.shape[1]) & (rows >= 0) & (rows < depth.shape[0])
    values = np.asarray(depth[rows[inside], columns[inside]], dtype=float)
    good = values[np.isfinite(values) & (values >= about.nearest_depth)]
    if len(good) < 5 or 4 * len(good) < len(GRID) ** 2:
        return None
    ray = camera.rays(points.reshape(-1, 2).mean(axis=0))
    distance = float(np.median(good)) * float(np.hypot(*ray[:2])) + CHEST
    return "depth", distance, about.depth_std


def _from_geometry(
    joints: FloatArray, seen: NDArray[np.bool_], camera: Pinhole, about: PlacingParameters
) -> list[tuple[str, float, float]]:
    """Names, horizontal distances [m] and standard deviations of what people's sizes tell."""
    found = []
    ankles = [i for i in _ANKLES if seen[i]]
    if ankles:
        ray = camera.rays(joints[ankles, :2].mean(axis=0))
        distance, std = _meets(ray, camera, about, ANKLE * about.stature, LIFT)
        found.append(("feet", distance, float(np.hypot(std, STEP))))
    face = [i for i in _FACE if seen[i]]
    if face:
        ray = camera.rays(joints[face, :2].mean(axis=0))
        height = FACE * about.stature
        found.append(("head", *_meets(ray, camera, about, height, about.stature_std)))
    if seen[_SHOULDERS].all() and seen[_HIPS].all():
        ends = camera.rays([joints[_SHOULDERS, :2].mean(0), joints[_HIPS, :2].mean(0)])
        slopes = ends[:, 2] / np.hypot(ends[:, 0], ends[:, 1])
        angle = max(float(slopes[0] - slopes[1]), 1e-6)
        distance = TRUNK * about.stature / angle
        share = np.hypot(0.12, 1.4 * about.pixel_std / camera.focal[1] / angle)
        found.append(("trunk", distance, distance * float(share)))
    return [(name, r, std) for name, r, std in found if np.isfinite([r, std]).all()]


def _meets(
    ray: FloatArray, camera: Pinhole, about: PlacingParameters, height: float, height_std: float
) -> tuple[float, float]:
    """Horizontal distance [m] where a ray is at a height, and its standard deviation."""
    rise = height - float(camera.position[2])
    slope = float(ray[2] / np.hypot(*ray[:2]))
    if rise * slope <= 0.0 or abs(slope) < 1e-3:
        return np.inf, np.inf
    distance = rise / slope
    per_slope = about.pixel_std / camera.focal[1] * (1.0 + slope * slope)
    return distance, abs(distance) * float(np.hypot(height_std / rise, per_slope / slope))


def _yaw(
    joints: FloatArray,
    seen: NDArray[np.bool_],
    camera: Pinhole,
    about: PlacingParameters,
    distance: float,
    along: FloatArray,
) -> float | None:
    """Heading [rad]: toward the camera by the widths of shoulders and hips, sideways by the head.

    None when the trunk is not seen, or from the side without a head that tells the side.
    """
    size = camera.focal[0] * about.stature / distance
    widths = [
        (joints[left, 0] - joints[right, 0], width * size)
        for (left, right), width in ((_SHOULDERS, SHOULDER_WIDTH), (_HIPS, HIP_WIDTH))
        if seen[left] and seen[right]
    ]
    if not widths:
        return None
    got, full = np.sum(widths, axis=0)
    toward = float(np.clip(got / full, -1.0, 1.0))
    right = _head_to_the_right(joints, seen, size)
    if right is None or (abs(right) < 0.15 and abs(toward) < 0.6):
        if abs(toward) < 0.9:
            return None
        right = 0.0
    aside = np.sign(right) * np.sqrt(1.0 - toward**2)
    to_right = np.array([along[1], -along[0]])
    forward = aside * to_right - toward * along
    return float(np.arctan2(forward[1], forward[0]))


def _head_to_the_right(joints: FloatArray, seen: NDArray[np.bool_], size: float) -> float | None:
    """How far the face points to the right in the image, about -1 to 1; None without a head."""
    ears = joints[_EARS, 2]
    told = float(ears[1] - ears[0])
    nose = JOINT["nose"]
    if seen[nose] and seen[_SHOULDERS].all():
        offset = joints[nose, 0] - joints[_SHOULDERS, 0].mean()
        return float(offset) / (HEAD_AHEAD * size) + 0.5 * told
    return told if seen[_EARS].any() else None

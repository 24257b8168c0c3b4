"""A simple picture of people for the teacher's RGB stream: shaded capsules before a room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.perception.windows import Float32Array
from social_nav_core.sim.body import Figures
from social_nav_core.sim.camera import Camera, CameraPose, capsules
from social_nav_core.sim.room import Box

_SKIN, _HAIR, _TOP, _TROUSERS = range(4)
_PAINT = (_TOP, _SKIN, _TOP, _TOP, _SKIN, _SKIN, _TROUSERS, _TROUSERS, _TROUSERS, _TROUSERS)
"""Which colour each of `camera.capsules` has."""
_SURE = 0.2


def crop_box(pixels: Float32Array) -> Float32Array:
    """Square ``(4,)`` around a person over a window: left, top, edge, edge [pixel].

    Args:
        pixels: (t, 23, 3) joints; those with little confidence are left out where others exist.
    """
    sure = pixels[..., 2] > _SURE
    points = pixels[sure][:, :2] if sure.sum() > 1 else pixels.reshape(-1, 3)[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    edge = max(1.25 * float((high - low).max()), 8.0)
    left, top = 0.5 * (low + high) - 0.5 * edge
    return np.array([left, top, edge, edge], dtype=np.float32)


def render(
    camera: Camera,
    poses: CameraPose,
    bodies: Figures,
    boxes: Sequence[Box],
    colours: FloatArray,
    box: Float32Array,
    edge: int,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Pictures ``(t, edge, edge, 3)`` of the square ``box`` of a camera's images, 0 to 255.

    Args:
        camera: that takes the images.
        poses: of the camera (t,).
        bodies: of people (t, p).
        boxes: furniture.
        colours: (p, 4, 3) of skin, hair, top and trousers.
        box: left, top, edge, edge [pixel].
        edge: of the pictures [pixel].
        rng: source of the room's colours, light and noise.
    """
    steps = len(bodies.joints)
    grid = (np.arange(edge) + 0.5) / edge
    columns, rows = box[0] + box[2] * grid, box[1] + box[3] * grid
    room = rng.uniform(0.2, 0.9, (2, 3))
    light, wood = rng.uniform(0.6, 1.2), rng.uniform(0.15, 0.6, 3)
    frames = np.empty((steps, edge, edge, 3))
    horizon = camera.project(poses, np.tile(_far_floor(poses), (steps, 1, 1)))[1][:, 0]
    starts, ends, radii = capsules(bodies)
    for step in range(steps):
        frames[step] = np.where((rows > horizon[step])[:, None, None], room[0], room[1])
        pose = CameraPose(poses.position[step], poses.optical[step])
        shapes = _people(camera, pose, starts[step], ends[step], radii[step], colours)
        shapes += [_table(camera, pose, one, wood) for one in boxes]
        for _, shape in sorted(shapes, key=lambda item: -item[0]):
            _paint(frames[step], columns, rows, shape)
    frames = frames * light + rng.normal(0.0, 0.03, frames.shape)
    return (255.0 * np.clip(frames, 0.0, 1.0)).astype(np.uint8)


_Shape = tuple[FloatArray, FloatArray, float, FloatArray]


def _far_floor(poses: CameraPose) -> FloatArray:
    ahead = poses.optical[-1, 2].copy()
    ahead[2] = 0.0
    spot = poses.position[-1] + 6.0 * ahead / max(float(np.linalg.norm(ahead)), 1e-6)
    spot[2] = 0.0
    return spot[None, :]


def _people(
    camera: Camera,
    pose: CameraPose,
    starts: FloatArray,
    ends: FloatArray,
    radii: FloatArray,
    colours: FloatArray,
) -> list[tuple[float, _Shape]]:
    """Depths and flat capsules (start, end, radius [pixel], colour) of all people."""
    column, row, depth = camera.project(pose, np.stack([starts, ends]).reshape(-1, 3))
    places = np.stack([column, row], axis=-1).reshape(2, *radii.shape, 2)
    depths = depth.reshape(2, *radii.shape).mean(axis=0)
    size = camera.focal_length * radii / np.maximum(depths, 0.2)
    shapes: list[tuple[float, _Shape]] = []
    for person, part in np.ndindex(radii.shape):
        if depths[person, part] > 0.2:
            colour = colours[person, _PAINT[part]]
            a, b = places[0, person, part], places[1, person, part]
            shapes.append((depths[person, part], (a, b, float(size[person, part]), colour)))
            if part == 1:
                cap = a - np.array([0.0, 0.55 * size[person, part]])
                hair = (cap, cap, 0.8 * float(size[person, part]), colours[person, _HAIR])
                shapes.append((depths[person, part] - 0.01, hair))
    return shapes


def _table(camera: Camera, pose: CameraPose, box: Box, wood: FloatArray) -> tuple[float, _Shape]:
    """A piece of furniture as a wide flat capsule of its projected extent."""
    corners = box.corners()
    points = np.concatenate([np.column_stack([corners, np.full(4, z)]) for z in (0.0, box.height)])
    column, row, depth = camera.project(pose, points)
    half = 0.5 * float(row.max() - row.min())
    middle = 0.5 * float(row.max() + row.min())
    left, right = float(column.min()) + half, float(column.max()) - half
    start, end = np.array([min(left, right), middle]), np.array([max(left, right), middle])
    return float(depth.mean()), (start, end, half, wood)


def _paint(frame: FloatArray, columns: FloatArray, rows: FloatArray, shape: _Shape) -> None:
    """Paint one flat capsule, darker toward its edge, in place."""
    start, end, radius, colour = shape
    axis = end - start
    dx, dy = columns[None, :] - start[0], rows[:, None] - start[1]
    share = np.clip((dx * axis[0] + dy * axis[1]) / max(float(axis @ axis), 1e-9), 0.0, 1.0)
    apart = np.hypot(dx - share * axis[0], dy - share * axis[1])
    inside = apart < max(radius, 0.5 * float(columns[1] - columns[0]))
    shade = 1.0 - 0.45 * (apart / max(radius, 1e-9)) ** 2
    frame[inside] = np.clip(shade[inside], 0.4, 1.0)[:, None] * colour

"""The room: walls and furniture as upright boxes, and the occupancy map that follows from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.reading import Fields, SceneError

FREE, OCCUPIED, UNKNOWN = 0, 100, -1  # nav_msgs/OccupancyGrid
FURNITURE_KINDS = ("table", "chair", "shelf", "cabinet", "sofa", "plant")
MARGIN = 0.1  # unknown ground [m] that the map shows around the outer walls


@dataclass(frozen=True)
class Box:
    """A solid box that stands on the floor.

    Attributes:
        name: unique in the room.
        kind: "wall" or one of `FURNITURE_KINDS`; decides looks only.
        pose: (x [m], y [m], yaw [rad]) of the centre of its ground plan in the map.
        size: (length along its own x, width along its own y) [m].
        height: [m] above the floor.
    """

    name: str
    kind: str
    pose: tuple[float, float, float]
    size: tuple[float, float]
    height: float

    def corners(self) -> FloatArray:
        """Corners ``(4, 2)`` [m] of the ground plan in the map, counter-clockwise."""
        cos, sin = math.cos(self.pose[2]), math.sin(self.pose[2])
        signs = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
        local = 0.5 * signs * self.size
        return local @ np.array([[cos, sin], [-sin, cos]]) + self.pose[:2]


class BoxArray:
    """The ground plans of many boxes as arrays, for distances and rays.

    Attributes:
        centers: ``(n, 2)`` [m] in the map.
        halves: ``(n, 2)`` half length and half width [m].
        cos, sin: ``(n,)`` of the boxes' yaw.
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        poses = np.array([box.pose for box in boxes], dtype=float).reshape(-1, 3)
        self.centers = poses[:, :2].copy()
        self.halves = 0.5 * np.array([box.size for box in boxes], dtype=float).reshape(-1, 2)
        self.cos, self.sin = np.cos(poses[:, 2]), np.sin(poses[:, 2])

    def signed_distances(self, points_in_map: ArrayLike) -> FloatArray:
        """Distances ``(..., n)`` [m] of points ``(..., 2)`` to each box, negative inside."""
        points = np.asarray(points_in_map, dtype=float)
        dx = points[..., 0, None] - self.centers[:, 0]
        dy = points[..., 1, None] - self.centers[:, 1]
        along = np.abs(self.cos * dx + self.sin * dy) - self.halves[:, 0]
        across = np.abs(self.cos * dy - self.sin * dx) - self.halves[:, 1]
        outside = np.hypot(np.maximum(along, 0.0), np.maximum(across, 0.0))
        return outside + np.minimum(np.maximum(along, across), 0.0)

    def clearances(self, points_in_map: ArrayLike) -> FloatArray:
        """Distances ``(...)`` [m] of points ``(..., 2)`` to the nearest box; inf without boxes."""
        return self.signed_distances(points_in_map).min(axis=-1, initial=np.inf)


@dataclass(frozen=True)
class Room:
    """A rectangular room in the map frame, closed by walls that stand outside its floor.

    Attributes:
        name: of the room.
        x, y: smallest and largest coordinate [m] of the floor between the outer walls.
        wall_thickness: of the outer walls [m].
        walls: outer walls first, then inner ones.
        furniture: everything else that stands in it.
    """

    name: str
    x: tuple[float, float]
    y: tuple[float, float]
    wall_thickness: float
    walls: tuple[Box, ...]
    furniture: tuple[Box, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Walls, then furniture: all that blocks the way and the view."""
        return self.walls + self.furniture

    @cached_property
    def box_array(self) -> BoxArray:
        """`boxes` as arrays, in the same order."""
        return BoxArray(self.boxes)

    def contains(self, points_in_map: ArrayLike) -> NDArray[np.bool_]:
        """Whether points ``(..., 2)`` [m] are on the floor between the outer walls."""
        points = np.asarray(points_in_map, dtype=float)
        x, y = points[..., 0], points[..., 1]
        return (x >= self.x[0]) & (x <= self.x[1]) & (y >= self.y[0]) & (y <= self.y[1])

    def occupancy(self, resolution: float = 0.05) -> tuple[GridGeometry, NDArray[np.int8]]:
        """Map of the room: its grid and the cells ``(height, width)``.

        A cell is 100 when a box covers some of it, -1 beyond the outer walls, 0 elsewhere.

        Args:
            resolution: edge of a cell [m], 0.005 to 1 m.
        """
        if not 0.005 <= resolution <= 1.0:
            raise ValueError(f"map resolution is {resolution} m, expected 0.005 to 1 m")
        pad = self.wall_thickness + MARGIN
        width = math.ceil((self.x[1] - self.x[0] + 2.0 * pad) / resolution - 1e-6)
        height = math.ceil((self.y[1] - self.y[0] + 2.0 * pad) / resolution - 1e-6)
        origin = (self.x[0] - pad, self.y[0] - pad, 0.0)
        grid = GridGeometry(width, height, resolution, origin)
        centers = grid.centers()
        cells = np.where(self.contains(centers), FREE, UNKNOWN).astype(np.int8)
        for box in self.boxes:
            cells[_covers(box, centers, resolution)] = OCCUPIED
        return grid, cells


def _covers(box: Box, centers: FloatArray, resolution: float) -> NDArray[np.bool_]:
    """Cells (separating axes of two rectangles) that share more than an edge with the box."""
    dx, dy = centers[..., 0] - box.pose[0], centers[..., 1] - box.pose[1]
    cos, sin = math.cos(box.pose[2]), math.sin(box.pose[2])
    length, width = 0.5 * box.size[0], 0.5 * box.size[1]
    half_cell = 0.5 * resolution
    turned_cell = half_cell * (abs(cos) + abs(sin)) - 1e-9
    reach_x = abs(cos) * length + abs(sin) * width + half_cell - 1e-9
    reach_y = abs(sin) * length + abs(cos) * width + half_cell - 1e-9
    return (
        (np.abs(cos * dx + sin * dy) < length + turned_cell)
        & (np.abs(cos * dy - sin * dx) < width + turned_cell)
        & (np.abs(dx) < reach_x)
        & (np.abs(dy) < reach_y)
    )


def load_room(path: str | Path) -> Room:
    """Read a room file.

    Keys: ``format: 1``, ``name``, ``x`` and ``y`` (smallest and largest coordinate of the floor
    [m]), ``wall_thickness`` and ``wall_height`` [m], and the lists ``walls`` (inner ones) and
    ``furniture`` of {name, kind (furniture only), pose [m, m, rad], size [m, m], height [m]}.

    Raises:
        SceneError: names file and field, what was got and what was expected.
    """
    fields = Fields.of_file(Path(path))
    name = fields.label("name")
    x, y = _span(fields, "x"), _span(fields, "y")
    thickness = fields.number("wall_thickness", "m", 0.05, 1.0)
    wall_height = fields.number("wall_height", "m", 0.5, 10.0)
    inner = [_read_wall(item, wall_height) for item in fields.items("walls")]
    furniture = [_read_furniture(item) for item in fields.items("furniture")]
    fields.finish()
    walls = (*_outer_walls(x, y, thickness, wall_height), *inner)
    room = Room(name, x, y, thickness, walls, tuple(furniture))
    _check_boxes(room, fields)
    return room


def _span(fields: Fields, name: str) -> tuple[float, float]:
    low, high = fields.point(name)
    if not 1.0 <= high - low <= 200.0:
        raise fields.error(name, f"[{low:g}, {high:g}]", "two coordinates 1 to 200 m apart")
    return low, high


def _read_wall(fields: Fields, height: float) -> Box:
    box = Box(fields.label("name"), "wall", fields.pose("pose"), _size(fields), height)
    fields.finish()
    return box


def _read_furniture(fields: Fields) -> Box:
    name, kind = fields.label("name"), fields.choice("kind", FURNITURE_KINDS)
    height = fields.number("height", "m", 0.1, 3.0)
    box = Box(name, kind, fields.pose("pose"), _size(fields), height)
    fields.finish()
    return box


def _size(fields: Fields) -> tuple[float, float]:
    size = fields.point("size")
    if not all(0.02 <= edge <= 200.0 for edge in size):
        raise fields.error("size", str(list(size)), "two lengths of 0.02 to 200 m")
    return size


def _outer_walls(
    x: tuple[float, float], y: tuple[float, float], thickness: float, height: float
) -> tuple[Box, ...]:
    middle_x, middle_y = 0.5 * (x[0] + x[1]), 0.5 * (y[0] + y[1])
    along_x = (x[1] - x[0] + 2.0 * thickness, thickness)
    along_y = (thickness, y[1] - y[0])
    half = 0.5 * thickness
    return (
        Box("wall_north", "wall", (middle_x, y[1] + half, 0.0), along_x, height),
        Box("wall_south", "wall", (middle_x, y[0] - half, 0.0), along_x, height),
        Box("wall_east", "wall", (x[1] + half, middle_y, 0.0), along_y, height),
        Box("wall_west", "wall", (x[0] - half, middle_y, 0.0), along_y, height),
    )


def _check_boxes(room: Room, fields: Fields) -> None:
    names = [box.name for box in room.boxes]
    for name in names:
        if names.count(name) > 1:
            raise SceneError(f"{fields.file}: the name '{name}' is used twice, expected once")
    low, high = np.array([room.x[0], room.y[0]]), np.array([room.x[1], room.y[1]])
    for box in room.boxes[4:]:
        corners = box.corners()
        if (corners < low - 1e-6).any() or (corners > high + 1e-6).any():
            span = f"x {low[0]:g} to {high[0]:g} m, y {low[1]:g} to {high[1]:g} m"
            raise SceneError(f"{fields.file}: '{box.name}' sticks out of the room, expected {span}")

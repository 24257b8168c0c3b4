"""What stands around people: the map, what is free, what hides what, and how far it is to drive."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray, inverse, transform_points
from social_nav_core.grid import GridGeometry

BoolArray = NDArray[np.bool_]
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The map of what does not move, and the way from the robot to every cell of it.

    Attributes:
        grid: geometry of both arrays, in the frame of the people's poses.
        occupancy: (height, width), 0 to 100 per cent, -1 unknown, as nav_msgs/OccupancyGrid.
            People must not be in it, or they hide themselves.
        path_lengths: (height, width) [m] from the robot, infinite where it cannot get to.
        ways: geometry of the path lengths where that is a part of the map alone.
        reach: how far to every side of the robot that part goes at least [m].
        longer: makes the same with the ways in a larger part of the map; None when that is all.
    """

    grid: GridGeometry
    occupancy: NDArray[np.int8]
    path_lengths: FloatArray
    ways: GridGeometry | None = None
    reach: float = math.inf
    longer: Callable[[], Surroundings] | None = None

    def __post_init__(self) -> None:
        for name, grid in (("occupancy", self.grid), ("path_lengths", self.ways or self.grid)):
            shape = getattr(self, name).shape
            if shape != grid.shape:
                raise ValueError(
                    f"{name} has the shape {shape}, expected the grid's {grid.shape} "
                    "(height, width): wait until both are of the same map"
                )

    @cached_property
    def wider(self) -> Surroundings | None:
        """The same with longer ways, made once; None when there are none."""
        return self.longer() if self.longer else None

    def inside(self, points: ArrayLike) -> BoolArray:
        """Whether points ``(n, 2)`` [m] lie on the map."""
        return self.grid.contains(*self.grid.cells_of(points))

    def has_ways(self, points: ArrayLike) -> BoolArray:
        """Whether ways to points ``(n, 2)`` [m] were looked for."""
        ways = self.ways or self.grid
        return ways.contains(*ways.cells_of(points))

    def drive_to(self, points: ArrayLike) -> FloatArray:
        """Length [m] of the robot's way to points ``(n, 2)`` [m]; infinite out of its reach."""
        ways = self.ways or self.grid
        rows, columns = ways.cells_of(points)
        inside = ways.contains(rows, columns)
        lengths = np.full(inside.shape, np.inf)
        lengths[inside] = self.path_lengths[rows[inside], columns[inside]]
        return lengths

    def under_disc(
        self, points: ArrayLike, radius: float, occupied_from: int
    ) -> tuple[BoolArray, BoolArray]:
        """Whether a disc about points ``(n, 2)`` [m] covers an occupied, and an unknown cell.

        A cell is covered when any part of it lies within the radius [m].  What lies off the map
        is unknown.
        """
        at, reach = self._in_cells(points), radius / self.grid.resolution
        span = np.arange(-int(np.ceil(reach)), int(np.ceil(reach)) + 1)
        low = np.floor(at).astype(np.int64)[..., None] + span
        beside = np.maximum(np.maximum(low - at[..., None], at[..., None] - low - 1.0), 0.0)
        columns, rows = low[:, 0, None, :], low[:, 1, :, None]
        covered = beside[:, 0, None, :] ** 2 + beside[:, 1, :, None] ** 2 < reach**2
        values = self._occupancy_at(rows, columns)
        occupied = (covered & (values >= occupied_from)).any(axis=(1, 2))
        unknown = (covered & (values == UNKNOWN)).any(axis=(1, 2))
        return occupied, unknown

    def sees(self, eye: ArrayLike, points: ArrayLike, occupied_from: int) -> BoolArray:
        """Whether nothing occupied lies on the straight lines from one point to others.

        Nothing is seen from farther than twice the map's width and height together.  Every cell
        that a line crosses counts, found from where it crosses the lines of the grid;
        only the cell that the eye is in does not, for a measured person may stand in a wall's edge.

        Args:
            eye: (2,) [m].
            points: (n, 2) [m].
            occupied_from: occupancy [%] that blocks the sight; unknown cells do not.
        """
        start = self._in_cells(eye)
        step = self._in_cells(points) - start
        too_far = (np.abs(step) > 2 * (self.grid.width + self.grid.height)).any(axis=1)
        step[too_far] = 0.0
        crossings = [_crossings(start[axis], step[:, axis]) for axis in (0, 1)]
        ends = np.broadcast_to([0.0, 1.0], (len(step), 2))
        shares = np.sort(np.concatenate([*crossings, ends], axis=1), axis=1)
        middles = 0.5 * (shares[:, 1:] + shares[:, :-1])
        cells = np.floor(start + middles[..., None] * step[:, None]).astype(np.int64)
        blocked = self._occupancy_at(cells[..., 1], cells[..., 0]) >= occupied_from
        blocked &= np.diff(shares, axis=1) > 1e-9
        blocked &= (cells != np.floor(start)).any(axis=-1)
        return np.logical_not(blocked.any(axis=1) | too_far)

    def _in_cells(self, points: ArrayLike) -> FloatArray:
        """Coordinates ``(..., 2)`` (column, row) of points [m], in cells from the grid's corner."""
        return transform_points(inverse(self.grid.origin), points) / self.grid.resolution

    def _occupancy_at(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.int8]:
        inside = self.grid.contains(rows, columns)
        values = self.occupancy[
            np.clip(rows, 0, self.grid.height - 1), np.clip(columns, 0, self.grid.width - 1)
        ]
        return np.where(inside, values, np.int8(UNKNOWN))


def _crossings(start: float, step: FloatArray) -> FloatArray:
    """Shares ``(n, k)`` of the way at which lines cross integers, 1 where there is none left."""
    count = int(np.abs(step).max(initial=0.0)) + 1
    ahead = np.where(step > 0.0, np.floor(start) + 1.0, np.ceil(start) - 1.0)
    integers = ahead[:, None] + np.sign(step)[:, None] * np.arange(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (integers - start) / step[:, None]
    return np.where((step[:, None] != 0.0) & (shares < 1.0), shares, 1.0)

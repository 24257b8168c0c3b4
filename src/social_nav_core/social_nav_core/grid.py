"""The grid that costs live on: nav_msgs/OccupancyGrid's geometry, without ROS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray, inverse, transform_points

FINEST = 0.001  # edge of the smallest cells [m]
COUNTABLE = 2.0**62  # number of cells that integers surely hold


@dataclass(frozen=True)
class GridGeometry:
    """Cells ``[row, column]`` of a grid in a frame; row counts y and column counts x.

    Attributes:
        width: cells along x.
        height: cells along y.
        resolution: edge of a cell [m].
        origin: pose (x [m], y [m], yaw [rad]) of the outer corner of cell [0, 0] in the frame.
    """

    width: int
    height: int
    resolution: float
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise ValueError(f"grid is {self.width} x {self.height} cells, expected at least 1 x 1")
        if not FINEST <= self.resolution < np.inf:
            raise ValueError(f"grid resolution is {self.resolution} m, expected {FINEST} m or more")
        if not np.isfinite(self.origin).all():
            raise ValueError(f"grid origin is {self.origin}, expected three finite numbers")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), the shape of the array of cells."""
        return self.height, self.width

    def part(self, rows: slice, columns: slice) -> GridGeometry:
        """Geometry of the cells that slices with a start and a stop cut out."""
        corner = np.array([columns.start, rows.start]) * self.resolution
        x, y = transform_points(self.origin, corner).tolist()
        width, height = columns.stop - columns.start, rows.stop - rows.start
        return GridGeometry(width, height, self.resolution, (x, y, self.origin[2]))

    def cells_of(self, points_in_frame: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns (integers, maybe outside the grid) of points ``(..., 2)`` [m].

        Points that are not finite, or too far to count cells, are outside.
        """
        points = np.asarray(points_in_frame, dtype=float)
        if self.origin[2] == 0.0:
            cells = points - self.origin[:2]
        else:
            cells = transform_points(inverse(self.origin), points)
        cells /= self.resolution
        np.floor(cells, out=cells)
        if cells.size and not (cells.min() > -COUNTABLE and cells.max() < COUNTABLE):
            cells = np.where(np.abs(cells) < COUNTABLE, cells, -1.0)
        whole = cells.astype(np.int64)
        return whole[..., 1], whole[..., 0]

    def contains(self, rows: ArrayLike, columns: ArrayLike) -> np.ndarray:
        """Whether cells lie in the grid."""
        rows, columns = np.asarray(rows), np.asarray(columns)
        return (rows >= 0) & (rows < self.height) & (columns >= 0) & (columns < self.width)

    def centers_of(self, rows: ArrayLike, columns: ArrayLike) -> FloatArray:
        """Centres ``(..., 2)`` [m] of cells, in the grid's frame."""
        columns, rows = np.broadcast_arrays(np.asarray(columns), np.asarray(rows))
        centers = (np.stack([columns, rows], axis=-1) + 0.5) * self.resolution
        return transform_points(self.origin, centers)

    def centers(self) -> FloatArray:
        """Centres ``(height, width, 2)`` [m] of all cells, in the grid's frame."""
        rows, columns = np.indices(self.shape)
        return self.centers_of(rows, columns)

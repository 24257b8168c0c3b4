"""Dijkstra's search on the 8-connected grid, kept to the cells that can matter.

An edge costs its length times the mean price of its two cells.  No price is below 1, so a way costs
at least its length: where only one way is wanted, and something is known that it does not exceed,
all cells are left out over which even the shortest way would.  What is found is the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from social_nav_core.geometry import FloatArray

Cell = tuple[int, int]
STEPS = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
ASIDE = math.sqrt(2.0) - 1.0  # what a step costs more when it goes aside as well
ROUNDING = 1e-6  # far more than sums of prices are off [m]


@dataclass(frozen=True)
class Tree:
    """Cheapest ways from one cell to others; cells are (row, column) of the whole grid.

    Attributes:
        root: where all ways begin.
        first: the cell at the corner [0, 0] of both arrays.
        prices: ``(height, width)`` of the ways [m]; inf where none is known.
        predecessors: ``(height, width)`` flat index in these arrays of the cell before.
    """

    root: Cell
    first: Cell
    prices: FloatArray
    predecessors: NDArray[np.int32]

    def price_to(self, goal: Cell) -> float:
        """Price [m] of the way to a cell; inf where none is known."""
        row, column = goal[0] - self.first[0], goal[1] - self.first[1]
        height, width = self.prices.shape
        if not (0 <= row < height and 0 <= column < width):
            return math.inf
        return float(self.prices[row, column])

    def way_to(self, goal: Cell) -> NDArray[np.int64]:
        """Cells ``(n, 2)`` from the root to a cell that is reached."""
        width, before = self.prices.shape[1], self.predecessors.ravel()
        root, cell = (
            (row - self.first[0]) * width + column - self.first[1]
            for row, column in (self.root, goal)
        )
        cells = [cell]
        while cell != root:
            cell = before.item(cell)
            cells.append(cell)
        rows, columns = np.divmod(np.array(cells[::-1]), width)
        return np.stack([rows + self.first[0], columns + self.first[1]], axis=-1)


def cheapest_ways(
    prices: FloatArray,
    resolution: float,
    root: Cell,
    goal: Cell | None = None,
    limit: float = math.inf,
) -> Tree:
    """Ways from a cell to all others, or to one alone.

    Args:
        prices: ``(height, width)`` of a metre in every cell, at least 1; inf where blocked.
        resolution: edge of a cell [m].
        root: row and column.
        goal: where only the way to this cell is wanted; others may be left out.
        limit: then also that way is left out where it costs more [m].
    """
    limit = min(limit + ROUNDING, float(np.finfo(float).max))  # so that blocked cells stay out
    first, last = _window(prices.shape, root, goal, limit / resolution)
    height, width = last[0] - first[0], last[1] - first[1]
    padded = np.full((height + 2, width + 2), np.inf)
    inner = padded[1:-1, 1:-1]
    inner[:] = prices[first[0] : last[0], first[1] : last[1]]
    if goal is not None:
        rows, columns = np.arange(first[0], last[0]), np.arange(first[1], last[1])
        shortest = _grid_distances(rows, columns, root)
        shortest += _grid_distances(rows, columns, goal)
        inner[shortest > limit / resolution] = np.inf
    graph = _graph(padded, resolution)
    start = (root[0] - first[0]) * width + root[1] - first[1]
    ways, before = dijkstra(graph, indices=start, return_predecessors=True, limit=limit)
    return Tree(root, first, ways.reshape(height, width), before.reshape(height, width))


def _graph(padded: FloatArray, resolution: float) -> csr_matrix:
    """Edges between the cells of a grid with one more row or column of inf at every side."""
    height, width = padded.shape[0] - 2, padded.shape[1] - 2
    here, count = padded[1:-1, 1:-1], height * width
    weights = np.empty((height, width, len(STEPS)))
    for index, (down, right) in enumerate(STEPS):
        there = padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        np.add(here, there, out=weights[:, :, index])
    weights *= [0.5 * resolution * math.hypot(*step) for step in STEPS]
    offsets = np.array([down * width + right for down, right in STEPS], np.int32)
    targets = np.arange(count, dtype=np.int32)[:, None] + offsets
    np.clip(targets, 0, count - 1, out=targets)  # of edges that leave the grid, which cost inf
    starts = np.arange(0, targets.size + 1, len(STEPS), dtype=np.int32)
    return csr_matrix((weights.ravel(), targets.ravel(), starts), (count, count))


def straight_way(start: Cell, end: Cell) -> NDArray[np.int64]:
    """Cells ``(n, 2)`` of a shortest way, along the straight line."""
    count = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    share = np.arange(count + 1)[:, None] / max(count, 1)
    steps = np.array(end) - start
    return np.floor(start + share * steps + 0.5).astype(np.int64)


def way_price(prices: FloatArray, resolution: float, cells: NDArray[np.int64]) -> float:
    """Price [m] of a way ``(n, 2)`` from cell to neighbour cell; inf where blocked."""
    along = prices[cells[:, 0], cells[:, 1]]
    lengths = resolution * np.hypot(*np.diff(cells, axis=0).T)
    return float((0.5 * (along[1:] + along[:-1]) * lengths).sum())


def _window(
    shape: tuple[int, ...], root: Cell, goal: Cell | None, limit: float
) -> tuple[Cell, Cell]:
    """First and, exclusive, last cell that ways from root to goal within a limit can visit."""
    if goal is None:
        return (0, 0), (shape[0], shape[1])
    first, last = [], []
    for size, start, end in zip(shape, root, goal, strict=True):
        spare = math.ceil(min(max(0.5 * (limit - abs(end - start)), 0.0), size))
        first.append(max(0, min(start, end) - spare))
        last.append(min(size, max(start, end) + spare + 1))
    return (first[0], first[1]), (last[0], last[1])


def _grid_distances(rows: NDArray[np.int64], columns: NDArray[np.int64], place: Cell) -> FloatArray:
    """Length, in cells, of the shortest ways of an empty grid from a cell to others."""
    down, right = np.abs(rows - place[0])[:, None], np.abs(columns - place[1])
    return np.maximum(down + ASIDE * right, ASIDE * down + right)

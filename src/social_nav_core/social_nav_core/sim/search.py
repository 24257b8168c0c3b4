"""Dijkstra's search on the 8-connected grid, kept to the cells that can matter.

An edge costs its length times the mean price of its two cells, and no price is below 1.  Where only
one way is wanted, and a price is known that it does not exceed, all cells are left out over which
every way surely does.  What is found is the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

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
    first, part = (0, 0), prices
    if goal is not None:
        first, part = _part_that_counts(prices, root, goal, limit / resolution)
    height, width = part.shape
    graph = _graph(np.pad(part, 1, constant_values=np.inf), resolution)
    start = (root[0] - first[0]) * width + root[1] - first[1]
    ways, before = dijkstra(graph, indices=start, return_predecessors=True, limit=limit)
    return Tree(root, first, ways.reshape(height, width), before.reshape(height, width))


def _graph(padded: FloatArray, resolution: float) -> csr_matrix:
    """Edges between the cells of a grid with one more row or column of inf at every side."""
    height, width = padded.shape[0] - 2, padded.shape[1] - 2
    here = padded[1:-1, 1:-1]
    weights = np.empty((height, width, len(STEPS)))
    for index, (down, right) in enumerate(STEPS):
        there = padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        np.add(here, there, out=weights[:, :, index])
    weights *= [0.5 * resolution * math.hypot(*step) for step in STEPS]
    targets, starts = _structure(height, width)
    return csr_matrix((weights.ravel(), targets, starts), (height * width, height * width))


@lru_cache(maxsize=4)
def _structure(height: int, width: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Targets of all edges, cell by cell, and where each cell's edges begin."""
    count = height * width
    offsets = np.array([down * width + right for down, right in STEPS], np.int32)
    targets = np.arange(count, dtype=np.int32)[:, None] + offsets
    np.clip(targets, 0, count - 1, out=targets)  # of edges that leave the grid, which cost inf
    return targets.ravel(), np.arange(0, targets.size + 1, len(STEPS), dtype=np.int32)


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


def _part_that_counts(
    prices: FloatArray, root: Cell, goal: Cell, limit: float
) -> tuple[Cell, FloatArray]:
    """First cell and prices of a part of the grid; inf where no way within a limit leads.

    The limit is in cells.
    """
    first, window = [], []
    for size, start, end in zip(prices.shape, root, goal, strict=True):
        spare = math.ceil(min(max(0.5 * (limit - abs(end - start)), 0.0), size))
        first.append(max(0, min(start, end) - spare))
        window.append(slice(first[-1], max(start, end) + spare + 1))
    part = prices[window[0], window[1]]
    here = root[0] - first[0], root[1] - first[1]
    there = goal[0] - first[0], goal[1] - first[1]
    counts = np.isfinite(part) & (_least_prices(part, here, there) <= limit)
    counts[here] = True
    rows, columns = (np.flatnonzero(counts.any(axis=axis)) for axis in (1, 0))
    cut = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    corner = (first[0] + int(rows[0]), first[1] + int(columns[0]))
    return corner, np.where(counts[cut], part[cut], np.inf)


def _least_prices(prices: FloatArray, start: Cell, end: Cell) -> FloatArray:
    """What ways from start to end over each cell cost at least, in cells; see the module.

    To the way's length on an empty grid comes what is paid above 1 where the cheapest cell of each
    column between them is crossed, or of each row.
    """
    rows, columns = (np.arange(size) for size in prices.shape)
    total = np.zeros(prices.shape)
    for row, column in (start, end):
        down, right = np.abs(rows - row)[:, None], np.abs(columns - column)
        total += np.maximum(down + ASIDE * right, ASIDE * down + right)
    above = [_above(prices.min(axis=1 - axis), start[axis], end[axis]) for axis in (0, 1)]
    total += np.maximum(above[0][:, None], above[1])
    return total


def _above(least: FloatArray, start: int, end: int) -> FloatArray:
    """What is paid above 1 from a line of cells to start and end over lines with a least price."""
    extra = np.where(np.isfinite(least), least - 1.0, 0.0)
    paid = np.concatenate([[0.0], np.cumsum(0.5 * (extra[1:] + extra[:-1]))])
    return np.abs(paid - paid[start]) + np.abs(paid - paid[end])

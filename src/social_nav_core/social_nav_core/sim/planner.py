"""Cheapest paths for a round robot over static map, obstacles and social costs.

Costs are Nav2's: 254 lethal, 253 within the robot's radius of something lethal, below that the
inflation layer's exponential decay, joined with the social costs by maximum.  The price of a metre
is NavFn's (neutral + factor x cost) over neutral, so that it is 1 where the cost is 0.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.parameters import check, parameter
from social_nav_core.sim.smoothing import shortened, smoothed

UNKNOWN, LETHAL, INSCRIBED, HIGHEST = 255, 254, 253, 252  # nav2_costmap_2d/cost_values.hpp


@dataclass(frozen=True)
class PlannerParameters:
    """Inflation and price of costs; the names are those of Nav2's inflation layer and NavFn."""

    inscribed_radius: float = parameter(0.275, "m", "of the robot's footprint", 0.0, 2.0)
    inflation_radius: float = parameter(0.55, "m", "reach of the decaying costs", 0.0, 5.0)
    cost_scaling_factor: float = parameter(3.0, "1/m", "decay of the costs", 0.0, 100.0)
    neutral_cost: float = parameter(50.0, "", "price of a free cell", 1.0, 252.0)
    cost_factor: float = parameter(0.8, "", "price per unit of cost", 0.0, 10.0)
    start_tolerance: float = parameter(
        0.3, "m", "a blocked start is moved to the nearest free cell within this", 0.0, 2.0
    )


class Failure(Enum):
    """Why there is no path."""

    START_OUTSIDE = "the start is outside the map"
    START_BLOCKED = "the start is blocked"
    GOAL_OUTSIDE = "the goal is outside the map"
    GOAL_BLOCKED = "the goal is blocked"
    UNREACHABLE = "no way leads from the start to the goal"


class PlanningError(ValueError):
    """There is no path; ``failure`` says why, the message says where."""

    def __init__(self, failure: Failure, place: ArrayLike) -> None:
        x, y = np.asarray(place, dtype=float)[:2].tolist()
        super().__init__(f"{failure.value}: ({x:.2f}, {y:.2f}) m")
        self.failure = failure


@dataclass(frozen=True)
class _Tree:
    """Cheapest ways from one cell to all others up to a price; flat cell indices."""

    root: int
    limit: float
    prices: FloatArray
    predecessors: NDArray[np.int32]


class GridPlanner:
    """Plans on one grid; `update` changes the costs, the graph's structure is built once.

    Attributes:
        geometry: the grid, in the map frame.
        costs: ``(height, width)`` uint8, Nav2's cost values, of the last `update`.

    Args:
        geometry: the grid of the map.
        occupancy: ``(height, width)``; below 0 unknown (never entered), from 65 on occupied.
        parameters: of inflation and price.

    Raises:
        ValueError: the occupancy has another shape than the grid.
    """

    def __init__(
        self,
        geometry: GridGeometry,
        occupancy: NDArray[np.int8],
        parameters: PlannerParameters | None = None,
    ) -> None:
        self._parameters = parameters or PlannerParameters()
        check(self._parameters)
        _check_shape("occupancy", occupancy, geometry)
        self.geometry = geometry
        self._unknown = occupancy < 0
        self._distances = _distances_to(occupancy >= 65, geometry.resolution)
        passable = ~self._unknown & (self._distances > self._parameters.inscribed_radius)
        sources, self._targets, self._halves = _edges(geometry, passable.ravel())
        self._counts = np.bincount(sources, minlength=passable.size)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)]).astype(np.int32)
        self._tree: _Tree | None = None
        self._last: tuple[int, float] | None = None
        self.costs = np.zeros(geometry.shape, np.uint8)
        self.update()

    def update(
        self, social: NDArray[np.floating] | None = None, obstacles: ArrayLike | None = None
    ) -> None:
        """Set the costs that change with time; what an earlier call had set is forgotten.

        Args:
            social: ``(height, width)`` in [0, 1]; 1 becomes the highest passable cost, 252.
            obstacles: ``(n, 2)`` [m] in the map frame, lethal points such as those of a lidar;
                points outside the grid are left out.

        Raises:
            ValueError: wrong shape, or values out of range or not finite.
        """
        distances = self._distances
        if obstacles is not None and np.size(obstacles):
            distances = np.minimum(distances, self._obstacle_distances(obstacles))
        costs = self._inflated(distances)
        costs[self._unknown] = UNKNOWN
        self._set(costs)
        if social is not None:
            self.add_social(social)

    def add_social(self, social: NDArray[np.floating]) -> None:
        """Join social costs with the present ones, as in `update`, which forgets them."""
        _check_shape("social costs", social, self.geometry)
        if not ((social >= 0.0) & (social <= 1.0)).all():
            worst = float(social.flat[np.argmax(np.abs(social - 0.5))])
            raise ValueError(f"social costs contain {worst}, expected 0 to 1")
        self._set(np.maximum(self.costs, (HIGHEST * social).astype(np.uint8)))

    def _set(self, costs: NDArray[np.uint8]) -> None:
        self.costs = costs
        self._prices = self._prices_of(costs)
        self._tree = None

    def fresh(self) -> GridPlanner:
        """Another planner of the same map, without costs that change; quicker than a new one."""
        planner = copy(self)
        planner._last = None
        planner.update()
        return planner

    def plan(self, start: ArrayLike, goal: ArrayLike) -> FloatArray:
        """Cheapest path ``(n, 2)`` [m] in the map frame, about one point per cell.

        It begins at start and ends at goal (x, y, maybe more, which is ignored), exactly; corners
        are cut where a straight line costs no more, then rounded.

        Raises:
            PlanningError: start or goal is outside or blocked, or no way leads there.
        """
        start_xy, goal_xy = _point(start), _point(goal)
        goal_cell = self._goal_cell(goal_xy)
        tree = self._grow(start_xy, self._likely_price(start_xy, goal_xy, goal_cell))
        if not np.isfinite(tree.prices[goal_cell]):
            tree = self._grow(start_xy)
        if not np.isfinite(tree.prices[goal_cell]):
            raise PlanningError(Failure.UNREACHABLE, goal_xy)
        self._last = (goal_cell, float(tree.prices[goal_cell]))
        cells = _trace(tree, goal_cell)
        points = self.geometry.centers_of(*np.divmod(cells, self.geometry.width))
        if self._is_blocked(self._cell(start_xy)):
            points = np.concatenate([start_xy[None], points])
        points[0] = start_xy
        points = np.concatenate([points[:-1], goal_xy[None]]) if len(points) > 1 else points
        if len(points) == 1:
            return np.stack([start_xy, goal_xy])
        points = shortened(points, self._price_at, self.geometry.resolution)
        return smoothed(points, self._is_free_at, self.geometry.resolution)

    def distances_from(self, start: ArrayLike) -> FloatArray:
        """Length [m] of the cheapest way on the grid to every cell ``(height, width)``.

        The way goes from cell to neighbour cell in 8 directions, so its length is up to 8 % more
        than that of `plan`'s path; inf where no way leads.

        Raises:
            PlanningError: start is outside or blocked.
        """
        tree = self._grow(_point(start))
        reached = np.isfinite(tree.prices)
        cells = np.arange(tree.prices.size)
        ahead = np.where(reached & (cells != tree.root), tree.predecessors, cells)
        rows, columns = np.divmod(cells, self.geometry.width)
        lengths = np.hypot(rows - rows[ahead], columns - columns[ahead])
        while True:  # pointer doubling: each round joins a way with that of its end
            further = ahead[ahead]
            if np.array_equal(further, ahead):
                break
            lengths = lengths + lengths[ahead]
            ahead = further
        lengths = np.where(reached, lengths * self.geometry.resolution, np.inf)
        return lengths.reshape(self.geometry.shape)

    def is_free(self, points_in_map: ArrayLike) -> NDArray[np.bool_]:
        """Whether the robot's centre may be at points ``(..., 2)`` [m]; not so outside the map."""
        return self._is_free_at(np.asarray(points_in_map, dtype=float))

    def _obstacle_distances(self, obstacles: ArrayLike) -> FloatArray:
        points = np.asarray(obstacles, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError(f"obstacles have shape {points.shape}, expected (n, 2) finite points")
        rows, columns = self.geometry.cells_of(points)
        inside = self.geometry.contains(rows, columns)
        lethal = np.zeros(self.geometry.shape, bool)
        lethal[rows[inside], columns[inside]] = True
        return _distances_to(lethal, self.geometry.resolution)

    def _inflated(self, distances: FloatArray) -> NDArray[np.uint8]:
        about = self._parameters
        beyond = distances - about.inscribed_radius
        costs = HIGHEST * np.exp(-about.cost_scaling_factor * np.maximum(beyond, 0.0))
        costs[distances > max(about.inflation_radius, about.inscribed_radius)] = 0.0
        costs[beyond <= 0.0] = INSCRIBED
        costs[distances == 0.0] = LETHAL
        return costs.astype(np.uint8)

    def _prices_of(self, costs: NDArray[np.uint8]) -> FloatArray:
        """Price of a metre in every cell; inf where blocked."""
        about = self._parameters
        prices = 1.0 + about.cost_factor / about.neutral_cost * np.arange(256.0)
        prices[INSCRIBED:] = np.inf
        return prices[costs]

    def _price_at(self, points: FloatArray) -> FloatArray:
        """Price of a metre at points ``(..., 2)`` [m]; inf where blocked and outside the map."""
        rows, columns = self.geometry.cells_of(points)
        if self._are_inside(rows, self.geometry.height) and self._are_inside(
            columns, self.geometry.width
        ):
            return np.asarray(self._prices.ravel().take(rows * self.geometry.width + columns))
        inside = self.geometry.contains(rows, columns)
        prices = np.full(inside.shape, np.inf)
        prices[inside] = self._prices[rows[inside], columns[inside]]
        return prices

    @staticmethod
    def _are_inside(cells: NDArray[np.int64], count: int) -> bool:
        return bool(cells.size) and int(cells.min()) >= 0 and int(cells.max()) < count

    def _is_free_at(self, points: FloatArray) -> NDArray[np.bool_]:
        return np.isfinite(self._price_at(points))

    def _cell(self, point: FloatArray) -> int | None:
        row, column = self.geometry.cells_of(point)
        inside = self.geometry.contains(row, column)
        return int(row) * self.geometry.width + int(column) if inside else None

    def _is_blocked(self, cell: int | None) -> bool:
        return cell is None or bool(self.costs.flat[cell] >= INSCRIBED)

    def _goal_cell(self, goal: FloatArray) -> int:
        cell = self._cell(goal)
        if cell is None:
            raise PlanningError(Failure.GOAL_OUTSIDE, goal)
        if self._is_blocked(cell):
            raise PlanningError(Failure.GOAL_BLOCKED, goal)
        return cell

    def _start_cell(self, start: FloatArray) -> int:
        cell = self._cell(start)
        if cell is None:
            raise PlanningError(Failure.START_OUTSIDE, start)
        if not self._is_blocked(cell):
            return cell
        free = np.flatnonzero(self.costs.ravel() < INSCRIBED)
        centers = self.geometry.centers_of(*np.divmod(free, self.geometry.width))
        gaps = np.hypot(*(centers - start).T)
        if not len(free) or gaps.min() > self._parameters.start_tolerance:
            raise PlanningError(Failure.START_BLOCKED, start)
        return int(free[np.argmin(gaps)])

    def _likely_price(self, start: FloatArray, goal: FloatArray, goal_cell: int) -> float:
        """A price that the way to the goal will hardly exceed; nothing depends on it but time."""
        if self._last is not None and self._last[0] == goal_cell:
            return 1.1 * self._last[1] + 0.3
        return 1.6 * float(np.hypot(*(goal - start))) + 0.5

    def _grow(self, start: FloatArray, limit: float = np.inf) -> _Tree:
        """Cheapest ways from start's cell, those up to a limit of their price.

        They are kept until the costs or the start's cell change.
        """
        root = self._start_cell(start)
        if self._tree is None or self._tree.root != root or self._tree.limit < limit:
            prices = self._prices.ravel()
            weights = np.repeat(prices, self._counts) + prices.take(self._targets)
            weights *= self._halves
            graph = csr_matrix((weights, self._targets, self._starts), (prices.size,) * 2)
            ways, predecessors = dijkstra(
                graph, indices=root, return_predecessors=True, limit=limit
            )
            self._tree = _Tree(root, limit, ways, predecessors)
        return self._tree


def path_length(path: ArrayLike) -> float:
    """Length [m] of a path ``(n, 2)``."""
    steps = np.diff(np.asarray(path, dtype=float), axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def _point(place: ArrayLike) -> FloatArray:
    point = np.asarray(place, dtype=float)
    if point.ndim != 1 or len(point) < 2 or not np.isfinite(point[:2]).all():
        raise ValueError(f"place is {place!r}, expected finite x, y [m]")
    return point[:2].copy()


def _check_shape(name: str, values: NDArray, geometry: GridGeometry) -> None:
    if values.shape != geometry.shape:
        raise ValueError(f"{name} have shape {values.shape}, expected {geometry.shape}")


def _distances_to(lethal: NDArray[np.bool_], resolution: float) -> FloatArray:
    """Distances [m] between the centres of each cell and the nearest lethal one; inf if none."""
    if not lethal.any():
        return np.full(lethal.shape, np.inf)
    distances: FloatArray = distance_transform_edt(~lethal, sampling=resolution)
    return distances


def _edges(
    geometry: GridGeometry, passable: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32], FloatArray]:
    """Sources, targets (flat cells) and half lengths [m] of the edges of the 8-connected grid.

    They join passable cells and are in the order of their sources, as a CSR matrix wants them.
    """
    cells = np.flatnonzero(passable).astype(np.int32)
    rows, columns = np.divmod(cells, geometry.width)
    sources, targets, halves = [], [], []
    for down, right in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]:
        there = cells + np.int32(down * geometry.width + right)
        joined = geometry.contains(rows + down, columns + right)
        joined[joined] = passable[there[joined]]
        sources.append(cells[joined])
        targets.append(there[joined])
        half = 0.5 * geometry.resolution * math.hypot(down, right)
        halves.append(np.full(joined.sum(), half))
    order = np.argsort(np.concatenate(sources), kind="stable")
    return (
        np.concatenate(sources)[order],
        np.concatenate(targets)[order],
        np.concatenate(halves)[order],
    )


def _trace(tree: _Tree, goal: int) -> NDArray[np.int64]:
    cells = [goal]
    while cells[-1] != tree.root:
        cells.append(int(tree.predecessors[cells[-1]]))
    return np.array(cells[::-1])

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

from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.parameters import check, parameter
from social_nav_core.sim.search import Cell, Tree, cheapest_ways, straight_way, way_price
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
    TOO_FAR = "the goal is too far from the start to plan a way"


class PlanningError(ValueError):
    """There is no path; ``failure`` says why, the message says where."""

    def __init__(self, failure: Failure, place: ArrayLike, detail: str = "") -> None:
        x, y = np.asarray(place, dtype=float)[:2].tolist()
        super().__init__(f"{failure.value}: ({x:.2f}, {y:.2f}) m{detail}")
        self.failure = failure


class GridPlanner:
    """Plans on one grid; `update` changes the costs.

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
        self._static = self._inflated(_distances_to(occupancy >= 65, geometry.resolution))
        self._static[occupancy < 0] = UNKNOWN
        self._stamp = self._inflated(_distances_in_reach(self._parameters, geometry.resolution))
        self._price_of = _price_of_costs(self._parameters)
        self._prices_now: FloatArray | None = None
        self._tree: Tree | None = None
        self._way: NDArray[np.int64] | None = None
        self._way_price = 0.0
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
        if obstacles is not None and np.size(obstacles):
            self._set(self._with_obstacles(obstacles))
        else:
            self._set(self._static.copy())
        if social is not None:
            self.add_social(social)

    def add_social(self, social: NDArray[np.floating]) -> None:
        """Join social costs with the present ones, as in `update`, which forgets them."""
        _check_shape("social costs", social, self.geometry)
        if not (social.min() >= 0.0 and social.max() <= 1.0):
            worst = float(social.flat[np.argmax(np.abs(social - 0.5))])
            raise ValueError(f"social costs contain {worst}, expected 0 to 1")
        self._set(np.maximum(self.costs, (HIGHEST * social).astype(np.uint8)))

    def _set(self, costs: NDArray[np.uint8]) -> None:
        self.costs = costs
        self._prices_now = self._tree = None

    @property
    def _prices(self) -> FloatArray:
        """Price of a metre in every cell; inf where blocked."""
        if self._prices_now is None:
            self._prices_now = self._price_of[self.costs]
        return self._prices_now

    def fresh(self) -> GridPlanner:
        """Another planner of the same map, without costs that change; quicker than a new one."""
        planner = copy(self)
        planner._way = None
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
        root = self._start_cell(start_xy)
        tree = self._tree_to(root, goal_cell)
        price = tree.price_to(goal_cell)
        if not math.isfinite(price):
            raise PlanningError(Failure.UNREACHABLE, goal_xy)
        self._way, self._way_price = tree.way_to(goal_cell), price
        points = self.geometry.centers_of(*self._way.T)
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
        root = self._start_cell(_point(start))
        tree = self._full_tree(root)
        reached = np.isfinite(tree.prices).ravel()
        cells = np.arange(reached.size)
        is_root = cells == root[0] * self.geometry.width + root[1]
        ahead = np.where(reached & ~is_root, tree.predecessors.ravel(), cells)
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

    def _with_obstacles(self, obstacles: ArrayLike) -> NDArray[np.uint8]:
        """Costs of the map and of obstacles: costs only fall with distance, so the largest."""
        points = np.asarray(obstacles, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError(f"obstacles have shape {points.shape}, expected (n, 2) finite points")
        rows, columns = self.geometry.cells_of(points)
        inside = self.geometry.contains(rows, columns)
        lethal = np.zeros(self.geometry.shape, bool)
        lethal[rows[inside], columns[inside]] = True
        lethal &= self._static < LETHAL
        edge = len(self._stamp)
        costs = np.pad(self._static, edge // 2)
        for row, column in np.argwhere(lethal).tolist():
            around = costs[row : row + edge, column : column + edge]
            np.maximum(around, self._stamp, out=around)
        height, width = self.geometry.shape
        return costs[edge // 2 :, edge // 2 :][:height, :width].copy()

    def _inflated(self, distances: FloatArray) -> NDArray[np.uint8]:
        about = self._parameters
        beyond = distances - about.inscribed_radius
        costs = HIGHEST * np.exp(-about.cost_scaling_factor * np.maximum(beyond, 0.0))
        costs[distances > max(about.inflation_radius, about.inscribed_radius)] = 0.0
        costs[beyond <= 0.0] = INSCRIBED
        costs[distances == 0.0] = LETHAL
        return costs.astype(np.uint8)

    def _price_at(self, points: FloatArray) -> FloatArray:
        """Price of a metre at points ``(..., 2)`` [m]; inf where blocked and outside the map."""
        return self._at(points, self._prices, np.inf)

    def _is_free_at(self, points: FloatArray) -> NDArray[np.bool_]:
        return self._at(points, self.costs, UNKNOWN) < INSCRIBED

    def _at(self, points: FloatArray, values: NDArray, outside: float) -> NDArray:
        """Values of cells at points ``(..., 2)`` [m]; another one outside the map."""
        rows, columns = self.geometry.cells_of(points)
        height, width = self.geometry.shape
        if _are_within(rows, height) and _are_within(columns, width):
            return np.asarray(values.ravel().take(rows * width + columns))
        inside = self.geometry.contains(rows, columns)
        found = np.full(inside.shape, outside, values.dtype)
        found[inside] = values[rows[inside], columns[inside]]
        return found

    def _cell(self, point: FloatArray) -> Cell | None:
        row, column = self.geometry.cells_of(point)
        return (int(row), int(column)) if self.geometry.contains(row, column) else None

    def _is_blocked(self, cell: Cell | None) -> bool:
        return cell is None or bool(self.costs[cell] >= INSCRIBED)

    def _goal_cell(self, goal: FloatArray) -> Cell:
        cell = self._cell(goal)
        if cell is None:
            raise PlanningError(Failure.GOAL_OUTSIDE, goal)
        if self._is_blocked(cell):
            raise PlanningError(Failure.GOAL_BLOCKED, goal)
        return cell

    def _start_cell(self, start: FloatArray) -> Cell:
        cell = self._cell(start)
        if cell is None:
            raise PlanningError(Failure.START_OUTSIDE, start)
        if not self._is_blocked(cell):
            return cell
        rows, columns = np.nonzero(self.costs < INSCRIBED)
        gaps = np.hypot(*(self.geometry.centers_of(rows, columns) - start).T)
        if not len(gaps) or gaps.min() > self._parameters.start_tolerance:
            raise PlanningError(Failure.START_BLOCKED, start)
        nearest = np.argmin(gaps)
        return int(rows[nearest]), int(columns[nearest])

    def _tree_to(self, root: Cell, goal: Cell) -> Tree:
        """Cheapest ways from a cell, at least that to the goal where there is one."""
        if self._tree is not None and self._tree.root == root:
            return self._tree
        limit = self._price_limit(root, goal)
        tree = cheapest_ways(self._prices, self.geometry.resolution, root, goal, limit)
        return tree if math.isfinite(tree.price_to(goal)) else self._full_tree(root)

    def _full_tree(self, root: Cell) -> Tree:
        """Cheapest ways from a cell to all others; kept until the costs or the cell change."""
        if self._tree is None or self._tree.root != root:
            self._tree = cheapest_ways(self._prices, self.geometry.resolution, root)
        return self._tree

    def _price_limit(self, root: Cell, goal: Cell) -> float:
        """What some way to the goal costs [m], straight or joining the last one.

        Where both are blocked, what it hardly exceeds; nothing depends on it but time.
        """
        resolution = self.geometry.resolution
        price = way_price(self._prices, resolution, straight_way(root, goal))
        if self._way is None or tuple(self._way[-1]) != goal:
            likely = 1.6 * resolution * math.dist(root, goal) + 0.5
        else:
            nearest = int(np.argmin(((self._way - root) ** 2).sum(axis=1)))
            ahead = self._way[nearest:]
            joining = np.concatenate([straight_way(root, tuple(ahead[0].tolist())), ahead[1:]])
            price = min(price, way_price(self._prices, resolution, joining))
            likely = 1.1 * self._way_price + 0.3
        return price if math.isfinite(price) else likely


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


def _are_within(cells: NDArray[np.int64], count: int) -> bool:
    return bool(cells.size) and int(cells.min()) >= 0 and int(cells.max()) < count


def _distances_to(lethal: NDArray[np.bool_], resolution: float) -> FloatArray:
    """Distances [m] between the centres of each cell and the nearest lethal one; inf if none."""
    if not lethal.any():
        return np.full(lethal.shape, np.inf)
    distances: FloatArray = distance_transform_edt(~lethal, sampling=resolution)
    return distances


def _distances_in_reach(about: PlannerParameters, resolution: float) -> FloatArray:
    """Distances [m] to the middle of a square that holds all cells to which a lethal one counts."""
    reach = math.ceil(max(about.inflation_radius, about.inscribed_radius) / resolution)
    lethal = np.zeros((2 * reach + 1, 2 * reach + 1), bool)
    lethal[reach, reach] = True
    return _distances_to(lethal, resolution)


def _price_of_costs(about: PlannerParameters) -> FloatArray:
    """Price of a metre at each of the 256 costs; inf where blocked."""
    prices = 1.0 + about.cost_factor / about.neutral_cost * np.arange(256.0)
    prices[INSCRIBED:] = np.inf
    return prices

"""Plans on maps of any size: on the part around both ends that a planner takes in its time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.planner import Failure, GridPlanner, PlannerParameters, PlanningError
from social_nav_core.sim.search import Cell

MOST_CELLS = 640_000  # of the part, such as 40 m x 40 m at 0.05 m; one plan takes some 0.3 s then


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of a map, and the planner in it."""

    rows: slice
    columns: slice
    planner: GridPlanner

    def holds(self, cell: Cell) -> bool:
        """Whether a cell of the map is in it."""
        row, column = cell
        return (
            self.rows.start <= row < self.rows.stop
            and self.columns.start <= column < self.columns.stop
        )


class PartPlanner:
    """Plans on the whole of a map that is small enough, else on a part that holds both ends.

    The part goes equally far to every side of both; a way that leaves it is not found.

    Args:
        geometry, occupancy, parameters: as for `GridPlanner`.
        most_cells: how many cells the part has at most.
    """

    def __init__(
        self,
        geometry: GridGeometry,
        occupancy: NDArray[np.int8],
        parameters: PlannerParameters | None = None,
        most_cells: int = MOST_CELLS,
    ) -> None:
        self._geometry, self._occupancy, self._parameters = geometry, occupancy, parameters
        self._most_cells = most_cells
        self._part: _Part | None = None
        self._goal: Cell | None = None

    def plan(
        self,
        start: ArrayLike,
        goal: ArrayLike,
        social: NDArray[np.int8] | None = None,
        obstacles: ArrayLike | None = None,
    ) -> FloatArray:
        """Cheapest path ``(n, 2)`` [m] in the map frame, as `GridPlanner.plan` gives it.

        Args:
            start, goal: (x [m], y [m], maybe more, which is ignored).
            social: ``(height, width)`` of the whole map [%]; below 0 counts as 0.
            obstacles: ``(n, 2)`` [m] in the map frame.

        Raises:
            PlanningError: as of `GridPlanner.plan`; or start and goal are too far apart.
        """
        start_cell = self._cell(start, Failure.START_OUTSIDE)
        part = self._around(start_cell, self._cell(goal, Failure.GOAL_OUTSIDE))
        costs = None
        if social is not None:
            costs = np.maximum(social[part.rows, part.columns], 0) / 100.0
        part.planner.update(costs, obstacles)
        try:
            return part.planner.plan(start, goal)
        except PlanningError as error:
            searched = part.planner.geometry
            if error.failure is not Failure.UNREACHABLE or searched.shape == self._geometry.shape:
                raise
            width, height = (n * searched.resolution for n in (searched.width, searched.height))
            detail = f" within the {width:.0f} m x {height:.0f} m of the map that are searched"
            raise PlanningError(error.failure, goal, detail) from error

    def _cell(self, place: ArrayLike, failure: Failure) -> Cell:
        row, column = self._geometry.cells_of(np.asarray(place, dtype=float)[:2])
        if not self._geometry.contains(row, column):
            raise PlanningError(failure, place)
        return int(row), int(column)

    def _around(self, start: Cell, goal: Cell) -> _Part:
        """The part for a start and a goal; the one before as long as it holds both."""
        if self._part is None or self._goal != goal or not self._part.holds(start):
            rows, columns = self._spans(start, goal)
            planner = GridPlanner(
                self._geometry.part(rows, columns), self._occupancy[rows, columns], self._parameters
            )
            self._part, self._goal = _Part(rows, columns, planner), goal
        return self._part

    def _spans(self, start: Cell, goal: Cell) -> tuple[slice, slice]:
        shape = self._geometry.shape
        if shape[0] * shape[1] <= self._most_cells:
            return slice(0, shape[0]), slice(0, shape[1])
        height, width = (abs(a - b) + 1 for a, b in zip(start, goal, strict=True))
        spare = self._most_cells - height * width
        if spare < 0:
            detail = (
                f", {height * width} cells of {self._geometry.resolution:g} m lie between them, "
                f"expected at most {self._most_cells}"
            )
            raise PlanningError(Failure.TOO_FAR, self._geometry.centers_of(*goal), detail)
        around = height + width
        margin = int((math.sqrt(around**2 + 4.0 * spare) - around) / 4.0)
        rows, columns = (
            slice(max(min(a, b) - margin, 0), min(max(a, b) + margin + 1, size))
            for a, b, size in zip(start, goal, shape, strict=True)
        )
        return rows, columns

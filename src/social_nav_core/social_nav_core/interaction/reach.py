"""The robot's surroundings on a large map: the whole map, and ways in a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.surroundings import Surroundings
from social_nav_core.sim.planner import GridPlanner, PlannerParameters, PlanningError

NEAR = 10.0
"""Ways are first looked for in a part of the map that goes so far to every side [m]."""
SPARE = 1.05
"""The part that is cut out is larger by this, to be used again when the robot moved a little."""


@dataclass(frozen=True, eq=False)
class _Cut:
    """A part of a map, and the planner in it."""

    rows: slice
    columns: slice
    planner: GridPlanner

    def holds(self, row: int, column: int, reach: int, shape: tuple[int, int]) -> bool:
        """Whether all cells of a map of a shape within reach of one are in it."""
        return all(
            span.start <= max(at - reach, 0) and span.stop >= min(at + reach + 1, size)
            for at, span, size in zip((row, column), (self.rows, self.columns), shape, strict=True)
        )


class ReachableMap:
    """Cuts the robot's surroundings out of a map and measures the ways in them.

    Ways are looked for near the robot first, so that the time this takes does not depend on the
    size of the map; `Surroundings.wider` looks twice as far, up to the reach.  A way that leaves
    that part of the map is not found.

    Args:
        geometry: of the map.
        occupancy: ``(height, width)``, 0 to 100 per cent, -1 unknown.
        parameters: of the planner that measures the ways.
        reach: how far ways may lead to every side of the robot [m].
    """

    def __init__(
        self,
        geometry: GridGeometry,
        occupancy: NDArray[np.int8],
        parameters: PlannerParameters,
        reach: float,
    ) -> None:
        self._geometry = geometry
        self._occupancy = occupancy
        self._parameters = parameters
        self._reach = reach
        self._cuts: dict[float, _Cut] = {}

    def around(self, robot_in_map: ArrayLike) -> Surroundings:
        """Surroundings of the robot at (x [m], y [m], ...); all unreachable from a blocked place.

        Raises:
            PlanningError: the robot is outside the map.
        """
        robot = np.asarray(robot_in_map, dtype=float)
        return self._within(min(NEAR, self._reach), robot)

    def _within(self, reach: float, robot: FloatArray) -> Surroundings:
        planner = self._planner_around(robot, reach)
        try:
            lengths = planner.distances_from(robot)
        except PlanningError as error:
            if not self._geometry.contains(*self._geometry.cells_of(robot[:2])):
                raise error
            lengths = np.full(planner.geometry.shape, np.inf)
        if planner.geometry.shape == self._geometry.shape:
            return Surroundings(self._geometry, self._occupancy, lengths)
        twice = partial(self._within, min(2.0 * reach, self._reach), robot)
        return Surroundings(
            self._geometry,
            self._occupancy,
            lengths,
            planner.geometry,
            reach,
            twice if reach < self._reach else None,
        )

    def _planner_around(self, robot: FloatArray, reach: float) -> GridPlanner:
        """The planner of a part of the map that goes so far [m] to every side of the robot."""
        row, column = (int(cell) for cell in self._geometry.cells_of(robot[:2]))
        cells = int(np.ceil(reach / self._geometry.resolution))
        cut = self._cuts.get(reach)
        if cut is None or not cut.holds(row, column, cells, self._geometry.shape):
            spare = int(np.ceil(SPARE * cells))
            rows = _span(row, spare, self._geometry.height)
            columns = _span(column, spare, self._geometry.width)
            geometry = self._geometry.part(rows, columns)
            planner = GridPlanner(geometry, self._occupancy[rows, columns], self._parameters)
            cut = self._cuts[reach] = _Cut(rows, columns, planner)
        return cut.planner


def _span(at: int, reach: int, size: int) -> slice:
    """Cells within reach of one, inside the map; at least one cell even when it is far outside."""
    first = min(max(at - reach, 0), size - 1)
    return slice(first, max(min(at + reach + 1, size), first + 1))

"""How far the robot has to drive to anywhere near it, on a map that may be very large."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import transform_points
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.surroundings import Surroundings
from social_nav_core.sim.planner import GridPlanner, PlannerParameters, PlanningError


class ReachableMap:
    """Cuts the robot's surroundings out of a map and measures the ways in them.

    The cut is made anew when the robot comes nearer to its edge than half the reach, so that the
    time this takes does not depend on the size of the map.

    Args:
        geometry: of the map.
        occupancy: ``(height, width)``, 0 to 100 per cent, -1 unknown.
        parameters: of the planner that measures the ways.
        reach: how far the cut goes from the robot to every side [m].
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
        self._planner: GridPlanner | None = None
        self._cut: tuple[slice, slice] = (slice(0), slice(0))

    def around(self, robot_in_map: ArrayLike) -> Surroundings:
        """Surroundings of the robot at (x [m], y [m], ...); all unreachable from a blocked place.

        Raises:
            PlanningError: the robot is outside the map.
        """
        robot = np.asarray(robot_in_map, dtype=float)
        planner = self._planner_around(robot)
        occupancy = self._occupancy[self._cut]
        try:
            lengths = planner.distances_from(robot)
        except PlanningError as error:
            if not self._geometry.contains(*self._geometry.cells_of(robot[:2])):
                raise error
            lengths = np.full(planner.geometry.shape, np.inf)
        return Surroundings(planner.geometry, occupancy, lengths)

    def _planner_around(self, robot: NDArray[np.float64]) -> GridPlanner:
        row, column = (int(cell) for cell in self._geometry.cells_of(robot[:2]))
        reach = int(np.ceil(self._reach / self._geometry.resolution))
        if self._planner is None or not self._is_well_inside(row, column, reach // 2):
            rows = _span(row, reach, self._geometry.height)
            columns = _span(column, reach, self._geometry.width)
            corner = np.array([columns.start, rows.start]) * self._geometry.resolution
            x, y = transform_points(self._geometry.origin, corner).tolist()
            geometry = GridGeometry(
                columns.stop - columns.start,
                rows.stop - rows.start,
                self._geometry.resolution,
                (x, y, self._geometry.origin[2]),
            )
            self._cut = (rows, columns)
            self._planner = GridPlanner(geometry, self._occupancy[self._cut], self._parameters)
        return self._planner

    def _is_well_inside(self, row: int, column: int, margin: int) -> bool:
        """Whether a cell is far enough from the cut's edges, where those are not the map's."""
        rows, columns = self._cut
        return all(
            (span.start == 0 or at - span.start >= margin)
            and (span.stop == size or span.stop - at > margin)
            for at, span, size in (
                (row, rows, self._geometry.height),
                (column, columns, self._geometry.width),
            )
        )


def _span(at: int, reach: int, size: int) -> slice:
    """Cells within reach of one, inside the map; at least one cell even when it is far outside."""
    first = min(max(at - reach, 0), size - 1)
    return slice(first, max(min(at + reach + 1, size), first + 1))

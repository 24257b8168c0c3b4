"""What the navigator plans on: the map and the social costs, both in the map frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from nav_msgs.msg import OccupancyGrid
from numpy.typing import NDArray
from rclpy.node import Node
from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.parts import PartPlanner
from social_nav_core.sim.planner import Failure, PlannerParameters, PlanningError

from social_nav_nodes import topics
from social_nav_nodes.conversions import grid_from
from social_nav_nodes.navigator_senses import Source
from social_nav_nodes.throttled_log import ThrottledLog


class NavigatorMap:
    """Keeps the map and, while they are renewed, the social costs on its grid.

    Args:
        node: subscribes to both.
        log: told what is not used, and why.
        parameters: of the planner.
        costs: source of the social costs; None when they do not count.
        on_change: called when the map is another one than before.

    Attributes:
        geometry: of the map; None without one.
        social: ``(height, width)`` of the map [%]; None without social costs.
    """

    def __init__(
        self,
        node: Node,
        log: ThrottledLog,
        parameters: PlannerParameters,
        costs: Source | None,
        on_change: Callable[[], None],
    ) -> None:
        self._log, self._parameters, self._on_change = log, parameters, on_change
        self.geometry: GridGeometry | None = None
        self._occupancy = np.zeros((0, 0), np.int8)
        self._planner: PartPlanner | None = None
        self.social: NDArray[np.int8] | None = None
        self._costs = costs
        node.create_subscription(OccupancyGrid, topics.MAP, self._receive, topics.LATCHED_QOS)
        if costs is not None:
            node.create_subscription(
                OccupancyGrid, topics.SOCIAL_COSTMAP, self._receive_social, topics.LATCHED_QOS
            )

    def _receive(self, message: OccupancyGrid) -> None:
        try:
            geometry, cells = _grid_in_map(message)
        except ValueError as error:
            self._log.warning("map", f"the map is not used: {error}")
            return
        if geometry == self.geometry and np.array_equal(cells, self._occupancy):
            return
        if geometry != self.geometry:
            self.forget_costs()
        self.geometry, self._occupancy = geometry, cells
        self._planner = PartPlanner(geometry, cells, self._parameters)
        self._on_change()

    def _receive_social(self, message: OccupancyGrid) -> None:
        if self._costs is None or self.geometry is None:
            return
        stamp = message.header.stamp
        is_news = self.social is None or stamp != self._costs.newest
        try:
            defect = self._costs.stamp_defect(stamp) if is_news else None
            if defect is not None:
                raise ValueError(defect)
            geometry, cells = _grid_in_map(message)
            if geometry != self.geometry:
                raise ValueError(f"it is on {_words(geometry)}, the map on {_words(self.geometry)}")
        except ValueError as error:
            self._costs.refuse(str(error))
            return
        self.social = cells
        if is_news:
            self._costs.used(stamp)

    def drop_old_costs(self) -> None:
        """Forget social costs that are not renewed."""
        if self._costs is None or self.social is None:
            return
        if silence := self._costs.missing():
            self.social = None
            self._log.warning("social costs", f"no social costs any more: {silence}")

    def forget_costs(self) -> None:
        """The social costs do not hold any more, and the next ones may have any stamp."""
        self.social = None
        if self._costs is not None:
            self._costs.forget()

    def plan(self, start: FloatArray, goal: FloatArray, obstacles_in_map: FloatArray) -> FloatArray:
        """Cheapest path ``(n, 2)`` [m] in the map frame.

        Raises:
            PlanningError: there is none, or no map.
        """
        if self._planner is None:
            raise PlanningError(Failure.GOAL_OUTSIDE, goal, ", there is no map")
        return self._planner.plan(start, goal, self.social, obstacles_in_map)


def _grid_in_map(message: OccupancyGrid) -> tuple[GridGeometry, NDArray[np.int8]]:
    """Geometry in the map frame and cells ``(height, width)``; ValueError says what is wrong."""
    frame = message.header.frame_id
    if frame.lstrip("/") != topics.MAP_FRAME:
        raise ValueError(f"it is in the frame '{frame}', expected '{topics.MAP_FRAME}'")
    return grid_from(message)


def _words(geometry: GridGeometry) -> str:
    x, y, yaw = geometry.origin
    return (
        f"{geometry.width} x {geometry.height} cells of {geometry.resolution:g} m "
        f"from ({x:.3f} m, {y:.3f} m, {yaw:.3f} rad) on"
    )

"""A map that makes sense, or a throttled warning."""

from __future__ import annotations

import numpy as np
from nav_msgs.msg import OccupancyGrid
from numpy.typing import NDArray
from social_nav_core.grid import GridGeometry

from social_nav_nodes.conversions import grid_from
from social_nav_nodes.throttled_log import ThrottledLog


def read_map(
    message: OccupancyGrid, warnings: ThrottledLog
) -> tuple[GridGeometry, NDArray[np.int8]] | None:
    """Geometry and cells ``(height, width)`` of a map; None, and a warning, when it is no map."""
    try:
        return grid_from(message)
    except ValueError as error:
        warnings.warning("map", f"the map is not used: {error}")
        return None

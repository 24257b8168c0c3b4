"""The social cost field of a set of people, on a grid or at points.

Zones and o-spaces are combined so that a cost never exceeds 1:

- ``max``: the largest of all zones.
- ``sum``: the sum of all zones, clipped at 1.
- ``mixture``: the zones of a group are summed and divided by the largest value that the sum has
  at a member's own peak, if that is above 1; groups and single people combine by the largest.

The o-spaces of groups are combined with the result by the largest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.o_space import o_spaces_of
from social_nav_core.proxemics.zone import SocialZoneParameters, Zone, zones_of

Box = tuple[FloatArray, FloatArray]
Window = tuple[slice, slice]


def social_field(
    people: Sequence[Person],
    model: ProxemicsModel | Sequence[ProxemicsModel],
    grid: GridGeometry,
    parameters: SocialZoneParameters | None = None,
) -> FloatArray:
    """Costs ``(height, width)`` in [0, 1] at the centres of a grid's cells.

    Only the windows that zones reach are computed; the origin of the grid may be turned.

    Args:
        people: in the frame that the grid's origin is given in.
        model: the model that everybody has, or one for each person.
        grid: where costs are wanted.
        parameters: the defaults when None.

    Raises:
        ValueError: a person has a defect, which names the person; or the models are not as many
            as the people.
    """
    parameters = parameters or SocialZoneParameters()
    zones = [zone.seen_from(grid.origin) for zone in zones_of(people, model, parameters)]
    field = np.zeros(grid.shape)
    for members in _parts(zones, parameters.combination):
        part = np.zeros(grid.shape) if len(members) > 1 else field
        for zone in members:
            window, x, y = _window(zone.box(), grid)
            cost = zone.cost(x, y)
            if part is not field:
                part[window] += cost
            else:
                np.maximum(field[window], cost, out=field[window])
        if part is not field:
            scale = _group_peak(members) if parameters.combination == "mixture" else 1.0
            np.maximum(field, np.minimum(part / scale, 1.0), out=field)
    for space in o_spaces_of(zones, parameters):
        window, x, y = _window(space.box(), grid)
        np.maximum(field[window], space.cost(x, y), out=field[window])
    return field


def social_cost(
    points: ArrayLike,
    people: Sequence[Person],
    model: ProxemicsModel | Sequence[ProxemicsModel],
    parameters: SocialZoneParameters | None = None,
) -> FloatArray:
    """Costs ``(...)`` in [0, 1] at points ``(..., 2)`` [m] in the frame of the people's poses.

    The same field as `social_field`, without a grid.
    """
    parameters = parameters or SocialZoneParameters()
    points = np.asarray(points, dtype=float)
    x, y = points[..., 0], points[..., 1]
    zones = zones_of(people, model, parameters)
    field = np.zeros(points.shape[:-1])
    for members in _parts(zones, parameters.combination):
        part = sum((zone.cost(x, y) for zone in members), np.zeros(()))
        if parameters.combination == "mixture":
            part = part / _group_peak(members)
        field = np.maximum(field, np.minimum(part, 1.0))
    for space in o_spaces_of(zones, parameters):
        field = np.maximum(field, space.cost(x, y))
    return field


def _parts(zones: Sequence[Zone], combination: str) -> list[list[Zone]]:
    """Zones that are summed with each other."""
    if combination == "sum":
        return [list(zones)] if zones else []
    if combination == "max":
        return [[zone] for zone in zones]
    parts: dict[object, list[Zone]] = {}
    for zone in zones:
        parts.setdefault(zone.group_id or id(zone), []).append(zone)
    return list(parts.values())


def _group_peak(members: Sequence[Zone]) -> float:
    """Largest sum of the members' zones at a member's own peak, at least 1."""
    x, y = np.array([zone.center for zone in members]).T
    total = sum((zone.cost(x, y) for zone in members), np.zeros(()))
    return max(1.0, float(total.max()))


def _window(box: Box, grid: GridGeometry) -> tuple[Window, FloatArray, FloatArray]:
    """Cells of the grid whose centres lie in a box, and those centres, all in the grid's frame."""
    (left, lower), (right, upper) = box[0].tolist(), box[1].tolist()
    columns, x = _cells_between(left, right, grid.width, grid.resolution)
    rows, y = _cells_between(lower, upper, grid.height, grid.resolution)
    return (rows, columns), x, y[:, None]


def _cells_between(
    low: float, high: float, count: int, resolution: float
) -> tuple[slice, FloatArray]:
    """Of so many cells from 0 on those whose centres lie between two values [m], and these."""
    first = min(max(math.ceil(low / resolution - 0.5), 0), count)
    last = min(max(math.floor(high / resolution - 0.5) + 1, first), count)
    return slice(first, last), resolution * np.arange(first + 0.5, last, dtype=np.float64)

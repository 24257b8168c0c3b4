"""Flows: people of a scene who walk to and fro between two areas, described and drawn.

A scene's ``flows`` are a list of

    - {name: east, people: 6, from: [[-11, -2], [-3, 2]], to: [[9, -2], [11, 2]], speed: [0.9, 1]}

where ``from`` and ``to`` are rectangles by two opposite corners [m], ``speed`` the range [m/s] from
which everybody draws a desired one, and ``via``, if given, points [m] that the way leads through.
Who has arrived walks back to where they started, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.reading import Fields, SceneError
from social_nav_core.sim.room import Room

MOST_PEOPLE = 200
SLOWEST, FASTEST = 0.5, 1.6
"""Desired walking speeds [m/s]."""
ROOM_EACH = 1.0
"""Floor [m^2] that the area from which a flow starts needs for each person."""
SPACING = 0.65
"""Smallest distance [m] between the centres of people at the start."""
ROBOT_SPACING = 1.2
"""Smallest distance [m] from the robot's centre at the start."""
WALL_SPACING = 0.4
"""Smallest distance [m] from walls and furniture, of starts and targets."""
HEIGHT = (1.71, 0.09)
"""Mean and deviation [m] of body heights; two deviations are the limits."""
TRIES = 2000
Point = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """A rectangle along the map's axes: smallest and largest x and y [m]."""

    low: Point
    high: Point

    @property
    def size(self) -> float:
        """[m^2]."""
        return (self.high[0] - self.low[0]) * (self.high[1] - self.low[1])

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """A point (2,) [m] in it, all being equally likely."""
        return rng.uniform(self.low, self.high)


@dataclass(frozen=True)
class Flow:
    """People who walk from one area to another and back.

    Attributes:
        name: people are called 'NAME_1', 'NAME_2', ...
        people: how many.
        start, end: areas.
        via: points (x, y) [m] on the way, in order.
        speed: lowest and highest desired speed [m/s].
    """

    name: str
    people: int
    start: Area
    end: Area
    via: tuple[Point, ...]
    speed: tuple[float, float]

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the people."""
        return tuple(f"{self.name}_{i + 1}" for i in range(self.people))


@dataclass(frozen=True)
class FlowPerson:
    """One drawn person of a flow: the stops (k, 2) [m] of the way, the first one the start."""

    id: str
    stops: FloatArray
    speed: float
    height: float


def read_flow(fields: Fields, room: Room) -> Flow:
    """Read one item of a scene's ``flows``; raises `SceneError` that names field and value."""
    people = fields.integer("people")
    if not 1 <= people <= MOST_PEOPLE:
        raise fields.error("people", str(people), f"1 to {MOST_PEOPLE}")
    low, high = fields.numbers("speed", 2, "m/s")
    if not SLOWEST <= low <= high <= FASTEST:
        expected = f"two speeds from {SLOWEST} to {FASTEST} m/s, the lower one first"
        raise fields.error("speed", f"[{low:g}, {high:g}]", expected)
    flow = Flow(
        fields.label("name"),
        people,
        _read_area(fields, "from", room),
        _read_area(fields, "to", room),
        _read_points(fields, "via", room) if fields.has("via") else (),
        (low, high),
    )
    fields.finish()
    if flow.start.size < people * ROOM_EACH:
        expected = f"at least {people * ROOM_EACH:g} m^2 for {people} people"
        raise fields.error("from", f"an area of {flow.start.size:.1f} m^2", expected)
    _check_ways(flow, room, fields)
    return flow


def _read_area(fields: Fields, name: str, room: Room) -> Area:
    points = np.array(_read_points(fields, name, room))
    if points.shape != (2, 2) or (points.max(axis=0) - points.min(axis=0) < 0.1).any():
        raise fields.error(name, str(points.tolist()), "two opposite corners [[x, y], [x, y]] [m]")
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Area((x0, y0), (x1, y1))


def _read_points(fields: Fields, name: str, room: Room) -> tuple[Point, ...]:
    expected = "a list of points [x, y] [m]"
    values = fields.take(name, expected)
    try:
        points = np.array(values, dtype=float)
    except (TypeError, ValueError):
        points = np.zeros(0)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise fields.error(name, repr(values), expected)
    inside = room.contains(points)
    if not inside.all():
        outside = points[~inside][0].tolist()
        raise fields.error(name, f"{outside} m", "points on the floor of the room")
    return tuple((float(x), float(y)) for x, y in points)


def _check_ways(flow: Flow, room: Room, fields: Fields) -> None:
    """The way between the middles of the areas must be clear of walls and furniture."""
    middles = [0.5 * (np.array(area.low) + area.high) for area in (flow.start, flow.end)]
    for begin, end in pairwise([middles[0], *map(np.array, flow.via), middles[1]]):
        count = 2 + int(np.linalg.norm(end - begin) / 0.05)
        way = np.linspace(begin, end, count)
        gap = room.box_array.clearances(way)
        if gap.min() < WALL_SPACING:
            x, y = way[int(np.argmin(gap))]
            expected = f"a way at least {WALL_SPACING} m off walls and furniture"
            raise fields.error("via", f"a way through ({x:.2f}, {y:.2f}) m", expected)


def draw_people(
    flows: Sequence[Flow],
    room: Room,
    robot: ArrayLike,
    others: ArrayLike,
    rng: np.random.Generator,
) -> list[FlowPerson]:
    """Draw everybody's start, target, speed and height.

    Args:
        flows: of the scene.
        room: of the scene.
        robot: its start (x [m], y [m], maybe more).
        others: (n, 2) [m] people who are there already.
        rng: source.

    Raises:
        SceneError: the people of a flow find no room.
    """
    taken = [np.asarray(place, dtype=float) for place in np.reshape(others, (-1, 2))]
    robot_place = np.asarray(robot, dtype=float)[:2]
    people = []
    for flow in flows:
        for name in flow.ids:
            start = _free_place(flow, flow.start, room, robot_place, taken, rng)
            taken.append(start)
            end = _free_place(flow, flow.end, room, None, [], rng)
            stops = np.array([start, *flow.via, end])
            tall = float(np.clip(rng.standard_normal(), -2.0, 2.0))
            height = HEIGHT[0] + HEIGHT[1] * tall
            people.append(FlowPerson(name, stops, float(rng.uniform(*flow.speed)), height))
    return people


def _free_place(
    flow: Flow,
    area: Area,
    room: Room,
    robot: FloatArray | None,
    taken: Sequence[FloatArray],
    rng: np.random.Generator,
) -> FloatArray:
    others = np.array(taken).reshape(-1, 2)
    for _ in range(TRIES):
        place = area.draw(rng)
        if room.box_array.clearances(place) < WALL_SPACING:
            continue
        if robot is not None and np.linalg.norm(place - robot) < ROBOT_SPACING:
            continue
        if not len(others) or np.linalg.norm(others - place, axis=1).min() >= SPACING:
            return place
    raise SceneError(
        f"flow '{flow.name}': no free place for {flow.people} people was found in x"
        f" {area.low[0]:g} to {area.high[0]:g} m, y {area.low[1]:g} to {area.high[1]:g} m;"
        " make the area larger or the flow smaller"
    )

"""What a trial tries: how people become costs for the planner, ours and what others use.

Every arm meets the same trials; the people that the lidar sees are obstacles in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

import numpy as np

from social_nav_core.evaluation.metrics.social import ZONES
from social_nav_core.geometry import FloatArray
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Action, Attitude, Intent, Person, certain
from social_nav_core.proxemics.baselines import (
    Baseline,
    EggGaussian,
    HallZones,
    symmetric_gaussian,
)
from social_nav_core.proxemics.field import social_field
from social_nav_core.proxemics.model import ProxemicsModel, shipped_model
from social_nav_core.proxemics.zone import SocialZoneParameters

CostField = Callable[[Sequence[Person], GridGeometry], FloatArray]
PLUGIN_VARIANCE = 0.25
PLUGIN_SPEED_FACTOR = 5.0
STANDING = 0.1
"""Of today's plugins: variance [m^2], how speed [m/s] widens the front, speed of standing."""


@dataclass(frozen=True)
class Arm:
    """One way to deal with people.

    Attributes:
        name: what people read.
        costs: field (height, width) in [0, 1] of people on a grid; None for no social costs.
        has_labels: whether intent, attitude and action are known to it.
        corruption: where people are what the robot perceives, the share of frames and of joints
            that the student loses; None where they are the truth.
    """

    name: str
    costs: CostField | None
    has_labels: bool = True
    corruption: float | None = None


def hall_circles(people: Sequence[Person], grid: GridGeometry) -> FloatArray:
    """1 within Hall's intimate distance, falling linearly to 0 at the end of the personal zone."""
    low, high = ZONES["intimate"], ZONES["personal"]
    x, y = _centers(grid)
    square = np.full(grid.shape, np.inf)
    for person in people:
        away = (x - person.pose[0]) ** 2 + (y - person.pose[1]) ** 2
        np.minimum(square, away, out=square)
    return np.clip((high - np.sqrt(square)) / (high - low), 0.0, 1.0)


def two_gaussians(people: Sequence[Person], grid: GridGeometry) -> FloatArray:
    """Two halves of Gaussians per person, the front one longer the faster they walk.

    With the defaults of the layers in use since D. Lu (ROS social_navigation_layers): variance
    0.25 m^2 to all sides, times 1 + 5 x speed [m/s] along the way of who walks.
    """
    largest = np.full(grid.shape, -np.inf)
    for person in people:
        speed = float(np.hypot(*person.velocity))
        walks = speed > STANDING
        heading = float(np.arctan2(*person.velocity[::-1])) if walks else float(person.pose[2])
        front = PLUGIN_VARIANCE * (1.0 + PLUGIN_SPEED_FACTOR * speed if walks else 1.0)
        ahead, aside = _seen_from(grid, person.pose[:2], heading)
        along = np.where(ahead > 0.0, front, PLUGIN_VARIANCE)
        exponent = -0.5 * (ahead**2 / along + aside**2 / PLUGIN_VARIANCE)
        np.maximum(largest, exponent, out=largest)
    return np.exp(largest)


def kirby(people: Sequence[Person], grid: GridGeometry) -> FloatArray:
    """Kirby's asymmetric Gaussians (Carnegie Mellon University 2010); the front is the chest's."""
    largest = np.full(grid.shape, -np.inf)
    for person in people:
        front = max(2.0 * float(np.hypot(*person.velocity)), 0.5)
        ahead, aside = _seen_from(grid, person.pose[:2], float(person.pose[2]))
        along = np.where(ahead > 0.0, front, 0.5 * front)
        exponent = -0.5 * ((ahead / along) ** 2 + (aside / (2.0 / 3.0 * front)) ** 2)
        np.maximum(largest, exponent, out=largest)
    return np.exp(largest)


def learned(
    model: ProxemicsModel | Baseline, parameters: SocialZoneParameters | None = None
) -> CostField:
    """The suite's own field; with its default parameters when None."""
    shape = cast(ProxemicsModel, model)  # a baseline has the same interface
    return lambda people, grid: social_field(people, shape, grid, parameters)


def scaled(costs: CostField, factor: float) -> CostField:
    """A field whose largest cost is a factor in [0, 1] instead of 1."""
    return lambda people, grid: factor * costs(people, grid)


def without_labels(people: Sequence[Person]) -> list[Person]:
    """The same people with intent, attitude and action unknown."""
    return [
        replace(
            person,
            intent=certain(Intent.UNKNOWN),
            attitude=certain(Attitude.UNKNOWN),
            action=certain(Action.UNKNOWN),
        )
        for person in people
    ]


OURS = "ours"
NO_LAYER = "no layer"


BASELINES = ("Kirby", "two Gaussians", "circles")
DEFAULT_ARMS = (OURS, "ours without labels", *BASELINES, NO_LAYER)
OTHER_MODELS: dict[str, Callable[[], ProxemicsModel | Baseline]] = {
    "egg": EggGaussian,
    "Hall zones": HallZones,
    "symmetric Gaussian": symmetric_gaussian,
}
"""Models of the literature in the place of the learned one, in the suite's own field."""
STUDENTS = {"student 0 %": 0.0, "student 30 %": 0.3, "student 60 %": 0.6}
"""Ours with people as the robot perceives them; shares of frames and joints that are lost."""
ALL_ARMS = (*DEFAULT_ARMS, *STUDENTS, *OTHER_MODELS)


def arm_named(name: str, model: ProxemicsModel | None = None) -> Arm:
    """The arm with a name of `DEFAULT_ARMS`; 'Kirby x0.5' has half of Kirby's costs.

    Args:
        name: of the arm or of `OTHER_MODELS`, maybe with a factor in (0, 1].
        model: of the learned arms; the shipped one when None.

    Raises:
        ValueError: there is no such arm.
    """
    plain, separator, factor_text = name.partition(" x")
    if plain == NO_LAYER and not separator:
        return Arm(name, None, has_labels=False)
    model = model or shipped_model()
    ours = learned(model)
    fields: dict[str, tuple[CostField, bool]] = {
        OURS: (ours, True),
        "ours without labels": (ours, False),
        "Kirby": (kirby, False),
        "two Gaussians": (two_gaussians, False),
        "circles": (hall_circles, False),
    }
    if plain in STUDENTS:
        fields[plain] = (ours, True)
    if plain in OTHER_MODELS:
        as_published = SocialZoneParameters(size=1.0)
        fields[plain] = (learned(OTHER_MODELS[plain](), as_published), False)
    if plain not in fields:
        known = ", ".join(ALL_ARMS)
        raise ValueError(f"arm is '{name}', expected one of {known}")
    costs, has_labels = fields[plain]
    if separator:
        costs = scaled(costs, _factor(name, factor_text))
    return Arm(name, costs, has_labels, STUDENTS.get(plain))


def canonical(name: str) -> str:
    """The one way to write an arm's name: 'ours x0.50' is 'ours x0.5', and 'ours x1' is 'ours'.

    Raises:
        ValueError: there is no such arm.
    """
    arm_named(name)
    plain, separator, factor_text = name.partition(" x")
    factor = _factor(name, factor_text) if separator else 1.0
    return plain if factor == 1.0 else f"{plain} x{factor!r}"


def _factor(name: str, text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = float("nan")
    if not 0.0 < factor <= 1.0:
        raise ValueError(f"arm is '{name}', expected a factor above 0 and at most 1 behind ' x'")
    return factor


def _seen_from(
    grid: GridGeometry, place: FloatArray, heading: float
) -> tuple[FloatArray, FloatArray]:
    """How far ahead and to the left (height, width) [m] of somebody the grid's cells are."""
    x, y = _centers(grid)
    dx, dy = x - place[0], y - place[1]
    cos, sin = np.cos(heading), np.sin(heading)
    return cos * dx + sin * dy, cos * dy - sin * dx


@lru_cache(maxsize=8)
def _centers(grid: GridGeometry) -> tuple[FloatArray, FloatArray]:
    """x and y [m] of the cells' centres; one row and one column where the grid is not turned."""
    x, y = np.moveaxis(grid.centers(), -1, 0)
    return (x, y) if grid.origin[2] else (x[:1].copy(), y[:, :1].copy())

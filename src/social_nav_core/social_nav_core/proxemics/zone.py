"""The zone of each person: the model moved, turned, widened, stretched and shaped by labels.

In the person's frame, with m the model's mode and b(x) = pdf(m + (x - m) / size) / peak, the plain
zone is

    cost(x) = amplitude max(0, b(x) - cutoff) / (1 - cutoff)

which is 1 at the mode, falls everywhere and reaches 0 where the density is `cutoff` of the peak.
A zone puts an affine map in front of it, about the mode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import ParameterError, check, parameter
from social_nav_core.people import UNKNOWN_HEADING, Person, defects
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.shape import ZoneShape, zone_shape


@dataclass(frozen=True)
class SocialZoneParameters:
    """How people become costs; used alike by the Python field and the costmap layer."""

    size: float = parameter(1.6, "", "zones are so much larger than the model", 0.3, 3.0)
    cutoff: float = parameter(0.01, "", "share of the peak where a zone ends", 0.001, 0.5)
    combination: str = parameter(
        "max", "", "how zones that overlap add up", choices=("max", "sum", "mixture")
    )
    horizon: float = parameter(1.25, "s", "a zone reaches ahead by speed times this", 0.0, 5.0)
    drift: float = parameter(0.4, "s", "speed times this widens a zone to all sides", 0.0, 2.0)
    extension_max: float = parameter(2.0, "m", "furthest reach ahead by motion", 0.0, 10.0)
    position_std_max: float = parameter(0.5, "m", "most that uncertainty widens", 0.0, 2.0)
    o_space_amplitude: float = parameter(1.0, "", "cost between members of a group", 0.0, 1.0)
    o_space_sigma: float = parameter(0.35, "m", "how far that cost reaches outside", 0.05, 2.0)
    group_span: float = parameter(3.0, "m", "farther members share no space", 0.1, 20.0)
    corridor_start: float = parameter(0.45, "m", "the front opens from here on", 0.0, 3.0)
    corridor_full: float = parameter(0.8, "m", "the front is fully open from here on", 0.0, 3.0)
    corridor_width: float = parameter(0.4, "m", "standard deviation of the corridor", 0.1, 2.0)

    intent_interacting_amplitude: float = parameter(1.0, "", "factor of the cost", 0.0, 1.0)
    intent_interacting_size: float = parameter(1.0, "", "factor of the size", 0.3, 3.0)
    intent_interacting_opening: float = parameter(1.0, "", "opening of the front", 0.0, 1.0)
    intent_interested_amplitude: float = parameter(1.0, "", "factor of the cost", 0.0, 1.0)
    intent_interested_size: float = parameter(1.0, "", "factor of the size", 0.3, 3.0)
    intent_interested_opening: float = parameter(0.5, "", "opening of the front", 0.0, 1.0)
    intent_not_interested_amplitude: float = parameter(1.0, "", "factor of the cost", 0.0, 1.0)
    intent_not_interested_size: float = parameter(1.0, "", "factor of the size", 0.3, 3.0)
    intent_not_interested_opening: float = parameter(0.0, "", "opening of the front", 0.0, 1.0)
    attitude_positive_amplitude: float = parameter(1.0, "", "factor of the cost", 0.0, 1.0)
    attitude_positive_size: float = parameter(1.0, "", "factor of the size", 0.3, 3.0)
    attitude_positive_opening: float = parameter(1.0, "", "factor of the opening", 0.0, 1.0)
    attitude_negative_amplitude: float = parameter(1.0, "", "factor of the cost", 0.0, 1.0)
    attitude_negative_size: float = parameter(1.4, "", "factor of the size", 0.3, 3.0)
    attitude_negative_opening: float = parameter(0.3, "", "factor of the opening", 0.0, 1.0)
    attitude_not_interacting_amplitude: float = parameter(1.0, "", "factor of the cost", 0.0, 1.0)
    attitude_not_interacting_size: float = parameter(1.0, "", "factor of the size", 0.3, 3.0)
    attitude_not_interacting_opening: float = parameter(1.0, "", "factor of the opening", 0.0, 1.0)

    def __post_init__(self) -> None:
        check(self)
        if self.corridor_full < self.corridor_start + 0.1:
            raise ParameterError(
                f"corridor_full is {self.corridor_full} m, expected at least 0.1 m more than "
                f"corridor_start ({self.corridor_start} m)"
            )

    def label_factors(self, person: Person) -> tuple[float, float, float]:
        """Amplitude, size and opening of a person's labels: expectations over the table.

        An UNKNOWN label has amplitude and size 1; its intent does not open the front and its
        attitude leaves the opening as it is.  The factors of intent and attitude multiply.
        Probabilities that a defect tolerates are off 1 by rounding: they are normalised.
        """
        intent, attitude = person.intent.tolist(), person.attitude.tolist()
        whole = (intent[0] + intent[1] + intent[2] + intent[3]) * (
            attitude[0] + attitude[1] + attitude[2] + attitude[3]
        )
        amplitude = (
            intent[0]
            + intent[1] * self.intent_interacting_amplitude
            + intent[2] * self.intent_interested_amplitude
            + intent[3] * self.intent_not_interested_amplitude
        ) * (
            attitude[0]
            + attitude[1] * self.attitude_positive_amplitude
            + attitude[2] * self.attitude_negative_amplitude
            + attitude[3] * self.attitude_not_interacting_amplitude
        )
        size = (
            intent[0]
            + intent[1] * self.intent_interacting_size
            + intent[2] * self.intent_interested_size
            + intent[3] * self.intent_not_interested_size
        ) * (
            attitude[0]
            + attitude[1] * self.attitude_positive_size
            + attitude[2] * self.attitude_negative_size
            + attitude[3] * self.attitude_not_interacting_size
        )
        opening = (
            intent[1] * self.intent_interacting_opening
            + intent[2] * self.intent_interested_opening
            + intent[3] * self.intent_not_interested_opening
        ) * (
            attitude[0]
            + attitude[1] * self.attitude_positive_opening
            + attitude[2] * self.attitude_negative_opening
            + attitude[3] * self.attitude_not_interacting_opening
        )
        return amplitude / whole, size / whole, opening / whole


@dataclass(frozen=True, eq=False)
class Zone:
    """One person's zone in the frame of the person's pose.

    With d = x - center, an offset is first drawn back along the motion,
    ``e = d - stretch max(0, direction . d) direction``, then brought to the model,
    ``u = to_model e``; the cost is the shape's at the offset u from the mode.  With `isotropic`
    the offset is (\\|to_model e\\|, 0): every side is treated as the front.

    Attributes:
        person_id: whose zone it is.
        group_id: the person's group, empty when alone.
        position: (2,) where the person stands [m].
        center: (2,) where the cost is largest [m].
        to_model: (2, 2), without unit.
        direction: (2,) unit vector of the motion; zero when standing.
        stretch: share of the way ahead that is drawn back, in [0, 1).
        amplitude: cost at the center, in [0, 1].
        opening: how far the front corridor is open, in [0, 1].
        isotropic: the heading is not known.
        confidence: that the person is there, in [0, 1].
        shape: of the person's model.
    """

    person_id: str
    group_id: str
    position: FloatArray
    center: FloatArray
    to_model: FloatArray
    direction: FloatArray
    stretch: float
    amplitude: float
    opening: float
    isotropic: bool
    confidence: float
    shape: ZoneShape

    def seen_from(self, frame: tuple[float, float, float]) -> Zone:
        """The same zone in another frame, whose pose (x [m], y [m], yaw [rad]) is given."""
        cos, sin = math.cos(frame[2]), math.sin(frame[2])
        turn = np.array([[cos, -sin], [sin, cos]])
        return replace(
            self,
            position=(self.position - frame[:2]) @ turn,
            center=(self.center - frame[:2]) @ turn,
            to_model=self.to_model @ turn,
            direction=self.direction @ turn,
        )

    def cost(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Cost in [0, 1] at points x, y [m] (arrays that broadcast)."""
        x, y = x - self.center[0], y - self.center[1]
        if self.stretch > 0.0:
            back = self.stretch * np.maximum(self.direction[0] * x + self.direction[1] * y, 0.0)
            x, y = x - back * self.direction[0], y - back * self.direction[1]
        a = self.to_model
        forward, left = a[0, 0] * x + a[0, 1] * y, a[1, 0] * x + a[1, 1] * y
        if self.isotropic:
            forward, left = np.hypot(forward, left), np.zeros(())
        return self.amplitude * self.shape.cost(forward, left, self.opening)

    def box(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper corner ``(2,)`` [m] of a box that the zone does not leave."""
        contour = self.shape.circle if self.isotropic else self.shape.contour
        reach = 1.01 * contour @ _inverse(self.to_model).T
        ahead = np.maximum(reach @ self.direction, 0.0)
        drawn = self.stretch / (1.0 - self.stretch)
        reach = reach + drawn * ahead[:, None] * self.direction
        return self.center + reach.min(axis=0), self.center + reach.max(axis=0)


def zones_of(
    people: Sequence[Person],
    model: ProxemicsModel | Sequence[ProxemicsModel],
    parameters: SocialZoneParameters,
) -> list[Zone]:
    """Zones of people, in the frame of their poses and in their order.

    Args:
        model: the model that everybody has, or one for each person.

    Raises:
        ValueError: a person has a defect (see `Person.defect`), or the models are not as many as
            the people.
    """
    if isinstance(model, Sequence):
        shapes = [zone_shape(own, parameters) for own in model]
    else:
        shapes = [zone_shape(model, parameters)] * len(people)
    if len(shapes) != len(people):
        raise ValueError(f"{len(shapes)} models, expected one for each of {len(people)} people")
    for person, defect in zip(people, defects(people), strict=True):
        if defect is not None:
            raise ValueError(f"person '{person.id}': {defect}")
    return [_zone(person, shape, parameters) for person, shape in zip(people, shapes, strict=True)]


def _zone(person: Person, shape: ZoneShape, parameters: SocialZoneParameters) -> Zone:
    x, y, yaw = person.pose.tolist()
    amplitude, size, opening = parameters.label_factors(person)
    isotropic = person.covariance[2, 2] > UNKNOWN_HEADING
    position_in_person = _covariance_in_person(person, parameters)
    if isotropic:
        scale = size * _isotropic_widening(shape.covariance, position_in_person)
        to_model = np.array([[1.0 / scale, 0.0], [0.0, 1.0 / scale]])
        mode = (0.0, 0.0)
        opening = 0.0
    else:
        yaw_variance = max(float(person.covariance[2, 2]), 0.0)
        target = turned_covariance(shape.mean, shape.covariance, yaw_variance)
        to_model = transport(target + position_in_person, shape.covariance) / size
        cos, sin = math.cos(yaw), math.sin(yaw)
        to_model = to_model @ np.array([[cos, sin], [-sin, cos]])
        mode = (
            cos * shape.mode[0] - sin * shape.mode[1],
            sin * shape.mode[0] + cos * shape.mode[1],
        )
    direction, stretch = _motion(person, shape, to_model, isotropic, parameters)
    return Zone(
        person.id,
        person.group_id,
        np.array([x, y]),
        np.array([x + mode[0], y + mode[1]]),
        to_model,
        direction,
        stretch,
        float(person.confidence) * amplitude,
        opening,
        bool(isotropic),
        float(person.confidence),
        shape,
    )


def _covariance_in_person(person: Person, parameters: SocialZoneParameters) -> FloatArray:
    """Covariance ``(2, 2)`` [m^2] along the body's axes of where the person is and will be.

    The measured one, and that of somebody who may leave the way by `drift` times the speed to
    every side; together scaled down to the limit.
    """
    std_max = parameters.position_std_max
    strayed = min(math.hypot(*person.velocity.tolist()) * parameters.drift, std_max) ** 2
    a, b, c = (
        float(person.covariance[0, 0]) + strayed,
        0.5 * float(person.covariance[0, 1] + person.covariance[1, 0]),
        float(person.covariance[1, 1]) + strayed,
    )
    largest = 0.5 * (a + c) + math.hypot(0.5 * (a - c), b)
    if largest <= 0.0:
        return np.zeros((2, 2))
    scale = min(1.0, std_max**2 / largest)
    cos, sin = math.cos(person.pose[2]), math.sin(person.pose[2])
    turn = np.array([[cos, sin], [-sin, cos]])
    return scale * turn @ np.array([[a, b], [b, c]]) @ turn.T


def turned_covariance(mean: FloatArray, covariance: FloatArray, yaw_variance: float) -> FloatArray:
    """Covariance ``(2, 2)`` [m^2] of the model turned about the body by a normal angle.

    With M = covariance + mean mean' split into its isotropic part I tr(M)/2 and the rest D, and v
    the yaw variance [rad^2], it is exactly ``I tr(M)/2 + exp(-2 v) D - exp(-v) mean mean'``.
    """
    outer = np.outer(mean, mean)
    second = covariance + outer
    round_part = 0.5 * np.trace(second) * np.eye(2)
    decay = math.exp(-2.0 * yaw_variance)
    return round_part + decay * (second - round_part) - math.exp(-yaw_variance) * outer


def transport(source: FloatArray, target: FloatArray) -> FloatArray:
    """Symmetric map ``(2, 2)`` W with W source W = target (covariances, positive definite).

    It is the optimal transport between normal distributions, the geometric mean of source^-1 and
    target: ``W = sqrt(a b / det(A / a + B / b)) (A / a + B / b)``, A = source^-1, B = target,
    a and b the roots of their determinants.
    """
    a, b = 1.0 / math.sqrt(_determinant(source)), math.sqrt(_determinant(target))
    total = _inverse(source) / a + target / b
    return math.sqrt(a * b / _determinant(total)) * total


def _determinant(matrix: FloatArray) -> float:
    """Of a matrix ``(2, 2)``, without LAPACK's overhead."""
    (a, b), (c, d) = matrix.tolist()
    return float(a * d - b * c)


def _inverse(matrix: FloatArray) -> FloatArray:
    """Of a matrix ``(2, 2)``, without LAPACK's overhead."""
    (a, b), (c, d) = matrix.tolist()
    return np.array([[d, -b], [-c, a]]) / (a * d - b * c)


def _isotropic_widening(covariance: FloatArray, position: FloatArray) -> float:
    """Factor by which position uncertainty widens the profile straight ahead."""
    return math.sqrt(1.0 + 0.5 * float(np.trace(position)) / float(covariance[0, 0]))


def _motion(
    person: Person,
    shape: ZoneShape,
    to_model: FloatArray,
    isotropic: bool,
    parameters: SocialZoneParameters,
) -> tuple[FloatArray, float]:
    """Unit vector of the motion, and the share that makes the zone reach ahead by the extension."""
    speed = math.hypot(*person.velocity.tolist())
    extension = min(speed * parameters.horizon, parameters.extension_max)
    if extension <= 0.0:
        return np.zeros(2), 0.0
    direction = person.velocity / speed
    along = direction @ _inverse(to_model)
    reach = shape.radius * math.hypot(*along) if isotropic else float((shape.contour @ along).max())
    return direction, extension / (extension + reach)

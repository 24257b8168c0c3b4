"""Places near people, drawn and judged one by one: what rejects them, what they score."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray, transform_points
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.interaction.place import Rejection
from social_nav_core.interaction.surroundings import BoolArray, Surroundings
from social_nav_core.interaction.target import Target, has_heading
from social_nav_core.parameters import check, parameter
from social_nav_core.people import Intent, certain
from social_nav_core.proxemics.field import social_cost
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.zone import SocialZoneParameters

_REASONS = tuple(Rejection)
ACCEPTED = -1


@dataclass(frozen=True)
class SelectionParameters:
    """How an approach place is chosen."""

    candidates: int = parameter(500, "", "places that are drawn", 10, 20000)
    max_age: float = parameter(1.0, "s", "a person seen longer ago is not approached", 0.05, 60.0)
    memory: float = parameter(
        10.0, "s", "company and others seen longer ago are taken to have left", 0.05, 600.0
    )
    least_wish: float = parameter(
        0.5, "", "probability of wanting to interact that an approach without an id needs", 0.0, 1.0
    )
    wish_margin: float = parameter(
        0.1, "", "of people whose wish differs by less the nearest is approached", 0.0, 1.0
    )
    robot_radius: float = parameter(0.275, "m", "radius of the robot's footprint", 0.05, 2.0)
    intimate_distance: float = parameter(
        0.45, "m", "least distance from a person's centre to the robot's footprint", 0.0, 2.0
    )
    occupied_from: int = parameter(65, "%", "occupancy from which a cell is not free", 1, 100)
    others_cost_max: float = parameter(
        0.25, "", "largest social cost of other people at the place", 0.0, 1.0
    )
    own_cost_max: float = parameter(
        0.75, "", "largest social cost of the person and the group at the place", 0.0, 1.0
    )
    least_density: float = parameter(
        0.01, "", "least density of a place, as a share of the model's peak", 0.0, 1.0
    )
    density_weight: float = parameter(1.0, "", "weight of the log density", 0.0, 100.0)
    social_weight: float = parameter(2.0, "", "weight of the social cost", 0.0, 100.0)
    path_weight: float = parameter(0.1, "1/m", "weight of the path length", 0.0, 100.0)
    front_angle: float = parameter(
        0.95, "rad", "a place farther off the front of who is approached scores less", 0.0, 3.15
    )
    rear_angle: float = parameter(
        1.75, "rad", "a place farther off the front of who is alone is not taken", 0.1, 3.15
    )
    side_angle: float = parameter(
        1.55, "rad", "the same for who is in company: beside them is outside of it", 0.1, 3.15
    )
    front_weight: float = parameter(
        10.0, "1/rad", "weight of the angle that a place is farther off", 0.0, 100.0
    )
    keep_margin: float = parameter(
        1.0, "", "the present place is kept unless another scores better by this", 0.0, 100.0
    )
    passing_speed: float = parameter(
        0.3, "m/s", "who is faster than this does not drive the robot from its place", 0.0, 10.0
    )
    keep_moved: float = parameter(
        0.5, "m", "no place is kept when the person moved by more since", 0.01, 100.0
    )
    keep_turned: float = parameter(
        0.8, "rad", "no place is kept when the person turned by more since", 0.01, 3.15
    )
    keep_heading: float = parameter(
        0.12, "rad", "a kept place is turned when its heading is off by more", 0.01, 3.15
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class Survey:
    """Places near a target, each judged.

    Attributes:
        points: (n, 2) [m] in the frame of the people's poses.
        rejections: (n,) index into the members of `Rejection`, -1 where a place can be taken.
        density: (n,) share of the interaction model's peak, NaN where a place cannot be taken.
        social_cost: (n,) in [0, 1].
        path_length: (n,) [m], infinite where the robot cannot get to.
        score: (n,), minus infinity where a place cannot be taken.
        reach: how far to every side of the robot ways were looked for [m], infinite for the map.
    """

    points: FloatArray
    rejections: NDArray[np.int64]
    density: FloatArray
    social_cost: FloatArray
    path_length: FloatArray
    score: FloatArray
    reach: float

    @property
    def has_place(self) -> bool:
        """Whether any place can be taken."""
        return bool((self.rejections == ACCEPTED).any())

    @property
    def lacks_ways(self) -> bool:
        """Whether longer ways might lead to a place, or to others than those in reach."""
        beyond, blocked = (
            Rejection.BEYOND_REACH in self.counts,
            Rejection.UNREACHABLE in self.counts,
        )
        return beyond or (blocked and not self.has_place)

    @property
    def counts(self) -> dict[Rejection, int]:
        """How many places each reason rejected, reasons that rejected none left out."""
        found = Counter(self.rejections[self.rejections != ACCEPTED].tolist())
        return {_REASONS[index]: count for index, count in sorted(found.items())}


class _Sieve:
    """Places and which of them are left; each is rejected for the first reason that applies."""

    def __init__(self, points: FloatArray) -> None:
        self._points = points
        self.rejections = np.full(len(points), ACCEPTED)
        self.indices = np.arange(len(points))

    @property
    def left(self) -> FloatArray:
        """The places ``(m, 2)`` that are left."""
        return self._points[self.indices]

    def reject(self, reason: Rejection, bad: BoolArray) -> None:
        """Take those that are bad ``(m,)`` out of those that are left."""
        self.rejections[self.indices[bad]] = _REASONS.index(reason)
        self.indices = self.indices[~bad]


class PlaceJudge:
    """Draws places near a target and judges them; holds no state between calls."""

    def __init__(
        self,
        interaction: InteractionModel,
        proxemics: ProxemicsModel,
        parameters: SelectionParameters | None = None,
        zones: SocialZoneParameters | None = None,
    ) -> None:
        """Use where people stand (interaction) and how near they want others (proxemics)."""
        self.interaction = interaction
        self.proxemics = proxemics
        self.parameters = parameters or SelectionParameters()
        self.zones = zones or SocialZoneParameters()
        self._log_peak = float(interaction.score_samples(interaction.modes()[0]))

    def candidates(self, target: Target, rng: np.random.Generator) -> FloatArray:
        """Places ``(n, 2)`` [m] where people would stand to talk to the members of a target."""
        count = self.parameters.candidates
        poses = np.array([member.pose for member in target.members])
        whose = rng.integers(len(poses), size=count)
        return transform_points(poses[whose], self.interaction.sample(count, rng))

    def survey(self, target: Target, points: FloatArray, surroundings: Surroundings) -> Survey:
        """Judge places ``(n, 2)`` [m]."""
        p = self.parameters
        sieve = _Sieve(points)
        sieve.reject(Rejection.OUTSIDE, ~surroundings.inside(sieve.left))
        sieve.reject(Rejection.BEYOND_REACH, ~surroundings.has_ways(sieve.left))
        sieve.reject(Rejection.TOO_NEAR, self._too_near(target, sieve.left))
        occupied, unknown = surroundings.under_disc(sieve.left, p.robot_radius, p.occupied_from)
        sieve.reject(Rejection.OCCUPIED, occupied)
        sieve.reject(Rejection.UNKNOWN, unknown[~occupied])
        others = self._others_cost(target, points)
        sieve.reject(Rejection.OTHERS_ZONE, others[sieve.indices] > p.others_cost_max)
        own = self._own_cost(target, points)
        sieve.reject(Rejection.OWN_ZONE, own[sieve.indices] > p.own_cost_max)
        sieve.reject(Rejection.HIDDEN, self._hidden(target, sieve.left, surroundings))
        path_length = surroundings.drive_to(points)
        sieve.reject(Rejection.UNREACHABLE, ~np.isfinite(path_length[sieve.indices]))
        limit = p.rear_angle if len(target.members) == 1 else p.side_angle
        sieve.reject(Rejection.BEHIND, self._off_front(target, sieve.left) > limit)
        social = np.maximum(own, others)
        density, score = np.full(len(points), np.nan), np.full(len(points), -np.inf)
        log_density = self._log_density(target, sieve.left)
        rare = np.exp(log_density) < p.least_density
        sieve.reject(Rejection.RARE, rare)
        left, log_density = sieve.indices, log_density[~rare]
        density[left] = np.exp(log_density)
        score[left] = (
            p.density_weight * log_density
            - p.social_weight * social[left]
            - p.path_weight * path_length[left]
            - p.front_weight * np.maximum(self._off_front(target, sieve.left) - p.front_angle, 0.0)
        )
        return Survey(
            points, sieve.rejections, density, social, path_length, score, surroundings.reach
        )

    def _log_density(self, target: Target, points: FloatArray) -> FloatArray:
        """Of the mean over the members, as a share of the model's peak; always finite."""
        in_person = target.seen_by_members(points)
        logs = self.interaction.score_samples(in_person)
        return np.logaddexp.reduce(logs, axis=0) - np.log(len(in_person)) - self._log_peak

    @staticmethod
    def _off_front(target: Target, points: FloatArray) -> FloatArray:
        """Angle (n,) [rad] to the front of the person, or of the nearest member if larger.

        Whose heading is unknown has the front on all sides.
        """
        in_person = target.seen_by_members(points)
        angles = np.abs(np.arctan2(in_person[..., 1], in_person[..., 0]))
        angles[[not has_heading(member) for member in target.members]] = 0.0
        nearest = np.hypot(in_person[..., 0], in_person[..., 1]).argmin(axis=0)
        return np.maximum(angles[0], angles[nearest, np.arange(len(points))])

    def _own_cost(self, target: Target, points: FloatArray) -> FloatArray:
        inviting = [replace(p, intent=certain(Intent.INTERACTING)) for p in target.members]
        return social_cost(points, inviting, self.proxemics, self.zones)

    def _others_cost(self, target: Target, points: FloatArray) -> FloatArray:
        return social_cost(points, target.others, self.proxemics, self.zones)

    def _hidden(self, target: Target, points: FloatArray, surroundings: Surroundings) -> BoolArray:
        """From the person, or from the middle of the group."""
        occupied_from = self.parameters.occupied_from
        hidden = ~surroundings.sees(target.person.pose[:2], points, occupied_from)
        if len(target.members) > 1:
            hidden |= ~surroundings.sees(target.focus, points, occupied_from)
        return hidden

    def _too_near(self, target: Target, points: FloatArray) -> BoolArray:
        """From a person's centre to the edge of the robot's footprint."""
        centres = np.array([p.pose[:2] for p in (*target.members, *target.others)])
        distances = np.linalg.norm(points[:, None] - centres, axis=-1).min(axis=1)
        return distances < self.parameters.intimate_distance + self.parameters.robot_radius

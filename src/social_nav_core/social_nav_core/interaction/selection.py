"""The place to approach a person or a conversation at: candidates, rejection, ranking.

Candidates are drawn from the interaction model around the person, or around all members of the
person's conversation; what is left after rejection is ranked by

    score = density_weight ln(density / peak) - social_weight social_cost - path_weight path_length
            - front_weight max(0, bearing - front_angle)

with the density averaged over the members, and the social cost of everybody else, or of the person
and the group itself where that is larger.  The logarithm keeps the robot away from where nobody
stands, however short the way there is.  Their own zones count with open fronts, for the robot
comes to interact; what remains is their flanks, their backs and the space between them.  The
bearing is the angle between the front of the person, or of the nearest member if that is larger,
and the place: a robot that joins a circle comes a little into the gap, where both its neighbours
see it before them; on the ring itself it stands 60 degrees off the fronts of a circle of three.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray, bearing, transform_points, wrap_angle
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.interaction.place import (
    NoFreePlace,
    NoPlace,
    NoSuchPerson,
    PersonStale,
    Place,
    Rejection,
)
from social_nav_core.interaction.surroundings import BoolArray, Surroundings
from social_nav_core.interaction.target import Target, conversation, with_id
from social_nav_core.parameters import check, parameter
from social_nav_core.people import Intent, Person, certain
from social_nav_core.proxemics.field import social_cost
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.zone import SocialZoneParameters

_REASONS = tuple(Rejection)
_ACCEPTED = -1


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
    density_weight: float = parameter(1.0, "", "weight of the log density", 0.0, 100.0)
    social_weight: float = parameter(2.0, "", "weight of the social cost", 0.0, 100.0)
    path_weight: float = parameter(0.1, "1/m", "weight of the path length", 0.0, 100.0)
    front_angle: float = parameter(
        0.95, "rad", "a place farther off the front of who is approached scores less", 0.0, 3.15
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
class Situation:
    """What is known at one instant, in the map.

    Attributes:
        people: everybody who is known.
        robot_in_map: (x [m], y [m], yaw [rad]).
        surroundings: map and path lengths, the latter from the robot's place.
        now: time [s] on the clock of the people's `last_seen`.
    """

    people: Sequence[Person]
    robot_in_map: FloatArray
    surroundings: Surroundings
    now: float


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
    """

    points: FloatArray
    rejections: NDArray[np.int64]
    density: FloatArray
    social_cost: FloatArray
    path_length: FloatArray
    score: FloatArray

    @property
    def counts(self) -> dict[Rejection, int]:
        """How many places each reason rejected, reasons that rejected none left out."""
        found = Counter(self.rejections[self.rejections != _ACCEPTED].tolist())
        return {_REASONS[index]: count for index, count in sorted(found.items())}


class _Sieve:
    """Places and which of them are left; each is rejected for the first reason that applies."""

    def __init__(self, points: FloatArray) -> None:
        self._points = points
        self.rejections = np.full(len(points), _ACCEPTED)
        self.indices = np.arange(len(points))

    @property
    def left(self) -> FloatArray:
        """The places ``(m, 2)`` that are left."""
        return self._points[self.indices]

    def reject(self, reason: Rejection, bad: BoolArray) -> None:
        """Take those that are bad ``(m,)`` out of those that are left."""
        self.rejections[self.indices[bad]] = _REASONS.index(reason)
        self.indices = self.indices[~bad]


class ApproachSelector:
    """Chooses the place to approach people at; holds no state between calls."""

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

    def select(
        self, situation: Situation, person_id: str | None, rng: np.random.Generator
    ) -> Place | NoPlace:
        """The best place to approach a person at, or why there is none.

        Args:
            situation: what is known now.
            person_id: who to approach; None or empty for whoever most wants it.
            rng: draws the candidates.
        """
        target = self.target(situation, person_id)
        if not isinstance(target, Target):
            return target
        points = self.candidates(target, rng)
        return self._best(target, self.survey(target, points, situation.surroundings))

    def reconsider(
        self, situation: Situation, current: Place, rng: np.random.Generator
    ) -> Place | NoPlace:
        """`current` itself while it is still good; else a new place, or why there is none.

        The present place is kept while nothing rejects it, no other place scores better by
        `keep_margin`, and the person has hardly moved or turned since it was chosen; it is only
        turned when the person or group is no longer ahead.  Who walks past it will be gone.
        """
        target = self.target(situation, current.person_id)
        if not isinstance(target, Target):
            return target
        survey = self.survey(target, self.candidates(target, rng), situation.surroundings)
        patient = replace(target, others=self._standing(target.others))
        here = self.survey(patient, np.array([current.pose[:2]]), situation.surroundings)
        least = survey.score.max() - self.parameters.keep_margin
        good = here.rejections[0] == _ACCEPTED and here.score[0] >= least
        if not good or self._has_moved(target.person, current):
            return self._best(target, survey)
        kept = self._place(target, here, 0)
        if abs(wrap_angle(kept.pose[2] - current.pose[2])) > self.parameters.keep_heading:
            return kept
        return current

    def _standing(self, people: Sequence[Person]) -> tuple[Person, ...]:
        limit = self.parameters.passing_speed
        return tuple(person for person in people if np.hypot(*person.velocity) < limit)

    def _has_moved(self, person: Person, place: Place) -> bool:
        step = person.pose - np.array(place.person_in_map)
        moved, turned = float(np.hypot(step[0], step[1])), abs(float(wrap_angle(step[2])))
        return moved > self.parameters.keep_moved or turned > self.parameters.keep_turned

    def target(
        self, situation: Situation, person_id: str | None
    ) -> Target | NoSuchPerson | PersonStale:
        """Who is approached, seen just now, with the conversation and everybody else remembered.

        A robot that looks at one of a group no longer sees the others, who are still there.
        """
        now = situation.now
        usable = [person for person in situation.people if person.defect() is None]
        fresh = _seen_within(self.parameters.max_age, usable, now)
        if person_id:
            found = with_id(person_id, fresh)
            if found is None:
                return self._why_missing(person_id, situation.people, now)
        else:
            found = self._most_willing(fresh, situation.robot_in_map)
            if found is None:
                return NoSuchPerson(
                    "",
                    f"nobody of {len(fresh)} people wants to interact with a probability of "
                    f"at least {self.parameters.least_wish:g}",
                )
        known = _seen_within(self.parameters.memory, usable, now)
        in_group = conversation(found, known, self.zones.group_span)
        others = [p for p in known if all(p is not member for member in in_group)]
        return Target(found, tuple(in_group), tuple(others))

    def _why_missing(
        self, person_id: str, people: Iterable[Person], now: float
    ) -> NoSuchPerson | PersonStale:
        person = with_id(person_id, people)
        if person is None:
            return NoSuchPerson(person_id, f"nobody is called '{person_id}'")
        defect = person.defect()
        if defect is not None:
            return NoSuchPerson(person_id, f"'{person_id}' cannot be used: {defect}")
        return PersonStale(person_id, now - person.last_seen, self.parameters.max_age)

    def _most_willing(self, people: Sequence[Person], robot_in_map: FloatArray) -> Person | None:
        wish = [float(p.intent[Intent.INTERACTING] + p.intent[Intent.INTERESTED]) for p in people]
        most = max(wish, default=0.0)
        if not people or most < self.parameters.least_wish:
            return None
        least = most - self.parameters.wish_margin
        willing = [p for p, own in zip(people, wish, strict=True) if own >= least]
        return min(willing, key=lambda p: float(np.hypot(*(p.pose[:2] - robot_in_map[:2]))))

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
        social = np.maximum(own, others)
        density, score = np.full(len(points), np.nan), np.full(len(points), -np.inf)
        left = sieve.indices
        log_density = self._log_density(target, sieve.left)
        density[left] = np.exp(log_density)
        score[left] = (
            p.density_weight * log_density
            - p.social_weight * social[left]
            - p.path_weight * path_length[left]
            - p.front_weight * np.maximum(self._off_front(target, sieve.left) - p.front_angle, 0.0)
        )
        return Survey(points, sieve.rejections, density, social, path_length, score)

    def _log_density(self, target: Target, points: FloatArray) -> FloatArray:
        """Of the mean over the members, as a share of the model's peak; always finite."""
        in_person = target.seen_by_members(points)
        logs = self.interaction.score_samples(in_person)
        return np.logaddexp.reduce(logs, axis=0) - np.log(len(in_person)) - self._log_peak

    @staticmethod
    def _off_front(target: Target, points: FloatArray) -> FloatArray:
        """Angle (n,) [rad] to the front of the person, or of the nearest member if larger."""
        in_person = target.seen_by_members(points)
        angles = np.abs(np.arctan2(in_person[..., 1], in_person[..., 0]))
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

    def _best(self, target: Target, survey: Survey) -> Place | NoFreePlace:
        if (survey.rejections != _ACCEPTED).all():
            return NoFreePlace(target.person.id, survey.counts)
        return self._place(target, survey, int(np.argmax(survey.score)))

    @staticmethod
    def _place(target: Target, survey: Survey, index: int) -> Place:
        x, y = survey.points[index].tolist()
        person_x, person_y, person_yaw = target.person.pose.tolist()
        return Place(
            pose=(x, y, float(bearing((x, y), target.focus))),
            person_id=target.person.id,
            group_id=target.person.group_id if len(target.members) > 1 else "",
            person_in_map=(person_x, person_y, person_yaw),
            density=float(survey.density[index]),
            social_cost=float(survey.social_cost[index]),
            path_length=float(survey.path_length[index]),
            score=float(survey.score[index]),
        )


def _seen_within(age: float, people: Iterable[Person], now: float) -> list[Person]:
    return [person for person in people if abs(now - person.last_seen) <= age]

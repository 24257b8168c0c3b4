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
Behind a person, or at the shoulders of a closed circle, there is no place.  Nobody knows where
some people face: they are taken to face the robot, or the middle of their group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from social_nav_core.geometry import FloatArray, bearing, wrap_angle
from social_nav_core.interaction.place import (
    NoFreePlace,
    NoPlace,
    NoSuchPerson,
    PersonStale,
    Place,
)
from social_nav_core.interaction.surroundings import Surroundings
from social_nav_core.interaction.survey import (
    ACCEPTED,
    PlaceJudge,
    SelectionParameters,
    Survey,
)
from social_nav_core.interaction.target import Target, conversation, with_id
from social_nav_core.people import Intent, Person

__all__ = ["ApproachSelector", "SelectionParameters", "Situation"]


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


class ApproachSelector(PlaceJudge):
    """Chooses the place to approach people at; holds no state between calls."""

    def select(
        self, situation: Situation, person_id: str | None, rng: np.random.Generator
    ) -> Place | NoPlace:
        """The best place to approach a person at, or why there is none.

        Args:
            situation: what is known now.
            person_id: who to approach; None or empty for whoever most wants it and has a free
                place.
            rng: draws the candidates.
        """
        failure: NoPlace | None = None
        for target in self._targets(situation, person_id):
            if not isinstance(target, Target):
                return target
            result = self._best(
                target, self._judged(target, self.candidates(target, rng), situation)
            )
            if isinstance(result, Place):
                return result
            failure = failure or result
        assert failure is not None
        return failure

    def reconsider(
        self, situation: Situation, current: Place, rng: np.random.Generator
    ) -> Place | NoPlace:
        """`current` itself while it is still good; else a new place, or why there is none.

        The present place is kept while nothing rejects it, no other place scores better by
        `keep_margin`, and the person has hardly moved or turned since it was chosen; it is only
        turned when the person or group is no longer ahead.  Who walks past it will be gone.  A
        guess at an unknown heading stays as it is until the person has walked on.
        """
        target = self.target(situation, current.person_id)
        if not isinstance(target, Target):
            return target
        walked, turned = _moved(target.person, current)
        if walked <= self.parameters.keep_moved:
            target = target.facing(current.person_in_map[2])
            walked, turned = _moved(target.person, current)
        survey = self._judged(target, self.candidates(target, rng), situation)
        patient = replace(target, others=self._standing(target.others))
        here = self._judged(patient, np.array([current.pose[:2]]), situation)
        least = survey.score.max() - self.parameters.keep_margin
        good = here.rejections[0] == ACCEPTED and here.score[0] >= least
        has_moved = walked > self.parameters.keep_moved or turned > self.parameters.keep_turned
        if not good or has_moved:
            return self._best(target, survey)
        kept = self._place(target, here, 0)
        if abs(wrap_angle(kept.pose[2] - current.pose[2])) > self.parameters.keep_heading:
            return kept
        return current

    def _standing(self, people: Sequence[Person]) -> tuple[Person, ...]:
        limit = self.parameters.passing_speed
        return tuple(person for person in people if np.hypot(*person.velocity) < limit)

    def _judged(self, target: Target, points: FloatArray, situation: Situation) -> Survey:
        """Places ``(n, 2)`` [m] with the ways near the robot, or longer ones if it takes them."""
        surroundings = situation.surroundings
        survey = self.survey(target, points, surroundings)
        while survey.lacks_ways and surroundings.wider is not None:
            surroundings = surroundings.wider
            survey = self.survey(target, points, surroundings)
        return survey

    def target(
        self, situation: Situation, person_id: str | None
    ) -> Target | NoSuchPerson | PersonStale:
        """Who is approached, seen just now, with the conversation and everybody else remembered.

        A robot that looks at one of a group no longer sees the others, who are still there.  Of
        those who want to interact it is the first that `select` tries.
        """
        return next(self._targets(situation, person_id))

    def _targets(
        self, situation: Situation, person_id: str | None
    ) -> Iterator[Target | NoSuchPerson | PersonStale]:
        """Who is approached, and without an id who else; at least one, or why there is none."""
        now = situation.now
        usable = [person for person in situation.people if person.defect() is None]
        fresh = _seen_within(self.parameters.max_age, usable, now)
        if person_id:
            named = with_id(person_id, fresh)
            if named is None:
                yield self._why_missing(person_id, situation.people, now)
                return
            wanted = [named]
        else:
            wanted = self._most_willing_first(fresh, situation.robot_in_map)
            if not wanted:
                yield NoSuchPerson(
                    "",
                    f"nobody of {len(fresh)} people wants to interact with a probability of "
                    f"at least {self.parameters.least_wish:g}",
                )
        known = _seen_within(self.parameters.memory, usable, now)
        for person in wanted:
            in_group = conversation(person, known, self.zones.group_span)
            others = [p for p in known if all(p is not member for member in in_group)]
            target = Target(person, tuple(in_group), tuple(others))
            yield target.with_headings(situation.robot_in_map)

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

    def _most_willing_first(
        self, people: Sequence[Person], robot_in_map: FloatArray
    ) -> list[Person]:
        """Those who want to interact; of several whose wish hardly differs the nearest first."""
        wish = {
            p.id: float(p.intent[[Intent.INTERACTING, Intent.INTERESTED]].sum()) for p in people
        }
        left = [p for p in people if wish[p.id] >= self.parameters.least_wish]
        found: list[Person] = []
        while left:
            least = max(wish[p.id] for p in left) - self.parameters.wish_margin
            willing = [p for p in left if wish[p.id] >= least]
            found.append(
                min(willing, key=lambda p: float(np.hypot(*(p.pose[:2] - robot_in_map[:2]))))
            )
            left = [p for p in left if p is not found[-1]]
        return found

    def _best(self, target: Target, survey: Survey) -> Place | NoFreePlace:
        if not survey.has_place:
            return NoFreePlace(target.person.id, survey.counts, survey.reach)
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


def _moved(person: Person, place: Place) -> tuple[float, float]:
    """How far a person walked [m] and turned [rad] since a place was chosen."""
    step = person.pose - np.array(place.person_in_map)
    return float(np.hypot(step[0], step[1])), abs(float(wrap_angle(step[2])))


def _seen_within(age: float, people: Iterable[Person], now: float) -> list[Person]:
    return [person for person in people if abs(now - person.last_seen) <= age]

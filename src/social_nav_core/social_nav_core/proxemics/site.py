"""Learning while the robot runs: people as the perception sees them, models that adapt.

A node calls `SiteLearner.observe` with every list of people and asks for `models_of` them; by
default everybody on the site shares one model, with ``per_person`` each has an own one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray, relative
from social_nav_core.parameters import check, parameter
from social_nav_core.people import UNKNOWN_HEADING, Person
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.personal import PersonalModel, PersonalParameters
from social_nav_core.proxemics.recipes import RADIUS
from social_nav_core.recordings.trajectories import SAMPLE_PERIOD, STEP

SITE = ""  # the name of the model that everybody shares


@dataclass(frozen=True)
class SiteParameters:
    """Whether and how models adapt to the people that a robot meets."""

    learn: bool = parameter(False, "", "adapt the proxemics model to what is seen")
    per_person: bool = parameter(False, "", "a model for each person, not one for the site")
    most_people: int = parameter(50, "", "people remembered, the ones seen last", 1, 10000)
    refresh: float = parameter(10.0, "s", "time between fits of one model", 0.1, 3600.0)
    least_confidence: float = parameter(
        0.5, "", "people seen less surely are not looked at", 0.0, 1.0
    )

    def __post_init__(self) -> None:
        check(self)


class SiteLearner:
    """Models that follow from the people seen, of fixed size for each person.

    Args:
        prior: everybody's model before anything is seen.
        parameters: what is learned; the node declares them.
        personal: weight of the prior and memory.

    Attributes:
        problem: why the latest fit was not possible, in words; empty when it was.
    """

    def __init__(
        self,
        prior: ProxemicsModel,
        parameters: SiteParameters | None = None,
        personal: PersonalParameters | None = None,
    ) -> None:
        self.parameters = parameters or SiteParameters()
        self.problem = ""
        self._prior = prior
        self._personal = personal or PersonalParameters()
        self._models: OrderedDict[str, PersonalModel] = OrderedDict()
        self._fitted: dict[str, tuple[float, ProxemicsModel]] = {}
        self._last_place: dict[tuple[str, str], FloatArray] = {}
        self._last_time = -np.inf

    def observe(self, people: Sequence[Person], time: float) -> None:
        """Take in who is where at a time [s]; poses in any one frame.

        At most four times a second something is counted, and two people who do not move relative
        to each other count once.  People with a defect or a low confidence are left out.
        """
        if not self.parameters.learn or abs(time - self._last_time) < SAMPLE_PERIOD - 1e-6:
            return
        self._last_time = time
        sure = [
            person
            for person in people
            if person.confidence >= self.parameters.least_confidence and person.defect() is None
        ]
        present = {}
        for subject in sure:
            if subject.covariance[2, 2] > UNKNOWN_HEADING:
                continue
            near = []
            for other in sure:
                pair = (subject.id, other.id)
                place = relative(subject.pose, other.pose)[:2]
                if other.id == subject.id or np.hypot(*place) > RADIUS:
                    continue
                before = self._last_place.get(pair)
                moved = before is None or np.hypot(*(place - before)) >= STEP
                present[pair] = place if moved or before is None else before
                if moved:
                    near.append(place)
            if near:
                self._model_for(subject.id).observe(np.array(near))
        self._last_place = present

    def models_of(self, person_ids: Sequence[str], time: float) -> list[ProxemicsModel]:
        """Each person's model at a time [s].

        A model is fitted at most once in the refresh time, and at most one in a call, the one
        that has waited longest.  One that cannot be fitted stays as it was, see `problem`.
        """
        names = [self._name(person_id) for person_id in person_ids]
        due = {name: self._fitted_at(name) for name in names if self._is_due(name, time)}
        if due:
            self._fit(min(due, key=due.__getitem__), time)
        return [self._fitted[name][1] if name in self._fitted else self._prior for name in names]

    def model_of(self, person_id: str, time: float) -> ProxemicsModel:
        """`models_of` one person."""
        return self.models_of([person_id], time)[0]

    def _name(self, person_id: str) -> str:
        return person_id if self.parameters.per_person else SITE

    def _fitted_at(self, name: str) -> float:
        return self._fitted[name][0] if name in self._fitted else -np.inf

    def _is_due(self, name: str, time: float) -> bool:
        fresh = 0.0 <= time - self._fitted_at(name) < self.parameters.refresh
        return name in self._models and not fresh

    def _fit(self, name: str, time: float) -> None:
        model = self._fitted[name][1] if name in self._fitted else self._prior
        self.problem = ""
        try:
            model = self._models[name].model
        except ValueError as error:
            whose = f"the model of person '{name}'" if name != SITE else "the site's model"
            self.problem = f"{whose} stays as it was: {error}"
        self._fitted[name] = (time, model)

    def evidence_of(self, person_id: str) -> float:
        """Counts that a person's model remembers."""
        name = self._name(person_id)
        return self._models[name].evidence if name in self._models else 0.0

    def _model_for(self, person_id: str) -> PersonalModel:
        name = self._name(person_id)
        if name not in self._models:
            self._models[name] = PersonalModel(self._prior, self._personal)
        self._models.move_to_end(name)
        while len(self._models) > self.parameters.most_people:
            forgotten, _ = self._models.popitem(last=False)
            self._fitted.pop(forgotten, None)
        return self._models[name]

"""Models that adapt while the robot runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from social_nav_core.geometry import compose
from social_nav_core.people import Person
from social_nav_core.proxemics.model import shipped_model
from social_nav_core.proxemics.site import SiteLearner, SiteParameters

ON = SiteParameters(learn=True)


def pair(place: tuple[float, float], frame: tuple[float, float, float] = (0, 0, 0)) -> list[Person]:
    """Ana at the origin of a frame, looking along x, and Ben at a place around her."""
    ana = np.asarray(frame, dtype=float)
    ben = compose(ana, [*place, 2.0])
    return [Person("ana", ana), Person("ben", ben)]


def watched(learner: SiteLearner, places: list[tuple[float, float]]) -> SiteLearner:
    for number, place in enumerate(places):
        learner.observe(pair(place), 0.25 * number)
    return learner


def test_nothing_is_learned_unless_it_is_turned_on() -> None:
    learner = watched(SiteLearner(shipped_model()), [(0.5, 0.1 * i) for i in range(9)])
    assert learner.evidence_of("ana") == 0.0
    np.testing.assert_array_equal(
        learner.model_of("ana", 9.0).components[0].mu, shipped_model().components[0].mu
    )


def test_others_within_a_metre_are_counted_where_they_are() -> None:
    learner = SiteLearner(shipped_model(), replace(ON, per_person=True))
    learner.observe(pair((0.51, -0.31), (3.0, 1.0, 2.5)), 0.0)
    counts = learner._models["ana"].counts
    assert counts.sum() == 1.0
    assert counts[int((0.51 + 1.0) * 30), int((-0.31 + 1.0) * 30)] == 1.0
    learner.observe(pair((1.2, 0.0)), 1.0)
    assert learner.evidence_of("ana") == 1.0


def test_standing_still_counts_once_and_coming_back_counts_again() -> None:
    learner = SiteLearner(shipped_model(), replace(ON, per_person=True))
    watched(learner, [(0.5, 0.0)] * 10)
    assert learner.evidence_of("ana") == 1.0
    watched(learner, [(0.5, 0.2), (3.0, 0.0), (0.5, 0.2)])
    assert learner.evidence_of("ana") >= 2.0


def test_at_most_four_times_a_second() -> None:
    learner = SiteLearner(shipped_model(), replace(ON, per_person=True))
    for number in range(30):
        learner.observe(pair((0.5, -0.9 + 0.06 * number)), number / 30.0)
    assert learner.evidence_of("ana") <= 4.0


def test_one_model_for_the_site_or_one_for_each() -> None:
    rng = np.random.default_rng(0)
    places = [tuple(p) for p in rng.uniform(-0.7, 0.7, size=(60, 2))]
    site = watched(SiteLearner(shipped_model(), ON), places)
    assert site.model_of("ana", 99.0) is site.model_of("nobody seen", 99.0)
    each = watched(SiteLearner(shipped_model(), replace(ON, per_person=True)), places)
    assert each.model_of("nobody seen", 99.0).provenance == shipped_model().provenance
    both = each.evidence_of("ana") + each.evidence_of("ben")
    assert both == pytest.approx(site.evidence_of("ana"), rel=0.01)


def test_a_model_is_fitted_once_in_the_refresh_time() -> None:
    learner = watched(SiteLearner(shipped_model(), ON), [(0.5, 0.06 * i) for i in range(8)])
    first = learner.model_of("ana", 10.0)
    learner.observe(pair((-0.4, 0.2)), 11.0)
    assert learner.model_of("ana", 19.0) is first
    assert learner.model_of("ana", 20.5) is not first


def learned_apart() -> SiteLearner:
    """People go around Ana and Ben in other places; each has a model of their own."""
    learner = SiteLearner(shipped_model(), replace(ON, per_person=True))
    rng = np.random.default_rng(0)
    for number, place in enumerate(rng.uniform(-0.7, 0.7, size=(60, 2))):
        learner.observe(pair(tuple(place)), 0.25 * number)
    return learner


def test_models_of_several_are_fitted_one_in_a_call() -> None:
    learner = learned_apart()
    prior = learner.models_of(["nobody"], 20.0)[0]
    first = learner.models_of(["ana", "ben", "nobody"], 20.0)
    assert first[0] is not prior
    assert first[1:] == [prior, prior]
    second = learner.models_of(["ana", "ben", "nobody"], 20.2)
    assert second[0] is first[0]
    assert second[1] is not prior
    assert second[2] is prior
    assert not np.array_equal(second[0].components[0].mu, second[1].components[0].mu)
    assert learner.models_of(["ana", "ben"], 20.4) == second[:2]


def test_a_model_that_cannot_be_fitted_stays_as_it_was() -> None:
    learner = watched(SiteLearner(shipped_model(), ON), [(0.5, 0.06 * i) for i in range(8)])
    last = learner.model_of("ana", 10.0)
    assert learner.problem == ""
    everywhere = np.random.default_rng(0).uniform(-1.0, 1.0, size=(60000, 2))
    learner._models[""].observe(everywhere)
    assert learner.model_of("ana", 21.0) is last
    assert learner.problem.startswith("the site's model stays as it was: ")
    assert "places that people kept out of, expected 8 or more" in learner.problem


def test_only_the_people_seen_last_are_remembered() -> None:
    learner = SiteLearner(shipped_model(), replace(ON, per_person=True, most_people=3))
    for number in range(10):
        people = [Person(f"p{number}", np.zeros(3)), Person("x", np.array([0.5, 0.0, 0.0]))]
        learner.observe(people, float(number))
    assert len(learner._models) == 3
    assert learner.evidence_of("p0") == 0.0
    assert learner.evidence_of("p9") == 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"pose": np.array([np.nan, 0.0, 0.0])},
        {"confidence": 0.1},
        {"covariance": np.diag([0.0, 0.0, 20.0])},
    ],
)
def test_who_cannot_be_trusted_is_not_looked_at(change: dict[str, object]) -> None:
    learner = SiteLearner(shipped_model(), replace(ON, per_person=True))
    ana, ben = pair((0.5, 0.0))
    learner.observe([replace(ana, **change), ben], 0.0)  # type: ignore[arg-type]
    assert learner.evidence_of("ana") == 0.0

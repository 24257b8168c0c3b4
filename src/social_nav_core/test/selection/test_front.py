"""A robot that joins people stands in front of the person and of its nearest neighbour."""

import numpy as np
import pytest
from social_nav_core.geometry import relative
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.interaction.place import Place
from social_nav_core.interaction.selection import (
    ApproachSelector,
    SelectionParameters,
    Situation,
)
from social_nav_core.interaction.surroundings import Surroundings
from social_nav_core.interaction.target import Target
from social_nav_core.people import Person
from social_nav_core.proxemics.model import shipped_model

SELECTOR = ApproachSelector(shipped_interaction_model(), shipped_model())
FREE = ApproachSelector(
    shipped_interaction_model(), shipped_model(), SelectionParameters(front_weight=0.0)
)


def situation(people: list[Person], x: float, y: float) -> Situation:
    """People in an empty room of 10 x 8 m and a robot; the way is the straight line."""
    grid = GridGeometry(100, 80, 0.1, (-5.0, -4.0, 0.0))
    lengths = np.linalg.norm(grid.centers() - (x, y), axis=-1)
    around = Surroundings(grid, np.zeros(grid.shape, np.int8), lengths)
    return Situation(people, np.array([x, y, 0.0]), around, 0.0)


def circle_of_three() -> list[Person]:
    """Three people on a ring of 0.9 m around the origin, who face its middle."""
    return [
        Person(
            name,
            np.array([0.9 * np.cos(turn), 0.9 * np.sin(turn), turn + np.pi]),
            group_id="talk",
        )
        for name, turn in (("anna", 0.0), ("ben", 2.0 * np.pi / 3.0), ("eva", -2.0 * np.pi / 3.0))
    ]


@pytest.mark.parametrize("name", ["anna", "ben", "eva"])
def test_a_place_off_the_front_of_the_person_or_of_the_nearest_scores_less(name: str) -> None:
    """In the gap at 60 deg on the ring both neighbours have the place 60 deg off their fronts."""
    now = situation(circle_of_three(), 4.0, 0.0)
    gap = np.array([np.cos(np.pi / 3.0), np.sin(np.pi / 3.0)])
    points = np.array([0.9 * gap, 0.78 * gap, [-0.9, 0.0]])
    target = SELECTOR.target(now, name)
    assert isinstance(target, Target)
    with_front, without = (
        selector.survey(target, points, now.surroundings).score for selector in (SELECTOR, FREE)
    )
    on_ring = 10.0 * (np.pi / 3.0 - 0.95)
    assert without - with_front == pytest.approx([on_ring, 0.0, on_ring], abs=1e-9)


@pytest.mark.parametrize("place", [(3.5, 1.0), (-3.0, 2.0), (0.5, -3.0)])
def test_who_joins_a_circle_is_in_front_of_the_person_and_of_the_nearest(
    place: tuple[float, float],
) -> None:
    people = circle_of_three()
    now = situation(people, *place)
    for seed in range(5):
        chosen = SELECTOR.select(now, "anna", np.random.default_rng(seed))
        assert isinstance(chosen, Place)
        seen = [relative(who.pose, np.array(chosen.pose))[:2] for who in people]
        nearest = min(seen, key=lambda at: float(np.hypot(*at)))
        for forward, left in (seen[0], nearest):
            assert abs(np.degrees(np.arctan2(left, forward))) < 58.0
        assert 0.6 < np.hypot(*nearest) < 1.6

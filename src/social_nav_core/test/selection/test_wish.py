"""Who has turned away, and who only waits or flickers."""

from __future__ import annotations

import numpy as np
from social_nav_core.interaction.wish import WishWatch
from social_nav_core.people import Intent, Person


def answers(
    shares: list[float], period: float = 0.5, patience: float = 3.0, hidden: float = 0.0
) -> list[bool]:
    """What is said of somebody who is seen with probabilities of not being interested.

    The person is out of view for some time [s] before the third sight.
    """
    watch = WishWatch(0.6, patience)
    said = []
    for index, share in enumerate(shares):
        intent = np.zeros(4)
        intent[[Intent.UNKNOWN, Intent.NOT_INTERESTED]] = 1.0 - share, share
        seen = 10.0 + period * index + hidden * (index >= 2)
        person = Person("ana", np.zeros(3), intent=intent, last_seen=seen)
        said.append(watch.has_turned_away(person))
    return said


def test_who_is_not_interested_for_long_has_turned_away() -> None:
    assert answers([0.9] * 8) == [False] * 6 + [True] * 2
    assert answers([0.9], patience=0.0) == [True]


def test_who_waits_without_a_sign_has_not() -> None:
    assert not any(answers([0.0] * 100))
    assert not any(answers([0.59] * 100))


def test_a_flicker_is_not_a_turn() -> None:
    assert not any(answers([0.9, 0.9, 0.9, 0.9, 0.9, 0.1] * 20))


def test_a_flicker_back_is_no_wish_either() -> None:
    """Between the limit and half of it the time runs on."""
    assert answers([0.9, 0.4, 0.9, 0.4, 0.9, 0.4, 0.9])[-1]


def test_the_time_runs_by_when_the_person_was_seen() -> None:
    """Out of view nobody turns away, however often the same last sight is asked about."""
    assert not any(answers([0.9] * 100, period=0.0))


def test_who_is_found_again_has_not_turned_away_in_the_meantime() -> None:
    """Two sights, 60 s without any, of which one counts at most, and the others."""
    assert answers([0.9] * 8, hidden=60.0) == [False] * 5 + [True] * 3
    assert answers([0.9, 0.9, 0.9, 0.1] * 3, hidden=60.0) == [False] * 12


def test_who_comes_back_is_wanted_again() -> None:
    assert answers([0.9] * 8 + [0.0] + [0.9] * 6)[7:] == [True] + [False] * 7

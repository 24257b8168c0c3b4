"""When the robot keeps its way to a place, and when it goes elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from social_nav_core.geometry import FloatArray, relative
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.interaction.place import (
    NoFreePlace,
    NoPlace,
    NoSuchPerson,
    PersonStale,
    Place,
)
from social_nav_core.interaction.selection import (
    ApproachSelector,
    SelectionParameters,
    Situation,
)
from social_nav_core.interaction.surroundings import Surroundings
from social_nav_core.people import Person
from social_nav_core.proxemics.model import shipped_model

GRID = GridGeometry(100, 80, 0.1, (-5.0, -4.0, 0.0))
SELECTOR = ApproachSelector(shipped_interaction_model(), shipped_model())
ANNA = Person("anna", np.zeros(3))


def situation(
    *people: Person, occupied: tuple[float, float, float] | None = None, now: float = 0.0
) -> Situation:
    """People in an open space; what lies within a radius of a point (x, y, radius) is occupied."""
    occupancy = np.zeros(GRID.shape, np.int8)
    if occupied is not None:
        off = np.linalg.norm(GRID.centers() - occupied[:2], axis=-1)
        occupancy[off < occupied[2]] = 100
    robot_in_map = np.array([4.0, 0.0, np.pi])
    lengths = np.linalg.norm(GRID.centers() - robot_in_map[:2], axis=-1)
    return Situation(people, robot_in_map, Surroundings(GRID, occupancy, lengths), now)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def chosen(result: Place | NoPlace) -> Place:
    assert isinstance(result, Place), result
    return result


def in_frame_of(who: Person, place: Place) -> FloatArray:
    return relative(who.pose, np.array(place.pose))


@pytest.fixture
def place() -> Place:
    return chosen(SELECTOR.select(situation(ANNA), "anna", rng()))


@pytest.mark.parametrize("seed", range(5))
def test_while_nothing_happens_the_place_is_kept(seed: int, place: Place) -> None:
    assert SELECTOR.reconsider(situation(ANNA), place, rng(seed)) is place
    nudged = replace(ANNA, pose=np.array([0.04, -0.03, 0.06]))
    assert SELECTOR.reconsider(situation(nudged), place, rng(seed)) is place


def test_who_walks_past_does_not_drive_the_robot_from_its_place(place: Place) -> None:
    """Eva crosses the place at 1 m/s; were she to stay there, the robot would go elsewhere."""
    eva = Person("eva", np.array([*place.pose[:2], np.pi / 2]), velocity=np.array([0.0, 1.0]))
    assert SELECTOR.reconsider(situation(ANNA, eva), place, rng()) is place
    slower = replace(eva, velocity=np.array([0.0, 0.29]))
    elsewhere = chosen(SELECTOR.reconsider(situation(ANNA, slower), place, rng()))
    assert np.hypot(*np.subtract(elsewhere.pose[:2], place.pose[:2])) > 0.7


@pytest.mark.parametrize(
    "pose",
    [
        (0, 0, np.pi / 2),
        (0, 0, -np.pi / 2),
        (0, 0, 0.81),
        (0, 0, np.pi),
        (-1.5, 0.5, 0),
        (0.51, 0, 0),
    ],
)
def test_when_the_person_turns_or_moves_a_new_place_is_chosen(
    pose: tuple[float, float, float], place: Place
) -> None:
    changed = replace(ANNA, pose=np.array(pose))
    new = chosen(SELECTOR.reconsider(situation(changed), place, rng(2)))
    assert new.pose != place.pose
    assert 0.6 < np.hypot(*in_frame_of(changed, new)[:2]) < 1.6
    assert in_frame_of(changed, new)[0] > 0.0


def test_a_place_that_got_lost_is_replaced_even_by_a_worse_one(place: Place) -> None:
    taken = Person("otto", np.array(place.pose))
    new = chosen(SELECTOR.reconsider(situation(ANNA, taken), place, rng(2)))
    assert new.pose != place.pose
    x, y, _ = place.pose
    blocked = situation(ANNA, occupied=(x, y, 0.2))
    new = chosen(SELECTOR.reconsider(blocked, place, rng(2)))
    assert np.hypot(new.pose[0] - x, new.pose[1] - y) > 0.4


def test_a_kept_place_is_turned_when_the_person_is_no_longer_ahead(place: Place) -> None:
    askew = replace(place, pose=(*place.pose[:2], place.pose[2] + 0.5))
    turned = chosen(SELECTOR.reconsider(situation(ANNA), askew, rng(2)))
    assert turned.pose == place.pose
    slightly = replace(place, pose=(*place.pose[:2], place.pose[2] + 0.1))
    assert SELECTOR.reconsider(situation(ANNA), slightly, rng(2)) is slightly


def test_noise_does_not_make_the_robot_wander(place: Place) -> None:
    noise = np.random.default_rng(3).normal(0.0, (0.05, 0.05, 0.15), (100, 3))
    for seed, error in enumerate(noise):
        seen = replace(ANNA, pose=error)
        assert SELECTOR.reconsider(situation(seen), place, rng(seed)) is place


def test_a_place_wears_out_by_small_steps(place: Place) -> None:
    steps = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    walk = [replace(ANNA, pose=np.array([0.0, y, 0.0])) for y in steps]
    kept = [SELECTOR.reconsider(situation(seen), place, rng()) is place for seen in walk]
    assert kept[0]
    assert not kept[-1]
    assert kept == sorted(kept, reverse=True)


def test_the_margin_decides(place: Place) -> None:
    forward, left, _ = in_frame_of(ANNA, place)
    worse = replace(place, pose=(forward + 0.1, left, place.pose[2]))
    loyal = ApproachSelector(
        SELECTOR.interaction, SELECTOR.proxemics, SelectionParameters(keep_margin=10.0)
    )
    fickle = ApproachSelector(
        SELECTOR.interaction, SELECTOR.proxemics, SelectionParameters(keep_margin=0.0)
    )
    assert loyal.reconsider(situation(ANNA), worse, rng(2)) is worse
    assert chosen(fickle.reconsider(situation(ANNA), worse, rng(2))).pose != worse.pose


def test_who_is_lost_on_the_way_is_reported(place: Place) -> None:
    assert isinstance(SELECTOR.reconsider(situation(ANNA, now=3.0), place, rng()), PersonStale)
    assert isinstance(SELECTOR.reconsider(situation(), place, rng()), NoSuchPerson)
    full = situation(ANNA, occupied=(0.0, 0.0, 20.0))
    result = SELECTOR.reconsider(full, place, rng())
    assert isinstance(result, NoFreePlace)

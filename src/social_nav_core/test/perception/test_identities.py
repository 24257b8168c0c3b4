"""Who is who when a tracker loses, swaps, reuses or doubles its ids, and when people are fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE, Body
from social_nav_core.parameters import ParameterError
from social_nav_core.people import Person
from social_nav_core.perception.intake import Intake, IntakeParameters
from social_nav_core.perception.kinematics import Kinematics
from social_nav_core.perception.perceive import Perception, Sight
from social_nav_core.perception.student_file import Student, StudentAbout
from social_nav_core.perception.tasks import CLASSES, TASKS

FRAME = 1.0 / 30.0
AHEAD = Sight(np.zeros(2), 0.0)


class Silent(Student):
    """A student that knows nothing."""

    def __init__(self) -> None:
        self.about = StudentAbout(10, 10.0, dict.fromkeys(TASKS, 1.0), "", "")

    def logits(self, windows: np.ndarray) -> dict[str, np.ndarray]:
        return {task: np.zeros((len(windows), CLASSES[task])) for task in TASKS}


def body(name: str, x: float, y: float = 0.0, std: float = 0.05) -> Body:
    return Body(
        name,
        np.linspace(280.0, 360.0, 23, dtype=np.float32),
        np.linspace(60.0, 420.0, 23, dtype=np.float32),
        np.full(23, 0.8, np.float32),
        np.array([x, y, np.pi]),
        np.diag([std**2, std**2, 0.04]),
    )


def filmed(
    bodies: Callable[[float], list[Body]], times: Sequence[float]
) -> list[dict[str, Person]]:
    """Who is known after each image."""
    perception = Perception(Silent())
    film = [perception.see(time, bodies(time), 640, 480, AHEAD) for time in times]
    return [{person.id: person for person in shot.people} for shot in film]


def fastest(film: list[dict[str, Person]]) -> float:
    return max(float(np.hypot(*person.velocity)) for shot in film for person in shot.values())


@pytest.mark.parametrize("gap", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("speed", [0.0, 1.0, 1.4, 2.0])
def test_who_walks_on_under_a_new_id_is_nobody_else(gap: float, speed: float) -> None:
    start = 1.0 + gap
    times = [*np.arange(0.0, 1.0 + 1e-9, FRAME), *np.arange(start, start + 0.5, FRAME)]
    film = filmed(lambda t: [body("a" if t < 1.01 else "b", 7.0 - speed * t)], times)
    assert all(set(shot) == {"a"} for shot in film)
    assert film[-1]["a"].velocity == pytest.approx([-speed, 0.0], abs=0.15)


def test_who_stops_while_lost_is_nobody_else() -> None:
    times = [*np.arange(0.0, 1.0, FRAME), *np.arange(1.4, 2.0, FRAME)]
    film = filmed(lambda t: [body("a" if t < 1.0 else "b", 5.0 - 1.4 * min(t, 1.0))], times)
    assert all(set(shot) == {"a"} for shot in film)


@pytest.mark.parametrize("apart", [0.8, 2.0])
@pytest.mark.parametrize("rate", [10.0, 30.0])
def test_two_whose_ids_are_swapped_stay_where_they_are(apart: float, rate: float) -> None:
    def bodies(time: float) -> list[Body]:
        first, second = ("a", "b") if time < 1.45 else ("b", "a")
        return [body(first, 3.0, -0.5 * apart), body(second, 3.0, 0.5 * apart)]

    film = filmed(bodies, np.arange(0.0, 3.0, 1.0 / rate).tolist())
    assert fastest(film) < 0.05
    assert film[-1]["a"].pose[1] == pytest.approx(-0.5 * apart)
    assert set(film[-1]) == {"a", "b"}


def test_two_who_really_pass_each_other_keep_their_ids() -> None:
    def bodies(time: float) -> list[Body]:
        return [body("a", 3.0, 1.3 * (time - 1.5)), body("b", 3.4, -1.3 * (time - 1.5))]

    film = filmed(bodies, np.arange(0.0, 3.0, 0.1).tolist())
    assert film[-1]["a"].velocity == pytest.approx([0.0, 1.3], abs=0.1)
    assert film[-1]["b"].velocity == pytest.approx([0.0, -1.3], abs=0.1)


def test_an_id_that_is_used_again_for_somebody_far_away_gets_a_name_of_its_own() -> None:
    times = [*np.arange(0.0, 2.0, FRAME), *np.arange(3.5, 5.5, FRAME)]
    film = filmed(lambda t: [body("0", 2.0, -1.0) if t < 2.0 else body("0", 4.0, 2.0)], times)
    assert fastest(film) < 0.05
    assert film[-1]["0#2"].pose[:2] == pytest.approx([4.0, 2.0])
    assert all("0#2" in shot for shot in film[60:])


@pytest.mark.parametrize("count", [1, 2])
def test_of_bodies_with_one_id_the_expected_one_is_kept(count: int) -> None:
    def bodies(time: float) -> list[Body]:
        both = [body("a", 3.0), *(body("a", 5.0, 2.0 * k) for k in range(1, count + 1))]
        return both if round(time / FRAME) % 2 == 0 else both[::-1]

    film = filmed(bodies, [k * FRAME for k in range(60)])
    assert fastest(film) < 0.05
    assert film[-1]["a"].pose[:2] == pytest.approx([3.0, 0.0])
    assert set(film[-1]) == {"a"}
    assert ("a", "id is there twice") in Intake().take(0.0, bodies(0.0), 640, 480).problems


@pytest.mark.parametrize("rate", [10.0, 30.0])
@pytest.mark.parametrize("std", [0.05, 0.15])
def test_runners_are_not_cut_by_dropped_images_and_errors(rate: float, std: float) -> None:
    """Half of the images are lost; runners start, run at 2.5 m/s to and fro, and stop."""
    for seed in range(3):
        rng = np.random.default_rng(seed)

        def bodies(time: float, rng: np.random.Generator = rng) -> list[Body]:
            place = 2.5 * abs(time % 2.0 - 1.0) if 1.0 < time < 5.0 else 0.0
            x, y = np.array([3.0, place]) + rng.normal(0.0, std, 2)
            return [body("a", x, y, std)]

        times = np.arange(0.0, 6.0, 1.0 / rate)
        film = filmed(bodies, times[rng.random(len(times)) < 0.5].tolist())
        assert all(set(shot) == {"a"} for shot in film)


def test_one_wild_pose_takes_no_name_away() -> None:
    def bodies(time: float) -> list[Body]:
        return [body("a", 6.0 if abs(time - 1.0) < 0.01 else 3.0)]

    film = filmed(bodies, [k * FRAME for k in range(45)])
    assert fastest(film) < 0.05
    assert film[-1]["a"].last_seen == pytest.approx(44 * FRAME)


def test_a_name_is_given_once_in_an_image() -> None:
    rng, intake = np.random.default_rng(3), Intake()
    for k in range(300):
        ids = rng.choice(["a", "b", "c", "a#2", "d"], int(rng.integers(1, 5)))
        bodies = [body(name, *rng.uniform(0.0, 1.5, 2)) for name in ids]
        taken = intake.take(0.1 * k, bodies, 640, 480)
        names = [item.id for item in taken.bodies]
        assert len(names) == len(set(names)) == len(set(ids.tolist()))


def test_where_a_walker_is_expected() -> None:
    """After many images the velocity is known; 0.4 s later its error and a new one have grown."""
    filters = Kinematics()
    for k in range(90):
        filters.update(k * FRAME, [body("a", 5.0 - 1.2 * k * FRAME)])
    now, later = filters.expected(89 * FRAME)["a"], filters.expected(89 * FRAME + 0.4)["a"]
    assert later.place == pytest.approx([5.0 - 1.2 * (89 * FRAME + 0.4), 0.0], abs=0.02)
    assert later.std > np.hypot(now.std, 0.5 * np.sqrt(0.4**3 / 3.0))
    filters.update(89 * FRAME + 0.4, [])
    assert filters.places()[0] == pytest.approx(later.place)
    assert np.sqrt(filters.motions().covariance[0, 0, 0]) == pytest.approx(later.std)
    assert Kinematics().expected(3.0) == {}


@pytest.mark.parametrize("sight", [Sight(np.array([np.nan, 0.0]), 0.0), Sight(np.zeros(2), np.inf)])
def test_a_camera_that_is_nowhere_tells_no_headings(sight: Sight) -> None:
    unknown = replace(body("a", 3.0), covariance=np.diag([0.01, 0.01, UNKNOWN_YAW_VARIANCE]))
    person = Perception(Silent()).see(0.0, [unknown], 640, 480, sight).people[0]
    assert person.defect() is None
    assert person.covariance[2, 2] > np.pi**2


@pytest.mark.parametrize("name", ["jump", "fastest", "switch_time"])
def test_bounds(name: str) -> None:
    with pytest.raises(ParameterError, match=name):
        Intake(IntakeParameters(**{name: -1.0}))

"""Bodies of a world's people follow what the people do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from social_nav_core.sim.cast import Cast
from social_nav_core.sim.people import PersonState
from social_nav_core.sim.scene import GESTURES, Labels
from social_nav_core.skeleton import JOINT


def person(name: str = "ada", **change: object) -> PersonState:
    state = PersonState(
        id=name,
        group="",
        height=1.70,
        seated=False,
        pose=(1.0, 2.0, 0.0),
        velocity=(0.0, 0.0),
        turn_rate=0.0,
        head_yaw=0.0,
        gait_phase=0.0,
        gesture="idle",
        gesture_time=5.0,
        labels=Labels(),
    )
    return replace(state, **change)  # type: ignore[arg-type]


def cast_of(*people: PersonState) -> Cast:
    return Cast(people, np.random.default_rng(4))


def test_people_stand_where_the_world_says_with_their_height() -> None:
    body = cast_of(person()).figures([person()], 0.0)
    assert body.joints.shape == (1, 23, 3)
    feet = body.joints[0, [JOINT["left_ankle"], JOINT["right_ankle"]]].mean(axis=0)
    np.testing.assert_allclose(feet[:2], [1.0, 2.0], atol=0.03)
    assert 1.55 < body.joints[0, JOINT["left_eye"], 2] < 1.65


def test_every_gesture_of_scenes_has_a_body() -> None:
    states = [person(f"p{index}", gesture=name) for index, name in enumerate(GESTURES)]
    body = cast_of(*states).figures(states, 3.0)
    assert np.isfinite(body.joints).all()


def test_head_turns_where_the_person_looks() -> None:
    cast = cast_of(person())
    ahead = cast.figures([person()], 0.0).head[0, :, 0]
    left = cast.figures([person(head_yaw=0.8)], 0.0).head[0, :, 0]
    assert np.arctan2(left[1], left[0]) - np.arctan2(ahead[1], ahead[0]) > 0.5


def test_left_foot_is_foremost_at_the_start_of_a_stride() -> None:
    walking = person(velocity=(1.2, 0.0), gait_phase=0.0)
    joints = cast_of(walking).figures([walking], 0.0).joints[0]
    assert joints[JOINT["left_ankle"], 0] > joints[JOINT["right_ankle"], 0] + 0.3


def test_a_new_gesture_starts_where_the_old_one_was() -> None:
    wave = person(gesture="wave", gesture_time=1.4)
    cast = cast_of(wave)
    before = cast.figures([wave], 1.40).joints
    begun = cast.figures([person(gesture="idle", gesture_time=0.0)], 1.40).joints
    np.testing.assert_allclose(begun, before, atol=1e-9)
    later = cast.figures([person(gesture="idle", gesture_time=1.0)], 2.40).joints
    assert before[0, JOINT["right_wrist"], 2] > 1.4 or before[0, JOINT["left_wrist"], 2] > 1.4
    assert later[0, [JOINT["right_wrist"], JOINT["left_wrist"]], 2].max() < 1.0


def test_seated_people_sit() -> None:
    sitting = person(seated=True)
    joints = cast_of(sitting).figures([sitting], 0.0).joints[0]
    assert joints[JOINT["left_hip"], 2] < 0.6


def test_other_people_than_the_cast_are_refused() -> None:
    with pytest.raises(ValueError, match="expected the cast"):
        cast_of(person()).figures([person("bob")], 0.0)


def test_no_people() -> None:
    assert cast_of().figures([], 0.0).joints.shape == (0, 23, 3)

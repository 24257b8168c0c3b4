"""Who is who from one image to the next, on skeletons whose names are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.parameters import ParameterError
from social_nav_core.skeleton import JOINT, JOINTS
from social_nav_core.vision.tracking import BodyTrackParameters, BodyTracks, agreement, box_around

# A person of 100 pixels, standing with the ankles at (0, 0); rows grow downward.
SHAPE = {
    "nose": (0, -92), "left_eye": (2, -94), "right_eye": (-2, -94),
    "left_ear": (5, -93), "right_ear": (-5, -93),
    "left_shoulder": (11, -80), "right_shoulder": (-11, -80),
    "left_elbow": (14, -62), "right_elbow": (-14, -62),
    "left_wrist": (14, -46), "right_wrist": (-14, -46),
    "left_hip": (6, -50), "right_hip": (-6, -50),
    "left_knee": (6, -26), "right_knee": (-6, -26),
    "left_ankle": (6, 0), "right_ankle": (-6, 0),
}  # fmt: skip


def person(x, y=300.0, scale=1.0):
    """Joints (23, 3) of a person at a place in the image; the feet's are not known."""
    joints = np.zeros((len(JOINTS), 3))
    for name, (dx, dy) in SHAPE.items():
        joints[JOINT[name]] = x + scale * dx, y + scale * dy, 0.9
    return joints


def follow(places, tracks=None, rate=10.0, shuffle=None):
    """Names of people at the same index of each image; None is who is not seen.

    Args:
        places: for each image, (x, y) of everybody or None.
        shuffle: changes the order in which an image's people are given.
    """
    tracks = tracks or BodyTracks()
    told = []
    for step, now in enumerate(places):
        here = [i for i, place in enumerate(now) if place is not None]
        if shuffle is not None:
            here = shuffle.permutation(here).tolist()
        names = tracks.update([person(*now[i]) for i in here], step / rate)
        told.append({i: name for i, name in zip(here, names, strict=True) if name})
    return told


def test_a_person_has_a_name_from_the_third_image_on():
    told = follow([[(100.0,)]] * 6)
    assert told == [{}, {}] + [{0: "body_1"}] * 4


def test_people_who_cross_keep_their_names():
    """Two people walk through each other's place in the image, at different distances."""
    places = [[(100.0 + 6.0 * i, 300.0), (400.0 - 6.0 * i, 330.0)] for i in range(51)]
    told = follow(places, shuffle=np.random.default_rng(4))
    assert told[5] == told[-1] and len(set(told[-1].values())) == 2
    assert all(names == told[5] for names in told[5:])


def test_one_who_is_hidden_while_crossing_is_known_again():
    """Seven images without the farther one, who comes out on the other side."""
    places = [
        [(100.0 + 8.0 * i, 300.0), None if 16 <= i <= 22 else (400.0 - 8.0 * i, 320.0)]
        for i in range(40)
    ]
    told = follow(places)
    assert told[10] == told[-1]
    assert {name for names in told for name in names.values()} == set(told[-1].values())


def test_who_comes_back_after_a_long_time_is_somebody_new():
    gone = [[None]] * 15
    told = follow([[(100.0,)]] * 5 + gone + [[(100.0,)]] * 5)
    assert told[4] == {0: "body_1"} and told[-1] == {0: "body_2"}
    told = follow([[(100.0,)]] * 5 + gone[:7] + [[(100.0,)]] * 5)
    assert told[-1] == {0: "body_1"}


def test_a_fast_walker_is_followed_at_a_low_rate():
    """30 pixels an image, more than the shoulders are wide: the velocity is needed."""
    told = follow([[(50.0 + min(i, 4) * 8.0 + max(i - 4, 0) * 30.0,)] for i in range(20)])
    assert {name for names in told for name in names.values()} == {"body_1"}


def test_a_ghost_of_one_image_gets_no_name():
    places = [[(100.0,), (400.0,) if i == 5 else None] for i in range(12)]
    told = follow(places)
    assert {name for names in told for name in names.values()} == {"body_1"}


def test_somebody_beside_does_not_take_over_the_name_of_who_leaves():
    places = [[(20.0 - 8.0 * i,) if i < 6 else None, (160.0,)] for i in range(20)]
    told = follow(places)
    assert told[-1] == {1: told[5][1]} and told[5][0] != told[5][1]


def test_the_turn_of_the_camera_is_taken_into_account():
    """All people jump by 120 pixels to the left when the camera turns to the right."""
    turned = np.array([[1.0, 0.0, -120.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    for told, same in ((turned, True), (None, False)):
        tracks = BodyTracks()
        for step in range(4):
            before = tracks.update([person(300.0), person(420.0)], 0.1 * step)
        after = tracks.update([person(180.0), person(300.0)], 0.4, told)
        assert (after == before) == same


def test_when_time_runs_back_all_is_new():
    tracks = BodyTracks()
    for step in range(3):
        (name,) = tracks.update([person(100.0)], 5.0 + 0.1 * step)
    assert name == "body_1"
    assert tracks.update([person(100.0)], 1.0) == [""]


@settings(deadline=None, max_examples=24)
@given(st.permutations(range(4)))
def test_the_order_of_the_skeletons_means_nothing(order):
    tracks = BodyTracks()
    people = [person(100.0 * i + 50.0, 300.0 + 5.0 * i) for i in range(4)]
    for step in range(3):
        names = tracks.update(people, 0.1 * step)
    assert tracks.update([people[i] for i in order], 0.3) == [names[i] for i in order]


def test_no_people_are_no_names():
    assert BodyTracks().update(np.zeros((0, 23, 3)), 1.0) == []


class TestAgreement:
    def test_of_the_same_skeleton_is_one(self):
        assert agreement(person(10.0), person(10.0), 0.2) == pytest.approx(1.0)

    def test_falls_with_the_distance_and_is_symmetric(self):
        values = [agreement(person(0.0), person(d), 0.2) for d in (0.0, 5.0, 10.0, 20.0, 60.0)]
        assert values == sorted(values, reverse=True) and values[-1] < 0.05
        assert agreement(person(20.0), person(0.0), 0.2) == pytest.approx(values[3])

    @pytest.mark.parametrize("scale", [0.5, 3.0])
    def test_means_the_same_for_people_of_every_size(self, scale):
        big = agreement(person(0.0, 0.0, scale), person(10.0 * scale, 0.0, scale), 0.2)
        assert big == pytest.approx(agreement(person(0.0, 0.0), person(10.0, 0.0), 0.2), abs=0.02)

    def test_with_a_skeleton_that_is_not_seen_is_none(self):
        hidden = person(0.0)
        hidden[:, 2] = 0.1
        assert agreement(person(0.0), hidden, 0.2) == 0.0
        assert box_around(hidden, 0.2) is None

    def test_a_box_goes_around_the_joints(self):
        box = box_around(person(50.0, 200.0), 0.2)
        assert box is not None
        left, top, right, bottom = box
        assert (left, right) == pytest.approx((36.0 - 10.4, 64.0 + 10.4))
        assert (top, bottom) == pytest.approx((106.0 - 10.4, 200.0 + 10.4))


def test_parameters_out_of_range_are_refused():
    with pytest.raises(ParameterError, match="agreement"):
        BodyTracks(BodyTrackParameters(agreement=2.0))

"""Two looks at one image become one list of people."""

from __future__ import annotations

import numpy as np
from social_nav_core.skeleton import BODY, JOINTS
from social_nav_core.vision.scales import merged


def person(x, y, height, sure=0.9):
    """A skeleton whose joints lie on a line of some height [pixel], from the top down."""
    joints = np.zeros((len(JOINTS), 3))
    joints[: len(BODY), 0] = x
    joints[: len(BODY), 1] = y + height * np.linspace(0.0, 1.0, len(BODY))
    joints[: len(BODY), 2] = sure
    return joints


def test_who_fills_the_image_is_taken_from_the_small_look():
    close = person(300.0, 10.0, 450.0)
    squeezed = close.copy()
    squeezed[5 : len(BODY), 1] = (
        200.0  # the large look finds the head, and a body that is too small
    )
    squeezed[11 : len(BODY), 2] = 0.05
    squeezed[5:11, 1] = close[5:11, 1]
    far = person(500.0, 200.0, 80.0)
    people = merged(np.array([close]), np.array([squeezed, far]), 640.0)
    assert len(people) == 2
    assert (people[0] == close).all() and (people[1] == far).all()


def test_who_is_far_away_is_taken_from_the_large_look():
    rough, exact = person(300.0, 200.0, 90.0), person(302.0, 201.0, 88.0)
    people = merged(np.array([rough]), np.array([exact]), 640.0)
    assert len(people) == 1 and (people[0] == exact).all()


def test_somebody_in_front_of_somebody_large_stays():
    close, child = person(300.0, 10.0, 450.0), person(380.0, 250.0, 150.0)
    people = merged(np.array([close]), np.array([child]), 640.0)
    assert len(people) == 2


def test_nobody_is_nobody():
    none = np.zeros((0, len(JOINTS), 3))
    assert merged(none, none, 640.0).shape == (0, len(JOINTS), 3)

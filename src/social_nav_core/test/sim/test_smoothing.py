"""Smoothing: corners are rounded, and no point moves to where it may not be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.sim.smoothing import ROUNDS, smoothed

CORNER = np.concatenate(
    [
        np.stack([np.arange(20.0), np.zeros(20)], -1),
        np.stack([np.full(20, 20.0), np.arange(20.0)], -1),
    ]
)


def one_by_one(points, is_free):
    """Every point of every round on its own."""
    points = points.copy()
    for _ in range(ROUNDS):
        before = points.copy()
        for i in range(1, len(points) - 1):
            middle = 0.25 * before[i - 1] + 0.5 * before[i] + 0.25 * before[i + 1]
            points[i] = middle if is_free(middle) else before[i]
    return points


def test_a_corner_is_rounded_within_its_sides():
    path = smoothed(CORNER, lambda points: np.ones(points.shape[:-1], bool), 1.0)
    assert path[0].tolist() == [0.0, 0.0] and path[-1].tolist() == [20.0, 19.0]
    assert np.hypot(*(path - (20.0, 0.0)).T).min() > 2.0
    assert (path[:, 0] <= 20.0).all() and (path[:, 1] >= 0.0).all()


@given(x=st.floats(10.0, 22.0), y=st.floats(-2.0, 10.0), radius=st.floats(0.0, 4.0))
@settings(max_examples=30, deadline=None)
def test_points_that_would_be_blocked_stay(x, y, radius):
    def is_free(points):
        return np.hypot(points[..., 0] - x, points[..., 1] - y) >= radius

    expected = one_by_one(CORNER, is_free)
    path = smoothed(CORNER, is_free, 1e-3)
    gaps = np.hypot(*(path[:, None] - expected).transpose(2, 0, 1))
    assert gaps.min(axis=0).max() < 1e-3  # each point is on the path
    assert np.hypot(*np.diff(path, axis=0).T).sum() == pytest.approx(
        np.hypot(*np.diff(expected, axis=0).T).sum(), rel=1e-3
    )


def test_a_path_of_two_points_is_left_alone():
    path = smoothed(np.array([[0.0, 0.0], [1.0, 0.0]]), lambda points: points[..., 0] > 9.0, 0.25)
    assert path == pytest.approx(np.stack([np.linspace(0.0, 1.0, 5), np.zeros(5)], -1))

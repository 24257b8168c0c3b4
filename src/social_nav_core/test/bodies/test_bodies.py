"""What makes a body message unusable, and moving one to another frame."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE, Body, defects, expressed_in_parent
from social_nav_core.skeleton import JOINT


def a_body() -> Body:
    place = np.arange(23, dtype=np.float32)
    return Body("a", place, place + 100, np.full(23, 0.8, np.float32), np.array([1.0, 2.0, 0.5]))


def test_good_body_has_no_defect() -> None:
    assert a_body().defect() is None
    assert a_body().joints()[5].tolist() == pytest.approx([5.0, 105.0, 0.8])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": ""}, "id is empty"),
        ({"x": np.zeros(17, np.float32)}, "x has 17 values, expected 23"),
        ({"confidence": np.zeros((23, 1), np.float32)}, "confidence has 23x1 values"),
        ({"confidence": np.full(23, 1.2, np.float32)}, "confidence runs from 1.2 to 1.2"),
        ({"confidence": np.full(23, -0.1, np.float32)}, "expected 0 to 1"),
        ({"pose": np.array([0.0, np.inf, 0.0])}, "pose is"),
        ({"pose": np.zeros(2)}, r"pose has the shape \(2,\)"),
        ({"covariance": np.full((3, 3), np.nan)}, "covariance is"),
        ({"covariance": np.diag([1.0, -1.0, 1.0])}, "eigenvalue -1"),
        ({"covariance": np.eye(2)}, r"covariance has the shape \(2, 2\)"),
    ],
)
def test_defects_name_field_and_reason(change: dict[str, object], words: str) -> None:
    bad = replace(a_body(), **change)  # type: ignore[arg-type]
    reason = bad.defect()
    assert reason is not None
    assert re.search(words, reason)
    assert defects([a_body(), bad, a_body()]) == [None, reason, None]
    assert defects([bad]) == [reason]


def test_nan_names_the_joint() -> None:
    y = np.zeros(23, np.float32)
    y[JOINT["left_knee"]] = np.nan
    bad = replace(a_body(), y=y)
    assert bad.defect() == "y of left_knee is not a finite number"
    assert defects([bad, a_body()]) == [bad.defect(), None]


def test_nobody_has_no_defects_and_no_place() -> None:
    assert defects([]) == []
    assert expressed_in_parent([], (1.0, 2.0, 3.0)) == []


def test_unknown_heading() -> None:
    assert a_body().heading_known
    unknown = replace(a_body(), covariance=np.diag([0.1, 0.1, UNKNOWN_YAW_VARIANCE]))
    assert not unknown.heading_known


def test_expressed_in_parent_turns_pose_and_covariance() -> None:
    body = replace(a_body(), covariance=np.diag([0.04, 0.01, 0.1]))
    moved, other = expressed_in_parent([body, a_body()], (10.0, 0.0, np.pi / 2))
    np.testing.assert_allclose(moved.pose, [8.0, 1.0, 0.5 + np.pi / 2])
    np.testing.assert_allclose(moved.covariance, np.diag([0.01, 0.04, 0.1]), atol=1e-15)
    np.testing.assert_array_equal(moved.x, body.x)
    np.testing.assert_allclose(other.pose, moved.pose)
    assert not other.covariance.any()

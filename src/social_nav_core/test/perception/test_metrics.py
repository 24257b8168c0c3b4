"""Scores and calibration against numbers worked out by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from social_nav_core.perception.metrics import (
    calibration_error,
    confusion,
    fitted_temperature,
    probabilities,
    scores,
    weighted_f1,
    written_accuracies,
)


def one_hot(classes: list[int], count: int) -> np.ndarray:
    return np.eye(count)[classes] * 4.0


def test_scores_leave_out_attitudes_without_interaction_and_missing_labels() -> None:
    labels = np.array([[0, 0, 1], [0, 1, -1], [2, 2, 9], [1, 2, 7]])
    logits = {
        "intent": one_hot([0, 0, 2, 2], 3),
        "attitude": one_hot([0, 0, 0, 0], 3),
        "action": one_hot([1, 5, 9, 3], 10),
    }
    got = scores(logits, labels)
    assert got["intent"].accuracy == 0.75
    assert (got["attitude"].accuracy, got["attitude"].count) == (0.5, 2)
    assert (got["action"].accuracy, got["action"].count) == (pytest.approx(2 / 3), 3)
    assert got["intent"].confusion.tolist() == [[2, 0, 0], [0, 0, 1], [0, 0, 1]]


def test_weighted_f1_by_hand() -> None:
    # class 0: 3 of 4 found, 1 false; class 1: 1 of 2 found, 1 false
    matrix = confusion(np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 0, 1]), 2)
    assert matrix.tolist() == [[3, 1], [1, 1]]
    assert weighted_f1(matrix) == pytest.approx((4 * 0.75 + 2 * 0.5) / 6)
    assert np.isnan(weighted_f1(np.zeros((3, 3), dtype=np.int64)))


def test_calibration_error_by_hand() -> None:
    sure = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    truth = np.array([0, 1, 0, 0])
    # bin of 0.9: accuracy 0.5, off by 0.4; bin of 0.6: accuracy 1, off by 0.4
    assert calibration_error(sure, truth) == pytest.approx(0.4)


def test_temperature_undoes_a_scaling_of_true_log_odds() -> None:
    rng = np.random.default_rng(0)
    odds = rng.normal(0.0, 1.5, (20000, 3))
    chance = probabilities(odds, 1.0)
    truth = (chance.cumsum(axis=1) < rng.random((20000, 1))).sum(axis=1)
    assert fitted_temperature(odds * 3.0, truth) == pytest.approx(3.0, rel=0.05)
    assert calibration_error(probabilities(odds * 3.0, 1.0), truth) > 0.1
    assert calibration_error(probabilities(odds * 3.0, 3.0), truth) < 0.02


def test_nothing_to_fit_to_leaves_the_answers_as_they_are() -> None:
    none = np.zeros(0, dtype=np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fitted_temperature(np.zeros((0, 3)), none) == 1.0
        assert np.isnan(calibration_error(np.zeros((0, 3)), none))


def test_accuracies_are_written_in_percent_or_as_no_window() -> None:
    found = written_accuracies({"intent": 0.5, "attitude": None, "action": 0.0612, "score": 0.3})
    assert found == "intent 50.0 %, attitude no window, action 6.1 %"

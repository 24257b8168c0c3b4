"""Calibration, confusions and reaction times as text, by value."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.perception.details import (
    calibrations,
    written_calibrations,
    written_confusion,
    written_reaction,
)
from social_nav_core.perception.tasks import label_table


def overconfident(count: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Logits three times too large for how often they are right."""
    rng = np.random.default_rng(seed)
    labels = label_table()[rng.integers(10, size=count)]
    logits = {}
    for k, (task, size) in enumerate((("intent", 3), ("attitude", 3), ("action", 10))):
        odds = rng.normal(0.0, 1.0, (count, size))
        chance = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
        drawn = (chance.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
        if task == "attitude":
            labels[:, k] = np.minimum(drawn, 1)
            odds[:, 2] = -9.0
        else:
            labels[:, k] = drawn
        logits[task] = 3.0 * odds
    return logits, labels


def test_temperature_of_validation_calibrates_test() -> None:
    fitted, judged = overconfident(4000, 0), overconfident(4000, 1)
    found = calibrations(*fitted, *judged)
    for task in ("intent", "action"):
        assert found[task].temperature == pytest.approx(3.0, rel=0.1)
        assert found[task].before > 0.1
        assert found[task].after < 0.03
    assert "intent     calibration error 0." in written_calibrations(found)


def test_confusion_as_text() -> None:
    text = written_confusion(np.array([[5, 1, 0], [0, 7, 2], [3, 0, 9]]), "intent")
    assert text.splitlines() == [
        "intent: rows are the truth, columns the answers",
        "interacting        5    1    0",
        "interested         0    7    2",
        "not_interested     3    0    9",
    ]


def test_reaction_as_text() -> None:
    labels = np.array([[0, 0, 3], [0, 0, 3], [2, 2, 9]])
    logits = {"intent": np.eye(3)[[0, 1, 2]], "action": np.eye(10)[[3, 3, 1]]}
    lines = written_reaction(logits, labels, np.array([0.1, 0.2, 1.2])).splitlines()
    assert lines[2].split() == ["intent", "-", "50.0", "%", "-", "-", "100.0", "%", "-"]
    assert lines[3].split() == ["action", "-", "100.0", "%", "-", "-", "0.0", "%", "-"]

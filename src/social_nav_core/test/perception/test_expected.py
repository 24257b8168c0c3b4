"""Intents as frequent as expected: Bayes' rule, and what the pipeline makes of it."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import ParameterError
from social_nav_core.people import Intent
from social_nav_core.perception.expected import ExpectedParameters, as_expected
from social_nav_core.perception.perceive import Perception
from social_nav_core.perception.student_file import Student, StudentAbout
from social_nav_core.perception.tasks import BALANCED_INTENTS, CLASSES, TASKS, action_weights

AS_TRAINED = ExpectedParameters(0.6, 0.2, 0.2)
ANSWER = np.array([0.6, 0.1, 0.3])


class Answering(Student):
    """A student that gives everybody the same probabilities of intents."""

    def __init__(self) -> None:
        self.about = StudentAbout(10, 10.0, dict.fromkeys(TASKS, 1.0), "", "")

    def logits(self, windows: Any) -> dict[str, FloatArray]:
        logits = {task: np.zeros((len(windows), CLASSES[task])) for task in TASKS}
        return logits | {"intent": np.tile(np.log(ANSWER), (len(windows), 1))}


def seen(expected: ExpectedParameters | None) -> FloatArray:
    """Probabilities (3,) of somebody's intents after two seconds in view, UNKNOWN left aside."""
    person = Body(
        "ana",
        np.linspace(280.0, 360.0, 23, dtype=np.float32),
        np.linspace(60.0, 420.0, 23, dtype=np.float32),
        np.full(23, 0.8, np.float32),
        np.array([2.0, 0.0, 0.0]),
        np.diag([0.01, 0.01, 0.04]),
    )
    perception = Perception(Answering(), expected=expected)
    for time in np.arange(60) / 30.0:
        people = perception.see(float(time), [person], 640, 480).people
    known = people[0].intent[Intent.INTERACTING :]
    return np.asarray(known / known.sum())


def test_training_data_hold_three_interacting_for_one_of_the_others() -> None:
    """Handshake, hug, pet, wave, punch, throw; point, gaze; leave, no response."""
    assert pytest.approx([0.6, 0.2, 0.2]) == BALANCED_INTENTS
    labels = np.array([0, 0, 0, 7, 9, -1])
    np.testing.assert_allclose(action_weights(labels), [5 / 9, 5 / 9, 5 / 9, 5 / 3, 5 / 3, 1.0])
    np.testing.assert_array_equal(action_weights(np.arange(10)), np.ones(10))
    assert len(action_weights(np.zeros(0, dtype=np.int64))) == 0


def test_expected_shares_follow_bayes_rule() -> None:
    rng = np.random.default_rng(0)
    likelihood = rng.uniform(0.1, 1.0, (5, 3))
    trained, expected = np.array([0.6, 0.2, 0.2]), np.array([0.2, 0.3, 0.5])
    before, after = (
        likelihood * shares / (likelihood * shares).sum(axis=1, keepdims=True)
        for shares in (trained, expected)
    )
    np.testing.assert_allclose(as_expected(before, ExpectedParameters(0.2, 0.3, 0.5)), after)
    np.testing.assert_allclose(as_expected(before, AS_TRAINED), before)
    assert as_expected(np.zeros((0, 3)), AS_TRAINED).shape == (0, 3)


share = st.floats(0.001, 1.0)


@given(st.tuples(share, share, share), st.permutations(range(3)))
def test_only_ratios_matter_and_certainty_stays(
    shares: tuple[float, float, float], order: list[int]
) -> None:
    expected = ExpectedParameters(*shares)
    half = ExpectedParameters(*(max(0.5 * one, 0.0005) for one in shares))
    answer = np.array([ANSWER[order]])
    np.testing.assert_allclose(as_expected(answer, expected), as_expected(answer, half))
    np.testing.assert_allclose(as_expected(np.eye(3), expected), np.eye(3))
    assert as_expected(answer, expected).sum() == pytest.approx(1.0)


def test_the_pipeline_weighs_answers_by_the_expected_shares() -> None:
    np.testing.assert_allclose(seen(AS_TRAINED), ANSWER)
    weighted = ANSWER * [1.0 / 3.0, 1.0, 3.0]
    np.testing.assert_allclose(seen(ExpectedParameters(0.2, 0.2, 0.6)), weighted / weighted.sum())
    np.testing.assert_array_equal(seen(None), seen(ExpectedParameters()))


def test_passers_by_are_expected_more_often_than_in_training() -> None:
    shares = ExpectedParameters().shares
    assert shares == pytest.approx(np.array(astuple(ExpectedParameters())))
    assert shares[0] < BALANCED_INTENTS[0]
    assert shares[2] > BALANCED_INTENTS[2]


@pytest.mark.parametrize("bad", [0.0, -0.1, 1.5, np.nan, np.inf])
def test_shares_that_are_none_are_refused(bad: float) -> None:
    with pytest.raises(ParameterError, match=r"not_interested is .*, expected 0\.001 to 1"):
        Perception(Answering(), expected=ExpectedParameters(not_interested=bad))

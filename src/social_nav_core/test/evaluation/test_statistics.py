"""Paired comparison against numbers worked out by hand and by the t distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from social_nav_core.evaluation.statistics import mean_and_deviation, paired_difference


def test_the_mean_and_effect_of_paired_differences() -> None:
    found = paired_difference([2.0, 4.0, 9.0], [1.0, 2.0, 6.0], np.random.default_rng(0))
    assert (found.mean, found.pairs) == (2.0, 3)
    assert found.effect == pytest.approx(2.0)
    assert 1.0 <= found.low < 2.0 < found.high <= 3.0
    assert found.is_clear


def test_the_interval_is_about_that_of_students_t() -> None:
    rng = np.random.default_rng(1)
    second = rng.normal(size=200)
    first = second + rng.normal(0.3, 1.0, 200)
    found = paired_difference(first, second, rng)
    difference = first - second
    low, high = stats.t.interval(0.95, 199, difference.mean(), stats.sem(difference))
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)


def test_the_interval_covers_the_truth_in_about_95_per_cent() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        first = rng.normal(0.5, 1.0, 60)
        found = paired_difference(first, np.zeros(60), rng)
        covered += found.low <= 0.5 <= found.high
    assert 180 <= covered <= 199


def test_pairs_without_a_finite_value_are_left_out() -> None:
    found = paired_difference(
        [1.0, np.nan, 3.0, np.inf], [0.0, 1.0, 2.0, 1.0], np.random.default_rng(0)
    )
    assert (found.mean, found.pairs, found.effect) == (1.0, 2, np.inf)
    none = paired_difference([np.nan], [1.0], np.random.default_rng(0))
    assert none.pairs == 0
    assert np.isnan(none.mean)


def test_equal_values_have_no_difference() -> None:
    same = paired_difference([1.0, 2.0], [1.0, 2.0], np.random.default_rng(0))
    assert (same.mean, same.low, same.high, same.effect) == (0.0, 0.0, 0.0, 0.0)
    assert not same.is_clear


def test_values_of_different_trials_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\)"):
        paired_difference([1.0, 2.0], [1.0, 2.0, 3.0], np.random.default_rng(0))


def test_mean_and_deviation_of_the_finite_values() -> None:
    assert mean_and_deviation([1.0, 3.0, np.nan]) == (2.0, pytest.approx(np.sqrt(2.0)))
    mean, deviation = mean_and_deviation([4.0])
    assert mean == 4.0
    assert np.isnan(deviation)
    assert np.isnan(mean_and_deviation([])[0])

"""How fast a demonstration's simulated time runs on machines with more or less to give."""

from __future__ import annotations

import pytest
from social_nav_nodes.demo import pace as pacing
from social_nav_nodes.demo.pace import free_cores, pace


@pytest.mark.parametrize(
    ("cores", "speed"),
    [(8.0, 1.0), (1.5, 1.0), (1.2, 0.8), (0.75, 0.5), (0.1, 0.5)],
)
def test_time_runs_as_fast_as_there_are_cores(cores, speed):
    assert pace(cores) == speed


def test_free_cores_are_those_that_threads_got(monkeypatch):
    """Two threads worked for 0.8 s in 0.5 s: together they had 1.6 cores."""
    wall, worked = iter([10.0, 10.5]), iter([3.0, 3.8])
    monkeypatch.setattr(pacing.time, "monotonic", lambda: next(wall))
    monkeypatch.setattr(pacing.time, "process_time", lambda: next(worked))
    monkeypatch.setattr(pacing, "_work", lambda until: None)
    assert free_cores() == pytest.approx(1.6)


def test_a_machine_gives_something():
    """A busy machine gives less than it has, none more."""
    assert 0.0 < free_cores() <= 1.05 * pacing._cores()

"""Beliefs beside the truth: what is kept, and that the picture shows both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from social_nav_core.evaluation.perceived import (
    PerceivedRecorder,
    labels_over_time,
    save_perceived,
)
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.evaluation.report import Picture, write_report
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Action, Intent, Person, certain

TEAL = np.array(to_rgb("#00867a"))


def ana(intent: Intent, sure: float = 1.0) -> Person:
    beliefs = sure * certain(intent) + (1.0 - sure) * certain(Intent.UNKNOWN)
    return Person("ana", np.array([1.0, 0.0, 3.1]), intent=beliefs, action=certain(Action.WAVE))


@pytest.fixture
def run() -> RunRecord:
    """Four seconds: ana interacts for two, then does not care any more."""
    recorder = RunRecorder("made_up", "avoid", "social costs", 1)
    recorder.goal(0.0, (3.0, 0.0, 0.0))
    for k in range(41):
        label = Intent.INTERACTING if k < 20 else Intent.NOT_INTERESTED
        recorder.sample(0.1 * k, (-1.0 + 0.05 * k, 0.5, 0.0), (0.5, 0.0), [ana(label)])
    grid = GridGeometry(80, 40, 0.1, (-4.0, -2.0, 0.0))
    return recorder.record(reached=True, grid=grid, occupancy=np.zeros((40, 80), np.int8))


def test_beliefs_are_kept_ten_times_a_second(tmp_path: Path) -> None:
    recorder = PerceivedRecorder()
    for k in range(61):
        people = [ana(Intent.INTERACTING, 0.5)] if k >= 30 else []
        recorder.sample(k / 30.0, people)
    kept = recorder.record()
    assert kept.person_ids == ("ana",)
    assert len(kept.times) == 21
    assert np.isnan(kept.intent[:10]).all()
    assert kept.intent[-1, 0] == pytest.approx([0.5, 0.5, 0.0, 0.0])
    save_perceived(tmp_path / "p.npz", kept)
    with np.load(tmp_path / "p.npz") as file:
        np.testing.assert_array_equal(file["intent"], kept.intent)
        assert file["person_ids"].tolist() == ["ana"]


def share_of_teal(run: RunRecord, recorder: PerceivedRecorder) -> float:
    figure = labels_over_time(recorder.record(), run)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255.0  # type: ignore[attr-defined]
    return float((np.abs(pixels - TEAL).max(axis=-1) < 0.02).mean())


def test_the_picture_shows_what_was_believed(run: RunRecord) -> None:
    always, never, nothing = PerceivedRecorder(), PerceivedRecorder(), PerceivedRecorder()
    for k in range(41):
        always.sample(0.1 * k, [ana(Intent.INTERACTING)])
        never.sample(0.1 * k, [ana(Intent.NOT_INTERESTED)])
    truth_alone = share_of_teal(run, nothing)
    assert share_of_teal(run, never) == pytest.approx(truth_alone, abs=0.01)
    assert share_of_teal(run, always) > truth_alone + 0.2
    assert truth_alone > 0.02


def test_the_report_takes_more_pictures(run: RunRecord, tmp_path: Path) -> None:
    figure = labels_over_time(PerceivedRecorder().record(), run)
    write_report(tmp_path, [run], pictures=[Picture("labels", figure, "Believed", "Curves")])
    assert (tmp_path / "labels.png").stat().st_size > 5000
    assert "Believed" in (tmp_path / "report.html").read_text()
    plain = write_report(tmp_path / "plain", [replace(run, arm="other")])
    assert "Believed" not in plain.read_text()

"""`report-runs`: metrics and report of the records that trials leave in their folders."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.evaluation.record_file import save_run
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person

GRID = GridGeometry(60, 40, 0.1, (-3.0, -2.0, 0.0))


def drive(arm, side):
    """A robot that passes somebody at a distance [m], 4 m in 4 s."""
    recorder = RunRecorder("single", "avoid", arm, 1)
    recorder.goal(0.0, (2.0, side, 0.0))
    for time in np.linspace(0.0, 4.0, 41).tolist():
        ana = Person("ana", np.zeros(3), last_seen=time)
        recorder.sample(time, np.array([time - 2.0, side, 0.0]), (1.0, 0.0), [ana])
    return recorder.record(
        reached=True, grid=GRID, occupancy=np.zeros(GRID.shape, np.int8), furniture=()
    )


def test_runs_are_measured_one_by_one_and_on_average(tmp_path, capsys):
    for number, (arm, side) in enumerate([("social", 1.5), ("none", 0.6), ("none", 0.8)]):
        folder = tmp_path / "runs" / str(number)
        folder.mkdir(parents=True)
        save_run(folder / "run.npz", drive(arm, side))
    out = tmp_path / "out"
    assert main(["report-runs", str(tmp_path / "runs"), "--out", str(out)]) == 0
    assert "3 run(s)" in capsys.readouterr().out
    runs = list(csv.DictReader((out / "runs.csv").open()))
    assert [row["arm"] for row in runs] == ["social", "none", "none"]
    assert [float(row["path_length"]) for row in runs] == pytest.approx([4.0] * 3, abs=0.01)
    summary = {row["arm"]: row for row in csv.DictReader((out / "summary.csv").open())}
    assert summary["none"]["runs"] == "2"
    nearest = [float(row["minimum_distance"]) for row in runs]
    assert float(summary["none"]["minimum_distance"]) == pytest.approx(np.mean(nearest[1:]))
    assert (out / "report.html").stat().st_size > 10000


def test_a_folder_without_runs_is_one_line(tmp_path, capsys):
    assert main(["report-runs", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no run.npz below" in capsys.readouterr().err

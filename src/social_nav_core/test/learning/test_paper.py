"""The counterparts of the paper's figures: complete, and true to their numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.paper.figures import FIGURES


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_every_figure_has_its_numbers(
    avoidance_table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "paper"
    arguments = ["paper", "--data", str(avoidance_table.parent), "--out", str(out)]
    assert main([*arguments, "--bootstrap", "20"]) == 0
    numbers = {name.split("_")[1] for name in FIGURES}
    assert numbers == {"01", "02", "03", "07", "08", "09", "10", "12"}
    for name in FIGURES:
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert len(rows(out / f"{name}.csv")) >= 30
        assert f"{name}.png" in (out / "index.html").read_text()
    counts = [float(row["count"]) for row in rows(out / "figure_01_positions.csv")]
    assert sum(counts) == 8352
    parameters = {row["parameter"]: row for row in rows(out / "parameters.csv")}
    assert parameters["mu_forward"]["published, deployment"] == "-0.3080"
    assert float(parameters["mu_forward"]["method paper"]) == pytest.approx(-0.31, abs=0.02)
    kirby = rows(out / "figure_09_kirby.csv")
    values = np.array([float(row["Kirby as in the paper (1 m/s)"]) for row in kirby])
    place = np.array([[float(row["forward_m"]), float(row["left_m"])] for row in kirby])
    ahead = np.flatnonzero((np.abs(place - [2.0, 0.0]) < 1e-6).all(axis=1))
    np.testing.assert_allclose(values[ahead], np.exp(-0.5), rtol=1e-4)
    told = (out / "agreement.txt").read_text()
    assert "agree" in told and told.strip() in capsys.readouterr().out


def test_missing_tables_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["paper", "--data", str(tmp_path), "--out", str(tmp_path / "paper")]
    assert main(arguments) == 2
    assert "congreg8_avoidance_histogram.csv" in capsys.readouterr().err
    assert not (tmp_path / "paper").exists()

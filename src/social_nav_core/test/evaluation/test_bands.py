"""The gate: a small fixed suite stays within its recorded bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from social_nav_core.evaluation.bands import (
    WATCHED,
    BandError,
    bands_around,
    load_bands,
    means,
    outside,
    save_bands,
)
from social_nav_core.evaluation.batch import Result, run_one
from social_nav_core.evaluation.metrics.table import METRICS
from social_nav_core.evaluation.suites import load_suite

GATE = Path(__file__).parents[4] / "worlds" / "suites" / "gate.yaml"
BANDS = Path(__file__).with_name("bands.yaml")


def test_the_gate_suite_stays_within_its_bands() -> None:
    entries = load_suite(GATE).entries
    results = [r for one in entries for index in range(2) for r in run_one(one, index, 0, ["ours"])]
    assert outside(results, load_bands(BANDS)) == []  # gate.yaml says how to renew the bands


def made_up(path_length: float, success: float = 1.0) -> list[Result]:
    """Two trials of an avoid entry, half a metre apart."""
    results = []
    for i, length in enumerate((path_length - 0.5, path_length + 0.5)):
        values = {metric.name: float("nan") for metric in METRICS}
        values |= {"path_length": length, "success": success}
        results.append(Result("avoid scene", i, "ours", values, [], [], []))
    return results


def test_bands_lie_around_the_means() -> None:
    assert means(made_up(8.0)) == {"avoid scene": {"success": 1.0, "path_length": 8.0}}
    bands = bands_around(made_up(8.0))
    assert bands == {"avoid scene": {"success": (1.0, 1.0), "path_length": (7.2, 8.8)}}
    assert bands_around(made_up(1.0))["avoid scene"]["path_length"] == (0.7, 1.3)


def test_what_leaves_its_band_is_named() -> None:
    bands = bands_around(made_up(8.0))
    assert outside(made_up(8.7), bands) == []
    assert outside(made_up(8.9), bands) == [
        "avoid scene: path_length is 8.900, expected 7.2 to 8.8 [m]"
    ]
    assert "success is 0.000, expected 1.0 to 1.0" in outside(made_up(8.0, success=0.0), bands)[0]
    assert outside([], bands)[0] == "avoid scene: success is nan, expected 1.0 to 1.0 [yes or no]"
    del bands["avoid scene"]["path_length"]
    assert outside(made_up(8.0), bands) == ["avoid scene: path_length has no band"]


def test_a_file_gives_the_bands_back(tmp_path: Path) -> None:
    bands = bands_around(made_up(8.0))
    save_bands(tmp_path / "bands.yaml", bands)
    assert load_bands(tmp_path / "bands.yaml") == bands


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", r"holds \[1, 2\], expected bands by entry"),
        ("a: 1", "a is 1, expected bands by metric"),
        ("a: {speed: [0, 1]}", r"speed is \[0, 1\], expected \[low, high\] of a watched metric"),
        ("a: {success: [1, 0]}", r"success is \[1, 0\]"),
        ("a: {success: 1}", "success is 1"),
        ("a: {success: [.nan, 1]}", "success is"),
        ("{", "is not YAML"),
    ],
)
def test_files_that_are_no_bands_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bands.yaml"
    path.write_text(text)
    with pytest.raises(BandError, match=message):
        load_bands(path)


def test_every_watched_metric_exists() -> None:
    assert set(WATCHED) <= {metric.name for metric in METRICS}
    assert np.isfinite(list(WATCHED.values())).all()

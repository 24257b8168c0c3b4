"""Refusals stay one line, whatever text the file holds."""

from __future__ import annotations

import pytest
from social_nav_core.evaluation.bands import BandError, load_bands
from social_nav_core.recordings.data import read_data
from social_nav_core.recordings.errors import DataError


def test_a_name_of_two_lines_in_bands(tmp_path):
    path = tmp_path / "bands.yaml"
    path.write_text('"two\\nlines":\n  path_length: [1, 2, 3]\n')
    with pytest.raises(BandError, match="two lines: path_length is") as refused:
        load_bands(path)
    assert "\n" not in str(refused.value)


def test_a_cell_of_two_lines_in_a_table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('forward_m,left_m\n0.5,"two\nlines"\n')
    with pytest.raises(DataError, match="'two lines', expected a number") as refused:
        read_data([path])
    assert "\n" not in str(refused.value)

"""What an error says in one line, and rows of CSV files."""

from __future__ import annotations

from pathlib import Path

import pytest
from social_nav_core.evaluation.survey_answers import AnswerError, read_key
from social_nav_core.input_files import one_line
from social_nav_core.recordings.congreg8 import read_congreg8
from social_nav_core.recordings.data import read_data
from social_nav_core.recordings.errors import DataError, damaged
from social_nav_core.recordings.table import csv_rows, read_table


def test_one_line_has_no_line_ends_and_at_most_so_many_characters() -> None:
    assert one_line(ValueError("two\n  lines\tand more ")) == "two lines and more"
    assert one_line(EOFError()) == "EOFError"
    assert one_line("x" * 200) == "x" * 200
    assert one_line("x" * 201) == "x" * 197 + "..."
    assert one_line("abcdefgh", most=7) == "abcd..."


def test_a_damaged_recording_is_told_in_one_line() -> None:
    told = str(damaged(Path("a.mcap"), AssertionError("is\nbroken " + 300 * "y")))
    assert told.startswith("a.mcap: not a recording that can be read: is broken yyy")
    assert told.endswith("...") and len(told) < 250


LONG_CELL = b"a,b\n1," + 140_000 * b"x" + b"\n"  # csv takes 131072 characters


@pytest.mark.parametrize("content", [LONG_CELL, b"a,b\n1,\xff\n"])
def test_every_reader_of_tables_refuses_what_is_no_csv_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    says = "field larger" if content == LONG_CELL else "is not UTF-8"
    for read in (lambda p: list(csv_rows(p)), read_table, read_congreg8):
        with pytest.raises(DataError, match=f"^{path}: not a CSV file: .*{says}"):
            read(path)
    with pytest.raises(AnswerError, match=f"^{path}: not a CSV file: .*{says}"):
        read_key(path)
    with pytest.raises(DataError, match=f"^{path}: not a CSV file and no recording"):
        read_data([path])


def test_the_line_of_a_cell_that_is_too_long_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(LONG_CELL)
    with pytest.raises(DataError, match="line 2: field larger than field limit"):
        list(csv_rows(path))

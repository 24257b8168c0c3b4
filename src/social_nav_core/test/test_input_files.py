"""What an error says in one line, rows of CSV files, and both parsers of YAML."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from social_nav_core.evaluation.survey_answers import AnswerError, read_key
from social_nav_core.input_files import one_line
from social_nav_core.recordings.congreg8 import read_congreg8
from social_nav_core.recordings.data import read_data
from social_nav_core.recordings.errors import DataError, damaged
from social_nav_core.recordings.table import csv_rows, read_table

from social_nav_core import input_files


def test_one_line_has_no_line_ends_and_at_most_so_many_characters() -> None:
    assert one_line(ValueError("two\n  lines\tand more ")) == "two lines and more"
    assert one_line(EOFError()) == "EOFError"
    assert one_line("x" * 200) == "x" * 200
    assert one_line("x" * 201) == "x" * 197 + "..."
    assert one_line("abcdefgh", most=7) == "abcd..."


def test_one_line_moves_no_cursor_and_turns_no_writing() -> None:
    """Nor does it ring a bell, hide letters, or hold what is no character."""
    assert one_line("a\x1b[2J\x1b[31mb\x07G\x00") == "a\ufffd[2J\ufffd[31mb\ufffdG\ufffd"
    turned = "".join(
        map(chr, [0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
    )
    assert one_line(f"x{turned}y") == "x" + "\ufffd" * len(turned) + "y"
    assert one_line("\x9b1m\u200b\ufeff\ud800") == "\ufffd1m\ufffd\ufffd\ufffd"
    assert one_line("\u2028Jörg\u3000Müller\xa0und 李\x85") == "Jörg Müller und 李"


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


TEXTS = {
    "a: {b: [1, 2.5, .nan, yes, ~, text], c: 'x y'}\n": None,
    "a: [1, 2\nb: }": "line 2",
    "a: 1\na: 2": "line 2: 'a' is repeated",
    "a: *b": r"\*b is an alias",
    "a: !!python/object:os.system x": "is a tag",
    "[" * 100_000: "more than 20 levels",
    "- 1\n" * 20_001: "more than 20000 values",
    "? [a]\n: b": "a key is no plain value",
    "a: \x07": "not allowed",
    "---\na\n---\nb": "another document",
}


@pytest.mark.parametrize("fast", [True, False], ids=["C", "Python"])
def test_both_parsers_read_and_refuse_the_same(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    read: Any = input_files
    if not fast:
        monkeypatch.setitem(sys.modules, "yaml._yaml", None)
        spec = importlib.util.spec_from_file_location("other_input_files", input_files.__file__)
        assert spec is not None and spec.loader is not None
        read = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(read)
    for text, refusal in TEXTS.items():
        if refusal is None:
            content = read.parse_yaml(text, "x.yaml")
            assert repr(content) == "{'a': {'b': [1, 2.5, nan, True, None, 'text'], 'c': 'x y'}}"
            continue
        with pytest.raises(ValueError, match=refusal) as caught:
            read.parse_yaml(text, "x.yaml")
        assert str(caught.value).startswith("x.yaml: is not YAML: ")
        assert "\n" not in str(caught.value)


def test_the_columns_of_an_unknown_table_are_told_without_commands(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a\x1b[2J,b\n1,2\n")
    with pytest.raises(DataError, match="columns a\ufffd\\[2J, b; expected"):
        read_data([path])

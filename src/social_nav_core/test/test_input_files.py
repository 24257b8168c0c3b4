"""What an error says in one line."""

from __future__ import annotations

from pathlib import Path

from social_nav_core.input_files import one_line
from social_nav_core.recordings.errors import damaged


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

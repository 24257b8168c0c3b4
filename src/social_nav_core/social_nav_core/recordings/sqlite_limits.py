"""Whether a recording in an SQLite file can be read within limits.

A database may compute what is asked of it, so that a few bytes give gigabytes or no end; and its
pages may name each other in circles.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from social_nav_core.input_files import shown
from social_nav_core.recordings.errors import LimitError
from social_nav_core.recordings.mcap_limits import MOST_AT_ONCE, MOST_TEXTS
from social_nav_core.recordings.profiles import KEY, Profiles

_STEPS = 1_000_000  # of SQLite's machine between two looks at how many there were
_MOST_LOOKS = 200  # about 15 million messages
_TABLES = ("messages", "topics", "message_definitions", "schema", "metadata")


def check_sqlite(path: Path) -> None:
    """Raise `LimitError` when a file is no recording, or reading it takes more than the limits."""
    if set("?#%") & set(str(path)):
        raise LimitError("its name has one of ? # %, which SQLite reads as something else")
    looks = iter(range(_MOST_LOOKS))
    try:
        with closing(sqlite3.connect(f"file:{path}?immutable=1&mode=ro", uri=True)) as base:
            base.set_progress_handler(lambda: next(looks, None) is None, _STEPS)
            base.execute("PRAGMA trusted_schema = OFF")
            base.text_factory = bytes
            _check_tables(base)
            _check_contents(base, path.stat().st_size)
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise LimitError("it has more messages than can be read; cut it") from error
        raise LimitError(f"it is not an SQLite file that can be read: {error}") from error
    except MemoryError as error:  # SQLite's, for a row that is damaged
        raise LimitError("a row of it says that it needs more memory than there is") from error
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise LimitError(f"it is not an SQLite file that can be read: {error}") from error


def _check_tables(base: sqlite3.Connection) -> None:
    """Nothing in it is computed."""
    texts = base.execute("SELECT total(length(sql)) FROM sqlite_master").fetchone()[0]
    if texts > MOST_TEXTS:
        raise LimitError(f"its tables' definitions take more than {MOST_TEXTS} bytes")
    about = "SELECT type, CAST(name AS TEXT), upper(ltrim(sql)) FROM sqlite_master"
    for kind, name, made in base.execute(about).fetchall():
        is_table = kind == b"table" and made is not None and made.startswith(b"CREATE TABLE")
        if (kind != b"index" and not is_table) or (is_table and _has_computed_columns(base, name)):
            raise LimitError(f"{shown(name)} in it is computed, expected plain tables")


def _has_computed_columns(base: sqlite3.Connection, table: bytes) -> bool:
    columns = base.execute("SELECT hidden FROM pragma_table_xinfo(?)", (table.decode(),))
    return any(hidden for (hidden,) in columns.fetchall())


def _check_contents(base: sqlite3.Connection, size: int) -> None:
    """Of a file of so many bytes."""
    tables = base.execute("SELECT name FROM sqlite_master").fetchall()
    names = {name.decode().lower() for (name,) in tables}
    for table in sorted(names & set(_TABLES) - {"messages"}):
        told = base.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        columns = [name.decode() for (name,) in told]
        sizes = " + ".join(f"total(length({_quoted(name)}))" for name in columns)
        (texts,) = base.execute(f"SELECT {sizes} FROM {table}").fetchone()
        if texts > MOST_TEXTS:
            raise LimitError(
                f"its table '{table}' has {texts:.0f} bytes, expected at most {MOST_TEXTS}"
            )
        if table == "topics" and KEY in map(str.lower, columns):
            profiles = Profiles()
            for (text,) in base.execute(f"SELECT CAST({KEY} AS TEXT) FROM topics"):
                profiles.check(str(text or b"", "utf-8", "replace"))
    if "messages" not in names:
        raise LimitError("it has no table 'messages', expected a recording of rosbag2")
    sizes = "SELECT max(length(data)), total(length(data)) FROM messages"
    largest, total = base.execute(sizes).fetchone()
    if largest is not None and largest > MOST_AT_ONCE:
        raise LimitError(f"a message has {largest} bytes, expected at most {MOST_AT_ONCE}")
    if total > size:
        raise LimitError(f"its messages have {total:.0f} bytes, and the file {size}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

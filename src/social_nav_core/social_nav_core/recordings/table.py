"""CSV tables with a header: columns by name, and errors that name file, row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import LARGEST_TABLE, FileError, one_line, read_text
from social_nav_core.recordings.errors import DataError


class Table:
    """Rows of text under named columns.

    Attributes:
        path: the file, for messages.
        header: names of the columns, in the order of the file.
        lines: line number in the file ``(n,)`` of each row.
    """

    def __init__(
        self, path: str | Path, header: list[str], rows: list[list[str]], lines: list[int]
    ) -> None:
        self.path = path
        self.header = header
        self.lines = lines
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def numbers(self, columns: Sequence[str], missing: bool = False) -> FloatArray:
        """Columns as floats ``(n, len(columns))``.

        Args:
            missing: whether an empty cell or "nan" is allowed; it becomes NaN.

        Raises:
            DataError: a column is absent or repeated, or a cell is not a finite number.
        """
        places = [self._place(name) for name in columns]
        cells = [[row[place].strip() or "nan" for place in places] for row in self._rows]
        try:
            values = np.array(cells, dtype=float).reshape(len(cells), len(places))
        except ValueError:
            self._raise_first_word(cells, columns)
            raise
        bad = np.isinf(values) if missing else ~np.isfinite(values)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            raise self.error(int(row), columns[column], cells[row][column], "a finite number")
        return values

    def words(self, column: str) -> list[str]:
        """A column as text, without spaces around it."""
        place = self._place(column)
        return [row[place].strip() for row in self._rows]

    def error(self, row: int, column: str, got: str, expected: str) -> DataError:
        """The error to raise for one cell; ``row`` counts rows of this table from 0."""
        return DataError(
            f"{self.path}: row {self.lines[row]}, column {column}: '{one_line(got)}', "
            f"expected {expected}"
        )

    def _place(self, column: str) -> int:
        if column not in self.header:
            there = one_line(", ".join(self.header), most=1000)
            raise DataError(f"{self.path}: row 1: no column {column}; the file has {there}")
        if (count := self.header.count(column)) > 1:
            raise DataError(f"{self.path}: row 1: column {column} is there {count} times")
        return self.header.index(column)

    def _raise_first_word(self, cells: list[list[str]], columns: Sequence[str]) -> None:
        for row, texts in enumerate(cells):
            for column, text in zip(columns, texts, strict=True):
                if not _is_number(text):
                    raise self.error(row, column, text, "a number")


def read_table(path: str | Path) -> Table:
    """Read a CSV file with a header; blank lines and lines that start with # are skipped.

    Raises:
        DataError: not a text file, no header, no rows, or a row of another length.
    """
    kept = [
        (line, row)
        for line, row in csv_rows(path)
        if row and any(row) and not row[0].startswith("#")
    ]
    if not kept:
        raise DataError(f"{path}: empty, expected a header and rows")
    header = [name.strip() for name in kept[0][1]]
    for line, row in kept[1:]:
        if len(row) != len(header):
            raise DataError(
                f"{path}: row {line}: {len(row)} cells, expected {len(header)} as in the header"
            )
    if len(kept) == 1:
        raise DataError(f"{path}: a header and no rows")
    return Table(path, header, [row for _, row in kept[1:]], [line for line, _ in kept[1:]])


def csv_rows(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row of a CSV file.

    Raises:
        DataError: no text file, or a cell is longer than 131072 characters.
        OSError: it is not there, or may not be read.
    """
    try:
        reader = csv.reader(io.StringIO(read_text(path, LARGEST_TABLE), newline=""))
        for row in reader:
            yield reader.line_num, row
    except FileError as error:
        raise DataError(f"{path}: not a CSV file: {error.reason}") from error
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file: line {reader.line_num}: {error}") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

"""Types of command-line arguments."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from social_nav_core.recordings.errors import DataError


def whole_number(low: int, high: int | None = None, unit: str = "") -> Callable[[str], int]:
    """Type of whole numbers from ``low`` up, or to ``high``."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            span = f"{low} up" if high is None else f"{low} to {high} {unit}".rstrip()
            raise argparse.ArgumentTypeError(f"'{text}', expected a whole number from {span}")
        return value

    return read


def width(text: str) -> float:
    """A length of more than 0 and at most 10 m."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 10.0:
        raise argparse.ArgumentTypeError(f"'{text}', expected metres, more than 0, at most 10")
    return value


def output_file(text: str) -> Path:
    """A file in a folder that is there."""
    path = Path(text)
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: there is no folder {path.absolute().parent}")
    if path.exists() and not path.is_file():
        kind = "folder" if path.is_dir() else "device or pipe"
        raise argparse.ArgumentTypeError(f"{text} is a {kind}, expected a file")
    return path


def check_not_read(out: Path, inputs: Sequence[Path], option: str = "--out") -> None:
    """Refuse to write over a file that is read, or into a recording.

    Raises:
        DataError: the file to write is one of the inputs, or lies in a folder that is.
    """
    for path in inputs:
        if path.is_dir():
            same = path.resolve() in out.resolve().parents
        else:
            same = out.exists() and path.exists() and os.path.samefile(out, path)
        if same:
            raise DataError(f"{out}: {option} would overwrite {path}, expected another file")

"""Trajectories in the layout of the CongreG8 motion-capture dataset (PLoS ONE 2021, 0247364).

The lab's frame has y up; a chest's z axis points out of it and its x axis to the person's left.
On the floor, z becomes x and x becomes y of a frame after REP-103.  Three layouts are read:

- the capture software's export: a row with names such as ``p1_Chest``, further down a row of
  ``Rotation`` and ``Position`` and a row of axes, then frames;
- one header of names such as ``p1_Chest_PX`` (metres) and ``p1_Chest_RX`` (unit quaternion x, y,
  z, w), and maybe ``Time`` in seconds;
- 7 columns a person with no header: position x, y, z, then quaternion x, y, z, w.

Without times there are 120 frames a second.  A person with a missing value is not seen in that
frame.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.positions import FARTHEST
from social_nav_core.recordings.table import Table, csv_rows
from social_nav_core.recordings.trajectories import Trajectories, speeds_of

FRAME_RATE = 120.0  # [1/s]
FIELDS = ("PX", "PY", "PZ", "RX", "RY", "RZ", "RW")
_CHEST = re.compile(r"(.+)_Chest_PX")


def looks_like_congreg8(first_rows: list[list[str]]) -> bool:
    """Whether the first rows of a CSV file are those of one of the three layouts."""
    named = any("_Chest" in cell for row in first_rows for cell in row)
    return named or _is_bare(first_rows)


def _is_bare(rows: list[list[str]]) -> bool:
    width = len(rows[0]) if rows else 0
    return width >= 14 and width % 7 == 0 and all(_is_cell(cell) for cell in rows[0])


def _is_cell(cell: str) -> bool:
    return re.fullmatch(r"[-+0-9.e]*|nan", cell.strip(), re.IGNORECASE) is not None


def read_congreg8(path: str | Path) -> Trajectories:
    """Chests of the people of one trial.

    Raises:
        DataError: a column is absent, a cell is no number, a quaternion has not unit length, or a
            position is farther than 50 m from the origin (not metres?).
    """
    table = _table(path)
    people = [match.group(1) for name in table.header if (match := _CHEST.fullmatch(name))]
    if len(people) < 2:
        raise DataError(f"{path}: {len(people)} people with columns *_Chest_PX, expected 2 or more")
    poses = np.stack([_poses(table, person) for person in people], axis=1)
    if "Time" in table.header:
        times = table.numbers(["Time"])[:, 0]
        backward = np.flatnonzero(np.diff(times) <= 0.0)
        if len(backward):
            row = int(backward[0]) + 1
            raise table.error(row, "Time", f"{times[row]:g}", "seconds that rise")
    else:
        times = np.arange(len(table)) / FRAME_RATE
    groups = np.full(poses.shape[:2], -1)
    return Trajectories(times, tuple(people), poses, speeds_of(times, poses), groups, str(path))


def _poses(table: Table, person: str) -> FloatArray:
    """Poses ``(t, 3)`` on the floor; NaN where a value is missing."""
    columns = [f"{person}_Chest_{field}" for field in FIELDS]
    values = table.numbers(columns, missing=True)
    far = np.argwhere(np.abs(values[:, :3]) > FARTHEST)
    if len(far):
        row, column = (int(i) for i in far[0])
        raise table.error(row, columns[column], f"{values[row, column]:g}", "metres, within 50 m")
    x, y, z, w = values[:, 3:].T
    length = np.sqrt(x * x + y * y + z * z + w * w)
    bent = np.flatnonzero(np.abs(length - 1.0) > 0.05)
    if len(bent):
        row = int(bent[0])
        got = f"quaternion of length {length[row]:.3g}"
        raise table.error(row, columns[6], got, "length 1 (x, y, z, w)")
    yaw = np.arctan2(2.0 * (x * z + w * y), w * w - x * x - y * y + z * z)
    poses = np.stack([values[:, 2], values[:, 0], yaw], axis=-1)
    poses[np.isnan(values).any(axis=1)] = np.nan
    return poses


def _table(path: str | Path) -> Table:
    """Any of the three layouts as a table with one header."""
    rows = [(line, row) for line, row in csv_rows(path) if any(map(str.strip, row))]
    if not rows:
        raise DataError(f"{path}: empty, expected trajectories of chests")
    header, start = _header(path, [row for _, row in rows])
    frames = rows[start:]
    if not frames:
        raise DataError(f"{path}: a header and no frames")
    for line, row in frames:
        if len(row) != len(header):
            raise DataError(f"{path}: row {line}: {len(row)} cells, expected {len(header)}")
    return Table(path, header, [row for _, row in frames], [line for line, _ in frames])


def _header(path: str | Path, rows: list[list[str]]) -> tuple[list[str], int]:
    """One name per column, and the index of the first frame."""
    if _is_bare(rows):
        people = range(1, len(rows[0]) // 7 + 1)
        return [f"p{person}_Chest_{field}" for person in people for field in FIELDS], 0
    if any(_CHEST.fullmatch(cell.strip()) for cell in rows[0]):
        return [cell.strip() for cell in rows[0]], 1
    names = next((i for i, row in enumerate(rows) if any("_Chest" in cell for cell in row)), None)
    if names is None:
        raise DataError(f"{path}: row 1: no column *_Chest_PX and no name *_Chest")
    kinds = next((i for i in range(names + 1, len(rows)) if "Rotation" in rows[i]), None)
    if kinds is None or kinds + 1 >= len(rows):
        raise DataError(f"{path}: no row of Rotation and Position below the names")
    axes = rows[kinds + 1]
    columns = list(zip(rows[names], rows[kinds], axes, strict=False))
    short = {"Rotation": "R", "Position": "P"}
    header = [
        f"{name}_{short[kind]}{axis}" if kind in short else "Time" * axis.startswith("Time")
        for name, kind, axis in columns
    ]
    return header, kinds + 2

"""DATA of the commands: what kind of file it is, and what can be learned from it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from social_nav_core.input_files import one_line
from social_nav_core.recordings.bag import read_bag
from social_nav_core.recordings.congreg8 import looks_like_congreg8, read_congreg8
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.positions import (
    HISTOGRAM_COLUMNS,
    POSITION_COLUMNS,
    Histogram,
    Positions,
    histogram_from_table,
    positions_from_table,
)
from social_nav_core.recordings.table import csv_rows, read_table
from social_nav_core.recordings.trajectories import (
    Trajectories,
    meeting_positions,
    passing_positions,
)

DATA_HELP = """\
DATA is one of
- a CSV table with the columns forward_m, left_m [m] (where others were, in the person's frame:
  forward out of the chest, left) and, where known, trial and members (how many people talk);
- a CSV histogram with the columns forward_min_m, left_min_m [m] (lower corner of a bin, same
  frame) and count;
- CSV files of trajectories in the CongreG8 layout, one a trial (chest positions [m] and quaternions
  of p1, p2, ..., y up; empty cells where somebody was not seen);
- rosbag2 or MCAP recordings of social_nav_msgs/SocialPersonArray.
"""
FEWEST_PASSING, FEWEST_MEETING = 30, 10
Data = Histogram | Positions | list[Trajectories]


def read_data(paths: Sequence[Path], around_robot: bool = False) -> Data:
    """The data of one table, or the trajectories of one or several files.

    Raises:
        DataError: a file is of no known kind, or several tables; names file, row and column.
        OSError: a file cannot be read.
    """
    kinds = [_kind(path) for path in paths]
    if set(kinds) <= {"trajectories", "bag"}:
        return [
            read_bag(path, around_robot) if kind == "bag" else read_congreg8(path)
            for path, kind in zip(paths, kinds, strict=True)
        ]
    if len(paths) > 1:
        raise DataError(f"{paths[1]}: a second table, expected one table or only trajectories")
    table = read_table(paths[0])
    return histogram_from_table(table) if kinds[0] == "histogram" else positions_from_table(table)


def _kind(path: Path) -> str:
    if path.is_dir() or path.suffix in (".mcap", ".db3"):
        return "bag"
    try:
        rows = [row for _, row in islice(csv_rows(path), 8) if row]
    except DataError as error:
        raise DataError(f"{path}: not a CSV file and no recording (.mcap, folder)") from error
    if looks_like_congreg8(rows):
        return "trajectories"
    header = {cell.strip() for row in rows if not row[0].startswith("#") for cell in row}
    if HISTOGRAM_COLUMNS[-1] in header or HISTOGRAM_COLUMNS[0] in header:
        return "histogram"
    if header & set(POSITION_COLUMNS):
        return "positions"
    shown = one_line(", ".join(rows[0]), most=80) if rows else "nothing"
    raise DataError(
        f"{path}: row 1: columns {shown}; expected {', '.join(POSITION_COLUMNS)}, or "
        f"{', '.join(HISTOGRAM_COLUMNS)}, or p1_Chest_PX and so on"
    )


def passing_data(data: Data, radius: float, source: str) -> Histogram | Positions:
    """Where others were while people moved around each other.

    Raises:
        DataError: fewer than 30 positions within the radius [m].
    """
    found = passing_positions(data, radius) if isinstance(data, list) else data
    if isinstance(found, Histogram):
        count = int(found.counts.sum())
    else:
        count = int((np.hypot(found.points[:, 0], found.points[:, 1]) <= radius).sum())
    if count < FEWEST_PASSING:
        raise DataError(
            f"{source}: {count} positions within {radius:g} m, expected {FEWEST_PASSING} or more"
        )
    return found


def meeting_data(data: Data, source: str) -> Positions:
    """Where people stood while they talked.

    Raises:
        DataError: a histogram, or fewer than 10 positions.
    """
    if isinstance(data, Histogram):
        raise DataError(f"{source}: a histogram has no positions, expected forward_m and left_m")
    found = meeting_positions(data) if isinstance(data, list) else data
    if len(found.points) < FEWEST_MEETING:
        raise DataError(
            f"{source}: {len(found.points)} positions of people who stand together, "
            f"expected {FEWEST_MEETING} or more"
        )
    return found


def of_members(positions: Positions, members: str, source: str) -> Positions:
    """Those of conversations of "two" people, of "more", or "all" of them.

    Raises:
        DataError: it is not known how many people took part, or fewer than 10 are left.
    """
    if members == "all":
        return positions
    if positions.members is None:
        raise DataError(f"{source}: no column members, so conversations of {members} are not known")
    chosen = positions.members == 2 if members == "two" else positions.members > 2
    if int(chosen.sum()) < FEWEST_MEETING:
        raise DataError(
            f"{source}: {chosen.sum()} positions in conversations of {members}, "
            f"expected {FEWEST_MEETING} or more"
        )
    return Positions(positions.points[chosen], positions.trials[chosen], positions.members[chosen])

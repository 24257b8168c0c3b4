"""Tables of positions around a person, and histograms of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.table import Table, read_table

POSITION_COLUMNS = ("forward_m", "left_m")
HISTOGRAM_COLUMNS = ("forward_min_m", "left_min_m", "count")
FARTHEST = 50.0


@dataclass(frozen=True)
class Positions:
    """Where others were around a person.

    Attributes:
        points: ``(n, 2)`` as (forward, left) [m] in the person's frame.
        trials: ``(n,)`` which trial (or track) each point is from; all 0 where not known.
        members: ``(n,)`` people in the conversation, both of them counted; 0 where not known.
    """

    points: FloatArray
    trials: np.ndarray
    members: np.ndarray | None = None

    @property
    def trials_known(self) -> bool:
        """Whether the points come from more than one trial."""
        return bool((self.trials != self.trials[0]).any())


@dataclass(frozen=True)
class Histogram:
    """Counts of others' positions in square bins around a person.

    Attributes:
        forward: lower edges ``(rows,)`` of the bins along forward [m].
        left: lower edges ``(columns,)`` of the bins along left [m].
        edge: length of a bin's edge [m].
        counts: ``(rows, columns)``.
    """

    forward: FloatArray
    left: FloatArray
    edge: float
    counts: FloatArray

    def centers(self) -> FloatArray:
        """Centres ``(rows, columns, 2)`` of the bins, (forward, left) [m]."""
        grid = np.meshgrid(self.forward, self.left, indexing="ij")
        return np.stack(grid, axis=-1) + 0.5 * self.edge


def positions_from_table(table: Table) -> Positions:
    """Columns ``forward_m``, ``left_m`` [m] and, where they are, ``trial`` and ``members``.

    Raises:
        DataError: a cell is not a number, or a position is more than 50 m away (not metres?).
    """
    points = table.numbers(POSITION_COLUMNS)
    far = np.argwhere(np.abs(points) > FARTHEST)
    if len(far):
        row, column = far[0]
        raise table.error(
            int(row), POSITION_COLUMNS[column], f"{points[row, column]:g}", "metres, within 50 m"
        )
    names = table.words("trial") if "trial" in table.header else ["0"] * len(table)
    trials = np.unique(np.array(names), return_inverse=True)[1]
    members = None
    if "members" in table.header:
        members = table.numbers(["members"])[:, 0].astype(int)
        few = np.flatnonzero(members < 2)
        if len(few):
            row = int(few[0])
            raise table.error(row, "members", str(members[row]), "2 or more people")
    return Positions(points, trials, members)


def histogram_from_table(table: Table) -> Histogram:
    """Columns ``forward_min_m``, ``left_min_m`` [m] (lower corner of a bin) and ``count``.

    Raises:
        DataError: a count below 0, a bin twice, or a bin missing from the square grid.
    """
    values = table.numbers(HISTOGRAM_COLUMNS)
    negative = np.flatnonzero(values[:, 2] < 0.0)
    if len(negative):
        row = int(negative[0])
        raise table.error(row, "count", f"{values[row, 2]:g}", "0 or more")
    keys = np.round(values[:, :2], 5)
    forward, rows = np.unique(keys[:, 0], return_inverse=True)
    left, columns = np.unique(keys[:, 1], return_inverse=True)
    if len(forward) < 2 or len(left) < 2:
        raise DataError(f"{table.path}: {len(values)} bins in one line, expected a grid of bins")
    edge = float((forward[-1] - forward[0]) / (len(forward) - 1))
    for name, axis in (("forward_min_m", forward), ("left_min_m", left)):
        steps = np.diff(axis)
        if np.abs(steps - edge).max() > 1e-3 * edge + 2e-5:
            raise DataError(
                f"{table.path}: column {name}: steps of {steps.min():g} to {steps.max():g} m, "
                f"expected square bins of {edge:g} m"
            )
    filled = np.zeros((len(forward), len(left)), dtype=int)
    np.add.at(filled, (rows, columns), 1)
    if (filled != 1).any():
        row, column = np.argwhere(filled != 1)[0]
        place = f"({forward[row]:g}, {left[column]:g})"
        raise DataError(
            f"{table.path}: bin {place} m is there {filled[row, column]} times, expected once"
        )
    counts = np.zeros(filled.shape)
    counts[rows, columns] = values[:, 2]
    return Histogram(forward, left, edge, counts)


def read_positions(path: str | Path) -> Positions:
    """Read a table of positions; see `positions_from_table`."""
    return positions_from_table(read_table(path))


def read_histogram(path: str | Path) -> Histogram:
    """Read a histogram; see `histogram_from_table`."""
    return histogram_from_table(read_table(path))

"""Long computations in parts: what is done is kept beside the file that it becomes a part of.

A part is an NPZ file named after that file, what the computation follows from, and its first
window.  A computation that was stopped goes on after the parts that are there.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.input_files import FileError, one_line, read_arrays
from social_nav_core.whole_file import written_whole

PART = 512  # windows: a multiple of the batches in which the teacher answers
_LARGEST = 4_000_000_000  # of a part's arrays [byte]
_MARK = "part"

Arrays = Mapping[str, np.ndarray]
Report = Callable[[str], None]


@dataclass(frozen=True)
class Parts:
    """Where the parts of a computation are kept.

    Attributes:
        path: of the file that they become; parts lie beside it.
        key: SHA-256 of everything that the windows follow from; parts of another key are not used.
        total: number of windows.
        what: they are, for messages.
    """

    path: Path
    key: str
    total: int
    what: str

    @property
    def ranges(self) -> list[range]:
        """The windows of every part."""
        starts = range(0, self.total, PART)
        return [range(start, min(start + PART, self.total)) for start in starts]

    def file(self, part: range) -> Path:
        """Where a part is kept."""
        return self.path.with_name(f"{self._stem}.{self.key[:12]}.{part.start}.npz")

    def kept(self) -> int:
        """Number of windows in parts that are there."""
        return sum(len(part) for part in self.ranges if self.file(part).is_file())

    def kept_in_words(self) -> str:
        """What is there and how to go on; empty where there is nothing."""
        kept = self.kept()
        if not kept:
            return ""
        return (
            f"{kept} of {self.total} {self.what} are kept beside {self.path}, the same command "
            "goes on after them"
        )

    def remove(self) -> None:
        """Delete the parts, once the file itself is there."""
        for part in self.ranges:
            self.file(part).unlink(missing_ok=True)

    def computed(
        self,
        make: Callable[[range], Arrays],
        good: Callable[[range, Arrays], bool],
        report: Report,
        writes: bool = True,
    ) -> dict[str, np.ndarray]:
        """The arrays of all windows, of which only those that are not kept are computed.

        Args:
            make: arrays ``(len(part), ...)`` by name of the windows of a part.
            good: whether arrays of a kept part are what `make` gives; else they are made anew.
            report: is called with a line where something is kept or cannot be used.
            writes: whether to keep parts; False in all processes but one.
        """
        self._tell_what_is_there(report)
        joined: dict[str, np.ndarray] = {}
        for part in self.ranges:
            values = self._read(part, good, report)
            if values is None:
                values = make(part)
                if writes and len(self.ranges) > 1:
                    self._keep(part, values)
            for name, array in values.items():
                if name not in joined:
                    joined[name] = np.empty((self.total, *array.shape[1:]), array.dtype)
                joined[name][part.start : part.stop] = array
        return joined

    @property
    def _stem(self) -> str:
        return f"{self.path.name}.{_MARK}"

    def _tell_what_is_there(self, report: Report) -> None:
        pattern = f"{glob.escape(self._stem)}.*.npz"
        others = set(self.path.absolute().parent.glob(pattern))
        others -= {self.file(part).absolute() for part in self.ranges}
        if others:
            report(
                f"{len(others)} parts of other {self.what} lie beside {self.path} "
                f"({min(others).name}) and are not used; delete them if nothing needs them"
            )
        kept = self.kept()
        if kept:
            report(f"{self.path}: goes on, {kept} of {self.total} {self.what} are there")

    def _read(
        self, part: range, good: Callable[[range, Arrays], bool], report: Report
    ) -> Arrays | None:
        """A kept part; None where there is none, or it cannot be used."""
        try:
            values = read_arrays(self.file(part), _LARGEST, packed=False)
        except FileNotFoundError:
            return None
        except FileError as error:
            report(f"{one_line(error)}; it is made anew")
            return None
        if str(values.pop("key", "")) == self.key and good(part, values):
            return values
        report(f"{self.file(part)}: holds other {self.what}; it is made anew")
        return None

    def _keep(self, part: range, values: Arrays) -> None:
        arrays: dict[str, Any] = {"key": np.array(self.key), **values}
        with written_whole(self.file(part)) as file:
            np.savez(file, **arrays)

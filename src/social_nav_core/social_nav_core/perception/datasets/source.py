"""Windows from wherever they are: a file of encounters or a folder of recorded tracks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from social_nav_core.perception.datasets.tracks import HARPER, JPL_SOCIAL, read_split
from social_nav_core.perception.encounters.files import read_encounters
from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.metrics import Classes, counted
from social_nav_core.perception.windows import Windows
from social_nav_core.recordings.errors import DataError

PROTOCOLS = {"jpl_social": JPL_SOCIAL, "harper": HARPER}


def read_windows(path: Path, split: str, tracks: str, report: Callable[[str], None]) -> Windows:
    """Windows of an NPZ file of encounters, or of a split of a folder of tracks.

    Args:
        path: file or folder.
        split: "train", "validation" or "test"; a file of encounters is of one split anyway.
        tracks: protocol of a folder, "jpl_social" or "harper".
        report: is called with a line for every track that could not be read.

    Raises:
        DataError: nothing usable is there, or nothing with a label in a validation split.
        OSError: the file cannot be read.
    """
    if path.is_dir():
        windows = _recorded(path, split, tracks, report)
    else:
        encounters, about = read_encounters(path)
        windows = replace(encounters.windows(), about=about)
    if split == "validation":
        check_labelled(path, windows.labels)
    return windows


def _recorded(path: Path, split: str, tracks: str, report: Callable[[str], None]) -> Windows:
    reading = read_split(path, split, PROTOCOLS[tracks])
    for problem in reading.problems:
        report(f"left out: {problem}")
    about = (
        f"{len(reading.windows)} recorded tracks of people, split {split} of the folder "
        f"{path.resolve().name}, read as {tracks}"
    )
    return replace(reading.windows, about=about)


def read_pictured(path: Path, edge: int) -> tuple[Encounters, str]:
    """Encounters for a teacher whose pictures are so many pixels wide, and what they are.

    Raises:
        DataError: the file does not hold encounters, or their pictures are of another size.
        OSError: the file cannot be read.
    """
    if path.is_dir():
        raise DataError(
            f"{path} is a folder of recorded tracks, expected a file of encounters: a teacher "
            "looks at pictures, which tracks do not have"
        )
    encounters, about = read_encounters(path)
    got = encounters.crop.shape[2]
    if got != edge:
        raise DataError(
            f"{path}: pictures are {got} pixels wide, expected {edge} pixels; make the encounters "
            f"with --image {edge}"
        )
    return encounters, about


def check_labelled(path: Path, labels: Classes) -> None:
    """Refuse windows of which none has a label to learn from or to compare an answer to.

    Raises:
        DataError: there is none, for no task.
    """
    if not any(keep.any() for keep in counted(labels).values()):
        raise DataError(
            f"{path}: none of its {len(labels)} windows has a label, expected intent, attitude or "
            "action of some of them; give labelled data"
        )


def check_steps(path: Path, steps: int, expected: int, source: Path | str) -> None:
    """Refuse windows of another length than those of ``source``.

    Raises:
        DataError: the numbers of frames differ.
    """
    if steps != expected:
        raise DataError(
            f"{path}: windows have {steps} frames, expected {expected} as {source}; give data of "
            "the same rate (make-encounters --rate)"
        )

"""Windows from wherever they are: a file of encounters or a folder of recorded tracks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from social_nav_core.perception.datasets.tracks import HARPER, JPL_SOCIAL, read_split
from social_nav_core.perception.encounters.files import load_encounters
from social_nav_core.perception.windows import Windows

PROTOCOLS = {"jpl_social": JPL_SOCIAL, "harper": HARPER}


def read_windows(path: Path, split: str, tracks: str, report: Callable[[str], None]) -> Windows:
    """Windows of an NPZ file of encounters, or of a split of a folder of tracks.

    Args:
        path: file or folder.
        split: "train", "validation" or "test"; a file of encounters is of one split anyway.
        tracks: protocol of a folder, "jpl_social" or "harper".
        report: is called with a line for every track that could not be read.

    Raises:
        DataError: nothing usable is there.
        OSError: the file cannot be read.
    """
    if not path.is_dir():
        return load_encounters(path).windows()
    reading = read_split(path, split, PROTOCOLS[tracks])
    for problem in reading.problems:
        report(f"left out: {problem}")
    return reading.windows

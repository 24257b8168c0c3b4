"""Encounters in files: NPZ without pickle."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.input_files import FileError, read_arrays
from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.tasks import CLASSES
from social_nav_core.recordings.errors import DataError
from social_nav_core.whole_file import written_whole

_FORMAT = 1
_LARGEST = 8_000_000_000  # of the arrays [byte]
# Axes of every field: n windows, t frames, e edge of the picture; numbers are fixed.
_AXES: dict[str, tuple[str | int, ...]] = {
    "pixels": ("n", "t", 23, 3),
    "present": ("n", "t"),
    "whole_body": ("n", "t", 133, 3),
    "gaze": ("n", "t", 4),
    "box": ("n", 4),
    "crop": ("n", "t", "e", "e", 3),
    "image_size": ("n", 2),
    "labels": ("n", 3),
}


def save_encounters(path: Path, encounters: Encounters, about: str) -> None:
    """Write encounters and a sentence about them; the file is there whole or not at all."""
    values: dict[str, Any] = {
        item.name: getattr(encounters, item.name) for item in fields(Encounters)
    }
    with written_whole(path) as file:
        np.savez_compressed(file, format=np.array(_FORMAT), about=np.array(about), **values)


def load_encounters(path: Path) -> Encounters:
    """Read encounters.

    Raises:
        DataError: the file does not hold encounters.
        OSError: there is no such file, or it may not be read.
    """
    try:
        found = read_arrays(path, _LARGEST)
    except FileError as error:
        raise DataError(f"{path}: not encounters (NPZ): {error.reason}") from error
    if not np.array_equal(found.get("format", -1), _FORMAT):
        raise DataError(f"{path}: format is {found.get('format')}, expected {_FORMAT}")
    names = [item.name for item in fields(Encounters)]
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(f"{path}: field {missing[0]} is missing")
    _check(path, found, names)
    return Encounters(**{name: found[name] for name in names})


def _check(path: Path, found: dict[str, np.ndarray], names: list[str]) -> None:
    sizes: dict[str, int] = {}
    for name in names:
        values, axes = found[name], _AXES.get(name, ("n",))
        good = values.ndim == len(axes) and values.dtype.kind in "fiub"
        for axis, size in zip(axes, values.shape, strict=False):
            good = good and size == (
                sizes.setdefault(axis, size) if isinstance(axis, str) else axis
            )
        if not good:
            wanted = ", ".join(str(sizes.get(str(axis), axis)) for axis in axes)
            raise DataError(f"{path}: {name} has the shape {values.shape}, expected ({wanted})")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise DataError(f"{path}: {name} has values that are not finite")
    labels = found["labels"]
    if (labels < -1).any() or (labels >= tuple(CLASSES.values())).any():
        raise DataError(f"{path}: labels run to {labels.max(axis=0)}, expected below 3, 3 and 10")

"""Encounters in files: NPZ without pickle."""

from __future__ import annotations

import math
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.input_files import Declared, FileError, one_line, read_arrays, shown
from social_nav_core.perception.encounters.generator import Encounters, EncounterSettings
from social_nav_core.perception.tasks import CLASSES
from social_nav_core.recordings.errors import DataError
from social_nav_core.whole_file import written_whole

_FORMAT = 1
_LARGEST = 4_000_000_000  # of the arrays [byte]
_DENSEST = 20  # bytes of the arrays for a byte of the file; made encounters have less than 2
_MOST = {"n": 1_000_000, "t": 1000, "e": 512}
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
_WIDTHS = {"present": 1, "crop": 1, "labels": 8}  # of a value [byte], else 4
_NAMES = tuple(item.name for item in fields(Encounters))


def save_encounters(path: Path, encounters: Encounters, about: str) -> None:
    """Write encounters and a sentence about them; the file is there whole or not at all."""
    values: dict[str, Any] = {
        item.name: getattr(encounters, item.name) for item in fields(Encounters)
    }
    with written_whole(path) as file:
        np.savez_compressed(file, format=np.array(_FORMAT), about=np.array(about), **values)


def check_size(count: int, settings: EncounterSettings) -> None:
    """Refuse encounters of which a file could not be read again, before they are made.

    Raises:
        DataError: too many windows, too large pictures, or too much of both.
    """
    if settings.image > _MOST["e"]:
        raise DataError(
            f"pictures are {settings.image} pixels wide, expected 0 to {_MOST['e']} pixels; the "
            "small teacher takes 20, the full one 64"
        )
    if count > _MOST["n"]:
        raise DataError(
            f"{count} encounters are too many for one file, expected at most {_MOST['n']}; make "
            "several files"
        )
    sizes = {"n": count, "t": settings.steps, "e": settings.image}
    total = sum(
        math.prod(sizes[axis] if isinstance(axis, str) else axis for axis in axes)
        * _WIDTHS.get(name, 4)
        for name, axes in _AXES.items()
    )
    if total > _LARGEST:
        raise DataError(
            f"{count} encounters of {settings.steps} frames and pictures of {settings.image} "
            f"pixels take {total} bytes, expected at most {_LARGEST}; make several smaller files"
        )


def load_encounters(path: Path) -> Encounters:
    """Read encounters; raises as `read_encounters`."""
    return read_encounters(path)[0]


def read_encounters(path: Path) -> tuple[Encounters, str]:
    """Read encounters and the sentence about them.

    Raises:
        DataError: the file does not hold encounters.
        OSError: there is no such file, or it may not be read.
    """
    try:
        found = read_arrays(path, _LARGEST, check=partial(_check_declared, path))
    except FileError as error:
        raise DataError(f"{path}: not encounters (NPZ): {error.reason}") from error
    if not np.array_equal(found["format"], _FORMAT):
        got = one_line(found["format"], 80)
        raise DataError(f"{path}: format is {got}, expected {_FORMAT}")
    _check_values(path, found)
    about = one_line(found["about"], 400) if found.get("about", np.zeros(0)).shape == () else ""
    return Encounters(**{name: found[name] for name in _NAMES}), about


def _check_declared(path: Path, declared: Declared) -> None:
    """Refuse arrays that are not those of encounters before they take memory."""
    missing = [name for name in ("format", *_NAMES) if name not in declared]
    if missing:
        raise FileError(path, f"field {missing[0]} is missing; make-encounters writes all of them")
    sizes: dict[str, int] = {}
    for name in _NAMES:
        (dtype, shape), axes = declared[name], _AXES.get(name, ("n",))
        good = len(shape) == len(axes) and dtype.kind in "fiub"
        for axis, size in zip(axes, shape, strict=False):
            if isinstance(axis, str):
                good = good and size == sizes.setdefault(axis, size) <= _MOST[axis]
            else:
                good = good and size == axis
        if not good:
            known = {axis: size for axis, size in sizes.items() if size <= _MOST[axis]}
            kind = "" if dtype.kind in "fiub" else f" of {dtype}"
            wanted = ", ".join(str(known.get(str(axis), axis)) for axis in axes)
            raise FileError(
                path,
                f"{name} has the shape {shown(shape)}{kind}, expected ({wanted}) of numbers",
            )
    total = sum(math.prod(shape) * dtype.itemsize for dtype, shape in declared.values())
    held = Path(path).stat().st_size
    if total > min(_LARGEST, _DENSEST * held):
        raise FileError(
            path,
            f"its {held} bytes unpack to {total}, expected at most {_LARGEST} and {_DENSEST} times "
            "the file; make several smaller files",
        )


def _check_values(path: Path, found: dict[str, np.ndarray]) -> None:
    for name in _NAMES:
        if found[name].dtype.kind == "f" and not np.isfinite(found[name]).all():
            raise DataError(f"{path}: {name} has values that are not finite")
    labels = found["labels"]
    if (labels < -1).any() or (labels >= tuple(CLASSES.values())).any():
        raise DataError(f"{path}: labels run to {labels.max(axis=0)}, expected below 3, 3 and 10")

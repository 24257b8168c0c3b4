"""What a file of a checkpoint must be, checked without torch: NPZ, no pickle, finite numbers.

The array ``header`` is JSON: format, epoch, and `about`, a mapping; ``sha256`` is the checksum of
all others; every other array is named ``weights/NAME`` or ``optimiser/NAME``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.checksums import FIELD, check_arrays
from social_nav_core.input_files import FileError, read_arrays, shown
from social_nav_core.proxemics.model import ModelError

FORMAT = 1
PARTS = ("weights", "optimiser")
_LARGEST = 4_000_000_000  # of the arrays [byte]
_MOST_EPOCHS = 1_000_000


class CheckpointError(ModelError):
    """A checkpoint cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class CheckpointFile:
    """The content of a file.

    Attributes:
        parts: arrays by name, of each of `PARTS`.
        epoch: epochs done.
        about: settings, metrics and history.
    """

    parts: dict[str, dict[str, np.ndarray]]
    epoch: int
    about: dict[str, Any]


def read_checkpoint(path: Path) -> CheckpointFile:
    """Read a file of a checkpoint.

    Raises:
        CheckpointError: it is missing, of another version, damaged, without a checksum, or has
            values that are not finite.
    """
    try:
        arrays = read_arrays(path, _LARGEST, packed=False)
        epoch, about = _header(path, arrays.get("header"))
        check_arrays(arrays, path)
    except FileError as error:
        raise CheckpointError(f"{path} is not a checkpoint: {error.reason}") from error
    except OSError as error:
        raise CheckpointError(f"{path} is not a checkpoint: {error.strerror}") from error
    parts: dict[str, dict[str, np.ndarray]] = {part: {} for part in PARTS}
    for key, values in arrays.items():
        if key in ("header", FIELD):
            continue
        part, _, name = key.partition("/")
        if part not in parts or not name or values.dtype.kind not in "biuf":
            raise CheckpointError(
                f"{path}: {shown(key)} is of {values.dtype}, expected weights/ or optimiser/ and a "
                "name, and numbers"
            )
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise CheckpointError(f"{path}: {shown(key)} has values that are not finite, as NaN is")
        parts[part][name] = values
    return CheckpointFile(parts, epoch, about)


def _header(path: Path, values: np.ndarray | None) -> tuple[int, dict[str, Any]]:
    if values is None or values.dtype.kind != "U" or values.shape != ():
        raise CheckpointError(f"{path} is not a checkpoint: it has no header, expected a text")
    try:
        header = json.loads(str(values))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a checkpoint: its header is not JSON") from error
    if not isinstance(header, dict):
        raise CheckpointError(f"{path}: header is {shown(header)}, expected a mapping")
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} has the format {shown(header.get('format'))}, expected {FORMAT}"
        )
    epoch, about = header.get("epoch"), header.get("about")
    if type(epoch) is not int or not 0 <= epoch <= _MOST_EPOCHS:
        raise CheckpointError(
            f"{path}: epoch is {shown(epoch)}, expected a whole number of 0 to {_MOST_EPOCHS}"
        )
    if not isinstance(about, dict):
        raise CheckpointError(f"{path}: about is {shown(about)}, expected a mapping")
    return epoch, about

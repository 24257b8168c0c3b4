"""Several files in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def told(paths: Sequence[Path]) -> str:
    """Name of the file, or the number of files and the first and last name."""
    if len(paths) <= 2:
        return " and ".join(path.name for path in paths)
    return f"{len(paths)} files ({paths[0].name} to {paths[-1].name})"

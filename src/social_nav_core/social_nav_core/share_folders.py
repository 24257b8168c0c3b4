"""Where the files of ROS packages are, without ROS."""

from __future__ import annotations

import os
from pathlib import Path


def share_folders(package: str) -> list[Path]:
    """Where a package is if it is installed (AMENT_PREFIX_PATH), the one that wins first."""
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    return [Path(prefix) / "share" / package for prefix in prefixes if prefix]

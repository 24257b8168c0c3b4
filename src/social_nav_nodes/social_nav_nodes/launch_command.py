"""Names of the arguments that a launch file is started with: `ros2 launch` takes any."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from social_nav_nodes.launch_arguments import MissingError

PACKAGE = "social_nav_bringup"
OF_LAUNCH = ("launch-prefix", "launch-prefix-filter", "sigterm_timeout", "sigkill_timeout")
"""What `ros2 launch` itself understands."""


def check_names(path: Path, declared: Collection[str], command: Sequence[str]) -> None:
    """Raise `MissingError` for an argument of the command line that a launch file does not declare.

    A launch file that another one includes is none of the command's: what that one is given is
    not looked at.

    Args:
        path: of the launch file.
        declared: names of its arguments.
        command: words of the command line of this process.
    """
    if not _starts(path, command):
        return
    for word in command:
        name, between, _ = word.partition(":=")
        if between and name not in declared and name not in OF_LAUNCH:
            (nearest,) = difflib.get_close_matches(name, sorted(declared), 1, 0.0)
            raise MissingError(
                f"{path.name} has no argument '{name}': did you mean '{nearest}'? "
                "--show-args lists all"
            )


def _starts(path: Path, command: Sequence[str]) -> bool:
    """Whether a command line names the launch file, by its path or within its package."""
    words = [word for word in command if ":=" not in word]
    by_package = PACKAGE in words and path.name in words
    return by_package or any(
        Path(word).name == path.name and Path(word).resolve() == path.resolve() for word in words
    )

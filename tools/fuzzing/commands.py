"""Entry points of the command lines: arguments that are nearly good, for every command.

Every command's parser is asked; those that read files run as well, on files that nobody can use,
so that nothing takes long and nothing is written but in the case's folder.  The arguments of nodes
are ROS's; what comes of them is in the entry points of the parameters.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import pkgutil
from functools import lru_cache
from pathlib import Path

from social_nav_core.__main__ import build_parser, main
from social_nav_nodes.demo import demonstration
from social_nav_nodes.endurance import __main__ as endurance

from fuzzing import mutation
from fuzzing.choices import Choices
from social_nav_core import commands

RUN = (
    "fit-proxemics",
    "fit-interaction",
    "score",
    "update-proxemics",
    "export-world",
    "report-runs",
)
PROGRAMS = {"demo": demonstration.build_parser, "endurance": endurance.build_parser}
WORDS = (
    *("", "--out", "--seed", "--help", "-h", "--", "-", "0", "-1", "1", "1e9", "nan", "9" * 30),
    *("proxemics", "interaction", "hall", "kirby", "all", "two", "paper", "weighted", "x" * 3000),
    *("/dev/zero", "/dev/full", "/proc/self/mem", "/", ".", "..", "nothing.yaml", "nothing.npz"),
    *("faults", "soak", "--minutes", "--only", "--repeat", "--speed=1e400", "tf_stops"),
    *("\x00", "ä", "--seed=-1", "--members=two", "--bandwidth=0", "--kernels", "--around-robot"),
    *(
        "--counts",
        "--strength=nan",
        "--memory=-1",
        "--task=avoid",
        "--bag",
        "--answers",
        "--trials",
    ),
)


@lru_cache(maxsize=1)
def command_names() -> tuple[str, ...]:
    """Every command's name, and those of the programs of `social_nav_nodes`."""
    own = (m.name.replace("_", "-") for m in pkgutil.iter_modules(commands.__path__))
    return (*own, *PROGRAMS)


@lru_cache(maxsize=64)
def _parser(name: str) -> argparse.ArgumentParser:
    return PROGRAMS[name]() if name in PROGRAMS else build_parser(name)


def command_case(name: str, folder: Path, data: bytes) -> None:
    """One command line; anything but an exit status is a failure."""
    choices = Choices(data)
    words = [choices.pick(WORDS) for _ in range(choices.below(7))]
    files = [_file(choices, folder, number) for number in range(choices.below(3))]
    if name in RUN and choices.one_in(2):
        line = [name, *files, *(["--out", str(folder / "out.yaml")]), *words]
    else:
        line = [*([] if name in PROGRAMS else [name]), *words, *files]
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as told,
    ):
        try:
            arguments = _parser(name).parse_args(line)
        except SystemExit as done:
            if done.code not in (0, 2):
                raise AssertionError(f"{line}: exit status {done.code}") from done
            return
        except OSError:
            if name in PROGRAMS:
                raise
            # such as a name that is too long; `main` says so
        else:
            if name not in RUN or not _quick(arguments):
                return
        status = main(line)
    if status not in (0, 2) or (status == 2 and not _one_line(told.getvalue())):
        raise AssertionError(f"{line}: status {status}, said {told.getvalue()[:300]!r}")


def _quick(arguments: argparse.Namespace) -> bool:
    """Whether it cannot take long: no data of a whole folder of ours."""
    names = [*getattr(arguments, "data", []), *getattr(arguments, "folder", [])]
    return not any(str(name) in ("/", ".", "..") for name in names)


def _one_line(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    return len(lines) == 1 and "Traceback" not in text


def _file(choices: Choices, folder: Path, number: int) -> str:
    suffix = choices.pick((".csv", ".yaml", ".npz", ".mcap", ""))
    path = folder / f"data_{number}{suffix}"
    good = b"forward_m,left_m\n0.5,0.1\n0.6,nan\n" if suffix == ".csv" else b"format: 1\n"
    path.write_bytes(mutation.changed_bytes(choices, good))
    return str(path)

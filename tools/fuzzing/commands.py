"""Entry points of the command lines: arguments that are nearly good, for every command.

Every command's parser is asked.  Those of `LINES` run as well: on the files that they
read, which are spoiled as for the readers themselves, and on files that nobody can use.  Only
parsed is what would work for long or needs torch: `evaluate` without --bag, `survey` without
--answers, `paper`, `export-baseline`, `train-teacher`, `train-student`,
`export-student`, `score-perception` (all that these four read are entry points of files), `demo`
and `endurance`.  The arguments of nodes are ROS's; what comes of them is in the entry points of the
parameters.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import pkgutil
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from social_nav_core.__main__ import build_parser, main
from social_nav_core.evaluation.survey_answers import read_key
from social_nav_nodes.demo import demonstration
from social_nav_nodes.endurance import __main__ as endurance

from fuzzing import files, mutation, seeds
from fuzzing.choices import Choices
from social_nav_core import commands

POSITIONS = b"forward_m,left_m\n" + b"".join(
    b"%.2f,%.2f\n" % (0.3 + 0.015 * i, 0.2 - 0.01 * i) for i in range(40)
)  # as many as a model is fitted to
SECOND = seeds.answers({"clip_a": "social costs", "clip_b": "no layer"}).replace("p1,", "p2,")
METADATA = (
    b"rosbag2_bagfile_information: {version: 9, storage_identifier: mcap, duration: {nanoseconds: "
    b"1}, starting_time: {nanoseconds_since_epoch: 1}, message_count: 0, topics_with_message_count:"
    b" [], compression_format: '', compression_mode: '', relative_file_paths: [bag.mcap], files: []"
    b", custom_data: {}, ros_distro: jazzy}\n"
)


@dataclass(frozen=True)
class Line:
    """A command line that works, but for one of its files.

    Attributes:
        words: after the command's name; {} is the folder of a case.
        files: path in the folder -> name of the file point that spoils it.
        good: path in the folder -> content that stays.
        share: at most one of so many cases runs it, fewer where a good file is long worked on.
    """

    words: str
    files: Mapping[str, str] = field(default_factory=dict)
    good: Mapping[str, bytes] = field(default_factory=dict)
    share: int = 10


MODEL, KERNELS, TABLE = "proxemics model", "interaction model", "many positions"
LINES: dict[str, tuple[Line, ...]] = {
    "plot": (
        Line("{}/m.yaml {}/m.npz --out {}/m.png", {"m.yaml": MODEL, "m.npz": KERNELS}, share=200),
    ),
    "score": (
        Line("{}/m.yaml {}/d.csv", {"m.yaml": MODEL, "d.csv": TABLE}),
        Line("{}/m.npz {}/d.csv", {"m.npz": KERNELS, "d.csv": TABLE}),
        Line("proxemics {}/d.csv", {"d.csv": "histogram"}),
        Line("interaction {}/d.csv", {"d.csv": "trajectories"}),
        Line("interaction {}/d.mcap", {"d.mcap": "recording of people"}),
    ),
    "fit-proxemics": (
        Line("{}/d.csv --method weighted --out {}/fitted.yaml", {"d.csv": TABLE}, share=100),
    ),
    "fit-interaction": (Line("{}/d.csv --out {}/fitted.npz", {"d.csv": TABLE}),),
    "update-proxemics": (
        Line(
            "{}/m.yaml {}/d.csv --out {}/updated.yaml --counts {}/c.npz",
            {"m.yaml": MODEL, "d.csv": TABLE, "c.npz": "personal counts"},
        ),
    ),
    "survey": (
        Line(
            "--out {} --answers {}/a.csv {}/b.csv",
            {"key.csv": "key of a survey", "a.csv": "answers of a survey"},
            {"b.csv": SECOND.encode()},
        ),
    ),
    "evaluate": (
        Line("--bag {}/r.mcap --out {}/report", {"r.mcap": "recording of a run"}, share=1000),
    ),
    "report-runs": (
        Line("{}/runs --out {}/report", {"runs/run.npz": "run record"}, share=1000),
        Line(
            "{}/runs --recordings --out {}/report",
            {"runs/bag/bag.mcap": "recording of a run", "runs/task.yaml": "recorded task"},
            {"runs/bag/metadata.yaml": METADATA},
            share=1000,
        ),
    ),
    "export-world": (Line("{}/scenes/s.yaml --out {}/world", {"scenes/s.yaml": "scene"}),),
    "convert-movenet": (Line("{}/p.tgz --out {}/n.onnx", {"p.tgz": "package of a pose network"}),),
    "simulate-joinings": (Line("--out {}/joined --trials 1", share=50),),
    "make-encounters": (Line("--out {}/e.npz --count 2 --image 0", share=30),),
}
LONGEST_WORK = {  # of commands whose work is more than that of a case [s of processor time]
    **dict.fromkeys(("plot", "evaluate", "report-runs"), 6.0),  # pictures
    "update-proxemics": 20.0,  # fits a model that has as many components as the one given
}
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


_cases: Counter[str] = Counter()
_whole: Counter[str] = Counter()


def _is_due(name: str, line: Line, choices: Choices) -> bool:
    """Whether to run a line; a guided fuzzer asks for that more often than by chance."""
    _cases[name] += 1
    due = choices.one_in(line.share) and _whole[name] * line.share < _cases[name]
    _whole[name] += due
    return due


def command_case(name: str, folder: Path, data: bytes) -> None:
    """One command line; anything but an exit status is a failure."""
    choices = Choices(data)
    if name in LINES and _is_due(name, line := choices.pick(LINES[name]), choices):
        spoiled_case(name, line, folder, choices)
        return
    words = [choices.pick(WORDS) for _ in range(choices.below(7))]
    given = [_file(choices, folder, number) for number in range(choices.below(3))]
    if name in LINES and choices.one_in(2):
        _try([name, *given, "--out", str(folder / "out.yaml"), *words])
    else:
        _try([*([] if name in PROGRAMS else [name]), *words, *given], name)


def spoiled_case(name: str, line: Line, folder: Path, choices: Choices) -> None:
    """A command on files that are nearly good, now and then with words that are not."""
    place = folder / "case"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(seeds.WORLDS / "scenes", place / "scenes")
    shutil.copy(seeds.WORLDS / "room.yaml", place)
    shutil.copy(seeds.WORLDS / "corridor.yaml", place)
    make, good = _makers(folder), _good_files(folder)
    bad = choices.pick(list(line.files)) if line.files else ""
    made = {
        path: make[point](choices) if path == bad or point not in good else good[point]
        for path, point in line.files.items()
    }
    for path, content in {**line.good, **made}.items():
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    words = [word.replace("{}", str(place)) for word in line.words.split()]
    if choices.one_in(4):
        words += [choices.pick(WORDS) for _ in range(1 + choices.below(2))]
    _try([name, *words])


@lru_cache(maxsize=4)
def _makers(folder: Path) -> dict[str, Callable[[Choices], bytes]]:
    found = {point.name: point.make for point in files.file_points(folder / "files")}
    return {**found, TABLE: lambda choices: mutation.changed_table(choices, POSITIONS)}


@lru_cache(maxsize=4)
def _good_files(folder: Path) -> dict[str, bytes]:
    """By file point; those that are seldom good stay without."""
    made = folder / "files" / "seeds"
    (bag,) = (made / "bag").glob("*.mcap")
    answers = seeds.answers(read_key(made / "key.csv"))
    return {
        MODEL: (seeds.MODELS / "proxemics.yaml").read_bytes(),
        KERNELS: (seeds.MODELS / "interaction.npz").read_bytes(),
        TABLE: POSITIONS,
        "personal counts": (made / "counts.npz").read_bytes(),
        "key of a survey": (made / "key.csv").read_bytes(),
        "answers of a survey": answers.encode(),
        "recording of a run": bag.read_bytes(),
        "recorded task": seeds.TASK.encode(),
    }


def _try(line: list[str], name: str = "") -> None:
    name = name or line[0]
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
            if name not in LINES or not _quick(name, vars(arguments)):
                return
        status = main(line)
    if status not in (0, 2) or (status == 2 and not _one_line(told.getvalue())):
        raise AssertionError(f"{line}: status {status}, said {told.getvalue()[:300]!r}")


def _quick(name: str, given: Mapping[str, Any]) -> bool:
    """Whether it cannot take long: little to make, and no data of a whole folder of ours."""
    needed = {"survey": "answers", "evaluate": "bag"}
    if name in needed and not given[needed[name]]:
        return False
    most = {"trials": 2, "count": 4, "passing": 4, "bootstrap": 0, "components": 4, "image": 20}
    if name != "evaluate" and any(given.get(key, 0) > bound for key, bound in most.items()):
        return False
    read = [*(given.get("data") or []), *given.get("folder", [])]
    return not any(str(path) in ("/", ".", "..") for path in read)


def _one_line(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    return len(lines) == 1 and "Traceback" not in text


def _file(choices: Choices, folder: Path, number: int) -> str:
    suffix = choices.pick((".csv", ".yaml", ".npz", ".mcap", ""))
    path = folder / f"data_{number}{suffix}"
    good = b"forward_m,left_m\n0.5,0.1\n0.6,nan\n" if suffix == ".csv" else b"format: 1\n"
    path.write_bytes(mutation.changed_bytes(choices, good))
    return str(path)

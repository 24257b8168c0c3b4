"""``python -m fuzzing --cases 100000``: all entry points, a process each, and a table of results.

``--only`` takes some of them, ``--list`` names them.  A tenth of the cases, at most 1000, are
hypothesis's; the rest are atheris's (coverage-guided), or without rule where atheris is not
installed.  Exit status 1 when something failed; the bytes of the case and its traceback are in
OUT/NAME.json.  ``--resume`` goes on where a run with as many cases and the same seed was ended.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import connection, get_context
from pathlib import Path
from typing import Any

from fuzzing import engine

MEMORY_OF_NETWORKS = 256 * 2**20  # [byte]
LONGEST_RUN = 7200.0  # of one entry point [s]
MOST_OF_HYPOTHESIS = 1000  # cases of an entry point; it needs milliseconds to make one
_FORK = get_context("fork")  # a process begins with everything imported


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--cases", type=count, default=100_000, help="of each entry point")
    parser.add_argument("--workers", type=count, default=2, help="processes")
    parser.add_argument("--only", type=_pattern, default="", help="entry points whose names match")
    parser.add_argument("--list", action="store_true", help="name all entry points")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    parser.add_argument("--resume", action="store_true", help="keep what is finished in OUT")
    arguments = parser.parse_args()
    arguments.out = arguments.out.resolve()
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--out: {error}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the processes end, too
    engine.load()
    chosen = [name for name in _names() if re.search(arguments.only, name)]
    if not chosen:
        parser.error(f"--only is {arguments.only!r}, which matches no entry point: see --list")
    if arguments.list:
        print("\n".join(chosen))
        return 0
    if not engine.guided():
        print("atheris is not installed: cases are not guided by coverage", file=sys.stderr)
    return _all(arguments, chosen)


def count(text: str) -> int:
    number = int(text)
    if not 1 <= number < 2**31:
        raise argparse.ArgumentTypeError(f"it is {number}, expected 1 to {2**31 - 1}")
    return number


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from error
    return text


def _names() -> list[str]:
    """Of all entry points; asked in another process, since nodes begin threads."""
    with _FORK.Pool(1) as pool:
        return pool.apply(_own_names)


def _own_names() -> list[str]:
    from fuzzing.entry_points import names  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        return names(Path(folder))


def _file(out: Path, entry: str) -> Path:
    return out / (re.sub(r"\W+", "_", entry).strip("_") + ".json")


def _one(arguments: argparse.Namespace, name: str, file: Path, folder: Path) -> None:
    """One entry point in this process, whose output goes into a log; it writes into the folder.

    Hypothesis's share comes first, then the other engine, which may end the process.  Networks get
    less memory than they may have, so that one that takes more stands out.
    """
    from social_nav_core import onnx_network  # noqa: PLC0415 - `load` instruments it

    onnx_network.MOST_MEMORY = MEMORY_OF_NETWORKS
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    log = os.open(file.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    share = min(max(arguments.cases // 10, 1), MOST_OF_HYPOTHESIS)
    stack = ExitStack()
    os.chdir(folder)  # where commands write what they are told to by a name alone

    def make() -> engine.Runner:
        from fuzzing.entry_points import opened  # noqa: PLC0415

        entry = stack.enter_context(opened(name, folder))
        runner = engine.Runner(entry.name, entry.call, entry.errors, longest=entry.longest)
        runner.report.seed = arguments.seed
        engine.run_hypothesis(runner, share, arguments.seed)
        return runner

    def save(report: engine.Report) -> None:
        engine.write(file, report)

    if engine.guided():
        begin = f"{file.with_suffix('')}-"
        engine.run_atheris(make, arguments.cases - share, save, begin, arguments.seed)
        return
    runner = make()
    engine.run_random(runner, arguments.cases - runner.report.cases, arguments.seed)
    save(runner.report)
    stack.close()


def _memory() -> str | None:
    """A folder in memory, where there is one and TMPDIR is not set: every case writes a file."""
    return "/dev/shm" if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK) else None


def _all(arguments: argparse.Namespace, chosen: list[str]) -> int:
    started = time.monotonic()
    reports = []
    for report in _reports(arguments, chosen):
        reports.append(report)
        print(_line(report), flush=True)
    failed = [report for report in reports if report["failures"]]
    cases = sum(report["cases"] for report in reports)
    took = time.monotonic() - started
    print(f"{len(reports)} entry points, {cases} cases in {took:.0f} s, {len(failed)} failed")
    return 1 if failed else 0


def _reports(arguments: argparse.Namespace, chosen: list[str]) -> Iterator[dict[str, Any]]:
    """What came of each entry point, each in a process of its own, several at a time."""
    waiting = chosen[::-1]
    running: dict[int, _Run] = {}
    while waiting or running:
        while waiting and len(running) < arguments.workers:
            name = waiting.pop()
            file = _file(arguments.out, name)
            if arguments.resume and (kept := _finished(arguments, file)):
                yield kept
                continue
            file.unlink(missing_ok=True)
            run = _Run.started(arguments, name, file)
            running[run.process.sentinel] = run
        if running:
            connection.wait(list(running), timeout=1.0)
        for sentinel, run in list(running.items()):
            if run.process.is_alive() and time.monotonic() < run.end:
                continue
            run.close()
            del running[sentinel]
            yield _report(run.entry, run.file)


@dataclass(frozen=True)
class _Run:
    """The process of an entry point, and the folder that it writes into, which it cannot remove."""

    process: Any
    entry: str
    file: Path
    folder: tempfile.TemporaryDirectory[str]
    end: float  # of the parent's monotonic clock [s]

    @staticmethod
    def started(arguments: argparse.Namespace, name: str, file: Path) -> _Run:
        folder = tempfile.TemporaryDirectory(dir=_memory())
        asked = (arguments, name, file, Path(folder.name))
        process = _FORK.Process(target=_one, args=asked, daemon=True)
        process.start()
        return _Run(process, name, file, folder, time.monotonic() + LONGEST_RUN)

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        self.folder.cleanup()


def _finished(arguments: argparse.Namespace, file: Path) -> dict[str, Any] | None:
    """What an earlier run found, when it had as many cases, the same seed and no failure."""
    if not file.is_file():
        return None
    report = dict(engine.read(file))
    asked = {"cases": arguments.cases, "seed": arguments.seed, "failures": {}}
    return report if all(report.get(name) == value for name, value in asked.items()) else None


def _report(name: str, file: Path) -> dict[str, Any]:
    if file.is_file():
        return dict(engine.read(file))
    tail = file.with_suffix(".log").read_text(errors="replace")[-2000:]
    return {"entry": name, "cases": 0, "seconds": 0, "worst": 0, "failures": {"ended": tail}}


def _line(report: dict[str, Any]) -> str:
    each = 1e3 * report["seconds"] / max(report["cases"], 1)
    text = f"{report['entry']}: {report['cases']} cases, {each:.2f} ms each, "
    text += f"worst {report['worst']:.2f} s"
    for kind, about in report["failures"].items():
        text += f"\n    {kind}: {about.splitlines()[0] if about else ''}"
    return text


if __name__ == "__main__":
    sys.exit(main())

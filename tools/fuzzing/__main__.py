"""``python -m fuzzing --cases 100000``: all entry points, a process each, and a table of results.

``--entry NAME`` runs one, ``--list`` names them.  A tenth of the cases are hypothesis's, the rest
atheris's (coverage-guided), or without rule where atheris is not installed.  Exit status 1 when
something failed; the bytes of the case and its traceback are in OUT/NAME.json.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fuzzing import engine

LONGEST_RUN = 7200.0  # of one entry point [s]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="of each entry point")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="entry points whose names match")
    parser.add_argument("--entry", help="run one, in this process")
    parser.add_argument("--list", action="store_true", help="name all entry points")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.entry:
        return _one(arguments)
    if not arguments.list and importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: cases are not guided by coverage", file=sys.stderr)
    chosen = [name for name in _names() if re.search(arguments.only, name)]
    if arguments.list:
        print("\n".join(chosen))
        return 0
    return _all(arguments, chosen)


def _names() -> list[str]:
    from fuzzing.entry_points import names  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        return names(Path(folder))


def _file(out: Path, entry: str) -> Path:
    return out / (re.sub(r"\W+", "_", entry).strip("_") + ".json")


def _one(arguments: argparse.Namespace) -> int:
    """Hypothesis's share first, then the other engine, which may end this process."""
    stack = ExitStack()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_memory())))

    def make() -> engine.Runner:
        from fuzzing.entry_points import opened  # noqa: PLC0415

        entry = stack.enter_context(opened(arguments.entry, folder))
        runner = engine.Runner(entry.name, entry.call, entry.errors)
        engine.run_hypothesis(runner, max(arguments.cases // 10, 1), arguments.seed)
        return runner

    def save(report: engine.Report) -> None:
        engine.write(_file(arguments.out, arguments.entry), report)

    if importlib.util.find_spec("atheris") is not None:
        engine.run_atheris(make, arguments.cases - max(arguments.cases // 10, 1), save)
        return 0
    runner = make()
    engine.run_random(runner, arguments.cases - runner.report.cases, arguments.seed)
    save(runner.report)
    stack.close()
    return 0


def _memory() -> str | None:
    """A folder in memory, where there is one: every case of a file writes a file."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _all(arguments: argparse.Namespace, chosen: list[str]) -> int:
    started = time.monotonic()
    reports: list[dict[str, Any]] = []
    with ThreadPoolExecutor(arguments.workers) as pool:
        jobs = {pool.submit(_run, arguments, name): name for name in chosen}
        for job in as_completed(jobs):
            report = job.result()
            reports.append(report)
            print(_line(report), flush=True)
    failed = [report for report in reports if report["failures"]]
    cases = sum(report["cases"] for report in reports)
    took = time.monotonic() - started
    print(f"{len(reports)} entry points, {cases} cases in {took:.0f} s, {len(failed)} failed")
    return 1 if failed else 0


def _run(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    file = _file(arguments.out, name)
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "fuzzing", "--entry", name, "--out", str(arguments.out)]
    command += ["--cases", str(arguments.cases), "--seed", str(arguments.seed)]
    with (
        file.with_suffix(".log").open("wb") as log,
        contextlib.suppress(subprocess.TimeoutExpired),
    ):
        subprocess.run(command, stdout=log, stderr=log, timeout=LONGEST_RUN, check=False)
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

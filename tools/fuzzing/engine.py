"""Runs the cases of one entry point: hypothesis for a share of them, atheris for the rest.

A case fails when it raises anything but one line of the errors that its entry point documents, or
needs more than `LONGEST` seconds of processor time or `MOST_MEMORY`, or does not end.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import operator
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

LONGEST = 1.0  # of a case, unless its entry point says otherwise [s of processor time]
MOST_MEMORY = 600_000  # that a case needs more than all before it [KiB]
LONGEST_LINE = 2000  # of an error [character]
BEAT, MOST_BEATS = 10.0, 12  # [s]; a case of so many is taken to hang; none while we are stopped
MOST_BYTES = 120  # of a case
MOST_FAILURES = 20  # kinds of failure that are kept
INSTRUMENTED = ["social_nav_core", "social_nav_nodes", "tf2_py"]
NOT_INSTRUMENTED = ["social_nav_core.input_files"]  # with atheris 3.0 its YAML composer may not end
COMPARISONS = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)
Call = Callable[[bytes], object]


class HangError(Exception):
    """A case does not end."""


class SlowError(AssertionError):
    """A case needs too long."""


class LargeError(AssertionError):
    """A case needs too much memory."""


@dataclass
class Report:
    """What came of the cases of one entry point."""

    entry: str
    seed: int = 0
    cases: int = 0
    accepted: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    engines: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


class Runner:
    """Calls one entry point and keeps count.

    Args:
        entry: its name.
        call: with the bytes of a case.
        documented: what a case may raise.
        stop: raise the first failure, instead of counting it.
        longest: that a case may take [s of processor time].
    """

    def __init__(
        self,
        entry: str,
        call: Call,
        documented: tuple[type[BaseException], ...],
        stop: bool = False,
        longest: float = LONGEST,
    ) -> None:
        self.report = Report(entry)
        self._longest = longest
        self._call = call
        self._documented = documented
        self._stop = stop
        self._beats = 0
        signal.signal(signal.SIGALRM, self._beat)

    def __call__(self, data: bytes) -> None:
        """One case."""
        started, peak = time.process_time(), _peak()
        self._beats = 0
        signal.setitimer(signal.ITIMER_REAL, BEAT, BEAT)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", category=RuntimeWarning)
                self._call(data)
            self.report.accepted += 1
        except self._documented as error:
            if "\n" in str(error).strip() or len(str(error)) > LONGEST_LINE:
                self._fail(AssertionError(f"more than one line: {repr(error)[:1000]}"), data)
        except Exception as error:  # whatever it is, it counts
            self._fail(error, data)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        took = time.process_time() - started
        self.report.cases += 1
        self.report.seconds += took
        self.report.worst = max(self.report.worst, took)
        if took > self._longest:
            self._fail(SlowError(f"{took:.1f} s"), data)
        if (more := _peak() - peak) > MOST_MEMORY:
            self._fail(LargeError(f"{more} KiB"), data)

    def _beat(self, *_: object) -> None:
        self._beats += 1
        if self._beats >= MOST_BEATS:
            raise HangError(f"a case did not end within {BEAT * MOST_BEATS:g} s")

    def _fail(self, error: BaseException, data: bytes) -> None:
        if self._stop:
            raise error
        where = traceback.extract_tb(error.__traceback__)
        place = f"{Path(where[-1].filename).name}:{where[-1].lineno}" if where else ""
        kind = f"{type(error).__name__} {place}"
        if len(self.report.failures) < MOST_FAILURES and kind not in self.report.failures:
            trace = "".join(traceback.format_exception(error))[-3000:]
            self.report.failures[kind] = f"{str(error)[:300]}\n{data.hex()}\n{trace}"


def _peak() -> int:
    """Largest memory of this process until now [KiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run_hypothesis(runner: Runner, cases: int, number: int = 0) -> None:
    """Cases of property-based testing; a failure is shrunk when the runner stops at it."""

    @seed(number)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(max_size=MOST_BYTES))
    def test(data: bytes) -> None:
        runner(data)

    before = runner.report.cases
    test()
    _count(runner, "hypothesis", before)


def run_random(runner: Runner, cases: int, number: int = 0) -> None:
    """Cases of bytes that know nothing, where there is no atheris."""
    import numpy as np  # noqa: PLC0415

    rng = np.random.default_rng(number)
    before = runner.report.cases
    for _ in range(cases):
        runner(rng.bytes(int(rng.integers(MOST_BYTES))))
    _count(runner, "random", before)


def load() -> None:
    """Import what is fuzzed, so that processes that are forked off need not."""
    with _instrumented(), contextlib.redirect_stderr(io.StringIO()):  # atheris names each module
        importlib.import_module("fuzzing.entry_points")


@contextmanager
def _instrumented() -> Iterator[None]:
    """What is imported meanwhile tells atheris, where that is installed, which way it goes."""
    if not guided():
        yield
        return
    import atheris  # noqa: PLC0415

    with atheris.instrument_imports(include=INSTRUMENTED, exclude=NOT_INSTRUMENTED):
        yield


def _spare_arrays() -> None:
    """Let arrays be compared by themselves: atheris keeps every result for ever (3.0 and 3.1)."""
    import atheris  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    from atheris.version_dependent import CMP_OP_SHIFT_AMOUNT  # noqa: PLC0415

    compared = atheris._trace_cmp
    if compared.__module__ == __name__:
        return

    def spared(left: Any, right: Any, how: int, place: int, is_constant: bool) -> Any:
        if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
            return COMPARISONS[how >> CMP_OP_SHIFT_AMOUNT](left, right)
        return compared(left, right, how, place, is_constant)

    atheris._trace_cmp = spared  # where its bytecode looks it up, once `Fuzz` has put its own there


def guided() -> bool:
    """Whether cases can be guided by coverage."""
    return importlib.util.find_spec("atheris") is not None


def run_atheris(
    make: Callable[[], Runner],
    cases: int,
    save: Callable[[Report], None],
    begin: str,
    number: int = 0,
) -> None:
    """Coverage-guided cases; this process ends with them, so `save` gets the report before.

    libFuzzer begins with an input of its own, hence a few runs more than are asked for.

    Args:
        make: the runner; what it imports is instrumented.
        cases: how many.
        save: called with the report when all are done.
        begin: of the names of libFuzzer's own files (slow or endless cases, crashes).
        number: the seed.
    """
    import atheris  # noqa: PLC0415

    with _instrumented():
        runner = make()
    before = runner.report.cases

    def one(data: bytes) -> None:
        _spare_arrays()
        runner(data)
        if runner.report.cases - before == cases:
            _count(runner, "atheris", before)
            save(runner.report)

    options = [f"-runs={cases + 10}", f"-max_len={MOST_BYTES}", "-len_control=0", "-verbosity=0"]
    options += ["-rss_limit_mb=4096", "-timeout=0", "-print_final_stats=0"]
    options += [f"-artifact_prefix={begin}", f"-seed={number + 1}"]  # 0 would be the time
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


def _count(runner: Runner, engine: str, before: int) -> None:
    done = runner.report.cases - before
    runner.report.engines[engine] = runner.report.engines.get(engine, 0) + done


def write(path: Path, report: Report) -> None:
    """The report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    from social_nav_core.whole_file import written_whole  # noqa: PLC0415 - `load` instruments it

    with written_whole(path) as file:
        file.write(json.dumps(asdict(report), indent=1).encode())


def read(path: Path) -> Any:
    """A report that was written."""
    return json.loads(path.read_text(encoding="utf-8"))

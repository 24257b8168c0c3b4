"""Injects faults one after another into one running suite, and keeps what followed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from social_nav_nodes.endurance.bench import Bench, Check, OutcomeError, slack
from social_nav_nodes.endurance.faults import Fault
from social_nav_nodes.endurance.suite import Suite


@dataclass(frozen=True)
class Trial:
    """One fault, injected once.

    Attributes:
        name: of the function.
        title: what is injected.
        outcome: what is to follow, in words.
        checks: what followed.
        failure: what did not; empty when all is well.
        duration: [s].
        slack: by how much limits were stretched because the machine was busy.
    """

    name: str
    title: str
    outcome: str
    checks: tuple[Check, ...]
    failure: str
    duration: float
    slack: float


def try_faults(faults: Sequence[Fault], out: Path, repeat: int = 1) -> list[Trial]:
    """Inject faults, each so often; a suite that was left broken is replaced by a new one."""
    trials: list[Trial] = []
    waiting = [fault for _ in range(repeat) for fault in faults]
    suites = 0
    while waiting:
        suites += 1
        with Suite(out / f"suite_{suites}") as suite:
            bench = Bench(suite)
            bench.ready()
            while waiting:
                trial = try_fault(waiting.pop(0), bench)
                trials.append(trial)
                print(
                    f"{trial.name:24} {trial.duration:5.1f} s  {trial.failure or 'well'}",
                    flush=True,
                )
                if trial.failure:
                    break
    return trials


def try_fault(fault: Fault, bench: Bench) -> Trial:
    """Inject one fault and see what follows."""
    title, _, outcome = (fault.__doc__ or "").partition("\n")
    started = time.monotonic()
    bench.checks = []
    failure = ""
    try:
        fault(bench)
        bench.nobody_died()
    except OutcomeError as error:
        failure = str(error)
    finally:
        bench.meddler.stop()
    return Trial(
        fault.__name__,
        title.strip(),
        " ".join(outcome.split()),
        tuple(bench.checks),
        failure,
        time.monotonic() - started,
        slack(),
    )

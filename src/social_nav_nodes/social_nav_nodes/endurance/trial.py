"""Injects faults one after another into one running suite, and keeps what followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from social_nav_nodes.endurance.adapter_faults import ADAPTER_FAULTS, ros4hri_stamps_jump
from social_nav_nodes.endurance.adapters import AdapterBench, Adapters
from social_nav_nodes.endurance.bench import Bench
from social_nav_nodes.endurance.faults import FAULTS, map_elsewhere, people_stop, tf_stops
from social_nav_nodes.endurance.kills import kill_navigator
from social_nav_nodes.endurance.outcomes import Check, OutcomeError, slack
from social_nav_nodes.endurance.steadiness import Metronome
from social_nav_nodes.endurance.suite import Suite

Fault = Callable[[Any], None]
EVERY_FAULT: tuple[Fault, ...] = (*FAULTS, *ADAPTER_FAULTS)
SHORT: tuple[Fault, ...] = (
    *(kill_navigator, people_stop, tf_stops, map_elsewhere),
    ros4hri_stamps_jump,
)
"""Those of `make test`: one of each kind."""
STALL = 0.25  # a quarter of the shortest limit [s]
MOST_VOID = 2  # trials of one fault


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
        stalled: the longest time that the machine kept the trial itself from running [s].
        void: failed trials before it, in which the machine stalled for longer than `STALL`.
    """

    name: str
    title: str
    outcome: str
    checks: tuple[Check, ...]
    failure: str
    duration: float
    slack: float
    stalled: float = 0.0
    void: int = 0

    @property
    def late(self) -> tuple[Check, ...]:
        """What followed within its limit only because that was stretched."""
        return tuple(c for c in self.checks if c.took and c.limit and c.took > c.limit)


def try_faults(faults: Sequence[Fault], out: Path, repeat: int = 1) -> list[Trial]:
    """Inject faults, each so often; a suite that was left broken is replaced by a new one.

    Those of the adapters come last, in a suite of their own.
    """
    trials: list[Trial] = []
    waiting = sorted((f for _ in range(repeat) for f in faults), key=_is_of_adapter)
    suites = void = 0
    while waiting:
        suites += 1
        of_adapter = _is_of_adapter(waiting[0])
        with _bench(out / f"suite_{suites}", of_adapter) as bench:
            bench.ready()
            while waiting and _is_of_adapter(waiting[0]) == of_adapter:
                trial = replace(try_fault(waiting[0], bench), void=void)
                print(_line(trial), flush=True)
                if trial.failure and trial.stalled > STALL and void < MOST_VOID:
                    void += 1
                    break
                trials.append(trial)
                waiting.pop(0)
                void = 0
                if trial.failure:
                    break
    return trials


def _is_of_adapter(fault: Fault) -> bool:
    return fault in ADAPTER_FAULTS


@contextmanager
def _bench(folder: Path, of_adapters: bool) -> Iterator[Bench | AdapterBench]:
    if of_adapters:
        with Adapters(folder) as adapters:
            yield AdapterBench(adapters)
    else:
        with Suite(folder) as suite:
            yield Bench(suite)


def _line(trial: Trial) -> str:
    stalled = f" (the machine stalled for {trial.stalled:.1f} s)" if trial.stalled > STALL else ""
    late = "".join(f"; {c.what}: {c.took:.1f} s (limit {c.limit:g})" for c in trial.late)
    said = trial.failure or f"well{late}"
    return f"{trial.name:24} {trial.duration:5.1f} s  {said}{stalled}"


def try_fault(fault: Fault, bench: Bench | AdapterBench) -> Trial:
    """Inject one fault and see what follows."""
    title, _, outcome = (fault.__doc__ or "").partition("\n")
    started = time.monotonic()
    bench.checks = []
    failure = ""
    with Metronome() as metronome:
        try:
            fault(bench)
            bench.nobody_died()
        except OutcomeError as error:
            failure = str(error)
        finally:
            bench.undo()
    return Trial(
        fault.__name__,
        title.strip(),
        " ".join(outcome.split()),
        tuple(bench.checks),
        failure,
        time.monotonic() - started,
        slack(),
        metronome.latest,
    )

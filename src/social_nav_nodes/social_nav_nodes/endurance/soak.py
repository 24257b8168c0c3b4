"""The whole suite at work for a long time: memory, file descriptors and threads of every node.

The robot walks up to one person and then to the other, again and again, while a recording is
written.  What a node takes after the first part, its warm-up, must not grow.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from social_nav_msgs.action import ApproachPerson
from social_nav_nodes.endurance.bench import Bench
from social_nav_nodes.endurance.outcomes import GIVE_UP, OutcomeError
from social_nav_nodes.endurance.resources import Taken, taken_by
from social_nav_nodes.endurance.suite import NODES, Suite

PERIOD = 1.0  # between samples [s]
WARM_UP = 0.2  # share of the time that is not counted, at most `LONGEST_WARM_UP`
LONGEST_WARM_UP = 300.0  # [s]
MEMORY_LIMIT = 0.02  # share that memory may grow by
PART = 0.15  # share of the counted time whose median is a beginning or an end


@dataclass
class Trace:
    """Of one node: times [s] since the start, and what it took then."""

    times: list[float] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)

    def counted(self, warm_up: float) -> list[Taken]:
        """What it took after the warm-up [s]."""
        return [taken for at, taken in zip(self.times, self.taken, strict=True) if at >= warm_up]


@dataclass(frozen=True)
class NodeFigures:
    """Of one node over the counted time.

    Attributes:
        name: of the node.
        memory: at its beginning and at its end, medians [MiB].
        growth: of memory, as a share.
        files: fewest and most open file descriptors, of medians of three samples in a row: one that
            is open for an instant, as a lock of the middleware, is no leak.
        threads: fewest and most threads, likewise.
        cpu: share of one core.
        trace: all samples.
    """

    name: str
    memory: tuple[float, float]
    growth: float
    files: tuple[int, int]
    threads: tuple[int, int]
    cpu: float
    trace: Trace

    @property
    def defects(self) -> list[str]:
        """What grew; empty when all is flat."""
        found = []
        if self.growth > MEMORY_LIMIT:
            found.append(f"memory grew by {100 * self.growth:.1f} %")
        for what, (least, most) in (("file descriptors", self.files), ("threads", self.threads)):
            if least != most:
                found.append(f"{what} went from {least} to {most}")
        return found


@dataclass(frozen=True)
class Soak:
    """What became of it.

    Attributes:
        minutes: how long it took.
        warm_up: part of it that is not counted [s].
        nodes: figures of each.
        arrived: approaches that ended well.
        failed: reasons of those that did not.
        load_averages: of the machine, one a sample.
    """

    minutes: float
    warm_up: float
    nodes: tuple[NodeFigures, ...]
    arrived: int
    failed: tuple[str, ...]
    load_averages: tuple[float, ...]


def soak(minutes: float, out: Path, say: Callable[[str], None] = print) -> Soak:
    """Let the suite work, and watch what it takes.

    Raises:
        OutcomeError: a node has ended, or published a grid that is none, or nothing happens.
    """
    traces = {node: Trace() for node in NODES}
    loads, arrived = [], 0
    failed: list[str] = []
    with Suite(out / "suite") as suite:
        bench = Bench(suite)
        bench.ready()
        bench.now()
        started = asked = time.monotonic()
        told = 0.0
        attempt = bench.witness.request("ana")
        while (elapsed := time.monotonic() - started) < 60.0 * minutes:
            for node, trace in traces.items():
                trace.times.append(elapsed)
                trace.taken.append(taken_by(suite.processes.pid_of(node)))
            loads.append(os.getloadavg()[0])
            bench.nobody_died()
            if elapsed - told >= 60.0:
                told = elapsed
                say(f"{elapsed / 60:4.0f} of {minutes:g} min, {arrived} approaches arrived")
            if bench.witness.wait(attempt.has_ended, PERIOD) is None:
                if time.monotonic() - asked > GIVE_UP:
                    raise OutcomeError(
                        f"the approach of '{attempt.person_id}' has not ended for {GIVE_UP:g} s"
                    )
            else:
                assert attempt.result is not None
                well = attempt.result.error_code == ApproachPerson.Result.NONE
                arrived += well
                failed += [] if well else [attempt.result.error_msg]
                attempt = bench.witness.request("ben" if attempt.person_id == "ana" else "ana")
                asked = time.monotonic()
    warm_up = min(WARM_UP * 60.0 * minutes, LONGEST_WARM_UP)
    nodes = tuple(figures(node, trace, warm_up) for node, trace in traces.items())
    return Soak(minutes, warm_up, nodes, arrived, tuple(failed), tuple(loads))


def figures(name: str, trace: Trace, warm_up: float) -> NodeFigures:
    """Of one node after the warm-up [s]."""
    counted = trace.counted(warm_up)
    part = max(int(PART * len(counted)), 1)
    memory = np.array([taken.memory for taken in counted])
    begin, end = float(np.median(memory[:part])), float(np.median(memory[-part:]))
    times = [at for at in trace.times if at >= warm_up]
    return NodeFigures(
        name=name,
        memory=(begin, end),
        growth=end / begin - 1.0,
        files=_range([taken.files for taken in counted]),
        threads=_range([taken.threads for taken in counted]),
        cpu=(counted[-1].cpu - counted[0].cpu) / max(times[-1] - times[0], 1e-3),
        trace=trace,
    )


def _range(values: Sequence[int]) -> tuple[int, int]:
    if len(values) > 2:
        values = [sorted(values[at : at + 3])[1] for at in range(len(values) - 2)]
    return min(values), max(values)

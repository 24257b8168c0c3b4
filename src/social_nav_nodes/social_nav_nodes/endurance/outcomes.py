"""What a fault is described with, whatever runs: what has to follow, and how soon."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus

from social_nav_nodes.endurance.listener import Listener
from social_nav_nodes.endurance.stage import Stage

BACK = 2.0  # all goes on by itself within this after a part is back [s]
THROTTLE = 5.0  # in which a node says a thing once [s]
GIVE_UP = 60.0  # for what has no limit of its own [s]


class OutcomeError(AssertionError):
    """What had to follow a fault did not."""


@dataclass(frozen=True)
class Check:
    """One stated outcome.

    Attributes:
        what: in words.
        took: since the fault, or since the part was back [s]; None when it did not happen.
        limit: [s]; None when it only had to happen.
    """

    what: str
    took: float | None
    limit: float | None


def slack() -> float:
    """By how much a limit is stretched where more processes want to run than there are cores."""
    return float(np.clip(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0, 5.0))


class Outcomes:
    """A clock that starts with each fault, and the outcomes so far.

    Args:
        stage: what is tried.
        listener: sees what it does.

    Attributes:
        checks: outcomes of the present fault.
        folder: for files that a fault needs.
        since: wall-clock time that limits count from [s].
    """

    def __init__(self, stage: Stage, listener: Listener) -> None:
        self.checks: list[Check] = []
        self.since = time.monotonic()
        self.folder = stage.folder
        self._stage = stage
        self._listener = listener
        self._printed: list[tuple[float, dict[str, int]]] = [(-np.inf, {})]

    def now(self) -> None:
        """Here the fault begins, or the part is back: limits count from here on."""
        self.since = time.monotonic()
        logs = (self._stage.folder / "logs").glob("*.txt")
        self._printed.append((self.since, {log.stem: log.stat().st_size for log in logs}))

    def expect(self, what: str, happened: Callable[[], object], limit: float | None) -> None:
        """Something has to happen within a limit [s] that counts from `now`."""
        stretch = GIVE_UP if limit is None else limit * slack()
        self._listener.wait(happened, max(self.since + stretch - time.monotonic(), 0.01))
        took = time.monotonic() - self.since if happened() else None
        self.checks.append(Check(what, took, limit))
        if took is None:
            raise OutcomeError(f"{what}: not within {stretch:.1f} s")

    def says(
        self,
        node: str,
        pattern: str,
        limit: float | None = 5.0,
        throttled: bool = True,
        since: float | None = None,
    ) -> None:
        """A node says why in a line of its log, which is throttled, and in its diagnostics.

        Args:
            node: which.
            pattern: regular expression of what it says.
            limit: [s], from `now` on.
            throttled: whether few lines may say so.
            since: wall-clock time from which it may have been said [s]; that of `now` when None.
        """
        since = self.since if since is None else since
        self.expect(
            f"{node} says so in its diagnostics",
            lambda: self._listener.report(node, pattern, since),
            limit,
        )
        lines = self._new_lines(node, pattern, since)
        most = 4 + int((time.monotonic() - since) / 5.0)
        if not lines or (throttled and len(lines) > most):
            raise OutcomeError(
                f"{node} wrote {len(lines)} lines like /{pattern}/, expected 1 to {most}: "
                f"{lines[:3]}"
            )

    def kill(self, node: str) -> None:
        """As kill -9 does; limits count from here on."""
        self.now()
        self._stage.processes.kill(node)

    def restart(self, node: str, **parameters: object) -> None:
        """Start a node that was killed; the part is back once the graph has it."""
        before = self._stage.incarnations_of(node)
        self._stage.start(node, (), **parameters)
        self.now()
        started = f"{node} is started"
        self.expect(started, lambda: self._stage.incarnations_of(node) - before, None)
        self.now()

    def refuses(self, node: str, parameter: str, file: Path, reason: str) -> None:
        """Started with a file that it must not use, a node says so in one line, and ends.

        Args:
            node: which, and it does not run now.
            parameter: of the node, with the path of the file.
            file: that is refused.
            reason: regular expression of what is said of the file.
        """
        processes = self._stage.processes
        self.now()
        said_before = len(self._stage.log(node))
        self._stage.start(node, (), **{parameter: file})
        ended = f"{node} refuses {file.name}"
        self.expect(ended, lambda: processes.status_of(node) is not None, None)
        status = processes.status_of(node)
        processes.kill(node)
        said = self._stage.log(node)[said_before:]
        lines = [line for line in said.splitlines() if str(file) in line]
        if status != 1 or len(lines) != 1 or not re.fullmatch(f"error: .*({reason}).*", lines[0]):
            raise OutcomeError(
                f"{node} ended with status {status} and says {lines} of {file.name}, expected 1 "
                f"and one line like /{reason}/"
            )

    def is_healthy(self) -> bool:
        """`health` knows all nodes, so that it misses them, and nobody is missed from before."""
        health = self._listener.newest("health")
        if health is None or health.level != DiagnosticStatus.OK:
            return False
        running = next(value.value for value in health.values if value.key == "running")
        return set(self._stage.nodes) <= {*running.split(", "), "health"}

    def wait_for_health(self) -> None:
        """Until all is well, which is where a fault begins."""
        if self._listener.wait(self.is_healthy, GIVE_UP) is None:
            health = self._listener.newest("health")
            said = health.message if health else "it has said nothing"
            raise OutcomeError(f"health is not well: {said}")

    def nobody_died(self) -> None:
        """All nodes run, and nothing was published that never must be."""
        dead = self._stage.processes.first_dead()
        if dead is not None:
            last = self._stage.log(dead).strip().rsplit("\n", maxsplit=1)[-1]
            raise OutcomeError(f"the node {dead} has ended: {last}")
        if self._listener.broken:
            raise OutcomeError(self._listener.broken[0])
        for node in self._printed[-1][1]:
            if "Traceback" in self._stage.log(node):
                raise OutcomeError(f"{node} printed a traceback: {self._stage.log(node)[-2000:]}")

    def _new_lines(self, node: str, pattern: str, since: float) -> list[str]:
        """Lines since a time, or since that before it in which a line would be throttled."""
        sizes = next(s for at, s in reversed(self._printed) if at <= since - THROTTLE)
        printed = self._stage.log(node).encode()[sizes.get(node, 0) :].decode()
        return [line for line in printed.splitlines() if re.search(pattern, line)]

"""What a fault is described with: drive, inject, and state what has to follow, and how soon."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus

from social_nav_msgs.action import ApproachPerson
from social_nav_nodes.endurance.suite import PEOPLE, Suite
from social_nav_nodes.endurance.witness import Attempt

AT_ONCE = 1.0  # a lost person or navigator ends an approach within this [s]
BACK = 2.0  # the suite goes on by itself within this after a part is back [s]
COST_TIMEOUT = 2.0  # of the social costmap: nobody's costs stay longer [s]
ROUND = 0.6  # that a period of 5 Hz, the wire and this process add [s]
MOVES, STANDS = 0.1, 0.03  # [m/s]
THROTTLE = 5.0  # in which a node says a thing once [s]
BUSY = 2.0  # so many times more processes than cores want to run: approaches fail by that alone
GIVE_UP = 60.0  # for what has no limit of its own [s]
Code = ApproachPerson.Result


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


class Bench:
    """The suite, a clock that starts with each fault, and the outcomes so far.

    Attributes:
        suite: what is tried.
        checks: outcomes of the present fault.
        since: wall-clock time that limits count from [s].
    """

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.witness = suite.witness
        self.meddler = suite.meddler
        self.checks: list[Check] = []
        self.approach: Attempt | None = None
        self.seen = suite.witness.seen
        self.since = time.monotonic()
        self._asked = 0
        self._printed: list[tuple[float, dict[str, int]]] = [(-np.inf, {})]

    def ready(self) -> None:
        """Wait until all nodes work, and `health` knows each of them."""
        ok = self.witness.wait(lambda: self.seen.costs > 0, GIVE_UP)
        ok = ok and self.witness.wait(self.witness.server_is_ready, GIVE_UP)
        ok = ok and self.witness.wait(self._is_healthy, GIVE_UP)
        if not ok:
            raise OutcomeError(f"the suite did not start within {GIVE_UP:g} s")

    def _is_healthy(self) -> bool:
        """`health` knows all nodes, so that it misses them, and nobody is missed from before."""
        health = self.witness.newest("health")
        if health is None or health.level != DiagnosticStatus.OK:
            return False
        running = next(value.value for value in health.values if value.key == "running")
        return set(self.suite.nodes) <= {*running.split(", "), "health"}

    def drive(self) -> None:
        """Have the robot on its way to the person who is farther away."""
        if self.witness.wait(self._is_healthy, GIVE_UP) is None:
            health = self.witness.newest("health")
            said = health.message if health else "it has said nothing"
            raise OutcomeError(f"health is not well: {said}")
        self._request()
        if self.witness.wait(self._drives_or_asks_again, GIVE_UP) is None:
            raise OutcomeError(f"the robot does not drive: {self._how_it_ended()}")

    def now(self) -> None:
        """Here the fault begins, or the part is back: limits count from here on."""
        self.since = time.monotonic()
        sizes = {log.stem: log.stat().st_size for log in (self.suite.folder / "logs").glob("*.txt")}
        self._printed.append((self.since, sizes))

    def expect(self, what: str, happened: Callable[[], object], limit: float | None) -> None:
        """Something has to happen within a limit [s] that counts from `now`."""
        stretch = GIVE_UP if limit is None else limit * slack()
        self.witness.wait(happened, max(self.since + stretch - time.monotonic(), 0.01))
        took = time.monotonic() - self.since if happened() else None
        self.checks.append(Check(what, took, limit))
        if took is None:
            raise OutcomeError(f"{what}: not within {stretch:.1f} s")

    def ends(
        self, codes: int | tuple[int, ...], pattern: str, limit: float | None = AT_ONCE
    ) -> None:
        """The approach ends with one of some codes and a reason."""
        approach = self.approach
        assert approach is not None
        self.expect("the approach ends", lambda: approach.ended is not None, limit)
        result = approach.result
        allowed = codes if isinstance(codes, tuple) else (codes,)
        if (
            result is None
            or result.error_code not in allowed
            or not re.search(pattern, result.error_msg)
        ):
            raise OutcomeError(
                f"the approach ended {self._how_it_ended()}, expected code {codes} and /{pattern}/"
            )

    def stands(self, limit: float = 2.5) -> None:
        """The robot comes to rest; from 0.8 m/s it brakes for a second."""
        self.expect("the robot stands", lambda: self.seen.speed < STANDS, limit)

    def keeps_driving(self) -> None:
        """The approach goes on, and arrives; on a machine that is too busy it may need another."""
        self.expect("the approach ends", self._has_ended, None)
        while not self._has_arrived() and slack() >= BUSY and self._asked < 5:
            self._ask_again()
            self.expect("another approach ends", self._has_ended, None)
        if not self._has_arrived():
            raise OutcomeError(f"the approach ended {self._how_it_ended()}")

    def costs_go(self, limit: float = COST_TIMEOUT + ROUND) -> None:
        """Nobody's social costs are left."""
        self.expect("the social costs are gone", lambda: self.seen.costs == 0, limit)

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
            lambda: self.witness.report(node, pattern, since),
            limit,
        )
        lines = self._new_lines(node, pattern, since)
        most = 4 + int((time.monotonic() - since) / 5.0)
        if not lines or (throttled and len(lines) > most):
            raise OutcomeError(
                f"{node} wrote {len(lines)} lines like /{pattern}/, expected 1 to {most}: "
                f"{lines[:3]}"
            )

    def perceives(self) -> None:
        """The perception publishes."""
        since = self.since
        self.expect("people are perceived", lambda: self.seen.perceived_at > since, BACK)

    def goes_on(self) -> None:
        """All is back: people, costs, and a new approach that drives."""
        since = time.monotonic()
        self.expect("people are seen", lambda: self.seen.people_at > since, BACK)
        self.expect(
            "there are social costs",
            lambda: self.seen.costs > 0 and self.seen.costs_at > since,
            BACK,
        )
        self.expect("a goal selector answers", self.witness.server_is_ready, BACK)
        self._request()
        self.expect("a new approach drives", self._drives_or_asks_again, BACK)

    def nobody_died(self) -> None:
        """All nodes run, and no grid was ever wrong."""
        dead = self.suite.processes.first_dead()
        if dead is not None:
            last = self.suite.log(dead).strip().rsplit("\n", maxsplit=1)[-1]
            raise OutcomeError(f"the node {dead} has ended: {last}")
        if self.witness.broken:
            raise OutcomeError(self.witness.broken[0])
        for node in self._printed[-1][1]:
            if "Traceback" in self.suite.log(node):
                raise OutcomeError(f"{node} printed a traceback: {self.suite.log(node)[-2000:]}")

    def _new_lines(self, node: str, pattern: str, since: float) -> list[str]:
        """Lines since a time, or since that before it in which a line would be throttled."""
        sizes = next(s for at, s in reversed(self._printed) if at <= since - THROTTLE)
        printed = self.suite.log(node).encode()[sizes.get(node, 0) :].decode()
        return [line for line in printed.splitlines() if re.search(pattern, line)]

    def _is_driving(self) -> bool:
        drives = self.approach is not None and self.approach.distance < np.inf
        return drives and self.seen.speed > MOVES and not self._has_ended()

    def _drives_or_asks_again(self) -> bool:
        if self._has_ended() and not self._has_arrived() and self._asked < 20:
            self._ask_again()
        return self._is_driving()

    def _ask_again(self) -> None:
        assert self.approach is not None
        self._asked += 1
        self.approach = self.witness.request(self.approach.person_id)

    def _has_arrived(self) -> bool:
        result = self.approach.result if self.approach else None
        return result is not None and result.error_code == Code.NONE

    def _has_ended(self) -> bool:
        return self.approach is not None and self.approach.ended is not None

    def _how_it_ended(self) -> str:
        approach = self.approach
        if approach is None or approach.result is None:
            return "not at all"
        return f"with code {approach.result.error_code} ({approach.result.error_msg})"

    def _request(self) -> None:
        """Ask for an approach of the person who is farther away, instead of the present one."""
        self._stop_approach()
        self._asked = 0
        x, _ = self.seen.robot
        self.approach = self.witness.request(PEOPLE[0] if x < 0.0 else PEOPLE[1])

    def _stop_approach(self) -> None:
        approach = self.approach
        if approach is not None and approach.accepted and approach.ended is None:
            self.witness.cancel(approach)
            self.witness.wait(lambda: approach.ended is not None, BACK * slack())

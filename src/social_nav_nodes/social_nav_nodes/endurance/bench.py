"""What a fault is described with: drive, inject, and state what has to follow, and how soon."""

from __future__ import annotations

import re
import time

import numpy as np

from social_nav_msgs.action import ApproachPerson
from social_nav_nodes.endurance.outcomes import BACK, GIVE_UP, OutcomeError, Outcomes, slack
from social_nav_nodes.endurance.suite import PEOPLE, Suite
from social_nav_nodes.endurance.witness import Attempt

AT_ONCE = 1.0  # a lost person or navigator ends an approach within this [s]
COST_TIMEOUT = 2.0  # of the social costmap: nobody's costs stay longer [s]
ROUND = 0.6  # that a period of 5 Hz, the wire and this process add [s]
MOVES, STANDS = 0.1, 0.03  # [m/s]
BUSY = 2.0  # so many times more processes than cores want to run: approaches fail by that alone
Code = ApproachPerson.Result


class Bench(Outcomes):
    """The suite, and a robot that drives to somebody in it.

    Attributes:
        suite: what is tried.
    """

    def __init__(self, suite: Suite) -> None:
        super().__init__(suite, suite.witness)
        self.suite = suite
        self.witness = suite.witness
        self.meddler = suite.meddler
        self.approach: Attempt | None = None
        self.seen = suite.witness.seen
        self._asked = 0

    def ready(self) -> None:
        """Wait until all nodes work, and `health` knows each of them."""
        ok = self.witness.wait(lambda: self.seen.costs > 0, GIVE_UP)
        ok = ok and self.witness.wait(self.witness.server_is_ready, GIVE_UP)
        ok = ok and self.witness.wait(self.is_healthy, GIVE_UP)
        if not ok:
            raise OutcomeError(f"the suite did not start within {GIVE_UP:g} s")

    def drive(self) -> None:
        """Have the robot on its way to the person who is farther away."""
        self.wait_for_health()
        self._request()
        if self.witness.wait(self._drives_or_asks_again, GIVE_UP) is None:
            raise OutcomeError(f"the robot does not drive: {self._how_it_ended()}")

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

    def undo(self) -> None:
        """End the fault, whatever came of it."""
        self.meddler.stop()

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

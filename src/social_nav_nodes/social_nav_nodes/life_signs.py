"""How long something has been silent, while the clock may be simulated, jump or stand still."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import Clock, ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.node import Node

TICK = 0.1  # between two looks [s] of wall-clock time
LEAP = Duration(seconds=5.0)  # of the clock, ahead in one step
STUMBLE = Duration(nanoseconds=-100_000_000)  # of the clock, back


def clock_time(node: Node) -> float:
    """Time of a node's clock [s]; 0 before simulated time has begun."""
    return float(node.get_clock().now().nanoseconds) * 1e-9


class Watch:
    """Calls a node ten times in a wall-clock second, and measures silences.

    A silence is the shorter one of two: on the node's clock, so that nobody is blamed while
    simulated time stands still; and in ticks, so that time that runs fast, or a process that was
    busy and has not read its messages yet, blames nobody either.

    Args:
        node: on whose clock and in whose executor everything happens.
        on_tick: called every `TICK`.
    """

    def __init__(self, node: Node, on_tick: Callable[[], None]) -> None:
        self._node = node
        self._on_tick = on_tick
        self._heard: dict[str, tuple[float, int]] = {}
        self._ticks = 0
        self._clock_seen = (0.0, 0)
        node.create_timer(TICK, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def heard(self, what: str) -> None:
        """A sign of life of something."""
        self._heard[what] = clock_time(self._node), self._ticks

    def forget(self, what: str) -> None:
        """Nothing is known of it any more."""
        self._heard.pop(what, None)

    def silence(self, what: str) -> float | None:
        """How long something gave no sign of life [s]; None when it never did."""
        if what not in self._heard:
            return None
        return min(abs(clock_time(self._node) - self._heard[what][0]), self.ticks_silent(what))

    def ticks_silent(self, what: str) -> float:
        """How long something gave no sign of life in wall-clock time [s]; 0 when it never did."""
        return (self._ticks - self._heard[what][1]) * TICK if what in self._heard else 0.0

    def standstill(self) -> float:
        """How long the node's clock has not moved [s]; 0 before it has begun."""
        time, ticks = self._clock_seen
        return (self._ticks - ticks) * TICK if time > 0.0 else 0.0

    def _tick(self) -> None:
        self._ticks += 1
        if clock_time(self._node) != self._clock_seen[0]:
            self._clock_seen = clock_time(self._node), self._ticks
        self._on_tick()


def on_time_jump(node: Node, forget: Callable[[str], None]) -> object:
    """Call a function, with the jump in words, when the node's clock goes back or leaps ahead.

    Returns:
        What must be kept for as long as the calls are wanted.
    """

    def tell(jump: TimeJump) -> None:
        if jump.delta.nanoseconds >= node.get_clock().now().nanoseconds:  # time begins
            return
        by = jump.delta.nanoseconds * 1e-9
        forget(f"time went back by {-by:.1f} s" if by < 0.0 else f"time leapt ahead by {by:.1f} s")

    threshold = JumpThreshold(min_forward=LEAP, min_backward=STUMBLE, on_clock_change=False)
    return node.get_clock().create_jump_callback(threshold, post_callback=tell)

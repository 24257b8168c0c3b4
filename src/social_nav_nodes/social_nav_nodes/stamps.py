"""Which stamps can be: one from the far future must not make all that follow look late."""

from __future__ import annotations

from builtin_interfaces.msg import Time as TimeMessage
from rclpy.node import Node
from std_msgs.msg import Header

from social_nav_nodes.conversions import seconds
from social_nav_nodes.life_signs import clock_time
from social_nav_nodes.throttled_log import ThrottledLog

AHEAD = 0.5  # of the node's clock; clocks that agree are nearer [s]
OTHER_CLOCK = 1e8  # only simulated time beside the wall clock's explains such a difference [s]
LATE = 1.0  # back in time that is only a late message; by more the source has begun anew [s]


def stamp_defect(stamp: TimeMessage) -> str | None:
    """Why a stamp is none, in words; None when it is one."""
    if stamp.sec < 0:
        return f"its stamp is {stamp.sec} s, expected 0 s or more"
    if stamp.nanosec >= 10**9:
        return f"its stamp has {stamp.nanosec} ns beside the seconds, expected less than 10^9"
    return None


def clock_hint(difference: float) -> str:
    """What to ask about a difference between two clocks [s]; empty for an ordinary one."""
    if abs(difference) < OTHER_CLOCK:
        return ""
    return "; is use_sim_time the same for all nodes?"


class StampCheck:
    """Refuses messages whose stamps are none or lie in the future of a node's clock.

    Args:
        node: whose clock it is; before it has begun, nothing is in its future.
        log: told which topic's messages are left out, and why.
    """

    def __init__(self, node: Node, log: ThrottledLog) -> None:
        self._node = node
        self._log = log

    def accepts(self, header: Header, topic: str) -> bool:
        """Whether a message can be used that came on a topic."""
        defect = self.defect(header.stamp)
        if defect is not None:
            self._log.warning(f"stamp {topic}", f"a message on '{topic}' is left out: {defect}")
        return defect is None

    def defect(self, stamp: TimeMessage) -> str | None:
        """Why a stamp is none, or not of now, in words; None when it can be."""
        return stamp_defect(stamp) or self._ahead(stamp)

    def _ahead(self, stamp: TimeMessage) -> str | None:
        now = clock_time(self._node)
        ahead = seconds(stamp) - now
        if now <= 0.0 or ahead <= AHEAD:
            return None
        return (
            f"its stamp is {ahead:.1f} s ahead of the clock, expected at most {AHEAD:g} s"
            f"{clock_hint(ahead)}"
        )

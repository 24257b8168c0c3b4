"""What differs from the defaults where people are known from one camera on the robot alone.

It sees only ahead: who is beside or behind the robot, or out of view on the way to a place that was
chosen, is remembered by the perception and must not be dropped earlier by others.
"""

from __future__ import annotations

from typing import Any

KEPT = 10.0
"""How long who is not seen any more counts [s]: the perception's `memory.memory`."""
SETTINGS: dict[str, dict[str, Any]] = {
    "social_costmap": {"timeout": KEPT},
    "goal_selector": {"lost_timeout": KEPT},
}
"""Parameters by node; the social layer's `timeout` is `KEPT`, too."""

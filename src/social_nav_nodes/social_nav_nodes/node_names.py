"""Names of the nodes that run on and publish diagnostics, for who need not know more of them."""

from __future__ import annotations

NODE_NAMES = frozenset(
    {
        *("social_costmap", "goal_selector", "navigator", "simulator", "gazebo_people", "health"),
        *("body_tracker", "perception", "ros4hri", "people_msgs", "pose_array", "recorder"),
    }
)

"""The suite's nodes by name, for those that need not know more of them than that."""

from __future__ import annotations

NODE_NAMES = frozenset(
    {
        *("social_costmap", "goal_selector", "navigator", "simulator", "gazebo_people"),
        *("body_tracker", "perception", "ros4hri", "people_msgs", "pose_array", "recorder"),
        *("health", "trial"),
    }
)

"""Thin ROS 2 nodes: they convert, call social_nav_core, and publish."""

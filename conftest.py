"""Property-based tests try the same cases in every run; no test is seen from the network."""

import os

from hypothesis import settings

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

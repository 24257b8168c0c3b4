"""Property-based tests try the same cases in every run; no test is seen from the network."""

import os
from pathlib import Path

from hypothesis import settings

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["SKIP_DEFAULT_XML_FILE"] = "1"
for _name in (  # OF_OTHERS of social_nav_nodes, which tests of the core do without
    *("ROS_STATIC_PEERS", "ROS_DISCOVERY_SERVER", "FASTDDS_ENVIRONMENT_FILE"),
    *("FASTDDS_DEFAULT_PROFILES_FILE", "CYCLONEDDS_URI"),
):
    os.environ.pop(_name, None)
os.environ["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(Path(__file__).parent / "config" / "fastdds.xml")

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

"""A DDS domain that nobody on this machine uses."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

from social_nav_core.share_folders import share_folders

ROOT = Path(__file__).resolve().parents[4]  # of the sources
DOMAINS = range(1, 102)  # those whose ports no Linux system hands out by itself
PORT_BASE, PORTS_PER_DOMAIN = 7400, 250  # DDSI-RTPS 2.5, section 9.6.2
PARTICIPANTS = range(10, 50, 2)  # ports of the first of them; who came first may have left
PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
OF_OTHERS = (
    *("ROS_STATIC_PEERS", "ROS_DISCOVERY_SERVER", "FASTDDS_ENVIRONMENT_FILE"),
    *(PROFILE, "FASTDDS_DEFAULT_PROFILES_FILE", "CYCLONEDDS_URI"),
)
"""Variables that bring other computers into a graph, or files that may do so."""


def own_graph() -> dict[str, str]:
    """Variables for nodes that nobody else is to hear: no robot's, on this computer or another.

    Whatever the environment says: it may be that of a robot, for whoever also works with one.
    """
    return {"ROS_DOMAIN_ID": str(free_domain()), **this_computer()}


def this_computer() -> dict[str, str]:
    """Variables for nodes that no other computer is to hear, whatever the environment says."""
    alone = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "SKIP_DEFAULT_XML_FILE": "1"}
    if os.environ.get("ROS_DISTRO") == "humble":  # which does not know the range
        alone["ROS_LOCALHOST_ONLY"] = "1"
    return alone | instead_of_others()


def instead_of_others() -> dict[str, str]:
    """What the environment has of the variables that bring others in, without its values.

    Where the suite's own profile of Fast DDS is found, it takes the place of another one.
    """
    emptied = {name: "" for name in OF_OTHERS if os.environ.get(name)}
    folders = (ROOT, *share_folders("social_nav_bringup"))
    profiles = (folder / "config" / "fastdds.xml" for folder in folders)
    profile = next((path for path in profiles if path.is_file()), None)
    return emptied if profile is None else {**emptied, PROFILE: str(profile)}


def free_domain() -> int:
    """A domain id without participants, drawn at random, and not that of the environment.

    Raises:
        OSError: all of them are taken.
    """
    named = os.environ.get("ROS_DOMAIN_ID")
    for domain in random.sample(DOMAINS, len(DOMAINS)):
        if str(domain) == named:
            continue
        first = PORT_BASE + PORTS_PER_DOMAIN * domain
        if all(_is_free(first + participant) for participant in PARTICIPANTS):
            return domain
    raise OSError(f"all DDS domains from {DOMAINS[0]} to {DOMAINS[-1]} are in use")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True

"""A DDS domain that nobody on this machine uses."""

from __future__ import annotations

import random
import socket

DOMAINS = range(1, 102)  # those whose ports no Linux system hands out by itself
PORT_BASE, PORTS_PER_DOMAIN = 7400, 250  # DDSI-RTPS 2.5, section 9.6.2
PARTICIPANTS = range(10, 50, 2)  # ports of the first of them; who came first may have left


def free_domain() -> int:
    """A domain id without participants, drawn at random.

    Raises:
        OSError: all of them are taken.
    """
    for domain in random.sample(DOMAINS, len(DOMAINS)):
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

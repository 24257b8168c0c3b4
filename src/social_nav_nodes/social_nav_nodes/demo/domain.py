"""A DDS domain that nobody on this machine uses."""

from __future__ import annotations

import random
import socket

DOMAINS = range(1, 102)  # those whose ports no Linux system hands out by itself
PORT_BASE, PORTS_PER_DOMAIN, FIRST_PARTICIPANT = 7400, 250, 10  # DDSI-RTPS 2.5, section 9.6.2


def free_domain() -> int:
    """A domain id whose first participant's port is free, drawn at random.

    Raises:
        OSError: all of them are taken.
    """
    for domain in random.sample(DOMAINS, len(DOMAINS)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", PORT_BASE + PORTS_PER_DOMAIN * domain + FIRST_PARTICIPANT))
            except OSError:
                continue
        return domain
    raise OSError(f"all DDS domains from {DOMAINS[0]} to {DOMAINS[-1]} are in use")

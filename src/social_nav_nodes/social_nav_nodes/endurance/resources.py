"""What processes take: memory, file descriptors, threads and CPU time, as Linux counts them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Taken:
    """By one process at one instant.

    Attributes:
        memory: resident, without what is shared with other processes [MiB].
        files: open file descriptors.
        threads: number.
        cpu: user and system time since its start [s].
    """

    memory: float
    files: int
    threads: int
    cpu: float


def taken_by(pid: int) -> Taken:
    """Resources of a process.

    Raises:
        OSError: there is no such process, or not any more.
    """
    process = Path("/proc") / str(pid)
    _, resident, shared = (process / "statm").read_text().split()[:3]
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return Taken(
        memory=(int(resident) - int(shared)) * PAGE / 2**20,
        files=len(list((process / "fd").iterdir())),
        threads=int(fields[17]),
        cpu=(int(fields[11]) + int(fields[12])) / TICK,
    )


def machine() -> dict[str, str]:
    """CPU, cores, memory and load of this machine, for reports."""
    info = Path("/proc/cpuinfo").read_text()
    names = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    memory = Path("/proc/meminfo").read_text().split()[1]
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return {
        "CPU": names[0] if names else "not told",
        "cores": str(os.cpu_count()),
        "memory": f"{int(memory) / 2**20:.1f} GiB",
        "load average over 1, 5 and 15 minutes": load,
    }

"""Run the steps of a long set-up: their output goes to log files, their progress to the terminal,
and none of their processes outlives an interruption."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CAUSES = (
    (r"No space left on device|Disk quota exceeded", "the disk is full"),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Max retries|"
        r"Temporary failure|Could not resolve|Failed to fetch|Network is unreachable",
        "no answer from the network; check the connection and any proxy or index settings",
    ),
)


class SetupError(Exception):
    """The set-up cannot go on; the message is a line that says why and what to do."""


def run(
    title: str,
    command: list[str],
    *,
    log: Path,
    environment: dict[str, str],
    cwd: Path,
    progress: Callable[[str], str] = lambda text: "",
) -> None:
    """Run one step; `progress` makes a few words out of what the log holds so far.

    Raises SetupError, with the cause where the log names one, when the step fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    line = _Line(title)
    with log.open("w") as output:
        # A signal waits until the process is in sight of the `finally` that ends it.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, mask),  # noqa: PLW1509
        )
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            while not _ended(process, line.period):
                words = progress(log.read_text(errors="replace"))
                line.show(f"{words}{time.monotonic() - started:.0f} s")
        finally:
            end_session(process)
    took = f"{time.monotonic() - started:.0f} s"
    line.show(f"done in {took}" if process.returncode == 0 else f"failed after {took}", last=True)
    if process.returncode != 0:
        raise SetupError(f"'{title}' failed: {_cause(process.returncode, log)}")


def end_session(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the session that `process` leads, and wait for it to be gone."""
    while left := members(process.pid):
        for member in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        process.poll()
        time.sleep(0.01)
    process.wait()


def members(session: int) -> list[int]:
    """The processes of a session, less those that have ended and wait for their parent."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(its_session) == session and state != "Z":
            members.append(int(stat.parent.name))
    return members


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _cause(status: int, log: Path) -> str:
    if status < 0:
        return f"something killed it ({signal.Signals(-status).name}); the next call goes on"
    text = log.read_text(errors="replace")
    for pattern, cause in CAUSES:
        if re.search(pattern, text):
            return f"{cause} (more in {log})"
    last = "".join(f"\n    {line}" for line in text.splitlines()[-15:])
    return f"status {status}; the end of {log}:{last}"


class _Line:
    """One step's line: rewritten each second on a terminal, else written at most every 15 s."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.terminal = sys.stderr.isatty()
        self.period = 1.0 if self.terminal else 15.0

    def show(self, words: str, last: bool = False) -> None:
        text = f"  {self.title} ... {words}"
        if self.terminal:
            print(f"\r\033[K{text}", end="\n" if last else "", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

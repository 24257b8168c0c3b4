"""Nodes as processes of their own, which never outlive this one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType


class NodeProcesses:
    """A set of nodes that run until the end of a with-block.

    Args:
        config: parameter file of all nodes.
        log_folder: where what each node prints goes.
        environment: of the processes.
    """

    def __init__(self, config: Path, log_folder: Path, environment: Mapping[str, str]) -> None:
        self._config = config
        self._log_folder = log_folder
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, node: str, **parameters: object) -> None:
        """Start ``python -m social_nav_nodes.<node>_node`` with some parameters."""
        command = ["setpriv", "--pdeathsig", "KILL"]  # the node ends when this process does
        command += [sys.executable, "-m", f"social_nav_nodes.{node}_node", "--ros-args"]
        command += ["--params-file", str(self._config), "-p", "use_sim_time:=true"]
        for name, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            command += ["-p", f"{name}:={text}"]
        self._log_folder.mkdir(parents=True, exist_ok=True)
        with self.log_of(node).open("wb") as log:
            self._running[node] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )

    def log_of(self, node: str) -> Path:
        """File with what a node printed."""
        return self._log_folder / f"{node}.txt"

    def first_dead(self) -> str | None:
        """Name of a node that has ended by itself, None while all run."""
        return next((name for name, node in self._running.items() if node.poll() is not None), None)

    def stop(self, patience: float = 5.0) -> None:
        """Interrupt all nodes as Ctrl-C would, and kill those that take longer than patience."""
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + patience
        for process in self._running.values():
            try:
                process.wait(max(deadline - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def __enter__(self) -> NodeProcesses:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

"""Nodes as processes of their own, which never outlive this one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType


class NodeProcesses:
    """A set of nodes that run until the end of a with-block.

    Args:
        config: parameter file of all nodes.
        log_folder: where what each node prints goes.
        environment: of the processes.
        enclaves: whether each node asks for its SROS 2 enclave, ``/social_nav/<node>``.
    """

    def __init__(
        self,
        config: Path,
        log_folder: Path,
        environment: Mapping[str, str],
        *,
        enclaves: bool = False,
    ) -> None:
        self._config = config
        self._log_folder = log_folder
        self._environment = dict(environment)
        self._enclaves = enclaves
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self,
        node: str,
        remappings: Mapping[str, str] | None = None,
        wrapper: Sequence[str] = (),
        **parameters: object,
    ) -> None:
        """Start ``python -m social_nav_nodes.<node>_node``.

        Args:
            node: without ``_node``.
            remappings: names of topics and what they are called instead.
            wrapper: a command that runs the node, such as ``prlimit --fsize=1000000``.
            parameters: of the node.
        """
        command = [*wrapper, sys.executable, "-m", f"social_nav_nodes.{node}_node", "--ros-args"]
        for name, other in (remappings or {}).items():
            command += ["-r", f"{name}:={other}"]
        if self._enclaves:
            command += ["--enclave", f"/social_nav/{node}"]
        command += ["--params-file", str(self._config), "-p", "use_sim_time:=true"]
        for name, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            command += ["-p", f"{name}:={text}"]
        self.run(node, command)

    def run(self, name: str, command: Sequence[str]) -> None:
        """Start any command under a name; it ends when this process does."""
        self._log_folder.mkdir(parents=True, exist_ok=True)
        with self.log_of(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )

    def log_of(self, node: str) -> Path:
        """File with what a node printed."""
        return self._log_folder / f"{node}.txt"

    def signal(self, node: str, number: int) -> None:
        """Send a signal, such as SIGSTOP, to a node."""
        self._running[node].send_signal(number)

    def kill(self, node: str) -> None:
        """End a node as kill -9 does."""
        process = self._running.pop(node)
        process.kill()
        process.wait()

    def pid_of(self, node: str) -> int:
        """Process id of a node that was started."""
        return self._running[node].pid

    def status_of(self, node: str) -> int | None:
        """Exit status of a node that was started, None while it runs."""
        return self._running[node].poll()

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

"""Where trials run: in processes of this machine, or on a dask cluster.

Each is a context that gives a function which does work on tasks and yields what comes back, as it
comes: ``for result in do(work, tasks): ...``.  Leaving the context ends what is still under way.
"""

from __future__ import annotations

import asyncio
import ipaddress
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

Work = Callable[..., Any]
Do = Callable[[Work, Sequence[tuple[Any, ...]]], Iterator[Any]]
CONNECTING = 10.0
"""Time [s] in which a scheduler must answer and have a worker."""
CERTIFIED = ("tls", "wss", "inproc")
"""Kinds of addresses behind which somebody with a certificate is, or this process."""


class WorkersError(ValueError):
    """There is nobody to do the work; the message says what to do."""


@contextmanager
def local_processes(count: int) -> Iterator[Do]:
    """A number of processes on this machine; they leave an interrupt (Ctrl-C) to this one."""
    executor = ProcessPoolExecutor(
        max_workers=count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_leave_interrupts_to_the_parent,
    )

    def do(work: Work, tasks: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        for future in as_completed([executor.submit(work, *task) for task in tasks]):
            yield future.result()

    try:
        yield do
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def dask_cluster(address: str) -> Iterator[Do]:
    """A running cluster, such as 'tls://host:8786', through joblib's dask backend.

    Its workers need this package in the same version, and no shared files.  Tasks and results are
    pickled: who can reach it can run code, so without TLS it has to be on this machine.

    Raises:
        WorkersError: joblib or distributed is not installed, the address is that of another machine
            without TLS, or no scheduler with a worker answers.
    """
    try:
        import distributed  # noqa: PLC0415
        import joblib  # noqa: PLC0415
    except ImportError as error:
        raise WorkersError(
            f"--scheduler needs joblib and distributed ({error}): run 'python3 -m pip install"
            " joblib==1.6.0 distributed==2026.8.0', or leave --scheduler out"
        ) from error
    if not trusted(address):
        raise WorkersError(
            f"'{address}' is on another machine and without TLS, so that anybody there could run"
            " code here: use tls://HOST:PORT with certificates, or a loopback address"
            " (docs/security.md)"
        )
    try:
        client = distributed.Client(address, timeout=CONNECTING, set_as_default=False)
        client.wait_for_workers(1, timeout=CONNECTING)
    except (OSError, TimeoutError, asyncio.TimeoutError, ValueError) as error:
        raise WorkersError(
            f"no dask scheduler with a worker answers at '{address}' within {CONNECTING:g} s"
            f" ({error}); start one with 'dask scheduler' and 'dask worker ADDRESS'"
        ) from error

    def do(work: Work, tasks: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        with joblib.parallel_config(backend="dask", client=client, n_jobs=-1):
            parallel = joblib.Parallel(return_as="generator_unordered")
            yield from parallel(joblib.delayed(work)(*task) for task in tasks)

    with client:
        yield do


def trusted(address: str) -> bool:
    """Whether a scheduler's address is on this machine, or its peers have to show certificates."""
    kind, _, place = address.rpartition("://")
    if kind.lower() in CERTIFIED or not place:
        return True  # dask itself says what is wrong with no place at all
    try:
        host = urlsplit(f"//{place}").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

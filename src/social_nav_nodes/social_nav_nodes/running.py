"""How every node starts and ends."""

from __future__ import annotations

import gc
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import rclpy
import rclpy.logging
import rclpy.utilities
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.logging import LoggingSeverity
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from social_nav_core.input_files import one_line

RCLError = rclpy_implementation.RCLError
UnknownROSArgsError = rclpy_implementation.UnknownROSArgsError
SIGNALS = (signal.SIGINT, signal.SIGTERM)  # that ask a process to end
LEAVING = 1.0  # longest wait for the answers to what a node asks others for when it ends [s]
Made = TypeVar("Made")
MadeNode = TypeVar("MadeNode", bound=Node)


def started(
    make: Callable[[], Made],
    signals: SignalHandlerOptions = SignalHandlerOptions.ALL,
    known_arguments: int = 0,
) -> Made:
    """Begin ROS and make something, such as a node.

    What cannot be started with (a bad argument, parameter, file or model) is one line on standard
    error and exit status 1.
    """
    np.seterr(all="ignore")  # what comes of values that overflow is checked; logs are throttled
    try:
        _init(signals)
        others = rclpy.utilities.remove_ros_args(sys.argv)[1 + known_arguments :]
        if others:
            raise ValueError(f"got {others[0]!r}, expected arguments of ROS alone, as --ros-args")
        return make()
    except (ValueError, OSError, ParameterException, RCLError) as error:
        reason = one_line(error, most=2000)
    gc.collect()  # the node that was half made takes its leave, or others wait for it
    rclpy.try_shutdown()
    sys.exit("error: " + reason)


def _init(signals: SignalHandlerOptions) -> None:
    """Begin ROS; what is wrong with its arguments is raised alone, without the lines of rcl."""
    rclpy.logging.set_logger_level("rcl", LoggingSeverity.FATAL)
    try:
        rclpy.init(signal_handler_options=signals)
    except UnknownROSArgsError as error:
        raise ValueError(
            f"got {error} among the arguments of ROS, expected -p name:=value, -r from:=to or "
            "--params-file FILE"
        ) from error
    except RCLError as error:
        raise ValueError(re.sub(r", at \S+:[0-9]+", "", str(error))) from error
    if rclpy.logging.get_logger("rcl").get_effective_level() == LoggingSeverity.FATAL:
        rclpy.logging.set_logger_level("rcl", LoggingSeverity.UNSET)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Handle SIGINT and SIGTERM after the block, not within.

    What a handler raises while rclpy makes a message of bytes comes out as a RuntimeError.
    """
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: came.append(number)) for number in SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def run_node(
    make_node: Callable[[], MadeNode],
    known_arguments: int = 0,
    leave: Callable[[MadeNode], Iterable[Future]] = lambda _: (),
) -> None:
    """Spin a node until SIGINT, SIGTERM or shutdown, and leave the process.

    What the node refuses to start with is said as by `started`.

    Args:
        make_node: makes it.
        known_arguments: of the command line that the caller has read already.
        leave: called when the node is told to stop; it spins on until these are answered.
    """
    stop = False

    def ask_to_stop(*_: object) -> None:
        nonlocal stop
        stop = True

    for number in SIGNALS:
        signal.signal(number, ask_to_stop)
    node = started(make_node, SignalHandlerOptions.NO, known_arguments)
    gc.collect()
    gc.freeze()  # what is there now stays: no collection has to walk it again, which takes 50 ms
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while not stop:
            executor.spin_once(timeout_sec=0.2)
        end = time.monotonic() + LEAVING
        for answer in leave(node):
            executor.spin_until_future_complete(answer, max(end - time.monotonic(), 0.0))
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()

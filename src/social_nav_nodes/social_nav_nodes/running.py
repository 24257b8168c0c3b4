"""How every node starts and ends."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from social_nav_core.input_files import one_line

RCLError = rclpy_implementation.RCLError


def run_node(make_node: Callable[[], Node]) -> None:
    """Spin a node until SIGINT, SIGTERM or shutdown, and leave the process.

    What the node refuses to start with (a bad parameter, file or model) is one line on standard
    error and exit status 1.
    """
    stop = False

    def ask_to_stop(*_: object) -> None:
        nonlocal stop
        stop = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    try:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        node = make_node()
    except (ValueError, OSError, ParameterException, RCLError) as error:
        rclpy.try_shutdown()
        sys.exit("error: " + one_line(error, most=2000))
    gc.collect()
    gc.freeze()  # what is there now stays: no collection has to walk it again, which takes 50 ms
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while not stop:
            executor.spin_once(timeout_sec=0.2)
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()

"""How every node starts and ends."""

from __future__ import annotations

import sys
from collections.abc import Callable

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node


def run_node(make_node: Callable[[], Node]) -> None:
    """Spin a node until it is interrupted or shut down, and leave the process.

    What the node refuses to start with (a bad parameter, file or model: all of them ValueErrors,
    or a file that cannot be read) is one line on standard error and exit status 1.
    """
    rclpy.init()
    try:
        node = make_node()
    except (ValueError, OSError) as error:
        rclpy.try_shutdown()
        sys.exit(f"error: {error}")
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()

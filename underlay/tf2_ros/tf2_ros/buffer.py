"""The transform buffer that nodes use: look-ups that can wait, and a clock that can jump."""

from __future__ import annotations

import threading
import time as system_time
from collections.abc import Callable
from typing import Any

import rclpy.logging
from geometry_msgs.msg import TransformStamped
from rclpy.clock import Clock, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.task import Future

from tf2_msgs.srv import FrameGraph
from tf2_py import BufferCore, TransformException
from tf2_py.messages import nanoseconds
from tf2_ros.buffer_interface import NO_WAIT, BufferInterface


class Buffer(BufferCore, BufferInterface):
    """Poses of frames over time, filled by a `TransformListener`.

    Waiting look-ups sleep until new data arrive.  They block the thread that they are called in:
    from a callback of a single-threaded executor nothing can arrive, so do not wait there.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        """Keep poses for ``cache_time`` (10 s unless given).

        With a node, offer the service ``tf2_frames``, and forget all moving frames when the
        node's clock jumps back or changes its source.
        """
        BufferCore.__init__(self, cache_time)
        BufferInterface.__init__(self)
        self._pending: list[Callable[[], None]] = []
        self._pending_lock = threading.Lock()
        self.clock = Clock() if node is None else node.get_clock()
        threshold = JumpThreshold(
            min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True
        )
        self.jump_handle = self.clock.create_jump_callback(
            threshold, post_callback=self.time_jump_callback
        )
        if node is not None:
            self.srv = node.create_service(FrameGraph, "tf2_frames", self._frame_graph)

    def _frame_graph(
        self, request: FrameGraph.Request, response: FrameGraph.Response
    ) -> FrameGraph.Response:
        response.frame_yaml = self.all_frames_as_yaml()
        return response

    def time_jump_callback(self, time_jump: TimeJump) -> None:
        """Forget what was known of a time that has not come yet."""
        rclpy.logging.get_logger("tf2_buffer").warning(
            f"time jumped by {time_jump.delta.nanoseconds * 1e-9:.3f} s: forgot all moving frames"
        )
        self.clear()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Add the pose of a child frame in its parent at its stamp."""
        super().set_transform(transform, authority)
        self._try_pending()

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Add the pose of a child frame that never moves in its parent."""
        super().set_transform_static(transform, authority)
        self._try_pending()

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Any, timeout: Duration = NO_WAIT
    ) -> TransformStamped:
        """Pose of the source frame in the target frame.

        Args:
            target_frame: name of the frame to express coordinates in.
            source_frame: name of the frame that coordinates are given in.
            time: when; 0 for the latest common time.
            timeout: how long to wait for data; 0 never blocks.

        Raises:
            TransformException: see its subclasses; the message names frames and times.
        """
        if nanoseconds(timeout) > 0:
            self.can_transform(target_frame, source_frame, time, timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
    ) -> TransformStamped:
        """Pose of the source frame at one time in the target frame at another."""
        where = (target_frame, target_time, source_frame, source_time, fixed_frame)
        if nanoseconds(timeout) > 0:
            self.can_transform_full(*where, timeout)
        return self.lookup_transform_full_core(*where)

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Any,
        timeout: Duration = NO_WAIT,
        return_debug_tuple: bool = False,
    ) -> Any:
        """Whether `lookup_transform` would answer within the timeout.

        With ``return_debug_tuple``, also the reason why not: (bool, str).
        """
        result = self._wait(
            lambda: self.can_transform_core(target_frame, source_frame, time), timeout
        )
        return result if return_debug_tuple else result[0]

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
        return_debug_tuple: bool = False,
    ) -> Any:
        """Whether `lookup_transform_full` would answer within the timeout."""
        where = (target_frame, target_time, source_frame, source_time, fixed_frame)
        result = self._wait(lambda: self.can_transform_full_core(*where), timeout)
        return result if return_debug_tuple else result[0]

    def _wait(
        self, possible: Callable[[], tuple[bool, str]], timeout: Duration
    ) -> tuple[bool, str]:
        deadline = system_time.monotonic() + nanoseconds(timeout) * 1e-9
        with self._changed:
            result = possible()
            while not result[0]:
                remaining = deadline - system_time.monotonic()
                if remaining <= 0.0:
                    break
                self._changed.wait(remaining)
                result = possible()
        return result

    async def lookup_transform_async(
        self, target_frame: str, source_frame: str, time: Any
    ) -> TransformStamped:
        """Pose of the source frame in the target frame, as soon as it is known."""
        return await self.wait_for_transform_async(target_frame, source_frame, time)

    async def lookup_transform_full_async(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
    ) -> TransformStamped:
        """Pose of the source frame at one time in the target frame at another, when known."""
        return await self.wait_for_transform_full_async(
            target_frame, target_time, source_frame, source_time, fixed_frame
        )

    def wait_for_transform_async(self, target_frame: str, source_frame: str, time: Any) -> Future:
        """A future that gets the transform once it is known."""
        return self._future(lambda: self.lookup_transform_core(target_frame, source_frame, time))

    def wait_for_transform_full_async(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
    ) -> Future:
        """A future that gets the transform between two times once it is known."""
        where = (target_frame, target_time, source_frame, source_time, fixed_frame)
        return self._future(lambda: self.lookup_transform_full_core(*where))

    def _future(self, look_up: Callable[[], TransformStamped]) -> Future:
        future = Future()

        def attempt() -> None:
            if future.done():
                return
            try:
                transform = look_up()
            except TransformException:
                return
            future.set_result(transform)

        def forget(_: Future) -> None:
            with self._pending_lock:
                if attempt in self._pending:
                    self._pending.remove(attempt)

        with self._pending_lock:
            self._pending.append(attempt)
        future.add_done_callback(forget)
        attempt()
        return future

    def _try_pending(self) -> None:
        with self._pending_lock:
            pending = [*self._pending]
        for attempt in pending:
            attempt()

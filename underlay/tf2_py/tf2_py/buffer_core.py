"""The transform buffer without ROS communication."""

from __future__ import annotations

import threading
import time
from typing import Any

import rclpy.logging
import yaml
from geometry_msgs.msg import TransformStamped
from rclpy.time import Time

from tf2_py.cache import Sample, StaticCache, TimeCache, seconds
from tf2_py.exceptions import TransformException
from tf2_py.messages import message_of, nanoseconds, plain_frame, sample_of
from tf2_py.rigid import compose
from tf2_py.tree import FrameTree, when

DEFAULT_CACHE_LENGTH = 10 * 10**9
"""How long poses are kept [ns]."""

WARNING_PERIOD = 5.0
"""One warning per frame and this many seconds."""


class BufferCore:
    """Poses of frames over time; safe to use from several threads.

    Times are those of rclpy or of builtin_interfaces; 0 asks for the latest common time.
    """

    def __init__(self, cache_time: Any = None) -> None:
        """Keep poses for ``cache_time`` (a duration, 10 s unless given)."""
        length = DEFAULT_CACHE_LENGTH if cache_time is None else nanoseconds(cache_time)
        self._tree = FrameTree(length)
        self._authorities: dict[str, str] = {}
        self._changed = threading.Condition()
        self._logger = rclpy.logging.get_logger("tf2")
        self._warned: dict[str, float] = {}

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Add the pose of a child frame in its parent at its stamp.

        What is no rigid transform, or too old, is refused with a warning.
        """
        self._insert(transform, authority, is_static=False)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Add the pose of a child frame that never moves in its parent."""
        self._insert(transform, authority, is_static=True)

    def _insert(self, transform: TransformStamped, authority: str, is_static: bool) -> None:
        child = plain_frame(transform.child_frame_id)
        try:
            sample = sample_of(transform)
        except ValueError as error:
            self._warn(transform, authority, str(error))
            return
        with self._changed:
            refusal = self._tree.insert(child, sample, is_static)
            if refusal is None:
                self._authorities[child] = authority
                self._changed.notify_all()
        if refusal is not None:
            self._warn(transform, authority, refusal)

    def _warn(self, transform: TransformStamped, authority: str, reason: str) -> None:
        child, now = transform.child_frame_id, time.monotonic()
        with self._changed:
            while self._warned and now - next(iter(self._warned.values())) >= WARNING_PERIOD:
                del self._warned[next(iter(self._warned))]
            if child in self._warned:
                return
            self._warned[child] = now
        self._logger.warning(
            f"ignored the transform of '{child}' in '{transform.header.frame_id}' "
            f"from {authority}: {reason}"
        )

    def clear(self) -> None:
        """Forget every moving frame's poses; static ones stay."""
        with self._changed:
            self._tree.forget_moving()

    def lookup_transform_core(
        self, target_frame: str, source_frame: str, time: Any
    ) -> TransformStamped:
        """Pose of the source frame in the target frame at a time.

        It takes coordinates in the source frame to coordinates in the target frame.
        """
        with self._changed:
            pose, stamp = self._tree.pose(target_frame, source_frame, nanoseconds(time))
        return message_of(target_frame, source_frame, stamp, pose)

    def lookup_transform_full_core(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
    ) -> TransformStamped:
        """Pose of the source frame at one time in the target frame at another.

        The fixed frame is taken to stand still in between.
        """
        target_stamp, source_stamp = nanoseconds(target_time), nanoseconds(source_time)
        request = (
            f"'{source_frame}' at {when(source_stamp)} in '{target_frame}' at "
            f"{when(target_stamp)}, '{fixed_frame}' fixed"
        )
        with self._changed:
            for role, frame in (
                ("target", target_frame),
                ("source", source_frame),
                ("fixed", fixed_frame),
            ):
                self._tree.require(frame, role, request)
            source_in_fixed, _ = self._tree.pose(fixed_frame, source_frame, source_stamp)
            fixed_in_target, stamp = self._tree.pose(target_frame, fixed_frame, target_stamp)
        pose = compose(fixed_in_target, source_in_fixed)
        return message_of(target_frame, source_frame, stamp, pose)

    def can_transform_core(
        self, target_frame: str, source_frame: str, time: Any
    ) -> tuple[bool, str]:
        """Whether `lookup_transform_core` would answer, and why not."""
        try:
            self.lookup_transform_core(target_frame, source_frame, time)
        except TransformException as error:
            return False, str(error)
        return True, ""

    def can_transform_full_core(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
    ) -> tuple[bool, str]:
        """Whether `lookup_transform_full_core` would answer, and why not."""
        try:
            self.lookup_transform_full_core(
                target_frame, target_time, source_frame, source_time, fixed_frame
            )
        except TransformException as error:
            return False, str(error)
        return True, ""

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        """The newest time at which both frames are known relative to each other."""
        with self._changed:
            request = f"latest common time of '{target_frame}' and '{source_frame}'"
            self._tree.require(target_frame, "target", request)
            self._tree.require(source_frame, "source", request)
            stamp = self._tree.latest_common_time(target_frame, source_frame)
        return Time(nanoseconds=stamp)

    def all_frames_as_yaml(self) -> str:
        """The frames with parent, broadcaster, rate [Hz] and times [s], as a YAML mapping."""
        with self._changed:
            frames = {
                name: self._about(name, cache, cache.latest)
                for name, cache in self._tree.caches.items()
                if cache.latest is not None
            }
        return yaml.safe_dump(frames, sort_keys=False) if frames else "[]"

    def _about(
        self, frame: str, cache: TimeCache | StaticCache, latest: Sample
    ) -> dict[str, str | float]:
        newest, oldest = latest.stamp, cache.oldest_stamp
        span = max(newest - oldest, 100_000)
        return {
            "parent": latest.parent,
            "broadcaster": self._authorities[frame],
            "rate": round(len(cache) * 1e9 / span, 3),
            "most_recent_transform": newest * 1e-9,
            "oldest_transform": oldest * 1e-9,
            "buffer_length": (newest - oldest) * 1e-9,
        }

    def all_frames_as_string(self) -> str:
        """One sentence per frame: its parent and the time of its newest pose."""
        lines = []
        with self._changed:
            for name, cache in self._tree.caches.items():
                if cache.latest is not None:
                    stamp = seconds(cache.latest.stamp)
                    age = "static" if cache.is_static else f"newest at {stamp}"
                    lines.append(f"Frame {name} exists with parent {cache.latest.parent}, {age}.")
        return "\n".join(lines)

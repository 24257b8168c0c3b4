"""The tree of frames and the search for a pose in it.  Not thread safe; knows no messages."""

from __future__ import annotations

from collections.abc import Container

from tf2_py.cache import LATEST, Sample, StaticCache, TimeCache, seconds
from tf2_py.exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
)
from tf2_py.rigid import IDENTITY, Rigid, compose, inverse

MOST_NAMED = 100
"""Frames that an error names."""


def when(stamp: int) -> str:
    """A requested time [ns], in words."""
    return "the latest common time" if stamp == LATEST else f"time {seconds(stamp)}"


class FrameTree:
    """Frames with their history.  Each frame has one parent at a time, which may change."""

    def __init__(self, cache_length: int) -> None:
        self._cache_length = cache_length
        self.caches: dict[str, TimeCache | StaticCache] = {}
        self.frames: set[str] = set()

    def insert(self, frame: str, sample: Sample, is_static: bool) -> str | None:
        """Add a pose of a frame in its parent.  Returns why it was refused, or None.

        A frame that was static and now moves, or the other way round, starts anew.
        """
        cache = self.caches.get(frame)
        if is_static:
            cache = StaticCache(sample)
        else:
            if not isinstance(cache, TimeCache):
                cache = TimeCache(self._cache_length)
            refusal = cache.insert(sample)
            if refusal is not None:
                return refusal
        self.caches[frame] = cache
        self.frames.update((frame, sample.parent))
        return None

    def forget_moving(self) -> None:
        """Drop all history; what is static stays, for nobody would send it again."""
        for cache in self.caches.values():
            if isinstance(cache, TimeCache):
                cache.clear()

    def require(self, frame: str, role: str, request: str) -> None:
        """Raise unless a frame of this name is known."""
        if not frame:
            raise InvalidArgumentException(f"the {role} frame has an empty name ({request})")
        if frame.startswith("/"):
            raise InvalidArgumentException(
                f"the {role} frame '{frame}' starts with a slash, which no tf2 frame does: "
                f"ask for '{frame[1:]}' ({request})"
            )
        if frame not in self.frames:
            raise LookupException(
                f"the {role} frame '{frame}' does not exist ({request}; {self._known()})"
            )

    def _known(self) -> str:
        """The frames, by name as long as they are not too many for a message."""
        if len(self.frames) > MOST_NAMED:
            return f"{len(self.frames)} frames are known"
        return f"known frames: {', '.join(sorted(self.frames)) or 'none'}"

    def pose(self, target: str, source: str, stamp: int) -> tuple[Rigid, int]:
        """Pose of the source frame in the target frame, and the time [ns] that it is valid at."""
        if target == source:
            return IDENTITY, stamp or self.latest_common_time(target, source)
        request = f"'{source}' in '{target}' at {when(stamp)}"
        self.require(target, "target", request)
        self.require(source, "source", request)
        if stamp == LATEST:
            stamp = self.latest_common_time(target, source)
        return self._pose_at(target, source, stamp, request), stamp

    def _pose_at(self, target: str, source: str, stamp: int, request: str) -> Rigid:
        source_in, source_gap = self._climb(source, (target,), stamp)
        if target in source_in:
            return source_in[target]
        target_in, target_gap = self._climb(target, source_in, stamp)
        top = next(reversed(target_in))
        if top in source_in:
            return compose(inverse(target_in[top]), source_in[top])
        for gap in (target_gap, source_gap):
            if gap is not None:
                raise ExtrapolationException(
                    f"no {request}: that needs '{gap[0]}' at {seconds(stamp)}, but {gap[1]}"
                )
        raise ConnectivityException(
            f"no {request}: the frames are not connected, '{source}' belongs to the tree of "
            f"'{next(reversed(source_in))}' and '{target}' to the tree of '{top}'"
        )

    def _climb(
        self, frame: str, until: Container[str], stamp: int
    ) -> tuple[dict[str, Rigid], tuple[str, str] | None]:
        """Pose of a frame in itself, its parent and so on up to one of ``until`` or the root.

        Where data are missing, the second result names the frame and the reason.
        """
        pose = IDENTITY
        pose_in = {frame: pose}
        while frame not in until:
            cache = self.caches.get(frame)
            if cache is None:
                break
            sample = cache.at(stamp)
            if sample is None:
                assert isinstance(cache, TimeCache)
                return pose_in, (frame, cache.gap(stamp))
            frame = sample.parent
            if frame in pose_in:
                raise LookupException(self._loop(pose_in, frame, when(stamp)))
            pose = compose(sample.pose_in_parent, pose)
            pose_in[frame] = pose
        return pose_in, None

    def latest_common_time(self, target: str, source: str) -> int:
        """The newest time [ns] known of all that moves between two frames; 0 if nothing does."""
        if target == source:
            latest = self._latest(source)
            return LATEST if latest is None else latest.stamp
        source_stamps = self._latest_stamps(source, (target,))
        target_stamps = self._latest_stamps(target, source_stamps)
        meeting = next(reversed(target_stamps))
        if meeting not in source_stamps:
            raise ConnectivityException(
                f"'{source}' and '{target}' have no common time because they are not connected: "
                f"'{source}' belongs to the tree of '{next(reversed(source_stamps))}' and "
                f"'{target}' to the tree of '{meeting}'"
            )
        common = [*target_stamps.values()]
        for frame, stamp in source_stamps.items():
            if frame == meeting:
                break
            common.append(stamp)
        return min((stamp for stamp in common if stamp != LATEST), default=LATEST)

    def _latest_stamps(self, frame: str, until: Container[str]) -> dict[str, int]:
        """Newest stamp of a frame, its parent and so on; 0 where nothing moves."""
        stamps: dict[str, int] = {}
        while True:
            if frame in stamps:
                raise LookupException(self._loop(stamps, frame, when(LATEST)))
            stamps[frame] = LATEST
            latest = self._latest(frame)
            if frame in until or latest is None:
                return stamps
            stamps[frame] = latest.stamp
            frame = latest.parent

    def _latest(self, frame: str) -> Sample | None:
        cache = self.caches.get(frame)
        return None if cache is None else cache.latest

    @staticmethod
    def _loop(visited: dict[str, Rigid] | dict[str, int], frame: str, at: str) -> str:
        path = [*visited]
        loop = [*path[path.index(frame) :], frame]
        return f"the frames form a loop at {at}, which no tree has: {' -> '.join(loop)}"

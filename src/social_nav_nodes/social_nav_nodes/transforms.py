"""Planar transforms from tf2: a pose, or None and a throttled warning that names both frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from geometry_msgs.msg import Transform, TransformStamped
from rclpy.node import Node
from rclpy.time import Time
from scipy.spatial.transform import Rotation
from social_nav_core.geometry import FloatArray, yaw_from_quaternion
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from tf2_ros import Buffer, TransformException, TransformListener

from social_nav_nodes.stamps import clock_hint
from social_nav_nodes.throttled_log import ThrottledLog

Message = TypeVar("Message", bound=Any)
PATIENCE = 0.5  # how long a message waits for its transform before that is worth a warning [s]
MOST_WAITING = 50
OLDEST = 0.5  # age up to which the newest transform of a moving frame says where it is [s]
FUTURE = 5.0  # how far ahead of the clock a transform may be stamped [s]; localisation post-dates
SILENT = 2.0  # unrenewed for longer, a moving frame's place gives way to what contradicts it [s]
MOST_FRAMES = 3000


class Edge(NamedTuple):
    """That a frame has a parent, and when that was said last [s]; infinite for a static one."""

    parent: str
    renewed: float

    def is_silent(self, now: float) -> bool:
        """Whether it was not said for long, or by a clock that has gone back since."""
        return self.renewed < float("inf") and abs(now - self.renewed) > SILENT


class CheckedListener(TransformListener):
    """Keeps transforms out of the buffer that would spoil it for those that come after.

    One from the far future would have tf2 take all true ones for outdated; a loop would let no
    look-up come to an end.  What contradicts a transform that nobody sends any more is taken: all
    moving frames begin anew then.
    """

    def __init__(self, buffer: Buffer, node: Node, log: ThrottledLog) -> None:
        self._node_clock = node.get_clock()
        self._log = log
        self._edges: dict[str, Edge] = {}
        self._forgot = 0.0
        super().__init__(buffer, node)

    def callback(self, data: TFMessage) -> None:
        """Take what can be used of a message from /tf."""
        data.transforms = self._usable(data.transforms, static=False)
        super().callback(data)

    def static_callback(self, data: TFMessage) -> None:
        """Take what can be used of a message from /tf_static."""
        data.transforms = self._usable(data.transforms, static=True)
        super().static_callback(data)

    def _usable(
        self, transforms: Sequence[TransformStamped], static: bool
    ) -> list[TransformStamped]:
        """Those that spoil nothing, which are remembered."""
        now = self._node_clock.now().nanoseconds * 1e-9
        found, refused = [], []
        for each in transforms:
            ahead = None if static else self._ahead(each, now)
            defect = ahead or self._contradicts(each, now, float("inf") if static else now)
            if defect is None:
                found.append(each)
            else:
                refused.append((f"the transform of '{each.child_frame_id}' is ignored", defect))
        self._log.several("frames", refused)
        return found

    def _ahead(self, transform: TransformStamped, now: float) -> str | None:
        ahead = transform.header.stamp.sec - now
        if now <= 0.0 or ahead <= FUTURE:
            return None
        return f"its stamp is {ahead:.0f} s ahead of now{clock_hint(ahead)}"

    def _contradicts(self, transform: TransformStamped, now: float, renewed: float) -> str | None:
        """Why a transform cannot be taken beside the others; None when it was."""
        child, parent = transform.child_frame_id.lstrip("/"), transform.header.frame_id.lstrip("/")
        known = self._edges.get(child)
        if known is None or known.parent != parent:
            loop = self._loop(child, parent)
            if any(self._edges[frame].is_silent(now) for frame in loop[1:-1]):
                self._forget_silent(now)
            elif loop:
                return "it closes a loop: " + " in ".join(f"'{frame}'" for frame in loop)
            if known is None and not self._has_room(now):
                return f"there are {MOST_FRAMES} others already"
        self._edges[child] = Edge(parent, max(renewed, known.renewed if known else renewed))
        return None

    def _loop(self, child: str, parent: str) -> list[str]:
        """The frames of a loop that a child with this parent would close; empty for none."""
        chain = [child, parent]
        while chain[-1] != child and chain[-1] in self._edges:
            chain.append(self._edges[chain[-1]].parent)
        return chain if chain[-1] == child else []

    def _has_room(self, now: float) -> bool:
        """Whether there may be one more frame, now and then without those of long ago."""
        if len(self._edges) >= MOST_FRAMES and abs(now - self._forgot) > SILENT:
            self._forgot = now
            self._forget_silent(now)
        return len(self._edges) < MOST_FRAMES

    def _forget_silent(self, now: float) -> None:
        """Forget frames that nobody sends any more; the buffer can only forget all that move."""
        self._edges = {name: edge for name, edge in self._edges.items() if not edge.is_silent(now)}
        self.buffer.clear()


class TransformLookup:
    """Looks up where frames are, without ever waiting.

    Args:
        node: listens to /tf and /tf_static.
        log: for transforms that are missing.
        parameters: frame -> the node's parameter that names it, for those texts.
    """

    def __init__(
        self, node: Node, log: ThrottledLog, parameters: Mapping[str, str] | None = None
    ) -> None:
        self.node = node
        self._parameters = parameters or {}
        self._buffer = Buffer(node=node)
        self._listener = CheckedListener(self._buffer, node, log)
        self._log = log

    def pose(
        self, frame: str, parent: str, stamp: Time | None = None, warn: bool = True
    ) -> FloatArray | None:
        """(x [m], y [m], yaw [rad]) of a frame in a parent frame; None when it is not known.

        Args:
            frame: whose pose is wanted.
            parent: the frame that the pose is expressed in.
            stamp: when; None for the latest time that is known, which must be no longer ago than
                `OLDEST` for frames that move.
            warn: whether a pose that is not known is worth a warning.
        """
        if frame == parent:
            return np.zeros(3)
        found = self._transform(frame, parent, stamp, warn)
        if found is None:
            return None
        turn = found.rotation
        yaw = yaw_from_quaternion(turn.x, turn.y, turn.z, turn.w)
        return np.array([found.translation.x, found.translation.y, yaw])

    def missing(self, frame: str, parent: str) -> str:
        """That a transform is missing, and which parameters name its frames."""
        named = [
            f"the parameter {self._parameters[name]} is '{name}'"
            for name in (frame, parent)
            if name in self._parameters
        ]
        return f"no transform from '{frame}' to '{parent}'" + "".join(f" ({n})" for n in named)

    def ever_known(self, frame: str, parent: str) -> bool:
        """Whether a frame's place in a parent frame was known at some time."""
        return bool(self._buffer.can_transform(parent, frame, Time()))

    def sight(
        self, optical_frame: str, parent: str, stamp: Time, warn: bool = True
    ) -> FloatArray | None:
        """(x [m], y [m]) of a camera and the yaw [rad] that it looks to; None when not known.

        Args:
            optical_frame: of the camera, z ahead (REP-103).
            parent: the frame that the result is expressed in, z up.
            stamp: when.
            warn: as in `pose`.
        """
        found = self._transform(optical_frame, parent, stamp, warn)
        if found is None:
            return None
        turn = found.rotation
        ahead_x = 2.0 * (turn.x * turn.z + turn.w * turn.y)
        ahead_y = 2.0 * (turn.y * turn.z - turn.w * turn.x)
        return np.array([found.translation.x, found.translation.y, np.arctan2(ahead_y, ahead_x)])

    def mount(
        self, frame: str, parent: str, stamp: Time, warn: bool = True
    ) -> tuple[FloatArray, FloatArray] | None:
        """Position (3,) [m] and axes (3, 3) (columns x, y, z) of a frame in a parent frame.

        Args:
            frame, parent, stamp, warn: as in `pose`.
        """
        if frame == parent:
            return np.zeros(3), np.eye(3)
        found = self._transform(frame, parent, stamp, warn)
        if found is None:
            return None
        shift, turn = found.translation, found.rotation
        axes = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()
        return np.array([shift.x, shift.y, shift.z]), axes

    def _transform(
        self, frame: str, parent: str, stamp: Time | None, warn: bool
    ) -> Transform | None:
        try:
            message = self._buffer.lookup_transform(parent, frame, stamp or Time())
            defect = self._too_old(message.header) if stamp is None else None
        except TransformException as error:
            defect = str(error)
        if defect is None:
            return message.transform
        if warn:
            hint = clock_hint(self._clocks_apart(frame, parent, stamp))
            self._log.several("transforms", [(self.missing(frame, parent), f"{defect}{hint}")])
        return None

    def _clocks_apart(self, frame: str, parent: str, stamp: Time | None) -> float:
        """Most [s] that the stamp or the newest transform differs from now."""
        stamps = [] if stamp is None else [stamp.nanoseconds]
        with suppress(TransformException, ValueError):  # the latter for one from before time 0
            stamps.append(self._buffer.get_latest_common_time(parent, frame).nanoseconds)
        now = self.node.get_clock().now().nanoseconds
        return max((abs(now - each) * 1e-9 for each in stamps if each > 0), default=0.0)

    def _too_old(self, header: Header) -> str | None:
        """Why the newest transform is of no use any more; stamp 0 is that of static frames."""
        if header.stamp.sec < 0:
            return f"its stamp is {header.stamp.sec} s, expected none before 0"
        stamp = Time.from_msg(header.stamp)
        age = (self.node.get_clock().now() - stamp).nanoseconds * 1e-9
        if stamp.nanoseconds == 0 or age <= OLDEST:
            return None
        return f"the newest one is {age:.1f} s old, expected at most {OLDEST:g} s"

    def warn_of_stamp(self, header: Header) -> None:
        """Say that a message cannot be used because of its stamp."""
        self._log.warning(
            "stamp",
            f"a message in '{header.frame_id}' is left out: its stamp is {header.stamp.sec} s, "
            "expected 0 s or more",
        )


class WaitingMessages(Generic[Message]):
    """Messages that wait until the transform of their stamp is known, which may come later."""

    def __init__(self, transforms: TransformLookup) -> None:
        self._transforms = transforms
        self._messages: deque[Message] = deque(maxlen=MOST_WAITING)

    def add(self, message: Message) -> bool:
        """Let a stamped message wait; False, with a warning, for a stamp before time zero."""
        if message.header.stamp.sec < 0:
            self._transforms.warn_of_stamp(message.header)
            return False
        self._messages.append(message)
        return True

    def clear(self) -> None:
        """Forget all that wait."""
        self._messages.clear()

    def take(self, parent: str) -> tuple[Message, FloatArray] | None:
        """The newest message whose frame is known in a parent frame, with that frame's pose.

        Older messages are forgotten; those that have waited too long too, with a warning.
        """
        for message in reversed(self._messages):
            pose = self._pose(message, parent, warn=False)
            if pose is not None:
                while self._messages.popleft() is not message:
                    pass
                return message, pose
        while self._messages and self._age(self._messages[0]) > PATIENCE:
            self._pose(self._messages.popleft(), parent, warn=True)
        return None

    def _pose(self, message: Message, parent: str, warn: bool) -> FloatArray | None:
        stamp = Time.from_msg(message.header.stamp)
        return self._transforms.pose(message.header.frame_id, parent, stamp, warn)

    def _age(self, message: Message) -> float:
        """Seconds since the message's stamp; stamps of the future have waited as long as any."""
        now = self._transforms.node.get_clock().now()
        return abs((now - Time.from_msg(message.header.stamp)).nanoseconds) * 1e-9

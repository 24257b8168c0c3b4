"""Planar transforms from tf2: a pose, or None and a throttled warning that names both frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

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


class CheckedListener(TransformListener):
    """Keeps transforms out of the buffer that would spoil it for those that come after.

    One from the far future would have tf2 take all true ones for outdated; a loop would let no
    look-up come to an end.
    """

    def __init__(self, buffer: Buffer, node: Node, log: ThrottledLog) -> None:
        self._node_clock = node.get_clock()
        self._log = log
        self._parents: dict[str, str] = {}
        super().__init__(buffer, node)

    def callback(self, data: TFMessage) -> None:
        """Take what can be used of a message from /tf."""
        now = self._node_clock.now().nanoseconds * 1e-9
        data.transforms = [t for t in data.transforms if self._is_usable(t, now)]
        super().callback(data)

    def static_callback(self, data: TFMessage) -> None:
        """Take what can be used of a message from /tf_static."""
        data.transforms = [t for t in data.transforms if not self._closes_loop(t)]
        super().static_callback(data)

    def _is_usable(self, transform: TransformStamped, now: float) -> bool:
        ahead = transform.header.stamp.sec - now
        if now > 0.0 and ahead > FUTURE:
            name = transform.child_frame_id
            text = f"the transform of '{name}' is ignored: its stamp is {ahead:.0f} s ahead of now"
            self._log.warning(f"future {name}", text + clock_hint(ahead))
            return False
        return not self._closes_loop(transform)

    def _closes_loop(self, transform: TransformStamped) -> bool:
        child, parent = transform.child_frame_id.lstrip("/"), transform.header.frame_id.lstrip("/")
        if self._parents.get(child) == parent:
            return False
        above, chain = parent, [child, parent]
        while above != child and above in self._parents:
            above = self._parents[above]
            chain.append(above)
        if above == child:
            loop = " in ".join(f"'{frame}'" for frame in chain)
            text = f"the transform of '{child}' in '{parent}' is ignored, it closes a loop: {loop}"
            self._log.warning(f"loop {child} {parent}", text)
            return True
        self._parents[child] = parent
        return False


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
            subject = f"transform {frame} {parent}"
            hint = clock_hint(self._clocks_apart(frame, parent, stamp))
            self._log.warning(subject, f"{self.missing(frame, parent)}: {defect}{hint}")
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
            f"stamp {header.frame_id}",
            f"a message in '{header.frame_id}' is left out: its stamp is {header.stamp.sec} s, "
            "expected 0 s or more",
        )


class WaitingMessages(Generic[Message]):
    """Messages that wait until the transform of their stamp is known, which may come later."""

    def __init__(self, transforms: TransformLookup) -> None:
        self._transforms = transforms
        self._messages: deque[Message] = deque(maxlen=MOST_WAITING)

    def add(self, message: Message) -> None:
        """Let a stamped message wait; a stamp before time zero is refused with a warning."""
        if message.header.stamp.sec < 0:
            self._transforms.warn_of_stamp(message.header)
        else:
            self._messages.append(message)

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

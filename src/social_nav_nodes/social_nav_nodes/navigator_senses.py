"""What the navigator hears of the robot: obstacles and velocity, as long as both are of now."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Time as TimeMessage
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import LaserScan
from social_nav_core.geometry import compose, inverse, transform_points
from social_nav_core.sim.obstacles import MemoryParameters, ObstacleMemory
from social_nav_core.sim.robot import Velocity

from social_nav_nodes import topics
from social_nav_nodes.conversions import scan_defect, scan_half_angle, scan_points, seconds
from social_nav_nodes.life_signs import Watch, clock_time
from social_nav_nodes.stamps import StampCheck, clock_hint
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup, WaitingMessages

FASTEST, FASTEST_TURN = 5.0, 20.0  # that odometry may say [m/s], [rad/s]


class Source:
    """One topic, which is silent for as long as nothing new that can be used comes on it.

    Args:
        node: whose clock tells how old a stamp is.
        watch: measures the silence.
        log: told what is left out, and why.
        topic: as the node names it.
        timeout: age of a stamp, and silence, up to which the source counts [s].

    Attributes:
        newest: stamp of the newest message that was used; None before.
    """

    def __init__(
        self, node: Node, watch: Watch, log: ThrottledLog, topic: str, timeout: float
    ) -> None:
        self._node, self._watch, self._log, self._topic = node, watch, log, topic
        self._stamps = StampCheck(node, log)
        self._timeout = timeout
        self.newest: TimeMessage | None = None
        self._why = ""

    def stamp_defect(self, stamp: TimeMessage) -> str | None:
        """Why a message with a stamp says nothing new of now, in words; None when it does."""
        defect = self._stamps.defect(stamp)
        if defect is not None:
            return defect
        if stamp == self.newest:
            return f"it repeats the stamp {seconds(stamp):.2f} s, expected one of its own"
        age = clock_time(self._node) - seconds(stamp)
        if age > self._timeout:
            expected = f"expected at most {self._timeout:g} s{clock_hint(age)}"
            return f"its stamp is {age:.1f} s old, {expected}"
        if self.newest is not None and seconds(stamp) < seconds(self.newest):
            behind = seconds(self.newest) - seconds(stamp)
            return f"its stamp is {behind:.2f} s before that of the last one, expected after it"
        return None

    def used(self, stamp: TimeMessage) -> None:
        """A message with a stamp was used: the source lives."""
        self.newest, self._why = stamp, ""
        self._watch.heard(self._topic)

    def expect(self, unless: str) -> None:
        """A message has come, so there is such a source: from now on its silence is measured.

        Args:
            unless: why it will turn out to be of no use, if it does.
        """
        self._why = unless
        if self.silence is None:
            self._watch.heard(self._topic)

    def refuse(self, reason: str) -> None:
        """Say that a message is left out, and remember why."""
        self._why = reason
        name = self._node.resolve_topic_name(self._topic)
        self._log.warning(self._topic, f"a message on '{name}' is left out: {reason}")

    @property
    def silence(self) -> float | None:
        """Seconds since a message was used, or the first one came; None when none ever came."""
        return self._watch.silence(self._topic)

    def missing(self) -> str:
        """That the source is silent, and why; empty when it is not, or when there is none."""
        silence = self.silence
        if silence is None or silence <= self._timeout:
            return ""
        name = self._node.resolve_topic_name(self._topic)
        why = f": {self._why}" if self._why else ""
        return f"nothing new on '{name}' that can be used for {silence:.1f} s{why}"

    def forget(self) -> None:
        """Stamps begin anew; the silence goes on."""
        self.newest = None


class Lidar:
    """The obstacles that a lidar sees now, and those that it saw where it does not look.

    Args:
        node: subscribes to the scans.
        transforms: where the lidar is.
        source: of the scans.
        parameters: of what is remembered.

    Attributes:
        source: of the scans.
        points_in_base: ``(n, 2)`` [m], the newest scan's.
        obstacles_in_map: ``(n, 2)`` [m], with those that are remembered.
    """

    def __init__(
        self,
        node: Node,
        transforms: TransformLookup,
        source: Source,
        parameters: MemoryParameters,
    ) -> None:
        self.source = source
        self._transforms = transforms
        self._parameters = parameters
        self._waiting: WaitingMessages[LaserScan] = WaitingMessages(transforms)
        self._forget_obstacles()
        node.create_subscription(LaserScan, topics.SCAN, self._receive, topics.SENSOR_QOS)

    def _receive(self, message: LaserScan) -> None:
        frame = message.header.frame_id
        self.source.expect(self._transforms.missing(frame, topics.MAP_FRAME))
        defect = self.source.stamp_defect(message.header.stamp) or scan_defect(message)
        if defect is not None:
            self.source.refuse(defect)
        else:
            self._waiting.add(message)

    def look(self) -> None:
        """Take in the newest scan whose transform is known, if there is one."""
        newest = self._waiting.take(topics.MAP_FRAME)
        if newest is None:
            return
        scan, laser_in_map = newest
        if defect := self.source.stamp_defect(scan.header.stamp):  # it has waited
            self.source.refuse(defect)
            return
        laser_in_base = self._transforms.pose(scan.header.frame_id, topics.BASE_FRAME)
        if laser_in_base is None:
            return
        self.points_in_base = transform_points(laser_in_base, scan_points(scan))
        self.obstacles_in_map = self._memory.update(
            self.points_in_base,
            compose(laser_in_map, inverse(laser_in_base)),
            seconds(scan.header.stamp),
            scan_half_angle(scan),
            float(laser_in_base[0]),
        )
        self.source.used(scan.header.stamp)

    def forget(self) -> None:
        """Nothing that was seen holds any more."""
        self.source.forget()
        self._waiting.clear()
        self._forget_obstacles()

    def _forget_obstacles(self) -> None:
        self._memory = ObstacleMemory(self._parameters)
        self.points_in_base = self.obstacles_in_map = np.zeros((0, 2))


class Odometer:
    """The robot's velocity.

    Args:
        node: subscribes to the odometry.
        source: of it.

    Attributes:
        source: of the odometry.
        velocity: (forward [m/s], turning [rad/s]), the newest.
    """

    def __init__(self, node: Node, source: Source) -> None:
        self.source = source
        self.velocity: Velocity = (0.0, 0.0)
        node.create_subscription(Odometry, topics.ODOM, self._receive, topics.RELIABLE_QOS)

    def _receive(self, message: Odometry) -> None:
        twist = message.twist.twist
        velocity = (twist.linear.x, twist.angular.z)
        defect = self.source.stamp_defect(message.header.stamp)
        if not (abs(velocity[0]) <= FASTEST and abs(velocity[1]) <= FASTEST_TURN):
            defect = (
                f"it says {velocity[0]:g} m/s and {velocity[1]:g} rad/s, expected at most "
                f"{FASTEST:g} m/s and {FASTEST_TURN:g} rad/s"
            )
        if defect is not None:
            self.source.refuse(defect)
            return
        self.velocity = velocity
        self.source.used(message.header.stamp)

    def missing(self) -> str:
        """That there is no velocity of now, and why; empty when there is one."""
        return "no odometry" if self.source.silence is None else self.source.missing()

    def forget(self) -> None:
        """The velocity that was heard does not hold any more."""
        self.source.forget()
        self.velocity = (0.0, 0.0)

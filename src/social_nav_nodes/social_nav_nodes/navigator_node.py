"""The navigator that stands in for Nav2 where Nav2 is not installed: NavigateToPose to cmd_vel.

It plans on the map, the social costs and the lidar's points, follows the path and plans again at a
fixed rate.  A new goal replaces the one before, as with Nav2.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from geometry_msgs.msg import Twist
from nav2_msgs.action import NavigateToPose
from nav_msgs.msg import Path
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.task import Future
from social_nav_core.geometry import FloatArray, compose, inverse
from social_nav_core.input_files import one_line
from social_nav_core.parameters import parameter
from social_nav_core.sim.follower import DriveStatus, FollowerParameters, PathFollower
from social_nav_core.sim.obstacles import MemoryParameters
from social_nav_core.sim.planner import PlannerParameters, PlanningError
from std_msgs.msg import Header

from social_nav_nodes import topics
from social_nav_nodes.action_end import finish
from social_nav_nodes.conversions import (
    path_message,
    pose_from,
    pose_stamped,
)
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.life_signs import Watch, clock_time, on_time_jump
from social_nav_nodes.navigator_map import NavigatorMap
from social_nav_nodes.navigator_senses import Lidar, Odometer, Source
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup

NONE, UNKNOWN, TF_ERROR, TIMEOUT = 0, 9000, 9002, 9003  # error codes, as newer Nav2 names them
PROGRESS, PROGRESS_TURN = 0.1, 0.2  # by which a robot that drives changes its pose [m], [rad]
GOAL = "goal"  # that somebody has sent, for the watch
LONG_PLANNING = 0.2  # during which the robot had better not drive on [s]


@dataclass(frozen=True)
class NavigatorParameters:
    """Of the navigator node."""

    use_social_costs: bool = parameter(True, "", "whether the social costmap counts")
    control_rate: float = parameter(20.0, "Hz", "of cmd_vel", 1.0, 100.0)
    planning_rate: float = parameter(1.0, "Hz", "of new plans on the way", 0.1, 20.0)
    patience: float = parameter(
        10.0, "s", "without a plan or progress before it gives up", 0.5, 120.0
    )
    social_timeout: float = parameter(
        2.0, "s", "social costs older than this, or not renewed, are dropped", 0.1, 60.0
    )
    scan_timeout: float = parameter(
        1.0, "s", "without a new scan of use, after one has come, the robot stands", 0.1, 60.0
    )
    odometry_timeout: float = parameter(
        0.5, "s", "without new odometry of use the robot stands", 0.1, 60.0
    )


@dataclass
class Drive:
    """One goal while it is being driven to; times in seconds of the node's clock.

    Attributes:
        planned: when the last plan was made, or was not found.
        moved: when the robot had last come on from where it was then, `moved_to`.
    """

    goal_handle: ServerGoalHandle
    goal_in_map: FloatArray
    done: Future
    started: float | None = None
    planned: float = -np.inf
    moved: float = 0.0
    moved_to: FloatArray | None = None
    has_path: bool = False
    distance: float = 0.0
    trouble: str = ""


class NavigatorNode(Node):
    """NavigateToPose in, cmd_vel out."""

    PARAMETERS: ClassVar = {
        "": NavigatorParameters,
        "planner": PlannerParameters,
        "follower": FollowerParameters,
        "memory": MemoryParameters,
    }

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("navigator", **options)
        read = read_parameters(self, self.PARAMETERS)
        self._config: NavigatorParameters = read[""]
        self._follower = PathFollower(read["follower"])
        self._log = ThrottledLog(self.get_logger())
        self._transforms = TransformLookup(self, self._log)
        self._watch = Watch(self, self._tick)
        about = self._config
        scans = self._source(topics.SCAN, about.scan_timeout)
        self._lidar = Lidar(self, self._transforms, scans, read["memory"])
        self._odometer = Odometer(self, self._source(topics.ODOM, about.odometry_timeout))
        self._costs = self._source(topics.SOCIAL_COSTMAP, about.social_timeout)
        costs = self._costs if about.use_social_costs else None
        self._map = NavigatorMap(self, self._log, read["planner"], costs, self._plan_anew)
        self._drive: Drive | None = None
        self._planning_took = 0.0
        self._cmd_vel = self.create_publisher(Twist, topics.CMD_VEL, 1)
        self._plan = self.create_publisher(Path, topics.PLAN, topics.RELIABLE_QOS)
        self._jumps = on_time_jump(self, self._forget)
        self._diagnostics = Diagnostics(self, self._log, self._values)
        self._server = ActionServer(
            self,
            NavigateToPose,
            topics.NAVIGATE_TO_POSE,
            execute_callback=finish,
            goal_callback=self._accept,
            handle_accepted_callback=self._begin,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
        )
        self.create_timer(1.0 / self._config.control_rate, self._control)

    def _source(self, topic: str, timeout: float) -> Source:
        return Source(self, self._watch, self._log, topic, timeout)

    def _tick(self) -> None:
        self._map.drop_old_costs()
        if self._drive is not None and clock_time(self) == 0.0:
            self._await_time(self._drive)

    def _await_time(self, drive: Drive) -> None:
        """Before simulated time begins, nothing else is called and whoever sent a goal waits."""
        if drive.goal_handle.is_cancel_requested:
            self._end("cancelled", UNKNOWN)
        elif self._watch.ticks_silent(GOAL) > self._config.patience:
            self._end("simulated time has not begun: does the simulator run?", TIMEOUT)
        else:
            drive.goal_handle.publish_feedback(NavigateToPose.Feedback())

    def _plan_anew(self) -> None:
        """Stand until there is a plan that was made with what is known now."""
        if self._drive is not None and self._drive.has_path:
            self._drive.has_path, self._drive.planned = False, -np.inf
            self._cmd_vel.publish(Twist())

    def _forget(self, jump: str) -> None:
        """Nothing that was known holds on a clock that jumped."""
        self._lidar.forget()
        self._odometer.forget()
        self._map.forget_costs()
        self._end(jump, UNKNOWN)

    def _values(self) -> dict[str, object]:
        return {
            "driving": self._drive is not None,
            "trouble": self._drive.trouble if self._drive else "",
            "social costs in use": self._map.social is not None,
            "social costs silent for [s]": self._costs.silence,
            "scan silent for [s]": self._lidar.source.silence,
            "odometry silent for [s]": self._odometer.source.silence,
        }

    def _accept(self, goal: NavigateToPose.Goal) -> GoalResponse:
        turn = goal.pose.pose.orientation
        place = goal.pose.pose.position
        values = np.array([place.x, place.y, turn.x, turn.y, turn.z, turn.w])
        if not np.isfinite(values).all() or not values[2:].any():
            x, y, *quaternion = (f"{value:g}" for value in values.tolist())
            self._log.warning(
                "goal",
                f"a goal at ({x}, {y}) m with the quaternion ({', '.join(quaternion)}) is refused, "
                "expected finite numbers and a quaternion that is not 0",
            )
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _begin(self, goal_handle: ServerGoalHandle) -> None:
        """Replace the goal before, and go."""
        self._end("replaced by a new goal", UNKNOWN)
        self._watch.heard(GOAL)
        message = goal_handle.request.pose
        frame = message.header.frame_id or topics.MAP_FRAME
        frame_in_map = self._transforms.pose(frame, topics.MAP_FRAME)
        done: Future = Future()
        if frame_in_map is None:
            frame_in_map = np.full(3, np.nan)
        goal = compose(frame_in_map, pose_from(message.pose))
        self._drive = Drive(goal_handle, goal, done)
        goal_handle.execute(partial(finish, done))
        if not np.isfinite(goal).all():
            self._end(f"no transform from '{frame}' to 'map'", TF_ERROR)

    def _end(self, message: str, error_code: int) -> None:
        """Stop, and report how the present drive ended; nothing when there is none."""
        if self._drive is None:
            return
        drive, self._drive = self._drive, None
        message = one_line(message, 300) if message else ""
        if error_code == NONE or drive.goal_handle.is_cancel_requested:
            self.get_logger().info(f"the drive ended: {message or 'arrived'}")
        else:
            self._log.warning(f"drive {id(drive)}", f"the drive ended: {message}")
        self._cmd_vel.publish(Twist())
        result = NavigateToPose.Result()
        if hasattr(result, "error_code"):  # Humble's is empty
            result.error_code, result.error_msg = error_code, message
        drive.done.set_result((result, error_code == NONE))

    def _control(self) -> None:
        self._lidar.look()
        drive = self._drive
        if drive is None:
            return
        if drive.goal_handle.is_cancel_requested:
            self._end("cancelled", UNKNOWN)
            return
        now = clock_time(self)
        if drive.started is None:
            drive.started = drive.moved = now
        robot_in_map = self._transforms.pose(topics.BASE_FRAME, topics.MAP_FRAME)
        missing = self._missing(robot_in_map)
        if missing:
            drive.trouble = missing
            self._plan_anew()
        elif robot_in_map is not None and now - drive.planned >= 1.0 / self._config.planning_rate:
            drive.planned = now
            self._make_plan(drive, robot_in_map)
        if robot_in_map is not None and drive.has_path:
            self._follow(drive, robot_in_map, now)
        else:
            self._follower.stand()
            self._cmd_vel.publish(Twist())
            feedback = NavigateToPose.Feedback(distance_remaining=drive.distance)
            drive.goal_handle.publish_feedback(feedback)
        if self._drive is drive and now - drive.moved > self._config.patience:
            self._end(drive.trouble or f"no progress for {now - drive.moved:.1f} s", TIMEOUT)

    def _missing(self, robot_in_map: FloatArray | None) -> str:
        """Without what the robot cannot drive now; empty when all is there."""
        if self._map.geometry is None:
            return "no map"
        if robot_in_map is None:
            return "no pose of the robot"
        silent = self._lidar.source.missing() or self._odometer.missing()
        if silent:
            self._log.warning("standing", f"the robot stands: {silent}")
        return silent

    def _make_plan(self, drive: Drive, robot_in_map: FloatArray) -> None:
        if self._planning_took > LONG_PLANNING:  # in which nobody brakes
            self._cmd_vel.publish(Twist())
        began = time.monotonic()
        try:
            path = self._map.plan(robot_in_map, drive.goal_in_map, self._lidar.obstacles_in_map)
        except PlanningError as error:
            drive.trouble = str(error)
            self._log.warning("plan", f"no plan: {error}")
            return
        finally:
            self._planning_took = time.monotonic() - began
        drive.trouble, drive.has_path = "", True
        self._follower.set_path(path, float(drive.goal_in_map[2]))
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=topics.MAP_FRAME)
        self._plan.publish(path_message(path, header))

    def _follow(self, drive: Drive, robot_in_map: FloatArray, now: float) -> None:
        x, y, yaw = robot_in_map.tolist()
        period = 1.0 / self._config.control_rate
        command = self._follower.command(
            (x, y, yaw), self._odometer.velocity, period, self._lidar.points_in_base
        )
        twist = Twist()
        twist.linear.x, twist.angular.z = command.velocity
        self._cmd_vel.publish(twist)
        if command.status is DriveStatus.BLOCKED:
            drive.trouble = command.status.value
        elif not drive.trouble and _has_come_on(drive.moved_to, robot_in_map):
            drive.moved, drive.moved_to = now, robot_in_map
        drive.distance = command.distance_remaining
        self._send_feedback(drive, robot_in_map, now)
        if command.status is DriveStatus.ARRIVED:
            self._end("", NONE)

    def _send_feedback(self, drive: Drive, robot_in_map: FloatArray, now: float) -> None:
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=topics.MAP_FRAME)
        speed = self._follower.parameters.speed
        drive.goal_handle.publish_feedback(
            NavigateToPose.Feedback(
                current_pose=pose_stamped(robot_in_map, header),
                navigation_time=Duration(seconds=now - (drive.started or now)).to_msg(),
                estimated_time_remaining=Duration(seconds=drive.distance / speed).to_msg(),
                distance_remaining=drive.distance,
            )
        )


def _has_come_on(before: FloatArray | None, robot_in_map: FloatArray) -> bool:
    """Whether a pose is another one than before, by more than localisation trembles."""
    if before is None:
        return True
    x, y, yaw = compose(inverse(before), robot_in_map).tolist()
    return bool(np.hypot(x, y) >= PROGRESS or abs(yaw) >= PROGRESS_TURN)


def main() -> None:
    run_node(NavigatorNode)


if __name__ == "__main__":
    main()

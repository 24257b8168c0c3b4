"""The navigator that stands in for Nav2 where Nav2 is not installed: NavigateToPose to cmd_vel.

It plans on the map, the social costs and the lidar's points, follows the path and plans again at a
fixed rate.  A new goal replaces the one before, as with Nav2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from geometry_msgs.msg import Twist
from nav2_msgs.action import NavigateToPose
from nav_msgs.msg import OccupancyGrid, Odometry, Path
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import LaserScan
from social_nav_core.geometry import FloatArray, compose, inverse, transform_points
from social_nav_core.input_files import one_line
from social_nav_core.parameters import parameter
from social_nav_core.sim.follower import DriveStatus, FollowerParameters, PathFollower
from social_nav_core.sim.obstacles import MemoryParameters, ObstacleMemory
from social_nav_core.sim.planner import GridPlanner, PlannerParameters, PlanningError
from std_msgs.msg import Header

from social_nav_nodes import topics
from social_nav_nodes.action_end import finish
from social_nav_nodes.conversions import (
    path_message,
    pose_from,
    pose_stamped,
    scan_points,
    seconds,
)
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.life_signs import Watch, on_time_jump
from social_nav_nodes.map_reading import read_map
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup, WaitingMessages

SOCIAL, SCAN = "social costs", "scan"  # what is watched
NONE, UNKNOWN, TF_ERROR, TIMEOUT = 0, 9000, 9002, 9003  # error codes, as newer Nav2 names them
FASTEST, FASTEST_TURN = 5.0, 20.0  # that odometry may say [m/s], [rad/s]


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
        2.0, "s", "social costs that are not renewed for so long are dropped", 0.1, 60.0
    )
    scan_timeout: float = parameter(
        1.0, "s", "without a scan, after one has come, the robot stands", 0.1, 60.0
    )


@dataclass
class Drive:
    """One goal while it is being driven to; times in seconds of the node's clock."""

    goal_handle: ServerGoalHandle
    goal_in_map: FloatArray
    done: Future
    started: float | None = None
    planned: float = -np.inf
    moved: float = 0.0
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
        self._planner_parameters: PlannerParameters = read["planner"]
        self._follower = PathFollower(read["follower"])
        self._log = ThrottledLog(self.get_logger())
        self._transforms = TransformLookup(self, self._log)
        self._planner: GridPlanner | None = None
        self._social: FloatArray | None = None
        self._scans: WaitingMessages[LaserScan] = WaitingMessages(self._transforms)
        self._memory_parameters: MemoryParameters = read["memory"]
        self._memory: ObstacleMemory | None = None
        self._points_in_base: FloatArray = np.zeros((0, 2))
        self._obstacles_in_map: FloatArray = np.zeros((0, 2))
        self._velocity = (0.0, 0.0)
        self._drive: Drive | None = None
        self._cmd_vel = self.create_publisher(Twist, topics.CMD_VEL, 1)
        self._plan = self.create_publisher(Path, topics.PLAN, topics.RELIABLE_QOS)
        self._watch = Watch(self, self._drop_old_costs)
        self._jumps = on_time_jump(self, self._forget)
        self._subscribe()
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

    def _subscribe(self) -> None:
        self.create_subscription(OccupancyGrid, topics.MAP, self._receive_map, topics.LATCHED_QOS)
        if self._config.use_social_costs:
            self.create_subscription(
                OccupancyGrid, topics.SOCIAL_COSTMAP, self._receive_social, topics.LATCHED_QOS
            )
        self.create_subscription(LaserScan, topics.SCAN, self._receive_scan, topics.SENSOR_QOS)
        self.create_subscription(Odometry, topics.ODOM, self._receive_odometry, topics.RELIABLE_QOS)

    def _receive_map(self, message: OccupancyGrid) -> None:
        found = read_map(message, self._log)
        if found is not None:
            self._planner = GridPlanner(*found, self._planner_parameters)
            self._social = None
            self._plan_anew()

    def _plan_anew(self) -> None:
        """Stand until there is a plan that was made with what is known now."""
        if self._drive is not None and self._drive.has_path:
            self._drive.has_path, self._drive.planned = False, -np.inf
            self._cmd_vel.publish(Twist())

    def _forget(self, jump: str) -> None:
        """Nothing that was known holds on a clock that jumped."""
        self._scans.clear()
        self._memory, self._social = None, None
        self._points_in_base = self._obstacles_in_map = np.zeros((0, 2))
        self._end(jump, UNKNOWN)

    def _drop_old_costs(self) -> None:
        silence = self._watch.silence(SOCIAL)
        if self._social is not None and (silence or 0.0) > self._config.social_timeout:
            self._social = None
            topic = self.resolve_topic_name(topics.SOCIAL_COSTMAP)
            self._log.warning(
                SOCIAL, f"no social costs on '{topic}' for {silence:.1f} s, they are dropped"
            )

    def _values(self) -> dict[str, object]:
        return {
            "driving": self._drive is not None,
            "trouble": self._drive.trouble if self._drive else "",
            "social costs in use": self._social is not None,
            "social costs silent for [s]": self._watch.silence(SOCIAL),
            "scan silent for [s]": self._watch.silence(SCAN),
        }

    def _receive_scan(self, message: LaserScan) -> None:
        self._watch.heard(SCAN)
        self._scans.add(message)

    def _receive_social(self, message: OccupancyGrid) -> None:
        if self._planner is None:
            return
        found = read_map(message, self._log)
        if found is None:
            return
        geometry, cells = found
        if geometry != self._planner.geometry:
            self._log.warning("social costs", "the social costs are on another grid than the map")
            return
        self._social = np.maximum(cells, 0) / 100.0
        self._watch.heard(SOCIAL)

    def _take_scan(self) -> None:
        """Keep what is in the way now, and what was there where the lidar does not look."""
        newest = self._scans.take(topics.MAP_FRAME)
        if newest is None:
            return
        scan, laser_in_map = newest
        laser_in_base = self._transforms.pose(scan.header.frame_id, topics.BASE_FRAME)
        if laser_in_base is None:
            return
        self._points_in_base = transform_points(laser_in_base, scan_points(scan))
        if self._memory is None:
            half_angle = max(-scan.angle_min, scan.angle_max)
            forward = float(laser_in_base[0])
            self._memory = ObstacleMemory(half_angle, forward, self._memory_parameters)
        robot_in_map = compose(laser_in_map, inverse(laser_in_base))
        time = seconds(scan.header.stamp)
        self._obstacles_in_map = self._memory.update(self._points_in_base, robot_in_map, time)

    def _receive_odometry(self, message: Odometry) -> None:
        twist = message.twist.twist
        velocity = (twist.linear.x, twist.angular.z)
        if not (abs(velocity[0]) <= FASTEST and abs(velocity[1]) <= FASTEST_TURN):
            self._log.warning(
                "odometry",
                f"odometry says {velocity[0]:g} m/s and {velocity[1]:g} rad/s and is ignored, "
                f"expected at most {FASTEST:g} m/s and {FASTEST_TURN:g} rad/s",
            )
            return
        self._velocity = velocity

    def _accept(self, goal: NavigateToPose.Goal) -> GoalResponse:
        turn = goal.pose.pose.orientation
        values = [*pose_from(goal.pose.pose), turn.x, turn.y, turn.z, turn.w]
        if not np.isfinite(values).all() or not np.any(values[3:]):
            self.get_logger().warning("a goal that is not a finite pose is refused")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _begin(self, goal_handle: ServerGoalHandle) -> None:
        """Replace the goal before, and go."""
        self._end("replaced by a new goal", UNKNOWN)
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

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _control(self) -> None:
        self._take_scan()
        drive = self._drive
        if drive is None:
            return
        if drive.goal_handle.is_cancel_requested:
            self._end("cancelled", UNKNOWN)
            return
        now = self._now()
        if now == 0.0:  # simulated time has not come yet
            return
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
        else:  # a sign of life
            feedback = NavigateToPose.Feedback(distance_remaining=drive.distance)
            drive.goal_handle.publish_feedback(feedback)
        if self._drive is drive and now - drive.moved > self._config.patience:
            self._end(drive.trouble or "no progress", TIMEOUT)

    def _missing(self, robot_in_map: FloatArray | None) -> str:
        """Without what the robot cannot drive now; empty when all is there."""
        if self._planner is None:
            return "no map"
        if robot_in_map is None:
            return "no pose of the robot"
        silence = self._watch.silence(SCAN)
        if silence is not None and silence > self._config.scan_timeout:
            topic = self.resolve_topic_name(topics.SCAN)
            self._log.warning(SCAN, f"no scan on '{topic}' for {silence:.1f} s, the robot stands")
            return "no scan"
        return ""

    def _make_plan(self, drive: Drive, robot_in_map: FloatArray) -> None:
        assert self._planner is not None
        self._planner.update(self._social, self._obstacles_in_map)
        try:
            path = self._planner.plan(robot_in_map, drive.goal_in_map)
        except PlanningError as error:
            drive.trouble = str(error)
            self._log.warning("plan", f"no plan: {error}")
            return
        drive.trouble, drive.has_path = "", True
        self._follower.set_path(path, float(drive.goal_in_map[2]))
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=topics.MAP_FRAME)
        self._plan.publish(path_message(path, header))

    def _follow(self, drive: Drive, robot_in_map: FloatArray, now: float) -> None:
        x, y, yaw = robot_in_map.tolist()
        period = 1.0 / self._config.control_rate
        command = self._follower.command((x, y, yaw), self._velocity, period, self._points_in_base)
        twist = Twist()
        twist.linear.x, twist.angular.z = command.velocity
        self._cmd_vel.publish(twist)
        if command.status is DriveStatus.BLOCKED:
            drive.trouble = command.status.value
        elif not drive.trouble:
            drive.moved = now
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


def main() -> None:
    run_node(NavigatorNode)


if __name__ == "__main__":
    main()

"""What the launch tests give Nav2: people of a scene, a robot that drives as told, transforms."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
import yaml
from geometry_msgs.msg import PoseStamped, TransformStamped, Twist
from nav2_msgs.action import ComputePathToPose, FollowPath
from nav_msgs.msg import OccupancyGrid, Odometry
from nav_msgs.msg import Path as PathMessage
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.parameter import Parameter as RclpyParameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from social_nav_core.geometry import quaternion_from_yaw
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person
from social_nav_core.proxemics import shipped_model, social_cost, social_field
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from social_nav_msgs.msg import SocialPerson, SocialPersonArray

WORLDS = Path(__file__).resolve().parents[4] / "worlds"
SCENES = ("single", "face_to_face", "side_by_side", "l_shape", "circle")
MODEL = shipped_model()
PERIOD = 0.05  # [s] of the simulated robot


def people_of(scene: dict[str, Any]) -> list[Person]:
    return [
        Person(p["id"], np.array(p["pose"], dtype=float), group_id=p.get("group", ""))
        for p in scene["people"]
    ]


def message_of(person: Person) -> SocialPerson:
    x, y, yaw = person.pose.tolist()
    message = SocialPerson(id=person.id, group_id=person.group_id, confidence=1.0)
    message.pose.pose.position.x, message.pose.pose.position.y = x, y
    q = message.pose.pose.orientation
    q.x, q.y, q.z, q.w = quaternion_from_yaw(yaw)
    message.intent_probabilities[0] = 1.0
    message.attitude_probabilities[0] = 1.0
    message.action_probabilities[0] = 1.0
    return message


class World(Node):
    """People and a differential-drive robot around a real Nav2."""

    def __init__(self) -> None:
        super().__init__("world")
        self.people: list[Person] = []
        self.robot = np.array([-5.0, 0.0, 0.0])
        self.command = Twist()
        self._asked = 0.0
        self.grids: dict[str, OccupancyGrid] = {}
        self.track: list[tuple[float, float]] = []
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._people = self.create_publisher(SocialPersonArray, "/social_people", 10)
        self._tf = self.create_publisher(TFMessage, "/tf", 10)
        self._odom = self.create_publisher(Odometry, "/odom", 10)
        self.create_subscription(Twist, "/cmd_vel", self._on_command, 10)
        for costmap in ("global_costmap", "local_costmap"):
            topic = f"/{costmap}/social/costmap"
            keep = self._keeper(costmap)
            self.create_subscription(OccupancyGrid, topic, keep, latched)
        around = self._keeper("around the robot")
        self.create_subscription(OccupancyGrid, "/local_costmap/costmap", around, latched)
        self.create_timer(PERIOD, self._step)
        self.create_timer(0.2, self._publish_people)

    def _keeper(self, costmap: str) -> Callable[[OccupancyGrid], None]:
        return lambda grid: self.grids.update({costmap: grid})

    def _on_command(self, command: Twist) -> None:
        self.command = command

    def _publish_people(self) -> None:
        message = SocialPersonArray(people=[message_of(p) for p in self.people])
        message.header.frame_id = "map"
        message.header.stamp = self.get_clock().now().to_msg()
        for person in message.people:
            person.last_seen = message.header.stamp
        self._people.publish(message)

    def _step(self) -> None:
        v, w = self.command.linear.x, self.command.angular.z
        self.robot[2] += 0.5 * PERIOD * w
        self.robot[:2] += PERIOD * v * np.array([math.cos(self.robot[2]), math.sin(self.robot[2])])
        self.robot[2] += 0.5 * PERIOD * w
        self.track.append((float(self.robot[0]), float(self.robot[1])))
        stamp = self.get_clock().now().to_msg()
        base, odom = TransformStamped(), TransformStamped()
        odom.header.frame_id, odom.child_frame_id = "map", "odom"
        odom.transform.rotation.w = 1.0
        base.header.frame_id, base.child_frame_id = "odom", "base_link"
        base.transform.translation.x, base.transform.translation.y = map(float, self.robot[:2])
        q = base.transform.rotation
        q.x, q.y, q.z, q.w = quaternion_from_yaw(float(self.robot[2]))
        for transform in (base, odom):
            transform.header.stamp = stamp
        self._tf.publish(TFMessage(transforms=[odom, base]))
        message = Odometry(child_frame_id="base_link")
        message.header = base.header
        message.pose.pose.position.x, message.pose.pose.position.y = map(float, self.robot[:2])
        message.pose.pose.orientation = q
        message.twist.twist = self.command
        self._odom.publish(message)

    def wait_for(self, done: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Spin until something is true; an AssertionError that names it when it never is."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"{what} did not happen in {seconds} s"
            rclpy.spin_once(self, timeout_sec=0.05)

    def result_of(self, future: Any, what: str, seconds: float = 60.0) -> Any:
        self.wait_for(future.done, what, seconds)
        return future.result()

    def wait_for_servers(self) -> None:
        """Wait until the lifecycle manager says that all its nodes are active."""
        client = self.create_client(Trigger, "/lifecycle_manager/is_active")
        self.wait_for(client.service_is_ready, "the lifecycle manager starting", 120.0)
        answers: list[Any] = []

        def active() -> bool:
            """Ask again while there is no answer: the manager is busy while it brings nodes up."""
            if not answers or answers[-1].done() or time.monotonic() > self._asked + 2.0:
                answers.append(client.call_async(Trigger.Request()))
                self._asked = time.monotonic()
            return any(a.done() and a.result().success for a in answers)

        self.wait_for(active, "the servers becoming active", 120.0)

    def set(self, costmap: str, name: str, value: bool | int) -> None:
        """Set a parameter of the social layer of a costmap."""
        self.set_parameter(f"/{costmap}/{costmap}", f"social.{name}", value)

    def set_parameter(self, node: str, name: str, value: bool | int | float) -> None:
        kind = RclpyParameter(name, value=value).to_parameter_msg()
        request = SetParameters.Request(parameters=[kind])
        answer = self.ask(SetParameters, f"{node}/set_parameters", request)
        assert answer.results[0].successful, answer.results[0].reason

    def ask(self, service: Any, name: str, request: Any) -> Any:
        """Answer of a service."""
        client = self.create_client(service, name)
        self.wait_for(client.service_is_ready, f"service {name}")
        answer = self.result_of(client.call_async(request), f"an answer of {name}")
        self.destroy_client(client)
        return answer

    def wait_for_costs(self, costmap: str, enabled: bool) -> None:
        """Wait until a costmap shows the costs that Python computes, or none when disabled."""
        people = self.people if enabled else []
        self.wait_for(lambda: self.shows(costmap, people), f"the costs of people in {costmap}")

    def wait_for_update(self, costmap: str) -> None:
        """Wait for two more of the layer's own grids: the first may have been on its way."""
        seen: list[OccupancyGrid] = [self.grids[costmap]]

        def updated() -> bool:
            if self.grids[costmap] is not seen[-1]:
                seen.append(self.grids[costmap])
            return len(seen) > 2

        self.wait_for(updated, f"an update of {costmap}")

    def put_robot(self, pose: Sequence[float]) -> None:
        """Put the robot somewhere and wait until the local costmap has followed."""
        self.robot[:] = pose
        self.command = Twist()

        def followed() -> bool:
            if (grid := self.grids.get("around the robot")) is None:
                return False
            middle = 0.5 * grid.info.resolution * np.array([grid.info.width, grid.info.height])
            corner = grid.info.origin.position
            center = middle + np.array([corner.x, corner.y])
            return bool(np.hypot(*(center - self.robot[:2])) < 0.2)

        self.wait_for(followed, "the local costmap following the robot")

    def shows(self, costmap: str, people: Sequence[Person]) -> bool:
        """Whether the layer's grid equals the field that Python computes for people."""
        grid = self.grids.get(costmap)
        if grid is None or not grid.data:
            return grid is not None and not people
        origin = (grid.info.origin.position.x, grid.info.origin.position.y, 0.0)
        where = GridGeometry(grid.info.width, grid.info.height, grid.info.resolution, origin)
        expected = 100.0 * social_field(people, MODEL, where)
        cells = np.array(grid.data, dtype=float).reshape(where.shape)
        return bool(np.abs(cells - expected).max() <= 1.5)

    def call(self, action: Any, name: str, goal: Any, seconds: float = 60.0) -> Any:
        client = ActionClient(self, action, name)
        self.wait_for(client.server_is_ready, f"action {name}", 120.0)
        handle = self.result_of(client.send_goal_async(goal), f"{name} taking the goal")
        assert handle.accepted, f"{name} refused the goal"
        result = self.result_of(handle.get_result_async(), f"a result of {name}", seconds).result
        client.destroy()
        return result

    def plan(
        self, planner: str, goal: Sequence[float], start: Sequence[float] | None = None
    ) -> PathMessage:
        """A path from a start, or from where the robot is, to a goal."""
        request = ComputePathToPose.Goal(planner_id=planner, use_start=start is not None)
        request.goal = pose_in_map(goal)
        if start is not None:
            request.start = pose_in_map(start)
        path = self.call(ComputePathToPose, "compute_path_to_pose", request).path
        assert len(path.poses) > 10, f"{planner} found no path"
        return path

    def follow(self, path: PathMessage, seconds: float) -> tuple[np.ndarray, int]:
        """The robot's track ``(n, 2)`` [m] along a path, and FollowPath's error code (0: none)."""
        self.track.clear()
        result = self.call(FollowPath, "follow_path", FollowPath.Goal(path=path), seconds)
        return np.array(self.track), result.error_code


def load_scene(name: str) -> dict[str, Any]:
    return yaml.safe_load((WORLDS / "scenes" / f"{name}.yaml").read_text(encoding="utf-8"))


def pose_in_map(pose: Sequence[float]) -> PoseStamped:
    message = PoseStamped()
    message.header.frame_id = "map"
    message.pose.position.x, message.pose.position.y = float(pose[0]), float(pose[1])
    q = message.pose.orientation
    q.x, q.y, q.z, q.w = quaternion_from_yaw(float(pose[2]))
    return message


def points_of(path: PathMessage) -> np.ndarray:
    """Positions ``(n, 2)`` [m] of a path."""
    return np.array([(p.pose.position.x, p.pose.position.y) for p in path.poses])


def largest_cost_and_length(track: np.ndarray, people: Sequence[Person]) -> tuple[float, float]:
    """Largest social cost, as a share of the peak, and length [m] of a track ``(n, 2)``."""
    length = float(np.hypot(*np.diff(track, axis=0).T).sum())
    return float(social_cost(track, people, MODEL).max()), length

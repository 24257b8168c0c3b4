"""The headless simulator as a robot: clock, map, odometry, scan, bodies and people; cmd_vel in.

It stands in for Gazebo, the robot's drivers and localisation (exact, unless `localised` leaves it
to others) and, where `stands_in` says so, for the perception: with the truth about everybody in the
room, which is always there as `social_people_truth`, as `social_people`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from geometry_msgs.msg import Twist
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import LaserScan
from social_nav_core.bodies import expressed_in_parent
from social_nav_core.geometry import compose, inverse
from social_nav_core.parameters import parameter
from social_nav_core.sim.camera import BoxBlockers, Camera, CameraParameters
from social_nav_core.sim.cast import Cast
from social_nav_core.sim.detector import Detector, DetectorParameters
from social_nav_core.sim.lidar import LidarParameters
from social_nav_core.sim.people import WalkerParameters
from social_nav_core.sim.robot import RobotParameters
from social_nav_core.sim.scene import load_scene, occupancy
from social_nav_core.sim.world import World
from std_msgs.msg import Header
from tf2_ros import StaticTransformBroadcaster, TransformBroadcaster

from social_nav_msgs.msg import BodyArray, SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import (
    bodies_message,
    grid_message,
    odometry_message,
    people_message,
    stamp_of,
    transform_message,
)
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog

STEP = 0.02  # of simulated time [s]; odometry and transforms come at TIAGo's 50 Hz
START = 10.0  # simulated time at which the world starts [s]; zero means "no time" in ROS
BASE_HEIGHT = 0.0985  # of base_link above base_footprint [m], the radius of TIAGo's wheels
LASER_HEIGHT = 0.0945  # of the lidar above base_footprint [m]


@dataclass(frozen=True)
class SimulatorParameters:
    """Of the simulator node."""

    scene: str = parameter("", "", "scene file (YAML)")
    seed: int = parameter(1, "", "of everything random", 0, 2**31 - 1)
    speed: float = parameter(1.0, "", "simulated seconds per second", 0.05, 50.0)
    resolution: float = parameter(0.05, "m", "of the map", 0.01, 0.5)
    people_rate: float = parameter(10.0, "Hz", "of the truth about people", 0.5, 1.0 / STEP)
    stands_in: bool = parameter(
        True, "", "publish the truth as social_people, in place of a perception"
    )
    localised: bool = parameter(
        True, "", "publish the map and where odom is in it; false leaves both to Nav2"
    )


@dataclass(frozen=True)
class SimulatedLidar(LidarParameters):
    """A lidar whose scans are taken at steps."""

    rate: float = parameter(10.0, "Hz", "scans per second", 0.1, 1.0 / STEP)


@dataclass(frozen=True)
class SimulatedCamera(CameraParameters):
    """A camera whose images are taken at steps."""

    rate: float = parameter(30.0, "Hz", "images per second", 1.0, 1.0 / STEP)


class SimulatorNode(Node):
    """Moves the world and publishes what a robot in it would."""

    PARAMETERS: ClassVar = {
        "": SimulatorParameters,
        "robot": RobotParameters,
        "walkers": WalkerParameters,
        "lidar": SimulatedLidar,
        "camera": SimulatedCamera,
        "detector": DetectorParameters,
    }

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("simulator", **options)
        read = read_parameters(self, self.PARAMETERS)
        self._config: SimulatorParameters = read[""]
        if not self._config.scene:
            raise ValueError("simulator: parameter scene is empty, expected the path of a scene")
        scene = load_scene(self._config.scene)
        seed = self._config.seed
        self._world = World(scene, seed, read["robot"], read["walkers"], read["lidar"])
        self._scan_rate, self._image_rate = read["lidar"].rate, read["camera"].rate
        camera_rng = np.random.default_rng([seed, 1])
        self._camera = Camera(read["camera"])
        self._detector = Detector(self._camera, read["detector"], camera_rng)
        self._cast = Cast(self._world.state.people, camera_rng)
        self._blockers = BoxBlockers.of(scene.room.boxes)
        self._log = ThrottledLog(self.get_logger())
        self._diagnostics = Diagnostics(self, self._log)
        self._command: tuple[float, float] | None = None
        self._steps = 0
        self._make_topics()
        self._publish_fixed()
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(STEP / self._config.speed, self.step, clock=steady)

    def _make_topics(self) -> None:
        self._clock_topic = self.create_publisher(ClockMessage, "/clock", topics.SENSOR_QOS)
        if self._config.localised:
            self._map = self.create_publisher(OccupancyGrid, topics.MAP, topics.LATCHED_QOS)
        self._odometry = self.create_publisher(Odometry, topics.ODOM, topics.RELIABLE_QOS)
        self._truth = self.create_publisher(Odometry, topics.GROUND_TRUTH, topics.RELIABLE_QOS)
        self._scan = self.create_publisher(LaserScan, topics.SCAN, topics.SENSOR_QOS)
        self._bodies = self.create_publisher(BodyArray, topics.BODIES, topics.SENSOR_QOS)
        names = [topics.SOCIAL_PEOPLE_TRUTH]
        names += [topics.SOCIAL_PEOPLE] if self._config.stands_in else []
        self._people = [
            self.create_publisher(SocialPersonArray, name, topics.RELIABLE_QOS) for name in names
        ]
        self._transforms = TransformBroadcaster(self)
        self._static_transforms = StaticTransformBroadcaster(self)
        self.create_subscription(Twist, topics.CMD_VEL, self._receive_command, 1)

    def _receive_command(self, message: Twist) -> None:
        command = message.linear.x, message.angular.z
        if not np.isfinite(command).all():
            self._log.warning("cmd_vel", f"cmd_vel {command} is not finite and is ignored")
            return
        self._command = command

    def step(self) -> None:
        """Let one `STEP` of time pass and publish what is due."""
        self._world.step(self._command, STEP)
        self._command = None
        self._steps += 1
        self._diagnostics.count("steps")
        self._clock_topic.publish(ClockMessage(clock=self._header("").stamp))
        self._publish_odometry()
        if self._is_due(self._config.people_rate):
            self._publish_people()
        if self._is_due(self._scan_rate):
            self._publish_scan()
        if self._is_due(self._image_rate):
            self._publish_bodies()

    def _is_due(self, rate: float) -> bool:
        """Whether a message of some rate [Hz] falls into the step that has just been made."""
        before, now = (
            math.floor(steps * STEP * rate + 1e-9) for steps in (self._steps - 1, self._steps)
        )
        return now > before

    def _header(self, frame: str) -> Header:
        return Header(stamp=stamp_of(START + self._steps * STEP), frame_id=frame)

    def _publish_fixed(self) -> None:
        """The map, and where the sensors sit."""
        if self._config.localised:
            geometry, cells = occupancy(self._world.scene, self._config.resolution)
            self._map.publish(grid_message(cells, geometry, self._header(topics.MAP_FRAME)))
        base, camera = self._header(topics.BASE_FRAME), self._camera.parameters
        link = transform_message((0.0, 0.0, 0.0), "base_link", base)
        link.transform.translation.z = BASE_HEIGHT
        forward = self._world.lidar.parameters.forward
        laser = transform_message((forward, 0.0, 0.0), topics.LASER_FRAME, base)
        laser.transform.translation.z = LASER_HEIGHT
        optical = transform_message((camera.mount_x, 0.0, 0.0), topics.CAMERA_FRAME, base)
        optical.transform.translation.z = camera.mount_z
        turn = optical.transform.rotation  # REP-103: z forward, x right, y down
        turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5
        self._static_transforms.sendTransform([link, laser, optical])

    def _publish_odometry(self) -> None:
        """Odometry and, in the map, the truth; the transforms that go with them."""
        state = self._world.state
        odom, in_map = self._header(topics.ODOM_FRAME), self._header(topics.MAP_FRAME)
        for publisher, header, pose in (
            (self._odometry, odom, state.robot_in_odom),
            (self._truth, in_map, state.robot_in_map),
        ):
            publisher.publish(odometry_message(pose, state.robot_velocity, header))
        transforms = [transform_message(state.robot_in_odom, topics.BASE_FRAME, odom)]
        if self._config.localised:
            odom_in_map = compose(state.robot_in_map, inverse(state.robot_in_odom))
            transforms.append(transform_message(odom_in_map, topics.ODOM_FRAME, in_map))
        self._transforms.sendTransform(transforms)

    def _publish_people(self) -> None:
        now = START + self._steps * STEP
        people = [person.person(now) for person in self._world.state.people]
        message = people_message(people, self._header(topics.MAP_FRAME))
        for publisher in self._people:
            publisher.publish(message)

    def _publish_scan(self) -> None:
        lidar = self._world.lidar
        about = lidar.parameters
        self._scan.publish(
            LaserScan(
                header=self._header(topics.LASER_FRAME),
                angle_min=-about.half_angle,
                angle_max=about.half_angle,
                angle_increment=2.0 * about.half_angle / (about.beams - 1),
                scan_time=1.0 / self._scan_rate,
                range_min=about.range_min,
                range_max=about.range_max,
                ranges=self._world.scan().astype(np.float32),
            )
        )

    def _publish_bodies(self) -> None:
        state, camera = self._world.state, self._camera
        figures = self._cast.figures(state.people, state.time)
        camera_pose = camera.pose(state.robot_in_map)
        dt = 1.0 / self._image_rate
        bodies = self._detector.detect(self._cast.ids, figures, camera_pose, self._blockers, dt)
        message = bodies_message(
            expressed_in_parent(bodies, inverse(state.robot_in_map)),
            self._header(topics.BASE_FRAME),
            camera.parameters.width,
            camera.parameters.height,
        )
        self._bodies.publish(message)


def main() -> None:
    run_node(SimulatorNode)


if __name__ == "__main__":
    main()

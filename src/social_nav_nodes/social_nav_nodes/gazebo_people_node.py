"""Gazebo's people: their scripts move the models; what a body tracker would see of them goes out.

The same scripts, bodies and camera as in the headless simulator.  The poses are those that Gazebo
tells (`gazebo_poses`, one frame per model in the world's frame, which is the map's); who has no
script stands where the scene says.  Truth goes out: everybody as `social_people`, the robot as
`ground_truth`, all stamped with the time at which Gazebo had the robot there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.node import Node
from social_nav_core.bodies import expressed_in_parent
from social_nav_core.geometry import FloatArray, inverse, wrap_angle, yaw_from_quaternion
from social_nav_core.parameters import parameter
from social_nav_core.sim.camera import BoxBlockers, Camera, CameraParameters
from social_nav_core.sim.cast import Cast
from social_nav_core.sim.detector import Detector, DetectorParameters
from social_nav_core.sim.gazebo.following import following_velocity
from social_nav_core.sim.gazebo.names import ROBOT_MODEL, check_for_gazebo
from social_nav_core.sim.gazebo.walkers import body_of_model
from social_nav_core.sim.people import (
    Crowd,
    PersonState,
    SteadyWalkerParameters,
    WalkerParameters,
)
from social_nav_core.sim.scene import load_scene
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from social_nav_msgs.msg import BodyArray, SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import bodies_message, odometry_message, people_message, seconds
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.life_signs import clock_time
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.stamps import stamp_defect
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup

GAZEBO_POSES = "gazebo_poses"
LONGEST_STEP = 0.1  # of the scripts [s]
SILENT = 2.0  # without a new pose of the robot is worth a warning [s]
LEAP = 5.0  # between two steps; by more time has begun anew, as when it runs back [s]


@dataclass(frozen=True)
class GazeboPeopleParameters:
    """Of the gazebo_people node."""

    scene: str = parameter("", "", "scene file (YAML) that the world was made from")
    seed: int = parameter(1, "", "of everything random", 0, 2**31 - 1)
    robot: str = parameter(ROBOT_MODEL, "", "name of the robot's model")
    rate: float = parameter(30.0, "Hz", "of velocities, bodies and people", 1.0, 100.0)
    people: bool = parameter(True, "", "publish the truth as social_people, too")


class GazeboPeopleNode(Node):
    """Poses of models in, velocities of models, bodies and people out."""

    PARAMETERS: ClassVar = {
        "": GazeboPeopleParameters,
        "walkers": SteadyWalkerParameters,
        "camera": CameraParameters,
        "detector": DetectorParameters,
    }

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("gazebo_people", **options)
        read = read_parameters(self, self.PARAMETERS)
        self._about: GazeboPeopleParameters = read[""]
        if not self._about.scene:
            raise ValueError("gazebo_people: parameter scene is empty, expected a scene's path")
        scene = load_scene(self._about.scene)
        check_for_gazebo(scene, self._about.robot)
        self._rng, camera_rng = map(
            np.random.default_rng, np.random.SeedSequence(self._about.seed).spawn(2)
        )
        still = WalkerParameters(**asdict(read["walkers"]), sway=0.0)  # Gazebo moves the models
        self._crowd = Crowd(scene.people, still, scene.room.box_array)
        self._scripted = {person.id: person for person in scene.people if person.script}
        self._camera = Camera(read["camera"])
        self._detector = Detector(self._camera, read["detector"], camera_rng)
        self._cast = Cast(self._crowd.states, camera_rng)
        self._blockers = BoxBlockers.of(scene.room.boxes)
        self._poses: dict[str, FloatArray] = {}
        self._robot_stamp = Time()
        self._time: float | None = None
        self._robot_before: FloatArray | None = None
        self._log = ThrottledLog(self.get_logger())
        self._transforms = TransformLookup(self, self._log)
        self._diagnostics = Diagnostics(self, self._log)
        self._velocities = {
            name: self.create_publisher(Twist, f"/model/{name}/cmd_vel", 1)
            for name in self._scripted
        }
        self._bodies = self.create_publisher(BodyArray, topics.BODIES, topics.SENSOR_QOS)
        self._truth = self.create_publisher(Odometry, topics.GROUND_TRUTH, topics.RELIABLE_QOS)
        names = [topics.SOCIAL_PEOPLE_TRUTH]
        names += [topics.SOCIAL_PEOPLE] if self._about.people else []
        self._people = [
            self.create_publisher(SocialPersonArray, name, topics.RELIABLE_QOS) for name in names
        ]
        self.create_subscription(TFMessage, GAZEBO_POSES, self._receive_poses, 100)
        self.create_timer(1.0 / self._about.rate, self._step)

    def _receive_poses(self, message: TFMessage) -> None:
        for item in message.transforms:
            place, turn = item.transform.translation, item.transform.rotation
            yaw = float(yaw_from_quaternion(turn.x, turn.y, turn.z, turn.w))
            pose = np.array([place.x, place.y, yaw])
            if np.isfinite(pose).all():
                self._place(item.child_frame_id.rpartition("/")[2], pose, item.header.stamp)

    def _place(self, name: str, pose: FloatArray, stamp: Time) -> None:
        """A model is somewhere; the time of the robot's is that of everything."""
        if name == self._about.robot:
            if defect := stamp_defect(stamp):
                self._log.warning("stamp", f"the pose of '{name}' is left out: {defect}")
                return
            self._robot_stamp = stamp
        elif name not in self._cast.ids:
            return
        person = self._scripted.get(name)
        self._poses[name] = pose if person is None else body_of_model(person, pose)

    def _robot(self) -> tuple[Time, FloatArray | None]:
        """When the robot was where in the map: as Gazebo says, else now, by its localisation."""
        told = self._poses.get(self._about.robot)
        if told is not None:
            return self._robot_stamp, told
        now = self.get_clock().now().to_msg()
        return now, self._transforms.pose(topics.BASE_FRAME, topics.MAP_FRAME)

    def _step(self) -> None:
        stamp, robot = self._robot()
        now = seconds(stamp)
        if now == 0.0 or robot is None:
            return
        if now == self._time:
            self._warn_of_silence(now)
            return
        if self._time is None or not self._time <= now <= self._time + LEAP:
            self._warn_of_jump(now)
            self._time, self._robot_before = now, robot
        dt = now - self._time
        header = Header(stamp=stamp, frame_id=topics.MAP_FRAME)
        if dt > 0.0:
            velocity = self._robot_velocity(dt, robot)
            self._move(dt, robot, velocity[0])
            if self._about.robot in self._poses:
                self._truth.publish(odometry_message(robot, velocity, header))
        self._time, self._robot_before = now, robot
        people = self._present()
        self._diagnostics.count("steps")
        message = people_message([state.person(now) for state in people], header)
        for publisher in self._people:
            publisher.publish(message)
        self._publish_bodies(people, robot, header, dt)

    def _warn_of_silence(self, told: float) -> None:
        silence = clock_time(self) - told
        if silence > SILENT:
            what = f"no new pose of '{self._about.robot}' for {silence:.1f} s"
            self._log.warning("silence", f"{what}: nothing is published; does Gazebo tell poses?")

    def _warn_of_jump(self, now: float) -> None:
        if self._time is not None:
            jump = f"the poses' time went from {self._time:.1f} to {now:.1f} s"
            self._log.warning("jump", f"{jump}: the scripts go on from where they are")

    def _robot_velocity(self, dt: float, robot: FloatArray) -> tuple[float, float]:
        """Forward [m/s] and turning [rad/s] since the step before, dt [s] ago."""
        assert self._robot_before is not None
        step = robot - self._robot_before
        forward = np.array([np.cos(robot[2]), np.sin(robot[2])])
        return float(forward @ step[:2]) / dt, float(wrap_angle(step[2])) / dt

    def _move(self, dt: float, robot: FloatArray, speed: float) -> None:
        """Let the scripts go on, and the models follow."""
        x, y, yaw = robot.tolist()
        for _ in range(steps := int(np.ceil(dt / LONGEST_STEP))):
            self._crowd.step(dt / steps, (x, y, yaw), speed, self._rng)
        for state in self._crowd.states:
            pose = self._poses.get(state.id)
            if state.id not in self._velocities or pose is None:
                continue
            twist = Twist()
            twist.linear.x, twist.linear.y, twist.angular.z = following_velocity(
                pose, state.pose, state.velocity, state.turn_rate
            )
            self._velocities[state.id].publish(twist)

    def _present(self) -> list[PersonState]:
        """Everybody as the scripts say, at the place where Gazebo has them."""
        people = []
        for state in self._crowd.states:
            pose = self._poses.get(state.id)
            if pose is None:
                people.append(state)
            else:
                x, y, yaw = pose.tolist()
                people.append(replace(state, pose=(x, y, yaw)))
        return people

    def _publish_bodies(
        self, people: list[PersonState], robot: FloatArray, header: Header, dt: float
    ) -> None:
        figures = self._cast.figures(people, seconds(header.stamp))
        pose = self._camera.pose(robot)
        bodies = self._detector.detect(self._cast.ids, figures, pose, self._blockers, dt)
        about = self._camera.parameters
        message = bodies_message(
            expressed_in_parent(bodies, inverse(robot)),
            Header(stamp=header.stamp, frame_id=topics.BASE_FRAME),
            about.width,
            about.height,
        )
        self._bodies.publish(message)


def main() -> None:
    run_node(GazeboPeopleNode)


if __name__ == "__main__":
    main()

"""The world: room, people and robot, moved together in steps of time; the same for a same seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.people import Person
from social_nav_core.sim.flows import draw_people
from social_nav_core.sim.lidar import Lidar, LidarParameters
from social_nav_core.sim.pedestrians import Pedestrians, person_mover, robot_mover
from social_nav_core.sim.people import Crowd, PersonState, WalkerParameters
from social_nav_core.sim.robot import (
    DifferentialDrive,
    Pose,
    RobotParameters,
    Velocity,
    move_along_arc,
)
from social_nav_core.sim.scene import BODY_RADIUS, Scene

RELEASE_GAP = 0.02  # a touch is over when there is more room than this [m]


@dataclass(frozen=True)
class Contact:
    """The begin of a touch between the robot and something.

    Attributes:
        time: [s].
        kind: "wall", "furniture" or "person".
        name: of the box, or the person's id.
        robot_speed: [m/s] of the robot toward the other one at that moment, negative when away.
        person_speed: [m/s] of the person toward the robot; 0 for walls and furniture.
    """

    time: float
    kind: str
    name: str
    robot_speed: float
    person_speed: float


@dataclass(frozen=True)
class WorldState:
    """The world at one instant.

    Attributes:
        time: [s] since the start.
        robot_in_map: (x [m], y [m], yaw [rad]), the truth.
        robot_in_odom: the same as the wheels measure it.
        robot_velocity: (forward [m/s], turning [rad/s]).
        people: in the scene's order, then those of its flows, in the map frame.
        contacts: all since the start, in order of time.
    """

    time: float
    robot_in_map: Pose
    robot_in_odom: Pose
    robot_velocity: Velocity
    people: tuple[PersonState, ...]
    contacts: tuple[Contact, ...]

    def persons(self) -> list[Person]:
        """Ground truth of the people as the suite's `Person`, in the map frame."""
        return [state.person(self.time) for state in self.people]


class World:
    """Room, people and robot of a scene.

    People, odometry, lidar and flows draw from generators of their own, so that asking for a scan
    does not change what anybody does.

    Args:
        scene: where it starts.
        seed: of everything random.
        robot, walkers, lidar: parameters.

    Raises:
        PedestrianError: the scene has flows, and JuPedSim is not installed.
        SceneError: the people of a flow find no room.
    """

    def __init__(
        self,
        scene: Scene,
        seed: int,
        robot: RobotParameters | None = None,
        walkers: WalkerParameters | None = None,
        lidar: LidarParameters | None = None,
    ) -> None:
        streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
        self._people_rng, self._odometry_rng, self._lidar_rng, flows_rng = streams
        self.scene = scene
        self.lidar = Lidar(scene.room.box_array, lidar or LidarParameters())
        self._robot = DifferentialDrive(scene.robot, robot or RobotParameters())
        self._crowd = Crowd(scene.people, walkers or WalkerParameters(), scene.room.box_array)
        self._passers = _passers(scene, flows_rng) if scene.flows else None
        self._boxes = scene.room.boxes
        self._box_array = scene.room.box_array
        self._time = 0.0
        self._touching: frozenset[tuple[bool, str]] = frozenset()
        self._contacts: tuple[Contact, ...] = ()
        self.state = self._snapshot()

    def step(self, command: Velocity | None, dt: float) -> WorldState:
        """Let dt [s] pass and return the new `state`.

        Args:
            command: velocity (forward [m/s], turning [rad/s]) from now on; None keeps the one
                before, which times out.
            dt: at most 0.2 s, so that nobody jumps over anything.

        Raises:
            ValueError: dt is out of range, or the command is not finite.
        """
        if not 0.0 < dt <= 0.2:
            raise ValueError(f"time step is {dt} s, expected more than 0 and at most 0.2 s")
        if command is not None:
            self._robot.command(*command)
        robot, speed = self._robot.pose, self._robot.velocity[0]
        self._crowd.step(dt, robot, speed, self._people_rng)
        people = self._crowd.states
        if self._passers:
            self._passers.step(dt, [robot_mover(robot, speed), *map(person_mover, people)])
            people += self._passers.states
        self._time += dt
        self._move_robot(dt, people)
        self.state = self._snapshot(people)
        return self.state

    def scan(self) -> FloatArray:
        """A lidar scan of now: ranges ``(beams,)`` [m]; see `Lidar.scan`."""
        return self.lidar.scan(self._robot.pose, self.state.people, self._lidar_rng)

    def _snapshot(self, people: tuple[PersonState, ...] | None = None) -> WorldState:
        return WorldState(
            self._time,
            self._robot.pose,
            self._robot.odometry,
            self._robot.velocity,
            self._everybody() if people is None else people,
            self._contacts,
        )

    def _everybody(self) -> tuple[PersonState, ...]:
        return self._crowd.states + (self._passers.states if self._passers else ())

    def _move_robot(self, dt: float, people: tuple[PersonState, ...]) -> None:
        """Drive as far as there is room; what is in the way stops the robot and is noted."""
        forward, turn = self._robot.next_motion(dt)
        before = self._robot.pose
        ahead = move_along_arc(before, forward, turn) if forward != 0.0 else before
        gaps = self._gaps(ahead, people)
        if gaps.min(initial=RELEASE_GAP) >= RELEASE_GAP:
            self._touching = frozenset()
        else:
            gaps_before = self._gaps(before, people)
            self._note_contacts(gaps, (gaps_before - gaps) / dt, people)
            if ((gaps < 0.0) & (gaps < gaps_before - 1e-9)).any():
                forward *= self._free_share(before, forward, turn, people, gaps_before)
                self._robot.stop_forward()
        self._robot.drive(forward, turn, self._odometry_rng)

    def _gaps(self, robot: Pose, people: tuple[PersonState, ...]) -> FloatArray:
        """Gaps [m] between the robot's and everything's outline, boxes first; negative inside."""
        to_boxes = self._box_array.signed_distances(robot[:2])
        to_people = [math.dist(robot[:2], person.pose[:2]) - BODY_RADIUS for person in people]
        return np.concatenate([to_boxes, to_people]) - self._robot.parameters.radius

    def _free_share(
        self,
        pose: Pose,
        forward: float,
        turn: float,
        people: tuple[PersonState, ...],
        gaps_before: FloatArray,
    ) -> float:
        """Largest share of the way that enters nothing (deeper than it is), by bisection."""
        allowed = np.minimum(gaps_before, 0.0) - 1e-9
        low, high = 0.0, 1.0
        for _ in range(10):
            middle = 0.5 * (low + high)
            gaps = self._gaps(move_along_arc(pose, middle * forward, turn), people)
            low, high = (middle, high) if (gaps >= allowed).all() else (low, middle)
        return low

    def _note_contacts(
        self, gaps: FloatArray, closing: FloatArray, people: tuple[PersonState, ...]
    ) -> None:
        """Note who begins to touch the robot; a touch lasts until there is room again."""
        touching = set()
        for index in np.flatnonzero(gaps < RELEASE_GAP).tolist():
            is_box = index < len(self._boxes)
            name = self._boxes[index].name if is_box else people[index - len(self._boxes)].id
            key = (is_box, name)
            if key in self._touching:
                touching.add(key)
            elif gaps[index] < 0.0:
                touching.add(key)
                contact = self._contact(index, float(closing[index]), people)
                self._contacts = (*self._contacts, contact)
        self._touching = frozenset(touching)

    def _contact(self, index: int, closing: float, people: tuple[PersonState, ...]) -> Contact:
        if index < len(self._boxes):
            box = self._boxes[index]
            kind = "wall" if box.kind == "wall" else "furniture"
            return Contact(self._time, kind, box.name, closing, 0.0)
        person = people[index - len(self._boxes)]
        dx = person.pose[0] - self._robot.pose[0]
        dy = person.pose[1] - self._robot.pose[1]
        coming = -(person.velocity[0] * dx + person.velocity[1] * dy) / (math.hypot(dx, dy) or 1.0)
        return Contact(self._time, "person", person.id, closing, coming)


def _passers(scene: Scene, rng: np.random.Generator) -> Pedestrians:
    there = [person.pose[:2] for person in scene.people]
    people = draw_people(scene.flows, scene.room, scene.robot, there, rng)
    return Pedestrians(people, scene.room, int(rng.integers(2**31)))

"""People who follow the scripts of a scene: walking, turning, gesturing, waiting for the robot.

A walker moves on straight lines between the script's points, which the scene has checked to be
clear of walls, with limited acceleration and turning.  It waits where the robot is, or is about to
be, in the way, and steps back from a robot that comes closer still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from social_nav_core import people
from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.sim.robot import Pose
from social_nav_core.sim.room import BoxArray
from social_nav_core.sim.scene import BODY_RADIUS, ROBOT, Labels, ScenePerson, ScriptStep

WALK_RATIO = 0.0063  # step length over cadence [m / (steps / min)]
ROBOT_SOON = (ROBOT, "robot soon", "robot later")  # where it is and is about to be, among places
TOO_NEAR = 0.65  # centre distance [m] at which a person who waits for the robot steps back
Places = dict[str, tuple[float, float]]  # (x, y) [m] in the map of people by id, and the robot


@dataclass(frozen=True)
class SteadyWalkerParameters:
    """How people move where their bodies do not sway."""

    acceleration: float = parameter(1.0, "m/s^2", "of walking, also braking", 0.2, 5.0)
    turn_rate: float = parameter(2.0, "rad/s", "largest turning rate of the chest", 0.2, 6.0)
    turn_gain: float = parameter(4.0, "1/s", "turning rate per heading error", 0.5, 20.0)
    head_rate: float = parameter(3.0, "rad/s", "largest turning rate of the head", 0.2, 10.0)
    head_limit: float = parameter(1.2, "rad", "largest turn of the head off the chest", 0.0, 1.6)
    robot_gap: float = parameter(0.75, "m", "centre distance kept to a robot ahead", 0.55, 3.0)
    anticipation: float = parameter(1.5, "s", "time by which robots are foreseen", 0.0, 3.0)
    step_back_speed: float = parameter(0.5, "m/s", "away from a robot too near", 0.0, 1.4)


@dataclass(frozen=True)
class WalkerParameters(SteadyWalkerParameters):
    """How the people of the simulator move."""

    sway: float = parameter(0.008, "m", "standard deviation of idle sway", 0.0, 0.05)
    sway_time: float = parameter(1.5, "s", "correlation time of idle sway", 0.2, 10.0)


@dataclass(frozen=True)
class PersonState:
    """A simulated person at one instant, in the map frame.

    Attributes:
        id, group, height, seated: as in the scene; height of the body [m].
        pose: (x [m], y [m], yaw [rad]); yaw is where the chest points.
        velocity: (vx, vy) [m/s] of walking, along the map's axes.
        turn_rate: of the chest [rad/s].
        head_yaw: of the head relative to the chest [rad], positive to the person's left.
        gait_phase: of the stride [rad] in [0, 2 pi): the left foot is foremost at 0, the right one
            at pi; it stands still when the person does.
        gesture: one of `scene.GESTURES`.
        gesture_time: [s] since the gesture began.
        labels: ground truth.
    """

    id: str
    group: str
    height: float
    seated: bool
    pose: tuple[float, float, float]
    velocity: tuple[float, float]
    turn_rate: float
    head_yaw: float
    gait_phase: float
    gesture: str
    gesture_time: float
    labels: Labels

    @property
    def speed(self) -> float:
        """Walking speed [m/s]."""
        return math.hypot(*self.velocity)

    def person(self, time: float) -> people.Person:
        """Ground truth as the suite's `Person`, in the map frame, seen at a time [s]."""
        intent, attitude, action = _probabilities(self.labels)
        return people.Person(
            id=self.id,
            pose=np.array(self.pose),
            velocity=np.array(self.velocity),
            intent=intent,
            attitude=attitude,
            action=action,
            group_id=self.group,
            last_seen=time,
        )


@lru_cache(maxsize=256)
def _probabilities(labels: Labels) -> tuple[FloatArray, ...]:
    """Of intent, attitude and action; read-only, as many people share them."""
    known = tuple(people.certain(x) for x in (labels.intent, labels.attitude, labels.action))
    for probabilities in known:
        probabilities.flags.writeable = False
    return known


def stride_length(speed: float, height: float) -> float:
    """Length of a stride (two steps) [m] at a walking speed [m/s] of a body of some height [m].

    Adults keep the ratio of step length to cadence, 0.0063 m per step a minute (Sekiya and
    Nagasaki, 1998), so the step length is the root of 60 x ratio x speed; the ratio is scaled with
    the length of the leg, which is 0.845 m at 1.72 m.
    """
    return 2.0 * math.sqrt(60.0 * WALK_RATIO * speed * height / 1.72)


class Walker:
    """One person of a scene, moved along the script step by step."""

    def __init__(self, person: ScenePerson, parameters: WalkerParameters, boxes: BoxArray) -> None:
        self._about = person
        self._parameters = parameters
        self._boxes = boxes
        self._steps_back = False
        self._x, self._y, self._yaw = person.pose
        self._speed = self._turn_rate = self._head_yaw = self._phase = 0.0
        self._sway_x = self._sway_y = 0.0
        self._direction = person.pose[2]
        self._step_index = 0
        self._step_time = self._gesture_time = 0.0
        self._gesture = person.gesture
        self._labels = person.labels

    @property
    def position(self) -> tuple[float, float]:
        """(x, y) [m] in the map, with sway."""
        return self._x + self._sway_x, self._y + self._sway_y

    @property
    def state(self) -> PersonState:
        """The person as it is now."""
        about = self._about
        velocity = (
            self._speed * math.cos(self._direction),
            self._speed * math.sin(self._direction),
        )
        return PersonState(
            about.id,
            about.group,
            about.height,
            about.seated,
            (*self.position, self._yaw),
            velocity,
            self._turn_rate,
            self._head_yaw,
            self._phase,
            self._gesture,
            self._gesture_time,
            self._labels,
        )

    def step(self, dt: float, places: Places, rng: np.random.Generator) -> None:
        """Move by dt [s]; places are those of all people and of the robot, now and soon."""
        script_step = self._current_step(places[ROBOT])
        self._take_manner(script_step, dt)
        wanted_speed, wanted_yaw = self._wanted(script_step, places, dt)
        self._turn(wanted_yaw, dt)
        self._change_speed(wanted_speed, dt)
        if script_step is not None and script_step.point is not None:
            self._walk(dt, script_step.point)
        self._sway(dt, rng)
        look_at = script_step.look_at if script_step else self._about.look_at
        self._turn_head(places[look_at] if look_at else None, dt)
        self._step_time += dt

    def _current_step(self, robot: tuple[float, float]) -> ScriptStep | None:
        """The step to do now, after leaving the one that is over; None behind the script's end."""
        script = self._about.script
        if self._step_index < len(script) and self._over(script[self._step_index], robot):
            self._step_index += 1
            self._step_time = 0.0
            if self._about.repeat:
                self._step_index %= len(script)
        return script[self._step_index] if self._step_index < len(script) else None

    def _over(self, step: ScriptStep, robot: tuple[float, float]) -> bool:
        if step.kind == "walk_to" and step.point is not None:
            return self._speed == 0.0 and math.dist((self._x, self._y), step.point) < 1e-6
        if step.kind == "turn_to":
            return self._step_time > 0.0 and abs(self._turn_rate) < 0.05
        near = step.kind == "await_robot" and math.dist(self.position, robot) <= step.distance
        return near or self._step_time >= step.duration - 1e-9

    def _take_manner(self, step: ScriptStep | None, dt: float) -> None:
        gesture = step.gesture if step else self._about.gesture
        self._gesture_time = self._gesture_time + dt if gesture == self._gesture else 0.0
        self._gesture = gesture
        if step:
            self._labels = step.labels

    def _wanted(self, step: ScriptStep | None, places: Places, dt: float) -> tuple[float, float]:
        """Walking speed [m/s] and chest direction [rad] that the step asks for."""
        if step is None or step.kind in ("stand", "await_robot"):
            return 0.0, self._yaw
        if step.kind == "turn_to":
            if isinstance(step.target, float):
                return 0.0, step.target
            return 0.0, self._bearing(places[step.target])
        assert step.point is not None
        return self._wanted_on_way(step.point, step.speed, places, dt)

    def _wanted_on_way(
        self, point: tuple[float, float], speed: float, places: Places, dt: float
    ) -> tuple[float, float]:
        left, way = math.dist(point, (self._x, self._y)), self._bearing(point)
        if left < 1e-6:
            return 0.0, self._yaw
        if self._is_crowded(places[ROBOT], way):
            self._direction = _wrapped(self._bearing(places[ROBOT]) + math.pi)
            return self._parameters.step_back_speed, self._yaw
        if self._steps_back:
            self._steps_back = self._speed > 0.0
            return 0.0, self._yaw
        self._direction = way
        facing = max(0.0, math.cos(_wrapped(way - self._yaw)))
        free = max(0.0, min(left, *(self._free_way(places[name]) for name in ROBOT_SOON)))
        delay = 0.5 * self._parameters.acceleration * dt
        brake = math.sqrt(delay * delay + 2.0 * self._parameters.acceleration * free) - delay
        return min(speed * facing, brake), way

    def _bearing(self, point: tuple[float, float]) -> float:
        return math.atan2(point[1] - self._y, point[0] - self._x)

    def _is_crowded(self, robot: tuple[float, float], way: float) -> bool:
        """Whether the robot, ahead on the way [rad], is so near that this person steps back."""
        gap = math.dist(robot, (self._x, self._y))
        if not self._steps_back:
            is_ahead = abs(_wrapped(self._bearing(robot) - way)) < 0.5 * math.pi
            self._steps_back = self._speed == 0.0 and is_ahead and gap < TOO_NEAR
        return self._steps_back and gap < self._parameters.robot_gap

    def _free_way(self, robot: tuple[float, float]) -> float:
        """How far [m] this person can walk on straight before it is too close to the robot."""
        dx, dy = robot[0] - self._x, robot[1] - self._y
        ahead = dx * math.cos(self._direction) + dy * math.sin(self._direction)
        aside = dy * math.cos(self._direction) - dx * math.sin(self._direction)
        gap = self._parameters.robot_gap
        if ahead <= 0.0 or abs(aside) >= gap:
            return math.inf
        return ahead - math.sqrt(gap * gap - aside * aside)

    def _turn(self, wanted_yaw: float, dt: float) -> None:
        error = _wrapped(wanted_yaw - self._yaw)
        rate = min(self._parameters.turn_gain * abs(error), self._parameters.turn_rate)
        turn = math.copysign(min(rate * dt, abs(error)), error)
        self._turn_rate = turn / dt
        self._yaw = _wrapped(self._yaw + turn)

    def _change_speed(self, wanted: float, dt: float) -> None:
        most = self._parameters.acceleration * dt
        self._speed += min(max(wanted - self._speed, -most), most)

    def _walk(self, dt: float, point: tuple[float, float]) -> None:
        travel, left = self._speed * dt, math.dist((self._x, self._y), point)
        ahead = (
            self._x + travel * math.cos(self._direction),
            self._y + travel * math.sin(self._direction),
        )
        if self._steps_back:
            way_on = np.linspace(ahead, point, 2 + int(left / 0.05))
            if self._boxes.clearances(way_on).min() < BODY_RADIUS:
                travel, ahead, self._speed = 0.0, (self._x, self._y), 0.0
        elif travel >= left - 1e-4:
            travel, ahead, self._speed = left, point, left / dt
        self._x, self._y = ahead
        if travel > 0.0:
            stride = stride_length(travel / dt, self._about.height)
            self._phase = (self._phase + 2.0 * math.pi * travel / stride) % (2.0 * math.pi)

    def _sway(self, dt: float, rng: np.random.Generator) -> None:
        """Ornstein-Uhlenbeck process about the spot; its deviation is the parameter `sway`."""
        if self._parameters.sway == 0.0:
            return
        keep = math.exp(-dt / self._parameters.sway_time)
        kick = self._parameters.sway * math.sqrt(1.0 - keep * keep)
        self._sway_x = keep * self._sway_x + kick * rng.standard_normal()
        self._sway_y = keep * self._sway_y + kick * rng.standard_normal()

    def _turn_head(self, target: tuple[float, float] | None, dt: float) -> None:
        wanted = 0.0
        if target is not None:
            limit = self._parameters.head_limit
            wanted = min(max(_wrapped(self._bearing(target) - self._yaw), -limit), limit)
        most = self._parameters.head_rate * dt
        self._head_yaw += min(max(wanted - self._head_yaw, -most), most)


class Crowd:
    """All people of a scene, who know where the room's boxes are."""

    def __init__(
        self, scene_people: Sequence[ScenePerson], parameters: WalkerParameters, boxes: BoxArray
    ) -> None:
        check(parameters)
        self._parameters = parameters
        self._walkers = {person.id: Walker(person, parameters, boxes) for person in scene_people}

    @property
    def states(self) -> tuple[PersonState, ...]:
        """The people as they are now, in the scene's order."""
        return tuple(walker.state for walker in self._walkers.values())

    def step(self, dt: float, robot: Pose, robot_speed: float, rng: np.random.Generator) -> None:
        """Move everybody by dt [s]; robot is its pose in the map, driving forward at a speed."""
        places = {name: walker.position for name, walker in self._walkers.items()}
        ahead = robot_speed * self._parameters.anticipation
        for name, share in zip(ROBOT_SOON, (0.0, 0.5, 1.0), strict=True):
            places[name] = (
                robot[0] + share * ahead * math.cos(robot[2]),
                robot[1] + share * ahead * math.sin(robot[2]),
            )
        for walker in self._walkers.values():
            walker.step(dt, places, rng)


def _wrapped(angle: float) -> float:
    return math.remainder(angle, 2.0 * math.pi)

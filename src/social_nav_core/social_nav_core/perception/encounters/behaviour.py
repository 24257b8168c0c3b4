"""What people do toward a robot: motion, gaze and gesture of one encounter.

Where a person is, how fast it walks, whether it sits and where it appears in the image are drawn
before and apart from what it does, so that none of them tells the action.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.people import Action
from social_nav_core.perception.encounters import passing
from social_nav_core.perception.encounters.pools import Style
from social_nav_core.sim.anatomy.gait import stride_rate
from social_nav_core.sim.anatomy.gestures import Gesture
from social_nav_core.sim.anatomy.physique import Physique
from social_nav_core.sim.motion import Motion

_GESTURE = {
    Action.HANDSHAKE: Gesture.HANDSHAKE,
    Action.HUG: Gesture.HUG,
    Action.PET: Gesture.PET,
    Action.WAVE: Gesture.WAVE,
    Action.PUNCH: Gesture.PUNCH,
    Action.THROW: Gesture.THROW,
    Action.POINT: Gesture.POINT,
}
_PASTIMES = (
    Gesture.IDLE,
    Gesture.TALK,
    Gesture.LISTEN,
    Gesture.PHONE,
    Gesture.ARMS_CROSSED,
    Gesture.LOOK_AWAY,
    Gesture.HANDS_ON_HIPS,
    Gesture.CARRY,
)
_HABITS = (
    Gesture.TALK,
    Gesture.PHONE,
    Gesture.ARMS_CROSSED,
    Gesture.HANDS_ON_HIPS,
    Gesture.CARRY,
)
_CALM = (Gesture.GAZE, Gesture.GAZE, Gesture.IDLE, Gesture.LISTEN, *_HABITS)
_TALKS = (Gesture.TALK, Gesture.LISTEN)
_AT_OTHERS = (Gesture.WAVE, Gesture.POINT, Gesture.HANDSHAKE, Gesture.HUG)
_TOWARD = (Action.HANDSHAKE, Action.HUG, Action.PET, Action.PUNCH)
_EYES = 0.93  # their height in statures
_FACES = {Action.WAVE: 35.0, Action.THROW: 20.0, Action.POINT: 45.0, Action.GAZE: 45.0}


@dataclass(frozen=True)
class Circumstances:
    """What is drawn before the action, alike for all actions.

    Attributes:
        place: (2,) where the person is at the end of the window, in the map [m].
        robot: (2,) where the robot's camera is then [m].
        camera_height: [m].
        speed: of walking [m/s], 0 standing.
        seated: whether the person sits (at first).
        ahead: time [s] since the gesture began, at the end of the window; negative: it has not.
    """

    place: FloatArray
    robot: FloatArray
    camera_height: float
    speed: float
    seated: bool
    ahead: float


@dataclass(frozen=True)
class _Way:
    """Yaw of the chest (t,) and places (t, 2) of one person."""

    yaw: FloatArray
    place: FloatArray
    velocity: FloatArray


def draw_circumstances(
    robot: FloatArray, direction: float, height: float, rng: np.random.Generator
) -> Circumstances:
    """Random circumstances of a person in a direction [rad] from the robot's camera."""
    near, far = 0.6 + 3.6 * rng.beta(1.2, 1.6), rng.uniform(3.0, 7.0)
    distance = far if rng.random() < 0.2 else near
    seated = bool(rng.random() < 0.12)
    walks = bool(rng.random() < 0.55) and not seated
    early = rng.random() < 0.2
    return Circumstances(
        place=robot + distance * np.array([np.cos(direction), np.sin(direction)]),
        robot=robot,
        camera_height=height,
        speed=float(rng.uniform(0.3, 1.3)) if walks else 0.0,
        seated=seated,
        ahead=float(rng.uniform(-0.3, 0.3) if early else rng.uniform(0.3, 2.2)),
    )


def motion_of(
    action: Action,
    about: Circumstances,
    style: Style,
    physique: Physique,
    times: FloatArray,
    rng: np.random.Generator,
    passes: bool = False,
) -> Motion:
    """Motion ``(t,)`` of one person who does an action.

    Args:
        action: what the person does, or is about to do, to the robot.
        about: drawn before.
        style: of the person.
        physique: of the person, without a shape.
        times: (t,) [s], the last one is the end of the window.
        rng: source of everything else.
        passes: whether somebody who walks and does not respond comes toward the robot and past it.
    """
    before = times - times[-1]
    way = _passing_way(about, before, rng) if passes else _way(action, about, before, rng)
    elapsed = about.ahead + before
    facing = np.arctan2(*(about.robot - about.place)[::-1])
    averted = abs(float(wrap_angle(way.yaw[-1] - facing))) > np.radians(60.0)
    gesture, pastime = passing.gestures(rng) if passes else _gestures(action, averted, rng)
    begun = elapsed >= 0.0
    waited = 4.0 + rng.uniform(0.0, 3.0) + before - before[0]
    rate = float(stride_rate(about.speed, physique))
    seated = np.full(len(times), float(about.seated))
    if action is Action.LEAVE and about.seated:
        seated = np.clip(1.0 - 0.9 * elapsed, 0.0, 1.0)
    return Motion(
        pose=np.column_stack([way.place, way.yaw]),
        velocity=way.velocity,
        gait_phase=rng.random() + rate * before,
        gesture=np.where(begun, gesture, pastime).astype(np.int64),
        gesture_time=np.where(begun, elapsed, waited),
        previous=np.full(len(times), pastime, dtype=np.int64),
        previous_time=np.where(begun, waited - np.maximum(elapsed, 0.0), 0.0),
        gaze=_passing_gaze(about, way, gesture, physique, before, rng)
        if passes
        else _gaze(action, about, style, way, elapsed, rng),
        target=_target(action, about, style, physique, way),
        seated=seated,
        seat=np.full(len(times), rng.uniform(0.38, 0.52)),
        time=times + rng.uniform(0.0, 30.0),
    )


def talks_to_others(action: Action, motion: Motion) -> bool:
    """Whether somebody talks or listens to other people and not to the robot."""
    return action is Action.NO_RESPONSE and int(motion.gesture[-1]) in _TALKS


def _gestures(action: Action, averted: bool, rng: np.random.Generator) -> tuple[Gesture, Gesture]:
    """The action's gesture, and what the person did before.

    Somebody who is turned away from the robot and does not respond to it may wave to, point at or
    greet another person.
    """
    pastime = Gesture.IDLE
    if rng.random() < 0.3:
        pastime = Gesture(rng.choice(_HABITS))
    if action in _GESTURE:
        return _GESTURE[action], pastime
    if action is Action.GAZE:
        return Gesture(rng.choice(_CALM)), pastime
    if action is Action.LEAVE:
        return Gesture.LEAVE, pastime
    chosen = Gesture(rng.choice(_TALKS if rng.random() < 0.25 else _PASTIMES))
    if averted and rng.random() < 0.3:
        return Gesture(rng.choice(_AT_OTHERS)), chosen
    return chosen, chosen


def _passing_way(about: Circumstances, before: FloatArray, rng: np.random.Generator) -> _Way:
    return _walked(passing.course(about.robot - about.place, before, rng), about, before)


def _way(
    action: Action, about: Circumstances, before: FloatArray, rng: np.random.Generator
) -> _Way:
    to_robot = about.robot - about.place
    facing = np.arctan2(to_robot[1], to_robot[0])
    side = rng.choice([-1.0, 1.0])
    offset = _offset(action, about, side, rng)
    yaw = np.full(len(before), facing + offset) + 0.03 * np.sin(2.0 * before + rng.uniform(0, 6))
    if action is Action.LEAVE:
        rate = side * np.radians(rng.uniform(70.0, 150.0))
        begun = np.maximum(about.ahead + before, 0.0)
        start = facing + np.radians(rng.uniform(-40.0, 40.0))
        turned = np.minimum(np.abs(rate) * begun, np.abs(wrap_angle(offset)))
        yaw = start + np.sign(rate) * turned if not about.speed or rng.random() < 0.4 else yaw
    elif about.speed:
        yaw = yaw + np.radians(rng.normal(0.0, 8.0)) * before
    return _walked(yaw, about, before)


def _walked(yaw: FloatArray, about: Circumstances, before: FloatArray) -> _Way:
    """The way of somebody who walks where the chest points, at an even speed."""
    step = np.diff(before, prepend=2.0 * before[0] - before[1])
    velocity = about.speed * np.column_stack([np.cos(yaw), np.sin(yaw)])
    moved = np.cumsum(velocity * step[:, None], axis=0)
    return _Way(yaw, about.place + moved - moved[-1], velocity)


def _offset(action: Action, about: Circumstances, side: float, rng: np.random.Generator) -> float:
    """Chest's yaw at the end against the direction to the robot [rad]."""
    if action in _TOWARD:
        return float(np.radians(rng.normal(0.0, 12.0)))
    if action is Action.LEAVE:
        return float(side * np.radians(rng.uniform(100.0, 180.0)))
    if action is Action.NO_RESPONSE:
        return float(side * np.radians(rng.uniform(0.0, 110.0 if about.speed else 180.0)))
    spread = _FACES[action]
    if about.speed and rng.random() < 0.4:
        return float(side * np.radians(rng.uniform(20.0, 90.0)))
    return float(np.radians(np.clip(rng.normal(0.0, spread), -85.0, 85.0)))


def _gaze(
    action: Action,
    about: Circumstances,
    style: Style,
    way: _Way,
    elapsed: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Points ``(t, 3)`` looked at: the robot or something else, with glances between."""
    robot = np.append(about.robot, about.camera_height + rng.uniform(-0.1, 0.1))
    aside = rng.choice([-1.0, 1.0]) * np.radians(rng.uniform(40.0, 80.0))
    away = way.yaw + (aside if rng.random() < 0.5 else 0.0)
    to_robot = np.arctan2(*(about.robot - way.place).T[::-1])
    close = np.abs(wrap_angle(away - to_robot)) < np.radians(30.0)
    away = np.where(close, to_robot + np.radians(40.0) * np.sign(aside), away)
    ahead = np.column_stack([np.cos(away), np.sin(away)])
    height = np.full(len(elapsed), rng.uniform(0.6, 1.7))
    elsewhere = np.column_stack([way.place + 2.5 * ahead, height])
    interest = np.full(len(elapsed), 1.0 if _looks(action, rng) else 0.0)
    if action is Action.LEAVE:
        interest = np.clip(0.8 - 2.5 * elapsed, 0.0, 1.0)
    moment = rng.uniform(elapsed[0], elapsed[-1])
    if rng.random() > style.steadiness:
        glance = np.abs(elapsed - moment) < 0.5 * rng.uniform(0.2, 0.4)
        interest = np.where(glance, 1.0 - interest, interest)
    share = _smoothed(interest)[:, None]
    return elsewhere * (1.0 - share) + robot * share


def _passing_gaze(
    about: Circumstances,
    way: _Way,
    doing: Gesture,
    physique: Physique,
    before: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    robot = np.append(about.robot, about.camera_height)
    eyes = _EYES * float(physique.stature)
    return passing.gaze(robot, way.place, way.yaw, doing, eyes, before, rng)


def _looks(action: Action, rng: np.random.Generator) -> bool:
    """Whether the eyes are mainly on the robot."""
    share = {Action.NO_RESPONSE: 0.03, Action.LEAVE: 0.0, Action.POINT: 0.65, Action.GAZE: 1.0}
    return bool(rng.random() < share.get(action, 0.93))


def _smoothed(interest: FloatArray) -> FloatArray:
    kernel = np.array([0.25, 0.5, 0.25])
    return np.convolve(np.pad(interest, 1, mode="edge"), kernel, mode="valid")


def _target(
    action: Action, about: Circumstances, style: Style, physique: Physique, way: _Way
) -> FloatArray:
    """Points ``(t, 3)`` for the hand: on the robot where it can be reached, else none."""
    to_person = way.place - about.robot
    distance = np.linalg.norm(to_person, axis=-1, keepdims=True)
    height = {
        Action.HANDSHAKE: style.hand_height,
        Action.PET: about.camera_height + 0.05,
        Action.PUNCH: about.camera_height - 0.1,
        Action.POINT: about.camera_height,
    }.get(action)
    if height is None:
        return np.full((len(way.place), 3), np.nan)
    ahead = 0.3 if action is Action.HANDSHAKE else 0.08
    spot = about.robot + ahead * to_person / np.maximum(distance, 1e-6)
    target = np.column_stack([spot, np.full(len(spot), height)])
    near = distance < 1.3 * float(physique.arm) + 0.3
    return target if action is Action.POINT else np.where(near, target, np.nan)

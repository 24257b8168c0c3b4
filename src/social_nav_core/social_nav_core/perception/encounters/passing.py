"""People who pass the robot by: on a course that leads to it or close past it, and meant elsewhere.

They keep their speed, look where they go, at a phone, at who walks beside them or briefly at the
robot, and lift no arm to it.
"""

from __future__ import annotations

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.anatomy.gestures import Gesture

_WIDEST = 1.0  # how far aside of the robot they pass [m]
_TALKS = (Gesture.TALK, Gesture.LISTEN)
_GESTURES = (Gesture.IDLE, Gesture.PHONE, Gesture.CARRY, *_TALKS)
_OFTEN = (0.6, 0.12, 0.1, 0.09, 0.09)


def course(to_robot: FloatArray, before: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Yaw ``(t,)`` of somebody who walks past the robot, 0 to 1 m aside of it.

    Args:
        to_robot: (2,) from the person at the end to the robot [m].
        before: (t,) times until the end [s].
        rng: source of how far aside, on which side, and how much they give way.
    """
    aside = rng.choice([-1.0, 1.0]) * rng.uniform(0.0, _WIDEST)
    off = np.arcsin(np.clip(aside / np.hypot(*to_robot), -0.98, 0.98))
    yaw = np.arctan2(to_robot[1], to_robot[0]) + off
    sway = 0.03 * np.sin(2.0 * before + rng.uniform(0.0, 6.0))
    gives_way = np.radians(rng.uniform(3.0, 12.0)) if rng.random() < 0.3 else 0.0
    return np.asarray(yaw + sway + np.sign(aside) * gives_way * before)


def gestures(rng: np.random.Generator) -> tuple[Gesture, Gesture]:
    """What their arms do, mostly swing, and what they did before: the same."""
    doing = Gesture(rng.choice(_GESTURES, p=_OFTEN))
    return doing, doing


def gaze(
    robot: FloatArray,
    place: FloatArray,
    yaw: FloatArray,
    doing: Gesture,
    eyes: float,
    before: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Points ``(t, 3)`` that they look at: their way, and for moments the robot or a companion.

    Args:
        robot: (3,) of the robot's camera [m].
        place, yaw: (t, 2) [m] and (t,) [rad] of the person.
        doing: their gesture.
        eyes: height of the eyes [m].
        before: (t,) times until the end [s].
        rng: source of everything random.
    """
    turn = rng.normal(0.0, np.radians(6.0))
    points = _point(place, yaw + turn, rng.uniform(3.0, 10.0), eyes * rng.uniform(0.4, 1.0))
    if doing in _TALKS:
        side = rng.choice([-1.0, 1.0]) * np.radians(rng.uniform(55.0, 85.0))
        beside = _point(place, yaw + side, 1.0, eyes)
        points = _mixed(points, beside, _moment(before, rng.uniform(0.3, 1.2), rng))
    elif rng.random() < 0.35:
        points = _mixed(points, robot, _moment(before, rng.uniform(0.25, 0.7), rng))
    return points


def _point(place: FloatArray, yaw: FloatArray, far: float, height: float) -> FloatArray:
    ahead = place + far * np.column_stack([np.cos(yaw), np.sin(yaw)])
    return np.column_stack([ahead, np.full(len(place), height)])


def _moment(before: FloatArray, length: float, rng: np.random.Generator) -> FloatArray:
    """A share ``(t, 1)`` that rises to 1 for a time [s] and falls again, within 0.2 s."""
    middle = rng.uniform(before[0], before[-1])
    edge = (0.5 * length + 0.1 - np.abs(before - middle)) / 0.2
    return np.clip(edge, 0.0, 1.0)[:, None]


def _mixed(first: FloatArray, second: FloatArray, share: FloatArray) -> FloatArray:
    return first * (1.0 - share) + second * share

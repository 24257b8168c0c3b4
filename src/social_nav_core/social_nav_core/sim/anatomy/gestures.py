"""Gestures as key postures in time, and how people differ in making them.

A posture is a vector of channels.  Hands are placed relative to the neutral shoulder along the
chest's forward, outward (away from the body's middle) and upward axes, in lengths of that
person's arm, so that a gesture fits every body; ``main`` is the arm of the person's better hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray

ARM_CHANNELS = (
    "weight",  # 0: the arm hangs or swings with the gait; 1: it makes the gesture
    "forward",  # hand, arm lengths
    "out",
    "up",
    "swivel",  # elbow about the line from shoulder to hand [rad], positive lifts it outward
    "roll",  # forearm [rad], 0: thumb up, positive turns the palm up
    "wrist",  # flexion [rad], positive toward the palm
    "curl",  # fingers, 0 straight to 1 fist
    "index",  # 1 keeps the forefinger straight
    "reach",  # 0: the hand goes where the channels say; 1: to the target
)
TRUNK_CHANNELS = (
    "lean",  # forward [rad]
    "side",  # toward the main hand's side [rad]
    "twist",  # main shoulder forward [rad]
    "turn",  # head toward the main hand's side [rad]
    "nod",  # head down [rad]
    "tilt",  # head's crown toward the main hand's side [rad]
    "gaze",  # 1: head and eyes follow the point looked at
    "lunge",  # step of the other side's foot [statures]
    "crouch",  # lowered hips [statures]
    "smile",  # -1 angry to 1 friendly
    "mouth",  # 0 closed to 1 open
)
CHANNELS = (
    *(f"main_{name}" for name in ARM_CHANNELS),
    *(f"off_{name}" for name in ARM_CHANNELS),
    *TRUNK_CHANNELS,
)
CHANNEL = {name: index for index, name in enumerate(CHANNELS)}


class Gesture(IntEnum):
    """What a body does beside standing or walking."""

    IDLE = 0
    TALK = 1
    LISTEN = 2
    WAVE = 3
    POINT = 4
    HANDSHAKE = 5
    HUG = 6
    PET = 7
    PUNCH = 8
    THROW = 9
    GAZE = 10
    LEAVE = 11
    LOOK_AWAY = 12
    REACH = 13
    PHONE = 14
    ARMS_CROSSED = 15
    HANDS_ON_HIPS = 16
    CARRY = 17


@dataclass(frozen=True)
class Manner:
    """How people make gestures; arrays of one shape ``(...)``.

    Attributes:
        tempo: speed of gestures, 1 is normal.
        amplitude: size of hand movements, 1 is normal.
        height: shift of the gesturing hands [arm lengths].
        swivel: extra lift of the elbows [rad].
        stoop: forward bend of the back at rest [rad].
        aside: which way the person looks away, +1 toward the better hand, -1 the other way.
    """

    tempo: FloatArray
    amplitude: FloatArray
    height: FloatArray
    swivel: FloatArray
    stoop: FloatArray
    aside: FloatArray


def average_manner(shape: tuple[int, ...] = ()) -> Manner:
    """The middle of all manners."""
    one, zero = np.ones(shape), np.zeros(shape)
    return Manner(one, one, zero, zero, 0.04 * one, one)


def sample_manners(count: int, rng: np.random.Generator) -> Manner:
    """Manners ``(count,)`` of random people."""
    return Manner(
        tempo=np.clip(rng.lognormal(0.0, 0.18, count), 0.65, 1.5),
        amplitude=np.clip(rng.normal(1.0, 0.1, count), 0.75, 1.2),
        height=np.clip(rng.normal(0.0, 0.06, count), -0.12, 0.12),
        swivel=np.clip(rng.normal(0.0, 0.15, count), -0.3, 0.3),
        stoop=np.clip(rng.normal(0.04, 0.05, count), -0.05, 0.18),
        aside=np.where(rng.random(count) < 0.5, 1.0, -1.0),
    )


Keys = list[tuple[float, dict[str, float]]]


def _main(forward: float, out: float, up: float, **more: float) -> dict[str, float]:
    place = {"weight": 1.0, "forward": forward, "out": out, "up": up, **more}
    return {f"main_{name}": value for name, value in place.items()}


def _off(forward: float, out: float, up: float, **more: float) -> dict[str, float]:
    place = {"weight": 1.0, "forward": forward, "out": out, "up": up, **more}
    return {f"off_{name}": value for name, value in place.items()}


def _both(forward: float, out: float, up: float, **more: float) -> dict[str, float]:
    return _main(forward, out, up, **more) | _off(forward, out, up, **more)


_REST: dict[str, float] = {"gaze": 1.0}
_STAND = _main(0.1, 0.1, -0.95, weight=0.0) | _off(0.1, 0.1, -0.95, weight=0.0)


# Key postures: (time [s], channels that differ from rest).  A gesture repeats from `loop` on; one
# without a loop holds its last key.
@dataclass(frozen=True)
class _Script:
    keys: Keys
    loop: float | None = None


def _wave() -> _Script:
    raised = {"swivel": -0.5, "roll": -1.2, "curl": 0.1}
    near = _main(0.32, 0.10, 0.44, **raised, wrist=0.1) | {"smile": 0.8, "side": -0.03}
    far = _main(0.32, 0.44, 0.36, **raised, wrist=0.0) | {"smile": 0.8, "side": -0.03}
    return _Script([(0.0, {}), (0.55, far), (0.85, near), (1.15, far)], loop=0.55)


def _point() -> _Script:
    aim = {"roll": -0.9, "curl": 0.9, "index": 1.0, "swivel": 0.15}
    lifted = _main(0.45, 0.20, -0.25, **aim, reach=0.3)
    straight = _main(1.02, 0.15, 0.05, **aim, reach=1.0)
    return _Script([(0.0, {}), (0.35, lifted), (0.7, straight)])


def _handshake() -> _Script:
    hand = {"roll": 0.0, "curl": 0.25, "swivel": 0.05}
    trunk = {"lean": 0.16, "lunge": 0.05, "twist": 0.15, "smile": 0.7}
    offered = _main(0.68, -0.08, -0.42, **hand, reach=0.75) | trunk
    up = _main(0.68, -0.08, -0.36, **hand, reach=0.75) | trunk
    down = _main(0.68, -0.08, -0.48, **hand, reach=0.75) | trunk
    return _Script(
        [
            (0.0, {}),
            (0.3, _main(0.35, 0.0, -0.6, **hand)),
            (0.75, offered),
            (1.1, offered),
            (1.3, up),
            (1.55, down),
            (1.8, up),
            (2.05, offered),
        ],
        loop=1.1,
    )


def _hug() -> _Script:
    trunk = {"smile": 0.9, "gaze": 0.9}
    wide = _both(0.55, 0.60, -0.12, roll=0.25, swivel=0.2, curl=0.15) | trunk | {"lean": 0.05}
    closed_main = _main(0.62, -0.28, -0.02, roll=-0.3, swivel=0.75, curl=0.2)
    closed_off = _off(0.60, -0.28, -0.30, roll=0.3, swivel=0.5, curl=0.2)
    closed = closed_main | closed_off | trunk | {"lean": 0.28, "tilt": 0.15, "lunge": 0.06}
    return _Script([(0.0, {}), (0.6, wide), (1.0, wide), (1.6, closed)])


def _pet() -> _Script:
    hand = {"roll": -1.3, "swivel": 0.35, "curl": 0.2}
    trunk = {"lean": 0.30, "smile": 0.8, "nod": 0.12, "twist": 0.15, "crouch": 0.02}
    over = _main(0.70, 0.02, -0.02, **hand, wrist=-0.1, reach=0.7) | trunk
    left = _main(0.66, -0.14, -0.12, **hand, wrist=0.35, reach=0.7) | trunk
    right = _main(0.74, 0.16, -0.12, **hand, wrist=0.25, reach=0.7) | trunk
    return _Script([(0.0, {}), (0.6, over), (0.9, left), (1.3, right), (1.7, left)], loop=0.9)


def _punch() -> _Script:
    fist = {"curl": 1.0}
    stance = {"lunge": 0.12, "crouch": 0.03, "smile": -0.9}
    guard = _off(0.38, -0.12, 0.10, roll=0.1, swivel=0.2, **fist)
    ready = _main(0.28, 0.02, -0.02, roll=0.1, swivel=0.3, **fist) | guard | stance
    back = _main(0.00, 0.30, -0.10, roll=0.0, swivel=-0.4, **fist) | guard | stance
    hit = _main(1.06, -0.12, 0.02, roll=-1.2, swivel=0.6, reach=0.6, **fist) | guard | stance
    return _Script(
        [
            (0.0, {}),
            (0.35, ready | {"twist": -0.1}),
            (0.65, back | {"twist": -0.45, "lean": 0.0}),
            (0.93, hit | {"twist": 0.45, "lean": 0.22}),
            (1.05, hit | {"twist": 0.45, "lean": 0.22}),
            (1.30, ready | {"twist": -0.1}),
            (1.55, ready | {"twist": -0.1}),
        ],
        loop=0.35,
    )


def _throw() -> _Script:
    ball = {"curl": 0.55}
    aim = _off(0.70, 0.05, 0.0, roll=-0.8, swivel=0.2)
    back = _main(-0.22, 0.50, 0.38, roll=0.3, wrist=-0.5, swivel=-0.8, **ball)
    over = _main(0.42, 0.35, 0.66, roll=-0.3, wrist=-0.3, swivel=-0.6, **ball)
    release = _main(0.98, 0.05, 0.28, roll=-1.2, wrist=0.4, swivel=0.2, curl=0.1)
    through = _main(0.50, -0.30, -0.65, roll=-1.0, wrist=0.5, swivel=0.2, curl=0.2)
    return _Script(
        [
            (0.0, {}),
            (0.35, _both(0.40, -0.10, -0.35, roll=0.3, **ball)),
            (0.85, back | aim | {"twist": -0.55, "lean": -0.15, "lunge": 0.06, "side": 0.10}),
            (1.02, over | aim | {"twist": -0.05, "lean": -0.02, "lunge": 0.12, "side": -0.08}),
            (1.14, release | {"twist": 0.40, "lean": 0.24, "lunge": 0.14, "side": -0.12}),
            (1.40, through | {"twist": 0.60, "lean": 0.40, "lunge": 0.14}),
            (2.10, {}),
            (2.60, {}),
        ],
        loop=0.0,
    )


def _talk() -> _Script:
    hands = {"curl": 0.3, "swivel": 0.1}
    low = _both(0.42, -0.08, -0.52, roll=0.2, **hands)
    offer = _main(0.56, 0.18, -0.42, roll=0.9, **hands) | _off(0.42, -0.05, -0.52, **hands)
    beat = _main(0.52, 0.05, -0.30, roll=0.3, **hands) | _off(0.42, -0.05, -0.52, **hands)
    open_ = _both(0.50, 0.28, -0.42, roll=0.9, curl=0.15, swivel=0.1)
    speak, pause = {"mouth": 0.6, "smile": 0.3}, {"mouth": 0.1, "smile": 0.3}
    return _Script(
        [
            (0.0, {}),
            (0.6, low | speak),
            (1.1, offer | speak | {"nod": 0.05}),
            (1.5, beat | pause),
            (1.9, offer | speak | {"tilt": 0.06}),
            (2.6, low | pause | {"nod": 0.08}),
            (3.3, open_ | speak | {"lean": 0.05}),
            (3.9, open_ | pause | {"tilt": -0.06}),
            (4.6, low | speak),
        ],
        loop=0.6,
    )


def _listen() -> _Script:
    folded = _both(0.30, -0.18, -0.72, roll=0.4, curl=0.35)
    nod, rest = folded | {"nod": 0.16, "smile": 0.4}, folded | {"smile": 0.3}
    return _Script(
        [
            (0.0, {}),
            (0.7, rest),
            (1.0, nod),
            (1.3, rest),
            (1.6, nod),
            (1.9, rest),
            (3.6, rest | {"tilt": 0.08}),
            (4.4, rest),
        ],
        loop=0.7,
    )


def _phone() -> _Script:
    held = _main(0.46, -0.10, -0.34, roll=0.9, curl=0.5, swivel=0.0)
    looks = {"nod": 0.55, "gaze": 0.0, "lean": 0.05}
    scroll = held | _off(0.47, -0.14, -0.38, roll=0.3, curl=0.6, index=1.0) | looks
    return _Script([(0.0, {}), (0.7, held | looks), (1.4, scroll), (2.4, scroll | {"nod": 0.6})])


_SCRIPTS: dict[Gesture, _Script] = {
    Gesture.IDLE: _Script([(0.0, {})]),
    Gesture.TALK: _talk(),
    Gesture.LISTEN: _listen(),
    Gesture.WAVE: _wave(),
    Gesture.POINT: _point(),
    Gesture.HANDSHAKE: _handshake(),
    Gesture.HUG: _hug(),
    Gesture.PET: _pet(),
    Gesture.PUNCH: _punch(),
    Gesture.THROW: _throw(),
    Gesture.GAZE: _Script([(0.0, {}), (0.5, {"tilt": 0.06, "smile": 0.2, "lean": 0.03})]),
    Gesture.LEAVE: _Script([(0.0, {}), (0.4, {"gaze": 0.0})]),
    Gesture.LOOK_AWAY: _Script([(0.0, {}), (0.5, {"gaze": 0.0, "turn": 0.95, "twist": -0.12})]),
    Gesture.REACH: _Script([(0.0, {}), (0.7, _main(0.8, 0.0, -0.2, curl=0.2, reach=1.0))]),
    Gesture.PHONE: _phone(),
    Gesture.HANDS_ON_HIPS: _Script(
        [(0.0, {}), (0.8, _both(0.08, 0.04, -0.66, swivel=0.9, roll=-0.8, wrist=-0.6, curl=0.4))]
    ),
    Gesture.CARRY: _Script(
        [(0.0, {}), (0.7, _main(0.48, -0.06, -0.44, roll=0.1, curl=0.75, swivel=0.05))]
    ),
    Gesture.ARMS_CROSSED: _Script(
        [
            (0.0, {}),
            (
                0.8,
                _main(0.30, -0.34, -0.42, swivel=0.25, roll=-0.6, curl=0.4)
                | _off(0.36, -0.30, -0.34, swivel=0.2, roll=-0.6, curl=0.4),
            ),
        ]
    ),
}

_RATE = 60.0


def _table() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Postures ``(gestures, samples, channels)`` at 60 Hz; loop start and end [s], ``(gestures,)``.

    Between keys every channel moves with least jerk, so that it starts and stops softly.
    """
    ends = [script.keys[-1][0] for script in _SCRIPTS.values()]
    samples = int(np.ceil(max(ends) * _RATE)) + 2
    table = np.zeros((len(Gesture), samples, len(CHANNELS)))
    times = np.arange(samples) / _RATE
    for gesture, script in _SCRIPTS.items():
        rows = np.array([_posture(channels) for _, channels in script.keys])
        _carry_places(rows)
        keys = np.array([time for time, _ in script.keys])
        after = np.clip(np.searchsorted(keys, times, side="right"), 1, max(len(keys) - 1, 1))
        if len(keys) == 1:
            table[gesture] = rows[0]
            continue
        u = np.clip((times - keys[after - 1]) / (keys[after] - keys[after - 1]), 0.0, 1.0)
        s = (u**3 * (10.0 - 15.0 * u + 6.0 * u**2))[:, None]
        table[gesture] = rows[after - 1] * (1.0 - s) + rows[after] * s
    loops = [
        end if s.loop is None else s.loop for s, end in zip(_SCRIPTS.values(), ends, strict=True)
    ]
    return table, np.array(loops), np.array(ends)


def _posture(channels: dict[str, float]) -> FloatArray:
    row = np.zeros(len(CHANNELS))
    for name, value in {**_REST, **_STAND, **channels}.items():
        row[CHANNEL[name]] = value
    return row


def _carry_places(rows: FloatArray) -> None:
    """An arm at rest has no place of its own: give it that of the nearest key that has one."""
    for side in ("main", "off"):
        weight = rows[:, CHANNEL[f"{side}_weight"]]
        used = np.flatnonzero(weight > 0.0)
        if used.size:
            nearest = used[np.abs(np.arange(len(rows))[:, None] - used).argmin(axis=1)]
            columns = [CHANNEL[f"{side}_{name}"] for name in ARM_CHANNELS if name != "weight"]
            rows[:, columns] = rows[np.ix_(nearest, columns)]


_POSTURES, _LOOP_START, _END = _table()


def posture(gesture: NDArray[np.int64], time: ArrayLike, manner: Manner) -> FloatArray:
    """Channels ``(..., C)`` of gestures ``(...)`` a time [s] after each began."""
    pace = np.maximum(np.asarray(time, dtype=float), 0.0) * manner.tempo
    start, end = _LOOP_START[gesture], _END[gesture]
    span = end - start
    again = start + np.mod(pace - start, np.maximum(span, 1e-9))
    sample = np.where(pace < end, pace, np.where(span > 0.0, again, end)) * _RATE
    low = np.floor(sample).astype(np.int64)
    share = (sample - low)[..., None]
    channels = _POSTURES[gesture, low] * (1.0 - share) + _POSTURES[gesture, low + 1] * share
    channels[..., CHANNEL["turn"]] *= manner.aside
    for side in ("main", "off"):
        weight = channels[..., CHANNEL[f"{side}_weight"]]
        for name in ("forward", "out", "up"):
            channels[..., CHANNEL[f"{side}_{name}"]] *= manner.amplitude
        channels[..., CHANNEL[f"{side}_up"]] += manner.height * weight
        channels[..., CHANNEL[f"{side}_swivel"]] += manner.swivel * weight
    return channels


def blended(
    before: FloatArray, after: FloatArray, time: ArrayLike, duration: float = 0.35
) -> FloatArray:
    """From one posture ``(..., C)`` to another as the new gesture's time [s] goes by."""
    u: FloatArray = np.clip(np.asarray(time, dtype=float) / duration, 0.0, 1.0)
    share = (u * u * (3.0 - 2.0 * u))[..., None]
    return before * (1.0 - share) + after * share

"""Readers of JPL-Social and of HARPER files in the same format.

One JSON file holds one person in one video:

    {"video_name": "1_1", "frame_size": [320, 240], "person_id": 0,
     "intention_class": 0, "attitude_class": 0, "action_class": 2,
     "frames": [{"frame_id": 12, "keypoints": [[x, y, score], ... 133 of them], "score": 2.1,
                 "box": [x, y, width, height]}, ...]}

and lies in a folder `train`, `validation` or `test`.  A window is the frames from the first
detection on; a frame without a detection repeats the one before.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from social_nav_core.input_files import FileError, read_text
from social_nav_core.people import Action
from social_nav_core.perception.tasks import CLASSES
from social_nav_core.perception.windows import Float32Array, Windows, filled, normalised
from social_nav_core.recordings.errors import DataError
from social_nav_core.skeleton import JOINTS, WHOLE_BODY

SPLITS = ("train", "validation", "test")
_LARGEST_FILE = 200_000_000  # [byte]
_LARGEST_FRAME = 65_536  # width or height [pixel]
_POINTS = "of [x, y, score], x and y in pixels"


class TrackError(DataError):
    """A track file cannot be used; the message names file and field."""


@dataclass(frozen=True)
class Protocol:
    """How a window is taken from a recording.

    Attributes:
        frames: of the recording from the first detection on.
        every: only every so many of them are kept, so that ``frames / every`` steps are.
        actions: what the file's action classes mean; None has no class here and becomes -1, which
            training and metrics leave out.
    """

    frames: int
    every: int
    actions: tuple[Action | None, ...]

    def __post_init__(self) -> None:
        if self.frames < 1 or self.every < 1 or self.frames % self.every:
            raise ValueError(
                f"{self.frames} frames do not split into steps of {self.every}, expected a multiple"
            )


JPL_SOCIAL = Protocol(30, 3, tuple(action for action in Action if action > 0))
"""30 frames at 30 per second, 10 kept."""
HARPER = Protocol(10, 1, (None, None, None, Action.PET, None, Action.PUNCH))
"""10 frames at 10 per second; crash, stop, avoid, touch, kick and punch."""


@dataclass(frozen=True)
class Reading:
    """Windows of a folder, and one line for every file that could not be read."""

    windows: Windows
    problems: tuple[str, ...]


def read_split(folder: str | Path, split: str, protocol: Protocol = JPL_SOCIAL) -> Reading:
    """All tracks of a split; a malformed file is reported and the rest is read.

    Args:
        folder: that holds the folders of the splits.
        split: one of `SPLITS`.
        protocol: `JPL_SOCIAL` or `HARPER`.

    Raises:
        TrackError: the split's folder is missing or holds no usable track.
    """
    if split not in SPLITS:
        raise ValueError(f"split is '{split}', expected one of {', '.join(SPLITS)}")
    place = Path(folder) / split
    if not place.is_dir():
        raise TrackError(f"{place} is not a folder, expected the tracks of the split '{split}'")
    joints, labels, names, problems = [], [], [], []
    for file in sorted(place.rglob("*.json")):
        try:
            window, classes = read_track(file, protocol)
        except TrackError as error:
            problems.append(str(error))
            continue
        joints.append(window)
        labels.append(classes)
        names.append(str(file.relative_to(place)))
    if not joints:
        reason = f": {problems[0]}" if problems else ", expected *.json files"
        raise TrackError(f"{place} holds no usable track{reason}")
    windows = Windows(np.stack(joints), np.array(labels, dtype=np.int64), tuple(names))
    return Reading(windows, tuple(problems))


def read_track(file: Path, protocol: Protocol) -> tuple[Float32Array, NDArray[np.int64]]:
    """The window ``(t, 23, 3)`` and classes ``(3,)`` of one file.

    Raises:
        TrackError: the file is not what the format says.
    """
    track = _load(file)
    width, height = _numbers(track, "frame_size", 2, file)
    if min(width, height) <= 0.0 or max(width, height) > _LARGEST_FRAME:
        raise TrackError(
            f"{file}: frame_size is {width:g} x {height:g}, expected more than 0 and at most "
            f"{_LARGEST_FRAME} pixels"
        )
    intent = _class(track, "intention_class", CLASSES["intent"], file)
    attitude = _class(track, "attitude_class", CLASSES["attitude"], file)
    action = protocol.actions[_class(track, "action_class", len(protocol.actions), file)]
    classes = np.array([intent, attitude, -1 if action is None else action - 1])
    frames = track.get("frames")
    if not isinstance(frames, list) or not frames:
        raise TrackError(f"{file}: frames is {_shown(frames)}, expected a list with detections")
    ids = np.array([_frame_id(frame, index, file) for index, frame in enumerate(frames)])
    if (np.diff(ids) <= 0).any():
        index = int(np.argmax(np.diff(ids) <= 0)) + 1
        raise TrackError(f"{file}: frames[{index}].frame_id is {ids[index]}, expected it to grow")
    within = np.flatnonzero(ids - ids[0] < protocol.frames)
    pixels = np.zeros((protocol.frames, len(JOINTS), 3))
    present = np.zeros(protocol.frames, dtype=bool)
    for index in within.tolist():
        step = ids[index] - ids[0]
        pixels[step] = _keypoints(frames[index], index, file)
        present[step] = True
    window = filled(normalised(pixels, width, height), present)
    return window[protocol.every - 1 :: protocol.every], classes


def _load(file: Path) -> dict[str, Any]:
    try:
        track = json.loads(read_text(file, _LARGEST_FILE))
    except FileError as error:
        raise TrackError(f"{file} {error.reason}, expected one track") from error
    except (OSError, ValueError, RecursionError) as error:
        raise TrackError(f"{file} cannot be read: {error}") from error
    if not isinstance(track, dict):
        raise TrackError(f"{file} holds {_shown(track)}, expected an object")
    return track


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _numbers(track: dict[str, Any], field: str, count: int, file: Path) -> list[float]:
    values = track.get(field)
    good = isinstance(values, list) and len(values) == count and all(map(_is_number, values))
    if not good:
        raise TrackError(f"{file}: {field} is {_shown(values)}, expected {count} numbers")
    assert isinstance(values, list)
    return [float(value) for value in values]


def _is_number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:  # a whole number beyond the largest float
        return False


def _is_point(point: Any) -> bool:
    """Whether these are three numbers that fit a float; NaN and infinity are refused later."""
    return (
        isinstance(point, list)
        and len(point) == 3
        and all(type(one) is float or (type(one) is int and abs(one) < 1e300) for one in point)
    )


def _class(track: dict[str, Any], field: str, count: int, file: Path) -> int:
    value = track.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < count:
        raise TrackError(f"{file}: {field} is {_shown(value)}, expected 0 to {count - 1}")
    return value


def _frame_id(frame: Any, index: int, file: Path) -> int:
    value = frame.get("frame_id") if isinstance(frame, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**40:
        shown = _shown(value)
        raise TrackError(f"{file}: frames[{index}].frame_id is {shown}, expected a whole number")
    return value


def _keypoints(frame: dict[str, Any], index: int, file: Path) -> NDArray[np.float64]:
    """The 23 joints ``(23, 3)`` of a frame; AlphaPose's scores above 1 count as 1."""
    where, values = f"{file}: frames[{index}].keypoints", frame.get("keypoints")
    if not isinstance(values, list):
        raise TrackError(f"{where} is {_shown(values)}, expected {len(WHOLE_BODY)} {_POINTS}")
    odd = next((k for k, point in enumerate(values) if not _is_point(point)), None)
    if odd is not None:
        got = _shown(values[odd])
        raise TrackError(f"{where}[{odd}] are not numbers: {got}, expected one {_POINTS}")
    points = np.array(values, dtype=np.float64).reshape(-1, 3)
    if len(points) not in (len(JOINTS), len(WHOLE_BODY)):
        raise TrackError(f"{where} have the shape {points.shape}, expected (133, 3)")
    joints = points[: len(JOINTS)]
    if not np.isfinite(joints).all():
        joint = JOINTS[int(np.argmin(np.isfinite(joints).all(axis=1)))]
        raise TrackError(f"{where} of {joint} are not finite numbers")
    return joints

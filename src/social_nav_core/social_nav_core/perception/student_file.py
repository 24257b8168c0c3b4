"""The student as it ships: an ONNX file that says what it is, run by ONNX Runtime without torch.

The file's metadata hold the format's version, the length and rate of the windows, names of joints
and classes, temperatures, the data it was trained on, the answers to fixed windows, and a checksum
of the whole file (SHA-256 with the checksum's own 64 digits read as zeros).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from social_nav_core.checksums import network_seal
from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import FileError, read_file, shown
from social_nav_core.onnx_network import Network
from social_nav_core.perception.metrics import probabilities
from social_nav_core.perception.tasks import CLASSES, TASKS, class_names
from social_nav_core.perception.windows import Float32Array
from social_nav_core.proxemics.model import ModelError
from social_nav_core.skeleton import JOINTS

FORMAT = 1
SHIPPED_STUDENT = Path(__file__).parents[1] / "models" / "student.onnx"
AGREEMENT = 1e-4
"""How far answers may be from those of the training."""
_LONGEST = 600  # steps of a window
_LARGEST = 100_000_000  # file [byte]
_LONGEST_TEXT = 20_000  # of JSON in the metadata [character]


@dataclass(frozen=True)
class StudentAbout:
    """What a student file says of itself.

    Attributes:
        steps: of a window.
        rate: of its steps [1/s].
        temperatures: by task, which the logits are divided by.
        data: what it was trained on.
        checksum: SHA-256 of the file, its own digits read as zeros.
    """

    steps: int
    rate: float
    temperatures: Mapping[str, float]
    data: str
    checksum: str


class Student:
    """A student network that answers windows.

    Args:
        network: that answers.
        about: what its file says.
    """

    def __init__(self, network: Network, about: StudentAbout) -> None:
        self.about = about
        self._network = network

    def logits(self, windows: Float32Array) -> dict[str, FloatArray]:
        """Logits ``(n, classes)`` by task of windows ``(n, steps, 23, 3)`` as `centred` gives."""
        wanted = (self.about.steps, len(JOINTS), 3)
        if windows.ndim != 4 or windows.shape[1:] != wanted:
            raise ValueError(f"windows have the shape {windows.shape}, expected (n, *{wanted})")
        if not len(windows):
            return {task: np.zeros((0, CLASSES[task])) for task in TASKS}
        whole = np.ascontiguousarray(windows, dtype=np.float32)
        answers = self._network.run(TASKS, {"windows": whole})
        return {task: item.astype(float) for task, item in zip(TASKS, answers, strict=True)}

    def probabilities(self, windows: Float32Array) -> dict[str, FloatArray]:
        """Calibrated probabilities ``(n, classes)`` by task, for windows as in `logits`."""
        heat = self.about.temperatures
        found = self.logits(windows)
        return {task: probabilities(item, heat[task]) for task, item in found.items()}


def shipped_student() -> Student:
    """The student that comes with this package."""
    return load_student(SHIPPED_STUDENT)


def load_student(path: str | Path) -> Student:
    """A student from its file, on one thread.

    Raises:
        ModelError: the file cannot be read, is damaged, is of another version or shape, or answers
            other than at its training; the message names the file and what is wrong.
    """
    path = Path(path)
    try:
        content = read_file(path, _LARGEST)
    except FileError as error:
        raise ModelError(str(error)) from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    return student_from(content, path)


def student_from(content: bytes, path: Path) -> Student:
    """A student from a file's content; refuses as `load_student` does, in the path's name."""
    checksum = _checked(path, content)
    try:
        network = Network(content, path)
        about = _about(path, network.metadata, checksum)
        _check_shapes(path, network, about)
        student = Student(network, about)
        _check_answers(path, student, _json(path, network.metadata, "answers"))
    except FileError as error:
        raise ModelError(str(error)) from error
    return student


def _checked(path: Path, content: bytes) -> str:
    """The checksum of a student file's content.

    Raises:
        ModelError: there is none, or the content is another.
    """
    seal = network_seal(content)
    if seal is None:
        raise ModelError(
            f"{path}: has no checksum; it was cut off or is not a student (export-student makes it)"
        )
    wanted, own = seal
    if own != wanted:
        raise ModelError(f"{path}: has the checksum {own[:12]}..., expected {wanted[:12]}...")
    return own


def probe_windows(steps: int) -> Float32Array:
    """Three windows ``(3, steps, 23, 3)`` with known answers: a wave, half of it, nothing."""
    step = np.arange(steps * len(JOINTS)).reshape(steps, len(JOINTS))
    wave = np.stack([np.sin(0.7 * step), np.cos(0.3 * step), 0.5 + 0.5 * np.sin(1.3 * step)], -1)
    half = np.where((step % 2 == 0)[..., None], wave, 0.0)
    return np.stack([wave, half, np.zeros_like(wave)]).astype(np.float32)


def _about(path: Path, metadata: Mapping[str, str], checksum: str) -> StudentAbout:
    if metadata.get("format") != str(FORMAT):
        got = metadata.get("format", "")
        raise _other(path, "format is", got, f"{FORMAT}; export the student again")
    names = {"joints": JOINTS, **{task: class_names(task) for task in TASKS}}
    for key, expected in names.items():
        if metadata.get(key, "").split(",") != list(expected):
            raise _other(path, f"{key} are", metadata.get(key, ""), str(list(expected)))
    steps, rate, heat = (_json(path, metadata, key) for key in ("steps", "rate", "temperatures"))
    if not (isinstance(steps, int) and 2 <= steps <= _LONGEST):
        raise _other(path, "steps is", steps, f"a whole number of 2 to {_LONGEST}")
    if not (isinstance(rate, (int, float)) and 0.0 < rate <= 240.0):
        raise _other(path, "rate is", rate, "more than 0 and at most 240 Hz")
    good = isinstance(heat, dict) and set(heat) == set(TASKS)
    if not good or not all(isinstance(t, (int, float)) and 0.0 < t < 1e3 for t in heat.values()):
        raise _other(path, "temperatures are", heat, "one above 0 for each task")
    return StudentAbout(steps, float(rate), heat, metadata.get("data", ""), checksum)


def _other(path: Path, what: str, got: object, expected: str) -> ModelError:
    return ModelError(f"{path}: {what} {shown(got)}, expected {expected}")


def _json(path: Path, metadata: Mapping[str, str], key: str) -> Any:
    text = metadata.get(key, "")
    if len(text) > _LONGEST_TEXT:
        raise ModelError(
            f"{path}: {key} has {len(text)} characters, expected at most {_LONGEST_TEXT}"
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _other(path, f"{key} is", text, "JSON") from error


def _check_shapes(path: Path, network: Network, about: StudentAbout) -> None:
    inputs = {item.name: item.shape[1:] for item in network.inputs}
    wanted = {"windows": [about.steps, len(JOINTS), 3]}
    if inputs != wanted:
        raise _other(path, "takes", inputs, str(wanted))
    outputs = {item.name: item.shape[1:] for item in network.outputs}
    if outputs != {task: [CLASSES[task]] for task in TASKS}:
        raise _other(path, "gives", outputs, str(CLASSES))


def _check_answers(path: Path, student: Student, expected: Any) -> None:
    """Whether the fixed windows are answered as at the training, also on this machine."""
    logits = student.logits(probe_windows(student.about.steps))
    answers = np.concatenate([logits[task] for task in TASKS], axis=-1)
    try:
        known: NDArray[np.float64] = np.array(expected, dtype=float)
    except (TypeError, ValueError, OverflowError):
        known = np.zeros(0)
    off = np.abs(answers - known).max() if known.shape == answers.shape else np.inf
    if not off <= AGREEMENT:
        raise ModelError(
            f"{path}: fixed windows are answered {off:.2g} off, expected at most {AGREEMENT:g}"
        )

"""A teacher's answers in a file: computed once, in parts, tied to the teacher and the windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch

from social_nav_core.input_files import FileError, read_arrays
from social_nav_core.perception.checkpoint import CheckpointError, weights_of
from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.fingerprint import fingerprint, fingerprint_of
from social_nav_core.perception.networks.teacher import SocialC3D
from social_nav_core.perception.parts import Arrays, Parts
from social_nav_core.perception.stages import TeacherAnswers, teacher_answers
from social_nav_core.perception.tasks import CLASSES, TASKS
from social_nav_core.progress import Progress, kept_at_stop
from social_nav_core.whole_file import written_whole

_LARGEST = 4_000_000_000  # of the arrays [byte]


def kept_answers(
    path: Path,
    teacher: SocialC3D,
    encounters: Sequence[Encounters],
    report: Callable[[str], None],
    writes: bool = True,
) -> TeacherAnswers:
    """The answers of a teacher, as `teacher_answers` gives, from a file or into one.

    A run that was stopped goes on after the windows that were answered.

    Args:
        path: of the file.
        teacher: trained.
        encounters: one or more; their answers follow each other.
        report: is called with a line where a run goes on and when it is done.
        writes: whether to write; False in all processes but one.

    Raises:
        CheckpointError: the file holds answers of another teacher or to other windows.
    """
    weights = {name: tensor.cpu().numpy() for name, tensor in weights_of(teacher).items()}
    tied = {
        "teacher": fingerprint(weights),
        "windows": fingerprint_of({"sets": [fingerprint(vars(one)) for one in encounters]}),
    }
    total = sum(map(len, encounters))
    if path.exists():
        return _read(path, tied, total, teacher.size.features)
    parts = Parts(path, fingerprint_of(tied), total, "answers of the teacher")
    with Progress(parts.what) as progress, kept_at_stop(parts.kept_in_words):

        def made(part: range) -> Arrays:
            progress(f"{part.start} of {total}")
            return _answers(teacher, encounters, part).arrays()

        def good(part: range, values: Arrays) -> bool:
            return not _misfit(values, len(part), teacher.size.features)

        found = parts.computed(made, good, report, writes)
        if writes:
            values: dict[str, Any] = {name: np.array(text) for name, text in tied.items()} | found
            with written_whole(path) as file:
                np.savez(file, **values)
            parts.remove()
            report(f"{path}: the teacher's answers to {total} windows")
    return _as_answers(found)


def _answers(teacher: SocialC3D, encounters: Sequence[Encounters], part: range) -> TeacherAnswers:
    """The answers to some of the windows of all the encounters, which follow each other."""
    found, start = [], 0
    for one in encounters:
        piece = range(max(part.start - start, 0), min(part.stop - start, len(one)))
        if piece:
            found.append(teacher_answers(teacher, one.part(piece)))
        start += len(one)
    return reduce(TeacherAnswers.and_more, found)


def _read(path: Path, tied: dict[str, str], total: int, features: int) -> TeacherAnswers:
    try:
        found = read_arrays(path, _LARGEST, packed=False)
    except FileError as error:
        raise CheckpointError(f"{error}; delete it to ask the teacher again") from error
    differing = [name for name, text in tied.items() if str(found.pop(name, "")) != text]
    if differing:
        raise CheckpointError(
            f"{path} holds the answers of another teacher or to other windows "
            f"({', '.join(differing)} differ); give the teacher and data of then, or delete or "
            "move it to ask this teacher"
        )
    wrong = _misfit(found, total, features)
    if wrong:
        raise CheckpointError(f"{path}: {wrong}; delete it to ask the teacher again")
    return _as_answers(found)


def _misfit(values: Arrays, count: int, features: int) -> str:
    """What is wrong with the arrays of answers to so many windows; empty where nothing is."""
    wanted = {"representation": (count, features)}
    wanted |= {task: (count, CLASSES[task]) for task in TASKS}
    for name, shape in wanted.items():
        array = values.get(name, np.zeros(0))
        if array.shape != shape or array.dtype != np.float32:
            return f"{name} is of {array.dtype} and shape {array.shape}, expected float32 {shape}"
        if not np.isfinite(array).all():
            return f"{name} has values that are not finite"
    more = set(values) - set(wanted)
    return f"{min(more)} is no part of a teacher's answers" if more else ""


def _as_answers(values: dict[str, np.ndarray]) -> TeacherAnswers:
    tensors = {name: torch.from_numpy(array) for name, array in values.items()}
    intent, attitude, action = (tensors[task] for task in TASKS)
    return TeacherAnswers(tensors["representation"], (intent, attitude, action))

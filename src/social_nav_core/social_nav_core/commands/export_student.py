"""Write a trained student as ONNX, which the perception node runs, with a model card beside it.

The file is written only if ONNX Runtime answers as torch does, within 1e-4. With VALIDATION the
probabilities are calibrated on it (one temperature per task); with --scores the model card quotes a
file that score-perception printed. What the student was trained on comes from the checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from social_nav_core.arguments import output_file, whole_number
from social_nav_core.input_files import FileError, read_text
from social_nav_core.parameters import specs
from social_nav_core.perception.datasets.source import PROTOCOLS
from social_nav_core.perception.needs import require_torch
from social_nav_core.perception.track_windows import TrackWindowParameters
from social_nav_core.proxemics.model import ModelError
from social_nav_core.whole_file import written_whole

if TYPE_CHECKING:
    from social_nav_core.perception.networks.student import SocialEgoMobile
    from social_nav_core.perception.windows import Windows

SUMMARY = "a trained student as ONNX, for the perception node (needs torch and onnx)"
LARGEST_SCORES = 1_000_000  # [byte]
UNKNOWN = "data that the checkpoint does not name"
_BOUNDS = {spec.name: spec for spec in specs(TrackWindowParameters)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("checkpoint", metavar="CHECKPOINT", type=Path, help="of train-student")
    parser.add_argument("--out", type=output_file, required=True, help="ONNX file to write")
    parser.add_argument(
        "--validation", type=Path, help="encounters or folder of tracks to calibrate on"
    )
    parser.add_argument("--tracks", choices=tuple(PROTOCOLS), default="jpl_social")
    parser.add_argument("--rate", type=_within("rate"), default=10, help="steps per second (10)")
    parser.add_argument("--steps", type=_within("steps"), default=10, help="of a window (10)")
    parser.add_argument(
        "--data", help="what the student was trained on, in place of what the checkpoint says"
    )
    parser.add_argument("--scores", type=Path, help="text that score-perception printed")


def _within(name: str) -> Callable[[str], int]:
    """Type of whole numbers that the perception takes for a parameter of its windows."""
    bounds = _BOUNDS[name]
    assert bounds.low is not None and bounds.high is not None
    return whole_number(int(bounds.low), int(bounds.high), bounds.unit)


def _scores(path: Path) -> str:
    try:
        return read_text(path, LARGEST_SCORES)
    except FileError as error:
        raise ModelError(str(error)) from error


def run(arguments: argparse.Namespace) -> int:
    """Export, compare, and write the model card."""
    require_torch()
    if find_spec("onnx") is None:
        raise ModelError("onnx is not installed, and exporting needs it: pip install onnx==1.23.2")
    import numpy as np  # noqa: PLC0415

    from social_nav_core.perception.checkpoint import trained_on  # noqa: PLC0415
    from social_nav_core.perception.datasets.source import (  # noqa: PLC0415
        check_steps,
        read_windows,
    )
    from social_nav_core.perception.export import ExportFacts, export_student  # noqa: PLC0415
    from social_nav_core.perception.model_card import model_card  # noqa: PLC0415
    from social_nav_core.perception.networks.student import SocialEgoMobile  # noqa: PLC0415
    from social_nav_core.perception.stages import load_pose_network  # noqa: PLC0415
    from social_nav_core.perception.student_file import load_student  # noqa: PLC0415

    network = load_pose_network(arguments.checkpoint)
    if not isinstance(network, SocialEgoMobile):
        kind = type(network).__name__
        raise ModelError(f"{arguments.checkpoint} holds a {kind}, expected a student")
    learned = trained_on(arguments.checkpoint)
    if learned.steps not in (None, arguments.steps):
        raise ModelError(
            f"{arguments.checkpoint} has learned from windows of {learned.steps} steps, expected "
            f"{arguments.steps} as --steps; give --steps {learned.steps} and the --rate of its data"
        )
    scores = "" if arguments.scores is None else _scores(arguments.scores)
    joints = np.zeros((0, arguments.steps, 23, 3), dtype=np.float32)
    heat = dict.fromkeys(("intent", "attitude", "action"), 1.0)
    if arguments.validation is not None:
        windows = read_windows(arguments.validation, "validation", arguments.tracks, print)
        check_steps(arguments.validation, windows.joints.shape[1], arguments.steps, "--steps")
        joints, heat = windows.joints, _temperatures(network, windows)
    data = arguments.data or learned.data
    if not data:
        print(f"{arguments.checkpoint} does not say what it was trained on: give it with --data")
    facts = ExportFacts(arguments.steps, float(arguments.rate), heat, data or UNKNOWN)
    off = export_student(network, joints, facts, arguments.out)
    card = arguments.out.with_suffix(".md")
    about = load_student(arguments.out).about
    with written_whole(card) as file:
        file.write(model_card(arguments.out.name, about, scores).encode())
    print(f"{arguments.out}: answers within {off:.1e} of torch; {card}")
    return 0


def _temperatures(network: SocialEgoMobile, windows: Windows) -> dict[str, float]:
    """One temperature per task, fitted to whole windows and to windows of which half is lost."""
    import numpy as np  # noqa: PLC0415

    from social_nav_core.perception.corruption import Corruption, corrupted  # noqa: PLC0415
    from social_nav_core.perception.metrics import counted, fitted_temperature  # noqa: PLC0415
    from social_nav_core.perception.stages import pose_logits  # noqa: PLC0415
    from social_nav_core.perception.tasks import TASKS  # noqa: PLC0415

    lost = corrupted(windows.joints, Corruption(frames=0.3, joints=0.3), np.random.default_rng(0))
    logits = pose_logits(network, np.concatenate([windows.joints, lost]))
    labels = np.concatenate([windows.labels, windows.labels])
    keep = counted(labels)
    return {
        task: round(fitted_temperature(logits[task][keep[task]], labels[keep[task], k]), 4)
        for k, task in enumerate(TASKS)
    }

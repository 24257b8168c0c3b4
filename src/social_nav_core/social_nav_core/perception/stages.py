"""The stages of the distillation: teacher, then students from its answers, and baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import shown
from social_nav_core.parameters import check, parameter
from social_nav_core.perception.checkpoint import (
    DATA,
    STEPS,
    CheckpointError,
    check_weights,
    load,
    put_weights,
)
from social_nav_core.perception.corruption import Corruption, corrupted
from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.fingerprint import fingerprint
from social_nav_core.perception.inputs import teacher_inputs
from social_nav_core.perception.losses import InfoNce, even_weights, soft_loss, task_loss
from social_nav_core.perception.metrics import TaskScore, scores
from social_nav_core.perception.networks.baselines import FlatGru, StGcn
from social_nav_core.perception.networks.student import SocialEgoMobile
from social_nav_core.perception.networks.teacher import SocialC3D, teacher_size
from social_nav_core.perception.tasks import TASKS, action_weights
from social_nav_core.perception.training import Fit, FitSettings, Metrics, fit
from social_nav_core.perception.windows import Float32Array, Windows, centred, mirrored

POSE_NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "student": SocialEgoMobile,
    "st_gcn": StGcn,
    "gru": FlatGru,
}
Report = Callable[[str], None] | None


@dataclass(frozen=True)
class DistillSettings:
    """What a pose network learns from besides the labels, and how its input is disturbed."""

    contrast: float = parameter(0.1, "1", "weight of InfoNCE; 0 without a teacher", 0.0, 100.0)
    soft: float = parameter(2.0, "1", "weight of the teacher's soft answers", 0.0, 100.0)
    temperature: float = parameter(2.0, "1", "softness of the teacher's answers", 0.1, 50.0)
    smoothing: float = parameter(0.05, "1", "label smoothing", 0.0, 0.9)
    calm: float = parameter(0.4, "1", "share of windows of which nothing is lost", 0.0, 1.0)
    lost_frames: float = parameter(0.6, "1", "largest share of frames lost", 0.0, 0.95)
    lost_joints: float = parameter(0.6, "1", "largest share of joints lost", 0.0, 0.95)
    jitter: float = parameter(0.02, "1", "largest noise of joints, in body heights", 0.0, 1.0)
    dimmed: float = parameter(0.3, "1", "share of windows with low confidences", 0.0, 1.0)
    cut: float = parameter(0.25, "1", "share of windows cut off at an edge", 0.0, 1.0)
    flat: float = parameter(0.15, "1", "share of windows with all confidences alike", 0.0, 1.0)
    late: float = parameter(0.1, "1", "share of windows of tracks that just began", 0.0, 1.0)
    feetless: float = parameter(0.15, "1", "share of windows without feet", 0.0, 1.0)
    turned: float = parameter(0.1, "rad", "largest roll of the camera", 0.0, 1.0)
    stretched: float = parameter(0.15, "1", "largest logarithm of a stretch", 0.0, 1.0)


@dataclass(frozen=True)
class TeacherAnswers:
    """What a trained teacher says about windows: representation (n, f) and logits by task."""

    representation: Tensor
    logits: tuple[Tensor, Tensor, Tensor]

    def and_more(self, more: TeacherAnswers) -> TeacherAnswers:
        """These answers, and then others."""
        pairs = zip(self.logits, more.logits, strict=True)
        intent, attitude, action = (torch.cat(pair) for pair in pairs)
        representation = torch.cat([self.representation, more.representation])
        return TeacherAnswers(representation, (intent, attitude, action))

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The representation, and the logits by task."""
        named = {
            "representation": self.representation,
            **dict(zip(TASKS, self.logits, strict=True)),
        }
        return {name: item.numpy() for name, item in named.items()}

    def take(self, count: int) -> TeacherAnswers:
        """The first of the answers."""
        intent, attitude, action = (item[:count] for item in self.logits)
        return TeacherAnswers(self.representation[:count], (intent, attitude, action))


def train_teacher(
    model: SocialC3D,
    train: Encounters,
    validation: Encounters,
    settings: FitSettings,
    path: Path,
    report: Report = None,
    data: str = "",
) -> Fit:
    """Train a teacher on clean encounters, half of the batches mirrored.

    Every action counts as much as any other, however many windows it has.  The model ends with the
    weights of its best epoch.  ``data`` says what the encounters are.

    Raises:
        CheckpointError: the checkpoint at ``path`` is of another training.
        ValueError: no window of the validation has a label.
    """
    device = next(model.parameters()).device
    labels = torch.from_numpy(train.labels).to(device)
    weights = torch.from_numpy(action_weights(train.labels[:, 2])).to(device)

    def batch_loss(index: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        mirror = bool(rng.random() < 0.5)
        inputs = teacher_inputs(train, index, model.size, device, mirror)
        chosen = torch.from_numpy(index)
        return task_loss(model(*inputs), labels[chosen], 0.05, weights[chosen])

    def evaluate() -> Metrics:
        return _summary(teacher_scores(model, validation, mirrors=False))

    about = {
        "network": "teacher",
        "size": asdict(model.size),
        "windows": len(train),
        "training windows": fingerprint(vars(train)),
        "validation windows": fingerprint(vars(validation)),
        DATA: data,
    }
    return fit(model, batch_loss, len(train), evaluate, settings, path, about, report)


def teacher_answers(
    model: SocialC3D, encounters: Encounters, batch: int = 64, mirrors: bool = True
) -> TeacherAnswers:
    """The trained teacher's answers to clean encounters, on the CPU.

    With ``mirrors`` they are means over a window and its mirror image.
    """
    device = next(model.parameters()).device
    model.eval()
    parts: list[tuple[Tensor, ...]] = []
    with torch.no_grad():
        for start in range(0, len(encounters), batch):
            index = np.arange(start, min(start + batch, len(encounters)))
            views = []
            for mirror in (False, True) if mirrors else (False,):
                seen = model.represent(
                    *teacher_inputs(encounters, index, model.size, device, mirror)
                )
                views.append((seen, *model.classifier(seen)))
            parts.append(
                tuple(torch.stack(item).mean(dim=0).cpu() for item in zip(*views, strict=True))
            )
    representation, intent, attitude, action = (
        torch.cat(item) for item in zip(*parts, strict=True)
    )
    return TeacherAnswers(representation, (intent, attitude, action))


def teacher_scores(
    model: SocialC3D, encounters: Encounters, mirrors: bool = True
) -> dict[str, TaskScore]:
    """How well a teacher answers; ``mirrors`` as in `teacher_answers`."""
    logits = teacher_answers(model, encounters, mirrors=mirrors).logits
    return scores(_by_task(logits), encounters.labels)


class Distilled(nn.Module):
    """A pose network and the bridge to its teacher that only the training needs."""

    network: Any

    def __init__(self, network: nn.Module, teacher_features: int) -> None:
        super().__init__()
        self.network = network
        features: Any = network.features
        self.bridge = InfoNce(features, teacher_features)


def train_pose_network(
    network: nn.Module,
    train: Windows,
    validation: Windows,
    answers: TeacherAnswers | None,
    settings: FitSettings,
    distil: DistillSettings,
    path: Path,
    report: Report = None,
) -> Fit:
    """Train a student or baseline on corrupted windows, with or without a teacher.

    Args:
        network: a student or baseline; ends with the weights of its best epoch.
        train, validation: windows; training corrupts its own anew in every epoch, validation is
            scored with 30 % of frames and 30 % of joints lost.  Where training windows have labels
            of -1, only the teacher's answers are learned.  Every action counts as much as any
            other, however many windows it has.
        answers: of the teacher to the clean training windows, in their order; None trains alone.
        settings: length, speed and seed.
        distil: weights of the losses and how the input is disturbed.
        path: checkpoint to go on from and to write.
        report: is called with a line per epoch.

    Raises:
        CheckpointError: the checkpoint at ``path`` is of another training.
        ValueError: the answers are not to as many windows, or no window of the validation has a
            label.
    """
    check(distil)
    if answers is not None and len(answers.representation) != len(train):
        got = len(answers.representation)
        raise ValueError(f"the teacher answered {got} windows, expected {len(train)}")
    device = next(network.parameters()).device
    features = 1 if answers is None else answers.representation.shape[1]
    both = Distilled(network, features).to(device)
    labels = torch.from_numpy(train.labels).to(device)
    weights = torch.from_numpy(action_weights(train.labels[:, 2])).to(device)
    guidance = None if answers is None else even_weights(answers.logits[2]).to(device)

    def batch_loss(index: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        windows = torch.from_numpy(_augmented(train.joints[index], distil, rng)).to(device)
        chosen = torch.from_numpy(index)
        representation = both.network.represent(windows)
        logits = both.network.classifier(representation)
        loss = task_loss(logits, labels[chosen], distil.smoothing, weights[chosen])
        if answers is None or guidance is None:
            return loss
        intent, attitude, action = (item[chosen].to(device) for item in answers.logits)
        shared = both.bridge(representation, answers.representation[chosen].to(device))
        guided = soft_loss(logits, (intent, attitude, action), distil.temperature, guidance[chosen])
        return loss + distil.contrast * shared + distil.soft * guided

    half_lost = Corruption(frames=0.3, joints=0.3)

    def evaluate() -> Metrics:
        return _summary(pose_scores(network, validation, half_lost, seed=0))

    about = {
        "network": _kind(network),
        "distil": asdict(distil),
        "taught": answers is not None,
        "windows": len(train),
        STEPS: train.joints.shape[1],
        "training windows": _windows_print(train),
        "validation windows": _windows_print(validation),
        "answers of the teacher": None if answers is None else fingerprint(answers.arrays()),
        DATA: train.about,
    }
    return fit(both, batch_loss, len(train), evaluate, settings, path, about, report)


def load_teacher(path: Path) -> SocialC3D:
    """The best epoch's teacher of a checkpoint, on the CPU.

    Raises:
        CheckpointError: it is not a teacher's, or its weights are of another size than it says.
    """
    saved = load(path)
    if saved.about.get("network") != "teacher":
        kind = shown(saved.about.get("network"))
        raise CheckpointError(f"{path} holds a {kind}, expected a 'teacher' (train-teacher)")
    try:
        size = teacher_size(saved.about.get("size"))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}; train the teacher anew") from error
    weights = saved.part("best/")
    with torch.device("meta"):  # takes no memory, whatever size the file asks for
        check_weights(SocialC3D(size), weights, path)
    model = SocialC3D(size)
    put_weights(model, weights, path)
    return model.eval()


def load_pose_network(path: Path) -> nn.Module:
    """The best epoch's student or baseline of a checkpoint, on the CPU.

    Raises:
        CheckpointError: it is of neither.
    """
    saved = load(path)
    kind = saved.about.get("network")
    if not isinstance(kind, str) or kind not in POSE_NETWORKS:
        wanted = ", ".join(POSE_NETWORKS)
        raise CheckpointError(f"{path} holds a {shown(kind)}, expected one of {wanted}")
    network = POSE_NETWORKS[kind]()
    put_weights(network, saved.part("best/network."), path)
    return network.eval()


def pose_logits(
    network: nn.Module, joints: Float32Array, batch: int = 256
) -> dict[str, FloatArray]:
    """Logits ``(n, classes)`` by task of windows ``(n, t, 23, 3)`` in image coordinates."""
    device = next(network.parameters()).device
    network.eval()
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    with torch.no_grad():
        for start in range(0, len(joints), batch):
            windows = torch.from_numpy(centred(joints[start : start + batch])).to(device)
            parts.append(network(windows))
    intent, attitude, action = (torch.cat(item).cpu() for item in zip(*parts, strict=True))
    return _by_task((intent, attitude, action))


def pose_scores(
    network: nn.Module, windows: Windows, corruption: Corruption, seed: int
) -> dict[str, TaskScore]:
    """How well a student or baseline answers windows that are corrupted first."""
    disturbed = corrupted(windows.joints, corruption, np.random.default_rng(seed))
    return scores(pose_logits(network, disturbed), windows.labels)


def _augmented(
    joints: Float32Array, distil: DistillSettings, rng: np.random.Generator
) -> Float32Array:
    """A batch ``(n, t, 23, 3)`` disturbed by a random amount, half of it mirrored, and centred."""
    flip = rng.random((len(joints),)) < 0.5
    windows = np.where(flip[:, None, None, None], mirrored(joints), joints)
    light = Corruption(
        jitter=float(rng.uniform(0.0, distil.jitter)),
        flat=distil.flat,
        turned=distil.turned,
        stretched=distil.stretched,
    )
    heavy = Corruption(
        frames=float(rng.uniform(0.0, distil.lost_frames)),
        joints=float(rng.uniform(0.0, distil.lost_joints)),
        dimmed=distil.dimmed,
        cut=distil.cut,
        late=distil.late,
        feetless=distil.feetless,
    )
    windows = corrupted(windows, light, rng)
    calm = (rng.random((len(joints),)) < distil.calm)[:, None, None, None]
    return centred(np.where(calm, windows, corrupted(windows, heavy, rng)))


def _kind(network: nn.Module) -> str:
    kinds = [kind for kind, build in POSE_NETWORKS.items() if type(network) is build]
    return kinds[0] if kinds else type(network).__name__


def _by_task(logits: tuple[Tensor, Tensor, Tensor]) -> dict[str, FloatArray]:
    pairs = zip(TASKS, logits, strict=True)
    return {task: item.numpy().astype(np.float64) for task, item in pairs}


def _windows_print(windows: Windows) -> str:
    return fingerprint({"joints": windows.joints, "labels": windows.labels})


def _summary(result: dict[str, TaskScore]) -> Metrics:
    """Accuracies by task, and their mean over the tasks that some window asks."""
    known = [score.accuracy for score in result.values() if score.count]
    if not known:
        raise ValueError("no window of the validation has a label, expected one or more")
    accuracy = {task: score.accuracy if score.count else None for task, score in result.items()}
    return accuracy | {"score": float(np.mean(known))}

"""Training: one loop for teacher, student and baselines; stops and goes on as if it never stopped.

All randomness of an epoch follows from the seed and the epoch's number, so a training that was
killed and continued gives the weights of one that was not.  Under torchrun every process takes its
share of each batch and gradients are averaged.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn

from social_nav_core.input_files import shown
from social_nav_core.parameters import check, parameter
from social_nav_core.perception.checkpoint import (
    DATA,
    Checkpoint,
    CheckpointError,
    check_weights,
    load,
    optimiser_tensors,
    put_optimiser,
    put_weights,
    save,
    weights_of,
)
from social_nav_core.perception.checkpoint_file import read_checkpoint
from social_nav_core.progress import kept_at_stop
from social_nav_core.proxemics.model import ModelError

_CHANCE = 0.005
"""How much less than the largest a later epoch's score may be to be taken all the same.

So little is chance where a thousand windows are scored, and the later epoch had smaller steps.
"""
Index = NDArray[np.int64]
BatchLoss = Callable[[Index, np.random.Generator], Tensor]
Metrics = dict[str, float | None]
"""By name, after an epoch; None where nothing counts, and never for ``score``."""
Evaluate = Callable[[], Mapping[str, float | None]]


@dataclass(frozen=True)
class FitSettings:
    """How long and how fast to train."""

    epochs: int = parameter(40, "1", "passes over the data", 1, 10000)
    batch: int = parameter(64, "1", "windows in a step, all processes together", 2, 65536)
    rate: float = parameter(2e-3, "1", "largest learning rate", 1e-7, 1.0)
    decay: float = parameter(1e-2, "1", "weight decay", 0.0, 1.0)
    clip: float = parameter(2.0, "1", "largest norm of the gradient", 1e-3, 1e3)
    seed: int = parameter(0, "1", "of everything random", 0, 2**31 - 1)


@dataclass(frozen=True)
class Fit:
    """A finished training: metrics ``(epochs)`` as the epochs went by, and the best epoch."""

    history: tuple[Metrics, ...]
    best: int


def fit(
    model: nn.Module,
    batch_loss: BatchLoss,
    count: int,
    evaluate: Evaluate,
    settings: FitSettings,
    path: Path,
    about: dict[str, Any],
    report: Callable[[str], None] | None = None,
) -> Fit:
    """Train until the last epoch and leave the model with the weights of its best one.

    Args:
        model: everything that learns, also what only the training needs.
        batch_loss: loss of the windows with some indices, with a generator for augmentation.
        count: number of training windows.
        evaluate: metrics of the model after an epoch; ``score``, a share, should be large.  The
            best epoch is the latest one of those whose score is the largest but for chance.
        settings: length, speed, seed.
        path: checkpoint to go on from and to write after every epoch.
        about: what the checkpoint should say about itself; must agree when going on, but for
            `DATA`.
        report: is called with a line per epoch.

    Raises:
        CheckpointError: the checkpoint at ``path`` is of another training.
        ModelError: the loss is no longer finite; the epochs before are kept.
    """
    check(settings)
    optimiser = torch.optim.AdamW(model.parameters(), settings.rate, weight_decay=settings.decay)
    told = json.loads(json.dumps(about | {"fit": dataclasses.asdict(settings)}))
    start, history, best = _resumed(path, model, optimiser, told)
    with kept_at_stop(lambda: _kept(path, settings.epochs)):
        for epoch in range(start, settings.epochs):
            loss = _epoch(model, optimiser, batch_loss, count, settings, epoch)
            _same_everywhere(model)
            model.eval()
            _check_finite(path, epoch, loss)
            history.append({"loss": loss, **evaluate()})
            scores = [_score(metrics) for metrics in history]
            if scores[-1] >= max(scores) - _CHANCE:
                best = (epoch, weights_of(model))
            if is_first_process():
                _write(path, model, optimiser, told, history, best)
            if report is not None:
                report(f"epoch {epoch + 1} of {settings.epochs}: {_shown(history[-1])}")
    put_weights(model, best[1], path)
    model.eval()
    return Fit(tuple(history), best[0])


def _kept(path: Path, epochs: int) -> str:
    if not path.exists():
        return ""
    done = read_checkpoint(path).epoch
    return f"{path} keeps {done} of {epochs} epochs, the same command goes on"


def _check_finite(path: Path, epoch: int, loss: float) -> None:
    if not math.isfinite(loss):
        raise ModelError(
            f"{path}: the loss of epoch {epoch + 1} is {loss}, expected a finite number: the "
            "training diverged; move the file and train with another seed or a lower rate"
        )


def _score(metrics: Metrics) -> float:
    score = metrics["score"]
    if score is None or not math.isfinite(score):
        raise ValueError(f"score is {score}, expected a finite number of every epoch")
    return score


def _shown(metrics: Metrics) -> str:
    return "  ".join(
        f"{name} none" if value is None else f"{name} {value:.3f}"
        for name, value in metrics.items()
    )


_Best = tuple[int, dict[str, Tensor]]


def _epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    batch_loss: BatchLoss,
    count: int,
    settings: FitSettings,
    epoch: int,
) -> float:
    order = np.random.default_rng([settings.seed, epoch]).permutation(count)
    torch.manual_seed(settings.seed * 1_000_003 + epoch * 101 + _rank())
    rng = np.random.default_rng([settings.seed, epoch, 1, _rank()])
    model.train()
    steps = max(count // settings.batch, 1)
    losses = []
    for step in range(steps):
        progress = (epoch + step / steps) / settings.epochs
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * _schedule(progress)
        batch = order[step * settings.batch : (step + 1) * settings.batch]
        optimiser.zero_grad()
        loss = batch_loss(batch[_rank() :: _processes()], rng)
        loss.backward()
        _average_gradients(model)
        nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimiser.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _schedule(progress: float) -> float:
    """Share of the largest learning rate: a short rise, then a cosine down to nothing."""
    if progress < 0.05:
        return 0.1 + 0.9 * progress / 0.05
    return float(0.5 * (1.0 + np.cos(np.pi * (progress - 0.05) / 0.95)))


def _resumed(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, told: dict[str, Any]
) -> tuple[int, list[Metrics], _Best]:
    if not path.exists():
        return 0, [], (0, weights_of(model))
    saved = load(path)
    _check_same(path, saved.about, told)
    put_weights(model, saved.part("last/"), path)
    put_optimiser(optimiser, saved.optimiser, path)
    check_weights(model, saved.part("best/"), path)
    history, best = _progress(saved, path)
    return saved.epoch, history, (best, saved.part("best/"))


def _check_same(path: Path, about: dict[str, Any], told: dict[str, Any]) -> None:
    """Refuse the checkpoint of another training.

    Raises:
        CheckpointError: it says something else of itself than is told.
    """
    differing = [name for name in told if name != DATA and about.get(name) != told[name]]
    if not differing:
        return
    unknown = [name for name in differing if name not in about]
    since = f"; it does not say its {', '.join(unknown)}, which an earlier version did not keep"
    raise CheckpointError(
        f"{path} is of another training ({', '.join(differing)} differ){since if unknown else ''}; "
        "give the data, teacher and options that it was begun with, or delete or move it to train "
        "anew"
    )


def _progress(saved: Checkpoint, path: Path) -> tuple[list[Metrics], int]:
    """Metrics of the epochs done, and the best epoch.

    Raises:
        CheckpointError: they are not what `_write` writes.
    """
    history, best = saved.about.get("history"), saved.about.get("best")
    good = isinstance(history, list) and len(history) == saved.epoch > 0
    if not isinstance(history, list) or not good or not all(map(_is_metrics, history)):
        raise CheckpointError(
            f"{path}: history is {shown(history)}, expected finite metrics, 'score' among them, of "
            f"each of {saved.epoch} epochs, 1 or more; delete or move it to train anew"
        )
    if type(best) is not int or not 0 <= best < saved.epoch:
        raise CheckpointError(
            f"{path}: best is {shown(best)}, expected an epoch of 0 to {saved.epoch - 1}; delete "
            "or move it to train anew"
        )
    return history, best


def _is_metrics(metrics: Any) -> bool:
    return (
        isinstance(metrics, dict)
        and metrics.get("score") is not None
        and all(
            value is None or (type(value) in (int, float) and abs(value) < 1e300)
            for value in metrics.values()
        )
    )


def _write(
    path: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    told: dict[str, Any],
    history: list[Metrics],
    best: _Best,
) -> None:
    weights = {f"last/{name}": tensor for name, tensor in weights_of(model).items()}
    weights |= {f"best/{name}": tensor for name, tensor in best[1].items()}
    about = told | {"history": history, "best": best[0]}
    save(path, Checkpoint(weights, optimiser_tensors(optimiser), len(history), about))


def start_processes() -> torch.device:
    """Join the other processes that torchrun started, if it did; the device to train on."""
    cuda = torch.cuda.is_available()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if cuda else "gloo")
    if not cuda:
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def is_first_process() -> bool:
    """Whether this process writes files for all that torchrun started."""
    return _rank() == 0


def _rank() -> int:
    return distributed.get_rank() if distributed.is_initialized() else 0


def _processes() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def _average_gradients(model: nn.Module) -> None:
    if _processes() == 1:
        return
    for weight in model.parameters():
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
        distributed.all_reduce(weight.grad)
        weight.grad /= _processes()


def _same_everywhere(model: nn.Module) -> None:
    """Give every process the first one's tensors: running means differ between processes."""
    if _processes() > 1:
        for tensor in model.state_dict().values():
            distributed.broadcast(tensor, 0)

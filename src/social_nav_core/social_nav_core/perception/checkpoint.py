"""Checkpoints of training as NPZ files without pickle: weights, optimiser, progress, settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from social_nav_core.checksums import digest_of
from social_nav_core.input_files import one_line, shown
from social_nav_core.perception.checkpoint_file import FORMAT, CheckpointError, read_checkpoint
from social_nav_core.whole_file import written_whole

DATA = "data"
"""Key of the words about the training's data, which need not agree when going on."""
STEPS = "steps"
"""Key of the number of steps of a window."""
_MOST_WORDS = 2000
_MOMENTS = {"step": 1, "exp_avg": None, "exp_avg_sq": 0}  # of AdamW, and their smallest values
_ANEW = "; delete or move the file to train anew"


@dataclass(frozen=True)
class Checkpoint:
    """State of a training after some epochs.

    Attributes:
        weights: tensors of the networks by name.
        optimiser: tensors of the optimiser by name.
        epoch: epochs done.
        about: settings, metrics and history, as JSON can hold them.
    """

    weights: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    epoch: int
    about: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Weights whose names begin with a prefix, without it."""
        return {
            name.removeprefix(prefix): tensor
            for name, tensor in self.weights.items()
            if name.startswith(prefix)
        }


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; a reader sees the old file or the new one, never a part."""
    tensors = {f"weights/{name}": tensor for name, tensor in checkpoint.weights.items()}
    tensors |= {f"optimiser/{name}": tensor for name, tensor in checkpoint.optimiser.items()}
    header = {"format": FORMAT, "epoch": checkpoint.epoch, "about": checkpoint.about}
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {key: value.detach().cpu().numpy() for key, value in tensors.items()}
    arrays["header"] = np.array(json.dumps(header))
    with written_whole(path) as file:
        np.savez(file, sha256=np.array(digest_of(arrays)), **arrays)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: as `read_checkpoint`.
    """
    read = read_checkpoint(path)
    try:
        parts = {
            part: {name: torch.from_numpy(values) for name, values in arrays.items()}
            for part, arrays in read.parts.items()
        }
    except TypeError as error:
        raise CheckpointError(f"{path}: torch has no such numbers: {one_line(error)}") from error
    return Checkpoint(parts["weights"], parts["optimiser"], read.epoch, read.about)


@dataclass(frozen=True)
class TrainedOn:
    """What the training of a checkpoint learned from, where it says so.

    Attributes:
        data: in words, or empty.
        steps: of a window, or None.
    """

    data: str
    steps: int | None


def trained_on(path: Path) -> TrainedOn:
    """What a checkpoint says of its training's data; raises as `read_checkpoint`."""
    about = read_checkpoint(path).about
    data, steps = about.get(DATA), about.get(STEPS)
    words = one_line(data, _MOST_WORDS) if isinstance(data, str) and data.strip() else ""
    return TrainedOn(words, steps if type(steps) is int else None)


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Copies of all tensors of a network by name."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def put_weights(model: nn.Module, weights: dict[str, Tensor], source: Path) -> None:
    """Copy weights into a network of the same shape; raises as `check_weights`."""
    check_weights(model, weights, source)
    model.load_state_dict(weights)


def check_weights(model: nn.Module, weights: dict[str, Tensor], source: Path) -> None:
    """Compare weights from a file with a network, which may be on the device "meta".

    Raises:
        CheckpointError: names or shapes differ.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    if found == wanted:
        return
    name = next(name for name in (*wanted, *found) if found.get(name) != wanted.get(name))
    shapes = (shown(one.get(name, "nothing")) for one in (found, wanted))
    got, expected = (text.strip("'") for text in shapes)
    raise CheckpointError(
        f"{source} does not fit the network: {shown(name)} has the shape {got}, expected "
        f"{expected}; train the network anew, or give a checkpoint of this one"
    )


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Copies of an optimiser's tensors, named by parameter and kind."""
    states = optimiser.state_dict()["state"]
    return {
        f"{index}/{kind}": value.detach().clone()
        for index, state in states.items()
        for kind, value in state.items()
    }


def put_optimiser(
    optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor], source: Path
) -> None:
    """Copy tensors named by `optimiser_tensors` into an AdamW of the same parameters.

    Raises:
        CheckpointError: names, shapes or values are not those of its state.
    """
    shapes = [tuple(one.shape) for group in optimiser.param_groups for one in group["params"]]
    places = {str(index): index for index in range(len(shapes))}
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        key, _, kind = name.partition("/")
        wanted = None
        if key in places and kind in _MOMENTS:
            wanted = () if kind == "step" else shapes[places[key]]
        if wanted is None or tuple(tensor.shape) != wanted:
            got = shown(tuple(tensor.shape))
            raise CheckpointError(
                f"{source}: the optimiser's {shown(name)} has the shape {got}, expected "
                f"{'no such tensor' if wanted is None else wanted}{_ANEW}"
            )
        least = _MOMENTS[kind]
        if least is not None and bool((tensor < least).any()):
            raise CheckpointError(
                f"{source}: the optimiser's {shown(name)} has values below {least}{_ANEW}"
            )
        state.setdefault(places[key], {})[kind] = tensor
    for index, kinds in state.items():
        missing = [kind for kind in _MOMENTS if kind not in kinds]
        if missing:
            raise CheckpointError(f"{source}: the optimiser has no '{index}/{missing[0]}'{_ANEW}")
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})

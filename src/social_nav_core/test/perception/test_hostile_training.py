"""Checkpoints of trainings that are damaged or made up: one line each, whatever they hold."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")

from social_nav_core.perception.checkpoint import (  # noqa: E402
    Checkpoint,
    CheckpointError,
    load,
    save,
    weights_of,
)
from social_nav_core.perception.networks.teacher import SocialC3D, TeacherSize  # noqa: E402
from social_nav_core.perception.stages import load_pose_network, load_teacher  # noqa: E402
from social_nav_core.perception.training import FitSettings, fit  # noqa: E402

SIZE: dict[str, Any] = {
    **{"image": 16, "heatmap": 16, "rgb_width": 4, "heatmap_width": 4},
    **{"blocks": [1, 1, 1], "features": 16},
}


def go_on(path: Path, epochs: int = 3) -> Any:
    """Two weights that learn to be 1, from a checkpoint or from nothing."""
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1, bias=False)

    def loss(index: np.ndarray, rng: np.random.Generator) -> Any:
        return ((model.weight - 1.0) ** 2).sum() * len(index)

    settings = FitSettings(epochs=epochs, batch=2)
    return fit(
        model, loss, 4, lambda: {"score": float(model.weight.detach().sum())}, settings, path, {}
    )


@pytest.fixture
def good(tmp_path: Path) -> Checkpoint:
    go_on(tmp_path / "good.npz")
    return load(tmp_path / "good.npz")


def test_a_whole_checkpoint_is_gone_on_from(tmp_path: Path, good: Checkpoint) -> None:
    save(tmp_path / "again.npz", good)
    assert len(go_on(tmp_path / "again.npz").history) == 3


def told(**more: Any) -> Callable[[Checkpoint], Checkpoint]:
    return lambda one: Checkpoint(one.weights, one.optimiser, one.epoch, one.about | more)


def without(name: str) -> Callable[[Checkpoint], Checkpoint]:
    def changed(one: Checkpoint) -> Checkpoint:
        about = {key: value for key, value in one.about.items() if key != name}
        weights = {key: value for key, value in one.weights.items() if key != name}
        optimiser = {key: value for key, value in one.optimiser.items() if key != name}
        return Checkpoint(weights, optimiser, one.epoch, about)

    return changed


def tensors(part: str, **more: Any) -> Callable[[Checkpoint], Checkpoint]:
    def changed(one: Checkpoint) -> Checkpoint:
        named = {name.replace("__", "/"): torch.as_tensor(value) for name, value in more.items()}
        weights, optimiser = (
            before | (named if part == name else {})
            for name, before in (("weights", one.weights), ("optimiser", one.optimiser))
        )
        return Checkpoint(weights, optimiser, one.epoch, one.about)

    return changed


def with_epoch(epoch: int) -> Callable[[Checkpoint], Checkpoint]:
    return lambda one: Checkpoint(one.weights, one.optimiser, epoch, one.about)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("fit"), r"of another training \(fit differ\)"),
        (without("history"), "history is None, expected finite metrics"),
        (told(history={"a": 1}), "history is {'a': 1}, expected finite metrics"),
        (told(history=[1, 2, 3]), r"history is \[1, 2, 3\], expected"),
        (told(history=[{"loss": 1.0}] * 3), "'score' among them"),
        (told(history=[{"score": "high"}] * 3), "expected finite metrics"),
        (told(history=[{"score": float("nan")}] * 3), "expected finite metrics"),
        (with_epoch(2), "of each of 2 epochs"),
        (with_epoch(0), "of each of 0 epochs, 1 or more"),
        (without("best"), "best is None, expected an epoch of 0 to 2"),
        (told(best="last"), "best is 'last', expected an epoch"),
        (told(best=-1), "best is -1, expected an epoch of 0 to 2"),
        (told(best=3), "best is 3, expected an epoch of 0 to 2"),
        (without("last/weight"), r"'weight' has the shape nothing, expected \(1, 2\)"),
        (without("best/weight"), r"'weight' has the shape nothing, expected \(1, 2\)"),
        (tensors("weights", best__weight=[1.0]), r"'weight' has the shape \(1,\), expected"),
        (tensors("weights", last__more=[1.0]), r"'more' has the shape \(1,\), expected nothing"),
        (tensors("optimiser", zero__step=1.0), "'zero/step' has the shape"),
        (tensors("optimiser", **{"-1__step": 1.0}), "'-1/step' has the shape .* no such tensor"),
        (tensors("optimiser", **{"1__step": 1.0}), "'1/step' has the shape .* no such tensor"),
        (tensors("optimiser", **{"0__": 1.0}), "'0/' has the shape .* no such tensor"),
        (tensors("optimiser", **{"0__exp_avg": [1.0]}), r"expected \(1, 2\)"),
        (tensors("optimiser", **{"0__step": -3.0}), "'0/step' has values below 1"),
        (tensors("optimiser", **{"0__exp_avg_sq": [[-1.0, 1.0]]}), "has values below 0"),
        (without("0/exp_avg_sq"), "the optimiser has no '0/exp_avg_sq'"),
    ],
)
def test_a_checkpoint_that_nothing_can_go_on_from_is_refused(
    tmp_path: Path, good: Checkpoint, change: Callable[[Checkpoint], Checkpoint], words: str
) -> None:
    path = tmp_path / "bad.npz"
    save(path, change(good))
    with pytest.raises(CheckpointError, match=words) as caught:
        go_on(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


def teacher(path: Path, size: Any, network: Any = "teacher") -> Path:
    """A checkpoint of a small teacher that says that it is of some size."""
    model = SocialC3D(TeacherSize(**(SIZE | {"blocks": (1, 1, 1)})))
    weights = {f"best/{name}": tensor for name, tensor in weights_of(model).items()}
    save(path, Checkpoint(weights, {}, 1, {"network": network, "size": size}))
    return path


def test_a_teacher_is_loaded(tmp_path: Path) -> None:
    assert load_teacher(teacher(tmp_path / "good.npz", SIZE)).size.features == 16


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "size is None, expected a mapping of image, heatmap"),
        ([], r"size is \[\], expected a mapping"),
        ({}, "size is {}, expected a mapping"),
        (SIZE | {"more": 1}, "expected a mapping of"),
        (SIZE | {"blocks": 3}, "blocks 3, expected three whole numbers"),
        (SIZE | {"blocks": []}, r"blocks \[\], expected three"),
        (SIZE | {"blocks": [1, 1]}, r"blocks \[1, 1\], expected three"),
        (SIZE | {"blocks": [1, 1, "a"]}, "expected three whole numbers"),
        (SIZE | {"blocks": [1, 0, 1]}, "expected three whole numbers of 1 to 64"),
        (SIZE | {"blocks": [1, 1, 10**9]}, "expected three whole numbers of 1 to 64"),
        (SIZE | {"features": 10**12}, "features 1000000000000, expected a whole number of 1"),
        (SIZE | {"rgb_width": -8}, "rgb_width -8, expected a whole number of 1 to 512"),
        (SIZE | {"image": 16.5}, "image 16.5, expected a whole number"),
        (SIZE | {"heatmap": True}, "heatmap True, expected a whole number"),
        (
            SIZE | {"rgb_width": 512, "heatmap_width": 512, "blocks": [64, 64, 64]},
            r"'stems.body.0.weight' has the shape \(4, 23, 1, 5, 5\), expected \(512, 23, 1, 5, 5",
        ),
    ],
)
def test_a_teacher_of_a_size_that_cannot_be_is_refused(
    tmp_path: Path, size: Any, words: str
) -> None:
    """The last one would have a hundred thousand million weights."""
    path = teacher(tmp_path / "bad.npz", size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match=words) as caught:
        load_teacher(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # [KiB]


@pytest.mark.parametrize("kind", [None, ["student"], {"a": 1}, "student" * 1000])
def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path, kind: Any) -> None:
    path = teacher(tmp_path / "bad.npz", SIZE, kind)
    with pytest.raises(CheckpointError, match="expected a 'teacher'"):
        load_teacher(path)
    with pytest.raises(CheckpointError, match="expected one of student, st_gcn, gru"):
        load_pose_network(path)

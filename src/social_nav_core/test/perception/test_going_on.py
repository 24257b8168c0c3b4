"""Trainings that go on, or must not: other data, other teachers, tasks that no window asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")

from social_nav_core.perception import kept_answers as kept  # noqa: E402
from social_nav_core.perception import parts  # noqa: E402
from social_nav_core.perception.checkpoint import (  # noqa: E402
    Checkpoint,
    CheckpointError,
    TrainedOn,
    load,
    save,
    trained_on,
)
from social_nav_core.perception.encounters.generator import (  # noqa: E402
    Encounters,
    EncounterSettings,
    generate,
)
from social_nav_core.perception.kept_answers import kept_answers  # noqa: E402
from social_nav_core.perception.networks.baselines import FlatGru  # noqa: E402
from social_nav_core.perception.networks.teacher import SocialC3D, TeacherSize  # noqa: E402
from social_nav_core.perception.stages import (  # noqa: E402
    DistillSettings,
    TeacherAnswers,
    load_pose_network,
    teacher_answers,
    train_pose_network,
    train_teacher,
)
from social_nav_core.perception.tasks import TASKS  # noqa: E402
from social_nav_core.perception.training import Fit, FitSettings, fit  # noqa: E402
from social_nav_core.perception.windows import Windows  # noqa: E402
from social_nav_core.proxemics.model import ModelError  # noqa: E402

TINY = TeacherSize(8, 8, 2, 2, (1, 1, 1), 8)


def some(labels: Sequence[tuple[int, int, int]], seed: int = 0) -> Windows:
    rng = np.random.default_rng(seed)
    joints = rng.uniform(0.1, 0.9, (len(labels), 10, 23, 3)).astype(np.float32)
    return Windows(joints, np.array(labels), tuple(map(str, range(len(labels)))), "made for tests")


MIXED = some([(0, 0, 0), (0, 1, 4), (1, 2, 7), (2, 2, 9)] * 3)
CALM = some([(2, 2, 9), (1, 2, 7)] * 3, seed=1)


def answers(seed: int = 0, count: int = 12) -> TeacherAnswers:
    rng = torch.Generator().manual_seed(seed)
    logits = [torch.randn(count, size, generator=rng) for size in (3, 3, 10)]
    return TeacherAnswers(torch.randn(count, 8, generator=rng), (logits[0], logits[1], logits[2]))


def train(
    path: Path,
    windows: Windows = MIXED,
    validation: Windows = CALM,
    taught: TeacherAnswers | None = None,
    report: Callable[[str], None] | None = None,
) -> Fit:
    torch.manual_seed(0)
    settings = FitSettings(2, batch=4, rate=5e-3)
    network = FlatGru()
    return train_pose_network(
        network, windows, validation, taught, settings, DistillSettings(), path, report
    )


def test_a_task_that_no_window_asks_is_left_out_of_the_score(tmp_path: Path) -> None:
    path, lines = tmp_path / "a.npz", list[str]()
    done = train(path, report=lines.append)
    for line, metrics in zip(lines, done.history, strict=True):
        assert metrics["attitude"] is None and "attitude none" in line
        intent, action, score = (metrics[name] for name in ("intent", "action", "score"))
        assert intent is not None and action is not None
        assert score == pytest.approx((intent + action) / 2.0)
    saved = load(path)
    assert saved.about["history"][0]["attitude"] is None
    torch.manual_seed(0)
    untrained = FlatGru().state_dict()
    best = saved.part("best/network.")
    assert not all(torch.equal(best[name], tensor) for name, tensor in untrained.items())
    assert train(path).history == done.history


@pytest.mark.parametrize("labels", [(-1, -1, -1), (-1, 2, -1)])
def test_a_validation_without_any_label_is_refused(
    tmp_path: Path, labels: tuple[int, int, int]
) -> None:
    with pytest.raises(ValueError, match="no window of the validation has a label"):
        train(tmp_path / "a.npz", validation=some([labels] * 4))
    assert not (tmp_path / "a.npz").exists()


def relabelled(windows: Windows) -> Windows:
    labels = windows.labels.copy()
    labels[0, 2] = 1
    return replace(windows, labels=labels)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"windows": some([tuple(row) for row in MIXED.labels], 9)}, "training windows differ"),
        ({"windows": relabelled(MIXED)}, "training windows differ"),
        ({"validation": relabelled(CALM)}, "validation windows differ"),
        ({"taught": answers(1)}, "answers of the teacher differ"),
        ({"taught": None}, "taught, answers of the teacher differ"),
    ],
)
def test_other_data_and_other_teachers_are_not_gone_on_with(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    path = tmp_path / "a.npz"
    train(path, taught=answers())
    with pytest.raises(CheckpointError, match=words) as caught:
        train(path, **({"taught": answers()} | change))
    assert str(caught.value).startswith(f"{path} is of another training (")
    assert "delete or move it to train anew" in str(caught.value)


def test_a_description_may_change(tmp_path: Path) -> None:
    train(tmp_path / "a.npz")
    assert trained_on(tmp_path / "a.npz") == TrainedOn("made for tests", 10)
    assert len(train(tmp_path / "a.npz", replace(MIXED, about="elsewhere")).history) == 2


def as_of_before(path: Path) -> None:
    """Leave out of a checkpoint what earlier versions did not write."""
    saved = load(path)
    known = ("network", "distil", "taught", "windows", "fit", "history", "best", "size")
    about = {name: value for name, value in saved.about.items() if name in known}
    save(path, Checkpoint(saved.weights, saved.optimiser, saved.epoch, about))


def test_checkpoints_of_before_are_loaded_but_not_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    train(path)
    as_of_before(path)
    assert isinstance(load_pose_network(path), FlatGru)
    assert trained_on(path) == TrainedOn("", None)
    with pytest.raises(CheckpointError, match="training windows, validation windows differ"):
        train(path)
    with pytest.raises(CheckpointError, match="which an earlier version did not keep"):
        train(path)


def test_a_training_that_diverged_keeps_the_epochs_before(tmp_path: Path) -> None:
    model, path = torch.nn.Linear(1, 1), tmp_path / "a.npz"
    steps = iter([1.0, 1.0, float("nan")])
    settings = FitSettings(epochs=3, batch=4)

    def loss(index: np.ndarray, rng: np.random.Generator) -> Any:
        return model.weight.sum() * next(steps)

    with pytest.raises(ModelError, match="the loss of epoch 3 is nan, expected a finite number"):
        fit(model, loss, 4, lambda: {"score": 0.5}, settings, path, {})
    assert load(path).epoch == 2


def test_an_interrupt_says_how_many_epochs_are_kept(tmp_path: Path) -> None:
    def stop(line: str) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "a.npz"
    with pytest.raises(KeyboardInterrupt, match="keeps 1 of 2 epochs, the same command goes on"):
        train(path, report=stop)
    assert len(train(path).history) == 2


@pytest.fixture(scope="module")
def made() -> tuple[Encounters, Encounters]:
    first, second = (generate("train", 4, seed, EncounterSettings(image=8)) for seed in (0, 1))
    return first, second


def teacher(seed: int = 0) -> SocialC3D:
    torch.manual_seed(seed)
    return SocialC3D(TINY).eval()


def same(one: TeacherAnswers, other: TeacherAnswers) -> bool:
    pairs = zip(one.arrays().values(), other.arrays().values(), strict=True)
    return all(np.allclose(a, b, atol=1e-6) for a, b in pairs)


def test_answers_are_asked_for_once(
    tmp_path: Path, made: tuple[Encounters, Encounters], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lines = tmp_path / "s.answers.npz", list[str]()
    found = kept_answers(path, teacher(), made, lines.append)
    assert same(found, teacher_answers(teacher(), made[0]).and_more(
        teacher_answers(teacher(), made[1])
    ))  # fmt: skip
    assert lines == [f"{path}: the teacher's answers to 8 windows"]
    monkeypatch.setattr(kept, "teacher_answers", None)
    again = kept_answers(path, teacher(), made, lines.append)
    for name, values in found.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], values)


def test_asking_goes_on_after_an_interrupt(
    tmp_path: Path, made: tuple[Encounters, Encounters], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART", 3)
    path, asked, lines = tmp_path / "s.answers.npz", list[int](), list[str]()

    def answer(model: SocialC3D, windows: Encounters) -> TeacherAnswers:
        if len(asked) == 3:  # windows 0 to 2, 3, 4 to 5 are answered
            asked.append(-1)
            raise KeyboardInterrupt
        asked.append(len(windows))
        return teacher_answers(model, windows)

    monkeypatch.setattr(kept, "teacher_answers", answer)
    with pytest.raises(KeyboardInterrupt, match="6 of 8 answers of the teacher are kept"):
        kept_answers(path, teacher(), made, lines.append)
    found = kept_answers(path, teacher(), made, lines.append)
    assert asked == [3, 1, 2, -1, 2]
    assert lines[0] == f"{path}: goes on, 6 of 8 answers of the teacher are there"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert same(found, kept_answers(tmp_path / "once.npz", teacher(), made, lines.append))


def test_answers_of_another_teacher_or_to_other_windows_are_refused(
    tmp_path: Path, made: tuple[Encounters, Encounters]
) -> None:
    path = tmp_path / "answers_0.npz"
    kept_answers(path, teacher(), made, list[str]().append)
    with pytest.raises(CheckpointError, match=r"answers_0\.npz holds .* \(teacher differ\)"):
        kept_answers(path, teacher(1), made, print)
    with pytest.raises(CheckpointError, match=r"\(windows differ\); give the teacher and data"):
        kept_answers(path, teacher(), made[::-1], print)
    np.savez(path, **teacher_answers(teacher(), made[0]).arrays())  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match=r"\(teacher, windows differ\)"):
        kept_answers(path, teacher(), made[:1], print)
    path.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="delete it to ask the teacher again"):
        kept_answers(path, teacher(), made[:1], print)


def test_a_teacher_does_not_go_on_with_other_encounters(
    tmp_path: Path, made: tuple[Encounters, Encounters]
) -> None:
    path, settings = tmp_path / "t.npz", FitSettings(1, batch=4)
    train_teacher(teacher(), made[0], made[1], settings, path, data="four of them")
    assert trained_on(path).data == "four of them"
    assert load(path).about["history"][0].keys() == {"loss", *TASKS, "score"}
    with pytest.raises(CheckpointError, match=r"\(training windows differ\)"):
        train_teacher(teacher(), made[1], made[1], settings, path)
    with pytest.raises(CheckpointError, match=r"\(validation windows differ\)"):
        train_teacher(teacher(), made[0], made[0], settings, path)

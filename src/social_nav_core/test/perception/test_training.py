"""Training: it learns, resumes exactly, repeats for a seed, and refuses wrong checkpoints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")

from social_nav_core.perception.checkpoint import CheckpointError, load  # noqa: E402
from social_nav_core.perception.corruption import Corruption  # noqa: E402
from social_nav_core.perception.encounters.generator import (  # noqa: E402
    EncounterSettings,
    generate,
)
from social_nav_core.perception.inputs import heatmaps, teacher_inputs  # noqa: E402
from social_nav_core.perception.networks.baselines import FlatGru  # noqa: E402
from social_nav_core.perception.networks.teacher import (  # noqa: E402
    CHANNELS,
    STREAMS,
    SocialC3D,
    TeacherSize,
)
from social_nav_core.perception.stages import (  # noqa: E402
    DistillSettings,
    TeacherAnswers,
    pose_scores,
    teacher_answers,
    train_pose_network,
    train_teacher,
)
from social_nav_core.perception.training import FitSettings, fit  # noqa: E402
from social_nav_core.perception.windows import Windows  # noqa: E402
from social_nav_core.skeleton import FACE_SLICE, MIRROR, WHOLE_BODY_MIRROR  # noqa: E402

TINY = TeacherSize(
    image=16, heatmap=16, rgb_width=4, heatmap_width=4, blocks=(1, 1, 1), features=16
)
CALM = DistillSettings(lost_frames=0.2, lost_joints=0.2, dimmed=0.0, cut=0.0)


def easy(count: int = 60, seed: int = 0) -> Windows:
    """Windows whose class is which joint moves."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    joints = rng.uniform(-0.1, 0.1, (count, 10, 23, 3)).astype(np.float32)
    joints[..., 1] += np.linspace(-0.5, 0.5, 23)
    joints[..., 2] = 0.9
    moved = np.where(labels == 0, 9, 15)
    joints[np.arange(count), :, moved, 0] += np.linspace(0.0, 0.9, 10)
    three = np.stack([labels, labels, labels + 3], axis=-1)
    return Windows(joints, three, tuple(map(str, range(count))))


def network(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return FlatGru(hidden=12)


def trained(path: Path, epochs: int, seed: int = 0, **more: Any) -> Any:
    model = network()
    settings = FitSettings(epochs=epochs, batch=20, rate=5e-3, seed=seed)
    train_pose_network(
        model, easy(), easy(20, 1), more.get("answers"), settings, CALM, path, more.get("report")
    )
    return model


def test_training_learns(tmp_path: Path) -> None:
    model = trained(tmp_path / "a.npz", 30)
    result = pose_scores(model, easy(40, 2), Corruption(), seed=0)
    assert result["intent"].accuracy > 0.9
    assert result["action"].accuracy > 0.9


def same(one: Any, other: Any) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_same_seed_same_weights_and_other_seed_others(tmp_path: Path) -> None:
    one, two = trained(tmp_path / "a.npz", 3), trained(tmp_path / "b.npz", 3)
    assert same(one, two)
    assert not same(one, trained(tmp_path / "c.npz", 3, seed=5))


def test_killed_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def kill_after_two(line: str) -> None:
        if line.startswith("epoch 2 "):
            raise KilledError

    with pytest.raises(KilledError):
        trained(tmp_path / "a.npz", 5, report=kill_after_two)
    assert load(tmp_path / "a.npz").epoch == 2
    lines: list[str] = []
    resumed = trained(tmp_path / "a.npz", 5, report=lines.append)
    assert len(lines) == 3
    assert same(resumed, trained(tmp_path / "b.npz", 5))


def test_finished_training_is_not_repeated(tmp_path: Path) -> None:
    first = trained(tmp_path / "a.npz", 2)
    lines: list[str] = []
    again = trained(tmp_path / "a.npz", 2, report=lines.append)
    assert not lines
    assert same(first, again)


@pytest.mark.parametrize(
    ("scores", "best"),
    [([0.5, 0.7, 0.6], 1), ([0.5, 0.7, 0.697], 2), ([0.7, 0.697, 0.694], 1), ([0.1, 0.2, 0.3], 2)],
)
def test_the_best_epoch_is_the_latest_of_those_as_good_but_for_chance(
    tmp_path: Path, scores: list[float], best: int
) -> None:
    model, seen = torch.nn.Linear(1, 1), []

    def evaluate() -> dict[str, float]:
        seen.append(float(model.weight.detach()))
        return {"score": scores[len(seen) - 1]}

    settings = FitSettings(epochs=3, batch=2)
    path = tmp_path / "a.npz"
    done = fit(model, lambda index, rng: model.weight.sum(), 4, evaluate, settings, path, {})
    assert done.best == best
    assert float(model.weight.detach()) == seen[best]


def test_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    trained(tmp_path / "a.npz", 1)
    with pytest.raises(CheckpointError, match=r"of another training \(fit differ\)"):
        trained(tmp_path / "a.npz", 2)
    (tmp_path / "b.npz").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"b\.npz is not a checkpoint"):
        trained(tmp_path / "b.npz", 1)


def test_teacher_answers_guide_a_student_without_labels(tmp_path: Path) -> None:
    """With no labels at all, only the teacher's answers can have taught the classes."""
    train = easy()
    unlabelled = Windows(train.joints, np.full_like(train.labels, -1), train.names)
    truth = torch.from_numpy(train.labels)
    logits = tuple(
        8.0 * torch.nn.functional.one_hot(truth[:, k], size).float()
        for k, size in enumerate((3, 3, 10))
    )
    representation = torch.nn.functional.one_hot(truth[:, 0], 4).float()
    answers = TeacherAnswers(representation, (logits[0], logits[1], logits[2]))
    model = network()
    settings = FitSettings(epochs=25, batch=20, rate=5e-3)
    train_pose_network(model, unlabelled, easy(20, 1), answers, settings, CALM, tmp_path / "a.npz")
    assert pose_scores(model, easy(40, 2), Corruption(), seed=0)["action"].accuracy > 0.9


def test_answers_to_other_windows_are_refused(tmp_path: Path) -> None:
    few = TeacherAnswers(torch.zeros(3, 4), (torch.zeros(3, 3),) * 2 + (torch.zeros(3, 10),))
    with pytest.raises(ValueError, match="answered 3 windows, expected 60"):
        trained(tmp_path / "a.npz", 1, answers=few)


def test_heatmaps_peak_where_the_joint_is_as_high_as_it_is_sure() -> None:
    maps = heatmaps(torch.tensor([[[[0.55, 0.25]]]]), torch.tensor([[[0.7]]]), 10)
    assert maps.shape == (1, 1, 1, 10, 10)
    row, column = divmod(int(maps.argmax()), 10)
    assert (row, column) == (2, 5)
    assert maps.max().item() == pytest.approx(0.7, rel=1e-3)


def test_mirrored_inputs_are_the_mirror_image_with_left_and_right_swapped() -> None:
    made = generate("train", 4, 2, EncounterSettings(image=16))
    index = np.arange(4)
    seen, mirror = (
        dict(
            zip(STREAMS, teacher_inputs(made, index, TINY, torch.device("cpu"), flip), strict=True)
        )
        for flip in (False, True)
    )
    order = {
        "body": MIRROR,
        "face": WHOLE_BODY_MIRROR[FACE_SLICE] - FACE_SLICE.start,
        "hands": np.r_[21:42, 0:21],
        "gaze": np.arange(2),
        "rgb": np.arange(3),
    }
    for name, channels in order.items():
        wanted = seen[name].flip(-1)[:, channels]
        torch.testing.assert_close(mirror[name], wanted, atol=2e-3, rtol=0.0)  # tails are cut


def test_teacher_trains_on_encounters_and_answers_them(tmp_path: Path) -> None:
    made = generate("train", 10, 2, EncounterSettings(image=16))
    inputs = teacher_inputs(made, np.arange(3), TINY, torch.device("cpu"))
    for name, item in zip(STREAMS, inputs, strict=True):
        assert item.shape == (3, CHANNELS[name], 10, 16, 16)
        assert torch.isfinite(item).all()
        assert item.abs().max() > 0.3, name
    torch.manual_seed(0)
    teacher = SocialC3D(TINY)
    settings = FitSettings(epochs=10, batch=10, rate=1e-2)
    result = train_teacher(teacher, made, made, settings, tmp_path / "t.npz")
    first, last = (metrics["loss"] for metrics in (result.history[0], result.history[-1]))
    assert first is not None and last is not None and last < first - 0.5
    answers = teacher_answers(teacher, made)
    assert answers.representation.shape == (10, 16)
    assert answers.logits[2].shape == (10, 10)
    with pytest.raises(ValueError, match="pictures are 16 pixels wide, expected 32"):
        bigger = TeacherSize(32, 16, 4, 4, (1, 1, 1), 16)
        teacher_inputs(made, np.arange(2), bigger, torch.device("cpu"))


WORKER = """
import sys, numpy as np, torch
from pathlib import Path
sys.path.insert(0, sys.argv[1])
torch.set_num_threads(1)
from test_training import easy, network, CALM
from social_nav_core.perception.stages import train_pose_network
from social_nav_core.perception.training import FitSettings, start_processes
start_processes()
model = network()
settings = FitSettings(epochs=2, batch=20, rate=5e-3)
train_pose_network(model, easy(), easy(20, 1), None, settings, CALM, Path(sys.argv[2]))
rank = torch.distributed.get_rank()
np.savez(f"{sys.argv[2]}.{rank}.npz", *[v.numpy() for v in model.state_dict().values()])
"""


def test_two_processes_under_torchrun_end_with_the_same_weights(tmp_path: Path) -> None:
    script, out = tmp_path / "worker.py", tmp_path / "ck.npz"
    script.write_text(WORKER)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node=2", str(script), str(Path(__file__).parent), str(out)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    with np.load(f"{out}.0.npz") as one, np.load(f"{out}.1.npz") as two:
        for name in one.files:
            np.testing.assert_array_equal(one[name], two[name])
    assert load(out).epoch == 2

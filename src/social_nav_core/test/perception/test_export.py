"""Export of the student: written only when it answers as torch does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.perception.student_file import load_student
from social_nav_core.perception.tasks import TASKS

torch = pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")
pytest.importorskip("onnx", reason="onnx is not installed; it is needed only to export")

from social_nav_core.perception import export  # noqa: E402
from social_nav_core.perception.checkpoint import Checkpoint, save, weights_of  # noqa: E402
from social_nav_core.perception.networks.baselines import FlatGru  # noqa: E402
from social_nav_core.perception.networks.student import SocialEgoMobile  # noqa: E402


def checkpoint(path: Path, network: Any, kind: str = "student") -> Path:

    weights = {f"best/network.{name}": w for name, w in weights_of(network).items()}
    save(path, Checkpoint(weights, {}, 3, {"network": kind}))
    return path


def test_the_command_writes_a_file_that_answers_as_torch(tmp_path: Path, capsys: Any) -> None:

    torch.manual_seed(5)
    network = SocialEgoMobile().eval()
    saved = checkpoint(tmp_path / "s.npz", network)
    (tmp_path / "scores.txt").write_text("88.1 percent of nothing")
    out = tmp_path / "s.onnx"
    given = ["--out", str(out), "--scores", str(tmp_path / "scores.txt"), "--data", "dreams"]
    assert main(["export-student", str(saved), *given]) == 0
    assert "of torch" in capsys.readouterr().out
    student = load_student(out)
    assert student.about.data == "dreams"
    rng = np.random.default_rng(1)
    windows = rng.uniform(-1.0, 1.0, (50, 10, 23, 3)).astype(np.float32)
    windows[:20] *= rng.random((20, 1, 23, 1)) < 0.3
    with torch.no_grad():
        wanted = network(torch.from_numpy(windows))
    found = student.logits(windows)
    for task, logits in zip(TASKS, wanted, strict=True):
        np.testing.assert_allclose(found[task], logits.numpy(), atol=1e-4)
    card = (tmp_path / "s.md").read_text()
    assert "88.1 percent of nothing" in card and "dreams" in card


def test_weights_that_are_not_finite_are_not_written(tmp_path: Path) -> None:

    network = SocialEgoMobile()
    with torch.no_grad():
        network.lstm.weight_ih_l0[3, 4] = float("nan")
    saved = checkpoint(tmp_path / "s.npz", network)
    assert main(["export-student", str(saved), "--out", str(tmp_path / "s.onnx")]) == 2
    assert not (tmp_path / "s.onnx").exists()


def test_answers_other_than_torchs_are_not_written(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:

    monkeypatch.setattr(export, "_SLOPE", 0.9)
    monkeypatch.setattr("social_nav_core.perception.student_file.AGREEMENT", 9.0)
    saved = checkpoint(tmp_path / "s.npz", SocialEgoMobile())
    assert main(["export-student", str(saved), "--out", str(tmp_path / "s.onnx")]) == 2
    assert "off torch" in capsys.readouterr().err
    assert not (tmp_path / "s.onnx").exists()


def test_a_baseline_is_refused(tmp_path: Path, capsys: Any) -> None:

    saved = checkpoint(tmp_path / "g.npz", FlatGru(), "gru")
    assert main(["export-student", str(saved), "--out", str(tmp_path / "s.onnx")]) == 2
    assert "holds a FlatGru, expected a student" in capsys.readouterr().err

"""The perception's commands, one per stage, and their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.perception.encounters.files import load_encounters, save_encounters
from social_nav_core.perception.encounters.generator import EncounterSettings, generate
from social_nav_core.perception.metrics import Classes
from social_nav_core.perception.table import (
    CONDITIONS,
    accuracy_over_time,
    table,
    without_feet,
    written,
)
from social_nav_core.perception.windows import Windows
from social_nav_core.recordings.errors import DataError


def test_encounters_survive_a_file(tmp_path: Path) -> None:
    made = generate("test", 3, 0, EncounterSettings(image=8))
    save_encounters(tmp_path / "e.npz", made, "three")
    read = load_encounters(tmp_path / "e.npz")
    for name, value in vars(made).items():
        np.testing.assert_array_equal(getattr(read, name), value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": np.array(9)}, "format is 9, expected 1"),
        ({"pixels": np.zeros((3, 10, 17, 3))}, r"pixels has the shape \(3, 10, 17, 3\), expected"),
        ({"box": np.zeros((2, 4))}, r"box has the shape \(2, 4\), expected \(3, 4\)"),
        ({"gaze": np.full((3, 10, 4), np.nan)}, "gaze has values that are not finite"),
        ({"labels": np.full((3, 3), 7)}, "expected below 3, 3 and 10"),
        (
            {"person": np.array(["a", "b", "c"])},
            r"person has the shape \(3,\) of <U1, expected \(3\) of numbers",
        ),
    ],
)
def test_malformed_encounters_name_file_and_field(
    tmp_path: Path, change: dict[str, np.ndarray], words: str
) -> None:
    made = generate("test", 3, 0, EncounterSettings(image=0))
    fields: dict[str, Any] = {"format": np.array(1), "about": np.array(""), **vars(made), **change}
    with open(tmp_path / "bad.npz", "wb") as file:
        np.savez(file, **fields)
    with pytest.raises(DataError, match=words) as caught:
        load_encounters(tmp_path / "bad.npz")
    assert "bad.npz" in str(caught.value)


def test_missing_field_and_other_files_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "few.npz", format=np.array(1))
    with pytest.raises(DataError, match="field pixels is missing"):
        load_encounters(tmp_path / "few.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(DataError, match="not encounters"):
        load_encounters(tmp_path / "text.npz")


def knowing(truth: Classes, mistakes: int) -> dict[str, np.ndarray]:
    """Logits that are right but for the first so many windows."""
    logits = {}
    for k, (task, size) in enumerate((("intent", 3), ("attitude", 3), ("action", 10))):
        answer = truth[:, k].copy()
        answer[:mistakes] = (answer[:mistakes] + 1) % size
        logits[task] = np.eye(size)[answer]
    return logits


def test_table_has_means_and_deviations_over_seeds() -> None:
    labels = np.tile([0, 0, 3], (10, 1))
    joints = np.random.default_rng(0).random((10, 10, 23, 3)).astype(np.float32)
    windows = Windows(joints, labels, tuple("abcdefghij"))
    asked: list[np.ndarray] = []

    def answer(mistakes: int, seen: np.ndarray) -> dict[str, np.ndarray]:
        asked.append(seen)
        return knowing(labels, mistakes)

    cells = table([lambda seen: answer(1, seen), lambda seen: answer(3, seen)], windows)
    assert list(cells) == list(CONDITIONS)
    assert cells["full input"]["intent"].accuracy == pytest.approx(0.8)
    assert cells["30 % both"]["action"].accuracy_deviation == pytest.approx(0.1)
    np.testing.assert_array_equal(asked[0], joints)
    assert (asked[-1][..., 2] == 0.0).mean() > 0.3
    text = written(cells, "made up")
    assert text.startswith("made up")
    assert "80.0 ± 10.0" in text


def test_a_task_that_no_window_asks_is_not_a_number_in_the_table() -> None:
    labels = np.tile([1, 2, 7], (4, 1))  # interested: there is no attitude
    windows = Windows(np.zeros((4, 10, 23, 3), dtype=np.float32), labels, tuple("abcd"))
    lines = written(table([lambda seen: knowing(labels, 0)], windows), "made up").splitlines()
    accurate = "100.0 ±  0.0 F1 100.0"
    assert lines[3].split() == f"full input {accurate} no window {accurate}".split()


def test_without_feet_leaves_17_joints() -> None:
    joints = np.ones((2, 10, 23, 3), dtype=np.float32)
    assert without_feet(joints).sum() == 2 * 10 * 17 * 3
    assert joints.sum() == 2 * 10 * 23 * 3


def test_accuracy_over_time_by_hand() -> None:
    ahead = np.array([-0.2, -0.1, 0.1, 0.4, 0.6, 9.0])
    answer, truth = np.array([0, 1, 1, 1, 2, 0]), np.array([0, 0, 1, 1, 0, 0])
    accuracy, count = accuracy_over_time(answer, truth, ahead, [-0.5, 0.0, 0.5, 1.0, 1.5])
    np.testing.assert_array_equal(count, [2, 2, 1, 0])
    np.testing.assert_array_equal(accuracy, [0.5, 1.0, 0.0, np.nan])


def test_stages_from_nothing_to_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")
    files = {}
    for seed, split in enumerate(("train", "validation", "test")):
        files[split] = str(tmp_path / f"{split}.npz")
        count = "40" if split == "train" else "10"
        arguments = ["--out", files[split], "--split", split, "--count", count]
        assert main(["make-encounters", *arguments, "--seed", str(seed)]) == 0
    teacher, student = str(tmp_path / "teacher.npz"), str(tmp_path / "student.npz")
    data = [files["train"], files["validation"]]
    assert main(["train-teacher", *data, "--out", teacher, "--epochs", "1"]) == 0
    taught = ["--teacher", teacher, "--epochs", "1", "--out", student]
    assert main(["train-student", *data, *taught]) == 0
    more = ["--teacher", teacher, "--unlabelled", files["test"], "--epochs", "1", "--out"]
    assert main(["train-student", *data, *more, str(tmp_path / "more.npz")]) == 0
    alone = ["--unlabelled", files["test"], "--out", str(tmp_path / "none.npz")]
    capsys.readouterr()
    assert main(["train-student", *data, *alone]) == 2
    assert "--unlabelled needs --teacher" in capsys.readouterr().err
    scored = ["score-perception", files["test"], student, "--validation", files["validation"]]
    assert main(scored) == 0
    table_text = capsys.readouterr().out
    assert f"10 windows of {files['test']}, 23 joints, 1 seeds, percent" in table_text
    assert "30 % both" in table_text
    for words in ("calibration error", "no_response", "accuracy by time since the gesture began"):
        assert words in table_text
    assert main(["score-perception", files["test"], teacher]) == 2
    assert "holds a 'teacher', expected one of student, st_gcn, gru" in capsys.readouterr().err
    assert main(["train-student", *data, "--teacher", student, "--out", teacher]) == 2
    assert "expected a 'teacher'" in capsys.readouterr().err

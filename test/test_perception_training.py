"""The training of the perception's benchmark on a small plan: what goes on, and what must not."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import train_perception  # noqa: E402
from perception.plan import Plan, read_plan  # noqa: E402
from social_nav_core.perception.checkpoint import trained_on  # noqa: E402
from social_nav_core.perception.encounters import made  # noqa: E402
from social_nav_core.perception.encounters.generator import Encounters, generate  # noqa: E402

DATA = {
    "train": {"split": "train", "count": 8, "seed": 1},
    "unlabelled": {"split": "train", "count": 4, "seed": 2},
    "validation": {"split": "validation", "count": 4, "seed": 3},
}


def small(seed: int = 1, epochs: int = 1) -> Plan:
    plan = read_plan()
    return replace(
        plan,
        data={**DATA, "train": {**DATA["train"], "seed": seed}},
        seeds=(0,),
        teacher={"epochs": epochs, "batch": 4, "rate": 0.002, "seeds": [0]},
        rows=tuple(replace(row, epochs=1, batch=4) for row in plan.rows if row.unlabelled),
    )


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; the committed weights are left alone."""

    def weights_file(name: str, seed: int) -> Path:
        return tmp_path / "weights" / f"{name}_{seed}.npz"

    monkeypatch.setattr(train_perception, "weights_file", weights_file)
    return tmp_path / "work"


def run(monkeypatch: pytest.MonkeyPatch, work: Path, plan: Plan) -> int:
    monkeypatch.setattr(train_perception, "read_plan", lambda: plan)
    monkeypatch.setattr(sys, "argv", ["train_perception.py", "--work", str(work)])
    return train_perception.main()


def test_stages_go_on_and_notice_what_is_not_theirs(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, work, small()) == 0
    first = capsys.readouterr().out
    assert first.count("epoch 1 of 1") == 2 and "the teacher's answers to 12 windows" in first
    row, answers = work / "student_distilled,_unlabelled_windows_too_0.npz", work / "answers_0.npz"
    assert "8 encounters made up by" in trained_on(row).data
    assert "without their labels 4 encounters" in trained_on(row).data
    assert run(monkeypatch, work, small()) == 0
    again = capsys.readouterr().out
    assert "epoch 1 of 1" not in again and "answers to" not in again

    assert run(monkeypatch, work, small(seed=5)) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {work}/teacher_0.npz is of another training (training windows ")
    (work / "teacher_0.npz").unlink()
    assert run(monkeypatch, work, small(seed=5)) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {answers} holds the answers of another teacher or to other")
    assert "(teacher, windows differ)" in said
    answers.unlink()
    assert run(monkeypatch, work, small(seed=5)) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {row} is of another training (training windows, answers of ")


def test_an_interrupt_of_the_data_keeps_what_was_made(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("social_nav_core.perception.parts.PART", 3)

    def stopping(*arguments: object) -> Encounters:
        if arguments[-1] == range(3, 6):
            raise KeyboardInterrupt
        return generate(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(made, "generate", stopping)
        assert run(patch, work, small()) == 130
    assert "interrupted: 3 of 8 encounters are kept beside" in capsys.readouterr().err
    plan = small()
    assert len(plan.encounters("train", work)) == 8
    assert "goes on, 3 of 8 encounters are there" in capsys.readouterr().out

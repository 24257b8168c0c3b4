"""What the stages' commands are given and cannot use: one line each, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.perception.encounters.files import save_encounters
from social_nav_core.perception.encounters.generator import EncounterSettings, generate

torch = pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")

from social_nav_core.commands import train_student  # noqa: E402
from social_nav_core.perception import training  # noqa: E402
from social_nav_core.perception.checkpoint import Checkpoint, load, save, weights_of  # noqa: E402
from social_nav_core.perception.networks.student import SocialEgoMobile  # noqa: E402
from social_nav_core.perception.networks.teacher import SMALL, SocialC3D  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Encounters with and without pictures, at 30 Hz, of passers-by, without labels; networks."""
    place = tmp_path_factory.mktemp("data")
    made = {
        "bare": generate("train", 4, 0, EncounterSettings(image=0)),
        "good": generate("train", 4, 0),
        "fast": generate("train", 2, 1, EncounterSettings(rate=30)),
        "passing": generate("validation", 0, 0, EncounterSettings(image=0), passing=3),
    }
    made["nameless"] = replace(made["bare"], labels=np.full_like(made["bare"].labels, -1))
    for name, encounters in made.items():
        save_encounters(place / f"{name}.npz", encounters, f"{name}, made for tests")
    networks: tuple[tuple[str, Any, str, dict[str, Any]], ...] = (
        ("student", SocialEgoMobile(), "best/network.", {"network": "student"}),
        ("fast_student", SocialEgoMobile(), "best/network.", {"network": "student", "steps": 30}),
        ("teacher", SocialC3D(SMALL), "best/", {"network": "teacher", "size": vars(SMALL)}),
    )
    for kind, network, prefix, about in networks:
        weights = {f"{prefix}{name}": tensor for name, tensor in weights_of(network).items()}
        told = json.loads(json.dumps(about))
        save(place / f"{kind}.npz", Checkpoint(weights, {}, 1, told))
    for split, number in (("train", 4), ("validation", 2)):
        (place / "tracks" / split).mkdir(parents=True)
        for index in range(number):
            written = json.dumps(track(index))
            (place / "tracks" / split / f"{index}.json").write_text(written, encoding="utf-8")
    return place


def track(index: int) -> dict[str, Any]:
    rng = np.random.default_rng(index)
    frames = [
        {"frame_id": k, "keypoints": (rng.random((133, 3)) * (320, 240, 1)).tolist()}
        for k in range(10)
    ]
    classes = {"intention_class": 2, "attitude_class": 2, "action_class": index % 3}
    return {"frame_size": [320, 240], "frames": frames, **classes}


@pytest.fixture
def refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """What a command says; its words are files of the folder where there are such files."""

    def said(words: str) -> str:
        names = [str(folder / word) if (folder / word).exists() else word for word in words.split()]
        assert main([*names, "--out", str(tmp_path / "out.npz")]) == 2
        line = capsys.readouterr().err
        assert line.startswith("error: ") and line.count("\n") == 1
        assert not list(tmp_path.iterdir())
        return line

    return said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "train-teacher bare.npz good.npz",
            "bare.npz: pictures are 0 pixels wide, expected 20 pixels; make the encounters with "
            "--image 20",
        ),
        ("train-teacher good.npz bare.npz", "bare.npz: pictures are 0 pixels wide"),
        ("train-teacher good.npz good.npz --size full", "expected 64 pixels; make .* --image 64"),
        ("train-teacher good.npz fast.npz", "fast.npz: windows have 30 frames, expected 10 as "),
        ("train-teacher tracks good.npz", "tracks is a folder of recorded tracks, expected a file"),
        ("train-student bare.npz good.npz --teacher teacher.npz", "bare.npz: pictures are 0"),
        ("train-student tracks tracks --teacher teacher.npz", "tracks is a folder of recorded"),
        (
            "train-student good.npz good.npz --teacher teacher.npz --unlabelled fast.npz",
            "fast.npz: windows have 30 frames, expected 10 as .*good.npz; give data of the same "
            "rate",
        ),
        (
            "train-student good.npz good.npz --teacher teacher.npz --unlabelled bare.npz",
            "bare.npz: pictures are 0 pixels wide",
        ),
        ("train-student good.npz fast.npz", "fast.npz: windows have 30 frames, expected 10 as "),
        (
            "train-student good.npz nameless.npz",
            "nameless.npz: none of its 4 windows has a label, expected intent, attitude or action",
        ),
        ("train-student good.npz good.npz --seed 99999999999999999999", "seed is 99999999999999"),
        (
            "export-student student.npz --validation good.npz --rate 30 --steps 30",
            "good.npz: windows have 10 frames, expected 30 as --steps",
        ),
        ("export-student student.npz --validation nameless.npz", "none of its 4 windows has a"),
        (
            "export-student fast_student.npz",
            "fast_student.npz has learned from windows of 30 steps, expected 10 as --steps; give "
            "--steps 30",
        ),
        ("train-student nameless.npz good.npz", "nameless.npz: none of its 4 windows has a label"),
    ],
)
def test_one_line_names_the_file_what_it_has_and_what_to_do(
    refused: Callable[[str], str], words: str, expected: str
) -> None:
    line = refused(words)
    assert re.search(expected, line), line


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--rate 100", "'100', expected a whole number from 2 to 60 Hz"),
        ("--rate 1", "'1', expected a whole number from 2 to 60 Hz"),
        ("--steps 99999999", "'99999999', expected a whole number from 2 to 120"),
        ("--tracks other", "invalid choice: 'other'"),
    ],
)
def test_windows_that_the_perception_refuses_are_not_exported(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str], option: str, words: str
) -> None:
    given = ["export-student", str(folder / "student.npz"), "--out", str(tmp_path / "s.onnx")]
    with pytest.raises(SystemExit):
        main([*given, *option.split()])
    assert words in capsys.readouterr().err


def test_a_student_of_recorded_tracks_says_so_in_its_card(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed; it is needed only to export")
    tracks, saved, out = str(folder / "tracks"), str(tmp_path / "s.npz"), tmp_path / "s.onnx"
    read_as = ["--tracks", "harper"]
    assert main(["train-student", tracks, tracks, *read_as, "--epochs", "1", "--out", saved]) == 0
    assert "attitude no window, action no window" in capsys.readouterr().out
    given = ["export-student", saved, "--validation", tracks, "--out", str(out)]
    assert main([*given, *read_as]) == 0
    card = out.with_suffix(".md").read_text()
    about = "4 recorded tracks of people, split train of the folder tracks, read as harper"
    assert f"| trained on | {about} |" in card
    assert "made up by" not in card
    assert "attitude 1, action 1 |" in card
    assert main([*given, *read_as, "--data", "my | robot"]) == 0
    assert "| trained on | my \\| robot |" in out.with_suffix(".md").read_text()


def test_a_checkpoint_that_does_not_name_its_data_is_exported_and_says_so(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed; it is needed only to export")
    out = tmp_path / "s.onnx"
    assert main(["export-student", str(folder / "student.npz"), "--out", str(out)]) == 0
    assert "does not say what it was trained on: give it with --data" in capsys.readouterr().out
    assert "| trained on | data that the checkpoint does not name |" in (
        out.with_suffix(".md").read_text()
    )


def test_students_validate_on_passers_by_alone(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = [str(folder / "bare.npz"), str(folder / "passing.npz")]
    given = ["train-student", *data, "--epochs", "1", "--out", str(tmp_path / "s.npz")]
    assert main(given) == 0
    assert "attitude no window" in capsys.readouterr().out
    assert load(tmp_path / "s.npz").about["data"] == "bare, made for tests"
    assert main(given) == 0


def test_an_interrupt_of_a_training_says_what_is_kept(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything is written, with the teacher's answers, and with an epoch."""

    def stop(*arguments: Any) -> Any:
        raise KeyboardInterrupt

    out, good = tmp_path / "s.npz", str(folder / "good.npz")
    given = ["train-student", good, good, "--teacher", str(folder / "teacher.npz")]
    given += ["--epochs", "2", "--out", str(out)]
    with monkeypatch.context() as patch:
        patch.setattr(train_student, "_taught", stop)
        assert main(given) == 130
    assert capsys.readouterr().err == "interrupted: nothing was written\n"
    with monkeypatch.context() as patch:
        patch.setattr(training, "_epoch", stop)
        assert main(given) == 130
    answers = tmp_path / "s.answers.npz"
    said = capsys.readouterr().err
    assert said == f"interrupted: kept {answers}, the same command goes on from there\n"
    epoch = training._epoch

    def second(*arguments: Any) -> float:
        return float(stop() if arguments[-1] == 1 else epoch(*arguments))

    with monkeypatch.context() as patch:
        patch.setattr(training, "_epoch", second)
        assert main(given) == 130
    said = capsys.readouterr().err
    assert said == f"interrupted: {out} keeps 1 of 2 epochs, the same command goes on\n"
    assert main(given) == 0
    text = capsys.readouterr().out
    assert "epoch 2 of 2" in text and "epoch 1 of 2" not in text and "answers to" not in text

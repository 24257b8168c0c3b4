"""Long computations that are stopped: kept in parts, gone on with, and the same in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.perception import parts
from social_nav_core.perception.encounters import made
from social_nav_core.perception.encounters.files import (
    check_size,
    load_encounters,
    read_encounters,
    save_encounters,
)
from social_nav_core.perception.encounters.generator import (
    Encounters,
    EncounterSettings,
    generate,
)
from social_nav_core.perception.encounters.made import Order, make_file
from social_nav_core.perception.fingerprint import fingerprint
from social_nav_core.recordings.errors import DataError

SMALL = EncounterSettings(image=4)
ORDER = Order("train", 5, 2, 3, SMALL)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 3)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[range]:
    """The windows that were made, part by part."""
    seen: list[range] = []

    def noted(*arguments: object) -> Encounters:
        seen.append(arguments[-1])  # type: ignore[arg-type]
        return generate(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(made, "generate", noted)
    return seen


def stopped_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt the generator once so many parts were made."""
    left = [count]

    def stopping(*arguments: object) -> Encounters:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return generate(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(made, "generate", stopping)


def silent(line: str) -> None:
    raise AssertionError(line)


def test_a_run_that_was_stopped_goes_on_to_the_same_file(
    tmp_path: Path,
    small_parts: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["make-encounters", "--count", "5", "--passing", "2", "--seed", "3", "--image", "4"]
    out = tmp_path / "e.npz"
    with monkeypatch.context() as patch:
        stopped_after(2, patch)
        assert main([*words, "--out", str(out)]) == 130
    said = capsys.readouterr().err
    assert said == (
        f"interrupted: 6 of 7 encounters are kept beside {out}, the same command goes on after "
        "them\n"
    )
    assert not out.exists()
    assert main([*words, "--out", str(out)]) == 0
    assert f"{out}: goes on, 6 of 7 encounters are there" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["e.npz"]
    monkeypatch.setattr(parts, "PART", 512)
    make_file(tmp_path / "once.npz", ORDER, silent)
    assert (tmp_path / "once.npz").read_bytes() == out.read_bytes()
    wanted = generate("train", 5, 3, SMALL, passing=2)
    assert fingerprint(vars(load_encounters(out))) == fingerprint(vars(wanted))


def test_only_what_is_missing_is_made(
    tmp_path: Path, small_parts: None, asked: list[range], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stopped_after(1, patch)
        with pytest.raises(KeyboardInterrupt, match="3 of 7 encounters are kept"):
            make_file(tmp_path / "e.npz", ORDER, silent)
    make_file(tmp_path / "e.npz", ORDER, list[str]().append)
    assert asked == [range(1), range(3, 6), range(6, 7)]  # the first once more, to compare


def test_nothing_kept_is_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped_after(0, monkeypatch)
    assert main(["make-encounters", "--count", "5", "--out", str(tmp_path / "e.npz")]) == 130
    assert capsys.readouterr().err == "interrupted: nothing was written\n"


@pytest.mark.parametrize(
    "other",
    [
        replace(ORDER, seed=4),
        replace(ORDER, count=4, passing=3),
        replace(ORDER, settings=EncounterSettings(image=4, rate=30)),
    ],
)
def test_parts_of_other_settings_are_not_mixed_in(
    tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch, other: Order
) -> None:
    path, lines = tmp_path / "e.npz", list[str]()
    with monkeypatch.context() as patch:
        stopped_after(1, patch)
        with pytest.raises(KeyboardInterrupt):
            make_file(path, other, silent)
    make_file(path, ORDER, lines.append)
    assert len(lines) == 1 and "1 parts of other encounters lie beside" in lines[0]
    wanted = generate("train", 5, 3, SMALL, passing=2)
    assert fingerprint(vars(load_encounters(path))) == fingerprint(vars(wanted))


def damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])


def of_another_version(file: Path) -> None:
    with np.load(file) as saved:
        values = dict(saved)
    values["pixels"] = values["pixels"] + 1.0
    np.savez(file, **values)


@pytest.mark.parametrize(
    ("change", "words"),
    [(damaged, "is not an NPZ file"), (of_another_version, "holds other encounters")],
)
def test_parts_that_cannot_be_used_are_made_anew(
    tmp_path: Path,
    small_parts: None,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    words: str,
) -> None:
    path, lines = tmp_path / "e.npz", list[str]()
    with monkeypatch.context() as patch:
        stopped_after(1, patch)
        with pytest.raises(KeyboardInterrupt):
            make_file(path, ORDER, silent)
    (part,) = tmp_path.glob("e.npz.part.*")
    change(part)
    make_file(path, ORDER, lines.append)
    assert len(lines) == 2 and lines[0] == f"{path}: goes on, 3 of 7 encounters are there"
    assert words in lines[1] and lines[1].endswith("; it is made anew")
    wanted = generate("train", 5, 3, SMALL, passing=2)
    assert fingerprint(vars(load_encounters(path))) == fingerprint(vars(wanted))


@pytest.mark.parametrize(
    ("count", "image", "words"),
    [
        (1, 100_000, "pictures are 100000 pixels wide, expected 0 to 512 pixels"),
        (1_000_001, 0, "1000001 encounters are too many for one file, expected at most 1000000"),
        (100_000, 64, "take 14.* bytes, expected at most 4000000000; make several smaller files"),
    ],
)
def test_what_could_not_be_read_again_is_not_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, image: int, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        check_size(count, EncounterSettings(image=image))
    given = ["--count", str(count), "--image", str(image), "--out", str(tmp_path / "e.npz")]
    assert main(["make-encounters", *given]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not list(tmp_path.iterdir())


def test_the_size_is_that_of_the_arrays() -> None:
    """The bytes of a window, counted from one."""
    one = generate("test", 1, 0, SMALL)
    size = sum(value.nbytes for value in vars(one).values())
    fits = 4_000_000_000 // size
    check_size(fits - fits // 100, SMALL)
    with pytest.raises(DataError, match="smaller files"):
        check_size(fits + fits // 100, SMALL)


def test_encounters_keep_the_sentence_about_them(tmp_path: Path) -> None:
    one = generate("test", 1, 0, SMALL)
    save_encounters(tmp_path / "e.npz", one, "from the\nlab")
    assert read_encounters(tmp_path / "e.npz")[1] == "from the lab"
    with open(tmp_path / "bare.npz", "wb") as file:
        np.savez(file, format=np.array(1), **vars(one))
    assert read_encounters(tmp_path / "bare.npz")[1] == ""


def test_fingerprints_tell_values_shapes_types_and_names_apart() -> None:
    values = np.arange(6, dtype=np.float32)
    different: list[dict[str, np.ndarray]] = [
        {"a": values},
        {"b": values},
        {"a": values.reshape(2, 3)},
        {"a": values.astype(np.float64)},
        {"a": values[::-1]},
        {"a": values, "b": np.zeros(0)},
        {},
    ]
    assert len({fingerprint(one) for one in different}) == len(different)
    both = {"a": values, "b": values[:2]}
    assert fingerprint(both) == fingerprint(dict(reversed(both.items())))
    assert fingerprint({"a": values[::2]}) == fingerprint({"a": values[::2].copy()})

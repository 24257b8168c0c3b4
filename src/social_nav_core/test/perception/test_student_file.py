"""The student's file: what is in it, what is refused, and that it answers as torch does."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.checksums import NO_CHECKSUM, sealed_network
from social_nav_core.perception.student_file import (
    SHIPPED_STUDENT,
    load_student,
    probe_windows,
    shipped_student,
)
from social_nav_core.perception.tasks import CLASSES, TASKS, class_names
from social_nav_core.proxemics.model import ModelError
from social_nav_core.skeleton import JOINTS
from social_nav_core.vision.onnx_file import OnnxGraph

CHECKSUM = re.compile(rb"sha256\x12\x40([0-9a-f]{64})")


def with_checksum(content: bytes) -> bytes:
    """A student file's content after a change, with the checksum that belongs to it."""
    (old,) = CHECKSUM.findall(content)
    blank = content.replace(old, NO_CHECKSUM)
    return blank.replace(NO_CHECKSUM, hashlib.sha256(blank).hexdigest().encode())


def refusal(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_student(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def content() -> bytes:
    return SHIPPED_STUDENT.read_bytes()


def test_the_shipped_student_answers_any_number_of_people() -> None:
    student = shipped_student()
    rng = np.random.default_rng(0)
    windows = rng.uniform(-1.0, 1.0, (100, student.about.steps, 23, 3)).astype(np.float32)
    many = student.probabilities(windows)
    for task in TASKS:
        assert many[task].shape == (100, CLASSES[task])
        np.testing.assert_allclose(many[task].sum(axis=1), 1.0)
        one = student.probabilities(windows[7:8])[task]
        np.testing.assert_allclose(one, many[task][7:8], atol=1e-5)
    nobody = student.probabilities(windows[:0])
    assert nobody["action"].shape == (0, 10)


def test_a_temperature_of_two_halves_the_logits() -> None:
    student = shipped_student()
    windows = probe_windows(student.about.steps)
    heat = student.about.temperatures["intent"]
    expected = np.exp(student.logits(windows)["intent"] / heat)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(student.probabilities(windows)["intent"], expected)


def test_windows_of_another_shape_are_named() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 10, 17, 3\), expected"):
        shipped_student().logits(np.zeros((2, 10, 17, 3), np.float32))


def test_the_card_is_of_the_file() -> None:
    card = SHIPPED_STUDENT.with_suffix(".md").read_text()
    assert shipped_student().about.checksum in card
    assert "Apache-2.0" in card and "Limits" in card


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, content: bytes, share: float) -> None:
    assert "was cut off" in refusal(tmp_path, content[: int(share * len(content))])


def test_one_other_bit_is_refused(tmp_path: Path, content: bytes) -> None:
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    assert "has the checksum" in refusal(tmp_path, changed)


def test_something_else_is_refused(tmp_path: Path) -> None:
    assert "not a student" in refusal(tmp_path, b"hello")
    rest = b"sha256\x12\x40" + NO_CHECKSUM
    assert "is not an ONNX file" in refusal(tmp_path, with_checksum(b"hello" + rest))
    assert "ONNX Runtime cannot use it" in refusal(tmp_path, with_checksum(b"r\x4a\n\x06" + rest))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no\.onnx: cannot be read"):
        load_student(tmp_path / "no.onnx")


def changed(content: bytes, key: str, value: str) -> bytes:
    """Content with one entry of the metadata replaced by one of the same length."""
    pattern = re.compile(key.encode() + rb"\x12(.)([^\n]*)", re.DOTALL)
    found = pattern.search(content, content.rindex(key.encode() + b"\x12"))
    assert found is not None
    assert len(value) == found[1][0]
    start = found.start(2)
    return with_checksum(content[:start] + value.encode() + content[start + len(value) :])


def test_another_version_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "format is '2', expected 1" in refusal(tmp_path, changed(content, "format", "2"))


@pytest.mark.parametrize("steps", ["11", "-1", "1e"])
def test_windows_of_another_length_are_refused(tmp_path: Path, content: bytes, steps: str) -> None:
    assert re.search("steps is|takes", refusal(tmp_path, changed(content, "steps", steps)))


def test_other_classes_are_refused(tmp_path: Path, content: bytes) -> None:
    swapped = with_checksum(content.replace(b"positive,negative", b"negative,positive"))
    assert "attitude are" in refusal(tmp_path, swapped)


def test_other_joints_are_refused(tmp_path: Path, content: bytes) -> None:
    swapped = with_checksum(content.replace(b"left_eye,right_eye", b"right_eye,left_eye"))
    assert "joints are" in refusal(tmp_path, swapped)


def student_with(name: str = "x", **entries: str) -> bytes:
    """A network of one node with the metadata of a student, some of them others."""
    about = {
        **{"format": "1", "joints": ",".join(JOINTS), "steps": "12", "rate": "10", "answers": "[]"},
        **{task: ",".join(class_names(task)) for task in TASKS},
        **{"temperatures": json.dumps(dict.fromkeys(TASKS, 1.0)), "sha256": NO_CHECKSUM.decode()},
        **entries,
    }
    made = OnnxGraph("s", {name: ("float32", (1, 3))}, {"y": ("float32", (1, 3))}, about)
    made.add("Relu", [name], "y")
    return sealed_network(made.file())


DEEP, LONG, LINES = 19_000 * "[", 1_000_000 * "x", '"a\\nERROR: all is well"'


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("steps", DEEP, r"steps is '\[+\.\.\., expected JSON"),
        ("temperatures", DEEP.replace("[", '{"a":')[:20_000], "temperatures is .*, expected JSON"),
        ("steps", 100_000 * "[", "steps has 100000 characters, expected at most 20000"),
        ("steps", f'"{LONG}"', "steps has 1000002 characters, expected at most 20000"),
        ("steps", f'"{LONG[:9000]}"', "steps is .*, expected a whole number of 2 to 600"),
        ("steps", LINES, "steps is .*, expected a whole number of 2 to 600"),
        ("steps", 5000 * "9", "steps is .*, expected JSON"),
        ("rate", LINES, "rate is .*, expected more than 0 and at most 240 Hz"),
        ("rate", "NaN", "rate is nan, expected more than 0"),
        ("temperatures", f'{{"{LONG[:9000]}": 1}}', "temperatures are .*, expected one above 0"),
        ("temperatures", f"[{LINES}]", "temperatures are .*, expected one above 0"),
        ("format", f"1\n{LONG}", "format is .*, expected 1; export the student again"),
        ("joints", f"nose\n{LONG}", "joints are .*, expected"),
        ("intent", f"none\n{LONG}", "intent are .*, expected"),
    ],
    ids=range(14),
)
def test_hostile_metadata_are_refused_in_a_short_line(
    tmp_path: Path, key: str, value: str, words: str
) -> None:
    told = refusal(tmp_path, student_with(**{key: value}))
    assert re.search(words, told), told[:500]
    assert "\n" not in told and len(told) < 600 + len(str(tmp_path))


def test_answers_that_are_no_numbers_are_refused(tmp_path: Path, content: bytes) -> None:
    """A whole number beyond all floats, and lists in lists."""
    told = re.search(rb"answers\x12(..)(\[\[[^\x12]*\]\])", content, re.DOTALL)
    assert told is not None
    for value in (b"[" + 400 * b"9" + b"]", 100 * b"[" + 100 * b"]"):
        bad = with_checksum(content.replace(told[2], value.ljust(len(told[2]))))
        assert "fixed windows are answered inf off" in refusal(tmp_path, bad)


def test_names_of_inputs_are_shortened(tmp_path: Path) -> None:
    told = refusal(tmp_path, student_with(name=f"a\nERROR {LONG}"))
    assert "takes {'a\\nERROR xxx" in told and "..., expected {'windows': [12, 23, 3]}" in told
    assert "\n" not in told and len(told) < 600


def test_weights_of_nan_are_refused(tmp_path: Path, content: bytes) -> None:
    """Also with a checksum that fits."""
    weight = len(content) // 2
    nan = 256 * b"\xff"  # which reads as NaN from any byte on
    whole = with_checksum(content[:weight] + nan + content[weight + 256 :])
    assert re.search("weight .* not finite, as NaN is", refusal(tmp_path, whole))


def test_other_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    weight = len(content) // 2
    other = np.full(64, 0.5, np.float32).tobytes()
    found = refusal(tmp_path, with_checksum(content[:weight] + other + content[weight + 256 :]))
    assert re.search("fixed windows are answered .* off", found)


def test_without_onnx_runtime_one_line_says_what_to_install(monkeypatch: Any) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"needs ONNX Runtime: requirements\.txt has"):
        shipped_student()

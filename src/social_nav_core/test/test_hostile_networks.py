"""ONNX files that somebody made to do harm, or that are broken: one line each, and no memory."""

from __future__ import annotations

import os
import re
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.input_files import FileError
from social_nav_core.onnx_content import MOST, MOST_FIELDS, float_weights
from social_nav_core.onnx_network import Network
from social_nav_core.perception.student_file import load_student
from social_nav_core.proxemics.model import ModelError
from social_nav_core.vision.estimator import MOST_PEOPLE, EstimatorError
from social_nav_core.vision.onnx_estimator import OnnxEstimator
from social_nav_core.vision.onnx_file import OnnxGraph, _bytes, _text, _value, _varint

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

SHAPE = (1, 56, 8)  # of YOLO-pose with 8 boxes
FLOAT, FLOAT16, DOUBLE, BFLOAT16 = 1, 10, 11, 16


def graph(image: tuple[int | str, ...] = (1, 3, 64, 64), kind: str = "float32") -> OnnxGraph:
    return OnnxGraph("hostile", {"image": (kind, image)}, {"output0": ("float32", SHAPE)})


def answers(made: OnnxGraph, weight: str) -> bytes:
    """The file of a network that answers every image with a weight."""
    made.constant("zero", np.zeros((), np.float32))
    made.add("ReduceMean", ["image"], "mean", keepdims=0)
    made.add("Mul", ["mean", "zero"], "none")
    made.add("Add", [weight, "none"], "output0")
    return made.file()


def tensor(
    *, dims: tuple[int, ...] = SHAPE, kind: int = FLOAT, raw: bytes = b"", more: bytes = b""
) -> bytes:
    sizes = b"".join(_varint(1, size) for size in dims)
    return sizes + _varint(2, kind) + _text(8, "evil") + (_bytes(9, raw) if raw else b"") + more


def with_tensor(body: bytes) -> bytes:
    made = graph()
    made._tensors.append(body)
    return answers(made, "evil")


def in_a_constant(body: bytes) -> bytes:
    """As the attribute of a node, where ONNX Runtime takes weights from, too."""
    made = graph()
    attribute = _text(1, "value") + _bytes(5, body) + _varint(20, 4)
    made._nodes.append(_text(2, "evil") + _text(4, "Constant") + _bytes(5, attribute))
    return answers(made, "evil")


GOOD = np.zeros(SHAPE, np.float32)
NAN = np.where(np.arange(448).reshape(SHAPE) == 77, np.nan, 0.0).astype(np.float32)
INFINITE = np.where(np.isnan(NAN), np.inf, GOOD).astype(np.float32)
ELSEWHERE = _varint(14, 1) + _bytes(13, _text(1, "location") + _text(2, "secret.bin"))


def refusal(tmp_path: Path, content: bytes) -> str:
    """What the estimator says, in one line that names the file."""
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(EstimatorError) as caught:
        OnnxEstimator(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: ") and "\n" not in told and len(told) < 600
    assert told.count(str(path)) == 1
    return told


@pytest.mark.parametrize("place", [with_tensor, in_a_constant])
def test_a_good_weight_is_taken(tmp_path: Path, place: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(place(tensor(raw=GOOD.tobytes())))
    assert OnnxEstimator(path)(np.zeros((64, 64, 3), np.uint8)).shape == (0, 23, 3)


@pytest.mark.parametrize("place", [with_tensor, in_a_constant])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (tensor(raw=NAN.tobytes()), "weight evil has 1 values that are not finite, as NaN is"),
        (tensor(more=_bytes(4, NAN.tobytes())), "evil has 1 values that are not finite"),
        (
            tensor(more=b"".join(b"\x25" + struct.pack("<f", x) for x in NAN.ravel())),
            "evil has 1 values that are not finite",
        ),
        (tensor(kind=FLOAT16, raw=NAN.astype("<f2").tobytes()), "evil has 1 values"),
        (tensor(kind=DOUBLE, raw=NAN.astype("<f8").tobytes()), "evil has 1 values"),
        (
            tensor(kind=BFLOAT16, raw=(NAN.view("<u4") >> 16).astype("<u2").tobytes()),
            "evil has 1 values",
        ),
        (
            tensor(dims=(1_000_000, 1_000_000), raw=GOOD.tobytes()),
            r"'evil' claims the shape \(1000000, 1000000\), and has \d+ bytes of values",
        ),
        (tensor(dims=(2**62, 2**62), raw=GOOD.tobytes()), "'evil' claims the shape"),
        (tensor(dims=(-1, -3), raw=GOOD.tobytes()), "'evil' claims the shape"),
        (tensor(more=ELSEWHERE), "weight 'evil' lies in another file"),
        (tensor(raw=GOOD.tobytes(), more=_varint(14, 1)), "weight 'evil' lies in another file"),
    ],
)
def test_a_hostile_weight_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: Callable[[bytes], bytes],
    body: bytes,
    words: str,
) -> None:
    (tmp_path / "secret.bin").write_bytes(GOOD.tobytes())
    monkeypatch.chdir(tmp_path)  # where ONNX Runtime looks for weights in other files
    told = refusal(tmp_path, place(body))
    assert re.search(words, told), told


def test_only_the_estimator_takes_infinite_weights(tmp_path: Path) -> None:
    """Those of masks are; an answer that is not finite is refused."""
    content = with_tensor(tensor(raw=INFINITE.tobytes()))
    assert "output0 has values that are not finite" in refusal(tmp_path, content)
    with pytest.raises(FileError, match="weight evil has 1 values that are not finite"):
        Network(content, "net.onnx")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty, expected an ONNX file"),
        (b"no network", "is not an ONNX file"),
        (with_tensor(tensor(raw=GOOD.tobytes()))[:900], "is not an ONNX file"),
        (_varint(1, 8) + _bytes(8, _varint(2, 17)), "ONNX Runtime cannot use it"),
        (b"\x08\x63" + with_tensor(tensor(raw=GOOD.tobytes()))[2:], "Unsupported model IR version"),
        (answers(graph(), "nowhere"), "ONNX Runtime cannot use it"),
        (_bytes(7, _bytes(15, b"")), "has a sparse weight"),
        (_bytes(7, _bytes(1, _text(4, "Loop"))), "has the operator Loop, expected no loops"),
        ((MOST_FIELDS + 1) * _varint(1, 8), "it has more than 100000 fields"),
        (_bytes(20, _bytes(1, b"")), "it has training information, expected none"),
    ],
    ids=[
        *("empty", "text", "cut", "no graph", "version", "loose", "sparse", "loop", "fields"),
        "training",
    ],
)
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_graphs_in_graphs_without_end_are_refused(tmp_path: Path) -> None:
    content = b""
    for _ in range(2000):
        content = _bytes(1, _text(4, "If") + _bytes(5, _bytes(6, content)))
    assert "more than 12 graphs and nodes in each other" in refusal(tmp_path, _bytes(7, content))


def doubling(count: int) -> bytes:
    """A network of functions each of which uses the one before twice."""
    made = graph()
    names = [_text(4, "Relu"), *(_text(4, f"f{i}") + _text(7, "own") for i in range(count))]
    opsets = (_bytes(9, _varint(2, 17)), _bytes(9, _text(1, "own") + _varint(2, 1)))
    functions = b""
    for i, inner in enumerate(names[:-1]):
        body = _text(1, f"f{i}") + _text(4, "x") + _text(5, "y") + b"".join(opsets)
        for given, put in ("xm", "my"):
            body += _bytes(7, _text(1, given) + _text(2, put) + inner)
        functions += _bytes(25, body + _text(10, "own"))
    made._nodes.append(_text(1, "image") + _text(2, "output0") + names[-1])
    return made.file() + _bytes(8, _text(1, "own") + _varint(2, 1)) + functions


@pytest.mark.parametrize("count", [1, 40])
def test_functions_are_refused(tmp_path: Path, count: int) -> None:
    """40 of them are 2^40 nodes, which ONNX Runtime begins to make."""
    content = doubling(count)
    assert len(content) < 5000
    assert "it has functions of its own, expected operators alone" in refusal(tmp_path, content)


def with_branches(operator: str) -> bytes:
    """A network with a node that has graphs, of which `If` takes one."""
    made = graph()
    made.constant("one", np.array(1, np.uint8))
    made.add("Cast", ["one"], "true", to=9)
    weight = _bytes(5, _text(1, "value") + _bytes(5, tensor(raw=GOOD.tobytes())) + _varint(20, 4))
    node = _text(1, "true") + _text(2, "evil") + _text(4, operator)
    for name in ("then_branch", "else_branch"):
        body = _bytes(1, _text(2, name) + _text(4, "Constant") + weight) + _text(2, "branch")
        body += _bytes(12, _value(name, "float32", SHAPE))
        node += _bytes(5, _text(1, name) + _bytes(6, body) + _varint(20, 5))
    made._nodes.append(node)
    return answers(made, "evil")


def test_only_if_may_have_graphs(tmp_path: Path) -> None:
    """Those of all others are loops."""
    path = tmp_path / "net.onnx"
    path.write_bytes(with_branches("If"))
    assert OnnxEstimator(path)(np.zeros((64, 64, 3), np.uint8)).shape == (0, 23, 3)
    for operator in ("SequenceMap", "BeamSearch", "Loop"):
        told = refusal(tmp_path, with_branches(operator))
        assert re.search("a node with a graph, expected that If alone|has the operator Loop", told)


@pytest.mark.parametrize(("part", "place"), [("node", 1), ("weight", 5), ("output", 12)])
def test_more_parts_than_a_network_has_are_refused(tmp_path: Path, part: str, place: int) -> None:
    """ONNX Runtime needs a minute for 100,000 of them."""
    one = tensor(dims=(1,), raw=b"1234") if part == "weight" else b""
    content = _bytes(7, _bytes(place, one) * (MOST[part] + 1))
    assert f"it has more than {MOST[part]} {part}s" in refusal(tmp_path, content)


def test_constants_take_no_memory_without_limit() -> None:
    """ONNX Runtime would compute a gigabyte of them while it loads the file."""
    program = (
        "import resource, numpy as np, social_nav_core.onnx_network as networks\n"
        "from social_nav_core.vision.onnx_file import OnnxGraph\n"
        "networks.MOST_MEMORY = 200 * 2**20\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "made = OnnxGraph('g', {'x': ('float32', (1,))}, {'y': ('float32', (1,))})\n"
        "made.constant('size', np.array([2**28], np.int64))\n"
        "made.add('ConstantOfShape', ['size'], 'many')\n"
        "made.add('ReduceMean', ['many'], 'mean', keepdims=1)\n"
        "made.add('Add', ['x', 'mean'], 'y')\n"
        "try:\n"
        "    networks.Network(made.file(), 'a.onnx').run(['y'], {'x': np.zeros(1, np.float32)})\n"
        "except networks.FileError as error:\n"
        "    print(peak() - before, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    grown, _, told = done.stdout.partition(" ")
    assert "it fails: " in told and int(grown) < 200_000, done  # [KiB]


def test_an_operator_that_makes_something_enormous_fails(tmp_path: Path) -> None:
    """16 GB of ones; the process does not get them."""
    made = graph()
    made.constant("shape", np.array([4_000_000_000], np.int64))
    made.add("ConstantOfShape", ["shape"], "enormous")
    made.add("ReduceSum", ["enormous"], "sum", keepdims=0)
    made.constant("good", GOOD)
    made.add("Add", ["good", "sum"], "evil")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "it fails: " in refusal(tmp_path, answers(made, "evil"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # [KiB]


def test_a_network_that_fails_when_it_is_run_is_refused(tmp_path: Path) -> None:
    made = graph((1, 5, 64, 64))
    made.constant("good", GOOD)
    assert "it fails: " in refusal(tmp_path, answers(made, "good"))


@pytest.mark.parametrize("sides", [(1_000_000, 1_000_000), (64, 5000)])
def test_an_image_that_is_enormous_is_refused(tmp_path: Path, sides: tuple[int, int]) -> None:
    made = graph((1, 3, *sides))
    made.constant("good", GOOD)
    told = refusal(tmp_path, answers(made, "good"))
    assert f"takes images of {sides[0]} x {sides[1]} pixel, expected sides of 1 to 4096" in told


@pytest.mark.parametrize("name", ["ReduceMean", "image", "output0", "keepdims", "sha257"])
def test_names_that_are_no_text_are_refused(tmp_path, capfd, name):
    """Found by fuzzing: ONNX Runtime's own message could not be decoded."""
    made = graph()
    made.metadata = {"sha257": "value"}
    made.constant("good", GOOD)
    content = answers(made, "good").replace(name.encode(), name[:-2].encode() + b"\xe3" + b"e")
    assert "network that can be run: a name in it is no text" in refusal(tmp_path, content)
    assert capfd.readouterr() == ("", "")


def test_outputs_that_change_with_the_image_are_refused(tmp_path: Path) -> None:
    """56 rows for a small image, more for a larger one."""
    made = OnnxGraph(
        "changing",
        {"image": ("uint8", (1, "h", "w", 3))},
        {"output0": ("float32", ("a", "b", "c"))},
    )
    made.add("Shape", ["image"], "shape")
    for name, numbers in (("one", [1]), ("two", [2]), ("side", [72]), ("few", [8])):
        made.constant(name, np.array(numbers, np.int64))
    made.add("Slice", ["shape", "one", "two"], "height")  # 128 when it is looked at first
    made.add("Sub", ["height", "side"], "rows")
    made.add("Concat", ["one", "rows", "few"], "wanted", axis=0)
    made.add("ConstantOfShape", ["wanted"], "output0")
    path = tmp_path / "net.onnx"
    path.write_bytes(made.file())
    estimator = OnnxEstimator(path)
    with pytest.raises(EstimatorError, match=r"net.onnx: the network puts out .*expected YOLO"):
        estimator(np.zeros((480, 640, 3), np.uint8))


def test_a_network_that_sees_people_everywhere_gives_no_more_than_a_hundred(
    tmp_path: Path,
) -> None:
    """As many boxes as fit side by side, all of them sure."""
    count = 20_000
    values = np.ones((1, 56, count), np.float32)
    values[0, 0] = 3.0 * np.arange(count)
    made = OnnxGraph(
        "sure", {"image": ("float32", (1, 3, 64, 64))}, {"output0": ("float32", values.shape)}
    )
    made.constant("sure", values)
    path = tmp_path / "net.onnx"
    path.write_bytes(answers(made, "sure"))
    assert len(OnnxEstimator(path)(np.zeros((64, 64, 3), np.uint8))) == MOST_PEOPLE


def test_a_student_of_another_kind_is_refused_before_it_is_run(tmp_path: Path) -> None:
    path = tmp_path / "student.onnx"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(ModelError, match="has 200000000 bytes, expected at most 100000000"):
        load_student(path)
    with pytest.raises(ModelError, match="is a folder, expected a file"):
        load_student(tmp_path)
    with pytest.raises(EstimatorError, match="is a folder, expected a file"):
        OnnxEstimator(tmp_path)


def test_all_weights_of_a_file_are_read() -> None:
    made = graph()
    made.constant("good", GOOD)
    made.constant("bytes", np.zeros(3, np.uint8))
    read: dict[str, Any] = {w.name: w.values for w in float_weights(answers(made, "good"))}
    assert set(read) == {"good", "zero"}


def test_what_runs_is_told_to_nobody(tmp_path: Path) -> None:
    """ONNX Runtime's telemetry keeps what it wants to send in the user's cache."""
    program = (
        "from social_nav_core.perception.student_file import shipped_student; shipped_student();"
        "import os; print([os.readlink(f'/proc/self/fd/{fd}') for fd in (3, 4, 5, 6)"
        " if os.path.exists(f'/proc/self/fd/{fd}')])"
    )
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "onnxruntime" not in done.stdout
    assert list(tmp_path.rglob("*")) == []

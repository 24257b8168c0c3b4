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
from social_nav_core.checksums import network_seal
from social_nav_core.vision.movenet import HEADS
from social_nav_core.vision.onnx_estimator import OnnxEstimator
from social_nav_core.vision.onnx_file import OnnxGraph
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


def student_case(choices: Choices, seed: bytes) -> bytes:
    """A student's file, of which half have the checksum that belongs to them."""
    data = mutation.changed_bytes(choices, seed)
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
    np.savez(path, **arrays)
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

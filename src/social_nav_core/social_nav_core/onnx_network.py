"""Networks in ONNX files, run by ONNX Runtime on the CPU; the files may be anybody's.

What a file claims is checked before ONNX Runtime sees it (`onnx_content`), and what its operators
make may take `MOST_MEMORY` and no more.  Constants are not folded: ONNX Runtime computes them from
the file while it loads it, with memory that has no limit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from social_nav_core.input_files import FileError, one_line
from social_nav_core.onnx_content import float_weights

MOST_MEMORY = 4 * 2**30
"""Of all networks of a process together [byte]."""
NO_TEXT = "a name in it is no text"


class Network:
    """A network that is ready to run.

    Args:
        content: of the ONNX file.
        path: for messages.
        threads: that it may use.
        infinite: whether it may have infinite weights, as masks are.

    Attributes:
        inputs, outputs: with name, type such as "tensor(float)", and shape.
        metadata: what the file says of itself.

    Raises:
        FileError: it is no network that can be run, or ONNX Runtime is not installed.
    """

    def __init__(
        self, content: bytes, path: str | Path, threads: int = 1, infinite: bool = False
    ) -> None:
        runtime, self._errors = _runtime(path)
        self._path = path
        _check_weights(content, path, infinite)
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 4  # what matters is raised
        options.add_session_config_entry("session.use_env_allocators", "1")
        try:
            self._session = runtime.InferenceSession(
                content,
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=["ConstantFolding"],
                enable_fallback=0,
            )
            self.inputs: Sequence[Any] = self._session.get_inputs()
            self.outputs: Sequence[Any] = self._session.get_outputs()
            self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
            for given in (*self.inputs, *self.outputs):
                _ = given.name, given.shape, given.type
        except UnicodeDecodeError as error:  # also of a name in what ONNX Runtime has to say
            raise _refused(path, NO_TEXT) from error
        except self._errors as error:
            # Python 3.11.2 drops a message that it cannot decode.
            if not (error.args or isinstance(error, MemoryError)):
                raise _refused(path, NO_TEXT) from error
            raise _refused(path, f"ONNX Runtime cannot use it: {_end(error)}") from error

    def run(
        self, names: Sequence[str], given: Mapping[str, NDArray[Any]]
    ) -> list[NDArray[np.generic]]:
        """Outputs by their names.

        Raises:
            FileError: an operator fails, as for want of memory.
        """
        try:
            found: list[NDArray[np.generic]] = self._session.run(list(names), dict(given))
        except self._errors as error:
            raise _refused(self._path, f"it fails: {_end(error)}") from error
        return found


def _refused(path: str | Path, reason: str) -> FileError:
    return FileError(path, f"not a network that can be run: {one_line(reason)}")


def _end(error: Exception) -> str:
    """What ONNX Runtime says, without its own files and functions, with which it begins."""
    text = one_line(error, most=10_000)
    return text if len(text) <= 160 else f"...{text[-157:]}"


def _check_weights(content: bytes, path: str | Path, infinite: bool) -> None:
    if not content:
        raise _refused(path, "it is empty, expected an ONNX file")
    try:
        for weight in float_weights(content):
            bad = np.isnan(weight.values) if infinite else ~np.isfinite(weight.values)
            if bad.any():
                name = one_line(weight.name)
                raise FileError(
                    path, f"weight {name} has {bad.sum()} values that are not finite, as NaN is"
                )
    except FileError:
        raise
    except ValueError as error:
        raise _refused(path, str(error)) from error


@lru_cache(maxsize=1)
def _bounded(runtime: Any) -> None:
    """Bound the memory that sessions get from the allocator of the whole process."""
    place = runtime.OrtMemoryInfo(
        "Cpu", runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, runtime.OrtMemType.DEFAULT
    )
    limits = runtime.OrtArenaCfg({"max_mem": MOST_MEMORY})
    runtime.create_and_register_allocator(place, limits)


def _runtime(path: str | Path) -> tuple[Any, tuple[type[Exception], ...]]:
    """ONNX Runtime, and what it raises for files that it cannot use.

    Official builds from 1.29 on tell their maker over the network what is run, unless the
    environment forbids it before they are loaded.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime  # noqa: PLC0415
        from onnxruntime.capi import onnxruntime_pybind11_state as state  # noqa: PLC0415
    except ImportError as error:
        where = "requirements.txt has its version, docker/requirements-*.txt a robot's"
        raise FileError(path, f"running it needs ONNX Runtime: {where}") from error
    _bounded(onnxruntime)
    errors = (
        *(state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf),
        *(state.NoModel, state.NoSuchFile, state.NotFound, state.NotImplemented, state.EPFail),
        *(state.RuntimeException, RuntimeError, MemoryError, UnicodeDecodeError),
    )
    return onnxruntime, errors

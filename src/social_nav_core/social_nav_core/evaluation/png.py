"""Small PNG pictures of palette colours, for the frames of an animation."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray


def palette_png(indices: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """PNG file of a picture with a palette.

    Args:
        indices: (height, width) of the colours, top row first.
        palette: (k, 4) red, green, blue, opacity; k at most 256.
    """
    height, width = indices.shape
    if indices.size == 0 or indices.max() >= len(palette) or len(palette) > 256:
        raise ValueError(
            f"picture of shape {indices.shape} and palette of {len(palette)} colours, expected at"
            " least one pixel and every index below the number of colours, which is at most 256"
        )
    rows = np.hstack([np.zeros((height, 1), np.uint8), indices])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [
        (b"IHDR", header),
        (b"PLTE", palette[:, :3].tobytes()),
        (b"tRNS", palette[:, 3].tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def data_uri(png: bytes) -> str:
    """A PNG file as an address that holds the whole file."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

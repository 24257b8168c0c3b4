"""Images, depths and cameras out of messages; what cannot be used is told by the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image
from social_nav_core.geometry import FloatArray
from social_nav_core.vision.pinhole import Pinhole

CHANNELS = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1}
"""Encodings of images that are read, and their channels."""
DEPTHS = {"32FC1": ("f4", 1.0), "16UC1": ("u2", 0.001), "mono16": ("u2", 0.001)}
"""Encodings of depth images, the type of a value, and what a value of 1 is [m]."""
LENSES = ("", "plumb_bob", "rational_polynomial")


def rgb_from(message: Image) -> NDArray[np.uint8]:
    """The image ``(height, width, 3)`` RGB of a message.

    Raises:
        ValueError: its encoding or its size cannot be used; the message says what was expected.
    """
    channels = CHANNELS.get(message.encoding)
    if channels is None:
        raise ValueError(f"encoding is '{message.encoding}', expected one of {', '.join(CHANNELS)}")
    pixels = _values(message, np.dtype("u1"), channels)
    if channels == 1:
        return np.repeat(pixels, 3, axis=2)
    order = (2, 1, 0) if message.encoding.startswith("bgr") else (0, 1, 2)
    return np.ascontiguousarray(pixels[..., order])


def depth_from(message: Image) -> NDArray[np.float32]:
    """Depths ``(height, width)`` [m] of a message; where there are none, they are NaN.

    Raises:
        ValueError: as in `rgb_from`.
    """
    if message.encoding not in DEPTHS:
        raise ValueError(f"encoding is '{message.encoding}', expected one of {', '.join(DEPTHS)}")
    kind, metre = DEPTHS[message.encoding]
    order = ">" if message.is_bigendian else "<"
    depths = _values(message, np.dtype(order + kind), 1)[..., 0].astype(np.float32)
    depths = depths * np.float32(metre)
    depths[~(np.isfinite(depths) & (depths > 0.0))] = np.nan
    return depths


def _values(message: Image, kind: np.dtype[Any], channels: int) -> NDArray[Any]:
    """Values ``(height, width, channels)``; rows may be padded."""
    size = f"{message.width} x {message.height}"
    row = message.width * channels * kind.itemsize
    if not row or not message.height:
        raise ValueError(f"size is {size} pixels, expected at least one")
    if message.step < row or len(message.data) < message.step * message.height:
        raise ValueError(
            f"{size} pixels of {message.encoding} come as {len(message.data)} bytes in rows of "
            f"{message.step}, expected {message.height} rows of {row} bytes or more"
        )
    data = np.frombuffer(message.data, dtype=np.uint8, count=message.step * message.height)
    rows = np.ascontiguousarray(data.reshape(message.height, message.step)[:, :row])
    return rows.view(kind).reshape(message.height, message.width, channels)


def camera_from(
    message: CameraInfo, size: tuple[int, int], mount: tuple[FloatArray, FloatArray]
) -> Pinhole:
    """The camera of a message.

    Args:
        message: what describes the lens.
        size: (width, height) of the images [pixel].
        mount: position (3,) [m] and axes (3, 3) of the optical frame in the base's.

    Raises:
        ValueError: it describes other images, or no lens.
    """
    if (message.width, message.height) != size:
        raise ValueError(
            f"camera_info is of images of {message.width} x {message.height} pixels, "
            f"expected {size[0]} x {size[1]}"
        )
    distortion = tuple(float(value) for value in message.d)
    if message.distortion_model not in LENSES or any(distortion[5:]):
        raise ValueError(
            f"camera_info has the distortion model '{message.distortion_model}' with "
            f"{len(distortion)} numbers, expected plumb_bob with 5; give rectified images"
        )
    k = message.k
    return Pinhole(*size, (k[0], k[4]), (k[2], k[5]), distortion[:5], *mount)

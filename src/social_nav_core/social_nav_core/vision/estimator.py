"""The interface of pose estimators: an image in, skeletons out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import parameter

Image = NDArray[np.uint8]
MOST_PEOPLE = 100  # in an image


class EstimatorError(ValueError):
    """An estimator, its weights or its image cannot be used; one line says what was expected."""


class PoseEstimator(Protocol):
    """Finds the bodies in an image."""

    def __call__(self, image: Image) -> FloatArray:
        """Skeletons ``(n, 23, 3)`` of x [pixel], y [pixel] and confidence (0 to 1).

        Joints are those of `skeleton.JOINTS`; those that an estimator does not know are all zero.

        Args:
            image: ``(height, width, 3)`` uint8, RGB.

        Raises:
            EstimatorError: the image has another shape or type.
        """


@dataclass(frozen=True)
class EstimatorParameters:
    """How a network is run on images."""

    resolution: int = parameter(
        448, "pixel", "longest side that an image is made smaller to", 64, 4096
    )
    least: float = parameter(0.25, "", "sureness from which on somebody counts", 0.01, 1.0)
    overlap: float = parameter(0.65, "", "of two boxes that are the same person's", 0.1, 1.0)
    threads: int = parameter(2, "", "that the network may use", 1, 64)


def checked_image(image: object) -> Image:
    """An image that an estimator takes.

    Raises:
        EstimatorError: it is not ``(height, width, 3)`` uint8, or has no pixels.
    """
    if not isinstance(image, np.ndarray):
        raise EstimatorError(f"image is a {type(image).__name__}, expected an array (h, w, 3)")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise EstimatorError(
            f"image has the shape {image.shape} and type {image.dtype}, expected (h, w, 3) uint8 "
            "with at least one pixel"
        )
    return image

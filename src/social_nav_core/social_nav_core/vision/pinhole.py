"""A camera as its `sensor_msgs/CameraInfo` and its mount describe it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray

FOCAL_OF_SIDE = (0.01, 100.0)  # shortest and longest, as a share of the image's longer side
MOST_OFF_CENTRE = 10  # of that side
MOST_DISTORTION = 1000.0


@dataclass(frozen=True)
class Pinhole:
    """Lens and mount of a camera.

    Attributes:
        width, height: of its images [pixel].
        focal: (columns, rows) [pixel].
        centre: (column, row) of the optical axis [pixel].
        distortion: k1, k2, p1, p2, k3 of the plumb bob model (Brown, 1966); zeros for none.
        position: (3,) of the camera [m] in the frame that people are wanted in, whose z is up and
            whose floor is at 0.
        axes: (3, 3) whose columns are image right, image down and viewing direction in that frame.
    """

    width: int
    height: int
    focal: tuple[float, float]
    centre: tuple[float, float]
    distortion: tuple[float, ...]
    position: FloatArray
    axes: FloatArray

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"image is {self.width} x {self.height}, expected pixels")
        self._check_lens()
        turned = np.asarray(self.axes)
        if not np.allclose(turned.T @ turned, np.eye(3), atol=1e-3):
            raise ValueError("the camera's axes are not perpendicular unit vectors")

    def _check_lens(self) -> None:
        side = max(self.width, self.height)
        low, high = (share * side for share in FOCAL_OF_SIDE)
        if not all(low <= focal <= high for focal in self.focal):
            raise ValueError(
                f"focal lengths are {self.focal} pixel, expected {low:g} to {high:g} with images "
                f"of {self.width} x {self.height}"
            )
        if not all(abs(place) <= MOST_OFF_CENTRE * side for place in self.centre):
            raise ValueError(
                f"centre is {self.centre} pixel, expected at most {MOST_OFF_CENTRE * side:g} with "
                f"images of {self.width} x {self.height}"
            )
        known = all(abs(value) <= MOST_DISTORTION for value in self.distortion)
        if not known or len(self.distortion) > 5:
            raise ValueError(
                f"distortion is {self.distortion}, expected at most 5 numbers of the plumb bob "
                f"model, from -{MOST_DISTORTION:g} to {MOST_DISTORTION:g}"
            )

    def rays(self, pixels: ArrayLike) -> FloatArray:
        """Directions ``(..., 3)`` of pixels ``(..., 2)``, one long along the viewing direction.

        They are not finite where the distortion cannot be undone.
        """
        pixels = np.asarray(pixels, dtype=float)
        with np.errstate(over="ignore", invalid="ignore"):
            ideal = self._undistorted((pixels - self.centre) / self.focal)
        optical = np.concatenate([ideal, np.ones((*ideal.shape[:-1], 1))], axis=-1)
        return np.asarray(optical @ np.asarray(self.axes).T)

    def _undistorted(self, seen: FloatArray) -> FloatArray:
        """Solve the distortion for the ideal point by iterating (converges for usual lenses)."""
        if not any(self.distortion):
            return seen
        k1, k2, p1, p2, k3 = (*self.distortion, 0.0, 0.0, 0.0, 0.0, 0.0)[:5]
        ideal = seen
        for _ in range(20):
            x, y = ideal[..., 0], ideal[..., 1]
            r2 = x * x + y * y
            radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
            aside = np.stack(
                [2 * p1 * x * y + p2 * (r2 + 2 * x * x), p1 * (r2 + 2 * y * y) + 2 * p2 * x * y],
                axis=-1,
            )
            ideal = (seen - aside) / np.maximum(radial, 0.1)[..., None]
        return ideal

    def turned(self, turn: ArrayLike) -> FloatArray:
        """Homography ``(3, 3)`` from pixels before a turn of the camera to pixels now.

        Args:
            turn: (3, 3) rotation from the optical frame before to the optical frame now.
        """
        lens = np.array(
            [
                [self.focal[0], 0.0, self.centre[0]],
                [0.0, self.focal[1], self.centre[1]],
                [0.0, 0.0, 1.0],
            ]
        )
        return np.asarray(lens @ np.asarray(turn, dtype=float) @ np.linalg.inv(lens))

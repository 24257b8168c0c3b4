"""A body tracker on the head camera's images: what it finds, misses, and gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE, Body
from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.parameters import check, parameter
from social_nav_core.sim.body import Figures
from social_nav_core.sim.camera import BoxBlockers, Camera, CameraPose, bodies_hide, facing
from social_nav_core.skeleton import JOINT, JOINTS

# How far annotators disagree on a joint, as a share of the square root of the person's area:
# COCO's keypoint sigmas, and COCO-WholeBody's for the feet.
_SPREAD = np.repeat(
    [0.026, 0.025, 0.035, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089],
    [1, 2, 2, 2, 2, 2, 2, 2, 2],
)
_SPREAD = np.concatenate([_SPREAD, np.tile([0.068, 0.066, 0.092], 2)])
# How sure detectors are of a joint in clear view: head, shoulders, elbows, ..., feet.
_SURE = np.repeat([0.93, 0.90, 0.88, 0.85, 0.86, 0.87, 0.84, 0.72], [5, 2, 2, 2, 2, 2, 2, 6])
_FACE = slice(0, 5)
_FACE_NORMALS = np.array([[1.0, 0.0], [0.82, 0.57], [0.82, -0.57], [0.12, 0.99], [0.12, -0.99]])
"""Where nose, eyes and ears point, forward and left in the head's frame."""
_LEGS = [
    JOINT[f"{side}_{part}"]
    for side in ("left", "right")
    for part in ("hip", "knee", "ankle", "big_toe", "small_toe", "heel")
]
_LEGS_SWAPPED = _LEGS[6:] + _LEGS[:6]
_TRUNK = [JOINT[name] for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")]


@dataclass(frozen=True)
class DetectorParameters:
    """How well the body tracker works."""

    pixel_noise: float = parameter(0.8, "pixel", "error of every joint", 0.0, 20.0)
    joint_noise: float = parameter(0.25, "1", "error, in annotators' disagreement", 0.0, 3.0)
    hidden_noise: float = parameter(3.0, "1", "error of hidden joints over seen ones", 1.0, 20.0)
    noise_time: float = parameter(0.15, "s", "how long errors last", 0.0, 5.0)
    miss_rate: float = parameter(0.01, "1", "share of images that miss a clear body", 0.0, 1.0)
    miss_time: float = parameter(0.1, "s", "how long a body stays missed", 0.0, 5.0)
    swap_rate: float = parameter(0.01, "1", "legs taken for each other from the side", 0.0, 1.0)
    smallest: float = parameter(40.0, "pixel", "height of a body missed half the time", 1.0, 480.0)
    fewest_joints: int = parameter(4, "1", "joints in view without which nothing is found", 1, 23)
    depth_noise: float = parameter(0.03, "m", "error of the ground position at 1 m", 0.0, 1.0)
    depth_growth: float = parameter(0.004, "1/m", "its growth with the distance squared", 0.0, 0.1)
    yaw_noise: float = parameter(0.15, "rad", "error of the heading at 1 m", 0.0, 3.0)
    yaw_growth: float = parameter(0.02, "rad/m", "its growth with the distance", 0.0, 1.0)


@dataclass(frozen=True)
class View:
    """What a camera could see of n people, without the detector's errors.

    Attributes:
        column, row, depth: (n, 23) of the joints [pixel, pixel, m].
        in_image: (n, 23) whether the joint is in the image and in range.
        hidden: (n, 23) whether something is in front of it.
        face, chest: (n,) cosines of where face and chest point, 1 straight at the camera.
        head_way: (n, 2) direction to the camera in the head's frame, forward and left.
    """

    column: FloatArray
    row: FloatArray
    depth: FloatArray
    in_image: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    face: FloatArray
    chest: FloatArray
    head_way: FloatArray

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Joints ``(n, 23)`` in the image with nothing in front."""
        return self.in_image & ~self.hidden


def view_of(camera: Camera, pose: CameraPose, figures: Figures, blockers: BoxBlockers) -> View:
    """What the camera sees of people ``(n,)`` among walls, furniture and each other."""
    column, row, depth = camera.project(pose, figures.joints)
    in_image = camera.in_view(column, row, depth)
    hidden = np.zeros_like(in_image)
    seen = np.asarray(in_image.any(axis=-1))
    hidden[seen] = blockers.hide(pose.position, figures.joints[seen])
    hidden |= bodies_hide(pose.position, figures, seen)
    face, chest = facing(figures, pose.position)
    to_eye = pose.position - figures.skull
    way = np.einsum("nij,ni->nj", figures.head, to_eye)[:, :2]
    way = way / np.maximum(np.linalg.norm(to_eye, axis=-1, keepdims=True), 1e-9)
    return View(column, row, depth, in_image, hidden, face, chest, way)


class Detector:
    """Bodies out of images of one camera, with errors that last over several images.

    Args:
        camera: that takes the images.
        parameters: how well it works.
        rng: source of all errors.
    """

    def __init__(
        self,
        camera: Camera,
        parameters: DetectorParameters | None,
        rng: np.random.Generator,
    ) -> None:
        self.camera = camera
        self.parameters = DetectorParameters() if parameters is None else parameters
        check(self.parameters)
        self._rng = rng
        self._errors: dict[str, FloatArray] = {}
        self._missed: set[str] = set()

    def detect(
        self,
        ids: Sequence[str],
        figures: Figures,
        pose: CameraPose,
        blockers: BoxBlockers,
        dt: float,
    ) -> list[Body]:
        """Bodies that the tracker reports; people whom it does not see are left out.

        Args:
            ids: names of the people, as many as figures.
            figures: of the people ``(n,)`` in the map.
            pose: of the camera in the map.
            blockers: walls and furniture.
            dt: time since the image before [s].

        Returns:
            Bodies with ground poses in the map, in the order of ``ids``.
        """
        if len(ids) != len(figures.joints):
            raise ValueError(f"{len(ids)} ids for {len(figures.joints)} figures, expected one each")
        view = view_of(self.camera, pose, figures, blockers)
        errors = np.stack([self._error(name, dt) for name in ids]) if ids else np.zeros((0, 75))
        found = self._found(ids, view, figures, dt)
        x, y = self._positions(view, figures, errors)
        confidence = self._confidences(view, figures, errors)
        self._swap_legs(x, y, view)
        return [
            Body(
                id=ids[index],
                x=x[index].astype(np.float32),
                y=y[index].astype(np.float32),
                confidence=confidence[index].astype(np.float32),
                **self._ground(index, view, figures, pose, errors[index]),
            )
            for index in np.flatnonzero(found).tolist()
        ]

    def _error(self, name: str, dt: float) -> FloatArray:
        """Standard normal errors ``(75,)`` of a body that fade over `noise_time`."""
        fresh = self._rng.normal(size=3 * len(JOINTS) + 6)
        before = self._errors.get(name)
        if before is not None and self.parameters.noise_time > 0.0:
            keep = np.exp(-max(dt, 0.0) / self.parameters.noise_time)
            fresh = keep * before + np.sqrt(1.0 - keep**2) * fresh
        self._errors[name] = fresh
        return fresh

    def _height(self, view: View, figures: Figures) -> FloatArray:
        """Apparent height ``(n,)`` of the whole person [pixel]."""
        depth = np.maximum(view.depth.mean(axis=-1), 0.1)
        return self.camera.focal_length * figures.physique.stature / depth

    def _found(
        self, ids: Sequence[str], view: View, figures: Figures, dt: float
    ) -> NDArray[np.bool_]:
        """Who is reported ``(n,)``; somebody who was missed is more likely to be missed again."""
        seen = view.visible.sum(axis=-1)
        height = self._height(view, figures)
        too_small = 1.0 / (1.0 + (height / self.parameters.smallest) ** 4)
        few = 0.5 * np.exp(-(seen - self.parameters.fewest_joints) / 2.0)
        miss = 1.0 - (1.0 - self.parameters.miss_rate) * (1.0 - too_small) * (1.0 - few)
        again = np.exp(-max(dt, 0.0) / max(self.parameters.miss_time, 1e-9))
        was = np.array([name in self._missed for name in ids], dtype=bool)
        chance = np.where(was, np.maximum(miss, again), miss)
        missed = self._rng.random(len(ids)) < chance
        self._missed = {name for name, miss_now in zip(ids, missed, strict=True) if miss_now}
        return ~missed & (seen >= self.parameters.fewest_joints)

    def _positions(
        self, view: View, figures: Figures, errors: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Joints in the image ``(n, 23)``, kept inside it as detectors do."""
        scale = np.sqrt(0.35) * self._height(view, figures)[:, None]
        sigma = np.hypot(self.parameters.pixel_noise, self.parameters.joint_noise * _SPREAD * scale)
        sigma = np.minimum(sigma, 0.1 * self.camera.parameters.height)
        sigma = np.where(view.visible, sigma, self.parameters.hidden_noise * sigma)
        count = len(JOINTS)
        x = view.column + sigma * errors[:, :count]
        y = view.row + sigma * errors[:, count : 2 * count]
        width, height = self.camera.parameters.width, self.camera.parameters.height
        return np.clip(x, 0.0, width), np.clip(y, 0.0, height)

    def _confidences(self, view: View, figures: Figures, errors: FloatArray) -> FloatArray:
        """Confidences ``(n, 23)``: less for far, hidden, turned-away and cut-off joints."""
        size = 1.0 - np.exp(-self._height(view, figures) / 60.0)
        confidence = _SURE * size[:, None]
        turned = view.head_way @ _FACE_NORMALS.T
        confidence[:, _FACE] *= 0.12 + 0.88 / (1.0 + np.exp(-(turned + 0.05) / 0.10))
        body = 0.93 + 0.07 * view.chest[:, None]
        confidence[:, _FACE.stop :] *= body
        spread = errors[:, 2 * len(JOINTS) : 3 * len(JOINTS)]
        guess = 1.0 / (1.0 + np.exp(-spread))
        confidence = np.where(view.hidden, confidence * (0.12 + 0.45 * guess), confidence)
        confidence = np.where(view.in_image, confidence, 0.02 + 0.12 * guess)
        return np.clip(confidence * np.exp(0.06 * spread - 0.002), 0.0, 1.0)

    def _swap_legs(self, x: FloatArray, y: FloatArray, view: View) -> None:
        """Take the left leg for the right one, in place, mostly from the side and from behind."""
        odds = self.parameters.swap_rate * np.clip(1.0 - view.chest, 0.0, 1.0)
        for index in np.flatnonzero(self._rng.random(len(x)) < odds):
            x[index, _LEGS] = x[index, _LEGS_SWAPPED]
            y[index, _LEGS] = y[index, _LEGS_SWAPPED]

    def _ground(
        self, index: int, view: View, figures: Figures, pose: CameraPose, errors: FloatArray
    ) -> dict[str, FloatArray]:
        """Pose on the ground and its covariance in the map."""
        joints = figures.joints[index]
        hips = joints[[JOINT["left_hip"], JOINT["right_hip"]]].mean(axis=0)
        across = joints[JOINT["left_shoulder"]] - joints[JOINT["right_shoulder"]]
        across = across + joints[JOINT["left_hip"]] - joints[JOINT["right_hip"]]
        away = hips[:2] - pose.position[:2]
        distance = float(np.linalg.norm(away))
        trunk = view.visible[index, _TRUNK]
        doubt = 1.0 + 2.0 * (1.0 - trunk.mean())
        along = doubt * (self.parameters.depth_noise + self.parameters.depth_growth * distance**2)
        sideways = doubt * (0.5 * self.parameters.depth_noise + 0.004 * distance)
        axes = np.array([away, [-away[1], away[0]]]).T / max(distance, 1e-9)
        sigma = np.array([along, sideways])
        ground = hips[:2] + axes @ (sigma * errors[-6:-4])
        covariance = np.zeros((3, 3))
        covariance[:2, :2] = (axes * sigma**2) @ axes.T
        known = bool(trunk[:2].all() or trunk[2:].all())
        yaw_sigma = doubt * (self.parameters.yaw_noise + self.parameters.yaw_growth * distance)
        yaw = np.arctan2(-across[0], across[1]) + yaw_sigma * errors[-4] if known else 0.0
        covariance[2, 2] = yaw_sigma**2 if known else UNKNOWN_YAW_VARIANCE
        return {"pose": np.array([*ground, wrap_angle(yaw)]), "covariance": covariance}

"""What the networks see, as tensors: windows for the student, five streams for the teacher."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.networks.teacher import TeacherSize
from social_nav_core.skeleton import (
    FACE_SLICE,
    LEFT_HAND_SLICE,
    RIGHT_HAND_SLICE,
    WHOLE_BODY_MIRROR,
)

_BODY = slice(0, 23)
_HANDS = slice(LEFT_HAND_SLICE.start, RIGHT_HAND_SLICE.stop)
_SPREAD = 0.03
_TAIL = 1e-3  # smaller values are nothing: denormal numbers would make convolutions slow


def heatmaps(places: Tensor, confidence: Tensor, edge: int) -> Tensor:
    """Gaussian bumps ``(b, k, t, edge, edge)`` at places, as high as they are sure.

    Args:
        places: ``(b, t, k, 2)`` across and down, 0 to 1 over the map; what lies outside shows its
            tail or nothing.
        confidence: ``(b, t, k)``.
        edge: of the map [cell].
    """
    cells = (torch.arange(edge, device=places.device) + 0.5) / edge
    sigma = max(_SPREAD, 0.7 / edge)
    by_axis = places.permute(0, 1, 3, 2).unsqueeze(-2)
    bumps = torch.exp(-((by_axis - cells[:, None]) ** 2) / (2.0 * sigma**2))
    bumps = bumps * (bumps > _TAIL)
    across = bumps[:, :, 0].contiguous()  # the maps get the order in memory that the teacher wants
    down = (bumps[:, :, 1] * confidence.unsqueeze(-2)).contiguous()
    maps = down.unsqueeze(3) * across.unsqueeze(2)
    return maps.permute(0, 4, 1, 2, 3)


def teacher_inputs(
    encounters: Encounters,
    index: NDArray[np.int64],
    size: TeacherSize,
    device: torch.device,
    mirror: bool = False,
) -> list[Tensor]:
    """The teacher's streams, in the order of `teacher.STREAMS`, of some of the windows.

    Body, hand and gaze maps and the picture cover the square around the person; the face's maps
    cover the face.  ``mirror`` gives the mirror image instead.
    """
    points = torch.from_numpy(encounters.whole_body[index]).to(device)
    box = torch.from_numpy(encounters.box[index]).to(device)
    corner, edge = box[:, None, None, :2], box[:, None, None, 2:]
    gaze = torch.from_numpy(encounters.gaze[index]).to(device)
    gaze = (gaze.view(*gaze.shape[:2], 2, 2) - corner) / edge
    places, confidence = (points[..., :2] - corner) / edge, points[..., 2]
    picture = torch.from_numpy(encounters.crop[index]).to(device)
    if picture.shape[2] != size.image:
        raise ValueError(f"pictures are {picture.shape[2]} pixels wide, expected {size.image}")
    if mirror:
        order = torch.from_numpy(WHOLE_BODY_MIRROR).to(device)
        places, confidence = _flipped(places[..., order, :]), confidence[..., order]
        gaze, picture = _flipped(gaze), picture.flip(3)
    face = places[..., FACE_SLICE, :]
    low, high = face.amin(dim=2, keepdim=True), face.amax(dim=2, keepdim=True)
    half = 0.65 * (high - low).amax(dim=-1, keepdim=True)
    half = torch.maximum(half, 1.0 / edge)
    face = (face - 0.5 * (low + high)) / (2.0 * half) + 0.5
    return [
        heatmaps(places[..., _BODY, :], confidence[..., _BODY], size.heatmap),
        heatmaps(face, confidence[..., FACE_SLICE], size.heatmap),
        heatmaps(places[..., _HANDS, :], confidence[..., _HANDS], size.heatmap),
        heatmaps(gaze, torch.ones_like(gaze[..., 0]), size.heatmap),
        picture.permute(0, 4, 1, 2, 3).float() / 127.5 - 1.0,
    ]


def _flipped(places: Tensor) -> Tensor:
    """Places ``(..., 2)`` of 0 to 1 across, in the mirror image."""
    return torch.stack([1.0 - places[..., 0], places[..., 1]], dim=-1)

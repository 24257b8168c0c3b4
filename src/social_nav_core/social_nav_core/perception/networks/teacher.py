"""The teacher (SocialC3D, arXiv 2505.06278): five streams of 3-D residual networks, fused late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from social_nav_core.input_files import shown
from social_nav_core.perception.networks.chain import ChainClassifier

STREAMS = ("body", "face", "hands", "gaze", "rgb")
CHANNELS = {"body": 23, "face": 68, "hands": 42, "gaze": 2, "rgb": 3}


@dataclass(frozen=True)
class TeacherSize:
    """How large a teacher is.

    Attributes:
        image: edge of the RGB crop [pixel].
        heatmap: edge of the heatmaps [cell].
        rgb_width: channels of the RGB stream's first stage; the second has twice, the third four
            times as many, and each stage puts out four times its width.
        heatmap_width: the same for the other four streams.
        blocks: residual blocks of the three stages.
        features: length of the social representation.
    """

    image: int
    heatmap: int
    rgb_width: int
    heatmap_width: int
    blocks: tuple[int, int, int]
    features: int


FULL = TeacherSize(
    image=64, heatmap=36, rgb_width=56, heatmap_width=48, blocks=(2, 3, 8), features=576
)
SMALL = TeacherSize(
    image=20, heatmap=20, rgb_width=8, heatmap_width=8, blocks=(1, 1, 1), features=128
)

_LARGEST = {"image": 512, "heatmap": 512, "rgb_width": 512, "heatmap_width": 512, "features": 8192}
_MOST_BLOCKS = 64


def teacher_size(values: Any) -> TeacherSize:
    """The size that a file's mapping (`dataclasses.asdict`) names.

    Raises:
        ValueError: a field is missing, unknown, no whole number or out of range.
    """
    names = (*_LARGEST, "blocks")
    if not isinstance(values, dict) or set(values) != set(names):
        raise ValueError(f"size is {shown(values)}, expected a mapping of {', '.join(names)}")
    for name, most in _LARGEST.items():
        if type(values[name]) is not int or not 1 <= values[name] <= most:
            raise ValueError(
                f"size has the {name} {shown(values[name])}, expected a whole number of 1 to {most}"
            )
    blocks = values["blocks"]
    whole = isinstance(blocks, (list, tuple)) and all(type(count) is int for count in blocks)
    if not whole or len(blocks) != 3 or not 1 <= min(blocks) <= max(blocks) <= _MOST_BLOCKS:
        raise ValueError(
            f"size has the blocks {shown(blocks)}, expected three whole numbers of 1 to "
            f"{_MOST_BLOCKS}"
        )
    return TeacherSize(**(values | {"blocks": tuple(blocks)}))


class _Bottleneck(nn.Module):
    """1x1x1 (or 3x1x1), 1x3x3 and 1x1x1 convolutions beside a shortcut (He et al., 2016)."""

    def __init__(self, inputs: int, width: int, stride: int, over_time: bool) -> None:
        super().__init__()
        kernel = (3, 1, 1) if over_time else (1, 1, 1)
        padding = (1, 0, 0) if over_time else (0, 0, 0)
        outputs = 4 * width
        self.body = nn.Sequential(
            nn.Conv3d(inputs, width, kernel, padding=padding, bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(),
            nn.Conv3d(width, width, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(),
            nn.Conv3d(width, outputs, 1, bias=False),
            nn.BatchNorm3d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv3d(inputs, outputs, 1, (1, stride, stride), bias=False),
                nn.BatchNorm3d(outputs),
            )

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.body(x) + self.shortcut(x))


def _stage(inputs: int, width: int, blocks: int, over_time: bool) -> nn.Sequential:
    """Halves the edge; the later two stages also look along time (as SlowOnly does)."""
    layers = [_Bottleneck(inputs, width, 2, over_time)]
    layers += [_Bottleneck(4 * width, width, 1, over_time) for _ in range(blocks - 1)]
    return nn.Sequential(*layers)


def _stem(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels, width, (1, 5, 5), (1, 2, 2), (0, 2, 2), bias=False),
        nn.BatchNorm3d(width),
        nn.ReLU(),
    )


class SocialC3D(nn.Module):
    """Body, face, hand and gaze heatmaps and the RGB crop, with connections to and from RGB.

    After the first and the second stage every heatmap stream adds a mapped copy of itself to the
    RGB stream, and the RGB stream one to every heatmap stream.  The streams' features are mapped to
    one length and added up to the social representation.

    Inputs, one tensor per stream in the order of `STREAMS`: ``(b, channels, t, edge, edge)``.

    Args:
        size: `FULL`, `SMALL` or another size.
        dropout: share of the representation dropped in training.
    """

    def __init__(self, size: TeacherSize, dropout: float = 0.3) -> None:
        super().__init__()
        self.size = size
        width = dict.fromkeys(STREAMS, size.heatmap_width) | {"rgb": size.rgb_width}
        self.stems = nn.ModuleDict({name: _stem(CHANNELS[name], width[name]) for name in STREAMS})
        self.stages, self.to_rgb, self.from_rgb = (nn.ModuleDict() for _ in range(3))
        for name in STREAMS:
            inputs = width[name]
            for k, blocks in enumerate(size.blocks):
                stage = _stage(inputs, 2**k * width[name], blocks, over_time=k > 0)
                self.stages[f"{name}_{k}"] = stage
                inputs = 2**k * 4 * width[name]
                if name != "rgb" and k < 2:
                    rgb = 2**k * 4 * width["rgb"]
                    self.to_rgb[f"{name}_{k}"] = nn.Conv3d(inputs, rgb, 1)
                    self.from_rgb[f"{name}_{k}"] = nn.Conv3d(rgb, inputs, 1)
        self.fuse = nn.ModuleDict(
            {name: nn.Linear(16 * width[name], size.features) for name in STREAMS}
        )
        self.dropout = nn.Dropout(dropout)
        self.features = size.features
        self.classifier = ChainClassifier(size.features)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                weight = module.weight.data
                module.weight.data = weight.contiguous(memory_format=torch.channels_last_3d)

    def represent(self, *inputs: Tensor) -> Tensor:
        """Social representation ``(b, features)``."""
        x = {
            name: self.stems[name](item.contiguous(memory_format=torch.channels_last_3d))
            for name, item in zip(STREAMS, inputs, strict=True)
        }
        for stage in range(3):
            x = {name: self.stages[f"{name}_{stage}"](item) for name, item in x.items()}
            if stage < 2:
                x = self._exchange(x, stage)
        fused = [self.fuse[name](item.mean(dim=(2, 3, 4))) for name, item in x.items()]
        representation = fused[0]
        for part in fused[1:]:
            representation = representation + part
        return self.dropout(representation)

    def _exchange(self, x: dict[str, Tensor], stage: int) -> dict[str, Tensor]:
        rgb = x["rgb"]
        mixed = {}
        for name in STREAMS[:-1]:
            rgb = rgb + _resized(self.to_rgb[f"{name}_{stage}"](x[name]), x["rgb"])
            back = self.from_rgb[f"{name}_{stage}"](_resized(x["rgb"], x[name]))
            mixed[name] = x[name] + back
        mixed["rgb"] = rgb
        return mixed

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of intent ``(b, 3)``, attitude ``(b, 3)`` and action ``(b, 10)``."""
        return self.classifier(self.represent(*inputs))


def _resized(x: Tensor, like: Tensor) -> Tensor:
    """``x`` pooled or spread to the edge of another tensor, frame by frame."""
    if x.shape[-2:] == like.shape[-2:]:
        return x
    return nn.functional.adaptive_avg_pool3d(x, (x.shape[2], *like.shape[-2:]))

"""Baselines on the same windows: ST-GCN and a GRU on flattened joints."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from social_nav_core.perception.networks.chain import ChainClassifier
from social_nav_core.skeleton import JOINTS, adjacency


class FlatGru(nn.Module):
    """A bidirectional GRU on all joints of a frame at once; windows ``(b, t, 23, 3)``."""

    def __init__(self, hidden: int = 128, dropout: float = 0.2) -> None:
        super().__init__()
        self.gru = nn.GRU(3 * len(JOINTS), hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.features = 2 * hidden
        self.classifier = ChainClassifier(self.features)

    def represent(self, windows: Tensor) -> Tensor:
        """Representation ``(b, 2 hidden)``: the GRU's outputs averaged over time."""
        outputs, _ = self.gru(windows.flatten(start_dim=2))
        return self.dropout(outputs.mean(dim=1))

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of intent, attitude and action."""
        return self.classifier(self.represent(windows))


class GraphBlock(nn.Module):
    """Graph convolution over joints, then a convolution over time, with a shortcut."""

    partitions: Tensor

    def __init__(self, inputs: int, outputs: int, partitions: Tensor, stride: int) -> None:
        super().__init__()
        kernels = len(partitions)
        self.register_buffer("partitions", partitions, persistent=False)
        self.importance = nn.Parameter(torch.ones_like(partitions))
        self.spatial = nn.Conv2d(inputs, outputs * kernels, 1)
        self.temporal = nn.Sequential(
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, (9, 1), (stride, 1), (4, 0)),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs or stride != 1:
            convolution = nn.Conv2d(inputs, outputs, 1, (stride, 1))
            self.shortcut = nn.Sequential(convolution, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        batch, _, steps, nodes = x.shape
        spread = self.spatial(x).view(batch, len(self.partitions), -1, steps, nodes)
        mixed = torch.einsum("bkctv,kvw->bctw", spread, self.partitions * self.importance)
        return nn.functional.relu(self.temporal(mixed) + self.shortcut(x))

    def macs(self, steps: int) -> int:
        """Multiply-adds of the sum over neighbours for one window of some steps."""
        kernels, nodes, _ = self.partitions.shape
        return kernels * (self.spatial.out_channels // kernels) * steps * nodes * nodes


class StGcn(nn.Module):
    """Spatial temporal graph convolution (Yan et al., AAAI 2018) with distance partitions.

    Input: windows ``(b, t, 23, 3)``.

    Args:
        widths: channels of the blocks; where they grow, time is halved.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 32, 64, 64, 128)) -> None:
        super().__init__()
        partitions = _partitions()
        self.normalise = nn.BatchNorm1d(3 * len(JOINTS))
        blocks, inputs = [], 3
        for index, width in enumerate(widths):
            stride = 2 if index > 0 and width > inputs else 1
            blocks.append(GraphBlock(inputs, width, partitions, stride))
            inputs = width
        self.blocks = nn.Sequential(*blocks)
        self.features = inputs
        self.classifier = ChainClassifier(inputs)

    def represent(self, windows: Tensor) -> Tensor:
        """Representation ``(b, widths[-1])``: the last block averaged over joints and time."""
        batch, steps, nodes, channels = windows.shape
        flat = windows.permute(0, 2, 3, 1).reshape(batch, nodes * channels, steps)
        x = self.normalise(flat).view(batch, nodes, channels, steps).permute(0, 2, 3, 1)
        return self.blocks(x).mean(dim=(2, 3))

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of intent, attitude and action."""
        return self.classifier(self.represent(windows))


def _partitions() -> Tensor:
    """Joints themselves and their neighbours, ``(2, 23, 23)``, columns summing to 1."""
    own = torch.eye(len(JOINTS))
    near = torch.from_numpy(adjacency()).float()
    return torch.stack([own, near / near.sum(dim=0, keepdim=True)])

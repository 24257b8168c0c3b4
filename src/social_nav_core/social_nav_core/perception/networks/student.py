"""The student (SocialEgoMobile, arXiv 2505.06278): body pose only, small enough for a robot."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from social_nav_core.perception.networks.chain import ChainClassifier
from social_nav_core.skeleton import JOINTS, adjacency

STEPS = 10
"""Frames of a window at the student's own rate, 10 per second."""


class GraphAttention(nn.Module):
    """One layer of graph attention over a skeleton (Velickovic et al., ICLR 2018, eq. 1 to 6).

    A joint's features become a weighted sum of its own and its neighbours', per head; the heads
    are concatenated.
    """

    blocked: Tensor

    def __init__(self, inputs: int, outputs: int, heads: int) -> None:
        super().__init__()
        if outputs % heads:
            raise ValueError(f"{outputs} outputs do not split into {heads} heads")
        self.heads = heads
        self.values = nn.Linear(inputs, outputs, bias=False)
        self.source = nn.Parameter(torch.empty(heads, outputs // heads))
        self.target = nn.Parameter(torch.empty(heads, outputs // heads))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.xavier_uniform_(self.values.weight)
        nn.init.xavier_uniform_(self.source)
        nn.init.xavier_uniform_(self.target)
        linked = torch.from_numpy(adjacency()).bool() | torch.eye(len(JOINTS), dtype=torch.bool)
        blocked = torch.zeros(len(JOINTS), len(JOINTS)).masked_fill(~linked, -1e9)
        self.register_buffer("blocked", blocked, persistent=False)

    def forward(self, joints: Tensor) -> Tensor:
        """Features ``(n, 23, outputs)`` of joints ``(n, 23, inputs)``."""
        count, nodes = joints.shape[0], joints.shape[1]
        values = self.values(joints).view(count, nodes, self.heads, -1)
        source = (values * self.source).sum(dim=-1)
        target = (values * self.target).sum(dim=-1)
        scores = target.transpose(1, 2).unsqueeze(-1) + source.transpose(1, 2).unsqueeze(-2)
        scores = nn.functional.leaky_relu(scores, 0.2) + self.blocked
        mixed = scores.softmax(dim=-1) @ values.transpose(1, 2)
        return mixed.transpose(1, 2).reshape(count, nodes, -1) + self.bias

    def macs(self, frames: int) -> int:
        """Multiply-adds of the attention (the linear map apart) for some frames."""
        nodes, outputs = len(JOINTS), self.values.out_features
        return frames * (2 * nodes * outputs + nodes * nodes * outputs)


class SocialEgoMobile(nn.Module):
    """Two graph attention layers per frame, a bidirectional LSTM over time, a chain classifier.

    Each attention layer has a linear map past it, so that a joint's own place is not averaged away.
    Input: windows ``(b, t, 23, 3)`` of x and y in [-1, 1] and confidence in [0, 1], any t >= 1.

    Args:
        hidden: units of the LSTM in each direction.
        joint_features: features of a joint after the first and after the second layer.
        heads: of the first graph attention layer; the second has one.
        dropout: share of features dropped in training.
    """

    def __init__(
        self,
        hidden: int = 96,
        joint_features: tuple[int, int] = (32, 16),
        heads: int = 4,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        first, second = joint_features
        self.first = GraphAttention(3, first, heads)
        self.second = GraphAttention(first, second, 1)
        self.past_first = nn.Linear(3, first, bias=False)
        self.past_second = nn.Linear(first, second, bias=False)
        self.normalise = nn.LayerNorm(len(JOINTS) * second)
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(len(JOINTS) * second, hidden, batch_first=True, bidirectional=True)
        self.features = 2 * hidden
        self.classifier = ChainClassifier(self.features)

    def represent(self, windows: Tensor) -> Tensor:
        """Social representation ``(b, 2 hidden)``: the LSTM's outputs averaged over time."""
        batch, steps, nodes, _ = windows.shape
        frames = windows.reshape(batch * steps, nodes, 3)
        frames = nn.functional.elu(self.first(frames) + self.past_first(frames))
        frames = nn.functional.elu(self.second(frames) + self.past_second(frames))
        sequence = self.dropout(self.normalise(frames.reshape(batch, steps, -1)))
        outputs, _ = self.lstm(sequence)
        return self.dropout(outputs.mean(dim=1))

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of intent ``(b, 3)``, attitude ``(b, 3)`` and action ``(b, 10)``."""
        return self.classifier(self.represent(windows))

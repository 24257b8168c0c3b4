"""Chain classifier: intent, then attitude given intent, then action given both."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from social_nav_core.perception.tasks import CLASSES


class ChainClassifier(nn.Module):
    """Logits of the three tasks from a social representation ``(b, features)``.

    Every later task sees the probabilities of the earlier ones (Bian et al., ICME 2025).
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        intent, attitude, action = CLASSES["intent"], CLASSES["attitude"], CLASSES["action"]
        self.intent = nn.Linear(features, intent)
        self.attitude = nn.Linear(features + intent, attitude)
        self.action = nn.Linear(features + intent + attitude, action)

    def forward(self, representation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits ``(b, 3)``, ``(b, 3)`` and ``(b, 10)`` of intent, attitude and action."""
        intent = self.intent(representation)
        given = torch.cat([representation, intent.softmax(dim=-1)], dim=-1)
        attitude = self.attitude(given)
        given = torch.cat([given, attitude.softmax(dim=-1)], dim=-1)
        return intent, attitude, self.action(given)

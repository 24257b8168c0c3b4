"""What the networks are trained for: the three tasks, and agreement with the teacher."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from social_nav_core.people import Intent
from social_nav_core.perception.tasks import NOT_INTERACTING

Logits = tuple[Tensor, Tensor, Tensor]
_LEFT_OUT = -1
_INTERACTING = Intent.INTERACTING - 1


def task_loss(
    logits: Logits, labels: Tensor, smoothing: float = 0.0, weights: Tensor | None = None
) -> Tensor:
    """Sum of the three cross-entropies.

    The attitude of people who do not interact is left out, and so is every label of -1.

    Args:
        logits: ``(b, 3)``, ``(b, 3)`` and ``(b, 10)``.
        labels: ``(b, 3)`` classes of intent, attitude and action.
        smoothing: label smoothing, 0 to 1.
        weights: ``(b,)`` how much each window counts; None: all alike.
    """
    intent, attitude, action = labels.unbind(dim=-1)
    attitude = attitude.masked_fill(attitude == NOT_INTERACTING, _LEFT_OUT)
    total = logits[0].new_zeros(())
    for output, target in zip(logits, (intent, attitude, action), strict=True):
        counts = (target != _LEFT_OUT).to(output.dtype)
        if weights is not None:
            counts = counts * weights
        losses = nn.functional.cross_entropy(
            output, target, ignore_index=_LEFT_OUT, label_smoothing=smoothing, reduction="none"
        )
        total = total + (losses * counts).sum() / counts.sum().clamp(min=1e-6)
    return total


def even_weights(actions: Tensor) -> Tensor:
    """Weights ``(n,)`` by which every action counts as much as any other.

    Nobody knows what unlabelled windows show; the teacher's answers stand for it.  The mean of the
    weights is 1.

    Args:
        actions: the teacher's logits ``(n, 10)``.
    """
    probabilities = actions.softmax(dim=-1)
    share = probabilities.shape[1] * probabilities.mean(dim=0)
    return (probabilities / share.clamp(min=1e-6)).sum(dim=-1)


def soft_loss(logits: Logits, teacher: Logits, temperature: float, weights: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the teacher's softened answers (Hinton et al., 2015).

    The attitude counts as far as the teacher thinks that the person interacts: where nobody does,
    its attitude was never trained.

    Args:
        logits, teacher: ``(b, 3)``, ``(b, 3)`` and ``(b, 10)``.
        temperature: softness.
        weights: ``(b,)`` how much each window counts.
    """
    interacting = teacher[0].softmax(dim=-1)[:, _INTERACTING] * weights
    total = logits[0].new_zeros(())
    for own, wanted, weight in zip(logits, teacher, (weights, interacting, weights), strict=True):
        target = (wanted / temperature).log_softmax(dim=-1)
        answer = (own / temperature).log_softmax(dim=-1)
        divergence = nn.functional.kl_div(answer, target, reduction="none", log_target=True)
        share = (divergence.sum(dim=-1) * weight).sum() / weight.sum().clamp(min=1e-6)
        total = total + temperature**2 * share
    return total


class InfoNce(nn.Module):
    """Lower bound of the mutual information of two representations (van den Oord et al., 2018).

    Both are mapped to one space; a window's student must find its own teacher among the batch's,
    and the other way round.  With batch size b the loss is log(b) where nothing is shared.

    Args:
        student, teacher: lengths of the two representations.
        width: of the common space.
        temperature: of the similarities.
    """

    def __init__(
        self, student: int, teacher: int, width: int = 128, temperature: float = 0.1
    ) -> None:
        super().__init__()
        self.of_student = nn.Sequential(
            nn.Linear(student, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.of_teacher = nn.Linear(teacher, width)
        self.temperature = temperature

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Loss of representations ``(b, student)`` and ``(b, teacher)`` of the same windows."""
        one = nn.functional.normalize(self.of_student(student), dim=-1)
        other = nn.functional.normalize(self.of_teacher(teacher), dim=-1)
        return contrast(one @ other.T / self.temperature)


def contrast(similarities: Tensor) -> Tensor:
    """InfoNCE of similarities ``(b, b)`` whose diagonal belongs together, over rows and columns."""
    own = torch.arange(len(similarities), device=similarities.device)
    rows = nn.functional.cross_entropy(similarities, own)
    return 0.5 * (rows + nn.functional.cross_entropy(similarities.T, own))

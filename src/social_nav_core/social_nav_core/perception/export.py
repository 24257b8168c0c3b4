"""The student as an ONNX file: rearranged to run fast, checked against torch, with its metadata.

Per frame only the 73 links of the skeleton's graph are worked on.  Their attention weights
softmax_j(leaky(s_j + t_i)) need no exponential per link, since the exponential grows:

    exp(leaky(a)) = max(exp(a), exp(0.2 a)),  a = s_j + t_i,

so that up to a factor of joint i, which cancels, a weight is max(exp(s_j), exp(-0.8 t_i) exp(0.2
s_j)).  Joints come first and frames last, so that sums over links are one matrix product.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from social_nav_core.checksums import NO_CHECKSUM, sealed_network
from social_nav_core.perception.corruption import Corruption, corrupted
from social_nav_core.perception.networks.student import GraphAttention, SocialEgoMobile
from social_nav_core.perception.student_file import (
    AGREEMENT,
    FORMAT,
    probe_windows,
    student_from,
)
from social_nav_core.perception.tasks import TASKS, class_names
from social_nav_core.perception.windows import Float32Array, centred
from social_nav_core.proxemics.model import ModelError
from social_nav_core.skeleton import JOINTS
from social_nav_core.whole_file import written_whole

_SLOPE = 0.2  # of the leaky ReLU below zero


@dataclass(frozen=True)
class ExportFacts:
    """What is written into the file besides the network.

    Attributes:
        steps: of a window.
        rate: of its steps [1/s].
        temperatures: by task.
        data: what the network was trained on.
    """

    steps: int
    rate: float
    temperatures: dict[str, float]
    data: str


class _LinkAttention(nn.Module):
    """A `GraphAttention` over the graph's links; features ``(23, inputs, n)`` of n frames.

    The sum over neighbours and the linear map may change places; the one that makes the sum
    narrower comes first.
    """

    source: Tensor
    target: Tensor
    values: Tensor
    bias: Tensor
    links: Tensor
    link_from: Tensor
    link_to: Tensor

    def __init__(self, layer: GraphAttention) -> None:
        super().__init__()
        self.heads, width = layer.source.shape
        by_head = layer.values.weight.detach().view(self.heads, width, -1)
        self.sums_inputs = by_head.shape[2] < width
        map_ = torch.block_diag(*by_head) if self.sums_inputs else layer.values.weight.detach()
        self.register_buffer("values", map_)
        self.register_buffer("bias", layer.bias.detach().unsqueeze(-1))
        self.register_buffer("source", (by_head * layer.source.unsqueeze(-1)).sum(dim=1))
        target = (by_head * layer.target.unsqueeze(-1)).sum(dim=1)
        self.register_buffer("target", (_SLOPE - 1.0) * target)
        to, from_ = torch.nonzero(layer.blocked == 0.0, as_tuple=True)
        self.register_buffer("link_from", from_)
        self.register_buffer("link_to", to)
        self.register_buffer("links", nn.functional.one_hot(to).T.float().contiguous())

    def forward(self, joints: Tensor) -> Tensor:
        source, target = self.source @ joints, (self.target @ joints).exp()
        steep, shallow = source.exp(), (_SLOPE * source).exp()
        gathered = target[self.link_to] * shallow[self.link_from]
        weight = torch.maximum(steep[self.link_from], gathered)
        if self.sums_inputs:
            return self.values @ self._mean(weight, joints.unsqueeze(1)) + self.bias
        values = (self.values @ joints).unflatten(1, (self.heads, -1))
        return self._mean(weight, values) + self.bias

    def _mean(self, weight: Tensor, values: Tensor) -> Tensor:
        """Weighted means over neighbours ``(23, heads * width, n)``.

        Args:
            weight: ``(links, heads, n)``.
            values: ``(23, heads or 1, width, n)``.
        """
        nodes, count, width = len(JOINTS), len(self.link_to), values.shape[2]
        total = (self.links @ weight.reshape(count, -1)).view(nodes, self.heads, 1, -1)
        weighted = weight.unsqueeze(2) * values[self.link_from]
        mixed = (self.links @ weighted.reshape(count, -1)).view(nodes, self.heads, width, -1)
        return (mixed / total).reshape(nodes, self.heads * width, -1)


class _Rearranged(nn.Module):
    """A student that answers as the given one does, for windows of a fixed number of steps."""

    def __init__(self, student: SocialEgoMobile, steps: int) -> None:
        super().__init__()
        self.first, self.second = _LinkAttention(student.first), _LinkAttention(student.second)
        self.past_first = student.past_first.weight
        self.past_second = student.past_second.weight
        self.normalise = student.normalise
        self.lstm, self.classifier = student.lstm, student.classifier
        self.steps, self.features = steps, student.lstm.input_size

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        nodes = len(JOINTS)
        frames = windows.reshape(-1, 3 * nodes).t().reshape(nodes, 3, -1)
        frames = _elu(self.first(frames) + self.past_first @ frames)
        frames = _elu(self.second(frames) + self.past_second @ frames)
        sequence = frames.reshape(self.features, -1).t().reshape(-1, self.steps, self.features)
        outputs, _ = self.lstm(self.normalise(sequence))
        answers: tuple[Tensor, Tensor, Tensor] = self.classifier(outputs.mean(dim=1))
        return answers


def _elu(x: Tensor) -> Tensor:
    """As one exponential of everything, which ONNX Runtime does faster than its own ELU."""
    return torch.relu(x) + torch.exp(torch.clamp(x, max=0.0)) - 1.0


def export_student(
    network: SocialEgoMobile, windows: Float32Array, facts: ExportFacts, path: Path
) -> float:
    """Write a student as ONNX, if it answers as in torch.

    Args:
        network: trained, on the CPU.
        windows: ``(n, steps, 23, 3)`` in image coordinates to compare the answers to, in addition
            to corrupted and made-up ones.
        facts: what the file says of itself.
        path: of the file.

    Returns:
        The largest difference of a logit between ONNX Runtime and torch.

    Raises:
        ModelError: weights are not finite, or answers differ by more than 1e-4; nothing is written.
    """
    network.eval()
    for name, tensor in network.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(f"weight {name} of the network is not finite, nothing is written")
    answers = _torch_answers(network, probe_windows(facts.steps))
    content = _with_metadata(_graph(network, facts.steps), facts, answers.tolist())
    tested = _test_windows(windows, facts.steps)
    found = student_from(content, path).logits(tested)
    logits = np.concatenate([found[task] for task in TASKS], axis=-1)
    off = float(np.abs(logits - _torch_answers(network, tested)).max())
    if not off <= AGREEMENT:
        raise ModelError(
            f"ONNX Runtime answers up to {off:.2g} off torch, expected at most {AGREEMENT:g}; "
            "nothing is written"
        )
    with written_whole(path) as file:
        file.write(content)
    return off


def _graph(network: SocialEgoMobile, steps: int) -> Any:
    import onnx  # noqa: PLC0415

    buffer = BytesIO()
    example = torch.zeros(2, steps, len(JOINTS), 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Rearranged(network, steps).eval(),
            (example,),
            buffer,
            input_names=["windows"],
            output_names=list(TASKS),
            dynamic_axes={name: {0: "people"} for name in ("windows", *TASKS)},
            opset_version=17,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def _with_metadata(model: Any, facts: ExportFacts, answers: list[list[float]]) -> bytes:
    about = {
        "format": str(FORMAT),
        "steps": json.dumps(facts.steps),
        "rate": json.dumps(facts.rate),
        "joints": ",".join(JOINTS),
        **{task: ",".join(class_names(task)) for task in TASKS},
        "temperatures": json.dumps(facts.temperatures),
        "data": facts.data,
        "answers": json.dumps(answers),
        "licence": "Apache-2.0",
        "sha256": NO_CHECKSUM.decode(),
    }
    del model.metadata_props[:]
    for key, value in about.items():
        model.metadata_props.add(key=key, value=value)
    content: bytes = model.SerializeToString()
    return sealed_network(content)


def _test_windows(windows: Float32Array, steps: int) -> Float32Array:
    """Centred windows: as given, corrupted, at random, without joints, and with single ones."""
    rng = np.random.default_rng(0)
    half_lost = Corruption(frames=0.6, joints=0.6, jitter=0.02, dimmed=0.5, cut=0.5)
    anything = rng.uniform(-1.0, 1.0, (64, steps, len(JOINTS), 3)).astype(np.float32)
    anything[..., 2] = np.abs(anything[..., 2])
    few = np.where(rng.random((64, 1, len(JOINTS), 1)) < 0.1, anything, 0.0).astype(np.float32)
    parts = [anything, few, np.zeros_like(anything[:1])]
    if len(windows):
        parts += [centred(windows), centred(corrupted(windows, half_lost, rng))]
    return np.concatenate(parts)


def _torch_answers(network: nn.Module, windows: Float32Array) -> np.ndarray:
    with torch.no_grad():
        return torch.cat(network(torch.from_numpy(windows)), dim=-1).numpy()

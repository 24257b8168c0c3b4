"""Parameters and multiply-adds of networks, counted and not estimated."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from social_nav_core.perception.networks.baselines import GraphBlock
from social_nav_core.perception.networks.student import GraphAttention

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def parameters(model: nn.Module) -> int:
    """Learned numbers of a network."""
    return sum(parameter.numel() for parameter in model.parameters())


def multiply_adds(model: nn.Module, *inputs: Tensor) -> int:
    """Multiply-adds of one forward pass: linear, convolution, recurrent and graph layers.

    Activations, normalisation, softmax and sums are left out, as is usual.
    """
    total = 0

    def count(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        nonlocal total
        total += _macs(module, args[0], output)

    leaves = (nn.Linear, *_CONVOLUTIONS, nn.LSTM, nn.GRU, GraphAttention, GraphBlock)
    hooks = [
        module.register_forward_hook(count)
        for module in model.modules()
        if isinstance(module, leaves)
    ]
    training = model.training
    model.eval()
    with torch.no_grad():
        model(*inputs)
    model.train(training)
    for hook in hooks:
        hook.remove()
    return total


def _macs(module: nn.Module, inputs: Tensor, output: Any) -> int:
    if isinstance(module, nn.Linear):
        return inputs.numel() * module.out_features
    if isinstance(module, _CONVOLUTIONS):
        kernel = module.weight[0].numel()
        return int(output.numel()) * kernel
    if isinstance(module, (nn.LSTM, nn.GRU)):
        gates = 4 if isinstance(module, nn.LSTM) else 3
        directions = 2 if module.bidirectional else 1
        frames = inputs.shape[0] * inputs.shape[1]
        weights = gates * module.hidden_size * (module.input_size + module.hidden_size)
        return frames * directions * weights
    if isinstance(module, GraphAttention):
        return module.macs(inputs.shape[0])
    assert isinstance(module, GraphBlock)
    return inputs.shape[0] * module.macs(inputs.shape[2])

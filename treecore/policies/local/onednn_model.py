"""A copy of a small model for the CPU: its weights packed for oneDNN beforehand, its attention without padding.

On processors for which the default library of torch has no kernels of its own, oneDNN multiplies twice as fast; weights
that are laid out for it beforehand save the rest. The model itself stays as it is. Knows no tokens and no text.
"""

from __future__ import annotations

from copy import deepcopy
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from treecore.policies.local.varlen_attention import VARLEN

ROWS = 64
"""Rows of a pass that the layout is chosen for; others are nearly as fast."""


class PackedLinear(nn.Module):
    """`nn.Linear` with its weight as it is now, in a layout of oneDNN's own.

    The operations are those that `torch.compile` puts in its place; torch has no other way to lay out a weight once.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), ROWS)
        self.bias = linear.bias

    def forward(self, x: Tensor) -> Tensor:
        """`[..., in]` -> `[..., out]`."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")
        return out


def packed_copy(model: Any) -> Any:
    """A copy that shares all weights but those of its linear layers, which it has as they are now."""
    shared: dict[int, Any] = {id(one): one for one in chain(model.parameters(), model.buffers())}
    copy = deepcopy(model, shared)
    for module in list(copy.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Linear:
                setattr(module, name, PackedLinear(child))
    copy.config._attn_implementation = VARLEN
    return copy


def redirected(model: Any) -> bool:
    """Whether any part of a model is called in another way than its class says, as hooks do; a copy would miss it."""
    hooks = ("_forward_hooks", "_forward_pre_hooks")
    return any("forward" in vars(one) or any(getattr(one, name) for name in hooks) for one in model.modules())

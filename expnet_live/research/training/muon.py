"""Muon (Jordan et al. 2024): steps along the nearest orthogonal matrix of a weight's momentum.

torch.optim.Muon always computes that matrix in bfloat16, which takes seconds per step on CPUs without instructions for
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from expnet_live.research.training.precision import mixed

_MOMENTUM = 0.95
_ROUNDS = 5
_A, _B, _C = 3.4445, -4.7750, 2.0315  # the authors' quintic, which is steepest at 0


class Muon(torch.optim.Optimizer):
    """For matrices only; Nesterov momentum, decoupled decay, updates as large as AdamW's usually are."""

    def __init__(self, params: Iterable[torch.Tensor], lr: float, weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        assert closure is None, "this optimizer evaluates no loss"
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                momentum = state["momentum"]
                momentum.lerp_(p.grad, 1 - _MOMENTUM)
                direction = orthogonal(torch.lerp(p.grad, momentum, _MOMENTUM))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(direction, alpha=-group["lr"] * 0.2 * max(p.shape) ** 0.5)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Roughly U V^T of its singular value decomposition, by Newton and Schulz's iteration."""
    exact = matrix.dtype
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.mT if tall else matrix
    x = x / x.norm().clamp(min=1e-7)
    if mixed(x.device):
        x = x.to(torch.bfloat16)
    for _ in range(_ROUNDS):
        gram = x @ x.mT
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    return (x.mT if tall else x).to(exact)

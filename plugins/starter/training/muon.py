"""Muon: momentum, made orthogonal for every weight matrix (Jordan et al. 2024, kellerjordan.github.io/posts/muon).

All directions of a matrix learn at the same pace; with the few thousand steps a processor affords, that is worth
far more than the fifth of time it costs. Everything that is no matrix (biases, norms, embeddings) takes AdamW.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


def _orthogonal(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The nearest (roughly) orthogonal matrix, by a quintic Newton-Schulz iteration."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * (square @ square)) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Muon for matrices and convolutions, AdamW for the rest, in one optimiser.

    `lr` counts for the matrices; the others take `adam_lr`, scaled alongside. With `every` above 1 each matrix moves
    only every so many steps (its momentum hears all of them). State lies under Adam's names
    (`exp_avg` is the momentum), so that checkpoints need not know which is which.
    """

    def __init__(
        self,
        modules: Iterable[nn.Module],
        *,
        lr: float = 0.02,
        adam_lr: float = 1e-3,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.98),
        weight_decay: float = 0.0,
        every: int = 1,
    ) -> None:
        matrices, rest = [], []
        for module in modules:
            embeddings = {id(m.weight) for m in module.modules() if isinstance(m, nn.Embedding)}
            for parameter in module.parameters():
                if not parameter.requires_grad:
                    continue
                flat = parameter.ndim >= 2 and min(parameter.shape[0], parameter[0].numel()) > 8
                (matrices if flat and id(parameter) not in embeddings else rest).append(parameter)
        groups = [
            {"params": matrices, "lr": lr, "top": lr, "muon": True},
            {"params": rest, "lr": adam_lr, "top": adam_lr, "muon": False},
        ]
        super().__init__(groups, {"momentum": momentum, "betas": betas, "weight_decay": weight_decay})
        self._every = every
        self.turn = 0
        """Steps so far; a resumed training sets it, so that the same matrices are due."""

    def pace(self, part: float) -> None:
        """Set every rate to that part of its top."""
        for group in self.param_groups:
            group["lr"] = group["top"] * part

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of all parameters that have a gradient."""
        for group in self.param_groups:
            update = self._matrix if group["muon"] else self._adam
            for index, parameter in enumerate(group["params"]):
                if parameter.grad is not None:
                    update(parameter, group, due=(index + self.turn) % self._every == 0)
        self.turn += 1

    def _matrix(self, parameter: torch.Tensor, group: dict, *, due: bool) -> None:
        state, gradient = self.state[parameter], parameter.grad
        if "exp_avg" not in state:
            state["exp_avg"] = torch.zeros_like(parameter)
        buffer = state["exp_avg"]
        buffer.lerp_(gradient, 1 - group["momentum"])
        if not due:
            return
        ahead = gradient.lerp(buffer, group["momentum"]).reshape(len(parameter), -1)
        # Scaled so that an update has the same size for every shape (Liu et al. 2025, arXiv:2502.16982).
        size = max(1.0, ahead.shape[0] / ahead.shape[1]) ** 0.5
        if group["weight_decay"]:
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(_orthogonal(ahead).reshape(parameter.shape), alpha=-group["lr"] * size)

    def _adam(self, parameter: torch.Tensor, group: dict, *, due: bool) -> None:
        state, gradient = self.state[parameter], parameter.grad
        if "exp_avg" not in state:
            state.update(
                exp_avg=torch.zeros_like(parameter), exp_avg_sq=torch.zeros_like(parameter), step=torch.tensor(0.0)
            )
        state["step"] += 1
        count, (one, two) = float(state["step"]), group["betas"]
        state["exp_avg"].lerp_(gradient, 1 - one)
        state["exp_avg_sq"].mul_(two).addcmul_(gradient, gradient, value=1 - two)
        spread = (state["exp_avg_sq"] / (1 - two**count)).sqrt_().add_(1e-8)
        parameter.addcdiv_(state["exp_avg"], spread, value=-group["lr"] / (1 - one**count))

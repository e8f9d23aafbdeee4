"""Training state on disk: one safetensors file, replaced in one piece, so that a crash costs minutes, not hours.

Nothing here is ever pickled. Randomness is no part of the state, since every step seeds its own generator from
its number; a resumed run therefore goes on exactly as the uninterrupted one would have.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

_STATE = ("exp_avg", "exp_avg_sq")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that either the old or the new one is there, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def save_checkpoint(
    path: Path,
    *,
    models: dict[str, torch.nn.Module | dict[str, torch.Tensor]],
    optimiser: torch.optim.Optimizer | None,
    info: dict[str, Any],
) -> None:
    """Save models (or plain tensor dictionaries, as of an average), Adam's moments and facts worth knowing."""
    tensors: dict[str, torch.Tensor] = {}
    for name, model in models.items():
        state = model if isinstance(model, dict) else model.state_dict()
        for key, value in state.items():
            tensors[f"{name}/{key}"] = value.detach().cpu().contiguous().clone()
    if optimiser is not None:
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        for index, parameter in enumerate(parameters):
            state = optimiser.state.get(parameter, {})
            for key in _STATE:
                if key in state:
                    tensors[f"optimiser/{index}/{key}"] = state[key].detach().cpu().contiguous().clone()
            if "step" in state:
                tensors[f"optimiser/{index}/step"] = torch.as_tensor(float(state["step"]))
    write_atomically(path, save(tensors, metadata={"info": json.dumps(info)}))


def load_checkpoint(
    path: Path, *, models: dict[str, torch.nn.Module | dict[str, torch.Tensor]], optimiser: torch.optim.Optimizer | None
) -> dict[str, Any] | None:
    """Fill models and optimiser from a checkpoint; returns its facts, or None where there is none."""
    if not path.exists():
        return None
    with safe_open(path, "pt") as file:
        info = json.loads((file.metadata() or {}).get("info", "{}"))
        keys = list(file.keys())
        for name, model in models.items():
            found = {k[len(name) + 1 :]: file.get_tensor(k) for k in keys if k.startswith(f"{name}/")}
            if isinstance(model, dict):
                model.clear()
                model.update(found)
            else:
                model.load_state_dict(found)
        if optimiser is not None:
            parameters = [p for group in optimiser.param_groups for p in group["params"]]
            for index, parameter in enumerate(parameters):
                prefix = f"optimiser/{index}/"
                state = {k[len(prefix) :]: file.get_tensor(k) for k in keys if k.startswith(prefix)}
                if state:
                    optimiser.state[parameter] = {
                        k: v.to(parameter.device) if k != "step" else v for k, v in state.items()
                    }
    return info

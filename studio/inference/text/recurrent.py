"""A recurrent language model: embedding, GRU layers, the embedding again as output. Its memory has a fixed size.

Its folder holds `config.json` (model_type "studio-gru", vocab_size, width, layers, embedding), `model.safetensors`
with PyTorch's names (`embed.*`, `gru.*`, `out.*`), and the tokenizer files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

MODEL_TYPE = "studio-gru"


class RecurrentWriter(nn.Module):
    """Predicts the next token from the last one and a state."""

    def __init__(self, *, vocab_size: int, width: int, layers: int, embedding: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocab_size, embedding)
        self.gru = nn.GRU(embedding, width, layers, batch_first=True)
        self.out = nn.Linear(width, embedding)
        self.config: Any = SimpleNamespace(vocab_size=vocab_size)

    def forward(self, ids: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """[n, tokens] to the logits of the token behind the last, [n, vocabulary], and the state [layers, n, width]
        to go on from.
        """
        seen, state = self.gru(self.embed(ids), state)
        return self.out(seen[:, -1]) @ self.embed.weight.T, state

    def get_input_embeddings(self) -> nn.Embedding:
        """As transformers calls it."""
        return self.embed

    @classmethod
    def from_folder(cls, folder: Path, config: Mapping[str, Any]) -> RecurrentWriter:
        """Load such a folder in full precision. Raises KeyError, OSError or ValueError where it is not one."""
        net = cls(**{key: int(config[key]) for key in ("vocab_size", "width", "layers", "embedding")})
        weights = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
        try:
            net.load_state_dict(weights)
        except RuntimeError as error:  # torch's name for weights of other sizes; loaders take it for full memory
            raise ValueError(str(error)) from error
        return net.eval().requires_grad_(False)

"""A recurrent sibling of the transformer: embedding, GRU layers, the embedding again as output.

Its folder holds `config.json` (model_type "studio-gru", vocab_size, width, layers, embedding), `model.safetensors`
with PyTorch's names (`embed.*`, `gru.*`, `out.*`), and the tokenizer files.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

MODEL_TYPE = "studio-gru"


class GruWriter(nn.Module):
    """Predicts the next token from the last one and a state, so that a text of any length costs the same memory."""

    def __init__(self, *, vocab_size: int, width: int = 384, layers: int = 2, embedding: int = 192) -> None:
        super().__init__()
        self.config = {"vocab_size": vocab_size, "width": width, "layers": layers, "embedding": embedding}
        self.embed = nn.Embedding(vocab_size, embedding)
        nn.init.normal_(self.embed.weight, std=0.05)
        self.gru = nn.GRU(embedding, width, layers, batch_first=True)
        self.out = nn.Linear(width, embedding)

    def forward(self, ids: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """[n, tokens] to logits [n, tokens, vocabulary] and the state [layers, n, width] to go on from."""
        seen, state = self.gru(self.embed(ids), state)
        return self.out(seen) @ self.embed.weight.T, state

    def save_pretrained(self, folder: Path) -> None:
        """Write config.json and model.safetensors (half precision: the weights need no more)."""
        folder.mkdir(parents=True, exist_ok=True)
        config = {"model_type": MODEL_TYPE, "architectures": ["GruWriter"], **self.config}
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        save_file(
            {k: v.detach().half().contiguous() for k, v in self.state_dict().items()}, folder / "model.safetensors"
        )

    @classmethod
    def from_pretrained(cls, folder: Path) -> GruWriter:
        """Load such a folder in full precision; ValueError where it is another kind of model."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config.get("model_type") != MODEL_TYPE:
            raise ValueError(f"{folder} holds {config.get('model_type')}, not {MODEL_TYPE}")
        model = cls(**{k: config[k] for k in ("vocab_size", "width", "layers", "embedding")})
        model.load_state_dict({k: v.float() for k, v in load_file(folder / "model.safetensors").items()})
        return model.eval()

"""The recurrent sibling: the same corpus and vocabulary, a GRU instead of attention, so that both can be compared."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from studio.inference.text.recurrent import MODEL_TYPE, RecurrentWriter


class GruWriter(RecurrentWriter):
    """The model of the text panel, with the logits of every token, as a training needs them."""

    def __init__(self, *, vocab_size: int, width: int, layers: int, embedding: int) -> None:
        super().__init__(vocab_size=vocab_size, width=width, layers=layers, embedding=embedding)
        self.sizes = {"vocab_size": vocab_size, "width": width, "layers": layers, "embedding": embedding}
        nn.init.normal_(self.embed.weight, std=0.05)

    def forward(self, ids: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """[n, tokens] to logits [n, tokens, vocabulary] and the state [layers, n, width] to go on from."""
        seen, state = self.gru(self.embed(ids), state)
        return self.out(seen) @ self.embed.weight.T, state

    def save_pretrained(self, folder: Path, **tokens: int | None) -> None:
        """Write config.json, with the numbers of the tokens that begin and end, and model.safetensors in half
        precision: the weights need no more.
        """
        folder.mkdir(parents=True, exist_ok=True)
        config = {"model_type": MODEL_TYPE, "architectures": ["GruWriter"], **self.sizes, **tokens}
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
        made = cls.from_folder(folder, config)
        assert isinstance(made, cls)
        return made

"""Quicker norms: every logit as the network's own build gives it."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
import torch
import transformers

from studio.inference import devices
from studio.inference.text import models, norms
from tests import tiny_writers

LIKE_LLAMA = ("llama", "mistral", "qwen2", "qwen3")
"""Their norms are torch's; Gemma counts weights from one, and GPT's are others."""


@pytest.mark.parametrize("name", tiny_writers.NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_network_with_quick_norms_gives_the_same_bits(tmp_path: Path, name: str, dtype: torch.dtype) -> None:
    words = tiny_writers.tokenizer()
    torch.manual_seed(4)
    plain = transformers.AutoModelForCausalLM.from_config(tiny_writers.config(name, words), dtype=dtype).eval()
    with torch.no_grad():
        for part in plain.modules():
            if type(part).__name__.endswith("Norm"):
                part.weight.add_(torch.randn(part.weight.shape).to(dtype))  # trained ones are not all alike
    plain.save_pretrained(tmp_path)
    quick = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=dtype).eval()
    changed = norms.quicken(quick)
    assert (changed > 0) if name in LIKE_LLAMA and dtype is torch.float32 else True
    assert changed == 0 or not name.startswith("gpt")
    with torch.inference_mode():
        for count in (1, 9, 70):
            ids = torch.randint(len(words), (2, count))
            assert torch.equal(quick(ids).logits, plain(ids).logits)


def test_a_loaded_model_has_them_and_is_let_go_at_once(tmp_path: Path, device: devices.Device) -> None:
    writer = models.load(tiny_writers.save(tmp_path / "m"), device=device)
    own = [part for part in writer.net.modules() if "forward" in vars(part)]
    assert len(own) == 5  # two in each of two layers, and the last
    gone = weakref.ref(own[0])
    del own
    gc.disable()
    try:
        writer.drop()
        assert gone() is None
    finally:
        gc.enable()

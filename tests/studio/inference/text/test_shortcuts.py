"""Shortcuts through a network: every logit as its own build gives it, and nothing else about it changes."""

from __future__ import annotations

import gc
import weakref
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from studio.inference import devices
from studio.inference.text import models, shortcuts
from studio.inference.text.memory import Attending, Prompts
from studio.inference.text.pieces import LENGTH
from tests import tiny_writers

CPU = torch.device("cpu")


def made(name: str, dtype: torch.dtype = torch.float32) -> Any:
    torch.manual_seed(4)
    plan = tiny_writers.config(name, tiny_writers.tokenizer())
    net = transformers.AutoModelForCausalLM.from_config(plan, dtype=dtype).eval()
    with torch.no_grad():
        for part in net.modules():
            if type(part).__name__.endswith("Norm"):
                part.weight.add_(torch.randn(part.weight.shape).to(dtype))  # trained ones are not all alike
    return net


@pytest.mark.parametrize("name", tiny_writers.NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_quickened_network_gives_the_same_bits(name: str, dtype: torch.dtype) -> None:
    plain, quick = made(name, dtype), made(name, dtype)
    assert shortcuts.quicken(quick, CPU)
    one, other = Attending(plain), Attending(quick)
    for count in (9, 1, 1, 30, 1):
        ids = torch.randint(300, (1, count))
        assert torch.equal(other.read(ids, every=True), one.read(ids, every=True))


@pytest.mark.parametrize("name", tiny_writers.NAMES)
def test_modules_names_and_weights_are_the_same(name: str) -> None:
    plain, quick = made(name), made(name)
    shortcuts.quicken(quick, CPU)
    assert [key for key, _ in quick.named_modules()] == [key for key, _ in plain.named_modules()]
    assert list(quick.state_dict()) == list(plain.state_dict())
    assert quick.get_output_embeddings() is list(quick.modules())[-1] or name.startswith("gpt")
    assert quick.get_output_embeddings().weight.shape == plain.get_output_embeddings().weight.shape


@pytest.mark.parametrize("name", tiny_writers.NAMES)
@pytest.mark.parametrize("threads", [1, 2])
def test_of_a_text_that_is_read_the_last_layer_works_out_its_end_alone(
    request: pytest.FixtureRequest, name: str, threads: int
) -> None:
    request.addfinalizer(partial(torch.set_num_threads, torch.get_num_threads()))
    torch.set_num_threads(threads)
    plain, quick = made(name), made(name)
    shortcuts.quicken(quick, CPU)
    one, other = Prompts(plain, CPU), Prompts(quick, CPU)
    layers: Any = max((part for part in quick.modules() if isinstance(part, torch.nn.ModuleList)), key=len)
    seen: dict[int, list[int]] = {0: [], 1: []}
    for number, rows in seen.items():
        inner = layers[number]._modules["mlp"]
        inner.register_forward_hook(lambda _part, given, _made, it=rows: it.append(given[0].shape[1]))
    start = torch.randint(300, (250,)).tolist()
    with torch.inference_mode():
        for ids in (start, [*start[:200], *start[:49]], start[:129], start[:64], start[:3]):
            _, expected = one.read(ids)
            _, logits = other.read(ids)
            assert (
                torch.equal(logits, expected) if other.part == LENGTH else torch.allclose(logits, expected, atol=1e-4)
            )
    assert max(seen[0]) == 250
    assert seen[1][0] == (250 - 128 if other.part == LENGTH else 1)
    assert max(seen[1]) <= 2 * LENGTH


def test_a_network_that_wants_its_parts_stays_as_it_is() -> None:
    plain, odd = made("llama"), made("llama")
    layer = odd.model.layers[1].mlp
    layer.forward = lambda x: type(layer).forward(layer, x) * layer.gate_proj.in_features
    before = odd(torch.arange(7)[None]).logits
    assert not torch.equal(before, plain(torch.arange(7)[None]).logits)
    assert not shortcuts.quicken(odd, CPU)
    assert torch.equal(odd(torch.arange(7)[None]).logits, before)
    assert "q_proj" not in vars(odd.model.layers[0].self_attn)


def test_a_product_that_somebody_listens_to_stays_a_module() -> None:
    net, heard = made("llama"), []
    net.model.layers[0].mlp.up_proj.register_forward_hook(lambda *_: heard.append(1))
    assert shortcuts.quicken(net, CPU)
    heard.clear()
    with torch.inference_mode():
        net(torch.arange(3)[None])
    assert heard == [1]


def test_a_loaded_model_has_them_and_is_let_go_at_once(tmp_path: Path, device: devices.Device) -> None:
    writer = models.load(tiny_writers.save(tmp_path / "m"), device=device)
    layer = writer.net.model.layers[0]
    assert not isinstance(layer.self_attn.q_proj, torch.nn.Module)
    assert not isinstance(layer.input_layernorm, torch.nn.Module)
    gone = weakref.ref(layer)
    del layer
    gc.disable()
    try:
        writer.drop()
        assert gone() is None
    finally:
        gc.enable()

"""LoRAs, embeddings and weighted words through the plugin's own generator, with tiny models of SD and SDXL."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from plugins.image import codec, generate
from plugins.image.added import settle
from plugins.image.params import ImageParams, ImageSettings
from studio.api import AddedModel, Model, Request, StudioError
from studio.testing import FakeContext
from tests import tiny_loras, tiny_models

FULL = (ImageSettings(device="cpu", precision="float32", threads=1),)
HALF = (ImageSettings(device="cpu", precision="bfloat16", threads=1),)
BUILDERS = {"sd": tiny_models.stable_diffusion, "sdxl": tiny_models.stable_diffusion_xl}


class Bench:
    """One model with its LoRAs in a folder, and one host's memory."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.folder = folder
        self.pipe = BUILDERS[kind]()
        self.model = tiny_models.save(self.pipe, folder / "model")
        self.files: list[Model] = []
        self.cache: dict[Hashable, Any] = {}

    def lora(self, name: str, naming: str = "kohya", **options: Any) -> Model:
        made = tiny_loras.save(self.folder / f"{name}.safetensors", tiny_loras.state(self.pipe, naming, **options))
        self.files.append(made)
        return made

    def embedding(self, name: str, tensors: dict[str, torch.Tensor], base: str = "") -> Model:
        made = tiny_loras.save(self.folder / f"{name}.safetensors", tensors, family="embedding/weights", base=base)
        self.files.append(made)
        return made

    def make(self, *added: AddedModel, settings: tuple[ImageSettings, ...] = FULL, **params: Any) -> bytes:
        values = {"prompt": "a red castle", "steps": 3, "width": 64, "height": 64, **params}
        asked = Request("image.diffusion", values, 7, self.model.ref(), added=added)
        asked = settle(asked, [self.model, *self.files])
        found = {model.id: model for model in self.files}
        context = FakeContext(
            asked,
            ImageParams,
            scratch=self.folder,
            model=self.model,
            added=[found[item.model.id] for item in asked.added],
            settings=settings,
            cache=self.cache,
        )
        (output,) = generate.run(asked, context)
        self.said = [text for text, _ in context.messages]
        path = self.folder / "made.png"
        path.write_bytes(output.data)
        return np.asarray(codec.open_picture(path)).tobytes()


@pytest.fixture(scope="module", params=["sd", "sdxl"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(request.param, tmp_path_factory.mktemp(request.param))


def over(lora: Model, weight: float = 1.0) -> AddedModel:
    return AddedModel(lora.ref(), weight)


def test_every_naming_gives_the_same_picture_and_leaves_no_trace(bench: Bench) -> None:
    for settings in (FULL, HALF):
        before = bench.make(settings=settings)
        with_lora = {
            naming: bench.make(over(bench.lora(f"ink {naming}", naming), 0.8), settings=settings)
            for naming in tiny_loras.NAMINGS
        }
        assert with_lora["kohya"] != before
        assert len(set(with_lora.values())) == 1
        assert bench.make(settings=settings) == before


def test_weights_count_and_several_add_up(bench: Bench) -> None:
    one, two = bench.lora("one", seed=1), bench.lora("two", "peft", seed=2, reads=False)
    before = bench.make()
    alone = bench.make(over(one))
    assert bench.make(over(one, 0.5)) not in (alone, before)
    assert bench.make(over(one, 0.0)) == before
    both = bench.make(over(one), over(two))
    assert both not in (alone, before)
    assert not any("Loading" in text for text in self_said(bench, over(one), over(two))), "they stay between jobs"
    assert bench.make(over(two), over(one, 0.3)) != both
    assert bench.make(over(one)) == alone, "what is not asked for is off"
    assert bench.make() == before


def self_said(bench: Bench, *added: AddedModel) -> list[str]:
    bench.make(*added)
    return bench.said


def test_a_file_as_peft_saves_it_counts_as_its_config_says(bench: Bench) -> None:
    state = tiny_loras.state(bench.pipe, "peft", reads=False)
    folder = bench.folder / "adapter"
    folder.mkdir()
    named = {f"base_model.model.{name.removeprefix('unet.')}": tensor for name, tensor in state.items()}
    saved = tiny_loras.save(folder / "adapter_model.safetensors", named)
    (folder / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 1}')
    bench.files.append(saved)
    assert bench.make(over(saved)) == bench.make(over(bench.lora("plain", "peft", reads=False), 0.5))


def test_a_lora_named_in_the_prompt_is_that_of_the_list(bench: Bench) -> None:
    listed = bench.make(over(bench.lora("moss"), 0.7))
    assert bench.make(prompt="a red castle <lora:moss:0.7>") == listed
    assert bench.make(prompt="a red castle, <lora:Moss:0.7>") == listed
    assert bench.make(over(bench.files[-1], 0.1), prompt="a red castle <lora:moss:0.7>") == listed


def test_the_prompt_is_read_again_where_the_text_encoder_wears_something_else(bench: Bench) -> None:
    reads, paints = bench.lora("reads", seed=3), bench.lora("paints", seed=4, reads=False)
    bench.make()
    loaded = next(value for value in bench.cache.values() if hasattr(value, "embeddings"))
    hits = loaded.embeddings.hits
    bench.make(over(paints))
    bench.make(over(paints, 0.4))
    assert loaded.embeddings.hits == hits + 2
    bench.make(over(reads))
    bench.make(over(reads, 0.4))
    assert loaded.embeddings.hits == hits + 2


def test_a_file_that_does_not_fit_is_said_and_the_model_stays_as_it_was(bench: Bench) -> None:
    before = bench.make()
    wide = {
        name: torch.randn(*(size + 3 for size in tensor.shape)) if tensor.ndim else tensor
        for name, tensor in tiny_loras.state(bench.pipe, "kohya").items()
    }
    fine = bench.lora("fine")
    strange = {"lora_unet_nowhere_at_all.lora_down.weight": torch.zeros(2, 8),
               "lora_unet_nowhere_at_all.lora_up.weight": torch.zeros(8, 2)}  # fmt: skip
    for number, tensors in enumerate((wide, strange)):
        wrong = tiny_loras.save(bench.folder / f"wrong {number}.safetensors", tensors)
        bench.files.append(wrong)
        with pytest.raises(StudioError, match=f"“wrong {number}” does not fit this model"):
            bench.make(over(fine), over(wrong))
        assert bench.make() == before


def test_embeddings_are_words_of_one_or_more_vectors(bench: Bench) -> None:
    before = bench.make(prompt="a glimmer castle")
    chance = torch.Generator().manual_seed(11)
    if hasattr(bench.pipe, "text_encoder_2"):
        tensors = {"clip_l": torch.randn(2, 32, generator=chance), "clip_g": torch.randn(2, 32, generator=chance)}
    else:
        tensors = {"emb_params": torch.randn(2, 32, generator=chance)}
    bench.embedding("glimmer", tensors)
    shiny = bench.make(prompt="a glimmer castle")
    assert shiny != before
    assert bench.make(prompt="a Glimmer castle") == shiny
    assert bench.make(prompt="a embedding:glimmer castle") == shiny
    assert bench.make(prompt="a (glimmer:0.5) castle") not in (shiny, before)
    assert bench.make(prompt="a castle", negative_prompt="glimmer") != bench.make(prompt="a castle")
    bench.files.pop()
    assert bench.make(prompt="a glimmer castle") == before


def test_an_embedding_for_other_encoders_is_refused(bench: Bench) -> None:
    bench.embedding("alien", {"alien": torch.zeros(3, 48)})
    with pytest.raises(StudioError, match="“alien” is an embedding for another kind of model"):
        bench.make(prompt="an alien castle")
    bench.files.pop()


def test_words_have_weights_and_brackets_without_a_partner_do_no_harm(bench: Bench) -> None:
    plain = bench.make(prompt="a red castle")
    assert bench.make(prompt="a (red:1.4) castle") != plain
    assert bench.make(prompt="a ((red)) castle") == bench.make(prompt="a (red:1.21) castle")
    assert bench.make(prompt="a [red] castle") not in (plain, bench.make(prompt="a (red) castle"))
    assert bench.make(prompt="a (red:1.0) castle") == plain
    assert bench.make(prompt="a red castle", negative_prompt="(sea:1.3)") != bench.make(negative_prompt="sea")
    literal = bench.make(prompt=r"a \(red castle")
    assert literal != plain
    assert bench.make(prompt="a (red castle") == literal


def test_nothing_of_a_long_prompt_is_cut_off(bench: Bench) -> None:
    """The tiny models read 14 tokens at once."""
    long = "a red castle of the sea, a blue hill of the cat, a painting of the red hill"
    assert bench.make(prompt=long + ", blue sea") != bench.make(prompt=long + ", red cat")
    assert bench.make(prompt="sea", negative_prompt=long) != bench.make(prompt="sea", negative_prompt=long + " cat")
    assert bench.make(prompt=long, clip_skip=1) != bench.make(prompt=long)


@pytest.mark.parametrize("way", [{"memory": "group"}, {"memory": "model"}, {"eight_bits": "on"}])
def test_every_way_to_hold_a_model_in_memory(bench: Bench, way: dict[str, str]) -> None:
    settings = (replace(FULL[0], **way),)
    before = bench.make(settings=settings)
    one, two = bench.lora("fern"), bench.lora("bark", "diffusers", seed=9)
    alone = bench.make(over(one, 0.6), settings=settings)
    assert alone != before
    assert bench.make(over(one, 0.6), over(two), settings=settings) not in (alone, before)
    assert bench.make(over(one, 0.6), settings=settings) == alone
    assert bench.make(settings=settings) == before

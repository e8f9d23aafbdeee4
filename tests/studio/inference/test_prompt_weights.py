"""Our own reading of prompts is the pipeline's wherever both can read them, and goes on where that one stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from studio.inference.clip_words import tokenizer
from studio.inference.prompt_syntax import parse
from studio.inference.prompt_weights import PromptReader, reader_for
from tests import tiny_models

BUILDERS = {"sd": tiny_models.stable_diffusion, "sdxl": tiny_models.stable_diffusion_xl}


@pytest.fixture(scope="module", params=["sd", "sdxl"])
def pipe(request: pytest.FixtureRequest) -> Any:
    return BUILDERS[request.param]()


def reader(pipe: Any) -> PromptReader:
    made = reader_for(pipe, pipe.encode_prompt)
    assert made is not None
    return made


def theirs(pipe: Any, prompt: str, negative: str, clip_skip: int) -> tuple[torch.Tensor, ...]:
    object.__setattr__(pipe.text_encoder, "text_model", pipe.text_encoder)  # as pipelines.load does
    with torch.no_grad():
        return tuple(
            pipe.encode_prompt(
                prompt=prompt,
                negative_prompt=negative,
                device=torch.device("cpu"),
                num_images_per_prompt=1,
                do_classifier_free_guidance=True,
                clip_skip=clip_skip or None,
            )
        )


@pytest.mark.parametrize("clip_skip", [0, 1])
def test_a_plain_prompt_is_read_as_the_pipeline_reads_it(pipe: Any, clip_skip: int) -> None:
    expected = theirs(pipe, "a red castle, sea", "blue cat", clip_skip)
    with torch.no_grad():
        embeds, pooled = reader(pipe)._read([parse("a red castle, sea"), parse("blue cat")], {}, clip_skip=clip_skip)
    for ours, wanted in zip([*embeds, *pooled], expected, strict=True):
        assert torch.allclose(ours, wanted, atol=1e-5)


def test_weights_move_along_the_line_from_the_empty_prompt(pipe: Any) -> None:
    def read(prompt: str) -> torch.Tensor:
        with torch.no_grad():
            return reader(pipe)._read([parse(prompt)], {}, clip_skip=0)[0][0]

    one, two, none, empty = read("red"), read("(red:2)"), read("(red:0)"), read("")
    assert torch.equal(two[:, 0], one[:, 0]), "the beginning has no weight"
    assert torch.allclose(two[:, 1], empty[:, 1] + 2 * (one[:, 1] - empty[:, 1]), atol=1e-5)
    assert torch.allclose(none[:, 1], empty[:, 1], atol=1e-5)


@pytest.fixture(scope="module")
def words() -> Callable[[Any], PromptReader]:
    """Readers with CLIP's own 49,408 tokens, and room for 14 at once."""

    def made(pipe: Any) -> PromptReader:
        own = tokenizer()
        own.model_max_length = 16
        pipe.tokenizer = own
        pipe.text_encoder.resize_token_embeddings(len(own))
        return reader(pipe)

    return made


def test_long_prompts_are_torn_at_the_end_of_a_phrase(words: Callable[[Any], PromptReader]) -> None:
    from studio.inference.prompt_weights import _chunks

    pipe = tiny_models.stable_diffusion()
    made = words(pipe)
    (encoder,) = made._encoders
    text = "an old harbour in the morning fog, boats, gulls over the quiet water, (gold light:1.2) on wet stones"
    rows = [encoder.tokenizer.decode([token.id for token in row]) for row in _chunks(encoder, parse(text), {}, 0)]
    assert [row.replace(" ,", ",") for row in rows] == [
        "an old harbour in the morning fog, boats,",
        "gulls over the quiet water, gold light on wet stones",
    ]
    with torch.no_grad():
        embeds, _ = made._read([parse(text), parse("")], {}, clip_skip=0)
    assert [tuple(each.shape) for each in embeds] == [(1, 32, 32), (1, 32, 32)]
    assert torch.allclose(embeds[1][:, :16], embeds[1][:, 16:32])


def test_other_families_are_left_to_themselves() -> None:
    flux = tiny_models.flux()
    assert reader_for(flux, flux.encode_prompt) is None

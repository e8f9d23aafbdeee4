"""Reading prompts as the CLIP families can: weighted words, more words than fit at once, and embeddings by name.

A prompt with none of these goes to the pipeline as it is. We read the others ourselves, because the pipelines cut what
is too long and know no weights. Weights act as in ComfyUI: each token's embedding moves along the line from the one of
an empty prompt, so that 1 changes nothing and 0 leaves nothing of it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from .prompt_syntax import Piece, parse

Vectors = tuple[torch.Tensor, ...]
"""What an embedding says to each text encoder: [vectors, width] each."""
_LOOK_BACK = 20
"""Tokens that a full chunk may leave to the next one so as not to tear a phrase, as A1111 does."""


@dataclass(frozen=True, slots=True)
class _Token:
    id: int
    weight: float
    vector: torch.Tensor | None = None
    ends_phrase: bool = False


@dataclass(frozen=True, slots=True)
class _Encoder:
    tokenizer: Any
    model: Any

    @property
    def room(self) -> int:
        """Tokens of a prompt that it reads at once, without those that begin and end it."""
        longest = int(self.model.config.max_position_embeddings)
        return min(int(self.tokenizer.model_max_length), longest) - 2

    @property
    def width(self) -> int:
        return int(self.model.config.hidden_size)


class PromptReader:
    """Reads prompts for one pipeline. `embeddings` are what names in the prompt stand for."""

    def __init__(self, pipe: Any, encode: Callable[..., Any]) -> None:
        self._pipe = pipe
        self._encode = encode
        self._signature = inspect.signature(encode)
        pairs = [(pipe.tokenizer, pipe.text_encoder)]
        if getattr(pipe, "text_encoder_2", None) is not None:
            pairs.append((pipe.tokenizer_2, pipe.text_encoder_2))
        self._encoders = tuple(_Encoder(*pair) for pair in pairs)

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers per token, for each text encoder."""
        return tuple(encoder.width for encoder in self._encoders)

    def __call__(self, args: Any, kwargs: Any, embeddings: Mapping[str, Vectors]) -> Any:
        """What `encode_prompt(*args, **kwargs)` answers, with all of the prompt in it."""
        call = self._signature.bind(*args, **kwargs)
        call.apply_defaults()
        given = call.arguments
        prompt, negative = given.get("prompt"), given.get("negative_prompt")
        plain = isinstance(prompt, str) and given.get("prompt_embeds") is None and isinstance(negative, str | None)
        second = (given.get("prompt_2"), given.get("negative_prompt_2"))
        if not plain or any(text is not None for text in second):
            return self._encode(*args, **kwargs)
        guided = bool(given.get("do_classifier_free_guidance", True))
        texts = [str(prompt)] + ([negative or ""] if guided else [])
        pieces = [parse(text) for text in texts]
        if not any(self._is_special(each, embeddings) for each in pieces):
            # Only backslashes were there to be taken out, if anything.
            given["prompt"] = pieces[0][0].text
            if negative is not None and guided:
                given["negative_prompt"] = pieces[1][0].text
            return self._encode(*call.args, **call.kwargs)
        embeds, pooled = self._read(pieces, embeddings, clip_skip=int(given.get("clip_skip") or 0))
        if guided and negative is None and getattr(self._pipe.config, "force_zeros_for_empty_prompt", False):
            embeds[1] = torch.zeros_like(embeds[0])
            pooled = [pooled[0], torch.zeros_like(pooled[0])] if pooled else pooled
        given.update(prompt=None, negative_prompt=None, prompt_embeds=embeds[0])
        if guided:
            given["negative_prompt_embeds"] = embeds[1]
        if pooled:
            given["pooled_prompt_embeds"] = pooled[0]
            if guided:
                given["negative_pooled_prompt_embeds"] = pooled[1]
        return self._encode(*call.args, **call.kwargs)

    def _is_special(self, pieces: Sequence[Piece], embeddings: Mapping[str, Vectors]) -> bool:
        if any(piece.weight != 1 for piece in pieces):
            return True
        text = "".join(piece.text for piece in pieces)
        if embeddings and _named(embeddings).search(text):
            return True
        return any(len(_ids(encoder.tokenizer, text)) > encoder.room for encoder in self._encoders)

    def _read(
        self, prompts: Sequence[Sequence[Piece]], embeddings: Mapping[str, Vectors], *, clip_skip: int
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """For each prompt [1, tokens, width of all encoders], all of one length; and [1, width] of the pooled text
        where the pipeline wants that (SDXL). As in diffusers, `clip_skip` is for the first prompt only.
        """
        parts: list[list[torch.Tensor]] = [[] for _ in prompts]
        pooled: list[torch.Tensor] = []
        for place, encoder in enumerate(self._encoders):
            chunks = [_chunks(encoder, pieces, embeddings, place) for pieces in prompts]
            longest = max(map(len, chunks))
            chunks = [each + [[]] * (longest - len(each)) for each in chunks]
            flat = [chunk for each in chunks for chunk in each]
            answer = self._answer([*flat, []], encoder)
            texts = getattr(answer, "text_embeds", None)
            for number in range(len(prompts)):
                states = self._layer(answer, encoder, 0 if number else clip_skip)
                empty = states[-1:].float()
                rows = slice(number * longest, (number + 1) * longest)
                weights = torch.tensor([_weights(encoder, chunk) for chunk in chunks[number]], device=states.device)
                read = states[rows].float()
                read = torch.where(weights[..., None] == 1, read, empty + (read - empty) * weights[..., None])
                parts[number].append(read.to(states.dtype).reshape(1, -1, states.shape[-1]))
            if texts is not None:
                pooled = [texts[number * longest][None] for number in range(len(prompts))]
        return [torch.cat(part, dim=-1) for part in parts], pooled

    def _answer(self, chunks: Sequence[Sequence[_Token]], encoder: _Encoder) -> Any:
        """What the encoder says of the chunks, each filled up to [room + 2] tokens."""
        tokenizer, model = encoder.tokenizer, encoder.model
        rows, places = [], []
        for number, chunk in enumerate(chunks):
            ids = [tokenizer.bos_token_id, *(token.id for token in chunk), tokenizer.eos_token_id]
            rows.append(ids + [tokenizer.pad_token_id] * (encoder.room + 2 - len(ids)))
            places += [(number, at + 1, token.vector) for at, token in enumerate(chunk) if token.vector is not None]
        ids_tensor = torch.tensor(rows, device=self._pipe._execution_device)
        with _replaced(model.get_input_embeddings(), places):
            return model(ids_tensor, output_hidden_states=True, return_dict=True)

    def _layer(self, answer: Any, encoder: _Encoder, clip_skip: int) -> torch.Tensor:
        """[chunks, room + 2, width] of the layer that the pipeline takes."""
        if len(self._encoders) > 1:  # SDXL takes the last layer but one, and that without its norm
            layer: torch.Tensor = answer.hidden_states[-(clip_skip + 2)]
        elif not clip_skip:
            layer = answer.last_hidden_state
        else:
            model = encoder.model
            norm = getattr(model, "final_layer_norm", None) or model.text_model.final_layer_norm
            layer = norm(answer.hidden_states[-(clip_skip + 1)])
        return layer


def reader_for(pipe: Any, encode: Callable[..., Any]) -> PromptReader | None:
    """A reader where the pipeline's texts are read by one or two CLIP encoders of SD's or SDXL's kind."""
    names = set(inspect.signature(encode).parameters)
    if not {"prompt", "negative_prompt", "prompt_embeds", "negative_prompt_embeds"} <= names:
        return None
    kinds = {
        name: type(getattr(pipe, name)).__name__
        for name in ("text_encoder", "text_encoder_2", "text_encoder_3")
        if getattr(pipe, name, None) is not None
    }
    if getattr(pipe, "unet", None) is None or kinds.get("text_encoder") != "CLIPTextModel":
        return None
    return (
        PromptReader(pipe, encode) if set(kinds.values()) <= {"CLIPTextModel", "CLIPTextModelWithProjection"} else None
    )


def _ids(tokenizer: Any, text: str) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False).input_ids
    return found


def _named(embeddings: Mapping[str, Vectors]) -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(embeddings, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:embedding:)?({names})(?![\w-])", re.IGNORECASE)


def _chunks(
    encoder: _Encoder, pieces: Sequence[Piece], embeddings: Mapping[str, Vectors], place: int
) -> list[list[_Token]]:
    """The tokens of a prompt in rows that the encoder can read, torn at the end of a phrase where one is near."""
    tokens: list[_Token] = []
    known = {name.casefold(): vectors for name, vectors in embeddings.items()}
    pattern = _named(embeddings) if embeddings else None
    for piece in pieces:
        at = 0
        for found in pattern.finditer(piece.text) if pattern is not None else ():
            tokens += _plain(encoder.tokenizer, piece.text[at : found.start()], piece.weight)
            for vector in known[found[1].casefold()][place]:
                # The id only holds the place. It must be a small one: CLIP finds the end of a text by its highest id.
                tokens.append(_Token(0, piece.weight, vector))
            at = found.end()
        tokens += _plain(encoder.tokenizer, piece.text[at:], piece.weight)
    room = encoder.room
    rows: list[list[_Token]] = []
    while len(tokens) > room:
        near = [at for at in range(max(room - _LOOK_BACK, 1), room + 1) if tokens[at - 1].ends_phrase]
        cut = near[-1] if near else room
        rows.append(tokens[:cut])
        tokens = tokens[cut:]
    return [*rows, tokens]


def _plain(tokenizer: Any, text: str, weight: float) -> Iterator[_Token]:
    ids = _ids(tokenizer, text) if text.strip() else []
    for number, word in zip(ids, tokenizer.convert_ids_to_tokens(ids), strict=True):
        yield _Token(number, weight, ends_phrase=str(word).replace("</w>", "") in (",", ".", ";", "!", "?"))


def _weights(encoder: _Encoder, chunk: Sequence[_Token]) -> list[float]:
    weights = [1.0, *(token.weight for token in chunk)]
    return weights + [1.0] * (encoder.room + 2 - len(weights))


@contextmanager
def _replaced(table: torch.nn.Module, places: Sequence[tuple[int, int, torch.Tensor]]) -> Iterator[None]:
    """Put vectors in the place of what the table of tokens says at (row, position)."""
    if not places:
        yield
        return

    def put(_module: torch.nn.Module, _given: Any, answer: torch.Tensor) -> torch.Tensor:
        answer = answer.clone()
        for row, at, vector in places:
            answer[row, at] = vector.to(answer)
        return answer

    hook = table.register_forward_hook(put)
    try:
        yield
    finally:
        hook.remove()

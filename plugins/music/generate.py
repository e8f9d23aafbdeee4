"""From a Request to a score: the model writes token by token, note by note, bar by bar."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import DynamicCache, LlamaForCausalLM

from studio.api import (
    GeneratorContext,
    JobCancelled,
    JobPaused,
    Model,
    Output,
    Preview,
    Request,
    StepState,
    StudioError,
    Tensor,
    media,
)
from studio.inference import devices
from studio.inference.loading import loading
from studio.inference.notes.grammar import Grammar
from studio.inference.notes.vocabulary import BAR_ZERO, END, KIND_OF, WORDS, same_vocabulary
from studio.inference.text.noise import key, uniform
from studio.inference.text.shortcuts import quicken

from .document import MEDIA, Score
from .params import MusicParams
from .planning import Order, plan

LONGEST = 1900
"""Tokens of prompt and answer together: the model's context with a little room."""
SOUNDING = frozenset(("pitch", "drum", "chord"))


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One score: a new one, or the one that came along with what was asked for in it."""
    params: MusicParams = context.params
    source = context.input("score")
    score = None if source is None else Score.from_bytes(source.read_bytes())
    order = plan(params, score, request.seed)
    net = _loaded(context)
    context.used(**_device().facts(), torch=torch.__version__)
    known = _known(context, order)
    writing = Writing(net, order, params, seed=request.seed, known=known)
    title = _title(params)
    done = context.resume[0] if context.resume is not None else -1
    try:
        for token in writing.tokens(context):
            kind = KIND_OF[token]
            if kind in SOUNDING and context.wants_preview:
                look = order.result(writing.drawn, title=title)
                context.preview(lambda look=look: Preview(MEDIA, look.to_bytes()))  # type: ignore[misc]
            if kind == "bar" and (before := order.bars.index(bar_of([token])) - 1) > done:
                done = before
                _step(context, order, done, writing.drawn)
        if (last := order.bars.index(bar_of(writing.drawn))) > done:
            _step(context, order, last, [*writing.drawn, END])
    except JobPaused:
        raise
    except JobCancelled:
        if any(KIND_OF[token] in SOUNDING for token in writing.drawn):
            context.keep([_output(context, order.so_far(writing.drawn, title=title), "partial")])
        raise
    return [_output(context, order.result(writing.drawn, title=title), "done")]


def _title(params: MusicParams) -> str:
    words = " ".join(word for word in (params.mood, params.style) if word)
    return words[:1].upper() + words[1:]


def _output(context: GeneratorContext, score: Score, state: str) -> Output:
    seconds = score.length * 60 / (score.tempos[0].bpm * score.ppq)
    facts = {"notes": score.note_count, "tracks": len(score.tracks), "seconds": round(seconds, 1)}
    return Output(MEDIA, score.to_bytes(), context.recipe(state=state), facts)


def _step(context: GeneratorContext, order: Order, index: int, tokens: Sequence[int]) -> None:
    bar = order.bars[index]
    context.step(
        index,
        len(order.bars),
        preview=lambda: Preview(media.ROLL, _roll(order, bar, tokens)),
        state=lambda: _state(tokens),
        label=f"bar {order.first + bar + 1}",
    )


def _state(tokens: Sequence[int]) -> StepState:
    data = np.asarray(tokens, "<i4")
    return StepState(tensors={"tokens": Tensor("I32", (len(data),), data.tobytes())})


def _known(context: GeneratorContext, order: Order) -> list[int]:
    """The tokens of the kept step the request goes on from. The last one says that its bar is over: another seed must
    not go on writing in it.
    """
    if context.resume is None:
        return []
    _, state = context.resume
    found = state.tensors.get("tokens")
    if found is None or found.dtype != "I32":
        raise StudioError("This bar was kept by something else.", "Branch from a bar of the music panel.")
    tokens = [int(token) for token in np.frombuffer(found.data, "<i4")]
    if any(not 0 <= token < len(WORDS) for token in tokens) or not any(KIND_OF[token] == "bar" for token in tokens):
        raise StudioError("The kept bar is damaged.", "Write the piece anew; the piece itself is untouched.")
    return tokens


def _roll(order: Order, bar: int, tokens: Sequence[int]) -> bytes:
    """The notes of one bar, for a small picture of it."""
    size = order.brief.bar_ticks
    whole = order.task.result([token for token in tokens if token != END])
    notes = [
        [note.start - bar * size, note.duration, note.pitch]
        for track in whole.tracks
        if track.role != "drums"
        for note in track.notes
        if bar * size <= note.start < (bar + 1) * size and (bar, track.role) in order.asked
    ]
    return json.dumps({"length": size, "notes": notes}).encode()


def bar_of(tokens: Sequence[int]) -> int:
    """The bar that the last bar token among these begins."""
    return next(token - BAR_ZERO for token in reversed(tokens) if KIND_OF[token] == "bar")


class Writing:
    """One answer, token by token. `drawn` holds what there is of it.

    Chance depends on the seed and the place of the token alone. What is known already is read token by token as it
    was written, not in one go: the last digits of a forward pass depend on how many tokens it reads.
    """

    def __init__(
        self, net: LlamaForCausalLM, order: Order, params: MusicParams, *, seed: int, known: Sequence[int] = ()
    ) -> None:
        self.drawn: list[int] = []
        self._net, self._order, self._params, self._seed = net, order, params, seed
        self._known = list(known)
        self._grammar: Grammar = order.task.grammar(in_key=params.in_key, borrowed=params.borrowed)

    @torch.inference_mode()
    def tokens(self, context: GeneratorContext) -> Iterator[int]:
        """Draw until the answer is whole. Known tokens are read again but not said again."""
        prompt = list(self._order.task.prompt)
        device = next(self._net.parameters()).device
        cache = DynamicCache(config=self._net.config)
        ids = torch.tensor([prompt], device=device)
        end = self._net.config.eos_token_id
        while len(prompt) + len(self.drawn) < LONGEST:
            context.check()
            place = len(self.drawn)
            logits = self._net(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[0, -1]
            if place < len(self._known):
                token = self._known[place]
            else:
                token = self._choose(logits.float().cpu().numpy(), place)
            try:
                self._grammar.push(token)
            except ValueError as error:
                raise StudioError(
                    "These bars do not fit what is asked for now.", "Branch with the same instruments and length."
                ) from error
            if token == end:
                return
            self.drawn.append(token)
            if place >= len(self._known):
                yield token
            ids = torch.tensor([[token]], device=device)

    def _choose(self, logits: np.ndarray, place: int) -> int:
        allowed = np.flatnonzero(self._grammar.allowed())
        if len(allowed) == 1:
            return int(allowed[0])
        scores = logits[allowed].astype(np.float64) / max(self._params.temperature, 1e-3)
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        order = np.argsort(-weights, kind="stable")
        before = np.cumsum(weights[order]) - weights[order]
        kept = order[before < self._params.top_p]
        ends = np.cumsum(weights[kept])
        luck = uniform(key(self._seed, 0, place)) * ends[-1]
        return int(allowed[kept[min(int(np.searchsorted(ends, luck, "right")), len(kept) - 1)]])


def warm(context: GeneratorContext) -> None:
    """Load the model before somebody waits for it."""
    if context.model is not None:
        _loaded(context)


def _device() -> devices.Device:
    # fp32: three million parameters gain nothing from less, and a branch must not depend on the processor's tricks.
    device = devices.pick("cpu", precision="float32")
    device.prepare()
    return device


def _loaded(context: GeneratorContext) -> LlamaForCausalLM:
    model = context.model
    if model is None:
        raise StudioError("No model is chosen.", "Choose one in the inspector.")
    _device()
    return context.cached(
        ("composer", str(model.path), model.sha256), lambda: _load(model, context), size=model.size * 2
    )


def _load(model: Model, context: GeneratorContext) -> LlamaForCausalLM:
    with loading(model, say=context.progress, check=context.check):
        _compare(model.path)
        try:
            net = LlamaForCausalLM.from_pretrained(
                model.path, dtype=torch.float32, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise StudioError(
                f"{model.title} could not be loaded.", "Its files may be damaged: copy them again.", details=str(error)
            ) from error
    if net.config.vocab_size != len(WORDS):
        raise StudioError(f"{model.title} speaks another language of notes.", "Choose a model made for this panel.")
    net.eval()
    quicken(net, net.device)
    return net


def _compare(folder: Path) -> None:
    """The model must mean the same by its tokens as we do. Raises StudioError."""
    if not same_vocabulary(folder / "vocabulary.json"):
        raise StudioError("This model speaks another language of notes.", "Choose a model made for this panel.")

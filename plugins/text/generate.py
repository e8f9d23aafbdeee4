"""From a Request to texts: one or several continuations token by token, each with what else could have stood there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import transformers

from studio.api import (
    GeneratorContext,
    JobCancelled,
    JobPaused,
    Model,
    Output,
    Preview,
    Request,
    Step,
    media,
)
from studio.inference.memory import shortage_in_words
from studio.inference.text import grammars, refiners
from studio.inference.text.choosing import Taste
from studio.inference.text.loop import Plan, TokenRun
from studio.inference.text.rows import Form, Row
from studio.inference.text.speculation import Draft
from studio.inference.text.watermark import Watermark

from . import refine, spelling, tasks, wire
from .desk import Desk, desk_of
from .params import TextParams
from .settings import TextSettings

_LOOKS = 0.03
"""Seconds between two looks at the text: a screen shows no more."""


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """A text per alternative and, last, the record of their tokens. A cancelled job keeps what was written."""
    started = time.perf_counter()
    if context.model is not None and context.model.family in refiners.FAMILIES:
        return refine.run(request, context)
    params: TextParams = context.params
    desk = desk_of(context, context.model)
    task = tasks.prepare(params, desk.writer)
    plan = _plan(request, params, task, desk)
    context.used(**desk.writer.device.facts(), torch=torch.__version__, transformers=transformers.__version__)
    job = TokenRun(desk.writer, plan, prompts=desk.prompts, check=context.check, draft=_draft(context, desk))
    if context.resume is not None:
        index, state = context.resume
        job.resume(job.first + index, state)
    context.progress("Reading the text")
    told: list[int] = []
    with shortage_in_words("to write this", "Ask for fewer alternatives, or a smaller context."):
        try:
            _write(job, context, told)
        except JobPaused:
            raise
        except JobCancelled:
            if told:
                context.keep(_outputs(job, task, context, state="partial", started=started, most=told[-1] + 1))
            raise
    return _outputs(job, task, context, state="done", started=started)


def warm(context: GeneratorContext) -> None:
    """Load the libraries and the model, and let it read a word, before somebody waits for it."""
    if context.model is None or context.model.family in refiners.FAMILIES:
        return
    desk = desk_of(context, context.model)
    with torch.inference_mode():
        desk.prompts.read(desk.writer.vocabulary.encode("a", start=True))


def _write(job: TokenRun, context: GeneratorContext, told: list[int]) -> None:
    """Write, and tell of it: of the first token at once, of those of a quick model together, as often as a screen
    shows something new. Cancel is heard in front of every token (the run's `check`); the columns that are `told` of
    by then are kept.
    """
    total = job.limit - job.first
    for settled in job.columns(pace=_LOOKS):
        told += settled
        context.step_several(
            [
                (Step(column - job.first, total, _newest(job, column), _text_at(job.rows[0], column), True), state)
                for column, state in zip(settled, job.states(settled), strict=True)
            ]
        )
        context.preview(lambda: _look(job))


def _newest(job: TokenRun, column: int) -> Preview:
    """The tokens of a column, one line each, and how likely the model found the first."""
    first = job.rows[0]
    expected = first.likely[column].chance if column < len(first.likely) else None
    text = _text_at(first, column)
    if len(job.rows) > 1:
        text = "\n".join(_text_at(row, column) for row in job.rows)
    return Preview(media.TEXT, text.encode(), expected=expected)


def _text_at(row: Row, column: int) -> str:
    return row.texts[column] if column < len(row.texts) else ""


def _look(job: TokenRun) -> Preview:
    texts = tuple(wire.LiveText(row.shown, len(row.ids), row.finish) for row in job.rows)
    return Preview(wire.LIVE, wire.Live(texts).to_bytes())


def _outputs(
    job: TokenRun,
    task: tasks.Assignment,
    context: GeneratorContext,
    *,
    state: str,
    started: float,
    most: int | None = None,
) -> list[Output]:
    """All alternatives and their record; with `most` only so many tokens of each: those that were told of."""
    recipe = context.recipe(state=state)
    piece = job.writer.vocabulary.piece
    texts, outputs = [], []
    seconds = round(time.perf_counter() - started, 2)
    for row in job.rows:
        tokens = []
        finish = row.finish if most is None or len(row.ids) <= most else ""
        for token, text, likely in row.pieces()[:most]:
            p, choices = likely.chances()
            shown = tuple(wire.Choice(number, piece(number), chance) for number, chance in choices)
            tokens.append(wire.Token(token, text, p, shown))
        texts.append(wire.TokenText(tuple(tokens), finish or "cancelled"))
        facts = {"tokens": len(tokens), "finish": finish or "cancelled", "seconds": seconds}
        outputs.append(Output(media.TEXT, texts[-1].text.encode(), recipe, facts))
    record = wire.Record(tuple(texts), task.report)
    facts = {"tokens": len(task.prompt), "read": job.read_tokens}
    return [*outputs, Output(wire.RECORD, record.to_bytes(), recipe, facts)]


# --- from params to a plan --------------------------------------------------------------------------------------------


def _plan(request: Request, params: TextParams, task: tasks.Assignment, desk: Desk) -> Plan:
    return Plan(
        prompt=task.prompt,
        length=task.length,
        seed=request.seed,
        alternatives=params.alternatives,
        taste=_taste(params, desk),
        negative=task.negative,
        guidance=params.guidance,
        prefix=_prefix(params, desk),
        stops=(*task.stops, *spelling.lines(params.stop)),
        banned=spelling.lines(params.banned),
        form=_form(params, task, desk),
        ends=task.ends,
        spaced=task.spaced,
        marked=Watermark().marked if params.watermark else None,
    )


def _taste(params: TextParams, desk: Desk) -> Taste:
    breakers = spelling.lines(params.dry_breakers) if params.dry_multiplier else ()
    return Taste(
        order=spelling.sampler_order(params.order),
        temperature=params.temperature,
        temperature_range=params.dynatemp_range,
        temperature_exponent=params.dynatemp_exponent,
        top_k=params.top_k,
        top_p=params.top_p,
        min_p=params.min_p,
        typical_p=params.typical_p,
        top_n_sigma=params.top_n_sigma,
        xtc_probability=params.xtc_probability,
        xtc_threshold=params.xtc_threshold,
        mirostat=params.mirostat,
        mirostat_tau=params.mirostat_tau,
        mirostat_eta=params.mirostat_eta,
        repetition=params.repetition_penalty,
        frequency=params.frequency_penalty,
        presence=params.presence_penalty,
        penalty_range=params.penalty_range,
        dry_multiplier=params.dry_multiplier,
        dry_base=params.dry_base,
        dry_allowed=params.dry_allowed_length,
        dry_range=params.dry_range,
        dry_breakers=desk.writer.vocabulary.containing(breakers) if breakers else frozenset(),
        bias=_bias(params, desk),
    )


def _bias(params: TextParams, desk: Desk) -> tuple[tuple[tuple[int, ...], float], ...]:
    """A word counts with and without a space in front of it."""
    encode = desk.writer.vocabulary.encode
    found: dict[tuple[int, ...], float] = {}
    for text, value in spelling.biases(params.logit_bias):
        for form in dict.fromkeys((text, " " + text.lstrip(" "))):
            if ids := tuple(encode(form)):
                found[ids] = value
    return tuple(found.items())


def _prefix(params: TextParams, desk: Desk) -> tuple[int, ...]:
    """The tokens kept before a fork; where their numbers are not given or belong to another model, from their text."""
    if not params.prefix:
        return ()
    words = desk.writer.vocabulary
    ids = [int(item) for item in params.prefix_ids.split() if item.isdigit()]
    known = ids and max(ids) < desk.vocabulary_size and words.decode(ids).strip() == params.prefix.strip()
    return tuple(ids) if known else tuple(words.encode(params.prefix))


def _form(params: TextParams, task: tasks.Assignment, desk: Desk) -> Callable[[], Form] | None:
    if params.grammar_kind == "none":
        return task.form
    grammar = grammars.compiled(params.grammar_kind, params.grammar)
    size = desk.vocabulary_size
    if desk.grammar_tokens is None:
        desk.grammar_tokens = grammars.tokens_for(desk.writer.vocabulary, size=size)
    return lambda: grammars.Grammar(desk.grammar_tokens, grammar, size=size)


# --- models -----------------------------------------------------------------------------------------------------------


def _draft(context: GeneratorContext, desk: Desk) -> Draft | None:
    settings = context.settings(TextSettings)
    folder = settings.draft.strip()
    if not folder or not Path(folder).is_dir() or Path(folder) == desk.writer.folder:
        return None
    small = desk_of(context, Model(folder, Path(folder).name, "transformers/draft", Path(folder)))
    if small.writer.vocabulary.tokenizer.get_vocab() != desk.writer.vocabulary.tokenizer.get_vocab():
        context.progress(f"{small.writer.title} speaks with other tokens and cannot run ahead.")
        return None
    context.used(draft=small.writer.title)
    return Draft(small.prompts, small.writer.device.torch, length=settings.draft_length)

"""From what is asked to what the model is sent, and to the rules by which its answer ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from studio.api import StudioError
from studio.inference.text import templates
from studio.inference.text.models import Writer
from studio.inference.text.passages import Passage, is_whole, sentences
from studio.inference.text.pins import Pins
from studio.inference.text.rows import Form

from . import context, lorebook, spelling
from .params import TextParams
from .wire import Report, Segment
from .words import gaps, keywords, mood_of, pins_of

_FACTOR = {"rewrite": 1.0, "tone": 1.0, "repaint": 1.0, "expand": 2.0, "shorten": 0.5}
"""How long the new passage is, compared with the old one."""

_WISHES = {
    "rewrite": "Rewrite the passage in other words; what happens stays the same.",
    "expand": "Expand the passage to about twice its length, with more detail; what happens stays the same.",
    "shorten": "Shorten the passage to about half its length; what happens stays the same.",
    "tone": "Rewrite the passage in this tone: {}. What happens stays the same.",
}
_ONLY = "Answer with the new passage and nothing else."
_PICTURE = (
    "Write one prompt for an image generator, of at most forty words: what is seen, the light, the mood, the style. "
    "Answer with the prompt and nothing else. It is about: "
)
_EXAMPLES = (
    "Words: castle, dusk\nPicture: a castle on a hill at dusk, warm light in its windows, oil painting\n\n"
    "Words: harbour, fog\nPicture: fishing boats in a quiet harbour, thick fog, pale morning light, watercolour\n\n"
)
_AFTER_SHARE = 4
"""What follows the caret may fill a quarter of the context."""

_MARKS = (".", "!", "?", "…")


@dataclass(frozen=True)
class Assignment:
    """What the model is sent, and how its answer ends."""

    prompt: list[int]
    report: Report
    length: int
    negative: tuple[int, ...] = ()
    stops: tuple[str, ...] = ()
    form: Callable[[], Form] | None = None
    ends: frozenset[int] = frozenset()
    spaced: bool = False


def prepare(params: TextParams, writer: Writer) -> Assignment:
    """Everything for a request. Raises StudioError where the model cannot do what is asked."""
    task = params.task
    if task == "chat":
        return _chat(params, writer)
    if task == "prompt":
        return _picture(params, writer)
    if task in _FACTOR:
        if not params.passage.strip():
            raise StudioError("Nothing is selected.", "Select the words that should change.")
        if task != "repaint" and templates.chats(writer.vocabulary):
            return _asked(params, writer)
        return _repainted(params, writer)
    if params.after.strip():
        return _filled(params, writer)
    return _continued(params, writer)


# --- continuing -------------------------------------------------------------------------------------------------------


def _limit(params: TextParams, writer: Writer) -> int:
    return min(params.context or writer.window, writer.window)


def _told(params: TextParams, *, story: str | None = None, memory: str | None = None) -> context.Told:
    return context.Told(
        story=params.before if story is None else story,
        memory=params.memory if memory is None else memory,
        note=params.note,
        note_depth=params.note_depth,
        lore=lorebook.from_json(params.lore),
        lore_budget=params.lore_budget,
        lore_depth=params.lore_depth,
        reach=params.reach,
    )


def _plain(params: TextParams, writer: Writer, *, length: int, limit: int | None = None) -> Assignment:
    """The context and nothing else."""
    words = writer.vocabulary
    limit = (limit or _limit(params, writer)) - len(words.start)

    read: dict[str, list[int]] = {}

    def tokens(text: str) -> list[int]:
        if text not in read:
            read[text] = words.encode(text)
        return read[text]

    def built(told: context.Told) -> tuple[list[int], Report]:
        report = context.build(told, limit=limit, room=length, count=lambda text: len(tokens(text)))
        if len(report.sent) == 1:  # it was counted by itself, and stands by itself
            return [*words.start, *tokens(report.sent[0].text)], report
        ids, ends = words.spans("".join(segment.text for segment in report.sent))
        return [*words.start, *ids], _exact(report, ends)

    prompt, report = built(_told(params))
    negative: list[int] = []
    if params.guidance > 1 and params.negative.strip():
        negative, _ = built(_told(params, memory=params.negative))
    if not prompt:
        raise StudioError("There is nothing to go on from.", "Write a few words first.")
    return Assignment(prompt, report, length, tuple(negative))


def _exact(report: Report, ends: list[int]) -> Report:
    """The report with the tokens that each segment has in the joined text: at seams tokens belong to the later one."""
    if not ends:
        return report
    sent, place, token = [], 0, 0
    for segment in report.sent:
        place += len(segment.text)
        first = token
        while token < len(ends) and ends[token] <= place:
            token += 1
        sent.append(replace(segment, tokens=token - first))
    return replace(report, sent=tuple(sent))


def _continued(params: TextParams, writer: Writer) -> Assignment:
    return _plain(params, writer, length=params.length)


# --- filling a gap ----------------------------------------------------------------------------------------------------


def _filled(params: TextParams, writer: Writer) -> Assignment:
    words = writer.vocabulary
    how = templates.filling(words)
    if how is None:
        plain = _plain(params, writer, length=params.length)
        room = max(params.length * 2 // 3, 1)
        return _led(params, writer, plain, pins=[], rooms=[room], lines=True)
    limit = _limit(params, writer)
    most = max((limit - params.length) // _AFTER_SHARE, 1)
    after = words.encode(params.after[: most * 16])[:most]
    plain = _plain(params, writer, length=params.length, limit=limit - len(after) - 4)
    start, before = plain.prompt[: len(words.start)], plain.prompt[len(words.start) :]
    report = replace(
        plain.report, sent=(*plain.report.sent, Segment("after", words.decode(after), len(after))), limit=limit
    )
    negative = plain.negative and tuple(how.prompt(plain.negative[len(words.start) :], after, start=start))
    return replace(
        plain, prompt=how.prompt(before, after, start=start), report=report, negative=negative, ends=how.ends
    )


def _led(
    params: TextParams, writer: Writer, plain: Assignment, *, pins: list[str], rooms: list[int], lines: bool
) -> Assignment:
    """With words that must come, and an end that leads over to what follows."""
    size = int(writer.net.get_input_embeddings().weight.shape[0])
    never = _header_tokens(writer)
    if params.passage and not any(mark in params.passage for mark in _MARKS):
        never |= writer.vocabulary.containing(_MARKS)  # the middle of a sentence stays one

    def form() -> Form:
        return Pins(
            writer.vocabulary,
            pins,
            rooms,
            before=params.before,
            after=params.after,
            lines=lines,
            ends=writer.ends,
            never=never,
            size=size,
        )

    return replace(plain, form=form)


# --- another passage --------------------------------------------------------------------------------------------------


def _repainted(params: TextParams, writer: Writer) -> Assignment:
    """With any model: the passage is written anew between what stands before and behind it."""
    if params.task != "repaint" and not params.pinned.strip() and is_whole(params.passage):
        return _told_anew(params, writer)
    count = writer.vocabulary.encode
    factor = _FACTOR[params.task]
    pins = list(spelling.lines(params.pinned))
    if params.task == "expand":
        pins = pins or pins_of(params.passage, 0.5)
    elif params.task == "shorten":
        pins = pins or pins_of(params.passage, 0.2)
    rooms = [max(1, round(len(count(gap)) * factor)) for gap in gaps(params.passage, pins)]
    length = sum(3 * room + 24 for room in rooms[-1:]) + sum(room + 8 for room in rooms[:-1])
    length += sum(len(count(" " + pin)) for pin in pins)
    params, spaced = _begun(_in_tone(params, writer))
    plain = _plain(params, writer, length=length)
    return replace(_led(params, writer, plain, pins=pins, rooms=rooms, lines="\n" in params.passage), spaced=spaced)


def _told_anew(params: TextParams, writer: Writer) -> Assignment:
    """Whole sentences in place of whole sentences: as many, half as many, or each old one with a new one behind it."""
    words = writer.vocabulary
    kept = sentences(params.passage) if params.task == "expand" else []
    tokens = len(words.encode(params.passage))
    room = max(round(tokens * (_FACTOR[params.task] - bool(kept))), 1)
    params, spaced = _begun(_in_tone(params, writer))
    if spaced and kept:
        kept[0] = " " + kept[0].lstrip(" ")
    whole = params.passage.startswith(" ")
    size = int(writer.net.get_input_embeddings().weight.shape[0])
    never = _header_tokens(writer)

    def form() -> Form:
        return Passage(
            words,
            room,
            kept=kept,
            spaced=spaced or whole,
            lines="\n" in params.passage,
            never=never,
            ends=writer.ends,
            size=size,
        )

    length = room + bool(kept) * tokens + 40
    plain = _plain(params, writer, length=length)
    return replace(plain, length=3 * length + 80 * len(kept), form=form, spaced=spaced)


def _begun(params: TextParams) -> tuple[TextParams, bool]:
    """What stands before without a space at its end, and whether there was one. Where nothing does, a tale begins."""
    spaced = params.before.endswith(" ") and bool(params.before.strip())
    return (replace(params, before=params.before.rstrip(" ")) if spaced else params), spaced


def _in_tone(params: TextParams, writer: Writer) -> TextParams:
    """With the tone where the model looks for it; and with headers where it knows texts with headers alone."""
    headers = _headers(writer)
    memory, tone = params.memory, params.instruction.strip() if params.task == "tone" else ""
    if "Mood" in headers:
        if tone:
            lines = [line for line in memory.split("\n") if not line.startswith("Mood:")]
            memory = "\n".join([*lines, f"Mood: {mood_of(tone)}"]).strip("\n")
        if not any(line.startswith("Form:") for line in memory.split("\n")):
            memory = f"Form: story\n{memory}".strip("\n")
        return replace(params, memory=memory)
    return replace(params, note=f"{params.note}\n[Tone: {tone}]".strip("\n"), note_depth=0) if tone else params


def _header_tokens(writer: Writer) -> frozenset[int]:
    """The tokens that are a header's name at the beginning of a line: they begin the next document, not a sentence."""
    found = (writer.vocabulary.encode(name) for name in map(str, _headers(writer)))
    return frozenset(ids[0] for ids in found if len(ids) == 1)


def _asked(params: TextParams, writer: Writer) -> Assignment:
    """A model for conversations is asked in words."""
    words = writer.vocabulary
    wish = _WISHES[params.task].format(params.instruction.strip() or "as it is")
    if params.task != "tone" and params.instruction.strip():
        wish += f" {params.instruction.strip()}"
    length = round(len(words.encode(params.passage)) * _FACTOR[params.task] * 1.5) + 24
    task = f"{wish} {_ONLY}\n\n{params.passage}"
    if params.after.strip():
        task = f"Behind the passage stands: {params.after.strip()[:400]}\n\n{task}"
    return _conversation(params, writer, [{"role": "user", "content": task}], length=length, story=True)


# --- conversations ----------------------------------------------------------------------------------------------------


def _chat(params: TextParams, writer: Writer) -> Assignment:
    messages = list(spelling.messages(params.messages))
    if not messages and params.before.strip():
        messages = [{"role": "user", "content": params.before}]
    if not messages:
        raise StudioError("There is nothing to answer.", "Write a message first.")
    return _conversation(params, writer, messages, length=params.length, story=False)


def _conversation(
    params: TextParams, writer: Writer, messages: list[dict[str, str]], *, length: int, story: bool
) -> Assignment:
    """Messages through the model's template; memory, lorebook and note stand in the system message. The oldest
    messages go first where there is no room.
    """
    words, limit = writer.vocabulary, _limit(params, writer)
    length = min(length, limit // 2)
    told = _told(params, story=params.before if story else "\n".join(m["content"] for m in messages))
    fixed = sum(len(words.encode(m["content"])) for m in messages[-1:]) + 64
    report = context.build(told, limit=max(limit - fixed, 1), room=length, count=lambda text: len(words.encode(text)))
    sent = [s for s in report.sent if story or s.origin != "story"]
    system = "".join(segment.text for segment in sent).strip()
    dropped: list[Segment] = []
    while True:
        ids = templates.conversation_ids(words, _with_system(system, messages))
        if len(ids) + length <= limit or len(messages) == 1:
            break
        oldest = messages.pop(0)
        why = "no room: the oldest messages go first"
        dropped.append(Segment("story", oldest["content"], len(words.encode(oldest["content"])), why=why))
    negative: list[int] = []
    if params.guidance > 1 and params.negative.strip():
        negative = templates.conversation_ids(words, _with_system(params.negative.strip(), messages))
    pieces = [Segment("instruction", m["content"], len(words.encode(m["content"])), m["role"]) for m in messages]
    known = sum(segment.tokens for segment in (*sent, *pieces))
    around = Segment("template", "", max(len(ids) - known, 0))
    left_out = tuple(s for s in report.left_out if story or s.origin != "story")
    report = Report((around, *sent, *pieces), (*dropped, *left_out), limit=limit, room=length)
    return Assignment(ids, report, length, tuple(negative), ends=templates.turn_ends(words))


def _with_system(system: str, messages: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"role": "system", "content": system}, *messages] if system else messages


# --- a prompt for pictures --------------------------------------------------------------------------------------------


def _picture(params: TextParams, writer: Writer) -> Assignment:
    about = (params.passage or params.before).strip()
    if not about:
        raise StudioError("There are no words to make a prompt of.", "Select a few words first.")
    bare = replace(params, memory="", note="", lore="", before="", after="", negative="", guidance=1.0)
    if templates.chats(writer.vocabulary):
        message = {"role": "user", "content": _PICTURE + about[-2000:]}
        return _conversation(bare, writer, [message], length=params.length, story=False)
    words = ", ".join(keywords(about[-2000:], 6)) or about[:60]
    if "Words" in _headers(writer):
        opening = f"Form: image prompt\nWords: {words}\n\n"
    else:
        opening = f"{_EXAMPLES}Words: {words}\nPicture:"
    plain = _plain(replace(bare, before=opening), writer, length=params.length)
    return replace(plain, stops=("\n",))


def _headers(writer: Writer) -> list[Any]:
    """The headers that a model says it knows, in words.json beside its weights (the starter models do)."""
    file = writer.folder / "words.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8")) if file.stat().st_size < 1_000_000 else {}
        return list(data.get("headers", ()))
    except (OSError, ValueError, AttributeError, TypeError):
        return []

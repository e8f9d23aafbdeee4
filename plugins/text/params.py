"""What a writer can set. Fields that hold lists are spelled as `spelling.py` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.api import param

from .params_sampling import Choosing, Repeating
from .settings import TextSettings
from .spelling import SAMPLERS, as_biases, as_lines, as_messages, biases, lines, messages, sampler_order

__all__ = [
    "REACHES",
    "SAMPLERS",
    "TASKS",
    "TEXT_LIMIT",
    "CheckParams",
    "TextParams",
    "TextSettings",
    "as_biases",
    "as_lines",
    "as_messages",
    "biases",
    "lines",
    "messages",
    "sampler_order",
]

TEXT_LIMIT = 4_000_000
"""Characters of a text that is sent: more than any model reads."""

TASKS = (
    ("continue", "Continue"),
    ("fill", "Fill in"),
    ("rewrite", "Rewrite"),
    ("expand", "Expand"),
    ("shorten", "Shorten"),
    ("tone", "Change the tone"),
    ("repaint", "Repaint around pinned words"),
    ("chat", "Answer"),
    ("prompt", "Make an image prompt"),
)

REACHES = (
    ("auto", "As the model was taught"),
    ("all", "The whole text"),
    ("chapter", "This chapter"),
    ("scene", "This scene"),
)


def _hidden(label: str, help: str = "", *, default: Any = "", limit: int = TEXT_LIMIT, **more: Any) -> Any:
    return param(default, label=label, help=help, level="hidden", max_length=limit, **more)


@dataclass(frozen=True)
class Sent:
    """What is sent to the model; most of it is filled in by the panel."""

    before: str = param(
        "",
        label="Text",
        help="The text up to the place where the model goes on.",
        role="prompt",
        multiline=True,
        max_length=TEXT_LIMIT,
    )
    task: str = _hidden("Task", default="continue", choices=TASKS)
    after: str = _hidden("Text behind the place")
    passage: str = _hidden("Selected passage")
    instruction: str = _hidden("Instruction", limit=20_000)
    pinned: str = _hidden("Pinned words, one per line", limit=200_000)
    messages: str = _hidden("Conversation (JSON)")
    prefix: str = _hidden("Text kept before a fork")
    prefix_ids: str = _hidden("Tokens kept before a fork")
    memory: str = param(
        "",
        label="Memory",
        help="Always sent, in front of everything: what the model must never forget.",
        multiline=True,
        max_length=TEXT_LIMIT,
        group="What the model is told",
    )
    note: str = param(
        "",
        label="Author's note",
        help="Always sent, a few lines before the end, where it has most weight: mood, style, what happens next.",
        multiline=True,
        max_length=200_000,
        group="What the model is told",
    )
    note_depth: int = param(
        3,
        label="Note's depth",
        help="How many lines before the end the author's note stands.",
        minimum=0,
        maximum=1000,
        slider=(0, 20),
        level="advanced",
        group="What the model is told",
    )
    lore: str = _hidden("Lorebook (JSON)")
    lore_budget: int = param(
        25,
        label="Lorebook's share",
        help="How much of the context the lorebook may fill at most.",
        minimum=0,
        maximum=90,
        unit="%",
        level="advanced",
        group="What the model is told",
    )
    lore_depth: int = param(
        20,
        label="Lorebook looks back",
        help="In how many of the last lines the lorebook's keys are looked for, unless an entry says otherwise.",
        minimum=1,
        maximum=10_000,
        slider=(1, 100),
        level="advanced",
        group="What the model is told",
    )
    reach: str = param(
        "auto",
        label="Story reaches back",
        help="How much of the text the model may read. The built-in model was taught with short tales: "
        "it reads one scene, and begins each scene anew.",
        choices=REACHES,
        level="advanced",
        group="What the model is told",
    )
    context: int = param(
        0,
        label="Context",
        help="How many tokens are sent at most; 0 takes as many as the model reads.",
        minimum=0,
        maximum=10_000_000,
        slider=(0, 8192),
        unit="tokens",
        level="advanced",
        group="What the model is told",
        unset="All it reads",
    )


@dataclass(frozen=True)
class Amount:
    """How much is written."""

    length: int = param(
        120,
        label="Length",
        help="How many tokens are written at most. A token is a short word or a piece of one.",
        minimum=1,
        maximum=16_384,
        slider=(10, 500),
        unit="tokens",
    )
    passes: int = param(
        24,
        label="Passes",
        help="How often a text-diffusion model goes over a passage. Other models write once and do not use this.",
        minimum=1,
        maximum=256,
        slider=(4, 64),
        level="advanced",
        group="Text diffusion",
    )
    alternatives: int = param(
        1,
        label="Alternatives",
        help="How many continuations are written at once, to choose from.",
        minimum=1,
        maximum=4,
    )


@dataclass(frozen=True)
class Rules:
    """What must and must not come."""

    logit_bias: str = param(
        "",
        label="Word bias",
        help="Makes words likelier (above 0) or less likely, one per line: night = 2.5",
        multiline=True,
        max_length=20_000,
        level="advanced",
        group="Rules",
    )
    banned: str = param(
        "",
        label="Banned phrases",
        help="Never written, one per line. The model goes back and finds another way.",
        multiline=True,
        max_length=20_000,
        level="advanced",
        group="Rules",
    )
    stop: str = param(
        "",
        label="Stop at",
        help="Writing ends before any of these, one per line; \\n is a line break.",
        multiline=True,
        max_length=20_000,
        level="advanced",
        group="Rules",
    )
    negative: str = param(
        "",
        label="Negative prompt",
        help="What the text should move away from. Works only with a guidance above 1; takes twice the time.",
        role="negative prompt",
        multiline=True,
        max_length=200_000,
        level="advanced",
        group="Rules",
    )
    guidance: float = param(
        1.0,
        label="Guidance",
        help="How strongly to move away from the negative prompt. 1 is off; 1.5 is a good start.",
        minimum=1.0,
        maximum=10.0,
        slider=(1.0, 4.0),
        step=0.1,
        level="advanced",
        group="Rules",
        unset="Off",
    )
    grammar_kind: str = param(
        "none",
        label="Grammar",
        help="Holds the text to a form, letter by letter.",
        choices=(("none", "Free"), ("json", "JSON schema"), ("lark", "Grammar (Lark or GBNF)"), ("regex", "Pattern")),
        level="advanced",
        group="Rules",
    )
    grammar: str = param(
        "",
        label="Its text",
        help="The JSON schema, the grammar or the regular expression. An empty schema allows any JSON.",
        multiline=True,
        max_length=200_000,
        level="advanced",
        group="Rules",
    )
    watermark: bool = param(
        False,
        label="Watermark",
        help="Marks the text invisibly (SynthID) so that it can be recognised as written by a model. Editing fades it.",
        level="advanced",
        group="Rules",
    )


@dataclass(frozen=True)
class TextParams(Rules, Repeating, Choosing, Amount, Sent):
    """One request to the model. The defaults write calmly with any model."""


@dataclass(frozen=True)
class CheckParams:
    """A text to be looked at for the watermark."""

    text: str = param(
        "",
        label="Text",
        help="The text to check, as it is now. Two hundred words or more say most; editing fades the mark.",
        role="prompt",
        multiline=True,
        max_length=TEXT_LIMIT,
    )

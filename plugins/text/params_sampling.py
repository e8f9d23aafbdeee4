"""What decides which word comes next, in the groups in which a form shows it."""

from __future__ import annotations

from dataclasses import dataclass

from studio.api import param

from .spelling import SAMPLERS


@dataclass(frozen=True)
class Choosing:
    """How daring the choice of words is, and what cuts off the unlikely ones."""

    temperature: float = param(
        0.8,
        label="Temperature",
        help="How daring the choice of words is. 0 always takes the likeliest; above 1.2 it wanders.",
        minimum=0.0,
        maximum=5.0,
        slider=(0.0, 2.0),
        step=0.05,
    )
    top_p: float = param(
        0.95,
        label="Top-p",
        help="Chooses among the likeliest words that together make up this share. 1 is off.",
        minimum=0.0,
        maximum=1.0,
        step=0.01,
        level="advanced",
        group="Choosing words",
    )
    min_p: float = param(
        0.02,
        label="Min-p",
        help="Drops words less likely than this share of the likeliest one. 0 is off.",
        minimum=0.0,
        maximum=1.0,
        slider=(0.0, 0.5),
        step=0.01,
        level="advanced",
        group="Choosing words",
        unset="Off",
    )
    top_k: int = param(
        0,
        label="Top-k",
        help="Chooses among this many likeliest words. 0 is off.",
        minimum=0,
        maximum=100_000,
        slider=(0, 200),
        level="advanced",
        group="Choosing words",
        unset="Off",
    )
    typical_p: float = param(
        1.0,
        label="Typical",
        help="Prefers words that are about as surprising as usual. 1 is off.",
        minimum=0.05,
        maximum=1.0,
        step=0.01,
        level="advanced",
        group="Choosing words",
    )
    top_n_sigma: float = param(
        0.0,
        label="Top-nσ",
        help="Keeps words within this many standard deviations of the best, whatever the temperature. 0 is off.",
        minimum=0.0,
        maximum=10.0,
        slider=(0.0, 4.0),
        step=0.1,
        level="advanced",
        group="Choosing words",
        unset="Off",
    )
    dynatemp_range: float = param(
        0.0,
        label="Dynamic temperature",
        help="Lets the temperature move this far up where many words fit, and down where few do. 0 is off.",
        minimum=0.0,
        maximum=5.0,
        slider=(0.0, 2.0),
        step=0.05,
        level="advanced",
        group="Choosing words",
        unset="Off",
    )
    dynatemp_exponent: float = param(
        1.0,
        label="Its curve",
        help="Above 1 the temperature rises late, below 1 early.",
        minimum=0.1,
        maximum=10.0,
        slider=(0.2, 3.0),
        step=0.1,
        level="advanced",
        group="Choosing words",
    )
    xtc_probability: float = param(
        0.0,
        label="Leave out the obvious",
        help="How often the likeliest words are left out where others would do too (XTC). 0 is off.",
        minimum=0.0,
        maximum=1.0,
        step=0.05,
        level="advanced",
        group="Choosing words",
        unset="Off",
    )
    xtc_threshold: float = param(
        0.1,
        label="Obvious from",
        help="Words at least this likely count as obvious; the least likely of them stays.",
        minimum=0.0,
        maximum=0.5,
        step=0.01,
        level="advanced",
        group="Choosing words",
    )
    mirostat: bool = param(
        False,
        label="Mirostat",
        help="Holds the text at one level of surprise all along, in place of top-k, top-p, min-p and the like.",
        level="advanced",
        group="Choosing words",
    )
    mirostat_tau: float = param(
        5.0,
        label="Its surprise",
        help="Lower is more coherent, higher more varied.",
        minimum=0.1,
        maximum=20.0,
        slider=(1.0, 10.0),
        step=0.1,
        level="advanced",
        group="Choosing words",
    )
    mirostat_eta: float = param(
        0.1,
        label="Its speed",
        help="How fast it corrects itself.",
        minimum=0.001,
        maximum=1.0,
        step=0.01,
        level="advanced",
        group="Choosing words",
    )
    order: str = param(
        "",
        label="Order",
        help=f"In which order these look at the words. Usual: {' '.join(SAMPLERS)}.",
        max_length=400,
        level="advanced",
        group="Choosing words",
    )


@dataclass(frozen=True)
class Repeating:
    """What keeps the model from saying it again."""

    repetition_penalty: float = param(
        1.0,
        label="Repetition penalty",
        help="Makes words that were used already less likely. 1 is off; above 1.3 it hurts.",
        minimum=1.0,
        maximum=3.0,
        slider=(1.0, 1.5),
        step=0.01,
        level="advanced",
        group="Against repeating",
        unset="Off",
    )
    frequency_penalty: float = param(
        0.0,
        label="Frequency penalty",
        help="The more often a word was used, the less likely it gets.",
        minimum=-2.0,
        maximum=2.0,
        step=0.05,
        level="advanced",
        group="Against repeating",
    )
    presence_penalty: float = param(
        0.0,
        label="Presence penalty",
        help="Makes every word that was used at all less likely, by the same amount.",
        minimum=-2.0,
        maximum=2.0,
        step=0.05,
        level="advanced",
        group="Against repeating",
    )
    penalty_range: int = param(
        512,
        label="Look back",
        help="How many of the last tokens count for these three. 0 counts all.",
        minimum=0,
        maximum=1_000_000,
        slider=(0, 4096),
        unit="tokens",
        level="advanced",
        group="Against repeating",
        unset="All",
    )
    dry_multiplier: float = param(
        0.0,
        label="DRY",
        help="Stops the model from repeating whole phrases; 0.8 is a good start, 0 is off.",
        minimum=0.0,
        maximum=5.0,
        slider=(0.0, 2.0),
        step=0.05,
        level="advanced",
        group="Against repeating",
        unset="Off",
    )
    dry_base: float = param(
        1.75,
        label="DRY growth",
        help="How fast the penalty grows with the length of the repeated phrase.",
        minimum=1.0,
        maximum=4.0,
        step=0.05,
        level="advanced",
        group="Against repeating",
    )
    dry_allowed_length: int = param(
        2,
        label="DRY allowed length",
        help="Repeated phrases up to this many tokens are no fault.",
        minimum=1,
        maximum=50,
        slider=(1, 10),
        unit="tokens",
        level="advanced",
        group="Against repeating",
    )
    dry_range: int = param(
        0,
        label="DRY look back",
        help="How many of the last tokens are searched for the same phrase. 0 searches all.",
        minimum=0,
        maximum=1_000_000,
        slider=(0, 4096),
        unit="tokens",
        level="advanced",
        group="Against repeating",
        unset="All",
    )
    dry_breakers: str = param(
        '\\n\n:\n"\n*',
        label="DRY breaks at",
        help="Where a phrase ends, one per line: nothing is counted as repeated across these.",
        multiline=True,
        max_length=2000,
        level="advanced",
        group="Against repeating",
    )

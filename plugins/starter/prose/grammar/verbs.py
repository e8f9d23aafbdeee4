"""Verb forms: the present and the past of the verbs that the rules use."""

from __future__ import annotations

# base: (third person singular, past); regular verbs are not listed.
IRREGULAR = {
    "be": ("is", "was"), "have": ("has", "had"), "do": ("does", "did"), "go": ("goes", "went"),
    "can": ("can", "could"), "will": ("will", "would"), "must": ("must", "had to"),
    "say": ("says", "said"), "come": ("comes", "came"), "see": ("sees", "saw"), "take": ("takes", "took"),
    "give": ("gives", "gave"), "find": ("finds", "found"), "tell": ("tells", "told"), "think": ("thinks", "thought"),
    "know": ("knows", "knew"), "get": ("gets", "got"), "make": ("makes", "made"), "bring": ("brings", "brought"),
    "hold": ("holds", "held"), "keep": ("keeps", "kept"), "let": ("lets", "let"),
    "lend": ("lends", "lent"), "mean": ("means", "meant"), "cost": ("costs", "cost"),
    "travel": ("travels", "travelled"), "set": ("sets", "set"),
    "put": ("puts", "put"), "sit": ("sits", "sat"), "stand": ("stands", "stood"), "lie": ("lies", "lay"),
    "run": ("runs", "ran"), "sing": ("sings", "sang"), "swing": ("swings", "swung"), "fall": ("falls", "fell"),
    "feel": ("feels", "felt"), "hear": ("hears", "heard"), "leave": ("leaves", "left"), "lose": ("loses", "lost"),
    "meet": ("meets", "met"), "pay": ("pays", "paid"), "read": ("reads", "read"), "ride": ("rides", "rode"),
    "ring": ("rings", "rang"), "rise": ("rises", "rose"), "send": ("sends", "sent"), "shake": ("shakes", "shook"),
    "shine": ("shines", "shone"), "show": ("shows", "showed"), "shut": ("shuts", "shut"), "sleep": ("sleeps", "slept"),
    "speak": ("speaks", "spoke"), "spend": ("spends", "spent"), "steal": ("steals", "stole"), "swim": ("swims", "swam"),
    "teach": ("teaches", "taught"), "throw": ("throws", "threw"), "wake": ("wakes", "woke"), "wear": ("wears", "wore"),
    "win": ("wins", "won"), "write": ("writes", "wrote"), "begin": ("begins", "began"), "bend": ("bends", "bent"),
    "blow": ("blows", "blew"), "break": ("breaks", "broke"), "build": ("builds", "built"), "buy": ("buys", "bought"),
    "catch": ("catches", "caught"), "creep": ("creeps", "crept"), "drink": ("drinks", "drank"),
    "eat": ("eats", "ate"), "fly": ("flies", "flew"), "forget": ("forgets", "forgot"), "grow": ("grows", "grew"),
    "hang": ("hangs", "hung"), "hide": ("hides", "hid"), "understand": ("understands", "understood"),
    "slip": ("slips", "slipped"), "stop": ("stops", "stopped"), "drop": ("drops", "dropped"),
    "step": ("steps", "stepped"), "wrap": ("wraps", "wrapped"), "nod": ("nods", "nodded"), "beg": ("begs", "begged"),
    "hum": ("hums", "hummed"), "drag": ("drags", "dragged"), "spin": ("spins", "spun"), "stick": ("sticks", "stuck"),
    "cling": ("clings", "clung"), "draw": ("draws", "drew"), "drive": ("drives", "drove"), "weep": ("weeps", "wept"),
    "light": ("lights", "lit"), "dig": ("digs", "dug"), "hurt": ("hurts", "hurt"), "cut": ("cuts", "cut"),
    "shrug": ("shrugs", "shrugged"), "tap": ("taps", "tapped"), "dream": ("dreams", "dreamed"),
    "tip": ("tips", "tipped"), "grin": ("grins", "grinned"), "tug": ("tugs", "tugged"), "pat": ("pats", "patted"),
    "sweep": ("sweeps", "swept"), "sink": ("sinks", "sank"), "strike": ("strikes", "struck"), "lead": ("leads", "led"),
    "bow": ("bows", "bowed"), "clap": ("claps", "clapped"), "snap": ("snaps", "snapped"),
    "stir": ("stirs", "stirred"), "wag": ("wags", "wagged"), "fit": ("fits", "fitted"),
    "lay": ("lays", "laid"), "row": ("rows", "rowed"), "kneel": ("kneels", "knelt"), "freeze": ("freezes", "froze"),
    "roar": ("roars", "roared"), "slide": ("slides", "slid"), "bite": ("bites", "bit"), "trip": ("trips", "tripped"),
    "skip": ("skips", "skipped"), "plan": ("plans", "planned"), "ship": ("ships", "shipped"),
    "lean": ("leans", "leaned"),
    "rub": ("rubs", "rubbed"), "grab": ("grabs", "grabbed"), "choose": ("chooses", "chose"), "sell": ("sells", "sold"),
    "split": ("splits", "split"), "swallow": ("swallows", "swallowed"), "follow": ("follows", "followed"),
    "admit": ("admits", "admitted"), "fight": ("fights", "fought"), "stay": ("stays", "stayed"),
}  # fmt: skip
_BE = {"s": ("is", "was"), "1": ("am", "was"), "p": ("are", "were")}
_ENDS_ES = ("s", "x", "z", "ch", "sh", "o")
_VOWELS = "aeiou"


def third(base: str) -> str:
    """The present form with she, he, it."""
    if base in IRREGULAR:
        return IRREGULAR[base][0]
    if base.endswith(_ENDS_ES):
        return base + "es"
    if base.endswith("y") and base[-2] not in _VOWELS:
        return base[:-1] + "ies"
    return base + "s"


def past(base: str) -> str:
    """The simple past (not of be)."""
    if base in IRREGULAR:
        return IRREGULAR[base][1]
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in _VOWELS:
        return base[:-1] + "ied"
    return base + "ed"


def form(base: str, tense: str, subject: str) -> str:
    """The form for a tense ("past", "present") and a subject: "1" for I, "s" for singular, "p" for plural."""
    if base == "be":
        return _BE[subject][tense == "past"]
    if tense == "past":
        return past(base)
    return third(base) if subject == "s" else base

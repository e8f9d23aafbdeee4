"""British spelling out of the American dictionary that comes with the program, by rules of our own.

A word that the American dictionary does not know is right where it is the British form of one that it does know. The
endings that are spelt apart are few and regular; where an ending is not enough (“actour” is no form of “actor”) the
stems are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_OUR = (
    "arb ard arm behavi cand clam clang col demean dol enam endeav fav ferv flav glam harb hon hum lab neighb "
    "od parl ranc rig rum sav savi splend succ tum val vap vig"
).split()
_RE = "cent epicent fib goit lit lust calib meag mit nit och reconnoit sab sepulch somb spect theat met louv".split()
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"^((?:dis|un|out|re|multi|water|mis)?(?:{'|'.join(_OUR)}))our"), r"\1or"),
    (re.compile(rf"^((?:[a-z]*)(?:{'|'.join(_RE)}))re(s|d)?$"), r"\1er\2"),
    (re.compile(rf"^((?:[a-z]*)(?:{'|'.join(_RE)}))r(ing|ed)$"), r"\1er\2"),
    (re.compile(r"^((?:re)?(?:fue|due|equa|initia|grue|dia))ll(ed|ing|er|ers)$"), r"\1l\2"),
    (re.compile(r"^([a-z]{3,})is(e|es|ed|er|ers|ing|ings|able|ation|ations|ational)$"), r"\1iz\2"),
    (re.compile(r"^([a-z]{3,}ly)s(e|es|ed|er|ers|ing)$"), r"\1z\2"),
    (
        re.compile(
            r"^([a-z]*[aeiouy][a-z]*[^aeiou](?:[aeiou]|ue))ll"
            r"(ed|ing|ings|er|ers|or|ors|ist|ists|ous|ously|able|ery|y)$"
        ),
        r"\1l\2",
    ),
    (re.compile(r"^(enro|fulfi|insta|ski|wi|disti|enthra)l(s|ment|ments|ful|fully)?$"), r"\1ll\2"),
    (re.compile(r"^(def|off|pret|lic)ence(s|d|less)?$"), r"\1ense\2"),
    (re.compile(r"^([a-z]*[a-z]{2})ogue(s|d)?$"), r"\1og\2"),
    (re.compile(r"^(?=[a-z]{6})([a-z]*)(?:ae|oe)([a-z]{2,})$"), r"\1e\2"),
    (re.compile(r"^([a-z]*)ou(ld|lt)(s|ed|er|y|ing)?$"), r"\1o\2\3"),  # mould, moult
)
_PAIRS = dict(
    pair.split("=")
    for pair in (
        "grey=gray greys=grays greyed=grayed greyer=grayer greyish=grayish greyness=grayness plough=plow ploughs=plows "
        "ploughed=plowed ploughing=plowing ploughman=plowman moustache=mustache moustaches=mustaches pyjamas=pajamas "
        "tyre=tire tyres=tires kerb=curb kerbs=curbs kerbside=curbside cheque=check cheques=checks programme=program "
        "programmes=programs cosy=cozy cosier=cozier cosily=cozily storey=story storeys=stories sceptic=skeptic "
        "sceptics=skeptics sceptical=skeptical scepticism=skepticism draught=draft draughts=drafts draughty=drafty "
        "jewellery=jewelry jeweller=jeweler jewellers=jewelers manoeuvre=maneuver manoeuvres=maneuvers "
        "manoeuvred=maneuvered manoeuvring=maneuvering aluminium=aluminum aeroplane=airplane aeroplanes=airplanes "
        "speciality=specialty specialities=specialties mum=mom mums=moms mummy=mommy maths=math whilst=while "
        "amongst=among arse=ass learnt=learned burnt=burned dreamt=dreamed leapt=leaped leant=leaned spelt=spelled "
        "spoilt=spoiled smelt=smelled practise=practice practised=practiced practising=practicing ageing=aging "
        "judgement=judgment judgements=judgments acknowledgement=acknowledgment artefact=artifact artefacts=artifacts "
        "carcase=carcass chilli=chili gaol=jail gaoler=jailer waggon=wagon waggons=wagons cypher=cipher syrup=syrup "
        "tonne=ton tonnes=tons sulphur=sulfur sulphurous=sulfurous mediaeval=medieval enquire=inquire enquiry=inquiry "
        "enquired=inquired enquiries=inquiries enquiring=inquiring connexion=connection licence=license "
        "licences=licenses marvellous=marvelous woollen=woolen woollens=woolens woolly=wooly fulfil=fulfill "
        "fulfils=fulfills skilful=skillful skilfully=skillfully wilful=willful wilfully=willfully unskilful=unskillful "
        "axe=ax furore=furor gramme=gram grammes=grams pretence=pretense tidbit=tidbit titbit=tidbit titbits=tidbits "
        "smoulder=smolder smouldered=smoldered smouldering=smoldering smoulders=smolders mouldy=moldy "
        "towards=toward backwards=backward forwards=forward afterwards=afterward omelette=omelet doughnut=donut "
        "yoghurt=yogurt snivelling=sniveling councillor=councilor councillors=councilors counsellor=counselor "
        "foetus=fetus homoeopathy=homeopathy plaice=plaice bannister=banister cauldron=caldron vice=vise "
        "rumoured=rumored colourful=colorful"
    ).split()
)
SHORTEST = 3
"""Letters of an American form that a rule may lead to at the least are one more."""
_AMERICAN_TOO = frozenset("capsise prise sise seise assise".split())
"""What a rule would take for British, and nobody writes."""


def american(word: str) -> Iterator[str]:
    """The American forms that a British word may be a form of; none where no rule knows it."""
    low = word.lower()
    if low in _AMERICAN_TOO:
        return
    bare, mark, rest = low.partition("'")
    if bare in _PAIRS:
        yield _PAIRS[bare] + mark + rest
    for rule, instead in _RULES:
        form, count = rule.subn(instead, bare)
        if count and form != bare and len(form) > SHORTEST:
            yield form + mark + rest


def british(word: str) -> str:
    """The British form of an American word with a regular ending ("color" → "colour"); "" where there is none."""
    low = word.lower()
    for stem in _OUR:
        at = low.find(stem + "or")
        if at in (0, 2, 3):
            return word[: at + len(stem)] + "ou" + word[at + len(stem) + 1 :]
    found = re.sub(r"iz(e|es|ed|er|ing|ation)$", r"is\1", low)
    return found if found != low else ""

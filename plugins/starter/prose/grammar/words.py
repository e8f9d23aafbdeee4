"""The lexicon: names, roles, places, things, moods and genres, with the little that the rules must know of each."""

from __future__ import annotations

import random
import re

GENRES = ("fairy tale", "sea story", "mystery", "space story", "everyday story", "fable", "winter tale", "desert tale")
MOODS = ("merry", "wistful", "eerie", "tender", "bold", "dreamy")
PEOPLE = ("fairy tale", "sea story", "mystery", "space story", "everyday story", "winter tale", "desert tale")

HER = (
    "Ada", "Alma", "Anna", "Bea", "Clara", "Cora", "Dora", "Edda", "Ella", "Elsa", "Emma", "Fern", "Flora", "Greta",
    "Hana", "Hazel", "Hilda", "Ida", "Ines", "Iris", "Ivy", "Jana", "Josie", "Juno", "Kaya", "Lena", "Lila",
    "Lotte", "Lucy", "Mabel", "Mara", "Maya", "Mina", "Mira", "Nadia", "Nell", "Nina", "Nora", "Olive", "Opal",
    "Pearl", "Petra", "Pia", "Poppy", "Rosa", "Ruby", "Ruth", "Sara", "Selma", "Signe", "Stella", "Tess", "Thea",
    "Tilda", "Una", "Vera", "Wilma", "Yara", "Zora",
)  # fmt: skip
HIS = (
    "Abel", "Adam", "Alvin", "Anton", "Arlo", "Arne", "Basil", "Ben", "Boris", "Bruno", "Caleb", "Carl", "Casper",
    "Cyril", "Dan", "David", "Edgar", "Egon", "Elias", "Emil", "Enzo", "Felix", "Finn", "Franz", "Gus", "Hanno",
    "Hector", "Henry", "Hugo", "Igor", "Ivan", "Jack", "Jakob", "Jasper", "Jonas", "Karim", "Klaus", "Lars", "Leo",
    "Levi", "Linus", "Magnus", "Marek", "Max", "Milo", "Moses", "Nils", "Noah", "Olaf", "Omar", "Oscar", "Otto",
    "Pavel", "Per", "Quentin", "Ralf", "Remy", "Rufus", "Sami", "Silas", "Simon", "Sven", "Theo", "Tobias", "Tom",
    "Ulrich", "Victor", "Walter", "Wim",
)  # fmt: skip
THEIR = (
    "Ash", "Avery", "Bay", "Blue", "Briar", "Charlie", "Cloud", "Eden", "Ellis", "Ember", "Fable", "Frost", "Gale",
    "Indigo", "Jules", "Kit", "Lake", "Lark", "Linden", "Marlo", "Moss", "Noor", "Pip", "Quill", "Rain", "Reed",
    "River", "Robin", "Rook", "Rowan", "Sage", "Sasha", "Sky", "Sol", "Sparrow", "Storm", "Teal", "Wren",
)  # fmt: skip

_ROLES = {
    "fairy tale": "miller woodcutter shepherd weaver goose-keeper blacksmith baker beekeeper charcoal-burner cook "
    "piper candle-maker gardener juggler page toymaker bell-ringer hatter tailor fiddler",
    "sea story": "sailor fisher net-mender cabin-hand pilot boatbuilder lighthouse-keeper diver cook helmsman "
    "pearl-diver sail-maker harbour-clerk whale-watcher map-maker ferryman",
    "mystery": "detective librarian night-watchman reporter locksmith stamp-collector clockmaker caretaker "
    "photographer postman archivist piano-tuner shopkeeper chess-player museum-guard",
    "space story": "pilot mechanic botanist star-mapper cook radio-operator surveyor robot-doctor gardener navigator "
    "engineer cargo-hand comet-chaser welder signal-keeper",
    "everyday story": "baker teacher bus-driver postman gardener student nurse painter cellist plumber florist barber "
    "carpenter librarian cook bicycle-mender street-sweeper window-cleaner",
    "winter tale": "sled-maker reindeer-herder hunter weaver skater ice-fisher woodcutter chimney-sweep fiddler baker "
    "lamp-lighter ski-runner shoemaker midwife storyteller",
    "desert tale": "camel-driver well-digger merchant potter star-gazer rug-weaver goatherd scribe date-seller guide "
    "glass-blower drummer falconer water-carrier spice-seller",
    "fable": "hedgehog fox hare mouse tortoise sparrow crow badger otter goat donkey squirrel frog owl mole beaver "
    "goose heron rabbit beetle snail magpie",
}
ROLES = {genre: tuple(words.split()) for genre, words in _ROLES.items()}
TRAITS = (
    "young", "curious", "stubborn", "shy", "cheerful", "clever", "quiet", "brave", "careful", "restless", "lonely",
    "patient", "clumsy", "hopeful", "proud", "gentle", "hungry", "tired", "honest", "dreamy", "forgetful",
    "thrifty", "lanky", "freckled", "left-handed", "sharp-eyed", "soft-spoken", "long-legged", "absent-minded",
)  # fmt: skip

# The noun of the helper and the pronouns that fit.
_HELPERS = {
    "fairy tale": "hermit/he witch/she widow/she beggar/he ferrywoman/she fox/it owl/it giant/he dwarf/he swan/it "
    "frog/it herb-woman/she pedlar/he raven/it",
    "sea story": "mermaid/she captain/she gull/it hermit/he old diver/he harbour-mistress/she seal/it drifter/he "
    "fishwife/she cook/he albatross/it whale/it",
    "mystery": "landlady/she cleaner/she pawnbroker/he alley cat/it doorman/he florist/she old judge/he widow/she "
    "newspaper boy/he parrot/it seamstress/she",
    "space story": "robot/it castaway/he captain/she old pilot/he android/it trader/she moon-hermit/he professor/she "
    "cleaning drone/it jellyfish from Titan/it stowaway/she",
    "everyday story": "neighbour/she grandmother/she stray dog/it busker/he florist/she old man/he newsagent/he "
    "caretaker/he twin sister/she pigeon/it schoolgirl/she",
    "winter tale": "snow owl/it trapper/he wise woman/she reindeer/it old skater/he widow/she white wolf/it "
    "lamp-woman/she pedlar/he innkeeper/she",
    "desert tale": "lizard/it nomad/he widow/she blind poet/he water-seller/she desert fox/it old camel/it "
    "fortune-teller/she pilgrim/he vulture/it rug-merchant/he",
    "fable": "beaver/he wren/she toad/he ant/she old turtle/she bat/he cricket/he bee/she lark/she spider/she "
    "snail/he cow/she",
}


def _helpers(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs of a noun, which may be of several words, and its pronoun."""
    return tuple((noun.strip(), person) for noun, person in re.findall(r"([^/]+)/(she|he|it)(?: |$)", text))


HELPERS = {genre: _helpers(text) for genre, text in _HELPERS.items()}

PLACE_ADJECTIVES = (
    "old", "hidden", "crooked", "forgotten", "silent", "sleepy", "windy", "narrow", "sunken", "hollow", "lonely",
    "golden", "misty", "noisy", "crowded", "empty", "mossy", "painted", "broken", "endless", "humming",
    "upside-down", "frozen", "burning", "singing", "drowned", "floating", "half-built", "overgrown", "moonlit",
    "rusty", "tiny", "enormous", "abandoned", "whispering", "green", "blue", "red", "white", "black",
)  # fmt: skip
_PLACES = {
    "fairy tale": "in/forest in/valley in/mill in/castle in/village on/hill in/tower in/orchard in/kingdom at/well "
    "in/glade in/palace in/cottage",
    "sea story": "on/island in/harbour in/lighthouse on/ship in/bay on/beach in/lagoon on/reef in/fishing village "
    "on/pier in/cove in/boatyard",
    "mystery": "in/library in/museum in/hotel in/theatre on/street in/mansion in/station in/attic in/bookshop "
    "in/clock tower in/alley in/opera house",
    "space story": "on/moon in/space station on/starship on/planet in/observatory in/greenhouse on/asteroid in/shuttle "
    "bay in/crater on/comet in/dome on/mining ship",
    "everyday story": "in/bakery in/school in/garden on/street in/kitchen in/park in/town in/market in/workshop on/tram"
    " in/café in/laundry in/flat",
    "winter tale": "in/valley on/lake in/cabin in/village on/mountain in/forest at/pass in/inn on/glacier in/barn "
    "in/lodge on/farm",
    "desert tale": "in/oasis in/bazaar in/canyon in/caravan in/city in/tent at/well in/palace in/ruins on/dune "
    "in/courtyard in/citadel",
    "fable": "in/wood in/meadow at/pond in/burrow on/farm in/garden in/marsh in/orchard at/brook in/barn in/hedge "
    "in/thicket",
}


def _places(text: str) -> tuple[tuple[str, str], ...]:
    found: list[list[str]] = []
    for word in text.split():
        if "/" in word:
            found.append(word.split("/"))
        else:
            found[-1][1] += " " + word
    return tuple((place[0], place[1]) for place in found)


PLACES = {genre: _places(text) for genre, text in _PLACES.items()}

THING_ADJECTIVES = (
    "silver", "golden", "brass", "copper", "wooden", "glass", "ivory", "velvet", "woollen", "paper", "iron", "clay",
    "crystal", "tin", "marble", "leather", "amber", "jade", "bone", "silk", "red", "blue", "green", "yellow",
    "purple", "black", "white", "grey", "tiny", "heavy", "cracked", "dusty", "shining", "striped", "spotted",
    "crooked", "ancient", "broken", "humming", "glowing", "secret", "painted", "carved", "folding", "left-handed",
)  # fmt: skip
_THINGS = {
    "": "key bell ring box mirror book clock button feather coin cup map drum flute lantern needle spoon thimble "
    "kite umbrella whistle marble teapot bottle medal ribbon hat glove boot puppet",
    "fairy tale": "crown apple harp wand slipper spinning-wheel egg goblet cloak horn rose",
    "sea story": "compass anchor pearl spyglass shell figurehead harpoon sextant message fish-hook conch",
    "mystery": "letter photograph violin necklace typewriter stamp wallet diary portrait magnifying-glass",
    "space story": "battery antenna meteorite star-chart helmet seed circuit telescope robot-hand beacon",
    "everyday story": "bicycle recipe cello watch teddy bear scarf suitcase radio cake postcard guitar",
    "winter tale": "sled fiddle blanket mitten skate snow-globe candle fur-cap shawl stove",
    "desert tale": "carpet lamp saddle water-jar scroll ruby incense-burner turban dagger tambourine",
    "fable": "acorn nut cheese pebble plum carrot nest daisy honeycomb pear",
}
THINGS = {genre: tuple(text.replace("teddy bear", "teddy-bear").split()) for genre, text in _THINGS.items()}

_LOST = {
    "fairy tale": "goose goat kitten pony lamb hen", "sea story": "parrot ship-cat dinghy puppy tortoise",
    "mystery": "canary poodle kitten goldfish ferret", "space story": "robot-dog hamster probe space-cat drone",
    "everyday story": "puppy tortoise kitten rabbit budgie", "winter tale": "husky lamb reindeer kitten pony",
    "desert tale": "camel falcon goat donkey monkey", "fable": "duckling gosling chick kitten calf",
}  # fmt: skip
LOST = {genre: tuple(text.split()) for genre, text in _LOST.items()}

RIDDLES = (
    ("What has teeth but never bites?", "comb"), ("What runs all day but has no legs?", "river"),
    ("What grows shorter the longer it lives?", "candle"), ("What has one eye and cannot see?", "needle"),
    ("What is full of holes and still holds water?", "sponge"), ("What has a neck but no head?", "bottle"),
    ("What follows you by day and leaves you at night?", "shadow"), ("What answers but was never asked?", "echo"),
    ("What has hands and never washes them?", "clock"), ("What has a bed and never sleeps?", "river"),
    ("What must be broken before it is used?", "egg"), ("What is always coming and never here?", "tomorrow"),
    ("What gets wetter the more it dries?", "towel"), ("What goes up and never comes down?", "smoke"),
    ("What can fill a room and weighs nothing?", "light"), ("What has leaves but is no tree?", "book"),
    ("What is yours, but others use it more?", "name"), ("What has a thumb and four fingers, but no bones?", "glove"),
)  # fmt: skip

UNSEEN_NAMES = {
    "she": ("Xquenda", "Phoebe", "Tzipora", "Wangari", "Aoife", "Ngozi", "Quorra", "Szofia", "Yxtal", "Ghislaine"),
    "he": ("Zbigniew", "Oluwole", "Ptolemy", "Qadir", "Wyznan", "Jherek", "Umquat", "Schmidt", "Pyotr", "Vlkas"),
    "they": ("Xylo", "Quisp", "Bhavya", "Ptarm", "Zephyr", "Oquo", "Ugwi", "Psyche", "Whyl", "Aurx"),
}
UNSEEN_THINGS = ("saxophone", "bathtub", "xylophone", "trombone", "parachute", "dishwasher", "cucumber", "octopus")
KEPT_BACK = frozenset((*UNSEEN_THINGS, *(name for names in UNSEEN_NAMES.values() for name in names)))
"""Names and things that no list has and no invention may make: the evaluation asks for them."""
NO_NAMES = frozenset({
    "A", "An", "The", "I", "He", "She", "They", "It", "His", "Her", "Their", "My", "Its", "But", "So", "Then",
    "And", "What", "Who", "Where", "When", "Nobody", "Everybody", "Somebody", "There", "This", "That", "On", "In",
    "At", "Of", "For", "With", "Without", "Behind", "Under", "Half", "Something", "Somewhere", "Sometimes",
    "Perhaps", "Snow", "Thunder",
})  # fmt: skip
"""Words that begin a sentence and name nobody."""
_BITS = tuple(
    sorted({
        part
        for table in (ROLES, THINGS, LOST)
        for words in table.values()
        for word in words
        for part in word.split("-")
        if len(part) > 3
    } | {word.lower() for word in (*HER, *HIS, *THEIR) if len(word) > 3})
)  # fmt: skip

_ONSETS = (
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "br", "ch", "dr",
    "fl", "gr", "kr", "pl", "sh", "st", "th", "tr",
)  # fmt: skip
_VOWELS = (
    "a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ea", "oo", "ie",
)  # fmt: skip
_CODAS = ("", "", "", "", "l", "n", "r", "s", "m", "k", "nd", "rn", "lt", "x")
_HER_ENDS = ("a", "ia", "elle", "ina", "wen", "is", "a")
_HIS_ENDS = ("o", "us", "an", "ek", "or", "im", "ard")
_THEIR_ENDS = ("y", "en", "ow", "ri", "el", "in", "sh")


def _syllable(rng: random.Random, *, last: bool) -> str:
    return rng.choice(_ONSETS) + rng.choice(_VOWELS) + (rng.choice(_CODAS) if last or rng.random() < 0.25 else "")


_LETTERS = "aaabcddeeefghiiijkllmnnoooppqrrssttuuvwxyyz"


def _letters(rng: random.Random) -> str:
    """Any letters at all, as no language joins them."""
    return "".join(rng.choice(_LETTERS) for _ in range(rng.randint(3, 8)))


def _glued(rng: random.Random) -> str:
    """Bits of this lexicon's words, so that every piece of the vocabulary is copied sometimes."""
    found = ""
    while len(found) < 4 or (len(found) < 8 and rng.random() < 0.5):
        word = rng.choice(_BITS)
        first = rng.randrange(max(1, len(word) - 2))
        found += word[first : first + rng.randint(2, 5)]
    return found


def _strange(rng: random.Random) -> str:
    """Letters or bits that happen to be no word of the texts and none of those kept for the evaluation."""
    while True:
        found = _letters(rng) if rng.random() < 0.5 else _glued(rng)
        if found.capitalize() not in NO_NAMES | KEPT_BACK and found not in KEPT_BACK:
            return found


def invented_name(rng: random.Random, person: str) -> str:
    """A name that nobody has: in two of five cases pronounceable, in the manner of "she", "he" or "they"."""
    if rng.random() < 0.6:
        return _strange(rng).capitalize()
    ends = {"she": _HER_ENDS, "he": _HIS_ENDS, "they": _THEIR_ENDS}[person]
    stem = _syllable(rng, last=False)
    if rng.random() < 0.5:
        stem += _syllable(rng, last=False)
    return (stem + rng.choice(_ONSETS[:18]) + rng.choice(ends)).capitalize()


def invented_word(rng: random.Random) -> str:
    """A noun for a thing that nobody has seen, in one of three cases pronounceable."""
    return _strange(rng) if rng.random() < 0.67 else _syllable(rng, last=False) + _syllable(rng, last=True)


def article(words: str) -> str:
    """The words with a or an before them."""
    return ("an " if words[0] in "aeiouAEIOU" else "a ") + words


def plural(noun: str) -> str:
    """More than one of a role."""
    for one, many in (("mouse", "mice"), ("goose", "geese"), ("man", "men")):
        if noun.endswith(one):
            return noun.removesuffix(one) + many
    return noun + ("es" if noun.endswith(("x", "s", "sh", "ch")) else "s")

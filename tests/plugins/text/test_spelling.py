"""Spelling: British and American English, dictionaries of the machine and of the artist, names, quotes by language."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from PySide6.QtWidgets import QInputDialog, QMenu
from pytestqt.qtbot import QtBot

from plugins.text.document_english import american
from plugins.text.document_spelling import ENGLISH, Dictionary, dictionaries, words_of
from plugins.text.document_typography import ENGLISH as ENGLISH_QUOTES
from plugins.text.document_typography import Quotes, better, quotes_of
from plugins.text.panel_spelling import name_of
from plugins.text.settings import TextSettings
from studio.api import StudioError
from studio.widgets import theme
from tests.plugins.text.page_bench import Desk, desk, place  # noqa: F401 - fixture

BRITISH = """colour colours coloured favourite neighbourhood behaviour centre centred centring theatre kilometre
organise organised realisation analyse travelled travelling jewellery marvellous fuelled enrol skilful dialogue
defence offence anaemia encyclopaedia grey plough mould pyjamas kerb cheque cosy judgement whilst neighbour's""".split()
WRONG = "actour doctour capsise recieve visitted offerred loed thatre hopefull".split()


@pytest.fixture(scope="module")
def english() -> Dictionary:
    """Read once: it takes seconds."""
    return Dictionary.of(ENGLISH, dictionaries([theme.resources() / "dictionaries"]))


def test_british_and_american_words_are_right_and_wrong_ones_are_not(english: Dictionary) -> None:
    assert [word for word, right in english.check([*BRITISH, "color", "organize", "don’t"]).items() if not right] == []
    assert [word for word, right in english.check(WRONG).items() if right] == []
    assert {"color", "colour"} <= set(english.suggest("coluor"))


def test_a_british_form_leads_to_its_american_one() -> None:
    assert "traveler's" in list(american("Traveller's"))
    assert list(american("table")) == []


def small(folder: Path, code: str, *words: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{code}.aff").write_text("SET UTF-8\n", "utf-8")
    (folder / f"{code}.dic").write_text(f"{len(words)}\n" + "\n".join(words) + "\n", "utf-8")


def test_dictionaries_are_found_in_folders_the_first_first(tmp_path: Path) -> None:
    small(tmp_path / "mine", "de_DE", "Leuchtturm", "Möwe")
    small(tmp_path / "theirs", "de_DE", "Haus")
    small(tmp_path / "theirs", "fr", "phare")
    (tmp_path / "theirs" / "hyph_de.dic").write_text("x", "utf-8")
    there = dictionaries([tmp_path / "mine", tmp_path / "theirs", tmp_path / "nowhere"])
    assert sorted(there) == ["de_DE", "fr"]
    assert Dictionary.of("de_DE", there).check(["Möwe", "Haus"]) == {"Möwe": True, "Haus": False}
    with pytest.raises(StudioError, match="not here"):
        Dictionary.of("it_IT", there).check(["faro"])


def test_a_broken_dictionary_is_named(tmp_path: Path) -> None:
    small(tmp_path, "de_DE", "Haus")
    (tmp_path / "de_DE.aff").write_text("SET no-such-encoding\nSFX A Y zwei\n", "utf-8")
    with pytest.raises(StudioError, match="de_DE cannot be read"):
        Dictionary.of("de_DE", dictionaries([tmp_path])).check(["Haus"])


def test_the_language_of_a_text_spells_and_quotes_it_and_is_kept(tmp_path: Path, qtbot: QtBot) -> None:
    desk = place(tmp_path, qtbot)  # noqa: F811
    small(tmp_path / "books", "de_DE", "sie", "sagte", "Möwe", "die")
    desk.host.own_settings = (TextSettings(dictionaries=str(tmp_path / "books")),)
    spelling = desk.panel.spelling
    spelling.on = True
    menu = QMenu(desk.panel)
    spelling.fill_languages(menu)
    titles = {action.text(): action for action in menu.actions()}
    assert "English (British and American)" in titles
    titles[name_of("de_DE")].trigger()
    assert desk.panel.state()["view"]["language"] == "de_DE"
    desk.type('"Die Moewe", sagte sie.')
    assert desk.text() == "„Die Moewe“, sagte sie."
    spelling.look()
    line = desk.text()
    qtbot.waitUntil(lambda: [line[a : a + n] for a, n in spelling.misspelt(line)] == ["Moewe"], timeout=30_000)
    fresh = place(tmp_path / "other", qtbot) if (tmp_path / "other").mkdir() is None else desk
    fresh.panel.restore(desk.panel.state())
    assert fresh.panel.spelling.language == "de_DE"
    menu.deleteLater()


def test_an_answer_in_the_language_before_is_not_taken(tmp_path: Path, qtbot: QtBot) -> None:
    small(tmp_path / "books", "de_DE", "Haus", "Leuchtturm")
    small(tmp_path / "books", "fr", "phare")
    desk = place(tmp_path, qtbot)  # noqa: F811
    desk.host.own_settings = (TextSettings(dictionaries=str(tmp_path / "books")),)
    spelling = desk.panel.spelling
    spelling.on = True
    spelling.use("fr")
    desk.type("Haus phare")
    spelling.look()
    spelling._feeder.wait()  # the answer is on its way
    spelling.use("de_DE")
    line = desk.text()
    qtbot.waitUntil(lambda: [line[a : a + n] for a, n in spelling.misspelt(line)] == ["phare"])


def test_names_of_memory_and_lorebook_are_right(tmp_path: Path, qtbot: QtBot) -> None:
    desk = place(tmp_path, qtbot)  # noqa: F811
    spelling = desk.panel.spelling
    spelling.on = True
    desk.set(memory="Hero: Ysolde, of Zandweer")
    desk.type("Ysolde's boat left Zandweer and Qorl.")
    spelling.look()
    line = desk.text()
    qtbot.waitUntil(lambda: [line[a : a + n] for a, n in spelling.misspelt(line)] == ["Qorl"], timeout=30_000)
    spelling.ignore("Qorl")
    assert list(spelling.misspelt(line)) == []
    assert spelling.own_words() == []


def test_the_own_dictionary_can_be_edited(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    spelling = desk.panel.spelling
    spelling.remember("Qorl")
    shown = []

    def asked(*words: object) -> tuple[str, bool]:
        shown.append(words[-1])
        return "Thrain\n\nBrin \n", True

    monkeypatch.setattr(QInputDialog, "getMultiLineText", asked)
    spelling.edit_words()
    assert shown == ["Qorl"]
    assert spelling.own_words() == ["Brin", "Thrain"]
    assert desk.host.kept["dictionary"] == ["Brin", "Thrain"]


def typed(text: str, quotes: Quotes = ENGLISH_QUOTES) -> str:
    """What stands there once all of it was typed."""
    out = ""
    for letter in text:
        change = better(out.rpartition("\n")[2], letter, quotes)
        count, instead = change or (1, letter)
        out = out[: len(out) - (count - 1)] + instead
    return out


def test_quotes_follow_the_language() -> None:
    said = "\"Don't,\" she said, \"it's 'fine'.\""
    assert typed(said) == "“Don’t,” she said, “it’s ‘fine’.”"
    assert typed("\"Don't,\" she said -- \"it's 'fine'...\"") == "“Don’t,” she said – “it’s ‘fine’…”"
    assert typed(said, quotes_of("de_AT")) == "„Don’t,“ she said, „it’s ‚fine‘.“"
    assert typed('"Oui"', quotes_of("fr")) == "«\u202fOui\u202f»"
    assert typed('"Ja"', quotes_of("sv-SE")) == "”Ja”"


def test_pictures_and_single_letters_are_no_words() -> None:
    assert [word for _, word in words_of("a lamp, I saw")] == ["lamp", "saw"]
    assert list(words_of("![A lmap](x.png)")) == []


def test_a_dictionary_is_never_searched_for_garbage() -> None:
    """A full look over its objects would hold up whoever types, for 0.1 s each time."""
    folder = theme.resources() / "dictionaries"
    looks: list[str] = []

    def looked(phase: str, _info: dict[str, int]) -> None:
        looks.append(phase)

    book = Dictionary.of("en_US", dictionaries([folder]))
    gc.callbacks.append(looked)
    try:
        assert book.check(["harbor"]) == {"harbor": True}
    finally:
        gc.callbacks.remove(looked)
    assert len(looks) < 4, "none while it is read"
    assert gc.isenabled()
    assert gc.get_freeze_count() > 100_000

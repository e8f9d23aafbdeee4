"""The commands of the text panel, for the palette and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .panel import TextPanel


def add_commands(panel: TextPanel) -> None:
    """Put what the panel can do into the palette."""
    add, page, run = panel.host.add_command, panel.page, panel.selection.run
    add("find", "Find and replace", page.open_search, shortcut="Ctrl+F", icon="magnifying-glass")
    views = (("heat", "H"), ("authors", "A"), ("focus", "F"), ("typewriter", "T"), ("split", "S"))
    titles = {
        "heat": "Heat view: how expected each word was",
        "authors": "Authorship view: who wrote what",
        "focus": "Focus mode",
        "typewriter": "Typewriter mode",
        "split": "Split view",
    }
    for name, key in views:
        button = page.buttons[name]
        add(f"view-{name}", titles[name], button.toggle, shortcut=f"Ctrl+Shift+{key}", icon="eye")
    add("outline", "Show or hide the outline", page.outline_button.click, icon="list-dashes")
    add("again", "Another way on (retry)", panel.again.ask, shortcut="Ctrl+R", icon="arrow-clockwise")
    add("to-outline", "Go to the outline", page.enter_outline, shortcut="Ctrl+Shift+L", icon="list-dashes")
    add("ways", "Ways on from here", panel.ways.open_here, shortcut="Ctrl+Shift+W", icon="git-branch")
    add("next-way", "Next way on", lambda: panel.ways.cycle(1), shortcut="Alt+Down", icon="caret-down")
    add("previous-way", "Previous way on", lambda: panel.ways.cycle(-1), shortcut="Alt+Up", icon="caret-up")
    add("rewrite", "Rewrite the selection", lambda: run("rewrite"), shortcut="Ctrl+Shift+R", icon="arrows-clockwise")
    add("expand", "Expand the selection", lambda: run("expand"), icon="arrows-out-line-horizontal")
    add("shorten", "Shorten the selection", lambda: run("shorten"), icon="arrows-in-line-horizontal")
    add("tone", "Change the tone of the selection…", lambda: run("tone"), icon="smiley")
    add("repaint", "Repaint around pinned words…", lambda: run("repaint"), shortcut="Ctrl+Shift+P", icon="push-pin")
    add("to-image", "Send the selection to Image as a prompt", lambda: run("prompt"), icon="image")
    add("check", "Check this text for a watermark", panel.check.ask, icon="fingerprint")
    add("words", "Other words here", lambda: _words(panel), shortcut="Ctrl+Shift+O", icon="list-bullets")
    add("chapter", "New chapter", lambda: panel.add_section("# Chapter"), icon="book-open")
    add("scene", "New scene", lambda: panel.add_section("***"), icon="minus")
    add("split-chapter", "Split the chapter here", lambda: panel.add_section("# Chapter", here=True), icon="scissors")
    add("bring-in", "Bring in a text (Markdown, TXT, DOCX)…", panel.bringing_in.choose, icon="file-arrow-down")
    add("picture", "Put in a picture…", panel.pictures.choose, icon="image")
    add("spelling", "Spelling on or off", lambda: panel.spelling.set_on(not panel.spelling.on), icon="text-aa")
    add("language", "Language of the text…", panel.spelling.show_menu, icon="text-aa")
    add("my-words", "My dictionary…", panel.spelling.edit_words, icon="book-bookmark")
    add("target", "Word targets: the manuscript, each day…", panel.targets.ask, icon="target")


def _words(panel: TextPanel) -> None:
    if not panel.open_token(max(panel.editor.textCursor().position() - 1, 0)):
        panel.host.say("No model wrote this word")

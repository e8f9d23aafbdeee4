"""Conversations and source code: the same page, other keys and other requests."""

from __future__ import annotations

from PySide6.QtCore import Qt

from plugins.text import export, wire
from plugins.text.document_chat import turns
from plugins.text.document_code import coloured
from plugins.text.params import messages
from plugins.text.params_export import PlainOptions
from studio.api import Step
from tests.plugins.text.page_bench import Desk, desk  # noqa: F401 - fixture

K = Qt.Key
LINES = ("\n\n", "    dim()", "\n", "    return", " 1")


def test_a_conversation_goes_turn_by_turn(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("chat")
    assert desk.text() == "### You\n"
    desk.type("Who keeps the lamp?")
    desk.go_on()
    assert desk.request.params["task"] == "chat"
    assert messages(str(desk.request.params["messages"])) == ({"role": "user", "content": "Who keeps the lamp?"},)
    desk.finish("Ida does.\n\nAlone.")
    desk.key(K.Key_Tab)
    assert desk.text() == "### You\nWho keeps the lamp?\n### Model\nIda does.\nAlone.\n### You\n"
    desk.type("Why?")
    desk.go_on()
    assert [turn["role"] for turn in messages(str(desk.request.params["messages"]))] == ["user", "assistant", "user"]
    assert messages(str(desk.request.params["messages"]))[1]["content"] == "Ida does.\n\nAlone."


def test_an_answer_that_is_stopped_is_over_and_what_is_typed_then_is_the_persons(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("chat")
    desk.type("Who keeps the lamp?")
    asked = desk.text()
    desk.go_on()
    desk.key(K.Key_Escape)
    assert desk.text() == asked, "nothing came"
    desk.go_on()
    desk.type("!")
    assert desk.text() == asked + "!"
    desk.go_on()
    desk.look("Ida keeps")
    desk.key(K.Key_Escape)
    desk.type("And why?")
    assert desk.text() == asked + "!\n### Model\nIda keeps\n### You\nAnd why?"
    desk.finish("Ida keeps", cancelled=True)
    desk.panel.show_step(Step(-1, 2, origin=desk.job))
    desk.panel.writing.dismiss()
    assert desk.text().endswith("\nIda keeps\n### You\nAnd why?"), "a look back leaves its heading"
    desk.go_on()
    roles = [turn["role"] for turn in messages(str(desk.request.params["messages"]))]
    assert roles == ["user", "assistant", "user"]


def test_a_conversation_says_who_speaks_quietly(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("chat")
    desk.type("Who keeps the lamp?")
    go = desk.panel.page.go

    def size() -> int:
        last = desk.editor.document().firstBlock().layout().formats()[-1]
        return int(last.format.font().pixelSize())

    assert go.text().startswith("Answer")
    quiet = size()
    assert quiet < desk.editor.page.pixels
    desk.panel.mode.set("prose")
    assert size() > quiet
    assert go.text().startswith("Continue")


def test_what_stands_before_the_first_turn_is_told_to_the_model() -> None:
    told = turns("Answer like a keeper.\n### You\nHello\n### Model\n")
    assert told == [{"role": "system", "content": "Answer like a keeper."}, {"role": "user", "content": "Hello"}]


def test_code_is_sent_as_it_is_and_coloured(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("code", "python")
    desk.type("def lamp(x):")
    desk.key(K.Key_Return)
    desk.key(K.Key_Tab)
    desk.type('return "on"')
    desk.key(K.Key_Return)
    assert desk.text() == 'def lamp(x):\n    return "on"\n    ', "quotes stay straight and lines keep their place"
    desk.type("\nprint(lamp(1))")
    desk.editor.move_to(len('def lamp(x):\n    return "on"\n    '))
    desk.go_on()
    assert desk.request.params["task"] == "fill"
    assert desk.request.params["before"] == 'def lamp(x):\n    return "on"\n    '
    desk.finish("# dark\n\n    pass")
    desk.key(K.Key_Tab)
    assert "    # dark\n\n    pass\n    print(lamp(1))" in desk.text(), "empty lines are kept"
    first = desk.editor.document().firstBlock()
    desk.panel.mode.look()
    desk.qtbot.waitUntil(lambda: bool(first.layout().formats()))
    desk.panel.state()
    assert list(desk.panel.files()) == ["code.py"]


def test_another_word_in_code_leaves_the_lines_before_it_as_they_are(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("code", "python")
    desk.editor.load("def lamp():", [], len("def lamp():"))
    desk.go_on()
    desk.finish([wire.Token(n, word, 0.5, (wire.Choice(n, word, 0.5),)) for n, word in enumerate(LINES)])
    desk.key(K.Key_Tab)
    assert desk.text() == "def lamp():\n\n    dim()\n    return 1"
    desk.panel.page.buttons["heat"].click()
    assert desk.panel.open_token(desk.text().index("1"))
    desk.panel.tokens.chosen.emit(wire.Choice(9, " 2", 0.25))
    assert desk.request.params["prefix"] == "\n\n    dim()\n    return 2"
    desk.finish("\n\n    dim()\n    return 2")
    desk.key(K.Key_Tab)
    assert desk.text() == "def lamp():\n\n    dim()\n    return 2"
    (run,) = [run for run in desk.editor.authors.runs() if run.author == 2]
    assert desk.text()[run.start : run.end] == "2", "what stays keeps its author"


def exported(desk: Desk) -> tuple[str, str, str]:  # noqa: F811
    """The title, the Markdown, and the plain text of what is exported."""
    artifact = desk.host.artifact(desk.panel.export_id())
    assert artifact is not None
    plain = export.txt(artifact.path, None, PlainOptions()).decode()
    return artifact.title, artifact.path.read_text("utf-8"), plain


def test_a_conversation_is_exported_under_its_question(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("chat")
    desk.type("Who keeps the lamp?")
    desk.go_on()
    desk.finish("Ida does.")
    desk.key(K.Key_Tab)
    title, markdown, plain = exported(desk)
    assert title == "Who keeps the lamp?"
    assert markdown.startswith("# Who keeps the lamp?\n\n### You\n\nWho keeps the lamp?\n\n### Model\n\nIda does.")
    assert "Model\n\nIda does." in plain


def test_code_is_exported_line_by_line(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("code", "python")
    code = 'def lamp():\n    # ```\n\n    return "on"'
    desk.editor.load(code, [])
    title, markdown, plain = exported(desk)
    assert title == "Python"
    assert markdown == f"````python\n{code}\n````\n"
    assert plain == f"{code}\n"


def test_a_comment_is_no_chapter_and_the_language_is_named(desk: Desk) -> None:  # noqa: F811
    desk.type("# One")
    desk.panel.sight.look_again()
    assert len(desk.panel.page.outline.sections()) == 1
    desk.panel.mode.set("code", "python")
    desk.panel.sight.look_again()
    assert desk.panel.page.outline.sections() == []
    assert desk.panel.page.kind.text() == "Python"
    assert desk.panel.page.outline.tally.accessibleDescription().startswith("1 word,")
    desk.panel.mode.set("prose")
    desk.panel.sight.look_again()
    assert len(desk.panel.page.outline.sections()) == 1
    assert desk.panel.page.kind.text() == "Prose"


def test_words_of_code_have_their_parts() -> None:
    lines = coloured('x = """a\nb"""  # c\ndef f(): pass', "python")
    assert lines[1][0] == (0, 4, "success"), "a string over two lines is a string in both"
    assert (0, 3, "accent") in lines[2]
    assert any(role == "hint" for _, _, role in lines[1])

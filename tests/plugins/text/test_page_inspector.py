"""What the model is told and how it writes: fields of the inspector end up in the request; what was sent is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt

from plugins.text import lorebook
from tests.plugins.text.page_bench import ALT, Desk, desk  # noqa: F401 - fixture

K = Qt.Key


def test_memory_note_and_lorebook_are_sent(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    desk.qtbot.keyClicks(pane.memory, "Ida never says she is afraid.")
    desk.qtbot.keyClicks(pane.note, "A storm is near.")
    pane.tabs.bar.setCurrentIndex(2)
    desk.qtbot.mouseClick(pane.lore.add_button, Qt.MouseButton.LeftButton)
    for line, words in ((pane.lore.title, "Ida"), (pane.lore.keys, "Ida, the keeper"), (pane.lore.group, "people")):
        desk.qtbot.keyClicks(line, words)
    desk.qtbot.keyClicks(pane.lore.words, "34, keeper's daughter.")
    desk.editor.setFocus()
    desk.type("Ida went up.")
    desk.go_on()
    params = desk.request.params
    assert params["memory"] == "Ida never says she is afraid."
    assert params["note"] == "A storm is near."
    (entry,) = lorebook.from_json(str(params["lore"]))
    assert (entry.name, entry.keys, entry.group) == ("Ida", ("Ida", "the keeper"), "people")
    assert entry.text == "34, keeper's daughter."
    desk.panel.restore(desk.panel.state())
    assert pane.lore.entries()[0].keys == ["Ida", "the keeper"]
    assert pane.memory.text() == "Ida never says she is afraid."


def test_what_will_be_sent_is_shown_and_then_what_was(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    desk.qtbot.keyClicks(pane.memory, "Ida is 34.")
    desk.editor.setFocus()
    desk.type("Ida went up the stair.")
    pane.tabs.bar.setCurrentIndex(3)
    assert pane.context.summary.text().startswith("Would be sent: about")
    shown = pane.context.view.toPlainText()
    assert "Memory" in shown
    assert "Ida is 34." in shown
    assert "Ida went up the stair." in shown
    desk.go_on()
    desk.finish(" And down.")
    pane.context.last.setChecked(True)
    assert pane.context.summary.text().startswith("Sent last: 7 of 2,048 tokens")


def test_presets_set_many_fields_and_are_recognised(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    assert pane.presets.chosen() == "Balanced"
    pane.presets.applied.emit(
        {"temperature": 1.3, "min_p": 0.04, "dry_multiplier": 0.8, "xtc_probability": 0.5, "top_p": 1.0}
    )
    assert pane.presets.chosen() == "Wild"
    desk.type("Ida")
    desk.go_on()
    assert desk.request.params["temperature"] == 1.3
    assert desk.request.params["xtc_probability"] == 0.5
    pane.presets.keep("Storm", {"temperature": 1.3})
    assert desk.host.kept["presets"] == {"Storm": {"temperature": 1.3}}


def test_the_order_of_samplers_is_changed_with_the_keyboard(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    pane.advanced.set_open(True)
    order = pane.samplers.order
    assert order is not None
    pane.samplers.sections["Choosing words"].set_open(True)
    order.list.setCurrentRow(8)
    order.list.setFocus()
    desk.qtbot.keyClick(order.list, K.Key_Up, ALT)
    assert order.value().split()[-2:] == ["temperature", "xtc"]
    desk.editor.setFocus()
    desk.type("Ida")
    desk.go_on()
    assert str(desk.request.params["order"]).split()[-2:] == ["temperature", "xtc"]
    order.reset()
    assert order.value() == ""


def test_a_seed_is_fresh_each_time_unless_locked(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    desk.go_on()
    desk.finish(" went.")
    first = desk.request.seed
    desk.go_on()
    assert desk.request.seed != first
    assert desk.text() == "Ida went.", "going on takes what was on offer"
    desk.finish(" Down.")
    desk.panel.settings_pane.seed.set_locked(True)
    locked = desk.panel.manuscript.seed
    desk.go_on()
    assert desk.request.seed == locked


def test_without_a_model_the_page_says_so(desk: Desk) -> None:  # noqa: F811
    desk.host.usable_models = []
    desk.panel.refresh_models()
    desk.panel.generate()
    assert desk.panel.page.card.isVisible()
    assert desk.host.submitted == []


def test_the_manuscript_is_exported_as_it_is_now(desk: Desk) -> None:  # noqa: F811
    assert not desk.panel.can_export
    desk.type("# One\nWords.")
    assert desk.panel.can_export
    artifact = desk.host.artifact(desk.panel.export_id())
    assert artifact is not None
    assert artifact.title == "One"
    assert artifact.path.read_text("utf-8") == "# One\n\nWords.\n"

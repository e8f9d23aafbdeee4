"""Colours that can be read, sizes that grow, a font that is really there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from studio.widgets import theme
from studio.widgets.stylesheet import stylesheet

THEMES = [theme.DARK, theme.LIGHT]
GROUNDS = ("window", "surface", "field", "hover", "canvas")


def test_contrast_is_the_ratio_of_wcag() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tokens", THEMES, ids=lambda tokens: tokens.name)
@pytest.mark.parametrize("voice", ["text", "muted"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_what_must_be_read_can_be_read(tokens: theme.Tokens, voice: str, ground: str) -> None:
    assert theme.contrast(getattr(tokens, voice), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", THEMES, ids=lambda tokens: tokens.name)
@pytest.mark.parametrize(
    ("voice", "ground"),
    [
        ("on_accent", "accent"),
        ("on_accent", "accent_hover"),
        ("text", "wash"),
        ("text", "danger_wash"),
        ("muted", "danger_wash"),
        ("danger", "surface"),
        ("danger", "window"),
        ("danger", "danger_wash"),
        ("warning", "surface"),
        ("success", "surface"),
        ("accent", "surface"),
    ],
)
def test_colours_with_a_meaning_can_be_read(tokens: theme.Tokens, voice: str, ground: str) -> None:
    assert theme.contrast(getattr(tokens, voice), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", THEMES, ids=lambda tokens: tokens.name)
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_focus_ring_stands_out(tokens: theme.Tokens, ground: str) -> None:
    assert theme.contrast(tokens.accent, getattr(tokens, ground)) >= 3


def test_greys_of_the_dark_theme_are_neutral_enough_to_judge_pictures() -> None:
    for tokens in THEMES:
        for ground in ("window", "surface", "canvas"):
            color = tokens.color(ground)
            channels = (color.red(), color.green(), color.blue())
            assert max(channels) - min(channels) <= 2


def test_the_light_theme_is_no_inversion() -> None:
    inverted = {f"#{0xFFFFFF - int(getattr(theme.DARK, name)[1:], 16):06x}" for name in GROUNDS}
    assert not inverted & {getattr(theme.LIGHT, name) for name in GROUNDS}


def test_drawings_use_only_colours_of_their_theme_and_both_themes_have_all() -> None:
    icons = theme.resources() / "icons"
    names = [{path.name for path in (icons / tokens.name).glob("*.svg")} for tokens in THEMES]
    assert names[0] == names[1]
    for tokens in THEMES:
        for name in re.findall(r'url\("([^"]+)"\)', stylesheet(tokens, icons / tokens.name)):
            assert name.startswith((icons / tokens.name).as_posix())
            assert (icons / tokens.name / name.rsplit("/", 1)[1]).is_file()
        for caret in (icons / tokens.name).glob("caret-*.svg"):
            assert set(re.findall(r"#[0-9a-f]{6}", caret.read_text())) <= {tokens.muted, tokens.hint}


def test_apply_dresses_the_application_and_may_be_repeated(qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    assert theme.tokens().name == "light"
    assert qapp.palette().color(QPalette.ColorRole.Window) == theme.LIGHT.color("surface")
    assert theme.LIGHT.accent in qapp.styleSheet()
    theme.apply(qapp, "dark")
    assert theme.tokens() == theme.DARK
    assert theme.LIGHT.accent not in qapp.styleSheet()


def test_with_system_the_theme_follows_the_desktop(qapp: QApplication) -> None:
    theme.apply(qapp, "system")
    hints = QGuiApplication.styleHints()
    wanted = "light" if hints.colorScheme() == Qt.ColorScheme.Light else "dark"
    assert theme.tokens().name == wanted
    qapp.setProperty("studio_theme", "light")
    hints.colorSchemeChanged.emit(hints.colorScheme())
    assert theme.tokens().name == wanted


def test_a_chosen_theme_stays_when_the_desktop_changes(qapp: QApplication) -> None:
    theme.apply(qapp, "system")
    theme.apply(qapp, "light")
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.tokens().name == "light"


def test_inter_is_bundled_in_three_weights_with_its_licence(qapp: QApplication) -> None:
    folder = theme.resources() / "fonts"
    assert "SIL OPEN FONT LICENSE" in (folder / "OFL.txt").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 1_500_000
    assert {"Regular", "Medium"} <= set(QFontDatabase.styles("Inter"))
    info = QFontInfo(theme.font(13))
    assert info.family().startswith("Inter")
    assert QFontInfo(theme.font(13, weight=QFont.Weight.DemiBold)).weight() >= QFont.Weight.DemiBold


def test_digits_have_one_width_where_numbers_stand_below_each_other(qapp: QApplication) -> None:
    from PySide6.QtGui import QFontMetricsF

    proportional, tabular = QFontMetricsF(theme.font(26)), QFontMetricsF(theme.font(26, tabular=True))
    assert proportional.horizontalAdvance("1111") < proportional.horizontalAdvance("8888")
    assert tabular.horizontalAdvance("1111") == pytest.approx(tabular.horizontalAdvance("8888"))


def test_all_sizes_follow_the_base(qapp: QApplication) -> None:
    assert (theme.DARK.body, theme.DARK.label, theme.DARK.small) == (13, 12, 11)
    theme.apply(qapp, "dark", base=26)
    now = theme.tokens()
    assert (now.body, now.label, now.small, now.px(8)) == (26, 24, 22, 16)
    assert qapp.font().pixelSize() == 26


def test_a_base_out_of_reason_is_bounded(qapp: QApplication) -> None:
    theme.apply(qapp, "dark", base=500)
    assert theme.tokens().body == 40
    theme.apply(qapp, "dark", base=1)
    assert theme.tokens().body == 9


def test_labels_grow_with_the_text_size(qapp: QApplication, qtbot) -> None:
    label = QLabel("A hint")
    theme.tone(label, "hint")
    qtbot.addWidget(label)
    label.show()
    small = label.sizeHint().height()
    theme.apply(qapp, "dark", base=26)
    assert label.sizeHint().height() >= 1.8 * small


def test_a_focused_button_looks_different(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    button, other = QPushButton("One", window), QPushButton("Two", window)
    other.move(0, 60)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    other.setFocus()
    before = button.grab().toImage()
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    after = button.grab().toImage()
    accent = theme.DARK.color("accent")
    assert before != after
    assert any(after.pixelColor(x, 0) == accent for x in range(after.width() // 3, after.width() // 2))


def test_nothing_moves_where_nobody_wants_it(qapp: QApplication) -> None:
    theme.apply(qapp, "dark", motion="off")
    assert theme.motion(120) == 0
    theme.apply(qapp, "dark", motion="on")
    assert theme.motion(120) == 120
    assert theme.motion(900) == 150


def test_with_system_motion_follows_the_desktop(qapp: QApplication) -> None:
    effect = Qt.UIEffect.UI_General
    before = QApplication.isEffectEnabled(effect)
    theme.apply(qapp, "dark", motion="system")
    try:
        QApplication.setEffectEnabled(effect, False)
        assert theme.motion(120) == 0
        QApplication.setEffectEnabled(effect, True)
        assert theme.motion(120) == (120 if QApplication.isEffectEnabled(effect) else 0)
    finally:
        QApplication.setEffectEnabled(effect, before)


def test_importing_the_widgets_loads_nothing_heavy() -> None:
    code = (
        "import sys, studio.widgets.generic, studio.widgets.gallery;"
        "heavy = {'torch', 'diffusers', 'transformers', 'numpy', 'PIL', 'qtawesome', 'superqt', 'pyqtgraph',"
        " 'studio.engine', 'studio.store', 'studio.inference'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"

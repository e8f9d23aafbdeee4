"""The few rules that only the shell needs, written from the tokens of the theme; the rest is studio.widgets."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QWidget

from studio.widgets import theme
from studio.widgets.theme import Tokens


def dress(parts: Iterable[QWidget]) -> None:
    """Put the rules of the present theme on the few parts they are for.

    On the window itself every widget inside would be polished by two sheets.
    """
    new = sheet(theme.tokens())
    for part in parts:
        if part.styleSheet() != new:
            part.setStyleSheet(new)


def sheet(t: Tokens) -> str:
    """A stylesheet for the bars, the palette and the veil of the main window; each names its own parts."""
    return f"""
#topBar {{ background: {t.surface}; border-bottom: 1px solid {t.line}; }}
#projectButton {{
    background: transparent; border: 1px solid transparent; font-weight: 600; padding: {t.px(5)}px {t.px(8)}px;
}}
#projectButton:hover {{ background: {t.hover}; }}
#projectButton:focus {{ border: 2px solid {t.accent}; padding: {t.px(5) - 1}px {t.px(8) - 1}px; }}
#paletteField {{ background: {t.field}; border: 1px solid {t.line}; border-radius: {t.px(7)}px; padding: 0; }}
#paletteField:hover {{ background: {t.hover}; }}
#paletteField:focus {{ border: 2px solid {t.accent}; padding: 0; }}

#railBar {{ background: {t.surface}; border: none; border-right: 1px solid {t.line}; padding: 0; spacing: 0; }}
#rail {{ background: transparent; }}
#railButton {{
    background: transparent; color: {t.muted}; border: 2px solid transparent; border-radius: {t.px(8)}px;
    font-size: {t.small}px; font-weight: 500; padding: {t.px(5)}px 0 {t.px(4)}px 0; min-height: 0;
}}
#railButton:hover {{ background: {t.field}; color: {t.text}; }}
#railButton:checked {{ background: {t.hover}; color: {t.text}; }}
#railButton:focus {{ border: 2px solid {t.accent}; }}

#statusBar {{ background: {t.surface}; border-top: 1px solid {t.line}; }}
#statusCancel, #statusPause {{ padding: {t.px(2)}px {t.px(10)}px; min-height: 0; }}
#statusCancel:focus, #statusPause:focus {{ padding: {t.px(2) - 1}px {t.px(10) - 1}px; }}

#palette {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: {t.px(10)}px; }}
#paletteInput, #paletteInput:focus {{
    background: transparent; border: none; border-bottom: 1px solid {t.line}; border-radius: 0;
    padding: {t.px(10)}px {t.px(16)}px; font-size: {t.px(14)}px;
}}
#paletteList {{ background: transparent; border: none; }}
#paletteNothing {{ color: {t.muted}; padding: {t.px(8)}px {t.px(16)}px; }}
#dropVeil {{ background: {t.wash}; border: 2px dashed {t.accent}; border-radius: {t.px(12)}px; }}
"""

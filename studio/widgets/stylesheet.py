"""The Qt stylesheet, written from the tokens of a theme.

Variants are dynamic properties: a button's `kind` (primary, quiet, icon, danger), a label's `tone` (title, heading,
label, hint, error), a frame's `card`. Everything else follows from the class of the widget.
"""

from __future__ import annotations

from pathlib import Path

from studio.widgets.theme import Tokens


def stylesheet(t: Tokens, icons: Path) -> str:
    """The whole stylesheet for `t`; `icons` is the folder with the theme's indicator drawings."""
    parts = (_base(t), _buttons(t), _fields(t, icons), _ranges(t), _lists(t, icons), _chrome(t, icons), _cards(t))
    return "\n".join(parts)


def _url(folder: Path, name: str) -> str:
    return f'url("{(folder / name).as_posix()}")'


def _base(t: Tokens) -> str:
    return f"""
QWidget {{ color: {t.text}; }}
QMainWindow, QDialog, QMessageBox {{ background: {t.surface}; }}
QMainWindow {{ background: {t.window}; }}
QLabel {{ background: transparent; }}
QLabel:disabled {{ color: {t.hint}; }}
QLabel[tone="title"] {{ font-size: {t.title}px; font-weight: 600; }}
QLabel[tone="heading"] {{ font-weight: 600; }}
QLabel[tone="label"] {{ font-size: {t.label}px; color: {t.muted}; }}
QLabel[tone="hint"] {{ font-size: {t.small}px; color: {t.hint}; }}
QLabel[tone="muted"] {{ color: {t.muted}; }}
QLabel[tone="error"] {{ font-size: {t.label}px; color: {t.danger}; }}
QFrame[frameShape="4"], QFrame[frameShape="5"] {{ color: {t.line}; background: {t.line}; border: none; }}
QFrame[frameShape="4"] {{ max-height: 1px; }}
QFrame[frameShape="5"] {{ max-width: 1px; }}
QToolTip {{
    color: {t.text}; background: {t.hover}; border: 1px solid {t.line};
    padding: {t.px(5)}px {t.px(8)}px; font-size: {t.label}px;
}}
"""


def _buttons(t: Tokens) -> str:
    return f"""
QPushButton, QToolButton {{
    background: {t.field}; color: {t.text}; border: 1px solid {t.line}; border-radius: {t.px(8)}px;
    padding: {t.px(6)}px {t.px(12)}px; min-height: {t.px(18)}px;
}}
QPushButton:hover, QToolButton:hover {{ background: {t.hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {t.line}; }}
QPushButton:checked, QToolButton:checked {{ background: {t.wash}; border-color: {t.accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {t.accent};
    padding: {t.px(6) - 1}px {t.px(12) - 1}px; outline: none; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.hint}; background: {t.surface}; border-color: {t.line}; }}
QPushButton::menu-indicator, QToolButton::menu-indicator {{ image: none; width: 0; }}

*[kind="primary"] {{
    background: {t.accent}; color: {t.on_accent}; border: 1px solid {t.accent}; font-weight: 600;
    padding: {t.px(7)}px {t.px(16)}px;
}}
*[kind="primary"]:hover {{ background: {t.accent_hover}; border-color: {t.accent_hover}; }}
*[kind="primary"]:pressed {{ background: {t.accent}; }}
*[kind="primary"]:focus {{ border: 2px solid {t.text}; padding: {t.px(7) - 1}px {t.px(16) - 1}px; }}
*[kind="primary"]:disabled {{ background: {t.hover}; border-color: {t.hover}; color: {t.hint}; }}

*[kind="danger"] {{ color: {t.danger}; }}
*[kind="danger"]:hover {{ background: {t.danger_wash}; }}

*[kind="quiet"] {{ background: transparent; border: 1px solid transparent; color: {t.muted}; }}
*[kind="quiet"]:hover {{ background: {t.hover}; color: {t.text}; }}
*[kind="quiet"]:pressed {{ background: {t.line}; }}
*[kind="quiet"]:checked {{ background: {t.hover}; color: {t.text}; border-color: transparent; }}
*[kind="quiet"]:focus {{ border: 2px solid {t.accent}; color: {t.text}; }}
*[kind="quiet"]:disabled {{ background: transparent; border-color: transparent; color: {t.hint}; }}

*[kind="icon"] {{
    background: transparent; border: 1px solid transparent; border-radius: {t.px(6)}px;
    padding: {t.px(5)}px; min-height: 0; min-width: 0;
}}
*[kind="icon"]:hover {{ background: {t.hover}; }}
*[kind="icon"]:pressed {{ background: {t.line}; }}
*[kind="icon"]:checked {{ background: {t.wash}; border-color: transparent; }}
*[kind="icon"]:focus {{ border: 2px solid {t.accent}; padding: {t.px(5) - 1}px; }}
*[kind="icon"]:disabled {{ background: transparent; border-color: transparent; }}

*[kind="boxed"] {{
    background: {t.field}; border: 1px solid {t.line}; border-radius: {t.px(6)}px;
    padding: {t.px(5)}px; min-height: 0; min-width: 0;
}}
*[kind="boxed"]:hover {{ background: {t.hover}; }}
*[kind="boxed"]:pressed {{ background: {t.line}; }}
*[kind="boxed"]:checked {{ background: {t.wash}; border-color: {t.accent}; }}
*[kind="boxed"]:focus {{ border: 2px solid {t.accent}; padding: {t.px(5) - 1}px; }}
*[kind="boxed"]:disabled {{ background: {t.surface}; }}

*[kind="tiny"] {{
    background: transparent; border: 1px solid transparent; border-radius: {t.px(4)}px; padding: 0;
    min-height: 0; min-width: 0;
}}
*[kind="tiny"]:hover {{ background: {t.hover}; }}
*[kind="tiny"]:focus {{ border: 2px solid {t.accent}; }}

*[kind="fold"] {{
    background: transparent; border: 1px solid transparent; border-radius: {t.px(6)}px; color: {t.muted};
    font-size: {t.label}px; padding: {t.px(4)}px 0; text-align: left; min-height: {t.px(16)}px;
}}
*[kind="fold"]:checked {{ background: transparent; border-color: transparent; }}
*[kind="fold"]:hover {{ color: {t.text}; }}
*[kind="fold"]:focus {{ border-bottom: 2px solid {t.accent}; border-radius: 0; color: {t.text}; }}
"""


def _fields(t: Tokens, icons: Path) -> str:
    return f"""
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit {{
    background: {t.field}; color: {t.text}; border: 1px solid {t.line}; border-radius: {t.px(6)}px;
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; placeholder-text-color: {t.muted};
}}
QLineEdit, QAbstractSpinBox, QComboBox {{ padding: {t.px(5)}px {t.px(9)}px; min-height: {t.px(18)}px; }}
QPlainTextEdit, QTextEdit {{ padding: {t.px(4)}px {t.px(6)}px; }}
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover {{ border-color: {t.track}; background: {t.field}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QComboBox:on {{
    border: 2px solid {t.accent}; padding: {t.px(5) - 1}px {t.px(9) - 1}px;
}}
QPlainTextEdit:focus, QTextEdit:focus {{
    border: 2px solid {t.accent}; padding: {t.px(4) - 1}px {t.px(6) - 1}px;
}}
*[wrong="true"] {{ border-color: {t.danger}; }}
*[wrong="true"]:focus {{ border-color: {t.danger}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled, QPlainTextEdit:disabled, QTextEdit:disabled {{
    color: {t.hint}; background: {t.surface};
}}
QLineEdit:read-only {{ color: {t.muted}; }}
QAbstractSpinBox, QAbstractSpinBox:focus {{ padding-left: 0; padding-right: 0; }}
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus {{
    background: transparent; border: none; padding: 0; min-height: 0;
}}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; height: 0; border: none; }}
*[bare="true"], *[bare="true"]:focus {{ background: transparent; border: none; padding: 0; }}

QComboBox {{ padding-right: {t.px(26)}px; }}
QComboBox:focus, QComboBox:on {{ padding-right: {t.px(26) - 1}px; }}
QComboBox::drop-down {{ border: none; width: {t.px(26)}px; background: transparent; }}
QComboBox::down-arrow {{ image: {_url(icons, "caret-down.svg")}; width: {t.px(14)}px; height: {t.px(14)}px; }}
QComboBox::down-arrow:disabled {{ image: {_url(icons, "caret-down-disabled.svg")}; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox QAbstractItemView {{
    background: {t.surface}; border: 1px solid {t.line}; border-radius: 0; padding: {t.px(4)}px; outline: none;
}}
QComboBox QAbstractItemView::item {{ min-height: {t.px(28)}px; padding: 0 {t.px(8)}px; border-radius: {t.px(5)}px; }}
QComboBox QAbstractItemView::item:selected, QComboBox QAbstractItemView::item:hover {{
    background: {t.hover}; color: {t.text};
}}

QCheckBox, QRadioButton {{ spacing: {t.px(8)}px; background: transparent; padding: {t.px(3)}px 0;
    border: 2px solid transparent; border-radius: {t.px(6)}px; }}
QCheckBox:focus, QRadioButton:focus {{ border-color: {t.accent}; outline: none; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {t.hint}; }}
QCheckBox::indicator {{ width: {t.px(32)}px; height: {t.px(18)}px; image: {_url(icons, "switch.svg")}; }}
QCheckBox::indicator:checked {{ image: {_url(icons, "switch-on.svg")}; }}
QCheckBox::indicator:disabled {{ image: {_url(icons, "switch-disabled.svg")}; }}
QCheckBox::indicator:checked:disabled {{ image: {_url(icons, "switch-on-disabled.svg")}; }}
QRadioButton::indicator {{ width: {t.px(16)}px; height: {t.px(16)}px; image: {_url(icons, "radio.svg")}; }}
QRadioButton::indicator:checked {{ image: {_url(icons, "radio-on.svg")}; }}
"""


def _ranges(t: Tokens) -> str:
    knob, track = t.px(14), t.px(4)
    shift = -((knob - track) // 2)
    return f"""
QSlider {{ background: transparent; border: 2px solid transparent; border-radius: {t.px(6)}px; }}
QSlider:focus {{ border-color: {t.accent}; }}
QSlider:horizontal {{ min-height: {knob + t.px(4)}px; }}
QSlider::groove:horizontal {{ height: {track}px; background: {t.track}; border-radius: {track // 2}px; }}
QSlider::sub-page:horizontal {{ height: {track}px; background: {t.accent}; border-radius: {track // 2}px; }}
QSlider::handle:horizontal {{
    width: {knob}px; height: {knob}px; margin: {shift}px 0; border-radius: {knob // 2}px;
    background: {"#ececee" if t.name == "dark" else t.accent};
}}
QSlider::handle:horizontal:hover {{ background: {"#ffffff" if t.name == "dark" else t.accent_hover}; }}
QSlider::groove:vertical {{ width: {track}px; background: {t.track}; border-radius: {track // 2}px; }}
QSlider::add-page:vertical {{ width: {track}px; background: {t.accent}; border-radius: {track // 2}px; }}
QSlider::handle:vertical {{
    width: {knob}px; height: {knob}px; margin: 0 {shift}px; border-radius: {knob // 2}px;
    background: {"#ececee" if t.name == "dark" else t.accent};
}}
QSlider::sub-page:horizontal:disabled, QSlider::handle:disabled {{ background: {t.hint}; }}

QProgressBar {{
    background: {t.track}; border: none; border-radius: {t.px(2)}px; min-height: {t.px(4)}px;
    max-height: {t.px(4)}px; color: transparent; text-align: center;
}}
QProgressBar::chunk {{ background: {t.accent}; border-radius: {t.px(2)}px; }}

QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: {t.px(10)}px; }}
QScrollBar:horizontal {{ height: {t.px(10)}px; }}
QScrollBar::handle {{ background: {t.track}; border-radius: {t.px(3)}px; margin: {t.px(2)}px; }}
QScrollBar::handle:vertical {{ min-height: {t.px(28)}px; }}
QScrollBar::handle:horizontal {{ min-width: {t.px(28)}px; }}
QScrollBar::handle:hover {{ background: {t.hint}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; border: none; background: none; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
"""


def _lists(t: Tokens, icons: Path) -> str:
    return f"""
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QListView, QTreeView, QTableView, QColumnView {{
    background: transparent; border: none; outline: none; color: {t.text};
    selection-background-color: {t.hover}; selection-color: {t.text}; alternate-background-color: {t.surface};
}}
QListView::item, QTreeView::item, QTableView::item {{ padding: {t.px(5)}px {t.px(8)}px; border-radius: {t.px(6)}px; }}
QListView::item:hover, QTreeView::item:hover {{ background: {t.field}; }}
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected {{
    background: {t.hover}; color: {t.text};
}}
QListView:focus, QTreeView:focus, QTableView:focus {{ border: none; }}
QListView::item:selected:focus, QTreeView::item:selected:focus {{
    border: 2px solid {t.accent}; padding: {t.px(5) - 2}px {t.px(8) - 2}px;
}}
QComboBox QAbstractItemView, QComboBox QAbstractItemView:focus {{ border: 1px solid {t.line}; }}
QComboBox QAbstractItemView::item, QComboBox QAbstractItemView::item:selected:focus {{
    border: none; padding: 0 {t.px(8)}px;
}}
QListView::indicator {{
    width: {t.px(14)}px; height: {t.px(14)}px; border: 1px solid {t.hint}; border-radius: {t.px(4)}px;
    background: {t.field};
}}
QListView::indicator:checked {{ image: {_url(icons, "check.svg")}; background: {t.wash}; border-color: {t.accent}; }}
QListView::indicator:disabled {{ border-color: transparent; background: transparent; }}
QTreeView::branch {{ background: transparent; }}
QTreeView::branch:has-children:closed {{ image: {_url(icons, "caret-right.svg")}; }}
QTreeView::branch:has-children:open {{ image: {_url(icons, "caret-down.svg")}; }}
QHeaderView, QHeaderView::section {{
    background: transparent; border: none; border-bottom: 1px solid {t.line}; color: {t.muted};
    padding: {t.px(5)}px {t.px(8)}px; font-size: {t.label}px;
}}
QHeaderView {{ padding: 0; }}
QTableView {{ gridline-color: {t.line}; }}
QTableCornerButton::section {{ background: transparent; border: none; }}

QMenu {{ background: {t.surface}; border: 1px solid {t.line}; padding: {t.px(4)}px; }}
QMenu::item {{
    padding: {t.px(6)}px {t.px(24)}px {t.px(6)}px {t.px(12)}px; border-radius: {t.px(5)}px; background: transparent;
}}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::item:disabled {{ color: {t.hint}; }}
QMenu::icon {{ padding-left: {t.px(8)}px; }}
QMenu::indicator {{ width: {t.px(14)}px; height: {t.px(14)}px; padding-left: {t.px(6)}px; }}
QMenu::indicator:checked {{ image: {_url(icons, "check.svg")}; }}
QMenu::right-arrow {{ image: {_url(icons, "caret-right.svg")}; width: {t.px(14)}px; height: {t.px(14)}px; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: {t.px(4)}px {t.px(8)}px; }}
QMenuBar {{ background: {t.surface}; }}
QMenuBar::item {{ padding: {t.px(5)}px {t.px(10)}px; background: transparent; border-radius: {t.px(5)}px; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
"""


def _chrome(t: Tokens, icons: Path) -> str:
    return f"""
QTabWidget::pane {{ border: none; border-top: 1px solid {t.line}; }}
QTabBar {{ background: transparent; qproperty-drawBase: 0; }}
QTabBar::tab {{
    background: transparent; color: {t.muted}; border: none; border-bottom: 2px solid transparent;
    padding: {t.px(7)}px {t.px(12)}px; margin-right: {t.px(4)}px;
}}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
QTabBar::tab:focus {{ background: {t.hover}; border-radius: {t.px(6)}px; }}
QTabBar::close-button {{ image: {_url(icons, "close.svg")}; }}

QDockWidget {{
    color: {t.muted}; font-size: {t.label}px; border: none;
    titlebar-close-icon: {_url(icons, "close.svg")}; titlebar-normal-icon: {_url(icons, "float.svg")};
}}
QDockWidget::title {{
    background: {t.surface}; padding: {t.px(8)}px {t.px(12)}px; text-align: left; border: none;
}}
QDockWidget::close-button, QDockWidget::float-button {{
    background: transparent; border: none; border-radius: {t.px(4)}px; padding: {t.px(2)}px;
}}
QDockWidget::close-button:hover, QDockWidget::float-button:hover {{ background: {t.hover}; }}
QMainWindow::separator {{ background: {t.line}; width: 1px; height: 1px; }}
QMainWindow::separator:hover {{ background: {t.accent}; }}
QSplitter::handle {{ background: {t.line}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QToolBar {{ background: {t.surface}; border: none; spacing: {t.px(4)}px; padding: {t.px(4)}px; }}
QStatusBar {{ background: {t.surface}; color: {t.muted}; font-size: {t.label}px; border: none; }}
QStatusBar::item {{ border: none; }}
QGroupBox {{
    border: none; margin-top: {t.px(22)}px; padding: 0; font-size: {t.label}px; color: {t.muted};
}}
QGroupBox::title {{ subcontrol-origin: margin; subcontrol-position: top left; padding: 0; color: {t.muted}; }}
QSizeGrip {{ image: none; width: 0; height: 0; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QMessageBox {{
    messagebox-warning-icon: {_url(icons, "message-warning.svg")};
    messagebox-critical-icon: {_url(icons, "message-critical.svg")};
    messagebox-information-icon: {_url(icons, "message-information.svg")};
    messagebox-question-icon: {_url(icons, "message-question.svg")};
}}
QRubberBand {{ background: {t.wash}; border: 1px solid {t.accent}; }}
"""


def _cards(t: Tokens) -> str:
    return f"""
QFrame[card="plain"] {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: {t.px(10)}px; }}
QFrame[card="field"] {{ background: {t.field}; border: 1px solid {t.line}; border-radius: {t.px(10)}px; }}
QFrame[card="field"][lit="true"] {{ border: 1px solid {t.accent}; }}
QFrame[card="error"] {{ background: {t.danger_wash}; border: none; border-radius: {t.px(10)}px; }}
QFrame[card="error"] QLabel[tone="muted"] {{ color: {t.text}; }}
QFrame[card="error"] QPlainTextEdit {{ background: {t.surface}; border: none; }}
QWidget[surface="window"] {{ background: {t.window}; }}
QWidget[surface="surface"] {{ background: {t.surface}; }}
QWidget[surface="canvas"] {{ background: {t.canvas}; }}
"""

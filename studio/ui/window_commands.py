"""The window's own commands, in one list: what they are called, their keys and what they do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from studio.ui.commands import ANY_PANEL, Command

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow

SIDES_KEY = "Tab"
CANCEL_KEY = "Esc"


def add_commands(window: MainWindow) -> None:
    """Put every command of the window into its registry."""
    for command in (*_work(window), *_steps(window), *_project(window), *_view(window), *_look(window), *_help(window)):
        window.commands.add(command)


def _work(window: MainWindow) -> list[Command]:
    actions = window.acts
    group = "Work"
    undo = window.panels.undo
    return [
        Command(
            "job.generate",
            "Generate",
            actions.generate,
            ("Ctrl+Return", "Ctrl+Enter"),
            "sparkle",
            group,
            "make run start",
            ANY_PANEL,
        ),
        Command(
            "job.cancel",
            "Cancel the running job",
            actions.cancel,
            (CANCEL_KEY,),
            "stop",
            group,
            "stop abort",
            enabled=actions.is_working,
            bound=False,
        ),
        Command(
            "edit.undo",
            "Undo",
            undo.undo,
            ("Ctrl+Z",),
            "arrow-u-up-left",
            group,
            "back",
            ANY_PANEL,
            enabled=undo.canUndo,
        ),
        Command(
            "edit.redo",
            "Redo",
            undo.redo,
            ("Ctrl+Shift+Z", "Ctrl+Y"),
            "arrow-u-up-right",
            group,
            "again",
            ANY_PANEL,
            enabled=undo.canRedo,
        ),
        Command("edit.copy", "Copy the result", actions.copy, ("Ctrl+C",), "copy", group, "clipboard", ANY_PANEL),
        Command(
            "export",
            "Export…",
            actions.export_front,
            ("Ctrl+E",),
            "export",
            group,
            "save as file png jpeg",
            ANY_PANEL,
            enabled=actions.can_export,
        ),
    ]


def _steps(window: MainWindow) -> list[Command]:
    actions = window.acts
    group = "Work"
    return [
        Command(
            "ribbon.branch",
            "Branch from here",
            window.ribbon.ribbon.ask_branch,
            ("Ctrl+B",),
            "git-branch",
            group,
            "continue from this step",
            ANY_PANEL,
            enabled=window.ribbon.ribbon.may_branch,
        ),
        Command(
            "job.pause",
            "Pause or continue",
            window.rest.pause,
            ("Ctrl+P",),
            "pause",
            group,
            "resume go on",
            enabled=window.rest.possible,
        ),
        Command(
            "job.sheet",
            "Contact sheet…",
            window.sheets.open,
            ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
            "squares-four",
            group,
            "many seeds try variations grid",
            ANY_PANEL,
            enabled=window.sheets.possible,
        ),
        Command(
            "result.verify",
            "Verify the result",
            actions.verify_front,
            (),
            "check-circle",
            group,
            "make again identical same reproduce",
            ANY_PANEL,
            enabled=actions.has_result,
        ),
    ]


def _project(window: MainWindow) -> list[Command]:
    actions = window.acts
    group = "Project"
    return [
        Command("project.new", "New project…", actions.new_project, ("Ctrl+N",), "folder-plus", group, "create"),
        Command("project.open", "Open project…", actions.open_project, ("Ctrl+O",), "folder-open", group, "load"),
        Command("project.save", "Save now", actions.save_now, ("Ctrl+S",), "floppy-disk", group),
        Command(
            "project.import",
            "Bring in files…",
            actions.choose_files,
            ("Ctrl+I",),
            "download-simple",
            group,
            "import drop",
        ),
        Command("project.folder", "Show the project's folder", actions.show_folder, (), "folder", group, "files disk"),
    ]


def _view(window: MainWindow) -> list[Command]:
    actions = window.acts
    group = "Window"
    return [
        Command("view.palette", "Search or run a command", window.palette_box.open, ("Ctrl+K",), "command", group),
        Command(
            "view.sides",
            "Show or hide the side panels",
            actions.toggle_sides,
            (SIDES_KEY,),
            "layout",
            group,
            "full canvas",
            ANY_PANEL,
            bound=False,
        ),
        Command(
            "view.inspector",
            "Show or hide the inspector",
            lambda: window.inspector.want(not window.inspector.wanted),
            ("Ctrl+Alt+I",),
            "sliders-horizontal",
            group,
            "parameters right",
            ANY_PANEL,
        ),
        Command(
            "view.ribbon",
            "Show or hide the ribbon",
            lambda: window.ribbon.want(not window.ribbon.wanted),
            ("Ctrl+Alt+R",),
            "film-strip",
            group,
            "steps bottom",
            ANY_PANEL,
        ),
        Command("view.full", "Full screen", actions.toggle_full_screen, ("F11",), "corners-out", group),
        Command(
            "view.next", "Next part of the window", lambda: actions.next_part(1), ("F6",), "arrow-right", group, "focus"
        ),
        Command(
            "view.previous",
            "Previous part of the window",
            lambda: actions.next_part(-1),
            ("Shift+F6",),
            "arrow-left",
            group,
            "focus",
        ),
        Command(
            "window.settings",
            "Settings…",
            lambda: window.show_place("settings"),
            ("Ctrl+,",),
            "gear-six",
            group,
            "preferences options",
        ),
        Command("window.quit", "Quit", window.close, ("Ctrl+Q",), "sign-out", group, "exit close"),
    ]


def _look(window: MainWindow) -> list[Command]:
    actions = window.acts
    group = "Window"
    return [
        Command(
            "view.theme",
            "Theme: dark or light",
            actions.toggle_theme,
            (),
            "moon",
            group,
            "change colours mode night day",
        ),
        Command(
            "view.larger", "Larger text", lambda: actions.change_text(1), ("Ctrl+Alt+=",), "text-aa", group, "font size"
        ),
        Command(
            "view.smaller",
            "Smaller text",
            lambda: actions.change_text(-1),
            ("Ctrl+Alt+-",),
            "text-aa",
            group,
            "font size",
        ),
    ]


def _help(window: MainWindow) -> list[Command]:
    actions = window.acts
    group = "Help"
    return [
        Command("help.shortcuts", "Keyboard shortcuts", actions.show_shortcuts, ("F1", "?"), "keyboard", group, "keys"),
        Command("help.log", "Show the log's folder", actions.show_log, (), "file-text", group, "bug report"),
        Command("help.about", "About Studio", actions.show_about, (), "info", group, "version licence"),
    ]


def add_places(window: MainWindow) -> None:
    """A command for each place on the rail; the first nine answer to Alt+1 … Alt+9."""
    for number, place in enumerate(window.rail.places(), start=1):
        window.commands.add(
            Command(
                f"go.{place.id}",
                place.title,
                partial(window.show_place, place.id),
                (f"Alt+{number}",) if number <= 9 else (),
                place.icon,
                "Places",
                "go show page" if place.page else "go show panel",
            )
        )

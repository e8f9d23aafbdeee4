"""The export dialog: format, options, place and name, with size and look before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core.artifact import Artifact
from studio.core.errors import Problem, StudioError
from studio.core.media import kind
from studio.core.params import ParamSpec, salvage
from studio.ui import export_names, export_shared
from studio.ui.export_work import Encoded, Wish, encode, fitting, naming, say_exported, write
from studio.ui.picture_choice import choose_picture
from studio.ui.progress import in_bytes
from studio.ui.services import Services
from studio.widgets import icons, theme
from studio.widgets.controls import Button
from studio.widgets.errors import ErrorCard
from studio.widgets.feeder import Feeder
from studio.widgets.fields import PathField, TextField
from studio.widgets.form import ParamForm
from studio.widgets.text import ElidedLabel, Label

PREVIEW = 260
_SMOOTH = Qt.TransformationMode.SmoothTransformation
FOLDER = ParamSpec("folder", "text", "", "Folder", help="Where the files go.", role="folder", max_length=4000)
PATTERN = ParamSpec(
    "pattern",
    "text",
    export_names.DEFAULT,
    "File name",
    help="Known: " + " ".join(f"{{{name}}}" for name in export_names.FIELDS),
    max_length=200,
)


class ExportDialog(QDialog):
    """Exports one or several artifacts; every format begins with the options that are `known` of them. `exported`
    brings the files that were written.

    What the files will look like and weigh is found out by making the first of them in memory, off the window's thread.
    """

    exported = Signal(list)

    def __init__(
        self,
        services: Services,
        artifacts: Sequence[Artifact],
        parent: QWidget | None = None,
        *,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parent)
        self._known = {} if known is None else dict(known)
        self._services = services
        self._artifacts = tuple(artifacts)
        self._sort = kind(artifacts[0].media) if artifacts else "image"
        self._offers = fitting(services, artifacts)
        self._forms: dict[str, ParamForm] = {}
        self._chosen = ""
        self._serial = 0
        self._todo: list[Wish] = []
        self._written: list[Path] = []
        self._values = [naming(services, artifact) for artifact in self._artifacts]
        self._feeder = Feeder().serve(self)
        self._feeder.ready.connect(self._answered)
        self._feeder.failed.connect(self._refused)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(180)
        self._later.timeout.connect(self._try_out)
        many = len(self._artifacts)
        self.setWindowTitle("Export" if many == 1 else f"Export {many:,} files")
        self.setAccessibleName("Export")
        self._build()
        self._join()
        self._choose(str(services.session.get(self._key("format"), "")))

    # Putting together

    def _build(self) -> None:
        columns = QHBoxLayout()
        columns.setSpacing(theme.XL)
        columns.addLayout(self._left())
        columns.addLayout(self._right(), 1)
        self.card = ErrorCard(Problem(""))
        self.card.hide()
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Export progress")
        self.bar.hide()
        self.cancel_button = Button("Cancel", "quiet")
        words = "Export" if len(self._artifacts) == 1 else f"Export {len(self._artifacts):,} files"
        self.export_button = Button(words, "primary", icon="export")
        self.export_button.setDefault(True)
        foot = QHBoxLayout()
        foot.setSpacing(theme.S)
        foot.addWidget(self.bar, 1)
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.export_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.L)
        column.setSpacing(theme.L)
        column.addLayout(columns, 1)
        column.addWidget(self.card)
        column.addLayout(foot)
        there = self.screen().availableGeometry()
        self.picture.setVisible(there.width() >= theme.tokens().px(780))  # large letters leave no room for it
        self.resize(QSize(theme.tokens().px(780), theme.tokens().px(560)).boundedTo(there.size() * 0.94))

    def _left(self) -> QVBoxLayout:
        side = theme.tokens().px(PREVIEW)
        self.picture = QLabel()
        self.picture.setFixedSize(side, side)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName("Preview of the file")
        self.size_label = Label("", "heading")
        self.size_label.setAccessibleName("File size")
        self.about = Label("", "muted", wrap=True)
        column = QVBoxLayout()
        column.setSpacing(theme.S)
        column.addWidget(self.picture)
        column.addWidget(self.size_label)
        column.addWidget(self.about)
        column.addStretch(1)
        return column

    def _right(self) -> QVBoxLayout:
        self.formats: dict[str, Button] = {}
        row = QHBoxLayout()
        row.setSpacing(theme.XS)
        for name, offer in self._offers.items():
            button = Button(offer.spec.title, name=f"Format {offer.spec.title}")
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, chosen=name: self._choose(chosen))
            self.formats[name] = button
            row.addWidget(button)
        row.addStretch(1)
        self.options = QStackedWidget()
        self._plain = QWidget()
        self.options.addWidget(self._plain)
        scroll = QScrollArea()
        scroll.setWidget(self.options)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.folder = PathField(FOLDER)
        self.folder.set_value(self._usual_folder())
        self.pattern = TextField(PATTERN)
        self.pattern.set_value(self._usual_pattern())
        self.example = ElidedLabel("", "muted")
        column = QVBoxLayout()
        column.setSpacing(theme.M)
        column.addWidget(Label("Format", "label"))
        column.addLayout(row)
        column.addWidget(scroll, 1)
        column.addWidget(self.folder)
        column.addWidget(self.pattern)
        column.addWidget(self.example)
        return column

    def _join(self) -> None:
        self.folder.changed.connect(lambda _value: self._show_example())
        self.pattern.changed.connect(lambda _value: self._show_example())
        self.cancel_button.clicked.connect(lambda _checked=False: self.reject())
        self.export_button.clicked.connect(lambda _checked=False: self.export())

    def _key(self, name: str) -> str:
        """Where a kind of result keeps its place and name: manuscripts do not go where pictures go."""
        return f"export/{name}" if self._sort == "image" else f"export/{self._sort}/{name}"

    def _usual_folder(self) -> str:
        kept = str(self._services.session.get(self._key("folder"), ""))
        if kept and Path(kept).is_dir():
            return kept
        return str(export_names.usual_folder(self._sort))

    def _usual_pattern(self) -> str:
        kept = self._services.session.get(self._key("pattern"), "")
        if isinstance(kept, str) and kept:
            return kept[:200]
        for offer in self._offers.values():
            for name, page in self._services.plugins.settings().items():
                if page.plugin.id == offer.plugin.id:
                    found = getattr(self._services.settings.get(name, page.spec.settings), "file_pattern", "")
                    if found:
                        return str(found)[:200]
        return export_names.DEFAULT

    # The format and its options

    def _choose(self, name: str) -> None:
        if not self._offers:
            self._say("No plugin can export this.", "Install a plugin that knows this kind of file.")
            self.export_button.setEnabled(False)
            return
        before = self._forms.get(self._chosen)
        self._chosen = name if name in self._offers else next(iter(self._offers))
        for other, button in self.formats.items():
            button.setChecked(other == self._chosen)
        self.options.setCurrentWidget(self._form(self._chosen))
        export_shared.carry(before, self._forms.get(self._chosen))
        self._show_example()
        self._later.start()

    def _form(self, name: str) -> QWidget:
        options = self._offers[name].spec.options
        if options is None:
            return self._plain
        if name not in self._forms:
            form = ParamForm(options)
            recall = self._services.session.get
            export_shared.begin(form, recall(f"export/options/{name}", {}), recall(export_shared.KEY, {}), self._known)
            for field in form.fields().values():
                if isinstance(field, PathField) and field.spec.role == "picture":
                    field.offer("Choose from the library", "image", lambda: choose_picture(self._services, self))
            form.changed.connect(self._later.start)
            form.changed.connect(self._show_example)
            form.layout().addStretch(1)  # type: ignore[union-attr]
            self._forms[name] = form
            self.options.addWidget(form)
        return self._forms[name]

    def _options(self) -> Any:
        options = self._offers[self._chosen].spec.options
        return None if options is None else salvage(options, self._forms[self._chosen].values())[0]

    def _wish(self, number: int) -> Wish:
        offer = self._offers[self._chosen]
        artifact = self._artifacts[number]
        return Wish(
            code=lambda: self._services.plugins.code(offer.id, offer.spec.encode),
            source=artifact.path,
            recipe=artifact.recipe,
            options=self._options(),
            folder=Path(str(self.folder.value())).expanduser(),
            pattern=str(self.pattern.value()),
            values=export_names.titled(self._values[number], self._options()),
            suffix=offer.spec.suffix,
        )

    def _show_example(self) -> None:
        self.card.hide()
        if not self._chosen:
            return
        odd = export_names.unknown_fields(str(self.pattern.value()))
        self.pattern.set_problem(f"There is no {{{odd[0]}}}; it stays in the name as it is." if odd else "")
        wish = self._wish(0)
        name = export_names.free_name(wish.folder, wish.pattern, wish.values, wish.suffix)
        more = f"  and {len(self._artifacts) - 1:,} more" if len(self._artifacts) > 1 else ""
        self.example.setText(f"{name}{more}")
        self.example.setAccessibleName(f"Will be called {name}{more}")

    # What it will look like

    def showEvent(self, event: QShowEvent) -> None:
        """The first look is on its way before anything is changed."""
        super().showEvent(event)
        self._later.start()

    def _try_out(self) -> None:
        if not self._chosen or self._todo:
            return
        self._serial += 1
        self.about.setText("Measuring …")
        wish = self._wish(0)
        self._feeder.forget()
        self._feeder.ask(("look", self._serial), lambda: encode(wish, look=True))

    def _show_look(self, encoded: Encoded) -> None:
        many = len(self._artifacts)
        self.size_label.setText(in_bytes(encoded.size) if many == 1 else f"about {many:,} × {in_bytes(encoded.size)}")
        side = round(self.picture.width() * self.devicePixelRatioF())
        if encoded.image is None:
            self.picture.setPixmap(icons.icon("file", "muted").pixmap(QSize(48, 48)))
            self.about.setText(self._offers[self._chosen].spec.title)
            return
        pixmap = QPixmap.fromImage(encoded.image.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio, _SMOOTH))
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        self.picture.setPixmap(pixmap)
        width, height = encoded.pixels
        title = self._offers[self._chosen].spec.title
        self.about.setText(f"{width} × {height}  {title}" if width else title)

    # Writing

    def export(self) -> None:
        """Write the files, one after the other; the window goes on answering."""
        if not self._chosen or self._todo:
            return
        self.folder.commit()
        self.pattern.commit()
        form = self._forms.get(self._chosen)
        if form is not None and not form.commit():
            return
        if not str(self.folder.value()).strip():
            self._say("There is no folder yet.", "Choose the folder the files shall go to.")
            return
        self._remember()
        self.card.hide()
        self._later.stop()
        self._feeder.forget()
        self._written = []
        self._todo = [self._wish(number) for number in range(len(self._artifacts))]
        self.bar.setRange(0, len(self._todo))
        self.bar.setValue(0)
        self.bar.setVisible(len(self._todo) > 1)
        self.export_button.setEnabled(False)
        self._next()

    def _next(self) -> None:
        wish = self._todo[0]
        self._serial += 1
        self._feeder.ask(("write", self._serial), lambda: write(wish))

    def _remember(self) -> None:
        kept: dict[str, Any] = {
            self._key("format"): self._chosen,
            self._key("folder"): str(self.folder.value()),
            self._key("pattern"): str(self.pattern.value()),
        }
        if self._offers[self._chosen].spec.options is not None:
            own, everywhere = export_shared.to_keep(self._forms[self._chosen].values())
            known = self._services.session.get(export_shared.KEY, {})
            kept[f"export/options/{self._chosen}"] = own
            kept[export_shared.KEY] = (known if isinstance(known, dict) else {}) | everywhere
        try:
            self._services.session.update(kept)
        except StudioError as error:
            self._say(error.message, error.hint)

    def _answered(self, key: tuple[str, int], result: object) -> None:
        if key[1] != self._serial:
            return
        if key[0] == "look" and isinstance(result, Encoded):
            self._show_look(result)
        elif key[0] == "write" and isinstance(result, Path):
            self._written.append(result)
            del self._todo[0]
            self.bar.setValue(len(self._written))
            if self._todo:
                self._next()
            else:
                self._done()

    def _refused(self, key: tuple[str, int], error: Exception) -> None:
        if key[1] != self._serial:
            return
        who = f"The {self._offers[self._chosen].plugin.name} plugin"
        problem = Problem.of(error, who=who)
        if key[0] == "write":
            done = len(self._written)
            self._todo = []
            self.bar.hide()
            self.export_button.setEnabled(True)
            if done:
                problem = Problem(f"{problem.message} {done} were written before.", problem.hint, problem.details)
        else:
            self.size_label.setText("")
            self.about.setText("")
        self.card.set_problem(problem)
        self.card.show()

    def _done(self) -> None:
        self.bar.hide()
        self.exported.emit(list(self._written))
        say_exported(self.parentWidget(), self._written)
        self.accept()

    def _say(self, message: str, hint: str) -> None:
        self.card.set_problem(Problem(message, hint))
        self.card.show()

    def done(self, result: int) -> None:
        """However it closes, nothing more is begun; a file that is being written is finished."""
        self._todo = []
        self._later.stop()
        self._feeder.close()
        super().done(result)

"""What the Text plugin offers. The heavy code is named by string and loaded at first use."""

from __future__ import annotations

from collections.abc import Sequence

from studio.api import ExporterSpec, GeneratorSpec, PanelSpec, SettingsSpec, hookimpl, media

from . import params, params_export


@hookimpl
def studio_panels() -> Sequence[PanelSpec]:
    return (
        PanelSpec(
            name="manuscript",
            title="Text",
            make="panel:make",
            icon="text-align-left",
            accepts=("text/*", "image/*"),
            generators=("writer", "checker"),
            order=20,
            suffixes=(".md", ".markdown", ".txt", ".docx"),
        ),
    )


@hookimpl
def studio_generators() -> Sequence[GeneratorSpec]:
    return (
        GeneratorSpec(
            name="writer",
            title="Text",
            run="generate:run",
            params=params.TextParams,
            media=media.TEXT,
            models=(
                "transformers/*",
                "studio/GruWriter",
                "diffusers/LLaDA2Pipeline",
                "diffusers/DiffusionGemmaPipeline",
            ),
            steps_title="token",
            warm="generate:warm",
        ),
        GeneratorSpec(
            name="checker",
            title="Check a text",
            run="check:run",
            params=params.CheckParams,
            media="application/vnd.studio.text-check+json",
            models=("transformers/*", "studio/GruWriter"),
            steps_title="",
        ),
    )


@hookimpl
def studio_settings() -> Sequence[SettingsSpec]:
    return (SettingsSpec("Text", params.TextSettings, icon="text-aa"),)


_TEXTS = ("text/plain", "text/markdown")


@hookimpl
def studio_exporters() -> Sequence[ExporterSpec]:
    book, kinds = params_export, _TEXTS
    return (
        ExporterSpec("docx", "Word", "export:docx", book.DOCX, ".docx", kinds, book.PageOptions),
        ExporterSpec("epub", "EPUB", "export:epub", book.EPUB, ".epub", kinds, book.EpubOptions),
        ExporterSpec("pdf", "PDF", "export:pdf", book.PDF, ".pdf", kinds, book.PdfOptions),
        ExporterSpec("odt", "ODT", "export:odt", book.ODT, ".odt", kinds, book.PageOptions),
        ExporterSpec("html", "HTML", "export:html", book.HTML, ".html", kinds, book.BookOptions),
        ExporterSpec("markdown", "Markdown", "export:markdown", media.MARKDOWN, ".md", kinds),
        ExporterSpec("txt", "Plain text", "export:txt", media.TEXT, ".txt", kinds, book.PlainOptions),
    )

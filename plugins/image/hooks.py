"""What the Image plugin offers. The heavy code is named by string and loaded at first use."""

from __future__ import annotations

from collections.abc import Sequence

from studio.api import ExporterSpec, GeneratorSpec, ImporterSpec, PanelSpec, SettingsSpec, hookimpl, media
from studio.inference.families import PICTURES

from . import params

_PICTURES = ("image/*",)


@hookimpl
def studio_panels() -> Sequence[PanelSpec]:
    return (
        PanelSpec(
            name="canvas",
            title="Image",
            make="panel:make",
            icon="image",
            accepts=_PICTURES,
            generators=("diffusion",),
            order=10,
        ),
    )


@hookimpl
def studio_generators() -> Sequence[GeneratorSpec]:
    return (
        GeneratorSpec(
            name="diffusion",
            title="Picture",
            run="generate:run",
            params=params.ImageParams,
            media=media.PNG,
            models=PICTURES,
            inputs=(("image", "image/*"), ("mask", "image/*")),
            warm="generate:warm",
            adds=("lora/*", "embedding/*"),
            settle="added:settle",
        ),
    )


@hookimpl
def studio_exporters() -> Sequence[ExporterSpec]:
    return (
        ExporterSpec("png", "PNG", "export:png", media.PNG, ".png", _PICTURES, params.PngOptions),
        ExporterSpec("jpeg", "JPEG", "export:jpeg", media.JPEG, ".jpg", _PICTURES, params.JpegOptions),
        ExporterSpec("webp", "WebP", "export:webp", media.WEBP, ".webp", _PICTURES, params.WebpOptions),
        ExporterSpec("avif", "AVIF", "export:avif", media.AVIF, ".avif", _PICTURES, params.AvifOptions),
        ExporterSpec("tiff", "TIFF", "export:tiff", media.TIFF, ".tiff", _PICTURES, params.TiffOptions),
    )


@hookimpl
def studio_importers() -> Sequence[ImporterSpec]:
    return (
        ImporterSpec(
            name="recipe",
            title="Pictures with a recipe",
            read="importer:read",
            accepts=_PICTURES,
            suffixes=(".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff"),
        ),
    )


@hookimpl
def studio_settings() -> Sequence[SettingsSpec]:
    return (SettingsSpec("Image", params.ImageSettings, icon="image"),)

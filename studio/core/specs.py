"""What a plugin offers, as frozen values. Heavy code is named by string ("generate:run") and loaded at first use."""

from __future__ import annotations

from pathlib import Path

from studio.core.values import frozen


@frozen
class Manifest:
    """plugin.toml as read from disk, without importing anything of the plugin.

    `id` is lower case, digits and dashes. `api` is the API version the plugin was written for ("1.0").
    `permissions` are words from PERMISSIONS; `needs` are importable module names that must be installed.
    """

    id: str
    name: str
    version: str
    api: str
    summary: str
    folder: Path
    author: str = ""
    licence: str = ""
    homepage: str = ""
    permissions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    bundled: bool = False


PERMISSIONS = {
    "files": "reads and writes files outside its own folder and the project",
    "network": "connects to the network",
    "processes": "starts other programs",
}


@frozen
class PanelSpec:
    """A canvas or editor. `make` names a function `make(host: PanelHost) -> Panel` (a QWidget). `accepts` are media
    patterns that "Send to …" may bring. `icon` is a name of the icon set ("image", "text-aa", "music-notes").
    `order` sorts the rail. `generators` are the names (without the plugin's id) of the generators it drives.
    `suffixes` are endings (".docx") of files that it reads itself when they are dropped on the window (`take_files`).
    """

    name: str
    title: str
    make: str
    icon: str = "puzzle-piece"
    accepts: tuple[str, ...] = ()
    generators: tuple[str, ...] = ()
    order: int = 100
    suffixes: tuple[str, ...] = ()


@frozen
class GeneratorSpec:
    """Something that turns a Request into Outputs. `run` names `run(request, context) -> Sequence[Output]`.

    `params` is its params dataclass. `media` is what it makes. `models` are patterns of model families it can use
    ("diffusers/*"); empty where it needs no model. `inputs` are (name, media pattern) pairs it understands.
    `steps_title` is what one step is called ("step", "token", "bar"), "" where it makes none. `warm` names
    `warm(context)`, which may be called in the idle generation host before the first job, to load libraries and the
    model that will probably be asked for.

    `adds` are patterns of what may be laid over the model ("lora/*"). `settle` names `settle(request, models) ->
    Request`, called before a request is queued, in the window's process: light code that writes out what the request
    only hints at ("<lora:name>" in a prompt) and raises StudioError for what cannot work.
    """

    name: str
    title: str
    run: str
    params: type
    media: str
    models: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    steps_title: str = "step"
    warm: str = ""
    adds: tuple[str, ...] = ()
    settle: str = ""


@frozen
class ExporterSpec:
    """Writes artifacts into files for the rest of the world.

    `encode` names `encode(source: Path, recipe: Recipe | None, options) -> bytes`; `options` is a params dataclass or
    None. `accepts` are the media patterns it can read.
    """

    name: str
    title: str
    encode: str
    media: str
    suffix: str
    accepts: tuple[str, ...]
    options: type | None = None


@frozen
class ImporterSpec:
    """Reads what a foreign or exported file says about itself.

    `read` names `read(path: Path) -> Imported` (studio.api). `accepts` are media patterns, `suffixes` file endings.
    """

    name: str
    title: str
    read: str
    accepts: tuple[str, ...]
    suffixes: tuple[str, ...]


@frozen
class ModelSpec:
    """A model that a plugin ships. `path` is the folder or file (absolute, or relative to the plugin's folder).

    `family` says how it is loaded: "diffusers/StableDiffusionPipeline", "transformers/LlamaForCausalLM" …
    """

    name: str
    title: str
    family: str
    path: str
    licence: str
    origin: str = ""
    summary: str = ""


@frozen
class SettingsSpec:
    """A page of settings: `settings` is a params dataclass with defaults for every field."""

    title: str
    settings: type
    icon: str = "gear-six"

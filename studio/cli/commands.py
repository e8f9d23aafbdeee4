"""The commands and their options."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import studio
from studio.cli import options, origins, verify
from studio.cli.workplace import Workplace
from studio.core.canonical import thaw
from studio.core.errors import Problem, StudioError
from studio.core.specs import GeneratorSpec
from studio.engine import Offer

OK, FAILED, USAGE = 0, 1, 2


def run(arguments: Sequence[str]) -> int:
    """Parse and run; the exit code. Raises StudioError; argparse ends the program itself for wrong arguments."""
    before, _ = _common().parse_known_args(arguments)
    here = Workplace.set_up(plugins_folder=before.plugins_folder, safe_mode=before.safe_mode)
    given = _parser(here).parse_args(arguments)
    code: int = given.act(here, given)
    return code


def say_error(error: StudioError | Problem) -> None:
    """An error in two lines on the standard error."""
    print(f"studio: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"        {error.hint}", file=sys.stderr)


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--project", type=Path, metavar="FOLDER", help="the project (the one opened last)")
    common.add_argument("--plugins-folder", type=Path, metavar="FOLDER", help="look for your own plugins here")
    common.add_argument("--safe-mode", action="store_true", help="use only the plugins that come with Studio")
    common.add_argument("--json", action="store_true", help="answer in JSON")
    return common


def _parser(here: Workplace) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="studio",
        description="Make pictures, text and music with generative models on your own machine. "
        "Without a command, Studio opens its window.",
    )
    parser.add_argument("--version", action="version", version=f"Studio {studio.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    common = _common()
    generate = commands.add_parser("generate", help="make something", description="Make something with a generator.")
    _generators(generate, here, common)
    models = commands.add_parser("models", help="list the models on this machine", parents=[common])
    models.add_argument("--hash", action="store_true", help="work out missing SHA-256 sums (1 s for each GB)")
    models.set_defaults(act=list_models)
    plugins = commands.add_parser("plugins", help="list the plugins and what is wrong with them", parents=[common])
    plugins.set_defaults(act=list_plugins)
    library = commands.add_parser("library", help="search the results of a project", parents=[common])
    library.add_argument("text", nargs="*", help="words to look for in prompts and titles")
    library.add_argument("--starred", action="store_true", help="only starred ones")
    library.add_argument("--kind", default="", metavar="WORD", help="only this kind: image, text, audio …")
    library.add_argument("--limit", type=options.count, default=50, metavar="N", help="at most so many (default 50)")
    library.set_defaults(act=list_library)
    verify.add_command(commands, common)
    return parser


def _generators(parser: argparse.ArgumentParser, here: Workplace, common: argparse.ArgumentParser) -> None:
    choices = parser.add_subparsers(title="generators", metavar="GENERATOR", required=True)
    taken: set[str] = set()
    for full, offer in here.plugins.generators().items():
        short = offer.plugin.id if offer.plugin.id not in taken else full
        names = [full] if short != full else []
        taken.update({short, *names})
        one = choices.add_parser(
            short,
            aliases=names,
            parents=[common],
            help=offer.spec.title,
            description=f"{offer.spec.title}, by the {offer.plugin.name} plugin.",
            formatter_class=_Formatter,
        )
        _generate_options(one, offer)


def _generate_options(parser: argparse.ArgumentParser, offer: Offer[GeneratorSpec]) -> None:
    spec = offer.spec
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the result here; its ending is the format")
    parser.add_argument("--seed", type=options.seed, metavar="N", help="where the noise starts (random; it is told)")
    parser.add_argument(
        "--count", type=options.count, default=1, metavar="N", help="so many, with the seeds that follow (default 1)"
    )
    if spec.models:
        parser.add_argument("--model", metavar="ID", help="a model by its id or title (the first that fits)")
    if spec.inputs:
        names = ", ".join(name for name, _ in spec.inputs)
        parser.add_argument(
            "--input", action="append", default=[], metavar="FILE", help=f"a file to start from ([NAME=]FILE: {names})"
        )
    parser.add_argument("--set", action="append", metavar="NAME=VALUE", help="set any field by its name")
    parser.add_argument("--again", action="store_true", help="make it even if the library has the same already")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--in-process", action="store_true", help="run the model inside this process")
    origins.add_options(parser)
    options.add_params(parser, spec)
    parser.set_defaults(act=_generate, offer=offer)


class _Formatter(argparse.HelpFormatter):
    """Room for option names, so that their help lines up."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34)


def _generate(here: Workplace, given: argparse.Namespace) -> int:
    from studio.cli.generate import generate

    return generate(here, given)


# --- listings --------------------------------------------------------------------------------------------------------


def list_models(here: Workplace, given: argparse.Namespace) -> int:
    """Every model on the shelf, with the reason where one cannot be used."""
    rows = []
    for model in here.models.models():
        known = here.models.sha256(model.id) if given.hash and not model.problem else model.sha256
        rows.append(
            {
                "id": model.id,
                "title": model.title,
                "family": model.family,
                "size": model.size,
                "dtype": model.dtype,
                "sha256": known,
                "licence": model.licence,
                "path": str(model.path),
                "bundled": model.bundled,
                "problem": model.problem,
            }
        )
    return _listed(
        rows,
        given,
        lambda row: (row["id"], row["title"], _megabytes(row["size"]), row["family"], row["problem"]),
        "There are no models yet.",
    )


def list_plugins(here: Workplace, given: argparse.Namespace) -> int:
    """Every plugin that was found, with what it offers or what is wrong with it."""
    rows = []
    for info in here.plugins.plugins:
        problem = info.problem
        rows.append(
            {
                "id": info.id,
                "name": info.name,
                "version": info.manifest.version if info.manifest else "",
                "status": str(info.status),
                "stage": str(info.stage or ""),
                "problem": None if problem is None else {"message": problem.message, "details": problem.details},
                "generators": [full for full, offer in here.plugins.generators().items() if offer.plugin.id == info.id],
            }
        )
    return _listed(
        rows,
        given,
        lambda row: (
            row["id"],
            row["version"],
            row["status"],
            ", ".join(row["generators"]),
            row["problem"]["message"] if row["problem"] else "",
        ),
        "There are no plugins.",
    )


def list_library(here: Workplace, given: argparse.Namespace) -> int:
    """Results of a project, newest first."""
    with here.library(given.project) as library:
        found = library.search(" ".join(given.text), starred=given.starred, kind=given.kind, limit=given.limit)
        rows = [
            {
                "id": artifact.id,
                "file": str(artifact.path),
                "media": artifact.media,
                "title": artifact.title,
                "created": artifact.created,
                "starred": artifact.starred,
                "partial": artifact.partial,
                "facts": thaw(artifact.facts),
                "recipe": None if artifact.recipe is None else artifact.recipe.to_json(),
            }
            for artifact in found
        ]
    return _listed(
        rows, given, lambda row: ("*" if row["starred"] else " ", row["title"][:60], row["file"]), "Nothing was found."
    )


def _listed(rows: list[dict[str, Any]], given: argparse.Namespace, columns: Any, nothing: str) -> int:
    if given.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return OK
    if not rows:
        print(nothing)
        return OK
    table = [[_plain(str(cell)) for cell in columns(row)] for row in rows]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    return OK


def _plain(text: str) -> str:
    """One line without control characters: titles come from prompts, and prompts from anywhere."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split()) if text.strip() else text


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size else ""

"""`studio verify`: make a file again from its recipe and say how alike the two are."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from studio.cli import origins
from studio.cli.meter import Meter
from studio.cli.workplace import Workplace
from studio.core.errors import StudioError
from studio.core.events import Cancelled, Failed, Progressed, Started, Stepped, Verified
from studio.core.recipe import Recipe
from studio.core.verdict import Answer, Verdict
from studio.engine import Engine, Mailbox
from studio.store import Project

CODES = {Answer.IDENTICAL: 0, Answer.CLOSE: 3, Answer.DIFFERENT: 4}
"""Exit codes; 1 is for a file that cannot be made again here, 2 for wrong arguments."""
_LOOK_SECONDS = 0.02


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "verify",
        help="make a file again and compare",
        parents=[common],
        description="Make a file again from the recipe inside it, and say whether it is identical, close or different, "
        "and which ingredient is not the same any more. Exit codes: 0 identical, 3 close, 4 different, 1 not possible "
        "here.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a result, or a file exported with its recipe")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--in-process", action="store_true", help="run the model inside this process")
    parser.set_defaults(act=verify)


def verify(here: Workplace, given: argparse.Namespace) -> int:
    """Run it again; the exit code. Nothing is kept, and a window may have the project open. Raises StudioError."""
    path: Path = given.file
    if not path.is_file():
        raise StudioError(f"There is no file {path}.", "Look at how it is spelled.")
    folder = given.project or here.last_project
    recipe = origins.known_recipe(folder, origins.sha256(path)) or origins.recipe_of(here, path)
    with (
        tempfile.TemporaryDirectory(prefix="studio-verify-", ignore_cleanup_errors=True) as scratch,
        Project.open(Path(scratch) / "scratch") as project,
    ):
        artifact = project.artifacts.bring_in(path, recipe=recipe)
        _bring_inputs(project, folder, recipe)
        mailbox = Mailbox()
        with here.engine(project, mailbox, in_process=given.in_process) as engine:
            found = _wait(engine, mailbox, artifact.id, Meter(sys.stderr, quiet=given.quiet, title="step"))
    if given.json:
        print(json.dumps({"file": str(path), **found.to_json()}, ensure_ascii=False, indent=1))
    else:
        print(found.text)
    return CODES[found.answer]


def _bring_inputs(project: Project, folder: Path, recipe: Recipe) -> None:
    """The files that it was made from, out of the project it was made in."""
    for request in (*(passage.request for passage in recipe.lineage), recipe.request):
        for item in request.inputs:
            file = origins.kept_file(folder, item.sha256)
            if file is not None:
                project.artifacts.bring_in(file)


def _wait(engine: Engine, mailbox: Mailbox, artifact_id: str, meter: Meter) -> Verdict:
    job = engine.verify(artifact_id)
    try:
        while True:
            for event in mailbox.drain():
                match event:
                    case Verified(job_id=job.id, verdict=verdict):
                        return verdict
                    case Failed(job_id=job.id, problem=problem):
                        raise problem.as_error()
                    case Cancelled(job_id=job.id):
                        raise StudioError("It was cancelled.")
                    case Started(device=device):
                        meter.message(f"Started on {device}" if device else "Started")
                    case Progressed(message=message):
                        meter.message(message)
                    case Stepped(step=step):
                        meter.step(step.index, step.total)
            time.sleep(_LOOK_SECONDS)
    finally:
        meter.end()

"""`studio generate`: submit, show the progress, write the files."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.cli import options, origins
from studio.cli.commands import FAILED, OK, USAGE, say_error
from studio.cli.meter import Meter
from studio.cli.workplace import Workplace
from studio.core import media
from studio.core.artifact import Artifact
from studio.core.errors import Problem, StudioError
from studio.core.events import Cancelled, Event, Failed, Finished, Progressed, Started, Stepped
from studio.core.model import Model
from studio.core.request import SEED_LIMIT, Input, ModelRef, Request
from studio.core.specs import ExporterSpec, GeneratorSpec
from studio.engine import Engine, Mailbox, Offer
from studio.store import Project

INTERRUPTED = 130
_LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Result:
    """What became of one request."""

    seed: int
    artifacts: tuple[Artifact, ...] = ()
    files: list[str] = field(default_factory=list)
    problem: Problem | None = None
    interrupted: bool = False
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        problem = self.problem
        return {
            "seed": self.seed,
            "state": "failed" if problem else "cancelled" if self.interrupted else "done",
            "files": self.files,
            "artifacts": [{"id": a.id, "media": a.media, "partial": a.partial} for a in self.artifacts],
            "problem": None if problem is None else {"message": problem.message, "hint": problem.hint},
            "seconds": round(self.seconds, 3),
        }


def generate(here: Workplace, given: argparse.Namespace) -> int:
    """Run the jobs that the arguments ask for; the exit code. Raises StudioError."""
    offer: Offer[GeneratorSpec] = given.offer
    try:
        params = options.gathered(given, offer.spec)
        inputs = options.inputs(getattr(given, "input", []), offer.spec)
        write = _writer(here, given.out, offer.spec.media)
    except StudioError as error:
        say_error(error)
        return USAGE
    branches = given.branch_from is not None
    if branches != (given.at is not None):
        say_error(StudioError("--branch-from and --at belong together.", "As in --branch-from picture.png --at 12."))
        return USAGE
    mailbox = Mailbox()
    results: list[Result] = []
    with here.project(given.project, may_be_scratch=given.out is not None and not branches) as (project, reason):
        if reason is not None and not given.quiet:
            print(f"studio: {reason.message} The result goes to {given.out} only.", file=sys.stderr)
        first = _first(here, project, given, offer)
        kept = tuple(_bring_in(project, name, path) for name, path in inputs.items())
        with here.engine(project, mailbox, in_process=given.in_process) as engine:
            meter = Meter(sys.stderr, quiet=given.quiet, title=offer.spec.steps_title)
            for number in range(given.count):
                request = replace(
                    first,
                    params={**first.params, **params},
                    seed=(first.seed + number) % SEED_LIMIT,
                    inputs=kept or first.inputs,
                )
                result = _one(engine, mailbox, meter, request, again=given.again)
                results.append(result)
                meter.end()
                _finish(result, write, number if given.count > 1 else None, scratch=reason is not None)
                if result.interrupted or result.problem is not None:
                    break
    _report(results, given)
    if any(result.interrupted for result in results):
        return INTERRUPTED
    return FAILED if any(result.problem is not None for result in results) else OK


def _first(here: Workplace, project: Project, given: argparse.Namespace, offer: Offer[GeneratorSpec]) -> Request:
    """What is asked for before the options change it: nothing yet, or all that the step to go on from was made with."""
    wanted = getattr(given, "model", None)
    if given.branch_from is None:
        seed = secrets.randbelow(SEED_LIMIT) if given.seed is None else given.seed
        return Request(offer.id, {}, seed, _model(here, offer.spec, wanted))
    found = origins.origin(here, project, given.branch_from)
    before = found.request
    if before.generator != offer.id:
        raise StudioError(
            f"That was made by {before.generator}, whose steps {offer.spec.title} cannot go on from.",
            f"Use `studio generate {before.generator}`.",
        )
    return replace(
        before,
        seed=before.seed if given.seed is None else given.seed,
        model=before.model if wanted is None else _named(here.models.models(), wanted).ref(),
        resume=found.at(given.at),
    )


def _one(engine: Engine, mailbox: Mailbox, meter: Meter, request: Request, *, again: bool) -> Result:
    """Submit and wait. Ctrl+C cancels the job and waits for what it leaves; a second one does not wait."""
    result = Result(request.seed)
    started = time.monotonic()
    job = engine.submit(request, title=str(request.params.get("prompt", ""))[:80], origin="cli", again=again)
    while True:
        try:
            ended = _look(mailbox, meter, job.id, result)
            if ended:
                result.seconds = time.monotonic() - started
                return result
            time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            if result.interrupted:
                raise
            result.interrupted = True
            engine.cancel(job.id)


def _look(mailbox: Mailbox, meter: Meter, job: str, result: Result) -> bool:
    """Take the mail; true once the job has ended."""
    ended = False
    for event in mailbox.drain():
        if getattr(event, "job_id", "") == job:
            ended = _heed(event, meter, result) or ended
    return ended


def _heed(event: Event, meter: Meter, result: Result) -> bool:
    match event:
        case Started(device=device):
            meter.message(f"Started on {device}" if device else "Started")
        case Progressed(message=message):
            meter.message(message)
        case Stepped(step=step):
            meter.step(step.index, step.total)
        case Finished(artifacts=artifacts):
            result.artifacts = artifacts
            result.interrupted = False
            return True
        case Cancelled(artifacts=artifacts):
            result.artifacts = artifacts
            result.interrupted = True
            return True
        case Failed(problem=problem):
            result.problem = problem
            return True
    return False


def _model(here: Workplace, spec: GeneratorSpec, wanted: str | None) -> ModelRef | None:
    if not spec.models:
        return None
    models = here.models.models()
    if wanted is None:
        fitting = [model for model in models if model.fits(spec.models)]
        if not fitting:
            raise StudioError(f"There is no model for {spec.title} on this machine.", "`studio models` shows them all.")
        return fitting[0].ref()
    return _named(models, wanted).ref()


def _named(models: tuple[Model, ...], wanted: str) -> Model:
    by_id = [model for model in models if model.id == wanted]
    by_title = [model for model in models if model.title.casefold() == wanted.casefold()]
    found = by_id or by_title
    if len(found) == 1:
        return found[0]
    if found:
        raise StudioError(f"{len(found)} models are called “{wanted[:60]}”.", "Give the id; `studio models` shows it.")
    raise StudioError(f"There is no model “{wanted[:60]}” on this machine.", "`studio models` shows them all.")


def _bring_in(project: Project, name: str, path: Path) -> Input:
    artifact = project.artifacts.bring_in(path)
    return Input(name, artifact.media, artifact.id)


# --- files -----------------------------------------------------------------------------------------------------------

Encode = Callable[[Artifact], bytes]


@dataclass(frozen=True, slots=True)
class _Writer:
    out: Path
    encode: Encode

    def write(self, artifact: Artifact, number: int | None) -> Path:
        """Write the file whole or not at all. Raises StudioError."""
        mark = "" if number is None else f"-{number + 1}"
        mark += "-partial" if artifact.partial else ""
        path = self.out.with_name(f"{self.out.stem}{mark}{self.out.suffix}")
        data = self.encode(artifact)
        try:
            half = path.with_name(f".{path.name}.{os.getpid()}.part")
            half.write_bytes(data)
            half.replace(path)
        except OSError as error:
            raise StudioError(
                f"{path} cannot be written: {error.strerror or error}.", "Choose another place with --out."
            ) from error
        return path


def _writer(here: Workplace, out: Path | None, made: str) -> _Writer | None:
    """How --out is written: as it was made where the ending fits, else by the exporter for the ending. Raises
    StudioError for an ending that nobody knows.
    """
    if out is None:
        return None
    if not out.parent.is_dir():
        raise StudioError(f"There is no folder {out.parent}.", "Make it first, or choose another place with --out.")
    suffix = out.suffix.lower()
    if suffix == media.suffix(made):
        return _Writer(out, lambda artifact: artifact.path.read_bytes())
    alike = {".jpeg": ".jpg", ".tif": ".tiff"}
    fitting: dict[str, Offer[ExporterSpec]] = {
        offer.spec.suffix: offer
        for offer in here.plugins.exporters().values()
        if media.accepts(offer.spec.accepts, made)
    }
    offer = fitting.get(alike.get(suffix, suffix))
    if offer is None:
        known = ", ".join(sorted({media.suffix(made), *fitting}))
        raise StudioError(f"Nothing here writes “{suffix}” files.", f"Known endings: {known}.")
    chosen = offer

    def encode(artifact: Artifact) -> bytes:
        function = here.plugins.code(chosen.id, chosen.spec.encode)
        settings = None if chosen.spec.options is None else chosen.spec.options()
        data: bytes = function(artifact.path, artifact.recipe, settings)
        return data

    return _Writer(out, encode)


def _finish(result: Result, write: _Writer | None, number: int | None, *, scratch: bool) -> None:
    for artifact in result.artifacts:
        if write is not None:
            result.files.append(str(write.write(artifact, number)))
        elif not scratch:
            result.files.append(str(artifact.path))


def _report(results: list[Result], given: argparse.Namespace) -> None:
    if given.json:
        print(json.dumps([result.to_json() for result in results], ensure_ascii=False, indent=1))
        return
    for result in results:
        for file in result.files:
            print(file)
        if result.problem is not None:
            say_error(result.problem)
        elif result.interrupted:
            print("studio: cancelled" + (", the partial result was kept" if result.files else ""), file=sys.stderr)
        elif given.seed is None and not given.quiet:
            print(f"studio: seed {result.seed}", file=sys.stderr)

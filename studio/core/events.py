"""Events: what a Job says. One small set of types, from the worker to the window and to the command line.

State events (all but Previewed and Progressed) arrive in order and none is lost. A Previewed is a whole snapshot and
a Progressed a whole status: only the newest of each job counts, older ones may be dropped.
"""

from __future__ import annotations

from studio.core.artifact import Artifact
from studio.core.errors import Problem
from studio.core.job import Job
from studio.core.steps import Preview, Step
from studio.core.values import frozen
from studio.core.verdict import Verdict


@frozen
class Changed:
    """The job entered another state or was edited or moved; `job` is None where it was removed from the queue."""

    job_id: str
    job: Job | None


@frozen
class Started:
    """A worker took the job. `device` is what a person calls it ("CPU", "NVIDIA RTX 4070")."""

    job_id: str
    device: str = ""


@frozen
class Progressed:
    """What the worker is doing right now ("Loading Starter pictures"); `fraction` is 0 … 1 or None where unknown."""

    job_id: str
    message: str
    fraction: float | None = None


@frozen
class Stepped:
    """A step is done and on the ribbon."""

    job_id: str
    step: Step


@frozen
class Previewed:
    """A better look at the unfinished result than the newest step offers."""

    job_id: str
    preview: Preview


@frozen
class Finished:
    """All artifacts are in the store."""

    job_id: str
    artifacts: tuple[Artifact, ...]
    seconds: float = 0.0


@frozen
class Failed:
    """The job ended without a result."""

    job_id: str
    problem: Problem


@frozen
class Cancelled:
    """The job was cancelled; `artifacts` hold the partial result where the generator could give one."""

    job_id: str
    artifacts: tuple[Artifact, ...] = ()


@frozen
class Paused:
    """The job was paused at a kept step and can be resumed."""

    job_id: str


@frozen
class Verified:
    """The job made a result again to compare it; Finished follows, without artifacts."""

    job_id: str
    verdict: Verdict


@frozen
class Unsaved:
    """A change of the queue could not be written: it holds, and after the next start it will not have been made.
    `job_id` is "" where it was of the queue as a whole.
    """

    job_id: str
    problem: Problem


Event = (
    Changed | Started | Progressed | Stepped | Previewed | Finished | Failed | Cancelled | Paused | Verified | Unsaved
)

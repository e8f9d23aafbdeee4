"""Everything on disk: projects, artifacts, steps, the queue, the library, settings and models. No Qt, no torch."""

from studio.store.artifacts import ArtifactStore
from studio.store.branches import Branches
from studio.store.documents import DocumentStore
from studio.store.formats import Formats
from studio.store.journal import JobJournal
from studio.store.library import Library
from studio.store.model_places import MODEL_PLACES, ModelPlaces
from studio.store.places import Places, bundled
from studio.store.project import Project
from studio.store.settings import SessionStore, SettingsStore
from studio.store.shelf import ModelShelf
from studio.store.steps import StepRow, StepStore, StepWriter

__all__ = [
    "MODEL_PLACES",
    "ArtifactStore",
    "Branches",
    "DocumentStore",
    "Formats",
    "JobJournal",
    "Library",
    "ModelPlaces",
    "ModelShelf",
    "Places",
    "Project",
    "SessionStore",
    "SettingsStore",
    "StepRow",
    "StepStore",
    "StepWriter",
    "bundled",
]

"""The names a plugin may use. Everything else in Studio is private and may change at any time."""

from studio.api.context import GeneratorContext, Imported, PanelHost
from studio.api.hookspecs import hookimpl
from studio.core import media
from studio.core.artifact import Artifact, Output
from studio.core.bases import base_title
from studio.core.device import DeviceStatus
from studio.core.errors import JobCancelled, JobPaused, Problem, StudioError
from studio.core.events import (
    Cancelled,
    Changed,
    Event,
    Failed,
    Finished,
    Paused,
    Previewed,
    Progressed,
    Started,
    Stepped,
    Unsaved,
    Verified,
)
from studio.core.job import Job, JobState
from studio.core.model import Model
from studio.core.params import Choice, ParamSpec, describe, param, parse, salvage, values_of
from studio.core.recipe import Passage, Recipe
from studio.core.request import SEED_LIMIT, AddedModel, Input, ModelRef, Request, ResumePoint
from studio.core.specs import (
    ExporterSpec,
    GeneratorSpec,
    ImporterSpec,
    Manifest,
    ModelSpec,
    PanelSpec,
    SettingsSpec,
)
from studio.core.steps import Preview, Step, StepState, Tensor
from studio.core.values import frozen
from studio.core.verdict import Answer, Ingredient, Verdict

API_VERSION = "1.0"
"""Major changes break plugins, minor ones only add names."""

__all__ = [
    "API_VERSION",
    "SEED_LIMIT",
    "AddedModel",
    "Answer",
    "Artifact",
    "Cancelled",
    "Changed",
    "Choice",
    "DeviceStatus",
    "Event",
    "ExporterSpec",
    "Failed",
    "Finished",
    "GeneratorContext",
    "GeneratorSpec",
    "Imported",
    "ImporterSpec",
    "Ingredient",
    "Input",
    "Job",
    "JobCancelled",
    "JobPaused",
    "JobState",
    "Manifest",
    "Model",
    "ModelRef",
    "ModelSpec",
    "Output",
    "PanelHost",
    "PanelSpec",
    "ParamSpec",
    "Passage",
    "Paused",
    "Preview",
    "Previewed",
    "Problem",
    "Progressed",
    "Recipe",
    "Request",
    "ResumePoint",
    "SettingsSpec",
    "Started",
    "Step",
    "StepState",
    "Stepped",
    "StudioError",
    "Tensor",
    "Unsaved",
    "Verdict",
    "Verified",
    "base_title",
    "describe",
    "frozen",
    "hookimpl",
    "media",
    "param",
    "parse",
    "salvage",
    "values_of",
]

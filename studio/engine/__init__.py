"""What runs jobs: the plugin host, the queue, the workers and everything between a Request and its Artifacts."""

from typing import TYPE_CHECKING, Any

from studio.core.device import DeviceStatus
from studio.engine.engine import Engine
from studio.engine.mailbox import Mailbox
from studio.engine.manifest import read_manifest
from studio.engine.offers import Offer, shipped_models
from studio.engine.plugins import PluginHost, PluginInfo
from studio.engine.pool import ModelPool
from studio.engine.ports import ArtifactPort, JobJournal, ModelPort, StepPort, StepSink, Worker, WorkerFactory
from studio.engine.process import ProcessWorker, host_command
from studio.engine.storage import STORAGE, Storage

if TYPE_CHECKING:
    from studio.engine.inline import InlineWorker


def __getattr__(name: str) -> Any:
    """The window never runs a worker of its own, unless it is asked to: its code waits until then."""
    if name == "InlineWorker":
        from studio.engine.inline import InlineWorker

        return InlineWorker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "STORAGE",
    "ArtifactPort",
    "DeviceStatus",
    "Engine",
    "InlineWorker",
    "JobJournal",
    "Mailbox",
    "ModelPool",
    "ModelPort",
    "Offer",
    "PluginHost",
    "PluginInfo",
    "ProcessWorker",
    "StepPort",
    "StepSink",
    "Storage",
    "Worker",
    "WorkerFactory",
    "host_command",
    "read_manifest",
    "shipped_models",
]

"""What runs jobs: the plugin host, the queue, the workers and everything between a Request and its Artifacts."""

from studio.engine.device import DeviceStatus
from studio.engine.engine import Engine
from studio.engine.inline import InlineWorker
from studio.engine.mailbox import Mailbox
from studio.engine.manifest import read_manifest
from studio.engine.offers import Offer, shipped_models
from studio.engine.plugins import PluginHost, PluginInfo
from studio.engine.pool import ModelPool
from studio.engine.ports import ArtifactPort, JobJournal, ModelPort, StepPort, StepSink, Worker, WorkerFactory
from studio.engine.process import ProcessWorker, host_command
from studio.engine.storage import STORAGE, Storage

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

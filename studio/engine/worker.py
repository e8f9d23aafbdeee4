"""The worker's loop: takes one job after another, in a generation host or on a thread of the window's process."""

from __future__ import annotations

import gc
import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.core.errors import JobCancelled, JobPaused, StudioError
from studio.core.params import parse
from studio.core.specs import GeneratorSpec
from studio.core.steps import StepState
from studio.engine import wire
from studio.engine.context import Flags, JobContext, Order, checked
from studio.engine.faults import is_bug, out_of_memory, problem_of
from studio.engine.frames import Channel, Frame, FrameError
from studio.engine.offers import Offer
from studio.engine.plugins import PluginFault, PluginHost
from studio.engine.pool import ModelPool
from studio.engine.ports import StepSink

_LOG = logging.getLogger("studio.worker")
_STATUS_EVERY = 1.0  # seconds between two looks at the device's memory while a job runs

SinkFactory = Callable[[Path, int | None], StepSink]
"""Opens the steps file of a job, with how many bytes it may have at most."""
StatusSource = Callable[[], tuple[str, int, int] | tuple[str, int, int, int]]
"""What a person calls the device, and its used and total memory in bytes."""


def serve(
    channel: Channel,
    plugins: PluginHost,
    sink: SinkFactory,
    *,
    scratch: Path,
    pool: ModelPool,
    status: StatusSource | None = None,
    relieve: Callable[[], None] | None = None,
    lost: Callable[[], None] | None = None,
) -> None:
    """Run jobs on the calling thread until the other end says stop or is gone.

    A thread of its own listens meanwhile, so that cancel arrives at once even while a library holds this thread.
    `relieve` frees what the device still caches after memory ran out. `lost` is called, on the listening thread, when
    the other end is gone or says stop in the middle of a job: a process ends itself there.
    """
    _Loop(channel, plugins, sink, scratch=scratch, pool=pool, status=status, relieve=relieve, lost=lost).run()


@dataclass(slots=True)
class _Task:
    """An order on its way through the loop. `stage`: waiting, running, ended; guarded by the loop's lock."""

    frame: Frame
    flags: Flags
    stage: str = "waiting"

    @property
    def warm(self) -> bool:
        return self.frame.kind == "warm"

    @property
    def wants(self) -> tuple[str, str]:
        """Generator and model: what will be loaded for it."""
        model = self.frame.data.get("model") or {}
        return str(self.frame.data["request"]["generator"]), str(model.get("id", ""))


@dataclass(slots=True)
class _Loop:
    channel: Channel
    plugins: PluginHost
    sink: SinkFactory
    scratch: Path
    pool: ModelPool
    status: StatusSource | None
    relieve: Callable[[], None] | None
    lost: Callable[[], None] | None
    _todo: queue.SimpleQueue[_Task | None] = field(default_factory=queue.SimpleQueue)
    _tasks: dict[str, _Task] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _told: float = 0.0
    _device: str = ""

    def run(self) -> None:
        listener = threading.Thread(target=self._listen, name="studio-listen", daemon=True)
        listener.start()
        self.channel.send(Frame("ready", {"scratch": str(self.scratch)}))
        self._tell_status()
        while (task := self._todo.get()) is not None:
            if task.frame.kind == "unload":
                self._unload()
            elif task.warm:
                self._warm(task)
            elif task.stage != "ended":
                self._job(task)
            with self._lock:
                self._tasks = {job: other for job, other in self._tasks.items() if other is not task}
            self.channel.send(Frame("free"))
            del task  # while waiting nothing of the last job must be held
        listener.join(timeout=1.0)

    # --- listening ----------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        try:
            while (frame := self.channel.receive()) is not None and frame.kind != "stop":
                self._heed(frame)
        except (FrameError, OSError):
            _LOG.info("the line to the window broke", exc_info=True)
        with self._lock:
            busy = bool(self._tasks)
            for task in self._tasks.values():
                task.flags.gone = task.flags.cancel = True
        if busy and self.lost is not None:
            self.lost()
        self._todo.put(None)

    def _heed(self, frame: Frame) -> None:
        job = str(frame.data.get("job", ""))
        if frame.kind in ("run", "warm"):
            flags = Flags(look=bool(frame.data["look"]), until=float(frame.data["until"]))
            self._accept(job, _Task(frame, flags))
            return
        if frame.kind == "unload":
            self._todo.put(_Task(frame, Flags()))
            return
        with self._lock:
            task = self._tasks.get(job)
            if task is None:
                return
            flags = task.flags
            if frame.kind == "cancel":
                flags.cancel = True
                if task.stage == "waiting":
                    # Its code is still being imported, which nothing can interrupt: answer now, skip it later.
                    task.stage = "ended"
                    self.channel.send(Frame("end", {"job": job, "state": "cancelled", "busy": True}))
            elif frame.kind == "pause":
                flags.pause = True
            elif frame.kind == "go_on":
                flags.until = 0.0
            elif frame.kind == "look":
                flags.look = bool(frame.data["on"])
            elif frame.kind == "credit":
                flags.credit = 1
            elif frame.kind == "kept":
                flags.kept.release()

    def _accept(self, job: str, task: _Task) -> None:
        with self._lock:
            for other in self._tasks.values():
                if other.warm and other.wants != task.wants:
                    other.flags.cancel = True  # warming the wrong thing only delays the artist
            self._tasks[job] = task
            waits = not task.warm and any(other.warm for other in self._tasks.values())
        if waits:
            self._say_loading(job, "what it needs")
        self._todo.put(task)

    def _say_loading(self, job: str, what: str) -> None:
        self.channel.send(Frame("progress", {"job": job, "message": f"Loading {what}", "fraction": None}))

    # --- jobs ---------------------------------------------------------------------------------------------------------

    def _job(self, task: _Task) -> None:
        job = str(task.frame.data["job"])
        end: dict[str, Any] | None = None
        tight = False
        name = job
        self._told = time.monotonic()  # the first step does not wait for a look at the memory
        try:
            order = Order.of(task.frame)
            offer = self._offer(order.request.generator)
            name = offer.plugin.name
            self.channel.send(Frame("started", {"job": job, "device": self._device}))
            if not self.plugins.has_code(offer.id, offer.spec.run):
                self._say_loading(job, name)
            run = self.plugins.code(offer.id, offer.spec.run)
            if self._begin(task):
                end = {"state": "done"}
                self._generate(run, order, offer, task.flags)
        except JobCancelled as signal:
            paused = isinstance(signal, JobPaused) or task.flags.pause
            end = {"state": "paused" if paused and not task.flags.cancel else "cancelled"}
        except BaseException as error:  # noqa: BLE001 - SystemExit in a plugin must not end the host
            tight = out_of_memory(error)
            bug = is_bug(error) or isinstance(error, PluginFault)
            problem = problem_of(error, plugin=name)
            end = {"state": "failed", "problem": wire.problem_out(problem), "bug": bug}
            del error
        self._clean_up(job, tight)
        if end is not None:
            self._answer(task, job, end)

    def _generate(self, run: Callable[..., Any], order: Order, offer: Offer[GeneratorSpec], flags: Flags) -> None:
        for part in order.before:
            order = replace(order, resume=self._replay(replace(part, resume=order.resume), flags))
        sink = None if order.steps is None else self._open(order.steps, order.room)
        context = self._context(order, offer, flags, sink)
        try:
            if flags.cancel:
                raise JobCancelled
            context.hand_over(checked(run(order.request, context)), final=True)
            if not context.kept:
                raise StudioError(
                    f"The {offer.plugin.name} plugin finished without a result.",
                    "Try again with other settings. If it happens again, tell the plugin's author.",
                )
        finally:
            context.finish_steps()

    def _replay(self, order: Order, flags: Flags) -> tuple[int, StepState]:
        """Run an earlier part of a lineage up to the step that the next one goes on from."""
        offer = self._offer(order.request.generator)
        context = self._context(order, offer, flags, None)
        try:
            self.plugins.code(offer.id, offer.spec.run)(order.request, context)
        except JobPaused:
            if context.reached is None:
                raise
        if context.reached is None:
            raise StudioError(
                "The step that this went on from cannot be made again.", "The plugin may have been changed since."
            )
        return context.reached

    def _open(self, path: Path, room: int | None) -> StepSink | None:
        try:
            return self.sink(path, room)
        except (OSError, StudioError):
            _LOG.info("steps cannot be kept in %s", path, exc_info=True)
            return None

    def _context(self, order: Order, offer: Offer[GeneratorSpec], flags: Flags, sink: StepSink | None) -> JobContext:
        return JobContext(
            order,
            parse(offer.spec.params, order.request.params),
            offer.plugin,
            flags=flags,
            send=self.channel.send,
            sink=sink,
            pool=self.pool,
            scratch=self.scratch / order.job,
            stepped=self._tell_status_sometimes,
        )

    def _offer(self, generator: str) -> Offer[GeneratorSpec]:
        offer = self.plugins.generators().get(generator)
        if offer is not None:
            return offer
        info = self.plugins.plugin(generator.partition(".")[0])
        if info is not None and info.problem is not None:
            raise info.problem.as_error()
        raise StudioError("The plugin that makes this is not available.", "Look at Plugins for the reason.")

    def _begin(self, task: _Task) -> bool:
        with self._lock:
            if task.stage == "ended":
                return False
            task.stage = "running"
            return True

    def _answer(self, task: _Task, job: str, end: dict[str, Any]) -> None:
        with self._lock:
            if task.stage == "ended":
                return
            task.stage = "ended"
        self.channel.send(Frame("end", {"job": job, "busy": False, **end}))

    def _clean_up(self, job: str, tight: bool) -> None:
        shutil.rmtree(self.scratch / job, ignore_errors=True)
        self.pool.release()
        if tight:
            self._give_back()
        self._tell_status()

    def _unload(self) -> None:
        """The artist paused and nothing else waits: give the memory back."""
        self._give_back()
        self._tell_status()

    def _give_back(self) -> None:
        self.pool.clear()
        gc.collect()
        if self.relieve is not None:
            self.relieve()

    # --- warming ------------------------------------------------------------------------------------------------------

    def _warm(self, task: _Task) -> None:
        order = Order.of(task.frame)
        try:
            offer = self._offer(order.request.generator)
            self.plugins.code(offer.id, offer.spec.run)
            if offer.spec.warm and not task.flags.cancel:
                warm = self.plugins.code(offer.id, offer.spec.warm)
                warm(self._context(order, offer, task.flags, None))
        except JobCancelled:
            pass
        except BaseException:  # noqa: BLE001 - the first real job will say what is wrong
            _LOG.info("warming %s failed", order.request.generator, exc_info=True)
        self._clean_up(order.job, tight=False)

    # --- the device ---------------------------------------------------------------------------------------------------

    def _tell_status_sometimes(self) -> None:
        if time.monotonic() - self._told >= _STATUS_EVERY:
            self._tell_status()

    def _tell_status(self) -> None:
        self._told = time.monotonic()
        if self.status is None:
            return
        try:
            self._device, *numbers = self.status()
        except Exception:  # noqa: BLE001 - a driver may raise anything, and a number is not worth a job
            _LOG.info("the device does not tell its memory", exc_info=True)
            return
        told = dict(zip(("used", "total", "own"), (*map(int, numbers), 0), strict=False))
        self.channel.send(Frame("status", {"name": self._device, **told}))

"""Brings jobs from the queue to the worker and what the worker says to the mailbox, on a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

from studio.core.artifact import Output
from studio.core.device import DeviceStatus
from studio.core.errors import StudioError
from studio.core.events import Previewed, Progressed, Started, Stepped
from studio.engine import wire
from studio.engine.background import Background
from studio.engine.checks import generator
from studio.engine.context import Order
from studio.engine.deadlines import Deadlines
from studio.engine.faults import disk_problem, problem_of
from studio.engine.finish import Finisher
from studio.engine.frames import Frame
from studio.engine.mailbox import Mailbox
from studio.engine.plugins import PluginHost
from studio.engine.ports import Worker, WorkerFactory
from studio.engine.process import remove_scratch
from studio.engine.queue import JobQueue
from studio.engine.run import WARM, End, Orders, Run, blame

_LOG = logging.getLogger("studio.engine")
_HEARD = 6.0
"""Graces that a job has which has noticed that it is cancelled: it may still decode its partial result."""
_MOST = 12.0
"""Graces after which a cancelled job is ended in any case."""
_STARTS = 3
"""How often in a row a host may die while it starts before the job that waits for it is given up."""


class Dispatcher:
    """One job at a time in one worker. What may wait for the disk is done on a second thread; everything else belongs
    to the engine's thread, which the other methods only post to.
    """

    def __init__(
        self, *, queue: JobQueue, plugins: PluginHost, mailbox: Mailbox, orders: Orders, worker: WorkerFactory
    ) -> None:
        self.device = DeviceStatus()
        self._queue = queue
        self._plugins = plugins
        self._mailbox = mailbox
        self._orders = orders
        self._factory = worker
        self._finisher = Finisher(queue, plugins, mailbox, orders.artifacts)
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._background = Background("studio-disk")
        self._thread = threading.Thread(target=self._live, name="studio-engine", daemon=True)
        self._closing = False
        self._run: Run | None = None
        self._worker: Worker | None = None
        self._ready = False
        self._scratch = ""
        self._warm: Order | None = None
        self._warming = False
        self._unload = False
        self._waits = Deadlines()
        self._failed_starts = 0
        self._unseen: set[str] = set()
        mailbox.on_preview_taken(lambda job_id: self._post(lambda: self._tell(job_id, "credit")))

    # --- from other threads -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._background.do(self._orders.keeping.begin)
        self.wake()
        self._thread.start()

    def close(self, timeout: float) -> None:
        """End the worker and both threads; `timeout` in seconds."""
        if not self._thread.is_alive():
            self._background.close(timeout)
            return
        end = time.monotonic() + timeout
        self._post(self._stop)
        self._thread.join(timeout)
        worker = self._worker
        if worker is not None:
            # Nothing depends on its goodwill: steps are on disk, and what it runs is taken up at the next start.
            worker.close(min(timeout, 1.0))
            remove_scratch(self._scratch)
        self._background.close(max(end - time.monotonic(), 0.0))

    def wake(self) -> None:
        """Look at the queue again."""
        self._post(lambda: None)

    def cancel(self, job_id: str) -> None:
        """Stop the job if it runs."""
        self._post(lambda: self._cancel(job_id))

    def pause(self, job_id: str) -> None:
        """Pause the job if it runs."""
        self._post(lambda: self._pause(job_id))

    def go_on(self, job_id: str) -> None:
        """Do not pause the job at a share of its steps."""
        self._post(lambda: self._tell(job_id, "go_on"))

    def look(self, job_id: str, on: bool) -> None:
        """Whether anybody looks at the job's previews."""
        self._post(lambda: self._look(job_id, on))

    def forget(self, job_id: str) -> None:
        """The job has left the queue."""
        self._post(lambda: self._forget(job_id))
        self._background.do(lambda: self._orders.keeping.left(job_id))

    def warm(self, generator_id: str, model_id: str) -> None:
        """Start the worker and have it warmed."""
        self._post(lambda: self._begin_warm(generator_id, model_id))

    def _post(self, work: Callable[[], None]) -> None:
        self._inbox.put(work)

    # --- the engine's thread ------------------------------------------------------------------------------------------

    def _live(self) -> None:
        while not self._closing:
            try:
                self._attend()
                if not self._closing:
                    self._next()
            except Exception:  # noqa: BLE001 - a bug of ours must not end all other jobs
                _LOG.exception("the engine stumbled")

    def _attend(self) -> None:
        try:
            work = self._inbox.get(timeout=self._patience())
        except Empty:
            self._overdue()
        else:
            work()

    def _stop(self) -> None:
        self._closing = True

    def _forget(self, job_id: str) -> None:
        self._finisher.rescued.pop(job_id, None)
        self._unseen.discard(job_id)

    def _patience(self) -> float | None:
        return self._waits.patience(self._run.deadline if self._run is not None else None)

    def _overdue(self) -> None:
        run = self._run
        hung = run is not None and run.deadline is not None and run.deadline <= time.monotonic()
        if hung and run is not None:
            run.deadline = None
        if (self._waits.over() or hung) and self._worker is not None:
            self._worker.kill()  # what follows is in _worker_ended

    def _next(self) -> None:
        """Start the next job where none runs."""
        if self._run is not None:
            return
        job = self._queue.take(started=time.time())
        unload, self._unload = self._unload, False
        if job is None:
            if unload and self._ready and self._worker is not None:
                self._worker.send(Frame("unload"))
            return
        plugin = job.request.generator.partition(".")[0]
        info = self._plugins.plugin(plugin)
        run = Run(job, plugin, info.name if info is not None else plugin, time.monotonic())
        self._run = run
        rescued = self._finisher.rescued.pop(job.id, None)
        if rescued is not None:
            run.artifacts, run.final, run.has_steps = rescued.artifacts, rescued.final, rescued.has_steps
            self._finish(run, End("done"))
            return
        self._ensure_worker()
        self._background.do(lambda: self._prepare(run))

    # --- an order, from the queue to the worker -----------------------------------------------------------------------

    def _prepare(self, run: Run) -> None:
        """On the background thread."""
        try:
            order = self._orders.make(run.job, say=lambda text: self._mailbox.put(Progressed(run.job.id, text)))
            if order.asked != run.job.request:
                self._queue.edit(run.job.id, sure=True, request=order.asked)
            if order.request != order.asked:
                run.artifacts = self._orders.kept_before(run.job)
        except Exception as error:  # noqa: BLE001 - the store's errors are many, and the queue must go on
            problem = problem_of(error, plugin=run.name) if isinstance(error, StudioError) else disk_problem(error)
            self._post(lambda: self._finish(run, End("failed", problem)))
        else:
            self._post(lambda: self._prepared(run, order))

    def _prepared(self, run: Run, order: Order) -> None:
        if run.end is not None:
            return
        run.order = order
        if self._ready:
            self._send_order(run)
        else:
            self._mailbox.put(Progressed(run.job.id, "Getting ready"))

    def _send_order(self, run: Run) -> None:
        if run.order is not None and self._worker is not None and not run.sent and run.end is None:
            run.sent = True
            look = run.job.id not in self._unseen
            self._worker.send(replace(run.order, look=look).frame("run"))
            self._background.do(self._orders.keeping.make_room)  # nobody waits for a look at thousands of files
            if self._warming:
                self._waits.await_warm(self._worker.grace)
            run.order = None  # a resumed step's state may be large

    def _cancel(self, job_id: str) -> None:
        run = self._running(job_id)
        if run is None or run.cancel:
            return
        run.cancel = True
        if not run.sent or self._worker is None:
            self._settle(run, End("cancelled"))
            return
        now, grace = time.monotonic(), self._worker.grace
        run.deadline, run.patience = now + grace, now + _MOST * grace
        self._tell(job_id, "cancel")

    def _pause(self, job_id: str) -> None:
        run = self._running(job_id)
        if run is None or run.cancel:
            return
        run.pause = True
        if run.sent:
            self._tell(job_id, "pause")
        else:
            self._settle(run, End("paused"))

    def _look(self, job_id: str, on: bool) -> None:
        (self._unseen.discard if on else self._unseen.add)(job_id)
        self._tell(job_id, "look", on=on)

    def _tell(self, job_id: str, kind: str, **data: Any) -> None:
        run = self._running(job_id)
        if run is not None and run.sent and self._worker is not None:
            self._worker.send(Frame(kind, {"job": job_id, **data}))

    def _running(self, job_id: str) -> Run | None:
        run = self._run
        return run if run is not None and run.job.id == job_id and run.end is None else None

    # --- the worker ---------------------------------------------------------------------------------------------------

    def _ensure_worker(self) -> None:
        if self._worker is not None or self._closing:
            return
        worker = self._factory()
        self._worker, self._ready, self._warming = worker, False, False
        self._waits.clear()
        worker.start(
            lambda frame: self._post(lambda: self._hear(worker, frame)),
            lambda reason, code: self._post(lambda: self._worker_ended(worker, reason, code)),
        )

    def _begin_warm(self, generator_id: str, model_id: str) -> None:
        try:
            spec = generator(generator_id, self._plugins).spec
        except StudioError:
            return  # nothing to warm; a job will say what is wrong
        self._warm = self._orders.to_warm(generator_id, model_id, fitting=spec.models)
        self._ensure_worker()
        self._send_warm()

    def _send_warm(self) -> None:
        if self._warm is not None and self._ready and self._worker is not None and self._run is None:
            self._warming = True
            self._worker.send(self._warm.frame("warm"))

    def _worker_ended(self, worker: Worker, reason: str, code: int | None) -> None:
        if worker is not self._worker or self._closing:
            return
        was_ready, stuck, scratch = self._ready, self._waits.waits, self._scratch
        self._worker, self._ready, self._scratch = None, False, ""
        self._waits.clear()
        self._background.do(lambda: remove_scratch(scratch))
        if self._warming:
            self._warm = None  # what killed the host once would kill it again and again
        _LOG.info("the generation host ended: %s", reason)
        self._failed_starts = 0 if was_ready else self._failed_starts + 1
        run = self._run
        if run is not None and (run.sent or self._failed_starts >= _STARTS):
            self._finish(run, blame(run, reason, code, was_ready=was_ready, stuck=stuck))
        if was_ready or (run is not None and run.end is None):
            self._ensure_worker()  # a job that had not reached the host waits for the new one
        elif run is not None:
            self._failed_starts = 0
            self._queue.hold_for_now()  # the next job would meet the same end

    def _hear(self, worker: Worker, frame: Frame) -> None:
        if worker is not self._worker:
            return
        data = frame.data
        if frame.kind == "ready":
            self._ready, self._scratch = True, str(data.get("scratch", ""))
            if self._run is not None:
                self._send_order(self._run)
            else:
                self._send_warm()
        elif frame.kind == "free":
            self._waits.clear()
            self._warming = False
        elif frame.kind == "progress" and data["job"] == WARM:
            if self._waits.warm is not None:
                self._waits.await_warm(worker.grace)
        elif frame.kind == "status":
            numbers = (int(data[part]) for part in ("used", "total", "own"))
            self.device = DeviceStatus(str(data["name"]), *numbers)
        elif frame.kind == "log":
            logging.getLogger(str(data["name"])).log(int(data["level"]), "%s", data["message"])
        else:
            run = self._running(str(data.get("job", "")))
            if run is not None:
                self._hear_of(run, worker, frame)

    def _hear_of(self, run: Run, worker: Worker, frame: Frame) -> None:
        data, job_id = frame.data, run.job.id
        if run.deadline is not None:
            # It is not silent any more; what it still does (decode its partial result) takes its time.
            share = _HEARD if frame.kind in ("heard", "output") else 1.0
            run.deadline = min(time.monotonic() + worker.grace * share, run.patience)
        if frame.kind == "started":
            self._mailbox.put(Started(job_id, str(data["device"])))
        elif frame.kind == "progress":
            self._mailbox.put(Progressed(job_id, str(data["message"]), data["fraction"]))
        elif frame.kind == "steps":
            run.has_steps = True
            for step in wire.steps_in(data, frame.blobs):
                self._mailbox.put(Stepped(job_id, step))
        elif frame.kind == "preview":
            self._mailbox.put(Previewed(job_id, wire.preview_in(data["preview"], frame.blobs)))
        elif frame.kind == "output":
            output = wire.output_in(data["output"], frame.blobs)
            if data["final"]:
                run.final.append(output)
            else:
                self._background.do(lambda: self._keep_early(run, output))
        elif frame.kind == "end":
            if data["busy"]:
                self._waits.await_import()
            problem = wire.problem_in(data.get("problem"))
            self._finish(run, End(str(data["state"]), problem, bool(data.get("bug"))))

    # --- the end of a run ---------------------------------------------------------------------------------------------

    def _finish(self, run: Run, end: End) -> None:
        """The worker is done with the job: it may take the next one while the results go to the disk."""
        if run.end is not None:
            return
        run.end = end
        if self._run is run:
            self._run = None
        self._unseen.discard(run.job.id)
        # Not after a share of a contact sheet: the artist will soon want more of some.
        self._unload = end.state == "paused" and run.pause

        def conclude() -> None:
            self._finisher.conclude(run)
            self._post(lambda: self._settled(run, end))

        self._background.do(conclude)

    def _keep_early(self, run: Run, output: Output) -> None:
        """On the background thread."""
        self._finisher.keep_early(run, output)
        self._post(lambda: self._tell(run.job.id, "kept"))

    def _settled(self, run: Run, end: End) -> None:
        self._finisher.settle(run, end)
        self._background.do(self._orders.keeping.make_room)

    def _settle(self, run: Run, end: End) -> None:
        """The job ends before the worker got it: there is nothing to keep."""
        run.end = end
        self._run = None
        self._finisher.settle(run, end)

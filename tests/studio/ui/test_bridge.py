"""Mail reaches the window in order, in its thread, and not more often than it can draw."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QElapsedTimer, QThread, QTimer
from pytestqt.qtbot import QtBot

from studio.core.events import Event, Progressed, Stepped
from studio.core.steps import Step
from studio.engine import Mailbox
from studio.ui.bridge import Bridge


def test_events_from_another_thread_arrive_in_order_in_this_one(qtbot: QtBot) -> None:
    bridge = Bridge()
    mailbox = Mailbox(bridge.ring)
    bridge.attach(mailbox)
    seen: list[Event] = []
    threads: set[object] = set()
    bridge.happened.connect(lambda event: (seen.append(event), threads.add(QThread.currentThread())))

    def work() -> None:
        for index in range(3000):
            mailbox.put(Stepped("j", Step(index, 3000)))

    thread = threading.Thread(target=work)
    thread.start()
    qtbot.waitUntil(lambda: len(seen) == 3000)
    thread.join()
    assert [event.step.index for event in seen if isinstance(event, Stepped)] == list(range(3000))
    assert threads == {QThread.currentThread()}
    bridge.close()


def test_a_flood_costs_few_deliveries_and_only_the_newest_progress(qtbot: QtBot) -> None:
    bridge = Bridge()
    mailbox = Mailbox(bridge.ring)
    bridge.attach(mailbox)
    batches: list[int] = []
    newest: list[Event] = []
    bridge.happened.connect(newest.append)
    bridge.delivered.connect(lambda: batches.append(1))
    clock = QElapsedTimer()
    clock.start()
    count = 0
    while clock.elapsed() < 300:
        mailbox.put(Progressed("j", "step", count / 1e6))
        count += 1
        if count % 50 == 0:
            qtbot.wait(1)
    qtbot.waitUntil(lambda: newest[-1] == Progressed("j", "step", (count - 1) / 1e6))
    # 30 a second at most, and one for the first: however slow the machine, never one for each event.
    assert len(batches) <= clock.elapsed() / 33 + 2
    bridge.close()


def test_a_window_that_is_slow_to_draw_each_step_still_has_time_for_itself(qtbot: QtBot) -> None:
    bridge = Bridge()
    mailbox = Mailbox(bridge.ring)
    bridge.attach(mailbox)
    seen: list[int] = []
    turns: list[int] = []
    bridge.happened.connect(lambda event: (time.sleep(0.003), seen.append(event.step.index)))
    bridge.delivered.connect(lambda: turns.append(len(seen)))
    for index in range(60):
        mailbox.put(Stepped("j", Step(index, 60)))
    between: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: between.append(len(seen)))
    timer.start(0)  # as mouse and keys: whatever else the window has to do
    qtbot.waitUntil(lambda: len(seen) == 60)
    timer.stop()
    assert seen == list(range(60))
    assert len(turns) > 5
    assert len(set(between) - {0, 60}) > 5  # it was asked again and again while they came
    bridge.close()


def test_an_idle_bridge_has_no_timer_running(qtbot: QtBot) -> None:
    bridge = Bridge()
    mailbox = Mailbox(bridge.ring)
    bridge.attach(mailbox)
    mailbox.put(Progressed("j", "one"))
    with qtbot.waitSignal(bridge.delivered):
        pass
    qtbot.wait(80)
    assert not any(timer.isActive() for timer in bridge.findChildren(type(bridge._timer)))
    bridge.close()
    mailbox.put(Progressed("j", "two"))
    qtbot.wait(50)
    assert mailbox.drain() == [Progressed("j", "two")]

"""The mailbox: state events all and in order, of previews and progress only the newest."""

from __future__ import annotations

import threading

from studio.core.events import Event, Finished, Previewed, Progressed, Started, Stepped
from studio.core.steps import Preview, Step
from studio.engine import Mailbox


def preview(job: str, number: int) -> Previewed:
    return Previewed(job, Preview("text/plain", str(number).encode()))


def test_state_events_keep_their_order_and_of_the_rest_the_newest_wins() -> None:
    mailbox = Mailbox()
    given: list[Event] = [
        Started("a"),
        preview("a", 1),
        Progressed("a", "one"),
        Stepped("a", Step(0, 2)),
        preview("b", 1),
        preview("a", 2),
        Stepped("a", Step(1, 2)),
        Progressed("a", "two"),
        Finished("a", ()),
    ]
    for event in given:
        mailbox.put(event)
    assert mailbox.drain() == [given[0], given[3], given[4], given[5], given[6], given[7], given[8]]
    assert mailbox.drain() == []


def test_mail_is_announced_once_until_it_is_taken() -> None:
    announced: list[int] = []
    mailbox = Mailbox(lambda: announced.append(1))
    for _ in range(100):
        mailbox.put(Started("a"))
    assert len(announced) == 1
    mailbox.drain()
    mailbox.put(Started("a"))
    assert len(announced) == 2


def test_a_taken_preview_gives_its_credit_back() -> None:
    mailbox, taken = Mailbox(), []
    mailbox.on_preview_taken(taken.append)
    mailbox.put(preview("a", 1))
    mailbox.put(preview("a", 2))
    mailbox.put(preview("b", 1))
    assert taken == []
    mailbox.drain()
    assert taken == ["a", "b"]


def test_many_threads_lose_nothing() -> None:
    mailbox, got = Mailbox(), []

    def put(name: str) -> None:
        for index in range(500):
            mailbox.put(Stepped(name, Step(index, 500)))
            mailbox.put(preview(name, index))

    threads = [threading.Thread(target=put, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        got += mailbox.drain()
    got += mailbox.drain()
    for name in "abcd":
        steps = [event.step.index for event in got if isinstance(event, Stepped) and event.job_id == name]
        assert steps == list(range(500))
        assert [event for event in got if isinstance(event, Previewed) and event.job_id == name][-1] == preview(
            name, 499
        )

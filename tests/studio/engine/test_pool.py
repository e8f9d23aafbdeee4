"""The model pool: what is used stays, what is not goes first, and too little memory empties it."""

from __future__ import annotations

from typing import Any

import pytest

from studio.engine import ModelPool


class Shelf:
    def __init__(self, budget: int) -> None:
        self.pool = ModelPool(budget)
        self.made: list[str] = []
        self.dropped: list[str] = []

    def use(self, name: str, size: int) -> str:
        def make() -> str:
            self.made.append(name)
            return name

        return self.pool.cached(name, make, size=size, drop=self.dropped.append)


def test_a_second_job_finds_what_the_first_made() -> None:
    shelf = Shelf(100)
    assert shelf.use("a", 60) == "a"
    shelf.pool.release()
    assert shelf.use("a", 60) == "a"
    assert shelf.made == ["a"]
    assert shelf.pool.used == 60


def test_the_least_recently_used_goes_first() -> None:
    shelf = Shelf(100)
    for name in ("a", "b"):
        shelf.use(name, 40)
        shelf.pool.release()
    shelf.use("a", 40)
    shelf.pool.release()
    shelf.use("c", 40)
    assert shelf.dropped == ["b"]
    assert "a" in shelf.pool


def test_what_the_running_job_uses_is_never_dropped() -> None:
    shelf = Shelf(50)
    shelf.use("a", 40)
    shelf.use("b", 40)
    assert shelf.dropped == []
    shelf.pool.release()
    assert shelf.dropped == ["a"]


def test_when_memory_runs_out_the_rest_is_dropped_and_it_is_tried_once_more() -> None:
    shelf = Shelf(1000)
    shelf.use("old", 10)
    shelf.pool.release()
    tries: list[int] = []

    def make() -> str:
        tries.append(1)
        if "old" in shelf.pool:
            raise MemoryError
        return "new"

    assert shelf.pool.cached("new", make, size=10) == "new"
    assert (len(tries), shelf.dropped) == (2, ["old"])

    def never() -> Any:
        raise MemoryError

    with pytest.raises(MemoryError):
        shelf.pool.cached("never", never)


def test_other_errors_pass_through_and_leave_nothing() -> None:
    pool = ModelPool(10)
    with pytest.raises(KeyError):
        pool.cached("x", lambda: {}["x"])
    assert "x" not in pool


def test_small_things_are_counted_instead() -> None:
    pool = ModelPool(10)
    for number in range(400):
        pool.cached(number, lambda number=number: number)
        pool.release()
    assert 399 in pool
    assert 0 not in pool
    assert 399 - 255 in pool


def test_a_drop_that_fails_does_not_stop_the_others() -> None:
    pool, dropped = ModelPool(10), []

    def fails(value: str) -> None:
        raise RuntimeError(value)

    pool.cached("a", lambda: "a", size=1, drop=fails)
    pool.cached("b", lambda: "b", size=1, drop=dropped.append)
    pool.clear()
    assert dropped == ["b"]
    assert pool.used == 0

"""Threads for requests: results in order, errors in their place, and an end that waits for nobody too long."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from tracer.collect.workers import Workers


def test_results_come_in_the_order_of_the_items():
    def late(number: int) -> int:
        time.sleep(0.02 if number % 2 else 0)
        return number * 10

    with Workers(4, 8) as workers:
        assert list(workers.map(late, range(30))) == [number * 10 for number in range(30)]
        assert list(workers.map(late, [])) == []


def test_several_work_at_once_and_no_more_than_may_be_ahead():
    together = threading.Barrier(3, timeout=10)
    started: list[int] = []

    def wait(number: int) -> int:
        started.append(number)
        together.wait()
        return number

    with Workers(3, 3) as workers:
        results = workers.map(wait, range(6))
        assert next(results) == 0
        assert len(started) <= 4
        assert list(results) == [1, 2, 3, 4, 5]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals as POSIX has them")
def test_signals_are_left_to_who_waits():
    """One that a worker took would not wake the main thread from waiting for a result."""
    with Workers(2, 2) as workers:
        for mask in workers.map(lambda _: signal.pthread_sigmask(signal.SIG_BLOCK, ()), range(4)):
            assert mask >= {signal.SIGINT, signal.SIGTERM}
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_an_error_is_raised_in_its_place():
    def divide(number: int) -> float:
        return 1 / number

    with pytest.raises(ZeroDivisionError), Workers(2, 4) as workers:
        results = workers.map(divide, [1, 2, 0, 4])
        assert [next(results), next(results)] == [1.0, 0.5]
        next(results)


def test_an_interrupt_waits_for_no_call_under_way():
    release = threading.Event()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Workers(1, 2) as workers:
        assert next(workers.map(lambda hangs: hangs and release.wait(30), [False, True])) is False
        raise KeyboardInterrupt
    assert time.monotonic() - began < 5
    release.set()


def test_an_error_waits_a_little_for_the_calls_under_way():
    ended: list[bool] = []

    def work(seconds: float) -> None:
        time.sleep(seconds)
        ended.append(True)

    with pytest.raises(RuntimeError), Workers(2, 2) as workers:
        next(workers.map(work, [0, 0.2]))
        raise RuntimeError
    assert len(ended) == 2

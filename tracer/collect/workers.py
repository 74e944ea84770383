"""`Workers`: a few threads for requests, none of which holds up the end of the program.

What Python brings (ThreadPoolExecutor) waits at the end for every call under way, and a download that hangs would hold
an interrupted command for as long as the network's patience lasts. These threads are left behind then: what they were
writing is no entry of the cache until it is whole.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Final, TypeVar

from tracer.collect.signals import kept_from_new_threads

GRACE: Final = 2.0
"""Seconds that calls under way may take to end once an error stopped the work."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Workers:
    """Threads that work off calls, as a context.

    Args:
        count: how many threads.
        ahead: how many calls may be under way or wait, before a result is taken.
    """

    def __init__(self, count: int, ahead: int) -> None:
        self._ahead = ahead
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name="tracer-worker", daemon=True) for _ in range(count)]

    def __enter__(self) -> Workers:
        """Start the threads."""
        with kept_from_new_threads():
            for thread in self._threads:
                thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Let the threads end. An interrupt, or a reader that reads no further, does not wait for it."""
        while not self._calls.empty():
            self._calls.get()
        for _ in self._threads:
            self._calls.put(None)
        until = time.monotonic() + GRACE
        if kind is None or issubclass(kind, Exception):
            for thread in self._threads:
                thread.join(max(0.0, until - time.monotonic()))

    def map(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """What `work` makes of each item, in order; what it raises is raised in its place."""
        under_way: deque[Future[_Result]] = deque()
        for item in items:
            if len(under_way) == self._ahead:
                yield under_way.popleft().result()
            under_way.append(self._submit(work, item))
        while under_way:
            yield under_way.popleft().result()

    def _submit(self, work: Callable[[_Item], _Result], item: _Item) -> Future[_Result]:
        future: Future[_Result] = Future()

        def call() -> None:
            try:
                result = work(item)
            except BaseException as error:
                future.set_exception(error)  # it is raised where the result is taken
            else:
                future.set_result(result)

        self._calls.put(call)
        return future

    def _work(self) -> None:
        while call := self._calls.get():
            call()

"""How far the work is, for somebody at a terminal who has waited for a second: a bar on stderr, gone when it is done.

`working` stands around what may take long; a `CountedSource` does so itself for the reading of records. There is no bar
where stderr is no terminal, and none where stdout is a pipe: whoever reads the pipe may have one of his own on the same
terminal. rich is loaded when the second is over, in the thread that draws; the work itself only counts.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracer.collect.interface import RecordSource, SearchableSource
from tracer.collect.signals import kept_from_new_threads
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun
from tracer.model.search import Search, Wanted

if TYPE_CHECKING:
    from tracer.cli.bar import Bar

SHOWN_AFTER: Final = 1.0
"""Seconds that a work takes before anything is shown of it."""


@dataclass(slots=True)
class Reading:
    """What was read: a Meter, whose counts are those of the present pass.

    Attributes:
        passes: how often everything will be read.
        passed: how often it was.
        expected_files, expected_size: how much there is in a pass; 0 where nobody knows.
        files, size, records: how much of it was read.
    """

    passes: int = 2
    passed: int = 0
    expected_files: int = 0
    expected_size: int = 0
    files: int = 0
    size: int = 0
    records: int = 0

    def expect(self, files: int, size: int) -> None:
        """As `Meter` has it."""
        self.expected_files += files
        self.expected_size += size

    def advance(self, files: int, size: int) -> None:
        """As `Meter` has it."""
        self.files += files
        self.size += size

    def begin_pass(self) -> None:
        """Everything is read from its start, once more."""
        self.files = self.size = self.records = 0

    def end_pass(self) -> None:
        """Everything was read to its end."""
        self.passed += 1

    @property
    def done(self) -> float:
        """Which part of all passes is done, from 0 to 1; 0 where nobody knows how much there is."""
        if not self.expected_size:
            return 0.0
        passes = max(self.passes, self.passed + 1)
        return min(1.0, (self.passed + self.size / self.expected_size) / passes)


class CountedSource:
    """A source whose records are counted, and which shows how far it is.

    Args:
        source: where the records come from.
        reading: counts them; the source tells it of files and bytes.
    """

    def __init__(self, source: RecordSource, reading: Reading) -> None:
        self._source = source
        self._reading = reading

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """The source's records, as it gives them."""
        reading = self._reading
        reading.begin_pass()
        with working("Reading", reading):
            for record in self._source.records(run):
                reading.records += 1
                yield record
        reading.end_pass()

    def search(self, run: DeployRun) -> Search | None:
        """A search in the source's records, which shows how far it is; None where it has none."""
        search = self._source.search(run) if isinstance(self._source, SearchableSource) else None
        return CountedSearch(search, self._reading) if search else None

    def findings(self) -> tuple[Finding, ...]:
        """The source's findings."""
        return self._source.findings()


class CountedSearch:
    """A search whose records are counted, and which shows how far it is. Args: as CountedSource's."""

    def __init__(self, search: Search, reading: Reading) -> None:
        self._search = search
        self._reading = reading
        self.found = search.found

    @property
    def skipped(self) -> int:
        """As the search has it."""
        return self._search.skipped

    def look(self, wanted: Wanted) -> Iterator[RawRecord]:
        """As the search has it."""
        return self._counted(self._search.look(wanted))

    def glance(self, wanted: Wanted) -> Iterator[RawRecord]:
        """As the search has it."""
        return self._counted(self._search.glance(wanted))

    def _counted(self, records: Iterator[RawRecord]) -> Iterator[RawRecord]:
        reading = self._reading
        reading.passes = reading.passed + 1
        reading.begin_pass()
        with working("Reading", reading):
            for record in records:
                reading.records += 1
                yield record
        reading.end_pass()


def is_watched() -> bool:
    """Whether somebody looks who has no other bar before him."""
    if sys.stderr is None or sys.stderr.closed or not sys.stderr.isatty():
        return False
    try:
        return sys.stdout is None or not stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):  # stdout is closed, or no file
        return True


@contextlib.contextmanager
def working(what: str, reading: Reading | None = None) -> Iterator[None]:
    """While this takes longer than a second, somebody at a terminal sees that it goes on.

    Args:
        what: a word or two for the work.
        reading: how far it is, where that is known.
    """
    if _shown or not is_watched():
        yield
        return
    waiting = _Waiting(what, reading)
    _shown.append(waiting)
    try:
        with waiting:
            yield
    finally:
        _shown.remove(waiting)


@contextlib.contextmanager
def out_of_the_way() -> Iterator[None]:
    """While something else is written to the terminal, no bar is there."""
    with contextlib.ExitStack() as hidden:
        for waiting in _shown:
            hidden.enter_context(waiting.hidden())
        yield


class _Waiting:
    """A bar that will appear, as a context."""

    def __init__(self, what: str, reading: Reading | None) -> None:
        self._what = what
        self._reading = reading
        self._bar: Bar | None = None
        self._lock = threading.RLock()
        self._hidden = 0
        self._timer = threading.Timer(SHOWN_AFTER, self._appear)
        self._timer.daemon = True

    def __enter__(self) -> None:
        with kept_from_new_threads():
            self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._hide()

    @contextlib.contextmanager
    def hidden(self) -> Iterator[None]:
        """No bar while this lasts."""
        self._hide()
        try:
            yield
        finally:
            with self._lock:
                self._hidden -= 1
                self._show()

    def _hide(self) -> None:
        with self._lock:
            self._hidden += 1
            if self._bar:
                self._bar.stop()

    def _appear(self) -> None:
        from tracer.cli.bar import Bar

        with self._lock:
            self._bar = Bar(self._what, self._reading)
            self._show()

    def _show(self) -> None:
        if self._bar and not self._hidden:
            with kept_from_new_threads():
                self._bar.start()


_shown: Final[list[_Waiting]] = []
"""What is being waited for: one thing at most."""

"""The stages in order: collect, reduce, emit.

`trace` reads the records of one run from a source and turns them into a `Trace`: what each caller's calls needed.
`draft` turns traces and a baseline into a `Draft`: policy documents that were checked against the traces. Between the
two stands nothing but the Trace, so each half can be a process of its own.

Both read aloud as the commands do. The keyword arguments are the commands' options, with the same defaults.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from tracer import emit, reduce
from tracer.collect.interface import RecordSource, SearchableSource
from tracer.emit.draft import Draft, DraftOptions
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun, TraceOptions
from tracer.model.trace import Trace

_NEW_OBJECTS: Final = 50_000
"""How many objects may be new before Python looks among them for cycles; its own number is 700."""


def trace(source: RecordSource, run: DeployRun, options: TraceOptions) -> Trace:
    """Collect and reduce: the records of `run` from `source` as a Trace.

    Raises:
        CollectError: the source cannot be read.
        NothingSelected: records were read, and none belongs to the run.
    """
    search = source.search(run) if run.principals and isinstance(source, SearchableSource) else None
    with _seldom_collecting():
        return reduce.reduce_records(lambda: source.records(run), run, options, source.findings, search)


def select(source: RecordSource, run: DeployRun) -> Iterator[RawRecord]:
    """Collect alone: the records, unchanged, that `trace` with the same run needs. Raises as `trace` does."""
    return reduce.select_records(lambda: source.records(run), run)


def draft(traces: Iterable[Trace], options: DraftOptions) -> Draft:
    """Emit: the documents of one or more traces, merged with the baseline and checked. Raises EmitError."""
    return emit.draft(tuple(traces), options)


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Meanwhile the garbage collector runs seldom: what a trace is made of holds no cycles, and is kept."""
    before = gc.get_threshold()
    if before[0]:
        gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)

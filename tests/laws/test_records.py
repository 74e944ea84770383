"""More records of a run: what was known exactly stays granted, and what was less exact may become narrower."""

from __future__ import annotations

import functools

from golden import GOLDENS
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from runs.recorder import Json

from tracer import reduce
from tracer.emit.grants import Allows, Grant
from tracer.errors import NothingSelected
from tracer.model.permission import Basis, Permission, ResourcesMode
from tracer.model.policy import Statement
from tracer.model.run import DeployRun, TraceOptions
from tracer.model.trace import Trace

RUNS = sorted(name for name, golden in GOLDENS.items() if callable(golden.source))


@functools.cache
def records_of(name: str) -> tuple[Json, ...]:
    return tuple(GOLDENS[name].source())


def traced(name: str, records: list[Json], mode: ResourcesMode) -> Trace:
    run = DeployRun(principals=(GOLDENS[name].principal,))
    try:
        return reduce.reduce_records(lambda: records, run, TraceOptions(resources=mode))
    except NothingSelected:
        assume(False)
        raise


def exact(trace: Trace) -> list[Permission]:
    """What a record stands behind, on a resource in which nothing was left open."""
    known = (Basis.OBSERVED, Basis.IMPLIED)
    return [used.permission for used in trace.permissions if used.permission.basis in known and not used.widened]


@settings(max_examples=settings().max_examples // 2)
@given(st.sampled_from(RUNS), st.sampled_from(ResourcesMode), st.data())
def test_more_records_never_remove_a_permission_that_was_exact(name: str, mode: ResourcesMode, data: st.DataObject):
    records = records_of(name)
    more = data.draw(st.sets(st.integers(0, len(records) - 1), min_size=1))
    fewer = data.draw(st.sets(st.sampled_from(sorted(more)), min_size=1))
    before = traced(name, [records[place] for place in sorted(fewer)], mode)
    after = traced(name, [records[place] for place in sorted(more)], mode)
    for one in exact(before):
        theirs = (used.permission for used in after.permissions if used.permission.principal == one.principal)
        granted = Allows(
            Statement(actions=(same.action.text,), resources=(same.resource.text,), conditions=same.conditions)
            for same in theirs
        )
        assert granted.grant(Grant.of(one)), one

"""Several traces as one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from emit_support import RUN, permission, trace_of
from hypothesis import given
from hypothesis import strategies as st
from strategies import traces

from tracer.emit.union import unite
from tracer.errors import EmitError
from tracer.model.finding import Finding
from tracer.model.permission import Evidence, UsedPermission, Widening
from tracer.model.trace import Accounting, Denial, Trace

GET = permission("s3:GetObject", "arn:aws:s3:::orders/key")
EARLY = Evidence(2, "2026-11-24T08:00:00Z", "2026-11-24T08:00:05Z", ("a", "b", "c"))
LATE = Evidence(3, "2026-11-25T08:00:00Z", "2026-11-25T08:00:05Z", ("d", "a", "e"))


def test_a_permission_of_two_traces_has_the_evidence_of_both():
    steps = [Widening("resource", "x", "*", "one"), Widening("resource", "y", "*", "two")]
    late, early = UsedPermission(GET, LATE, (steps[1],)), UsedPermission(GET, EARLY, (steps[0],))
    (united,) = unite([trace_of(late), trace_of(early)]).permissions
    assert united == UsedPermission(GET, Evidence(5, EARLY.first, LATE.last, ("a", "b", "c")), tuple(steps))


def test_inferred_evidence_adds_nothing_to_a_time():
    (united,) = unite([trace_of(UsedPermission(GET, Evidence())), trace_of(UsedPermission(GET, LATE))]).permissions
    assert united.evidence == LATE


def test_denials_findings_and_bins_are_added_up():
    denial = Denial(GET.principal, "s3:GetObject", None, "AccessDenied", None, "message", EARLY)
    finding = Finding("UNKNOWN_ACTION", "no action", "s3.amazonaws.com", "Do", 1, ("x",))
    first = Trace(RUN, denied=(denial,), findings=(finding,), accounting=Accounting(denied=1, used=2))
    second = Trace(
        RUN,
        denied=(replace(denial, evidence=LATE),),
        findings=(replace(finding, count=2, events=("y",)), Finding("COVERAGE_GAP", "a gap")),
        accounting=Accounting(denied=3),
    )
    united = unite([first, second])
    assert [row.evidence.count for row in united.denied] == [5]
    assert united.findings == (Finding("COVERAGE_GAP", "a gap"), replace(finding, count=3, events=("x",)))
    assert (united.accounting.denied, united.accounting.used) == (4, 2)


def test_the_runs_facts_are_put_together():
    other = replace(
        RUN, regions=("eu-west-1",), service="invoices", since="2026-11-24T08:00:00Z", until="2026-11-24T09:00:00Z"
    )
    bounded = replace(RUN, since="2026-11-23T08:00:00Z", until=None)
    run = unite([trace_of(run=other), trace_of(run=bounded)]).run
    assert (run.regions, run.service, run.stage) == (("eu-west-1", "us-east-1"), None, "dev")
    assert (run.since, run.until) == ("2026-11-23T08:00:00Z", None)


def test_no_trace_is_an_error():
    with pytest.raises(EmitError, match="no trace"):
        unite([])


def test_partitions_do_not_mix():
    with pytest.raises(EmitError, match="aws, aws-cn"):
        unite([trace_of(run=replace(RUN, partition="aws-cn")), trace_of()])


_same_partition = st.lists(
    traces.map(lambda trace: replace(trace, run=replace(trace.run, partition="aws"))), min_size=1, max_size=3
)


@given(_same_partition)
def test_neither_order_nor_repetition_of_traces_changes_the_union(some: list[Trace]):
    united = unite(some)
    assert all(unite(order) == united for order in itertools.permutations(some))
    assert unite([*some, *some]) == united

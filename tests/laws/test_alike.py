"""The laws of several runs: what they have in common covers each of them, and no more than one part is left open."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from emit_support import RUN, evidenced, permission, trace_of
from hypothesis import given
from hypothesis import strategies as st

from tracer.emit.alike import RUNS, STAGES, alike
from tracer.emit.union import unite
from tracer.model.arn import ArnPattern
from tracer.model.trace import RunFacts, Trace

_ENDS = ["api", "api-7f3a9c", "api-c2e8d1", "7f3a9c", "a1b2c3d4-api", "python312", "123456789012", "*"]
_HEADS = ["orders-{stage}-", "orders-{stage}-", "orders/{stage}/", "orders-qa-", "other-{stage}-", ""]
_ARNS = ["arn:aws:s3:::{}"] * 4 + [
    f"arn:{partition}:{service}:{region}:{account}:{{}}"
    for partition, service, region, account in itertools.product(
        ["aws", "aws-cn"], ["sqs"], ["us-east-1", "eu-west-1"], ["123456789012", "210987654321"]
    )
]


@st.composite
def _traces(draw: st.DrawFn) -> Trace:
    """A run of a small world, in which two runs often have names that differ in one part."""
    stage = draw(st.sampled_from(["dev", "prod"]))
    account = draw(st.sampled_from(["123456789012"] * 3 + ["210987654321"]))
    heads = [head.format(stage=stage) for head in _HEADS]
    names = st.builds(str.__add__, st.sampled_from(heads), st.sampled_from(_ENDS))
    resources = st.just("*") | st.builds(str.format, st.sampled_from(_ARNS), names)
    lines = draw(st.lists(st.tuples(st.sampled_from(["x:Get", "x:Put"]), resources), max_size=5, unique=True))
    run = replace(RUN, stage=draw(st.sampled_from([stage] * 3 + [None])), accounts=(account,))
    return trace_of(*(evidenced(permission(action, resource)) for action, resource in lines), run=run)


several = st.lists(_traces(), min_size=1, max_size=4)


def lines_of(traces: Sequence[Trace]) -> list[tuple[RunFacts, str, str]]:
    return [
        (trace.run, line.permission.action.text, line.permission.resource.text)
        for trace in traces
        for line in trace.permissions
    ]


@given(several)
def test_it_covers_all_that_each_run_needed(traces: list[Trace]):
    found, _ = alike(traces)
    for (_, action, resource), (_, same, pattern) in zip(lines_of(traces), lines_of(found), strict=True):
        assert action == same
        assert ArnPattern(pattern).covers(ArnPattern(resource))


@given(several)
def test_a_pattern_is_no_broader_than_what_the_runs_differ_in(traces: list[Trace]):
    """Its wildcards stand for words that stood in these places: two different ones at least."""
    known = lines_of(traces)
    for trace in alike(traces)[0]:
        for line in trace.permissions:
            one = line.permission
            behind = [
                (run, resource)
                for run, action, resource in known
                if action == one.action.text and run.accounts == trace.run.accounts
                if of_its_shape(one.resource.text, resource)
            ]
            if not any(step.rule in (STAGES, RUNS) for step in line.widened):
                assert (trace.run, one.resource.text) in behind
                continue
            assert len({resource for _, resource in behind}) > 1


def of_its_shape(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern` with words, or wildcards that were there before, in the place of its wildcards."""
    signs = {"*": r"[A-Za-z0-9*]+", "?": r"[A-Za-z0-9]"}
    return re.fullmatch("".join(signs.get(sign, re.escape(sign)) for sign in pattern), text) is not None


@given(several)
def test_no_pattern_reaches_over_partition_region_account_or_service(traces: list[Trace]):
    found, _ = alike(traces)
    for (_, _, resource), (_, _, pattern) in zip(lines_of(traces), lines_of(found), strict=True):
        assert resource.split(":")[:5] == pattern.split(":")[:5]


@given(several)
def test_neither_order_nor_repetition_of_the_runs_changes_it(traces: list[Trace]):
    def result(some: Sequence[Trace]) -> set[tuple[RunFacts, str, str]]:
        return set(lines_of(alike(some)[0]))

    assert all(result(order) == result(traces) for order in itertools.permutations(traces))
    assert result([*traces, *traces]) == result(traces)


@given(_traces())
def test_one_run_alone_tells_nothing(trace: Trace):
    assert alike([trace]) == ((trace,), ())
    assert unite(alike([trace, trace])[0]) == unite([trace])

"""The laws of emit, over a small world in which every concrete call can be tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

import pytest
from emit_support import (
    REQUESTS,
    Request,
    allows,
    baselines,
    brute_strings,
    evidenced,
    needed,
    needs,
    permissive_baselines,
    trace_of,
)
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tracer import emit
from tracer.emit.build import build
from tracer.emit.check import check, self_check
from tracer.emit.draft import DraftOptions
from tracer.emit.grants import Allows, Denies, Grant, PatternIndex
from tracer.emit.merge import Merge, merge
from tracer.emit.overlap import overlap
from tracer.errors import SelfCheckFailed
from tracer.model.arn import ArnPattern
from tracer.model.permission import Permission
from tracer.model.policy import Policy, Statement

_FEW = settings().max_examples // 4
"""For laws that expand `*` by the whole action table."""


def merged_policy(permissions: Iterable[Permission], baseline: Sequence[Statement], how: Merge) -> Policy:
    merged = merge([evidenced(one) for one in permissions], baseline, how)
    return Policy(tuple(line.statement for line in merged.lines))


def granted(*policies: Policy) -> set[Request]:
    return {request for request in REQUESTS if allows(policies, request)}


def asked(permissions: Iterable[Permission]) -> set[Request]:
    permissions = list(permissions)
    return {request for request in REQUESTS if any(needs(one, request) for one in permissions)}


@given(needed)
def test_build_grants_what_is_asked_and_nothing_else(permissions: list[Permission]):
    policy = Policy(build(Grant.of(one) for one in permissions))
    assert granted(policy) == asked(permissions)


@given(needed, permissive_baselines, st.sampled_from(Merge))
def test_every_permission_is_granted(permissions: list[Permission], baseline: list[Statement], how: Merge):
    assert asked(permissions) <= granted(merged_policy(permissions, baseline, how))


@given(needed, baselines, st.sampled_from(Merge))
def test_nothing_beyond_the_baseline_and_the_trace_is_granted(
    permissions: list[Permission], baseline: list[Statement], how: Merge
):
    assert granted(merged_policy(permissions, baseline, how)) <= granted(Policy(tuple(baseline))) | asked(permissions)


@given(needed, baselines)
def test_observed_grants_what_is_asked_and_nothing_else(permissions: list[Permission], baseline: list[Statement]):
    assert granted(merged_policy(permissions, baseline, Merge.OBSERVED)) == asked(permissions)


@given(needed, permissive_baselines)
def test_extend_holds_tighten_and_tighten_holds_observed(permissions: list[Permission], baseline: list[Statement]):
    extended, tightened, observed = (granted(merged_policy(permissions, baseline, how)) for how in Merge)
    assert extended >= tightened >= observed


@given(needed, baselines)
def test_what_a_deny_takes_from_a_permission_is_told(permissions: list[Permission], baseline: list[Statement]):
    merged = merge([evidenced(one) for one in permissions], baseline, Merge.EXTEND)
    told = {blocked.used.permission for blocked in merged.blocked}
    silent = [one for one in permissions if one not in told]
    assert asked(silent) <= granted(Policy(tuple(line.statement for line in merged.lines)))


@given(baselines)
def test_the_baseline_extended_by_nothing_is_the_baseline(baseline: list[Statement]):
    assert merged_policy([], baseline, Merge.EXTEND).statements == tuple(baseline)


@given(needed, baselines, st.sampled_from(Merge))
def test_what_the_self_check_passes_is_what_merge_makes(
    permissions: list[Permission], baseline: list[Statement], how: Merge
):
    merged = merge([evidenced(one) for one in permissions], baseline, how)
    kept = () if how is Merge.OBSERVED else baseline
    policy = Policy(tuple(line.statement for line in merged.lines))
    self_check([policy], permissions, kept, [blocked.used.permission for blocked in merged.blocked])


@given(needed, st.data())
def test_the_self_check_misses_no_statement_that_was_dropped(permissions: list[Permission], data: st.DataObject):
    policy = merged_policy(permissions, (), Merge.OBSERVED)
    assume(policy.statements)
    gone = data.draw(st.integers(0, len(policy.statements) - 1))
    rest = Policy(policy.statements[:gone] + policy.statements[gone + 1 :])
    assume(granted(rest) != granted(policy))
    with pytest.raises(SelfCheckFailed, match="does not allow"):
        self_check([rest], permissions)


@given(needed, permissive_baselines, st.data())
def test_the_self_check_misses_no_statement_that_was_widened(
    permissions: list[Permission], baseline: list[Statement], data: st.DataObject
):
    policy = merged_policy(permissions, baseline, Merge.EXTEND)
    assume(policy.statements)
    place = data.draw(st.integers(0, len(policy.statements) - 1))
    wide = replace(policy.statements[place], resources=("*",), not_resources=())
    widened = Policy((*policy.statements[:place], wide, *policy.statements[place + 1 :]))
    assume(granted(widened) != granted(policy))
    with pytest.raises(SelfCheckFailed, match="grants"):
        self_check([widened], permissions, baseline)


@settings(max_examples=_FEW)
@given(needed, baselines)
def test_check_allows_nothing_that_iam_would_refuse(permissions: list[Permission], baseline: list[Statement]):
    policy = Policy(tuple(baseline))
    missing = set(check(policy, permissions).missing)
    assert asked(one for one in permissions if one not in missing) <= granted(policy)


@settings(max_examples=_FEW)
@given(needed, baselines)
def test_check_finds_an_excess_wherever_there_is_one(permissions: list[Permission], baseline: list[Statement]):
    policy = Policy(tuple(baseline))
    if granted(policy) - asked(permissions):
        assert check(policy, permissions).excess


@given(needed, st.randoms(use_true_random=False), st.sampled_from(Merge))
def test_order_and_repetition_change_nothing(permissions: list[Permission], random: Random, how: Merge):
    lines = [evidenced(one) for one in dict.fromkeys(permissions)]
    shuffled = random.sample(lines, len(lines))
    options = DraftOptions(merge=how)
    half = len(lines) // 2
    once = emit.draft([trace_of(*lines)], options)
    again = emit.draft([trace_of(*shuffled[half:]), trace_of(*shuffled[:half]), trace_of(*shuffled[half:])], options)
    assert [policy.to_json() for policy in again.policies] == [policy.to_json() for policy in once.policies]
    assert again.findings == once.findings


@given(baselines, needed)
def test_an_index_of_statements_answers_as_each_statement_alone(
    baseline: list[Statement], permissions: list[Permission]
):
    allows_all, denies = Allows(baseline), Denies(baseline)
    for one in permissions:
        grant = Grant.of(one)
        alone = [number for number, statement in enumerate(baseline) if Allows([statement]).grant(grant)]
        assert sorted({hit.number for hit in allows_all.granting(grant)}) == alone
        assert (denies.blocking(grant) is None) == all(
            Denies([statement]).blocking(grant) is None for statement in baseline
        )


_texts = st.text(alphabet="a:*?", max_size=5) | st.sampled_from(["${*}", "a${$}", "$", "${aws:x}", "a}"])


@given(st.lists(_texts, max_size=6), _texts, st.booleans())
@example(texts=["*", ":?"], question="", spanning=False)
def test_a_pattern_index_finds_what_asking_each_would(texts: list[str], question: str, spanning: bool):
    index: PatternIndex[str] = PatternIndex()
    patterns = [ArnPattern(f"arn:aws:s3:::{text}") for text in texts]
    for pattern in patterns:
        index.add(pattern, pattern.text)
    asked_for = ArnPattern(f"arn:aws:s3:::{question}")
    expected = sorted(pattern.text for pattern in patterns if pattern.covers(asked_for, spanning=spanning))
    assert sorted(index.covering(asked_for, spanning=spanning)) == expected


_STRINGS = brute_strings("a:", 6)
_globs = st.text(alphabet="a:*?", max_size=3)


@given(_globs, _globs)
@example("*a", "a*")
@example("a*:", "?")
def test_patterns_overlap_where_a_string_matches_both(pattern: str, other: str):
    # Two globs that meet at all meet in a string of no more signs than both have together: six.
    both = any(_matches(pattern, text) and _matches(other, text) for text in _STRINGS)
    assert overlap(pattern, other) == overlap(other, pattern) == both


def _matches(glob: str, text: str) -> bool:
    if not glob:
        return not text
    if glob[0] == "*":
        return _matches(glob[1:], text) or (bool(text) and _matches(glob, text[1:]))
    return bool(text) and glob[0] in ("?", text[0]) and _matches(glob[1:], text[1:])

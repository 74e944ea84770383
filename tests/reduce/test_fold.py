"""Many records into few lines: what is one line and what is two, and which events stand behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Basis, Permission, Section, Widening
from tracer.model.policy import Conditions
from tracer.model.trace import Denial
from tracer.reduce.fold import Fold

LINE = Permission(
    Section.DEPLOYER,
    "arn:aws:iam::123456789012:user/deployer",
    Action("lambda:GetFunction"),
    ArnPattern("arn:aws:lambda:us-east-1:123456789012:function:orders"),
)

OTHERS = {
    "section": Section.OTHER,
    "principal": "arn:aws:iam::123456789012:user/alice",
    "action": Action("lambda:GetFunctionConfiguration"),
    "resource": ArnPattern("arn:aws:lambda:us-east-1:123456789012:function:orders:*"),
    "conditions": Conditions.of("StringEquals", "kms:ViaService", "lambda.us-east-1.amazonaws.com"),
    "basis": Basis.IMPLIED,
    "rule": "lambda/tags",
    "via": "cloudformation.amazonaws.com",
}


def event(event_id: str = "e1", time: str = "2026-11-24T08:00:00Z") -> tuple[str, str]:
    return time, event_id


@pytest.mark.parametrize("name", OTHERS)
def test_two_that_differ_in_a_field_of_the_key_are_two_lines(name: str):
    fold = Fold(3)
    fold.permission(LINE, ()).add(event("e1"))
    fold.permission(replace(LINE, **{name: OTHERS[name]}), ()).add(event("e2"))
    assert [used.evidence.count for used in fold.permissions()] == [1, 1]


def test_the_key_has_no_other_field():
    assert set(OTHERS) == set(Permission.__slots__)


def test_two_that_differ_in_nothing_of_the_key_are_one_line():
    fold = Fold(3)
    fold.permission(LINE, (Widening("resource", "a", "*", "api-id"),)).add(event("e2", "2026-11-24T09:00:00Z"))
    fold.permission(LINE, (Widening("resource", "b", "*", "api-id"),)).add(event("e1", "2026-11-24T08:00:00Z"))
    (used,) = fold.permissions()
    assert used.evidence.count == 2
    assert (used.evidence.first, used.evidence.last) == ("2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z")
    assert used.evidence.events == ("e1", "e2")
    assert [step.before for step in used.widened] == ["a", "b"]


@pytest.mark.parametrize(
    ("keep", "events"), [(0, ()), (1, ("e1",)), (3, ("e1", "e2", "e3")), (None, ("e1", "e2", "e3", "e4"))]
)
def test_the_first_events_are_kept_by_time_and_id(keep: int | None, events: tuple[str, ...]):
    fold = Fold(keep)
    for event_id, hour in (("e3", 9), ("e2", 8), ("e4", 10), ("e1", 8)):
        fold.permission(LINE, ()).add(event(event_id, f"2026-11-24T{hour:02}:00:00Z"))
    (used,) = fold.permissions()
    assert used.evidence.events == events
    assert used.evidence.count == 4
    assert (used.evidence.first, used.evidence.last) == ("2026-11-24T08:00:00Z", "2026-11-24T10:00:00Z")


def test_examples_of_what_was_widened_are_as_many_as_events():
    fold = Fold(2)
    for before in ("d", "b", "a", "c"):
        fold.permission(LINE, (Widening("resource", before, "*", "api-id"),)).add(event(before))
    (used,) = fold.permissions()
    assert [step.before for step in used.widened] == ["a", "b"]


def test_lines_are_sorted():
    fold = Fold(3)
    lines = [replace(LINE, **{name: value}) for name, value in OTHERS.items()]
    for line in [*lines, LINE]:
        fold.permission(line, ()).add(event())
    keys = [used.permission.sort_key for used in fold.permissions()]
    assert keys == sorted(keys)
    assert keys[-1][0] == "other"


def test_denials_and_findings_are_counted():
    fold = Fold(1)
    denial = Denial("p", "s3:GetObject", None, "AccessDenied", None, "request")
    finding = Finding("UNKNOWN_ACTION", "no such action", "s3.amazonaws.com", "GetThing")
    for event_id in ("e2", "e1"):
        fold.denial(denial).add(event(event_id))
        fold.finding(finding).add(event(event_id))
    (denied,) = fold.denied()
    assert (denied.evidence.count, denied.evidence.events) == (2, ("e1",))
    (found,) = fold.findings()
    assert (found.count, found.events) == (2, ("e1",))


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("0123"), st.sampled_from("xyz")), min_size=1),
    st.sampled_from([0, 1, 3, None]),
    st.randoms(use_true_random=False),
)
def test_order_makes_no_difference(met: list[tuple[str, str, str]], keep: int | None, random: object):
    def folded(items: list[tuple[str, str, str]]) -> object:
        fold = Fold(keep)
        for event_id, hour, before in items:
            steps = (Widening("resource", before, "*", "api-id"),)
            fold.permission(LINE, steps).add(event(event_id, f"2026-11-24T0{hour}:00:00Z"))
        return fold.permissions()

    shuffled = list(met)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert folded(met) == folded(shuffled)

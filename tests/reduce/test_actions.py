"""The actions of a call: by the general rule under the prefixes of its source, else by the row of an exception."""

from __future__ import annotations

from typing import Any

import pytest
from reduce_support import bins, trace_of
from support import record

from tracer.model.record import Record
from tracer.reduce.actions import NoPermission, Unknown, needs_of
from tracer.reduce.parse import parse


def parsed(event: str, source: str, **fields: Any) -> Record:  # noqa: ANN401 - any field of a record
    found = parse(record(event, f"{source}.amazonaws.com", **fields))
    assert isinstance(found, Record)
    return found


@pytest.mark.parametrize(
    ("event", "source", "needed"),
    [
        ("CreateFunction20150331", "lambda", [("lambda:CreateFunction", None)]),
        ("RegisterScalableTarget", "autoscaling", [("application-autoscaling:RegisterScalableTarget", None)]),
        ("CreateSession", "s3", [("s3express:CreateSession", None)]),
        ("ListBuckets", "s3", [("s3:ListAllMyBuckets", "event/s3-ListBuckets")]),
        ("Invoke", "lambda", [("lambda:InvokeFunction", "event/lambda-Invoke")]),
    ],
    ids=["plain", "under a further prefix", "under the last prefix", "another name", "a version and another name"],
)
def test_an_action_and_the_exception_that_it_is_known_by(event: str, source: str, needed: list[tuple[str, str | None]]):
    found = needs_of(parsed(event, source))
    assert not isinstance(found, NoPermission | Unknown)
    assert [(need.fact.action.text, need.rule) for need in found] == needed
    assert [need.row is None for need in found] == [rule is None for _, rule in needed]


def test_the_rule_of_an_exception_is_in_the_trace():
    (used,) = trace_of(record("ListBuckets", "s3.amazonaws.com")).permissions
    assert used.permission.rule == "event/s3-ListBuckets"


@pytest.mark.parametrize(
    ("source", "prefixes"),
    [("iam", "iam"), ("opensearch", "es or opensearch"), ("s3-control", "s3 or s3-outposts or s3express")],
)
def test_what_the_table_does_not_have_is_told_with_where_it_was_looked_for(source: str, prefixes: str):
    trace = trace_of(record("ListRoles"), record("GetThing", f"{source}.amazonaws.com"))
    assert bins(trace) == {"used": 1, "unmapped": 1}
    (finding,) = (finding for finding in trace.findings if finding.code == "UNKNOWN_ACTION")
    assert finding.message == f"AWS's action table has no GetThing under {prefixes}"


def test_a_call_that_needs_no_permission_is_told_apart_from_an_unknown_one():
    assert isinstance(needs_of(parsed("GetCallerIdentity", "sts")), NoPermission)

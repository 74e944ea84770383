"""The trace's JSON is schema 1, word for word, and what is no trace is refused with its place named."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from strategies import traces

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.jsontext import json_text
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission, Widening
from tracer.model.policy import Conditions
from tracer.model.trace import Accounting, Denial, InvalidTrace, RunFacts, Trace

DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "run": {
        "principals": ["arn:aws:iam::123456789012:user/deployer"],
        "since": "2026-11-24T08:00:00Z",
        "until": None,
        "accounts": ["123456789012"],
        "regions": ["us-east-1"],
        "partition": "aws",
        "service": "orders",
        "stage": None,
        "stacks": ["orders-dev"],
    },
    "permissions": [
        {
            "principal": "arn:aws:iam::123456789012:user/deployer",
            "section": "deployer",
            "action": "iam:PassRole",
            "resource": "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole",
            "widened": [{"part": "resource", "from": "x1y2z3", "to": "*", "rule": "rest-api-id"}],
            "conditions": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
            "basis": "implied",
            "rule": "pass-role/lambda-create-function",
            "via": "cloudformation.amazonaws.com",
            "count": 2,
            "first": "2026-11-24T08:00:01Z",
            "last": "2026-11-24T08:00:09Z",
            "events": ["1", "2"],
        }
    ],
    "denied": [
        {
            "principal": "arn:aws:iam::123456789012:user/deployer",
            "action": "s3:PutBucketTagging",
            "resource": None,
            "error": "AccessDenied",
            "cause": "identity-based",
            "read_from": "message",
            "count": 1,
            "first": "2026-11-24T08:00:02Z",
            "last": "2026-11-24T08:00:02Z",
            "events": ["3"],
        }
    ],
    "findings": [
        {
            "code": "UNKNOWN_ACTION",
            "severity": "warning",
            "message": "no such action",
            "event_source": "s3.amazonaws.com",
            "event_name": None,
            "count": 1,
            "events": ["4"],
        }
    ],
    "accounting": {
        "read": 55,
        "unreadable": 1,
        "other_principal": 2,
        "outside_window": 3,
        "filtered_out": 4,
        "duplicate": 5,
        "not_an_api_call": 6,
        "no_permission_needed": 7,
        "denied": 8,
        "unmapped": 9,
        "used": 10,
    },
}
"""A trace with something in each place, in the order of keys that users see."""

TRACE = Trace(
    run=RunFacts(
        principals=("arn:aws:iam::123456789012:user/deployer",),
        since="2026-11-24T08:00:00Z",
        accounts=("123456789012",),
        regions=("us-east-1",),
        service="orders",
        stacks=("orders-dev",),
    ),
    permissions=(
        UsedPermission(
            Permission(
                section=Section.DEPLOYER,
                principal="arn:aws:iam::123456789012:user/deployer",
                action=Action("iam:PassRole"),
                resource=ArnPattern("arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"),
                conditions=Conditions.of("StringEquals", "iam:PassedToService", "lambda.amazonaws.com"),
                basis=Basis.IMPLIED,
                rule="pass-role/lambda-create-function",
                via="cloudformation.amazonaws.com",
            ),
            Evidence(2, "2026-11-24T08:00:01Z", "2026-11-24T08:00:09Z", ("1", "2")),
            (Widening("resource", "x1y2z3", "*", "rest-api-id"),),
        ),
    ),
    denied=(
        Denial(
            principal="arn:aws:iam::123456789012:user/deployer",
            action="s3:PutBucketTagging",
            resource=None,
            error="AccessDenied",
            cause="identity-based",
            read_from="message",
            evidence=Evidence(1, "2026-11-24T08:00:02Z", "2026-11-24T08:00:02Z", ("3",)),
        ),
    ),
    findings=(Finding("UNKNOWN_ACTION", "no such action", "s3.amazonaws.com", None, 1, ("4",)),),
    accounting=Accounting(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
)


def test_a_trace_is_written_as_schema_1_has_it():
    assert TRACE.to_json() == json.dumps(DOCUMENT, indent=1) + "\n"


@given(traces)
def test_whatever_a_trace_holds_it_is_written_as_its_objects_are(trace: Trace):
    assert trace.to_json() == json_text(trace.to_dict(), indent=1) + "\n"


def test_a_trace_is_read_from_text_and_from_objects():
    assert Trace.from_json(DOCUMENT) == TRACE
    assert Trace.from_json(json.dumps(DOCUMENT)) == TRACE


def test_keys_of_later_versions_are_ignored():
    later = {
        **DOCUMENT,
        "new": 1,
        "run": DOCUMENT["run"] | {"new": 1},
        "accounting": DOCUMENT["accounting"] | {"new": 1},
    }
    assert Trace.from_json(later) == TRACE


def test_the_bins_are_those_of_the_design_in_their_order_and_sum_to_the_records_read():
    assert list(Accounting().to_json()) == list(DOCUMENT["accounting"])
    assert [bin_.name for bin_ in fields(Accounting)] == list(DOCUMENT["accounting"])[1:]
    assert TRACE.accounting.read == 55
    assert TRACE.accounting.to_json()["read"] == 55


def test_the_records_of_the_run_are_those_that_no_filter_left_out():
    assert TRACE.accounting.selected == 6 + 7 + 8 + 9 + 10


def test_denials_are_sorted_also_where_nothing_names_the_action():
    def denial(action: str | None, resource: str | None = None, cause: str | None = None) -> Denial:
        return Denial("arn:aws:iam::123456789012:user/a", action, resource, "AccessDenied", cause, "message")

    in_order = [denial(None), denial("s3:A"), denial("s3:A", None, "identity-based"), denial("s3:A", "arn:aws:s3:::a")]
    shuffled = [in_order[place] for place in (2, 0, 3, 1)]
    assert sorted(shuffled, key=lambda item: item.sort_key) == in_order


def with_value(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """DOCUMENT with another value at `path`."""
    document = json.loads(json.dumps(DOCUMENT))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), 2, "not a trace of schema 1"),
        (("run",), [], "run is list, not dict"),
        (("run", "principals"), "arn:aws:iam::1:user/a", "principals is str, not list"),
        (("run", "regions"), [1], "regions holds other things than strings"),
        (("run", "partition"), None, "partition is NoneType, not str"),
        (("permissions",), {}, "permissions is dict, not list"),
        (("permissions", 0), "iam:PassRole", "section is missing"),
        (("permissions", 0, "section"), "builder", "'builder' is not a valid Section"),
        (("permissions", 0, "basis"), "guessed", "'guessed' is not a valid Basis"),
        (("permissions", 0, "action"), "PassRole", "not an IAM action: 'PassRole'"),
        (("permissions", 0, "resource"), 5, "resource is int, not str"),
        (("permissions", 0, "conditions"), {"Bool": 1}, "Condition.Bool must be an object"),
        (("permissions", 0, "count"), "2", "count is str, not int"),
        (("permissions", 0, "events"), "12", "events is str, not list"),
        (("permissions", 0, "widened", 0), {"part": "region"}, "from is missing"),
        (("denied", 0, "error"), None, "error is NoneType, not str"),
        (("denied", 0), None, "principal is missing"),
        (("findings", 0, "code"), "NO_SUCH_CODE", "no such finding code: NO_SUCH_CODE"),
        (("accounting", "used"), None, "used is NoneType, not int"),
    ],
)
def test_what_is_no_trace(path: tuple[str | int, ...], value: object, message: str):
    with pytest.raises(InvalidTrace, match=re.escape(message)):
        Trace.from_json(with_value(path, value))


@pytest.mark.parametrize("key", sorted(DOCUMENT))
def test_a_trace_lacks_a_key(key: str):
    with pytest.raises(InvalidTrace, match=key):
        Trace.from_json({name: value for name, value in DOCUMENT.items() if name != key})


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"trace"', "[" * 100_000, "9" * 5000, '{"Version": "2012-10-17"}']
)
def test_what_is_no_trace_at_all(text: str):
    with pytest.raises(InvalidTrace, match="not a trace"):
        Trace.from_json(text)

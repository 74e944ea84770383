"""Every case of these folders: a call as CloudTrail records it gives the permissions that AWS checks, and no more."""

from __future__ import annotations

import json

import pytest
from case_support import Case, cases

from tracer import reduce
from tracer.model.permission import ResourcesMode
from tracer.model.run import DeployRun, TraceOptions

KEYS = {
    "name", "source", "verified", "trap", "event", "eventSource", "request", "response", "error", "message", "region",
    "fields", "via", "before", "resources", "options", "needs", "bin", "denied", "findings",
}  # fmt: skip


@pytest.mark.parametrize("stated", [pytest.param(case, id=case.id) for case in cases()])
def test_case(stated: Case):
    case, call, others = stated.content, stated.record, stated.before
    assert set(case) <= KEYS
    assert case["source"]
    options = TraceOptions(
        resources=ResourcesMode(case.get("resources", "exact")), evidence=None, **case.get("options", {})
    )
    trace = reduce.reduce_records(lambda: [call, *others], DeployRun(), options)

    event = call["eventID"]
    found = [
        (line.action.text, line.resource.text, line.conditions.to_json(), line.basis.value)
        for line in (used.permission for used in trace.permissions if event in used.evidence.events)
    ]
    wanted = [
        (need["action"], need["resource"], need.get("conditions", {}), need.get("basis", "observed"))
        for need in case.get("needs", [])
    ]
    order = json.dumps
    assert sorted(found, key=order) == sorted(wanted, key=order)

    denied = [
        (row.action, row.resource, row.cause, row.read_from) for row in trace.denied if event in row.evidence.events
    ]
    assert sorted(denied, key=order) == sorted(
        ((row["action"], row["resource"], row.get("cause"), row["read_from"]) for row in case.get("denied", [])),
        key=order,
    )
    codes = sorted(finding.code for finding in trace.findings if event in finding.events)
    assert codes == case.get("findings", [])
    if not others:
        assert getattr(trace.accounting, case.get("bin", "used")) == 1

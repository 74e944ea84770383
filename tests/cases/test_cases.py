"""Every case of these folders: a call as CloudTrail records it gives the permissions that AWS checks, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import forwarded, iam_user, record

from tracer import reduce
from tracer.model.permission import ResourcesMode
from tracer.model.run import DeployRun, TraceOptions

HERE = Path(__file__).parent
KEYS = {
    "name", "source", "verified", "trap", "event", "eventSource", "request", "response", "error", "message", "region",
    "fields", "via", "before", "resources", "options", "needs", "bin", "denied", "findings",
}  # fmt: skip


def cases() -> Iterator[Any]:
    for file in sorted(HERE.glob("*/*.json")):
        for case in json.loads(file.read_text(encoding="utf-8")):
            yield pytest.param(case, file.parent.name, id=f"{file.parent.name}/{file.stem}/{case['name']}")


def raw(call: Mapping[str, Any], service: str, time: str) -> dict[str, Any]:
    fields = dict(call.get("fields", {}))
    if "via" in call:
        fields = forwarded(iam_user(), call["via"]) | fields
    identity = fields.pop("userIdentity", None)
    return record(
        call["event"],
        call.get("eventSource", f"{service}.amazonaws.com"),
        user=identity,
        time=time,
        region=call.get("region", "us-east-1"),
        request=call.get("request"),
        response=call.get("response"),
        error=call.get("error"),
        message=call.get("message"),
        **fields,
    )


@pytest.mark.parametrize(("case", "service"), list(cases()))
def test_case(case: Mapping[str, Any], service: str):
    assert set(case) <= KEYS
    assert case["source"]
    others = [raw(call, service, "2026-11-24T08:00:00Z") for call in case.get("before", [])]
    call = raw(case, service, "2026-11-24T08:30:00Z")
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

"""Two jobs that deploy under one identity at the same time cannot be told apart, and that is said."""

from __future__ import annotations

import pytest
from support import assumed_role, iam_user, record

from tracer import reduce
from tracer.model.run import DeployRun, TraceOptions


def calls(identity, key, *minutes):
    return [
        record("GetRole", user=identity | {"accessKeyId": key}, request={"roleName": f"r{key}{minute}"},
               time=f"2026-11-24T08:{minute:02}:00Z")
        for minute in minutes
    ]  # fmt: skip


@pytest.mark.parametrize("identity", [assumed_role("ci", "build"), iam_user("deployer")], ids=["session", "user"])
@pytest.mark.parametrize(
    ("one", "other", "ambiguous"),
    [
        pytest.param((1, 9), (5, 12), True, id="at-the-same-time"),
        pytest.param((1, 12), (5, 9), True, id="one-within-the-other"),
        pytest.param((1, 4), (5, 9), False, id="one-after-the-other"),
    ],
)
def test_two_credentials_of_one_identity(identity, one, other, ambiguous):
    records = calls(identity, "ASIA1", *one) + calls(identity, "ASIA2", *other)
    trace = reduce.reduce_records(lambda: records, DeployRun(), TraceOptions())
    found = [finding for finding in trace.findings if finding.code == "AMBIGUOUS_RUN"]
    assert bool(found) is ambiguous
    assert all(identity["arn"] in finding.message for finding in found)


def test_forwarded_calls_have_keys_of_their_own_and_are_not_ambiguous():
    user = iam_user("deployer")
    forwarded = [
        record("CreateRole", user=user | {"accessKeyId": f"ASIA{n}", "invokedBy": "cloudformation.amazonaws.com"},
               request={"roleName": "r"}, time="2026-11-24T08:05:00Z")
        for n in range(3)
    ]  # fmt: skip
    records = calls(user, "AKIA1", 1, 9) + forwarded
    trace = reduce.reduce_records(lambda: records, DeployRun(), TraceOptions())
    assert not [finding for finding in trace.findings if finding.code == "AMBIGUOUS_RUN"]

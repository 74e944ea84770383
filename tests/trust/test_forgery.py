"""Records of others widen nobody's policy: whatever other principals, accounts, partitions and services are said to
have done, the deployer's lines stay what they were.

The demo's own records are told again as somebody else's, with names and paths of the forger's choice in them. Only who
forges the deployer himself, or a role that acts for him, is believed: against that the trail's digests stand
(`--verify`), and nothing else.
"""

from __future__ import annotations

import copy
import functools
import gzip
import json
from typing import Any, Final

import pytest
from reduce_support import asked_for, trace_of
from runs.rest.run import records_path
from support import assumed_role, aws_service, iam_user, record

from tracer import demo
from tracer.model.permission import ResourcesMode, Section
from tracer.model.trace import Trace

OTHERS: Final = {
    "another user": iam_user("forger"),
    "the same name in another account": iam_user("deployer", account="111122223333"),
    "the same name in another partition": iam_user("deployer", arn="arn:aws-cn:iam::123456789012:user/deployer"),
    "the same name on another path": iam_user("forged/deployer"),
    "a role of the same name": assumed_role("deployer", "deployer"),
    "a service": aws_service("cloudformation.amazonaws.com"),
    "a caller without an ARN": {"type": "Unknown"},
}


@functools.cache
def run_records() -> tuple[dict[str, Any], ...]:
    with records_path() as folder:
        files = sorted(path for path in folder.rglob("*.json.gz") if "Digest" not in str(path))
        return tuple(record for path in files for record in json.loads(gzip.decompress(path.read_bytes()))["Records"])


@functools.cache
def told_by_the_run() -> frozenset[str]:
    return lines(trace_of(*run_records(), run=asked_for(demo.PRINCIPAL), resources=ResourcesMode.NAMES, inferred=True))


def lines(trace: Trace) -> frozenset[str]:
    return frozenset(str(used.permission) for used in trace.permissions if used.permission.section is Section.DEPLOYER)


def forged(record: dict[str, Any], identity: dict[str, Any], service: str) -> dict[str, Any]:
    """A record of the run as somebody else's, about roles on a path of his and about his own service."""
    fake = copy.deepcopy(record) | {"userIdentity": identity, "eventID": f"forged-{record['eventID']}"}
    fake["recipientAccountId"] = identity.get("accountId", "123456789012")
    for name in ("requestParameters", "responseElements"):
        text = json.dumps(fake.get(name)).replace("role/", "role/forged/")
        fake[name] = json.loads(text.replace("orders", service))
    if "invokedBy" in identity:
        fake |= {"sourceIPAddress": identity["invokedBy"], "userAgent": identity["invokedBy"]}
    return fake


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("service", ["orders", "victim"])
@pytest.mark.parametrize("identity", OTHERS.values(), ids=OTHERS)
def test_what_others_did_adds_nothing_to_the_deployer_s_policy(identity: dict[str, Any], service: str, first: bool):
    records = run_records()
    fakes = tuple(forged(record, identity, service) for record in records)
    told = fakes + records if first else records + fakes
    trace = trace_of(*told, run=asked_for(demo.PRINCIPAL), resources=ResourcesMode.NAMES, inferred=True)
    assert lines(trace) == told_by_the_run()
    assert trace.accounting.read == 2 * len(records)


@pytest.mark.parametrize("identity", [OTHERS["the same name in another account"]], ids=["another account"])
def test_another_account_says_nothing_of_this_one_s_names(identity: dict[str, Any]):
    asked = record("GetRole", request={"roleName": "orders"})
    answer = {"role": {"roleName": "orders", "arn": "arn:aws:iam::123456789012:role/forged/orders"}}
    told = record("CreateRole", user=identity, request={"roleName": "orders"}, response=answer)
    (used,) = trace_of(asked, told, run=asked_for()).permissions
    assert used.permission.resource.text == "arn:aws:iam::123456789012:role/orders"

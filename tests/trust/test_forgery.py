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

from hypothesis import given, settings
from hypothesis import strategies as st
from reduce_support import asked_for, trace_of
from support import assumed_role, aws_service, iam_user

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
    with demo.records_path() as folder:
        files = sorted(path for path in folder.rglob("*.json.gz") if "Digest" not in str(path))
        return tuple(record for path in files for record in json.loads(gzip.decompress(path.read_bytes()))["Records"])


@functools.cache
def told_by_the_run() -> frozenset[str]:
    return lines(trace_of(*run_records(), run=asked_for(demo.PRINCIPAL), resources=ResourcesMode.NAMES, inferred=True))


def lines(trace: Trace) -> frozenset[str]:
    return frozenset(str(used.permission) for used in trace.permissions if used.permission.section is Section.DEPLOYER)


def forged(record: dict[str, Any], identity: dict[str, Any], number: int) -> dict[str, Any]:
    """A record of the run as somebody else's, about roles on a path of his and a service of his."""
    fake = copy.deepcopy(record) | {"userIdentity": identity, "eventID": f"forged-{number}"}
    fake["recipientAccountId"] = identity.get("accountId", "123456789012")
    for name in ("requestParameters", "responseElements"):
        text = json.dumps(fake.get(name)).replace("role/", "role/forged/").replace("orders", "victim-orders")
        fake[name] = json.loads(text)
    if "invokedBy" in identity:
        fake |= {"sourceIPAddress": identity["invokedBy"], "userAgent": identity["invokedBy"]}
    return fake


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(sorted(OTHERS)), st.booleans()), min_size=1, max_size=60)
)
@settings(max_examples=60)
def test_what_others_did_adds_nothing_to_the_deployer_s_policy(choices: list[tuple[int, str, bool]]):
    records = run_records()
    fakes = [
        forged(records[place % len(records)], OTHERS[who], number) for number, (place, who, _) in enumerate(choices)
    ]
    before = [fake for fake, (_, _, first) in zip(fakes, choices, strict=True) if first]
    after = [fake for fake, (_, _, first) in zip(fakes, choices, strict=True) if not first]
    run = asked_for(demo.PRINCIPAL)
    trace = trace_of(*before, *records, *after, run=run, resources=ResourcesMode.NAMES, inferred=True)
    assert lines(trace) == told_by_the_run()
    assert trace.accounting.read == len(records) + len(fakes)

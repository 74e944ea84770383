"""The two passes as a whole: the trace of a run does not depend on how its records come.

The pool has a record for each thing that reduce must look at twice: chains of roles, forwarded calls, service roles,
functions, duplicates and conflicts, denials, and what cannot be read.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reduce_support import DEPLOYER, asked_for, bins, trace_of
from support import ABSENT, assumed_role, aws_service, forwarded, iam_user, record, root, write_trail

from tracer import reduce
from tracer.collect.files import FileSource
from tracer.errors import NothingSelected
from tracer.model.permission import ResourcesMode
from tracer.model.record import RawRecord, Unreadable
from tracer.model.run import DeployRun, TimeWindow, TraceOptions
from tracer.model.trace import Trace

ACCOUNT: Final = "arn:aws:iam::123456789012:"
CI, CFN, LAMBDA = (
    assumed_role("ci", path="/deploy/"),
    assumed_role("cfn", "AWSCloudFormation", invokedBy="cloudformation.amazonaws.com"),
    assumed_role("orders-dev-lambda", "orders-dev-api"),
)

POOL: Final[list[dict[str, Any]]] = [
    record(
        "AssumeRole",
        "sts.amazonaws.com",
        request={"roleArn": f"{ACCOUNT}role/deploy/ci", "roleSessionName": "build"},
        response={"assumedRoleUser": {"arn": "arn:aws:sts::123456789012:assumed-role/ci/build"}},
    ),
    record("GetRole", user=CI, request={"roleName": "ci"}),
    record("GetRole", user=CI, request={"roleName": "app"}, time="2026-11-24T08:05:00Z"),
    record(
        "CreateChangeSet",
        "cloudformation.amazonaws.com",
        request={
            "stackName": "orders-dev",
            "changeSetName": "c",
            "roleARN": f"{ACCOUNT}role/cfn",
            "tags": [{"key": "STAGE", "value": "dev"}],
        },
    ),
    record("CreateBucket", "s3.amazonaws.com", user=CFN, request={"bucketName": "orders-dev-x"}),
    record("CreateRole", **forwarded(iam_user()), request={"roleName": "app", "path": "/svc/"},
           response={"role": {"arn": f"{ACCOUNT}role/svc/app", "roleName": "app"}}),
    record(
        "CreateFunction20150331",
        "lambda.amazonaws.com",
        request={"functionName": "orders-dev-api", "role": f"{ACCOUNT}role/orders-dev-lambda"},
        **forwarded(iam_user()),
    ),
    record("PutItem", "dynamodb.amazonaws.com", user=LAMBDA, request={"tableName": "orders"}),
    record("PutItem", "dynamodb.amazonaws.com", user=LAMBDA, request={"tableName": "orders"}, time="2026-11-24T09:00Z"),
    record("CreateBucket", "s3.amazonaws.com", request={"bucketName": "one"}, eventID="conflict"),
    record("CreateBucket", "s3.amazonaws.com", request={"bucketName": "two"}, eventID="conflict"),
    record("CreateBucket", "s3.amazonaws.com", request={"bucketName": "three"}, eventID="conflict"),
    record("GetObject", "s3.amazonaws.com", error="AccessDenied", message="Access Denied",
           request={"bucketName": "one", "key": "k"}),
    record("RunInstances", "ec2.amazonaws.com", error="Client.UnauthorizedOperation",
           message="You are not authorized to perform this operation. Encoded authorization failure message: abc"),
    record("GetThing"),
    record("GetCallerIdentity", "sts.amazonaws.com"),
    record("Decrypt", "kms.amazonaws.com", eventType="AwsServiceEvent"),
    record("ListUsers", user=iam_user("alice")),
    record("ListUsers", user=root(), time="2026-11-24T08:01:00Z"),
    record("AssumeRole", "sts.amazonaws.com", user=aws_service()),
    record("DeleteTable", "dynamodb.amazonaws.com", request=None, time="2026-11-24T10:00:00Z"),
]  # fmt: skip

NAMELESS: Final = record("ListRoles", eventID=ABSENT)
BROKEN: Final[list[RawRecord]] = [b"{broken", b"[]", Unreadable("truncated gzip", "a.json.gz")]

RUNS: Final = {
    "the deployer": asked_for(),
    "a session": asked_for("arn:aws:sts::123456789012:assumed-role/ci/build"),
    "everybody": DeployRun(),
    "some sources": asked_for(event_sources=("iam", "s3", "lambda")),
}

positions = st.lists(st.integers(0, len(POOL) - 1), unique=True, min_size=1, max_size=len(POOL))


def traced(records: list[RawRecord], run: DeployRun, **options: Any) -> Trace | str:  # noqa: ANN401 - any option
    """The trace, or what the error says."""
    try:
        return trace_of(*records, run=run, **{"inferred": True} | options)
    except NothingSelected as error:
        return f"{error.message}\n{error.hint}"


def text_of(trace: Trace | str) -> str:
    return trace if isinstance(trace, str) else trace.to_json()


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@given(chosen=positions, seed=st.integers(0, 2**16), mode=st.sampled_from(ResourcesMode))
def test_the_order_of_the_records_makes_no_difference(
    run: DeployRun, chosen: list[int], seed: int, mode: ResourcesMode
):
    records: list[RawRecord] = [*(POOL[position] for position in chosen), NAMELESS, *BROKEN]
    shuffled = list(records)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - reproducible on purpose
    options = {"resources": mode, "include_denied": seed % 2 == 0, "lifecycle": seed % 3 == 0}
    assert text_of(traced(records, run, **options)) == text_of(traced(shuffled, run, **options))


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@given(chosen=positions, again=positions, seed=st.integers(0, 2**16))
def test_repetition_shows_in_the_count_of_duplicates_alone(
    run: DeployRun, chosen: list[int], again: list[int], seed: int
):
    """Trails overlap: several regions' and several trails' files hold the same event."""
    records: list[RawRecord] = [POOL[position] for position in chosen]
    more = [*records, *(json.dumps(POOL[position]).encode() for position in again if position in chosen)]
    random.Random(seed).shuffle(more)  # noqa: S311 - reproducible on purpose
    once, often = traced(records, run), traced(more, run)
    if isinstance(once, str) or isinstance(often, str):
        assert isinstance(once, str)
        assert isinstance(often, str)
        return
    assert replace(often, accounting=once.accounting) == once
    assert often.accounting.read == len(more)
    assert often.accounting.selected == once.accounting.selected


@given(chosen=positions, run=st.sampled_from(list(RUNS.values())))
def test_every_record_is_in_exactly_one_bin(chosen: list[int], run: DeployRun):
    records: list[RawRecord] = [*(POOL[position] for position in chosen), NAMELESS, *BROKEN]
    trace = traced(records, run)
    if isinstance(trace, Trace):
        assert trace.accounting.read == len(records) == sum(bins(trace).values())
        assert trace.accounting.unreadable == len(BROKEN)


def test_the_files_that_records_stand_in_make_no_difference(tmp_path: Path):
    def trace(folder: Path, *parts: list[dict[str, Any]]) -> str:
        for number, part in enumerate(parts):
            write_trail(folder / str(number), part)
        return text_of(traced(list(FileSource([folder]).records(DeployRun())), asked_for()))

    whole = trace(tmp_path / "whole", POOL)
    assert trace(tmp_path / "halves", POOL[10:], POOL[:10]) == whole
    assert trace(tmp_path / "each", *([one] for one in reversed(POOL))) == whole


def test_the_records_are_read_in_two_passes_and_a_third_for_conflicts():
    passes = []

    def read() -> list[RawRecord]:
        passes.append(1)
        return [*POOL]

    reduce.reduce_records(read, asked_for(), TraceOptions())
    assert len(passes) == 4, "who acts for whom; what counts; which of the conflicting counts; what counts, again"
    passes.clear()
    plain = [raw for raw in POOL if raw["eventID"] != "conflict"]
    reduce.reduce_records(lambda: passes.append(1) or plain, asked_for(), TraceOptions())
    assert len(passes) == 2


def test_the_defaults_are_those_of_the_commands():
    options = TraceOptions()
    assert options.resources is ResourcesMode.NAMES
    assert options.inferred
    assert not options.lifecycle
    assert not options.include_denied
    assert options.evidence == 3
    run = DeployRun()
    assert (run.principals, run.regions, run.accounts, run.user_agents, run.event_sources) == ((), (), (), (), ())
    assert run.window == TimeWindow(None, None)
    assert (run.service, run.stage) == (None, None)


def test_what_the_source_cannot_show_is_asked_after_the_last_record():
    asked: list[str] = []

    def read() -> list[RawRecord]:
        asked.append("records")
        return [record()]

    def findings() -> tuple[()]:
        asked.append("findings")
        return ()

    reduce.reduce_records(read, DeployRun(), TraceOptions(), findings)
    assert asked == ["records", "records", "findings"]


def test_accounts_and_regions_are_what_the_records_show():
    trace = trace_of(
        record("ListFunctions20150331", "lambda.amazonaws.com", region="eu-central-1"),
        record(),
        run=asked_for(DEPLOYER),
    )
    assert trace.run.accounts == ("123456789012",)
    assert trace.run.regions == ("eu-central-1",), "IAM is logged in us-east-1 wherever the deploy is"
    assert trace.run.partition == "aws"


def test_the_service_and_its_stage_are_read_from_the_stack():
    trace = trace_of(POOL[3], run=asked_for())
    assert (trace.run.service, trace.run.stage, trace.run.stacks) == ("orders", "dev", ("orders-dev",))


def test_the_service_of_several_stages_is_read_from_their_stacks():
    stacks = [
        record(
            "CreateChangeSet",
            "cloudformation.amazonaws.com",
            request={"stackName": f"orders-{stage}", "tags": [{"key": "STAGE", "value": stage}]},
        )
        for stage in ("dev", "prod")
    ]
    trace = trace_of(*stacks, run=asked_for(), resources=ResourcesMode.SERVICE)
    assert (trace.run.service, trace.run.stage) == ("orders", None)
    (line,) = [used for used in trace.permissions if "stack/" in used.permission.resource.text]
    assert line.permission.resource.text == "arn:aws:cloudformation:us-east-1:123456789012:stack/orders-*/*"
    assert [(step.before, step.rule) for step in line.widened] == [
        ("dev", "several-stages"),
        ("prod", "several-stages"),
    ]
    assert any("stack/orders-*/*" in finding.message for finding in trace.findings if finding.code == "SEVERAL_RUNS")

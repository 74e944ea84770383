"""Traps that a tool of this kind falls into, by their numbers in the list that this project keeps: those of policies.

20: star-only actions need a star, in a statement of their own. 21: log groups, functions and stacks have two forms, or
an id that changes. 24: quotas. 25: the merge with a baseline.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from emit_support import allow, trace_of, used
from support import iam_user, record, run_cli

import tracer
from tracer import emit
from tracer.emit.check import check
from tracer.emit.compact import compacted
from tracer.emit.draft import Attach, Draft, DraftOptions, Merge
from tracer.emit.evaluate import Call, Decision, Evaluator
from tracer.emit.lines import Line
from tracer.emit.pack import CHARACTERS
from tracer.errors import EmitError, UsageError
from tracer.model.permission import Section
from tracer.model.policy import Policy
from tracer.model.trace import RunFacts, Trace

DEPLOYER = iam_user()["arn"]
AT = "us-east-1:123456789012"


def traced(path: Path, *records: dict[str, object]) -> Trace:
    path.write_text(json.dumps({"Records": records}), encoding="utf-8")
    return tracer.trace(path, principal=DEPLOYER, inferred=False)


def on(trace: Trace, action: str) -> set[str]:
    return {used.permission.resource.text for used in trace.permissions if used.permission.action.text == action}


# --- 20 --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def star_only(tmp_path: Path) -> Trace:
    return traced(
        tmp_path / "records.json",
        record(
            "DescribeVpcs", "ec2.amazonaws.com", request={"vpcSet": {"items": [{"vpcId": "vpc-0a1b2c3d4e5f60718"}]}}
        ),
        record("DescribeLogGroups", "logs.amazonaws.com", request={"logGroupNamePrefix": "/aws/lambda/a"}),
        record("ValidateTemplate", "cloudformation.amazonaws.com", request={"templateURL": "https://a"}),
        record("CreateLogGroup", "logs.amazonaws.com", request={"logGroupName": "/aws/lambda/a"}),
    )


def test_trap_20_star_only_actions_get_a_star(star_only: Trace):
    for action in ("ec2:DescribeVpcs", "logs:DescribeLogGroups", "cloudformation:ValidateTemplate"):
        assert on(star_only, action) == {"*"}


@pytest.mark.parametrize("merge", Merge)
def test_trap_20_in_a_statement_of_their_own(star_only: Trace, merge: Merge):
    draft = emit.draft([star_only], DraftOptions(baseline="none", merge=merge))
    (policy,) = draft.policies
    assert all("*" not in one.resources or one.resources == ("*",) for one in policy.statements)
    assert check(policy, star_only).idle == ()
    assert Evaluator(policy).decide(Call("ec2:DescribeVpcs", "*")) is Decision.ALLOWED


# --- 21 --------------------------------------------------------------------------------------------------------------


def test_trap_21_a_log_group_has_two_forms(star_only: Trace):
    group = f"arn:aws:logs:{AT}:log-group:/aws/lambda/a"
    assert on(star_only, "logs:CreateLogGroup") == {group, f"{group}:*"}


def test_trap_21_a_function_has_two_forms(tmp_path: Path):
    trace = traced(
        tmp_path / "records.json",
        record("UpdateFunctionCode20150331v2", "lambda.amazonaws.com", request={"functionName": "orders-dev-create"}),
    )
    function = f"arn:aws:lambda:{AT}:function:orders-dev-create"
    assert on(trace, "lambda:UpdateFunctionCode") == {function, f"{function}:*"}


@pytest.mark.parametrize("resources", ["exact", "names", "service"])
def test_trap_21_a_stack_has_no_uuid(tmp_path: Path, resources: str):
    stack = f"arn:aws:cloudformation:{AT}:stack/orders-dev/1b2c3d4e-1111-2222-3333-444455556666"
    path = tmp_path / "records.json"
    events = [
        record("DescribeStackEvents", "cloudformation.amazonaws.com", request={"stackName": stack}),
        record("DeleteStack", "cloudformation.amazonaws.com", request={"stackName": "orders-dev"}),
    ]
    path.write_text(json.dumps({"Records": events}), encoding="utf-8")
    trace = tracer.trace(path, principal=DEPLOYER, resources=resources)
    for action in ("cloudformation:DescribeStackEvents", "cloudformation:DeleteStack"):
        (resource,) = on(trace, action)
        assert resource == f"arn:aws:cloudformation:{AT}:stack/orders-dev/*"


# --- 24 --------------------------------------------------------------------------------------------------------------


def many(number: int) -> Trace:
    """So many permissions, no two of which can share a statement."""
    names = ("GetItem", "PutItem", "DeleteItem", "Query", "Scan", "UpdateItem")
    lines = [
        used(f"dynamodb:{name}", f"arn:aws:dynamodb:{AT}:table/table-{place:04}-{'x' * 40}")
        for place in range(number)
        for bit, name in enumerate(names)
        if place >> bit & 1
    ]
    return trace_of(*lines)


@pytest.mark.parametrize("number", [20, 64, 300, 600])
def test_trap_24_documents_fit_and_say_together_what_one_would(number: int):
    trace = many(number)
    draft = emit.draft([trace], DraftOptions(baseline="none"))
    assert all(policy.size <= CHARACTERS[Attach.MANAGED] == 6_144 for policy in draft.policies)
    for policy in draft.policies:
        assert Policy.from_json(policy.to_json()) == policy
    verdict = check(draft.policies, trace)
    assert (verdict.missing, verdict.excess) == ((), ())
    sids = [statement.sid for policy in draft.policies for statement in policy.statements]
    assert len(sids) == len(set(sids))


def distinct(number: int) -> Draft:
    """A draft of that many large statements."""
    lines = [
        used("dynamodb:GetItem", f"arn:aws:dynamodb:{AT}:table/t-{place:05}-{'x' * 100}") for place in range(number)
    ]
    return emit.draft([trace_of(*lines)], DraftOptions(baseline="none"))


def test_trap_24_more_than_ten_documents_are_told_and_more_than_twenty_refused():
    assert not [finding for finding in distinct(200).findings if finding.code == "NOT_EXPRESSIBLE"]
    twelve = distinct(420)
    assert 10 < len(twelve.documents) <= 20
    assert [finding.code for finding in twelve.findings if finding.code == "NOT_EXPRESSIBLE"]
    with pytest.raises(EmitError, match="AWS attaches 20 at most"):
        distinct(900)


@pytest.mark.parametrize(("attach", "quota"), [("role", 10_240), ("group", 5_120), ("user", 2_048)])
def test_trap_24_the_inline_quotas(attach: str, quota: int):
    assert CHARACTERS[Attach(attach)] == quota
    with pytest.raises(EmitError, match=f"may have {quota:,} together"):
        emit.draft([many(600)], DraftOptions(baseline="none", attach=Attach(attach)))


def test_trap_24_compaction_adds_no_privilege():
    line = Line(allow(["ec2:DescribeVpcs", "ec2:DescribeVpcAttribute", "ec2:DescribeSubnets"]))
    written = Policy(tuple(one.statement for one in compacted([line], ())))
    needed = [used(action).permission for action in line.statement.actions]
    assert check(written, needed).excess == ()


# --- 25 --------------------------------------------------------------------------------------------------------------

RECORDS = [
    record("CreateTable", "dynamodb.amazonaws.com", request={"tableName": "orders-dev"}),
    record("CreateStack", "cloudformation.amazonaws.com", request={"stackName": "orders-dev"}),
]
FILLED = {"service": "orders", "region": "us-east-1", "account": "123456789012"}


@pytest.mark.parametrize("merge", ["extend", "tighten", "observed"])
@pytest.mark.parametrize("baseline", ["serverless-advanced", "serverless-simple"])
def test_trap_25_the_result_holds_what_was_observed(tmp_path: Path, merge: str, baseline: str):
    trace = traced(tmp_path / "records.json", *RECORDS)
    draft = tracer.draft(trace, baseline=baseline, merge=merge, **FILLED)
    assert check(draft.policies, trace).missing == ()


def test_trap_25_placeholders_are_filled_or_asked_for(tmp_path: Path):
    trace = traced(tmp_path / "records.json", *RECORDS)
    text = tracer.draft(trace, **FILLED).policies[0].to_json()
    assert "<" not in text
    assert f"arn:aws:cloudformation:{AT}:stack/orders*/*" in text
    with pytest.raises(UsageError, match="<service_name>"):
        tracer.draft(trace, region="us-east-1", account="123456789012")


def test_trap_25_what_the_baseline_grants_beyond_is_told(tmp_path: Path):
    trace = traced(tmp_path / "records.json", *RECORDS)
    told = " ".join(item.message for item in tracer.draft(trace, **FILLED).findings if item.code == "BASELINE_UNUSED")
    assert "s3:CreateBucket" in told
    assert "iam:PassRole" in told
    assert "dynamodb:" not in told


def test_trap_25_a_second_run_gives_the_same_bytes(tmp_path: Path):
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        assert run_cli("demo", "-o", f"{folder}/").exit_code == 0
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == second


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_trap_25_partitions(tmp_path: Path, region: str, partition: str):
    user = iam_user()
    user["arn"] = user["arn"].replace("arn:aws:", f"arn:{partition}:")
    path = tmp_path / "records.json"
    event = record(
        "CreateTable", "dynamodb.amazonaws.com", user=user, region=region, request={"tableName": "orders-dev"}
    )
    path.write_text(json.dumps({"Records": [event]}), encoding="utf-8")
    trace = tracer.trace(path, principal=user["arn"])
    assert on(trace, "dynamodb:CreateTable") == {f"arn:{partition}:dynamodb:{region}:123456789012:table/orders-dev"}
    (policy,) = tracer.draft(trace, service="orders").policies
    arns = {text for statement in policy.statements for text in statement.resources} - {"*"}
    assert {text.split(":")[1] for text in arns} == {partition}


def test_trap_25_a_function_gets_nothing_of_the_baseline():
    function = used("dynamodb:GetItem", f"arn:aws:dynamodb:{AT}:table/a", section=Section.FUNCTION)
    run = RunFacts(accounts=("123456789012",), regions=("us-east-1",), service="orders", stage="dev")
    (policy,) = emit.draft([trace_of(function, run=run)], DraftOptions()).policies
    assert [statement.actions for statement in policy.statements] == [("dynamodb:GetItem",)]

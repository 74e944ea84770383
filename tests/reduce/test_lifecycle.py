"""--lifecycle: what a first deploy says about the redeploy, the rollback and the removal."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from runs.rest.run import make_records
from support import iam_user

import tracer
from tracer.emit.build import build
from tracer.emit.grants import Grant
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission, Widening
from tracer.model.policy import Conditions, Policy
from tracer.model.trace import RunFacts, Trace
from tracer.reduce.lifecycle import complete, remarks

DEPLOYER = iam_user()["arn"]
RUN = RunFacts(accounts=("123456789012",), regions=("us-east-1",))
CFN = "cloudformation.amazonaws.com"
AT = "us-east-1:123456789012"


def made(action: str, resource: str, basis: Basis = Basis.OBSERVED, **fields: object) -> UsedPermission:
    permission = Permission(Section.DEPLOYER, DEPLOYER, Action(action), ArnPattern(resource), basis=basis, **fields)
    return UsedPermission(permission, Evidence(1, "2026-11-24T08:00:00Z", "2026-11-24T08:00:00Z", ("e1",)))


def added(*lines: UsedPermission, run: RunFacts = RUN) -> list[UsedPermission]:
    return [line for line in complete(lines, run) if line not in lines]


def named(lines: Iterable[UsedPermission]) -> set[tuple[str, str]]:
    return {(line.permission.action.text, line.permission.resource.text) for line in lines}


CASES = {
    "what `aws cloudformation deploy` asks on its second run": (
        made("cloudformation:CreateChangeSet", f"arn:aws:cloudformation:{AT}:stack/reports-dev/*"),
        {
            (f"cloudformation:{name}", f"arn:aws:cloudformation:{AT}:stack/reports-dev/*")
            for name in (
                "DescribeStacks",
                "GetTemplateSummary",
                "DescribeChangeSet",
                "ExecuteChangeSet",
                "DescribeStackEvents",
                "DeleteChangeSet",
                "DeleteStack",
            )
        },
    ),
    "on the same pattern": (
        made("dynamodb:CreateTable", f"arn:aws:dynamodb:{AT}:table/orders"),
        {
            (f"dynamodb:{name}", f"arn:aws:dynamodb:{AT}:table/orders")
            for name in ("DescribeTable", "UpdateTable", "DeleteTable")
        },
    ),
    "under the id that AWS will give": (
        made("apigateway:POST", "arn:aws:apigateway:us-east-1::/restapis/*/resources/*"),
        {
            (f"apigateway:{verb}", "arn:aws:apigateway:us-east-1::/restapis/*/resources/*")
            for verb in ("GET", "PATCH", "DELETE")
        },
    ),
    "not under the parent's id": (
        made("apigateway:POST", "arn:aws:apigateway:us-east-1::/restapis/abc/resources/parent"),
        {
            (f"apigateway:{verb}", "arn:aws:apigateway:us-east-1::/restapis/abc/resources/*")
            for verb in ("GET", "PATCH", "DELETE")
        },
    ),
    "of the type, where the create names none": (
        made("lambda:CreateEventSourceMapping", "*"),
        {
            (f"lambda:{name}EventSourceMapping", f"arn:aws:lambda:{AT}:event-source-mapping:*")
            for name in ("Get", "Update", "Delete")
        },
    ),
    "a global service's type has no region": (
        made("cloudfront:CreateDistribution", "*"),
        {
            (f"cloudfront:{name}", "arn:aws:cloudfront::123456789012:distribution/*")
            for name in ("GetDistribution", "GetDistributionConfig", "UpdateDistribution", "DeleteDistribution")
        },
    ),
    "a version of the layer": (
        made("lambda:PublishLayerVersion", f"arn:aws:lambda:{AT}:layer:tools"),
        {
            (f"lambda:{name}LayerVersion", f"arn:aws:lambda:{AT}:layer:tools:*")
            for name in ("Get", "Delete")
        },
    ),
    "star-only actions on a star": (
        made("logs:CreateLogGroup", f"arn:aws:logs:{AT}:log-group:a"),
        {("logs:DescribeLogGroups", "*"), ("logs:DeleteLogGroup", f"arn:aws:logs:{AT}:log-group:a")},
    ),
    "of two resources of a call the fitting one": (
        made("logs:PutSubscriptionFilter", f"arn:aws:kinesis:{AT}:stream/s"),
        set(),
    ),
    "what only some creates show": (
        made("ec2:DescribeSubnets", "*", Basis.IMPLIED, rule="lambda/vpc-subnets"),
        {("ec2:DescribeNetworkInterfaces", "*")},
    ),
    "and others do not": (made("ec2:DescribeSubnets", "*"), set()),
}  # fmt: skip


@pytest.mark.parametrize(("create", "expected"), CASES.values(), ids=CASES)
def test_what_a_create_adds(create: UsedPermission, expected: set[tuple[str, str]]):
    assert named(added(create)) == expected


@pytest.mark.parametrize(
    ("basis", "counts"),
    [(Basis.OBSERVED, True), (Basis.IMPLIED, True), (Basis.INFERRED, False), (Basis.DENIED, False)],
)
def test_nothing_is_deduced_from_what_no_record_shows(basis: Basis, counts: bool):
    assert bool(added(made("iam:CreateRole", "arn:aws:iam::123456789012:role/a", basis))) is counts


def test_an_addition_keeps_whose_it_is_and_has_no_evidence():
    conditions = Conditions.of("StringEquals", "kms:ViaService", "cloudformation.us-east-1.amazonaws.com")
    key = f"arn:aws:kms:{AT}:key/k"
    create = made("kms:EnableKeyRotation", key, conditions=conditions, via=CFN)
    (line,) = added(UsedPermission(create.permission, create.evidence, (Widening("resource", "a", "*", "b"),)))
    assert line == UsedPermission(
        Permission(
            Section.DEPLOYER,
            DEPLOYER,
            Action("kms:DisableKeyRotation"),
            ArnPattern(key),
            conditions,
            Basis.INFERRED,
            "lifecycle/kms-key-rotation",
            CFN,
        ),
        Evidence(),
        (Widening("resource", "a", "*", "b"),),
    )


def test_a_key_that_cloudformation_made_is_removed_through_cloudformation_alone():
    """kms:CreateKey is on `*` and has no condition; what is added is on every key of the account, and has one. A tag
    cannot tell the stack's keys: CloudFormation puts none of its own on a key.
    """
    through = Conditions.of("StringEquals", "kms:ViaService", "cloudformation.us-east-1.amazonaws.com")
    lines = added(made("kms:CreateKey", "*", via=CFN))
    assert {line.permission.action.text: line.permission.conditions for line in lines} == {
        "kms:DescribeKey": through,
        "kms:PutKeyPolicy": through,
        "kms:ScheduleKeyDeletion": through,
    }


def test_a_key_that_was_made_directly_may_be_removed_directly():
    assert {line.permission.conditions for line in added(made("kms:CreateKey", "*"))} == {Conditions()}


def test_a_new_id_is_told_as_a_widening():
    lines = added(made("apigateway:POST", "arn:aws:apigateway:us-east-1::/apis"))
    assert {line.widened for line in lines} == {(Widening("resource", "", "*", "new-resource"),)}


def test_what_was_observed_wins():
    table = f"arn:aws:dynamodb:{AT}:table/orders"
    observed = [made(f"dynamodb:{name}", table) for name in ("CreateTable", "DeleteTable")]
    wide = made("dynamodb:UpdateTable", f"arn:aws:dynamodb:{AT}:table/*")
    assert named(added(*observed, wide)) == {("dynamodb:DescribeTable", table)}


def test_what_was_denied_does_not():
    table = f"arn:aws:dynamodb:{AT}:table/orders"
    lines = added(made("dynamodb:CreateTable", table), made("dynamodb:DeleteTable", table, Basis.DENIED))
    assert ("dynamodb:DeleteTable", table) in named(lines)


def test_two_reasons_for_one_permission_are_told_once():
    function = f"arn:aws:lambda:{AT}:function:a"
    lines = added(made("lambda:CreateFunction", function), made("lambda:PublishVersion", function))
    rules = [line.permission.rule for line in lines if line.permission.action.text == "lambda:DeleteFunction"]
    assert rules == ["lifecycle/lambda-function"]


def test_several_regions_give_one_pattern_each():
    run = RunFacts(partition="aws-cn", accounts=("1",), regions=("cn-north-1", "cn-northwest-1"))
    resources = {resource for _, resource in named(added(made("cognito-idp:CreateUserPool", "*"), run=run))}
    assert resources == {f"arn:aws-cn:cognito-idp:{region}:1:userpool/*" for region in run.regions}


def test_a_create_of_which_nothing_is_known_is_told():
    lines = complete([made("glue:CreateJob", f"arn:aws:glue:{AT}:job/j")], RUN)
    (finding,) = remarks(lines)
    assert finding.code == "COVERAGE_GAP"
    assert finding.message.endswith(": glue:CreateJob")


# --- a whole run -----------------------------------------------------------------------------------------------------


def records() -> list[dict[str, Any]]:
    """The run's records in the order of time."""
    return sorted(make_records(), key=lambda record: (record["eventTime"], record["eventID"]))


SECOND_DEPLOY = "2026-11-03T09:06:00Z"


def traced(path: Path, chosen: list[dict[str, Any]], *, lifecycle: bool) -> Trace:
    path.write_text(json.dumps({"Records": chosen}), encoding="utf-8")
    return tracer.trace(path, principal="arn:aws:iam::123456789012:user/deployer", lifecycle=lifecycle)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """The first deploy alone, completed."""
    chosen = [record for record in records() if record["eventTime"] < SECOND_DEPLOY]
    assert len(chosen) < len(records())
    return traced(tmp_path_factory.mktemp("first") / "records.json", chosen, lifecycle=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """The deploy, the redeploy and the removal, as recorded."""
    return traced(tmp_path_factory.mktemp("whole") / "records.json", records(), lifecycle=False)


def deployers(trace: Trace) -> tuple[Permission, ...]:
    return tuple(used.permission for used in trace.permissions if used.permission.section is Section.DEPLOYER)


def test_the_policy_of_a_first_deploy_survives_the_redeploy_and_the_removal(first: Trace, whole: Trace):
    policy = tracer.draft(first, baseline="none").policies[0]
    verdict = tracer.check(policy, deployers(whole))
    assert verdict.missing == ()


def test_without_the_option_it_does_not(first: Trace, whole: Trace):
    alone = [one for one in deployers(first) if not (one.rule or "").startswith("lifecycle/")]
    policy = Policy(build(map(Grant.of, alone)))
    missing = {one.action.text for one in tracer.check(policy, deployers(whole)).missing}
    assert {"lambda:UpdateFunctionCode", "cloudformation:DeleteStack", "iam:DeleteRole"} <= missing


def test_a_rollback_may_delete_whatever_was_created(first: Trace):
    """CloudFormation takes back a failed deploy by deleting what it made."""
    rollback = {
        ("apigateway:DELETE", "arn:aws:apigateway:us-east-1::/restapis/*"),
        ("dynamodb:DeleteTable", f"arn:aws:dynamodb:{AT}:table/orders-dev-orders"),
        ("events:DeleteRule", f"arn:aws:events:{AT}:rule/orders-dev-ReportEventsRuleSchedule1-*"),
        ("events:RemoveTargets", f"arn:aws:events:{AT}:rule/orders-dev-ReportEventsRuleSchedule1-*"),
        ("iam:DeleteRole", "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"),
        ("iam:DeleteRolePolicy", "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"),
        ("lambda:DeleteFunction", f"arn:aws:lambda:{AT}:function:orders-dev-create"),
        ("lambda:RemovePermission", f"arn:aws:lambda:{AT}:function:orders-dev-create"),
        ("logs:DeleteLogGroup", f"arn:aws:logs:{AT}:log-group:/aws/lambda/orders-dev-create"),
        ("s3:DeleteBucket", "arn:aws:s3:::orders-dev-serverlessdeploymentbucket-*"),
        ("s3:DeleteBucketPolicy", "arn:aws:s3:::orders-dev-serverlessdeploymentbucket-*"),
    }
    assert rollback <= {(one.action.text, one.resource.text) for one in deployers(first)}


def test_the_order_of_the_records_does_not_matter(first: Trace, tmp_path: Path):
    chosen = [record for record in records() if record["eventTime"] < SECOND_DEPLOY]
    random.Random(5).shuffle(chosen)  # noqa: S311 - an order, not a secret
    assert traced(tmp_path / "records.json", chosen, lifecycle=True).to_json() == first.to_json()


def test_functions_get_nothing_of_it(first: Trace):
    lifecycle = [used.permission for used in first.permissions if (used.permission.rule or "").startswith("lifecycle/")]
    assert {one.section for one in lifecycle} == {Section.DEPLOYER}


def test_what_a_whole_run_shows_is_hardly_added_to(whole: Trace):
    """Where all was recorded, what is left is what the run had no reason to do: change a table, take away a tag."""
    names = {
        line.permission.action.text for line in complete(whole.permissions, whole.run) if line not in whole.permissions
    }
    assert names
    assert not {name for name in names if ":Delete" in name} - {"logs:DeleteRetentionPolicy"}

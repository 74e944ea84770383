"""What a default trail does not log is inferred from what it does, in any order, only where it is missing (trap 12)."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import assumed_role, forwarded, iam_user, record

from tracer import reduce
from tracer.model.finding import Severity
from tracer.model.permission import Basis, Evidence, ResourcesMode, Section, UsedPermission
from tracer.model.run import DeployRun, TraceOptions
from tracer.model.trace import Trace
from tracer.reference import inferred_rules

CLOUDFORMATION = "cloudformation.amazonaws.com"
BUCKET = "orders-dev-serverlessdeploymentbucket-a1b2c3d4e5f6"
TIME = "1795503022570-2026-11-24T06:50:22.570Z"
ARTIFACTS = f"serverless/orders/dev/{TIME}"
TEMPLATE = f"https://s3.amazonaws.com/{BUCKET}/{ARTIFACTS}/compiled-cloudformation-template.json"
STACK = {"stackName": "orders-dev"}
LOOK = {"stackName": "orders-dev", "logicalResourceId": "ServerlessDeploymentBucket"}

BUCKET_PATTERN = "arn:aws:s3:::orders-dev-serverlessdeploymentbucket-*"
OBJECTS = f"{BUCKET_PATTERN}/serverless/orders/dev/*"

Raw = Mapping[str, Any]


def cloudformation(event: str, request: Raw, **fields: object) -> dict[str, Any]:
    return record(event, CLOUDFORMATION, request=request, **fields)


def s3(event: str, request: Raw | None = None, **fields: object) -> dict[str, Any]:
    return record(event, "s3.amazonaws.com", request={"bucketName": BUCKET} | dict(request or {}), **fields)


def create_function(code: Raw, **fields: object) -> dict[str, Any]:
    request = {"functionName": "orders-dev-create", "code": code}
    return record("CreateFunction20150331", "lambda.amazonaws.com", request=request, **fields)


MAKE_BUCKET = s3("CreateBucket", **forwarded(iam_user()))
FIRST = [
    cloudformation("CreateChangeSet", STACK | {"tags": [{"key": "STAGE", "value": "dev"}]}),
    MAKE_BUCKET,
    cloudformation("DescribeStackResource", LOOK),
]
SECOND = [
    cloudformation("ValidateTemplate", {"templateURL": TEMPLATE}),
    cloudformation("CreateChangeSet", STACK | {"templateURL": TEMPLATE}),
    create_function({"s3Bucket": BUCKET, "s3Key": f"{ARTIFACTS}/orders.zip"}, **forwarded(iam_user())),
]
DEPLOY = [*FIRST, *SECOND]
REMOVE = [cloudformation("DescribeStackResource", LOOK), cloudformation("DeleteStack", STACK)]

OF_DEPLOY = {
    ("s3:ListBucket", BUCKET_PATTERN),
    ("s3:GetObject", OBJECTS),
    ("s3:PutObject", OBJECTS),
    ("s3:DeleteObject", OBJECTS),
}


def traced(records: Iterable[Raw], **options: object) -> Trace:
    kept = list(records)
    return reduce.reduce_records(lambda: kept, DeployRun(), TraceOptions(**options))


def inferred(trace: Trace) -> list[UsedPermission]:
    return [used for used in trace.permissions if used.permission.basis is Basis.INFERRED]


def needs(records: Iterable[Raw], **options: object) -> set[tuple[str, str]]:
    lines = [used.permission for used in inferred(traced(records, **options))]
    return {(line.action.text, line.resource.text) for line in lines}


def exact(records: Iterable[Raw]) -> set[tuple[str, str]]:
    return needs(records, resources=ResourcesMode.EXACT)


# --- The commands ----------------------------------------------------------------------------------------------------


def test_trap_12_a_deploys_calls_on_its_bucket_are_inferred():
    assert needs(DEPLOY) == OF_DEPLOY


def test_a_first_deploy_that_ended_early_shows_the_bucket_and_no_prefix():
    assert needs(FIRST) == {
        ("s3:ListBucket", BUCKET_PATTERN),
        *((f"s3:{name}", f"{BUCKET_PATTERN}/*") for name in ("GetObject", "PutObject", "DeleteObject")),
    }


def test_a_remove_alone_shows_no_more_than_the_stack():
    bucket = "arn:aws:s3:::orders-dev-serverlessdeploymentb*"
    assert needs(REMOVE) == {("s3:ListBucket", bucket), ("s3:DeleteObject", f"{bucket}/*")}


def test_a_remove_knows_the_bucket_that_cloudformation_deletes():
    assert needs([*REMOVE, s3("DeleteBucket", **forwarded(iam_user()))]) == {
        ("s3:ListBucket", BUCKET_PATTERN),
        ("s3:DeleteObject", f"{BUCKET_PATTERN}/*"),
    }


def test_a_deploy_and_a_remove_of_one_run_share_what_they_know():
    assert needs([*DEPLOY, *REMOVE]) == OF_DEPLOY


def test_of_a_bucket_with_versioning_the_versions_are_listed_and_deleted():
    versioning = s3("PutBucketVersioning", {"VersioningConfiguration": {"Status": "Enabled"}}, **forwarded(iam_user()))
    assert needs([*DEPLOY, *REMOVE, versioning]) == OF_DEPLOY | {
        ("s3:ListBucketVersions", BUCKET_PATTERN),
        ("s3:DeleteObjectVersion", OBJECTS),
    }


def test_a_bucket_of_ones_own_is_known_by_the_template():
    url = f"https://artifacts.s3.eu-west-1.amazonaws.com/{ARTIFACTS}/compiled-cloudformation-template.json"
    assert needs([cloudformation("CreateChangeSet", STACK | {"templateURL": url})]) == {
        ("s3:ListBucket", "arn:aws:s3:::artifacts"),
        *(
            (f"s3:{name}", "arn:aws:s3:::artifacts/serverless/orders/dev/*")
            for name in ("GetObject", "PutObject", "DeleteObject")
        ),
    }


def test_looking_for_the_bucket_lists_it():
    assert needs([cloudformation("DescribeStackResource", LOOK), MAKE_BUCKET]) == {("s3:ListBucket", BUCKET_PATTERN)}


def test_the_name_of_a_long_stack_is_cut():
    look = LOOK | {"stackName": "a-service-with-a-long-name-production"}
    assert needs([cloudformation("DescribeStackResource", look)]) == {
        ("s3:ListBucket", "arn:aws:s3:::a-service-with-a-long-*-serverlessdeploymentb*")
    }


@pytest.mark.parametrize("name", ["orders-dev2", "orders-dev-eu"])
def test_another_stacks_bucket_is_no_bucket_of_this_one(name: str):
    other = s3("CreateBucket", {"bucketName": BUCKET.replace("orders-dev", name)}, **forwarded(iam_user()))
    assert needs([*FIRST, other]) == needs(FIRST)


def test_a_stacks_name_is_no_pattern():
    look = LOOK | {"stackName": "a*b"}
    assert needs([cloudformation("DescribeStackResource", look)]) == {
        ("s3:ListBucket", "arn:aws:s3:::a${*}b-serverlessdeploymentb*")
    }


def test_each_deployer_gets_its_own_bucket():
    other = assumed_role("ci")
    url = TEMPLATE.replace("orders", "billing")
    theirs = cloudformation("CreateChangeSet", {"stackName": "billing-dev", "templateURL": url}, user=other)
    lines = [used.permission for used in inferred(traced([*DEPLOY, theirs]))]
    assert {line.principal for line in lines if "billing" in line.resource.text} == {
        "arn:aws:iam::123456789012:role/ci"
    }
    assert {line.principal for line in lines if "orders" in line.resource.text} == {
        "arn:aws:iam::123456789012:user/deployer"
    }


def test_with_a_service_role_the_code_is_read_by_the_role():
    role = assumed_role("cfn", "AWSCloudFormation", invokedBy=CLOUDFORMATION)
    arn = "arn:aws:iam::123456789012:role/cfn"
    records = [
        cloudformation("CreateChangeSet", STACK | {"templateURL": TEMPLATE, "roleARN": arn}),
        create_function({"s3Bucket": BUCKET, "s3Key": f"{ARTIFACTS}/orders.zip"}, user=role),
    ]
    lines = [used.permission for used in inferred(traced(records))]
    theirs = [line for line in lines if line.section is Section.SERVICE_ROLE]
    assert [(line.principal, line.action.text, line.resource.text, line.rule) for line in theirs] == [
        (arn, "s3:GetObject", OBJECTS, "lambda/code-read")
    ]
    assert {line.action.text for line in lines if line.section is Section.DEPLOYER} == {item for item, _ in OF_DEPLOY}


def test_logs_are_shown_by_the_streams_that_it_looks_for():
    group = "/aws/lambda/orders-dev-create"
    look = record("DescribeLogStreams", "logs.amazonaws.com", request={"logGroupName": group})
    assert needs([*DEPLOY, look]) - OF_DEPLOY == {
        ("logs:FilterLogEvents", f"arn:aws:logs:us-east-1:123456789012:log-group:{group}{end}") for end in ("", ":*")
    }


def test_a_deleted_stack_that_is_not_serverless_implies_nothing():
    assert needs([cloudformation("DeleteStack", STACK)]) == set()


# --- Commands that are asked for -------------------------------------------------------------------------------------


def test_only_the_commands_that_were_asked_for_count():
    assert needs([*DEPLOY, *REMOVE], commands=("remove",)) == {
        ("s3:ListBucket", BUCKET_PATTERN),
        ("s3:DeleteObject", OBJECTS),
        ("s3:GetObject", OBJECTS),  # what CloudFormation and Lambda read belongs to their calls
        ("cloudformation:DescribeStackEvents", "arn:aws:cloudformation:us-east-1:123456789012:stack/orders-dev/*"),
    }


def test_a_command_that_was_not_run_brings_all_its_direct_calls():
    function = "arn:aws:lambda:us-east-1:123456789012:function:orders-dev-create"
    stack = "arn:aws:cloudformation:us-east-1:123456789012:stack/orders-dev/*"
    assert needs(DEPLOY, commands=("deploy", "remove", "invoke")) >= OF_DEPLOY | {
        ("lambda:InvokeFunction", function),
        ("lambda:InvokeFunction", f"{function}:*"),
        ("cloudformation:DeleteStack", stack),
        ("cloudformation:DescribeStackEvents", stack),
    }


def test_metrics_take_no_resource():
    assert ("cloudwatch:GetMetricStatistics", "*") in needs(DEPLOY, commands=("metrics",))


def test_without_a_function_in_the_records_its_name_begins_with_the_stacks():
    trace = traced(REMOVE, commands=("invoke",))
    function = "arn:aws:lambda:us-east-1:123456789012:function:orders-dev-*"
    assert {used.permission.resource.text for used in inferred(trace)} == {function, f"{function}:*"}
    assert "WILDCARD_RESOURCE" in {finding.code for finding in trace.findings}


# --- What AWS reads for the caller -----------------------------------------------------------------------------------

URLS = [
    ("https://s3.amazonaws.com/bucket/a/b.yaml", "s3:GetObject", "bucket/a/b.yaml"),
    ("https://s3.eu-west-1.amazonaws.com/bucket/a.yaml", "s3:GetObject", "bucket/a.yaml"),
    ("https://s3-eu-west-1.amazonaws.com/bucket/a.yaml", "s3:GetObject", "bucket/a.yaml"),
    ("https://s3.cn-north-1.amazonaws.com.cn/bucket/a.yaml", "s3:GetObject", "bucket/a.yaml"),
    ("https://s3-us-gov-west-1.amazonaws.com/bucket/a.yaml", "s3:GetObject", "bucket/a.yaml"),
    ("https://s3.us-iso-east-1.c2s.ic.gov/bucket/a.yaml", "s3:GetObject", "bucket/a.yaml"),
    ("https://bucket.s3.amazonaws.com/a.yaml", "s3:GetObject", "bucket/a.yaml"),
    ("https://my.bucket.s3.eu-west-1.amazonaws.com/a/b.yaml", "s3:GetObject", "my.bucket/a/b.yaml"),
    ("https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a.yaml", "s3:GetObject", "bucket/a.yaml"),
    ("https://s3.amazonaws.com/bucket/a%20b.yaml", "s3:GetObject", "bucket/a b.yaml"),
    ("https://s3.amazonaws.com/bucket/a.yaml?versionId=x1", "s3:GetObjectVersion", "bucket/a.yaml"),
]


@pytest.mark.parametrize(("url", "action", "name"), URLS, ids=[url for url, _, _ in URLS])
def test_a_template_is_read_where_its_address_says(url: str, action: str, name: str):
    records = [cloudformation("CreateStack", {"stackName": "plain", "templateURL": url})]
    assert exact(records) == {(action, f"arn:aws:s3:::{name}")}


@pytest.mark.parametrize(
    "url",
    ["https://example.com/a.yaml", "https://bucket.s3.amazonaws.com/a.yaml?X-Amz-Expires=60&X-Amz-Signature=0a1b"],
    ids=["elsewhere", "signed"],
)
def test_no_object_is_read_with_the_callers_permission(url: str):
    assert exact([cloudformation("CreateStack", STACK | {"templateURL": url})]) == set()


def test_a_functions_code_is_read_where_the_call_says():
    code = {"s3Bucket": "code", "s3Key": "orders.zip"}
    assert exact([create_function(code)]) == {("s3:GetObject", "arn:aws:s3:::code/orders.zip")}
    versioned = create_function(code | {"s3ObjectVersion": "v7"})
    assert exact([versioned]) == {("s3:GetObjectVersion", "arn:aws:s3:::code/orders.zip")}


def test_a_star_in_a_key_is_no_pattern():
    assert exact([create_function({"s3Bucket": "code", "s3Key": "a*.zip"})]) == {
        ("s3:GetObject", "arn:aws:s3:::code/a${*}.zip")
    }


# --- Where the trail has it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["PutObject", "GetObject", "HeadBucket", "ListObjectsV2"])
def test_data_events_of_the_bucket_leave_nothing_to_infer(event: str):
    assert needs([*DEPLOY, s3(event, {"key": f"{ARTIFACTS}/orders.zip"})]) == set()


def test_another_buckets_data_events_say_nothing():
    assert needs([*DEPLOY, s3("PutObject", {"bucketName": "uploads", "key": "a"})]) == OF_DEPLOY


def test_what_was_observed_is_not_inferred_as_well():
    group = "/aws/lambda/orders-dev-create"
    records = [
        record("DescribeLogStreams", "logs.amazonaws.com", request={"logGroupName": group}),
        record("FilterLogEvents", "logs.amazonaws.com", request={"logGroupName": group}),
    ]
    lines = [used.permission for used in traced([*DEPLOY, *records], commands=("logs",)).permissions]
    about = [line for line in lines if line.action.text == "logs:FilterLogEvents"]
    assert {line.basis for line in about} == {Basis.OBSERVED}


def test_no_meaning_stands_twice():
    lines = [used.permission for used in traced([*DEPLOY, *REMOVE], commands=("deploy", "remove")).permissions]
    meanings = [replace(line, basis=Basis.OBSERVED, rule=None, via=None) for line in lines]
    of_inferred = [meaning for line, meaning in zip(lines, meanings, strict=True) if line.basis is Basis.INFERRED]
    assert all(meanings.count(meaning) == 1 for meaning in of_inferred)


# --- Laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_records_does_not_matter(seed: int):
    records = [*DEPLOY, *REMOVE]
    shuffled = random.Random(seed).sample(records, len(records))  # noqa: S311 - reproducible on purpose
    assert traced(shuffled).to_json() == traced(records).to_json()


def test_no_inferred_removes_exactly_the_inferred_lines():
    records = [*DEPLOY, *REMOVE]
    with_them, without = traced(records), traced(records, inferred=False)
    others = tuple(used for used in with_them.permissions if used.permission.basis is not Basis.INFERRED)
    assert without.permissions == others != with_them.permissions
    assert without.accounting == with_them.accounting
    gone = set(with_them.findings) - set(without.findings)
    assert {finding.code for finding in gone} == {"COVERAGE_GAP"}


def test_no_record_stands_behind_an_inferred_line():
    lines = inferred(traced(DEPLOY))
    assert {used.evidence for used in lines} == {Evidence(0, None, None, ())}
    assert {used.permission.via for used in lines} == {None}
    assert all(used.permission.rule for used in lines)


def test_the_gap_is_told_once_as_a_note():
    (finding,) = (item for item in traced([*DEPLOY, *REMOVE]).findings if item.code == "COVERAGE_GAP")
    assert finding.severity is Severity.NOTE
    assert "s3" in finding.message
    assert (finding.count, finding.events) == (0, ())


def test_a_refused_call_implies_nothing():
    refused = cloudformation("CreateChangeSet", STACK | {"templateURL": TEMPLATE}, error="AccessDenied")
    trace = traced([refused, cloudformation("DescribeStacks", STACK)])
    assert inferred(trace) == []


# --- A recorded run --------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_what_a_run_did_in_its_bucket_is_inferred_where_its_trail_has_no_data_events(shared_records: Path):
    lines = gzip.decompress((shared_records / "serverless-lab.jsonl.gz").read_bytes()).splitlines()
    whole = [json.loads(line) for line in lines]
    default = [item for item in whole if not unlogged(item)]
    assert len(default) < len(whole)
    known = [used.permission for used in traced(default).permissions]
    missing = {used.permission for used in traced(whole).permissions} - set(known)
    assert {line.action.text for line in missing} == {action for action, _ in OF_DEPLOY}
    for line in missing:
        # Which objects a DeleteObjects deletes is not logged: it is observed on all, and inferred on the artifacts.
        same = [other.resource for other in known if other.action == line.action]
        assert any(other.covers(line.resource) or line.resource.covers(other) for other in same)
    assert {line.action.text for line in known if line.basis is Basis.INFERRED} == {
        line.action.text for line in missing
    }


def unlogged(item: Raw) -> bool:
    return inferred_rules.is_unlogged(item["eventSource"].partition(".")[0], item["eventName"])

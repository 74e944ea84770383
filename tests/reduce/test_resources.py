"""The resources of a call: from the most certain witness to the least, and by a general rule that knows no service."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ACCOUNT, record

from tracer.model.record import Record
from tracer.reduce.inventory import Inventory
from tracer.reduce.parse import parse
from tracer.reduce.resources import Resource, new_resources, resources_of
from tracer.reference import table


def parsed(event: str, source: str, **fields: object) -> Record:
    found = parse(record(event, f"{source}.amazonaws.com", **cast("Any", fields)))
    assert isinstance(found, Record)
    return found


def resources(action: str, event: Record, kind: str | None = None) -> tuple[Resource, ...]:
    fact = table.lookup(*action.split(":"))
    assert fact is not None
    return resources_of(event, fact, Inventory(), kind)


def texts(action: str, source: str | None = None, **fields: object) -> list[str]:
    """The resources of a call that has the action's name, without the part that is the same in all."""
    prefix, name = action.split(":")
    found = resources(action, parsed(name, source or prefix, **fields))
    return [one.pattern.text.removeprefix(f"arn:aws:{prefix}:us-east-1:{ACCOUNT}:") for one in found]


@pytest.mark.parametrize(
    ("action", "request_", "wanted"),
    [
        ("kinesis:DescribeStream", {"streamName": "clicks"}, ["stream/clicks"]),
        ("kinesis:DescribeStream", {"StreamName": "clicks"}, ["stream/clicks"]),
        ("cognito-idp:DescribeUserPool", {"userPoolId": "us-east-1_Ab"}, ["userpool/us-east-1_Ab"]),
        ("rds:RebootDBInstance", {"dBInstanceIdentifier": "orders"}, ["db:orders"]),
        ("batch:DeleteJobQueue", {"jobQueue": "fast"}, ["job-queue/fast"]),
        ("xray:GetGroup", {"groupName": "web"}, ["group/web/*"]),
        ("eks:DescribeCluster", {"name": "prod"}, ["cluster/prod"]),
        ("codebuild:BatchGetProjects", {"names": ["web", "api"]}, ["project/web", "project/api"]),
        ("cloudwatch:DeleteAlarms", {"alarmNames": ["a", "b"]}, ["alarm:a", "alarm:b"]),
        ("ec2:StopInstances", {"instancesSet": {"items": [{"instanceId": "i-0a1b2c3d"}]}}, ["instance/i-0a1b2c3d"]),
        (
            "ec2:DeleteFlowLogs",
            {"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-0e17aa62a21d4bbfe", "tag": 1}}},
            ["vpc-flow-log/fl-0e17aa62a21d4bbfe"],
        ),
    ],
    ids=[
        "by the variable's own name",
        "without case",
        "an id",
        "by the stem and Identifier",
        "by the stem alone",
        "what the name leaves open",
        "name, of the one thing that the call is about",
        "names, of several",
        "a plural key",
        "wrapped in items",
        "wrapped in an object and in content",
    ],
)
def test_a_variable_is_filled_by_its_name(action: str, request_: dict[str, Any], wanted: list[str]):
    assert texts(action, request=request_) == wanted


def test_a_name_is_not_filled_from_an_id():
    (found,) = resources("sagemaker:DeleteModel", parsed("DeleteModel", "sagemaker", request={"modelId": "m-1"}))
    assert found.pattern.text.endswith(":model/*")
    assert not found.named


@pytest.mark.parametrize("value", ["HIDDEN_DUE_TO_SECURITY_REASONS", "***", ""])
def test_a_masked_value_names_nothing(value: str):
    (found,) = resources("kinesis:DescribeStream", parsed("DescribeStream", "kinesis", request={"streamName": value}))
    assert found.pattern.text.endswith(":stream/*")
    assert not found.named


def test_an_arn_says_partition_region_and_account():
    theirs = "arn:aws-cn:kinesis:cn-north-1:999999999999:stream/clicks"
    assert texts("kinesis:DescribeStream", request={"streamARN": theirs}) == [theirs]


def test_resources_of_the_record_come_first():
    said = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/said"
    listed = [{"ARN": said, "accountId": ACCOUNT, "type": "AWS::Kinesis::Stream"}]
    assert texts("kinesis:PutRecord", request={"streamName": "other"}, resources=listed) == ["stream/said"]


def test_a_listed_resource_of_another_type_is_none_of_the_actions():
    listed = [{"ARN": "arn:aws:s3:::bucket", "accountId": ACCOUNT, "type": "AWS::S3::Bucket"}]
    assert texts("kinesis:PutRecord", request={"streamName": "clicks"}, resources=listed) == ["stream/clicks"]


def test_what_a_call_makes_has_no_id_before_it():
    event = parsed(
        "CreateVpc", "ec2", request={"cidrBlock": "10.0.0.0/16"}, response={"vpc": {"vpcId": "vpc-06fe1a64761a0f720"}}
    )
    (found,) = resources("ec2:CreateVpc", event)
    assert found.pattern.text.endswith(":vpc/*")
    assert found.named
    assert {step.rule for step in found.widened} == {"new-resource"}


def test_what_a_call_makes_keeps_the_name_that_it_gives():
    (found,) = resources(
        "kafka:CreateCluster", parsed("CreateCluster", "kafka", request={"clusterName": "events"}), "cluster"
    )
    assert found.pattern.text.endswith(":cluster/events/*")
    assert {step.rule for step in found.widened} == {"new-resource"}


def test_required_types_under_one_key_are_alternatives():
    listener = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:listener/net/tcp/50dc6c495c0c9188/f2f7dc8efc522ab2"
    event = parsed("DeleteListener", "elasticloadbalancing", request={"listenerArn": listener})
    assert [one.pattern.text for one in resources("elasticloadbalancing:DeleteListener", event)] == [listener]


def test_without_the_key_every_alternative_stays():
    event = parsed("DeleteListener", "elasticloadbalancing", error="ThrottlingException")
    found = resources("elasticloadbalancing:DeleteListener", event)
    assert [one.pattern.text.rpartition(":")[2] for one in found] == [
        "listener/app/*/*/*",
        "listener/gwy/*/*/*",
        "listener/net/*/*/*",
    ]
    assert not any(one.named for one in found)


def test_what_there_is_one_of_needs_no_name():
    event = parsed("GetTable", "glue", request={"databaseName": "sales", "name": "orders"})
    assert all(one.named and not one.widened for one in resources("glue:GetTable", event))


def test_a_default_says_nothing_of_a_request_that_is_not_known():
    known = parsed("UpdateService", "ecs", request={"service": "web"})
    unknown = parsed("UpdateService", "ecs", error="ThrottlingException")
    assert [one.pattern.text.rpartition(":")[2] for one in resources("ecs:UpdateService", known)] == [
        "service/default/web"
    ]
    assert [one.pattern.text.rpartition(":")[2] for one in resources("ecs:UpdateService", unknown)] == ["service/*/*"]


def test_an_action_without_resource_types_is_checked_on_everything():
    (found,) = resources(
        "ec2:DescribeVpcs", parsed("DescribeVpcs", "ec2", request={"vpcSet": {"items": [{"vpcId": "vpc-1"}]}})
    )
    assert (found.pattern.text, found.named) == ("*", True)


def test_the_new_resource_of_a_type_is_named_by_its_name_alone():
    fact = table.lookup("ec2", "CreateTags")
    assert fact is not None
    event = parsed("CreateKeyPair", "ec2", request={"keyName": "ops"})
    kinds = ("key-pair", "instance", "nonsense")
    found = [
        one.pattern.text.rpartition(":")[2] for kind in kinds for one in new_resources(event, fact, Inventory(), kind)
    ]
    assert found == ["key-pair/ops", "instance/*"]


KEYS = st.sampled_from(
    ["name", "id", "arn", "instanceId", "instancesSet", "items", "streamName", "clusterName", "cluster"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["*", "${x}", "arn:aws:a:b:c:d"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | KEYS, inner, max_size=3),
    max_leaves=8,
)
ACTIONS = (
    "ec2:RunInstances",
    "kinesis:DescribeStream",
    "ecs:UpdateService",
    "rds:CreateDBInstance",
    "bedrock:InvokeModel",
)


@given(st.sampled_from(ACTIONS), st.none() | st.dictionaries(KEYS | st.text(max_size=6), json_values, max_size=4))
def test_any_request_gives_at_least_one_valid_resource(action: str, request_: dict[str, Any] | None):
    prefix, name = action.split(":")
    found = resources(action, parsed(name, prefix, request=request_))
    assert found
    assert all(one.pattern.text == "*" or one.pattern.service for one in found)

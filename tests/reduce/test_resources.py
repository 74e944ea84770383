"""The resources of a call: from the most certain witness to the least, and by a general rule that knows no service."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ABSENT, ACCOUNT, iam_user, record

from tracer.model.arn import ArnPattern
from tracer.model.permission import Widening
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


def test_a_call_that_may_be_checked_on_much_and_names_nothing_stands_on_everything():
    (found,) = resources("iot:TagResource", parsed("TagResource", "iot", request={}))
    assert found == Resource(ArnPattern("*"), (Widening("resource", "", "*", "names-no-resource"),), named=False)


def test_the_new_resource_of_a_type_is_named_by_its_name_alone():
    fact = table.lookup("ec2", "CreateTags")
    assert fact is not None
    event = parsed("CreateKeyPair", "ec2", request={"keyName": "ops"})
    kinds = ("key-pair", "instance", "nonsense")
    found = [
        one.pattern.text.rpartition(":")[2] for kind in kinds for one in new_resources(event, fact, Inventory(), kind)
    ]
    assert found == ["key-pair/ops", "instance/*"]


STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream"


def test_what_a_call_leaves_open_is_told_by_the_name_of_its_variable():
    (found,) = resources("rds:RebootDBInstance", parsed("RebootDBInstance", "rds", request={}))
    assert found.widened == (Widening("resource", "", "*", "unknown-db-instance-name"),)


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        ({"resourceArn": f"{STREAM}/b", "source": f"{STREAM}/a"}, ["stream/b"]),
        ({"source": f"{STREAM}/a"}, ["stream/a"]),
        ({"tagged": {"resourceArn": f"{STREAM}/b"}, "source": f"{STREAM}/a"}, ["stream/b", "stream/a"]),
        ({"tagged": {"list": [f"{STREAM}/a", f"{STREAM}/b"]}}, ["stream/a", "stream/b"]),
        ({"tagged": {"list": [{"of": f"{STREAM}/a"}]}}, ["stream/*"]),
    ],
    ids=[
        "what a call is about comes before what else it names",
        "any other key",
        "what is deeper is not what the call is about",
        "as deep as lists of what is tagged stand",
        "deeper",
    ],
)
def test_an_arn_under_a_key_that_says_nothing(request_: dict[str, Any], wanted: list[str]):
    assert sorted(texts("kinesis:DescribeStream", request=request_)) == sorted(wanted)


def test_what_the_response_alone_names_is_what_a_call_found():
    event = parsed("DescribeStream", "kinesis", request={}, response={"it": {"is": f"{STREAM}/clicks"}})
    (found,) = resources("kinesis:DescribeStream", event)
    assert (found.pattern.text, found.widened, found.named) == (f"{STREAM}/clicks", (), True)


def test_what_the_response_names_leaves_open_what_else_the_call_was_checked_on():
    connection = f"arn:aws:directconnect:us-east-1:{ACCOUNT}:dxcon/dxcon-1"
    action = "directconnect:AssociateConnectionWithLag"
    assert texts(action, request={}, response={"it": connection}) == ["dxcon/dxcon-1", "dxlag/*"]


def test_a_listed_arn_may_be_of_what_there_is_one_of():
    catalog = f"arn:aws:glue:us-east-1:{ACCOUNT}:catalog"
    found = texts("glue:GetDatabases", request={}, resources=[{"ARN": catalog, "accountId": ACCOUNT}])
    assert "catalog" in found


def test_a_listed_arn_is_stated_as_policies_state_its_kind():
    """A function is checked with and without what qualifies it, whatever version the record lists."""
    listed = [{"ARN": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders:7", "accountId": ACCOUNT}]
    assert texts("lambda:DeleteFunction", resources=listed) == ["function:orders", "function:orders:*"]


ROLE = f"arn:aws:iam::{ACCOUNT}:role"


@pytest.mark.parametrize(
    ("answer", "name", "pathless"),
    [
        (f"{ROLE}/ci/blue/deploy", "ci/blue/deploy", False),
        (f"{ROLE}/deploy", "deploy", False),
        (f"{ROLE}/ci/other", "deploy", True),
        (f"arn:aws:iam::{ACCOUNT}:user/ci/deploy", "deploy", True),
    ],
    ids=["a path", "no path", "another role's", "a user's"],
)
def test_the_path_of_a_role_stands_in_the_answer(answer: str, name: str, pathless: bool):
    event = parsed("GetRole", "iam", request={"roleName": "deploy"}, response={"role": {"arn": answer}})
    (found,) = resources("iam:GetRole", event)
    assert (found.pattern.text, found.pathless) == (f"{ROLE}/{name}", pathless)


@pytest.mark.parametrize(("path", "name"), [("/", "deploy"), ("/ci/", "ci/deploy"), ("/X/blue/", "X/blue/deploy")])
def test_a_role_that_is_made_has_the_path_that_the_call_gives_it(path: str, name: str):
    event = parsed("CreateRole", "iam", request={"roleName": "deploy", "path": path}, error="AccessDenied")
    (found,) = resources("iam:CreateRole", event)
    assert (found.pattern.text, found.pathless) == (f"{ROLE}/{name}", False)


@pytest.mark.parametrize(
    ("response", "id_"), [({"vpc": {"vpcId": "vpc-06fe1a64761a0f720"}}, "vpc-06fe1a64761a0f720"), (None, "")]
)
def test_the_id_of_what_a_call_makes_is_told_where_the_response_has_it(response: dict[str, Any] | None, id_: str):
    (found,) = resources("ec2:CreateVpc", parsed("CreateVpc", "ec2", request={"cidrBlock": "x"}, response=response))
    assert found.widened == (Widening("resource", id_, "*", "new-resource"),)


def test_what_a_policy_always_states_as_a_star_is_not_left_open_by_a_call():
    event = parsed("DescribeNodegroup", "eks", error="ThrottlingException")
    (found,) = (one for one in resources("eks:DescribeNodegroup", event) if ":nodegroup/" in one.pattern.text)
    assert found.pattern.text.endswith(":nodegroup/*/*/*")
    assert {step.rule for step in found.widened} == {"unknown-cluster-name", "unknown-nodegroup-name"}


def test_two_types_with_one_form_are_one_resource():
    names = {"channelGroupName": "live", "channelName": "news"}
    found = texts("mediapackagev2:GetChannelPolicy", request=names)
    assert sorted(found) == ["channelGroup/live", "channelGroup/live/channel/news"]


@pytest.mark.parametrize(
    ("given", "pathless"), [(f"{ROLE}/deploy", False), ("deploy", True)], ids=["its ARN", "its name"]
)
def test_an_arn_says_that_a_role_has_no_path_and_a_name_does_not(given: str, pathless: bool):
    fact = table.lookup("iam", "PassRole")
    assert fact is not None
    event = parsed("StartPipeline", "codepipeline", request={"with": {"role": given}})
    (found,) = resources_of(event, fact, Inventory(), "role", ("with.role",))
    assert (found.pattern.text, found.pathless) == (f"{ROLE}/deploy", pathless)


CLICKS: dict[str, Any] = {"request": {"streamName": "clicks"}}
OTHERS = {"accountId": "999999999999", "type": "AWS::S3::Bucket"}


@pytest.mark.parametrize(
    ("fields", "head"),
    [
        ({}, f"arn:aws:kinesis:us-east-1:{ACCOUNT}"),
        ({"resources": [OTHERS]}, "arn:aws:kinesis:us-east-1:999999999999"),
        ({"resources": [OTHERS, OTHERS | {"accountId": ACCOUNT}]}, f"arn:aws:kinesis:us-east-1:{ACCOUNT}"),
        (
            {"user": iam_user(arn=f"arn:aws-us-gov:iam::{ACCOUNT}:user/x")},
            f"arn:aws-us-gov:kinesis:us-east-1:{ACCOUNT}",
        ),
        (
            {"user": {"type": "IAMUser", "accountId": ACCOUNT}, "region": "cn-north-1"},
            f"arn:aws-cn:kinesis:cn-north-1:{ACCOUNT}",
        ),
        (
            {"user": {"type": "IAMUser", "userName": "x"}, "recipientAccountId": ABSENT},
            "arn:aws:kinesis:us-east-1:*",
        ),
    ],
    ids=[
        "the caller's account",
        "whose resources the record lists",
        "several owners",
        "the caller's partition",
        "the region's, of a caller without an ARN",
        "an account that nothing tells",
    ],
)
def test_whose_and_where_a_resource_is_that_is_named_without_an_arn(fields: dict[str, Any], head: str):
    (found,) = resources("kinesis:DescribeStream", parsed("DescribeStream", "kinesis", **CLICKS | fields))
    assert found.pattern.text == f"{head}:stream/clicks"


def test_a_listed_arn_is_read_by_the_expressions_of_its_form():
    """The ARN of a subscription says its topic, which is what AWS checks."""
    listed = [{"ARN": f"arn:aws:sns:us-east-1:{ACCOUNT}:orders:1b2c3d4e-5f60-4718-9a0b-c1d2e3f40516"}]
    assert texts("sns:Publish", resources=listed) == ["orders"]


def test_what_a_call_is_about_comes_first_where_many_types_may_be_meant():
    group = f"arn:aws:iot:us-east-1:{ACCOUNT}:billinggroup"
    assert texts("iot:TagResource", request={"beside": f"{group}/b", "resourceArn": f"{group}/a"}) == ["billinggroup/a"]


def test_another_service_s_resource_is_named_by_its_arn_alone():
    group = f"arn:aws:resource-groups:us-east-1:{ACCOUNT}:group/web"
    started = {"instancesSet": {"items": [{"instanceId": "i-0a1b2c3d"}]}}
    assert texts("ec2:StartInstances", request=started | {"groupName": "web"}) == ["instance/i-0a1b2c3d"]
    assert texts("ec2:StartInstances", request=started | {"within": group}) == ["instance/i-0a1b2c3d", group]


def test_a_text_that_is_no_name_is_what_aws_checked_before_it_refused_the_call():
    event = parsed("CreateTable", "dynamodb", request={"tableName": "a b"}, error="ValidationException")
    (found,) = resources("dynamodb:CreateTable", event)
    assert (found.pattern.text.rpartition(":")[2], found.widened) == ("table/a b", ())


def test_an_id_of_the_request_is_none_of_what_the_call_makes():
    fact = table.lookup("ec2", "CreateTags")
    assert fact is not None
    event = parsed("CopySnapshot", "ec2", request={"snapshotId": "snap-066877671789bd71b"})
    (found,) = new_resources(event, fact, Inventory(), "snapshot")
    assert found.pattern.text.endswith(":snapshot/*")


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

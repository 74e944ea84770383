"""What AWS checks for a call: the rows, the small language that they are written in, and that none is a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from rehearse_support import ACCOUNT, USER, call, judge_command
from support import botocore_is_older

from tracer.errors import RehearseError
from tracer.rehearse.judge import Decision, JudgeProcess
from tracer.rehearse.needs import NoRow, needs_of, services, table
from tracer.rehearse.words import NOTHING, WORDS, Nothing

ALL: Final[Mapping[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

KEYS: Final = {
    "action",
    "resource",
    "context",
    "when",
    "unless",
    "each",
    "tags",
    "unchecked",
    "source",
    "verified",
    "why",
}

MODELS: Final = botocore.session.get_session()


def rows() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every row, with its service and operation."""
    for service in services():
        for operation, found in table(service)["operations"].items():
            for row in found:
                yield service, operation, row


def operation_model(service: str, operation: str) -> OperationModel:
    return MODELS.get_service_model(service).operation_model(operation)


def member(shape: Shape | None, path: str, item: Shape | None = None) -> Shape:
    """The shape that a path names; a KeyError where botocore's model has no such parameter."""
    first, *names = path.split(".")
    found = item if first == "item" else shape
    for name in names:
        assert isinstance(found, (StructureShape, MapShape)), path
        found = found.value if isinstance(found, MapShape) else found.members[name]
    assert found is not None
    return found


def paths_in(text: str) -> list[str]:
    return [path for path in re.findall(r"\{([^{}|]+)(?:\|\w+)?\}", text) if path.startswith((".", "item"))]


def test_there_are_rows():
    assert {"s3", "cloudformation", "lambda", "iam", "logs", "dynamodb", "apigateway", "ecr", "sts"} <= set(services())


@pytest.mark.skipif(botocore_is_older(), reason="an older botocore lacks what a row is about")
@pytest.mark.parametrize("service", services())
def test_rows_are_of_operations_that_there_are(service: str):
    known = set(MODELS.get_service_model(service).operation_names)
    assert set(table(service)["operations"]) - known == set()


@pytest.mark.parametrize("service", services())
def test_rows_have_a_source_and_known_keys(service: str):
    assert table(service)["source"].startswith("https://docs.aws.amazon.com/service-authorization/")
    for _, operation, row in rows():
        assert row.keys() <= KEYS, operation
        assert row.get("source", "https://").startswith("https://"), operation
        assert not row.get("unchecked") or row["why"], operation


@pytest.mark.skipif(botocore_is_older(), reason="an older botocore lacks what a row is about")
@pytest.mark.parametrize("service", services())
def test_rows_name_parameters_that_the_operation_has(service: str):
    """A misspelt parameter would be an absent one, and a need that is never asked."""
    resources = table(service).get("resources", {})
    for operation, found in table(service)["operations"].items():
        shape = operation_model(service, operation).input_shape
        for row in found:
            each = member(shape, row["each"]) if "each" in row else None
            item = each.member if isinstance(each, ListShape) else each.value if isinstance(each, MapShape) else None
            wanted = row.get("when", [])
            texts = [resources.get(row["resource"], row["resource"]), *row.get("context", {}).values()]
            named = [path for text in texts for path in paths_in(text)]
            named += [*([wanted] if isinstance(wanted, str) else wanted), *filter(None, [row.get("unless")])]
            named += filter(None, [row.get("tags")])
            for path in named:
                member(shape, path.partition("=")[0], item)


def test_templates_use_words_that_there_are():
    used = {
        word
        for service, _, row in rows()
        for text in [*table(service).get("resources", {}).values(), row["resource"], *row.get("context", {}).values()]
        for word in re.findall(r"\|(\w+)\}", text)
    }
    assert used <= WORDS.keys()


ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/x1"
FUNCTION: Final = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:x1"
STATE_MACHINE: Final = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:x1"
TOPIC: Final = f"arn:aws:sns:us-east-1:{ACCOUNT}:x1"
SAMPLES: Final[Mapping[tuple[str, str], str]] = {
    ("", "AuthorizerCredentialsArn"): ROLE,
    ("", "CredentialsArn"): ROLE,
    ("", "Role"): ROLE,
    ("", "RoleARN"): ROLE,
    ("", "RoleArn"): ROLE,
    ("", "roleArn"): ROLE,
    ("", "credentials"): ROLE,
    ("", "path"): "/cloudwatchRoleArn",
    ("", "value"): ROLE,
    ("", "Path"): "/team/",
    ("", "TemplateURL"): "https://s3.amazonaws.com/x1/template.json",
    ("", "CopySource"): "x1/key",
    ("", "PolicyArn"): f"arn:aws:iam::{ACCOUNT}:policy/x1",
    ("dynamodb", "ResourceArn"): f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/x1",
    ("cloudwatch", "ResourceARN"): f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:x1",
    ("cognito-idp", "ResourceArn"): f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/x1",
    ("cognito-idp", "SnsCallerArn"): ROLE,
    ("kms", "AliasName"): "alias/x1",
    ("apigatewayv2", "ResourceArn"): "arn:aws:apigateway:us-east-1::/apis/x1",
    ("ec2", "Resources"): "vpc-1",
    ("ecr", "resourceArn"): f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/x1",
    ("events", "ResourceARN"): f"arn:aws:events:us-east-1:{ACCOUNT}:rule/x1",
    ("kinesis", "StreamARN"): f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/x1",
    ("lambda", "Arn"): f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:x1:1",
    ("lambda", "ImageUri"): f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/x1:latest",
    ("lambda", "KMSKeyArn"): f"arn:aws:kms:us-east-1:{ACCOUNT}:key/x1",
    ("lambda", "Layers"): f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:x1:1",
    ("lambda", "Resource"): FUNCTION,
    ("logs", "resourceArn"): f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:x1:*",
    ("sns", "ResourceArn"): TOPIC,
    ("sns", "TopicArn"): TOPIC,
    ("stepfunctions", "executionArn"): f"arn:aws:states:us-east-1:{ACCOUNT}:execution:x1:1",
    ("stepfunctions", "resourceArn"): STATE_MACHINE,
    ("stepfunctions", "stateMachineArn"): STATE_MACHINE,
}
"""Values that are not any text: by service, or for all of them, and the parameter's name."""


def sample(shape: Shape, name: str, service: str) -> object:
    """A value for a parameter, such as the service might be given."""
    match shape.type_name:
        case "structure":
            assert isinstance(shape, StructureShape)
            return {key: sample(inner, key, service) for key, inner in shape.members.items()}
        case "list":
            assert isinstance(shape, ListShape)
            return [sample(shape.member, name, service)]
        case "map":
            return {"stage": "dev"}
        case "string":
            return SAMPLES.get((service, name)) or SAMPLES.get(("", name)) or "x1"
        case "boolean":
            return True
        case _:
            return 1


@pytest.fixture(scope="module")
def judge() -> Iterator[JudgeProcess]:
    with JudgeProcess.start(judge_command()) as process:
        yield process


@pytest.mark.skipif(botocore_is_older(), reason="an older botocore lacks what a row is about")
@pytest.mark.parametrize("service", services())
def test_the_judge_knows_each_action_and_its_kind_of_resource(service: str, judge: JudgeProcess):
    """The judge holds actions and ARNs against its own tables, and takes no other for an answer."""
    for operation in table(service)["operations"]:
        shape = operation_model(service, operation).input_shape
        params = sample(shape, "", service) if shape else {}
        for needed in needs_of(call(service, operation, params), NOTHING):
            assert judge.decide([ALL], USER.arn, [needed]) == [Decision.ALLOWED], operation


def needed(service: str, operation: str, **params: object) -> list[tuple[str, str]]:
    """What is needed for a call: actions and resources."""
    return [(need.action, need.resource) for need in needs_of(call(service, operation, params), NOTHING)]


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [
        pytest.param("sts", "GetCallerIdentity", {}, [], id="nothing"),
        pytest.param("s3", "ListBuckets", {}, [("s3:ListAllMyBuckets", "*")], id="no resource"),
        pytest.param(
            "s3", "HeadObject", {"Bucket": "b", "Key": "k/1"}, [("s3:GetObject", "arn:aws:s3:::b/k/1")], id="an object"
        ),
        pytest.param(
            "s3",
            "GetObject",
            {"Bucket": "b", "Key": "k", "VersionId": "7"},
            [("s3:GetObjectVersion", "arn:aws:s3:::b/k")],
            id="one thing or the other",
        ),
        pytest.param(
            "s3",
            "CopyObject",
            {"Bucket": "b", "Key": "k", "CopySource": "/from/a%20key?versionId=3"},
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::from/a key")],
            id="two resources",
        ),
        pytest.param(
            "s3",
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "1"}, {"Key": "2", "VersionId": "x"}]}},
            [("s3:DeleteObject", "arn:aws:s3:::b/1"), ("s3:DeleteObjectVersion", "arn:aws:s3:::b/2")],
            id="each of a list",
        ),
        pytest.param(
            "s3",
            "CreateBucket",
            {"Bucket": "b", "ACL": "private"},
            [("s3:CreateBucket", "arn:aws:s3:::b")],
            id="unless",
        ),
        pytest.param(
            "s3",
            "CreateBucket",
            {"Bucket": "b", "ACL": "public-read"},
            [("s3:CreateBucket", "arn:aws:s3:::b"), ("s3:PutBucketAcl", "arn:aws:s3:::b")],
            id="when",
        ),
        pytest.param(
            "apigateway",
            "UpdateAccount",
            {"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:r"}, {"path": "/x"}]},
            [("apigateway:PATCH", "arn:aws:apigateway:us-east-1::/account"), ("iam:PassRole", "arn:r")],
            id="the one of a list that is",
        ),
        pytest.param(
            "cloudformation",
            "DescribeStacks",
            {"StackName": f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/orders-dev/5f"},
            [("cloudformation:DescribeStacks", f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/orders-dev/5f")],
            id="a stack by its ARN",
        ),
        pytest.param(
            "cloudformation",
            "DeleteStack",
            {"StackName": "orders-dev", "RoleARN": "arn:r"},
            [
                ("cloudformation:DeleteStack", f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/orders-dev/*"),
                ("iam:PassRole", "arn:r"),
            ],
            id="a stack by its name",
        ),
        pytest.param(
            "lambda",
            "GetFunction",
            {"FunctionName": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f:live"},
            [("lambda:GetFunction", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f:live")],
            id="a function by its ARN",
        ),
        pytest.param(
            "iam",
            "CreateRole",
            {"RoleName": "r", "Path": "/team/", "Tags": [{"Key": "a", "Value": "b"}]},
            [
                ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/team/r"),
                ("iam:TagRole", f"arn:aws:iam::{ACCOUNT}:role/team/r"),
            ],
            id="a path, and tags",
        ),
        pytest.param(
            "lambda",
            "UpdateFunctionCode",
            {"FunctionName": "f", "ImageUri": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/team/app@sha256:00"},
            [
                ("lambda:UpdateFunctionCode", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"),
                ("ecr:GetRepositoryPolicy", f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/team/app"),
                ("ecr:SetRepositoryPolicy", f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/team/app"),
            ],
            id="an image",
        ),
    ],
)
def test_what_a_call_needs(service: str, operation: str, params: Mapping[str, Any], expected: list[tuple[str, str]]):
    assert needed(service, operation, **params) == expected


class AccountWithARole(Nothing):
    def role_arn(self, account: str, name: str) -> str | None:
        return f"arn:aws:iam::{account}:role/team/{name}"


def test_a_role_that_is_there_has_its_path():
    (need,) = needs_of(call("iam", "GetRole", {"RoleName": "r"}), AccountWithARole())
    assert need.resource == f"arn:aws:iam::{ACCOUNT}:role/team/r"


@pytest.mark.parametrize(
    "tags", [{"stage": "dev", "a": "1"}, [{"Key": "stage", "Value": "dev"}, {"Key": "a", "Value": "1"}],
             [{"TagKey": "stage", "TagValue": "dev"}, {"TagKey": "a", "TagValue": "1"}]]
)  # fmt: skip
def test_tags_of_a_request_fill_their_condition_keys(tags: object):
    (need, _) = needs_of(call("lambda", "CreateFunction", {"FunctionName": "f", "Tags": tags}), NOTHING)
    assert need.context["aws:RequestTag/stage"] == "dev"
    assert need.context["aws:TagKeys"] == ["a", "stage"]


def test_a_condition_key_whose_parameter_is_absent_is_left_out():
    (need,) = needs_of(call("iam", "CreateRole", {"RoleName": "r"}), NOTHING)
    assert "iam:PermissionsBoundary" not in need.context


def test_the_condition_keys_of_every_call():
    (need,) = needs_of(call("s3", "ListBuckets"), NOTHING)
    assert need.context == {
        "aws:CurrentTime": "2026-11-24T08:00:01Z",
        "aws:EpochTime": "1795507201",
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalArn": USER.arn,
        "aws:RequestedRegion": "us-east-1",
        "aws:ResourceAccount": ACCOUNT,
        "aws:SecureTransport": "true",
        "aws:SourceIp": "203.0.113.10",
        "aws:UserAgent": "a test",
        "aws:ViaAWSService": "false",
        "aws:userid": "AIDAEXAMPLE",
        "aws:username": "deployer",
    }


def test_a_forwarded_call_says_by_whom():
    made = call("s3", "ListBuckets", invoked_by="cloudformation.amazonaws.com")
    (need,) = needs_of(made, NOTHING)
    assert need.context["aws:CalledVia"] == ["cloudformation.amazonaws.com"]
    assert need.context["aws:ViaAWSService"] == "true"
    assert "aws:SourceIp" not in need.context


def test_an_operation_without_a_row_is_refused_loudly():
    with pytest.raises(NoRow) as caught:
        needed("s3", "WriteGetObjectResponse")
    assert caught.value.message == "the rehearsal's account does not know what AWS checks for s3.WriteGetObjectResponse"
    assert "needs/s3.json" in caught.value.hint


def test_a_call_without_the_parameter_that_its_resource_is_made_of_is_refused_loudly():
    with pytest.raises(RehearseError, match=r"came without \.Bucket"):
        needed("s3", "DeleteBucket")

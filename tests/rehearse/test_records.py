"""Records of the account's calls, held against AWS's documentation and the shape of real ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rehearse_support import ACCOUNT, NOW, USER, call

from tracer.rehearse.call import ApiError, Call, Caller, CallerType
from tracer.rehearse.denial import refusal
from tracer.rehearse.gate import Entry
from tracer.rehearse.judge import Decision, Need
from tracer.rehearse.records import record_of, records_of

ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/ci"
SESSION = Caller(
    CallerType.ASSUMED_ROLE,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/deploy",
    "AROAEXAMPLE:deploy",
    ACCOUNT,
    "ASIAEXAMPLE",
    role_arn=ROLE,
    session_created=NOW - timedelta(minutes=5),
    source_identity="tracer-first",
)


def ended(made: Call, response: Mapping[str, Any] | None = None, error: ApiError | None = None) -> Entry:
    return Entry(made, (), (), error, response or {})


def refused(made: Call) -> Entry:
    denial = refusal(made, Need("x:Y", "arn:r"), "identity-based", Decision.NOT_ALLOWED)
    return Entry(made, (denial.need,), (denial,), denial.error, None)


def recorded(
    service: str, operation: str, params: Mapping[str, Any] | None = None, **changes: object
) -> dict[str, Any]:
    return record_of(ended(call(service, operation, params, **changes)))


def test_a_record_whole():
    made = call("dynamodb", "DeleteTable", {"TableName": "orders"}, host="dynamodb.us-east-1.amazonaws.com")
    answer = {"TableDescription": {"TableName": "orders", "CreationDateTime": NOW, "ItemCount": 0}}
    assert record_of(ended(made, answer)) == {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/deployer",
            "accountId": ACCOUNT,
            "accessKeyId": "AKIAEXAMPLE",
            "userName": "deployer",
        },
        "eventTime": "2026-11-24T08:00:01Z",
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": "DeleteTable",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "a test",
        "requestParameters": {"tableName": "orders"},
        "responseElements": {
            "tableDescription": {"tableName": "orders", "creationDateTime": "Nov 24, 2026, 8:00:01 AM", "itemCount": 0}
        },
        "requestID": "22222222-2222-4222-8222-222222222222",
        "eventID": "11111111-1111-4111-8111-111111111111",
        "readOnly": False,
        "resources": [
            {
                "accountId": ACCOUNT,
                "type": "AWS::DynamoDB::Table",
                "ARN": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders",
            }
        ],
        "apiVersion": "2012-08-10",
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "dynamodb.us-east-1.amazonaws.com",
        },
    }


@pytest.mark.parametrize(
    ("service", "operation", "source", "name"),
    [
        ("lambda", "CreateFunction", "lambda", "CreateFunction20150331"),
        ("lambda", "UpdateFunctionCode", "lambda", "UpdateFunctionCode20150331v2"),
        ("lambda", "GetFunctionCodeSigningConfig", "lambda", "GetFunctionCodeSigningConfig"),
        ("s3", "PutPublicAccessBlock", "s3", "PutBucketPublicAccessBlock"),
        ("s3", "PutBucketLifecycleConfiguration", "s3", "PutBucketLifecycle"),
        ("apigatewayv2", "CreateApi", "apigateway", "CreateApi"),
        ("cloudwatch", "PutMetricAlarm", "monitoring", "PutMetricAlarm"),
        ("ecr", "DescribeRepositories", "ecr", "DescribeRepositories"),
        ("elbv2", "DescribeLoadBalancers", "elasticloadbalancing", "DescribeLoadBalancers"),
        ("stepfunctions", "CreateStateMachine", "states", "CreateStateMachine"),
    ],
)
def test_sources_and_names_are_cloudtrails(service: str, operation: str, source: str, name: str):
    record = recorded(service, operation)
    assert (record["eventSource"], record["eventName"]) == (f"{source}.amazonaws.com", name)


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [
        pytest.param("sts", "GetCallerIdentity", {}, None, id="nothing"),
        pytest.param("secretsmanager", "DeleteSecret", {"SecretId": "s"}, {"secretId": "s"}, id="names"),
        pytest.param(
            "logs",
            "TagResource",
            {"resourceArn": "a", "tags": {"Stage": "D"}},
            {"resourceArn": "a", "tags": {"Stage": "D"}},
            id="maps keep their keys",
        ),
        pytest.param(
            "iam",
            "TagRole",
            {"RoleName": "r", "Tags": [{"Key": "K", "Value": "V"}]},
            {"roleName": "r", "tags": [{"key": "K", "value": "V"}]},
            id="lists of structures",
        ),
        pytest.param(
            "cloudformation",
            "CreateStack",
            {"StackName": "s", "RoleARN": "r", "TemplateURL": "u"},
            {"stackName": "s", "roleARN": "r", "templateURL": "u"},
            id="a small first letter alone",
        ),
        pytest.param(
            "ssm",
            "PutParameter",
            {"Name": "/a", "Value": "secret"},
            {"name": "/a", "value": "HIDDEN_DUE_TO_SECURITY_REASONS"},
            id="hidden",
        ),
        pytest.param("secretsmanager", "CreateSecret", {"Name": "a", "SecretString": "s"}, {"name": "a"}, id="omitted"),
        pytest.param(
            "lambda",
            "CreateFunction",
            {"FunctionName": "f", "Code": {"ZipFile": b"PK"}, "Environment": {"Variables": {"S": "1"}}},
            {"functionName": "f", "code": {}, "environment": {}},
            id="code and variables",
        ),
        pytest.param(
            "lambda",
            "CreateFunction",
            {"FunctionName": "f", "Code": {"S3Bucket": "b", "S3Key": "k"}},
            {"functionName": "f", "code": {"s3Bucket": "b", "s3Key": "k"}},
            id="code in S3",
        ),
        pytest.param("s3", "ListBuckets", {}, {"Host": "s3.amazonaws.com"}, id="S3's host"),
        pytest.param(
            "s3",
            "GetBucketPolicy",
            {"Bucket": "b"},
            {"bucketName": "b", "Host": "b.s3.amazonaws.com", "policy": ""},
            id="S3's sub-resource",
        ),
        pytest.param(
            "s3",
            "PutBucketPolicy",
            {"Bucket": "b", "Policy": '{"Version": "1"}'},
            {"bucketName": "b", "bucketPolicy": {"Version": "1"}, "Host": "b.s3.amazonaws.com", "policy": ""},
            id="a bucket's policy",
        ),
        pytest.param(
            "s3",
            "PutObject",
            {"Bucket": "b", "Key": "k", "ACL": "private", "Body": b"1", "ChecksumAlgorithm": "CRC32"},
            {"bucketName": "b", "key": "k", "x-amz-acl": "private", "Host": "b.s3.amazonaws.com"},
            id="S3's headers",
        ),
        pytest.param(
            "s3",
            "ListObjectsV2",
            {"Bucket": "b", "Prefix": "p/"},
            {"bucketName": "b", "prefix": "p/", "list-type": "2", "Host": "b.s3.amazonaws.com"},
            id="S3's query",
        ),
        pytest.param(
            "s3",
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}]}},
            {"bucketName": "b", "delete": "", "Host": "b.s3.amazonaws.com"},
            id="keys that S3 leaves out",
        ),
        pytest.param(
            "s3",
            "PutBucketEncryption",
            {"Bucket": "b", "ServerSideEncryptionConfiguration": {"Rules": [{"BucketKeyEnabled": True}]}},
            {
                "bucketName": "b",
                "ServerSideEncryptionConfiguration": {"Rule": {"BucketKeyEnabled": True}},
                "Host": "b.s3.amazonaws.com",
                "encryption": "",
            },
            id="S3's body",
        ),
        pytest.param(
            "ec2",
            "DescribeVpcs",
            {"VpcIds": ["vpc-1"], "Filters": [{"Name": "n", "Values": ["v"]}]},
            {
                "vpcSet": {"items": [{"vpcId": "vpc-1"}]},
                "filterSet": {"items": [{"name": "n", "valueSet": {"items": [{"value": "v"}]}}]},
            },
            id="EC2's sets",
        ),
    ],
)
def test_requests_are_in_cloudtrails_spelling(service, operation, params, expected):
    assert recorded(service, operation, params)["requestParameters"] == expected


@pytest.mark.parametrize(
    ("service", "operation", "answer", "expected"),
    [
        pytest.param("cloudformation", "CreateStack", {"StackId": "id"}, {"stackId": "id"}, id="a write"),
        pytest.param("cloudformation", "DeleteStack", {}, None, id="a write without an answer"),
        pytest.param("cloudformation", "DescribeStacks", {"Stacks": [{"StackName": "s"}]}, None, id="a read"),
        pytest.param("s3", "CreateBucket", {"Location": "/b"}, None, id="S3"),
        pytest.param(
            "sts", "AssumeRole",
            {"Credentials": {"AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": NOW}},
            {"credentials": {"accessKeyId": "A", "sessionToken": "t", "expiration": "Nov 24, 2026, 8:00:01 AM"}},
            id="a session, without its secret",
        ),
        pytest.param(
            "iam", "CreateRole", {"Role": {"RoleName": "r", "AssumeRolePolicyDocument": {"Version": "2012-10-17"}}},
            {"role": {"roleName": "r", "assumeRolePolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%7D"}},
            id="a policy, URL-encoded",
        ),
    ],
)  # fmt: skip
def test_responses_are_those_of_writes(service, operation, answer, expected):
    assert record_of(ended(call(service, operation), answer))["responseElements"] == expected


def test_a_failed_call_has_no_response_and_keeps_its_error():
    record = record_of(ended(call("s3", "HeadObject", {"Bucket": "b", "Key": "k"}), {}, ApiError("404", "Not Found")))
    assert (record["errorCode"], record["errorMessage"], record["responseElements"]) == ("NoSuchKey", "Not Found", None)
    other = record_of(ended(call("ec2", "DescribeVpcs"), {}, ApiError("InvalidVpcID.NotFound", "none")))
    assert other["errorCode"] == "Client.InvalidVpcID.NotFound"


@pytest.mark.parametrize(("service", "told"), [("lambda", False), ("iam", False), ("s3", True), ("ec2", True)])
def test_what_a_refused_call_asked_for_is_told_by_few_services(service: str, told: bool):
    operation, params = {
        "lambda": ("GetFunction", {"FunctionName": "f"}),
        "iam": ("GetRole", {"RoleName": "r"}),
        "s3": ("GetBucketPolicy", {"Bucket": "b"}),
        "ec2": ("DescribeVpcs", {"VpcIds": ["v"]}),
    }[service]
    record = record_of(refused(call(service, operation, params)))
    assert bool(record["requestParameters"]) is told
    assert "not authorized" in record["errorMessage"]


def test_global_services_are_logged_in_us_east_1():
    assert recorded("iam", "ListRoles", region="eu-west-1")["awsRegion"] == "us-east-1"
    assert recorded("sts", "GetCallerIdentity", region="eu-west-1")["awsRegion"] == "eu-west-1"


def test_a_session_tells_its_role_and_its_source_identity():
    identity = recorded("s3", "ListBuckets", caller=SESSION)["userIdentity"]
    assert identity == {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:deploy",
        "arn": SESSION.arn,
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": ROLE,
                "accountId": ACCOUNT,
                "userName": "ci",
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": "2026-11-24T07:55:01Z", "mfaAuthenticated": "false"},
            "sourceIdentity": "tracer-first",
        },
    }


def test_a_forwarded_call_has_the_users_identity_in_a_session_of_the_service():
    by = "cloudformation.amazonaws.com"
    caller = replace(USER, access_key_id="ASIAFRESH", session_created=NOW)
    record = recorded("s3", "CreateBucket", {"Bucket": "b"}, caller=caller, invoked_by=by, source_ip=by, user_agent=by)
    assert record["userIdentity"]["arn"] == USER.arn
    assert record["userIdentity"]["invokedBy"] == by
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"] == {}
    assert (record["sourceIPAddress"], record["userAgent"]) == (by, by)
    assert "tlsDetails" not in record


def names(*, data_events: bool) -> list[str]:
    entries = [
        ended(call("s3", "CreateBucket", {"Bucket": "b"})),
        ended(call("s3", "PutObject", {"Bucket": "b", "Key": "k"})),
        ended(call("s3", "HeadBucket", {"Bucket": "b"})),
        ended(call("lambda", "Invoke", {"FunctionName": "f"})),
        ended(call("logs", "FilterLogEvents", {"logGroupName": "g"})),
        ended(call("dynamodb", "DescribeTable", {"TableName": "t"})),
    ]
    return [record["eventName"] for record in records_of(entries, data_events=data_events)]


def test_data_events_are_written_where_they_are_asked_for_and_some_calls_never():
    assert names(data_events=False) == ["CreateBucket", "DescribeTable"]
    assert names(data_events=True) == ["CreateBucket", "PutObject", "HeadBucket", "Invoke", "DescribeTable"]
    record = recorded("s3", "PutObject", {"Bucket": "b", "Key": "k"})
    assert (record["managementEvent"], record["eventCategory"]) == (False, "Data")
    assert [item["ARN"] for item in record["resources"]] == ["arn:aws:s3:::b/k", "arn:aws:s3:::b"]


def real_records(folder: Path) -> Iterator[Mapping[str, Any]]:
    for path in sorted((folder / "trail").rglob("*.json.gz")):
        yield from json.loads(gzip.decompress(path.read_bytes()))["Records"]


LIKE_REAL: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "AttachRolePolicy": ("iam", {"RoleName": "r", "PolicyArn": "p"}),
    "AssumeRole": ("sts", {"RoleArn": "r", "RoleSessionName": "s", "DurationSeconds": 900}),
    "CreateRole": (
        "iam",
        {
            "Path": "/",
            "RoleName": "r",
            "AssumeRolePolicyDocument": "{}",
            "MaxSessionDuration": 1,
            "Tags": [{"Key": "k", "Value": "v"}],
        },
    ),
    "DescribeVpcAttribute": ("ec2", {"VpcId": "v"}),
    "GetBucketPolicy": ("s3", {"Bucket": "b"}),
    "GetBucketLocation": ("s3", {"Bucket": "b"}),
    "GetParameter": ("ssm", {"Name": "/n", "WithDecryption": True}),
    "GetRole": ("iam", {"RoleName": "r"}),
    "PutRolePolicy": ("iam", {"RoleName": "r", "PolicyDocument": "{}", "PolicyName": "p"}),
}
"""Calls that the real records hold, with the parameters that those had."""


@pytest.mark.shared
@pytest.mark.parametrize("name", LIKE_REAL)
def test_a_record_has_the_fields_of_a_real_one(name: str, shared_records: Path):
    """Its own fields, those of its request and of its identity; but for what depends on the client."""
    service, params = LIKE_REAL[name]
    ours = recorded(service, name, params, host="h")
    real = [
        record
        for record in real_records(shared_records)
        if record["eventName"] == name
        and not record.get("errorCode")
        and record["userIdentity"].get("type") == "IAMUser"
        and "sessionContext" not in record["userIdentity"]
    ]
    assert real
    optional = {"vpcEndpointId", "sessionCredentialFromConsole", "errorCode", "errorMessage", "apiVersion"}
    assert [set(record) - optional for record in real if set(record) - optional == set(ours) - optional]
    assert [one for one in real if _keys(one["requestParameters"]) == _keys(ours["requestParameters"])]
    assert real[0]["userIdentity"].keys() == ours["userIdentity"].keys()
    assert (real[0]["eventSource"], real[0]["readOnly"]) == (ours["eventSource"], ours["readOnly"])


def _keys(request: Mapping[str, Any] | None) -> set[str]:
    return set(request or ())

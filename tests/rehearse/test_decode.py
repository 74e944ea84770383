"""A request as botocore's clients send it is read back as the call that it was made of, in every protocol of AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from moto.core.request import Request

from tracer.rehearse.decode import Scope, Undecoded, decode, outcome, protocol_of, scope_of

SESSION = boto3.session.Session("AKIAEXAMPLE", "secret", region_name="eu-west-1")


class Caught(Exception):
    """Holds the request that was about to be sent."""


def sent(service: str, operation: str, params: Mapping[str, Any]) -> Request:
    """The request that a client would send."""
    client = SESSION.client(
        service,
        endpoint_url="http://127.0.0.1:1",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )

    def catch(request: AWSPreparedRequest, **_: object) -> None:
        raise Caught(request)

    client.meta.events.register("before-send", catch)
    with pytest.raises(Caught) as caught:
        client._make_api_call(operation, dict(params))
    request = caught.value.args[0]
    return Request.from_primitives(request.method, request.url, request.headers, request.body)


@pytest.mark.parametrize(
    ("service", "operation", "params", "protocol"),
    [
        ("iam", "TagRole", {"RoleName": "r", "Tags": [{"Key": "a", "Value": "b=&c"}]}, "query"),
        ("cloudformation", "DescribeStacks", {"StackName": "orders-dev"}, "query"),
        ("ec2", "DescribeVpcs", {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]}]}, "ec2"),
        ("dynamodb", "DescribeTable", {"TableName": "orders"}, "json"),
        ("logs", "CreateLogGroup", {"logGroupName": "/aws/lambda/f", "tags": {"stage": "dev"}}, "json"),
        ("sqs", "CreateQueue", {"QueueName": "q", "Attributes": {"DelaySeconds": "1"}}, "json"),
        ("lambda", "GetFunction", {"FunctionName": f"arn:aws:lambda:eu-west-1:{1:012}:function:f"}, "rest-json"),
        ("lambda", "PublishVersion", {"FunctionName": "f", "Description": "d"}, "rest-json"),
        ("apigateway", "CreateResource", {"restApiId": "a", "parentId": "p", "pathPart": "x"}, "rest-json"),
        ("apigateway", "TagResource", {"resourceArn": "arn:aws:apigateway:x::/a", "tags": {"a": "b"}}, "rest-json"),
        ("apigatewayv2", "CreateStage", {"ApiId": "a", "StageName": "$default"}, "rest-json"),
        ("s3", "HeadObject", {"Bucket": "orders-1", "Key": "a/b c"}, "rest-xml"),
        ("s3", "ListObjectsV2", {"Bucket": "orders-1", "Prefix": "x/"}, "rest-xml"),
        ("s3", "PutBucketPolicy", {"Bucket": "orders-1", "Policy": "{}"}, "rest-xml"),
        ("s3", "DeleteObjects", {"Bucket": "orders-1", "Delete": {"Objects": [{"Key": "1"}]}}, "rest-xml"),
        ("elbv2", "DescribeLoadBalancers", {"Names": ["a"]}, "query"),
        ("elb", "DescribeLoadBalancers", {"LoadBalancerNames": ["a"]}, "query"),
        ("stepfunctions", "DescribeStateMachine", {"stateMachineArn": "arn:aws:states:x"}, "json"),
        ("dynamodbstreams", "DescribeStream", {"StreamArn": "arn:aws:dynamodb:x:1:table/t/stream/1234567"}, "json"),
        ("sesv2", "GetEmailIdentity", {"EmailIdentity": "a@example.org"}, "rest-json"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_request_is_the_call_that_it_was_made_of(service, operation, params, protocol):
    request = sent(service, operation, params)
    scope = scope_of(request)
    assert scope
    assert (scope.access_key_id, scope.region) == ("AKIAEXAMPLE", "eu-west-1")
    asked = decode(request, scope)
    assert (asked.service, asked.operation.name, asked.protocol) == (service, operation, protocol)
    assert {name: asked.params.get(name) for name in params} == params


def test_a_url_that_was_signed_in_advance_tells_its_scope():
    url = SESSION.client("s3", config=Config(signature_version="s3v4")).generate_presigned_url(
        "get_object", {"Bucket": "orders-1", "Key": "k"}
    )
    assert scope_of(Request.from_primitives("GET", url, {})) == Scope("AKIAEXAMPLE", "eu-west-1", "s3")


@pytest.mark.parametrize("header", ["", "Basic abc", "AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1"])
def test_a_request_that_is_not_signed_has_no_scope(header: str):
    assert scope_of(Request.from_primitives("GET", "http://127.0.0.1/", {"Authorization": header})) is None


@pytest.mark.parametrize("service", ["lambda", "no-such-service"])
def test_what_fits_no_operation_is_said(service: str):
    request = Request.from_primitives("PATCH", "http://127.0.0.1/no/such/path", {})
    scope = Scope("AKIA", "eu-west-1", service)
    with pytest.raises(Undecoded, match=f"no operation of {service} fits PATCH /no/such/path"):
        decode(request, scope)
    assert protocol_of(request, scope)[0] == service


def test_the_content_of_an_object_is_not_kept():
    request = sent("s3", "GetObject", {"Bucket": "orders-1", "Key": "k"})
    asked = decode(request, Scope("AKIA", "eu-west-1", "s3"))
    ended = outcome(asked, 200, {"Content-Length": "6", "x-amz-request-id": "R"}, b"secret")
    assert "Body" not in ended.response or not ended.response["Body"]
    assert (ended.error, ended.request_id) == (None, "R")


def test_how_a_call_failed_is_read_from_its_answer():
    asked = decode(sent("dynamodb", "DescribeTable", {"TableName": "t"}), Scope("AKIA", "eu-west-1", "dynamodb"))
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "none"}'
    ended = outcome(asked, 400, {"x-amzn-RequestId": "R"}, body)
    assert ended.error
    assert (ended.error.code, ended.error.message) == ("ResourceNotFoundException", "none")

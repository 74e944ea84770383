"""What AWS refused, read from messages: every form that its services are known to write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ABSENT, iam_user, record

from tracer.model.record import Record
from tracer.reduce.denials import Message, is_denied, read_message
from tracer.reduce.parse import parse

USER = "User: arn:aws:iam::123456789012:user/deployer is not authorized to perform: "
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"
OBJECT = "arn:aws:s3:::orders-bucket/a key (1).json"

# A message, then what it says: action, resource, cause, whether a Deny refused.
FORMS = {
    "usual": (
        (f"{USER}lambda:GetFunction on resource: {FUNCTION} because no identity-based policy allows the "
        "lambda:GetFunction action"),
        "lambda:GetFunction", FUNCTION, "identity-based", False,
    ),
    "without a resource": (
        f"{USER}ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action",
        "ec2:DescribeVpcs", None, "identity-based", False,
    ),
    "on everything": (
        (f"{USER}ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the "
        "ecr:GetAuthorizationToken action"),
        "ecr:GetAuthorizationToken", "*", "identity-based", False,
    ),
    "explicit deny": (
        f"{USER}lambda:GetFunction on resource: {FUNCTION} with an explicit deny in an identity-based policy",
        "lambda:GetFunction", FUNCTION, "identity-based", True,
    ),
    "explicit deny in a named policy": (
        (f"{USER}lambda:GetFunction on resource: {FUNCTION} with an explicit deny in a service control policy: "
        "arn:aws:organizations::111122223333:policy/o-abc/service_control_policy/p-abc"),
        "lambda:GetFunction", FUNCTION, "service control", True,
    ),
    "explicit deny in no named kind": (
        f"{USER}lambda:GetFunction on resource: {FUNCTION} with an explicit deny",
        "lambda:GetFunction", FUNCTION, None, True,
    ),
    "no service control policy": (
        (f"{USER}lambda:GetFunction on resource: {FUNCTION} because no service control policy allows the "
        "lambda:GetFunction action"),
        "lambda:GetFunction", FUNCTION, "service control", False,
    ),
    "no resource control policy": (
        f"{USER}s3:GetObject because no resource control policy allows the s3:GetObject action",
        "s3:GetObject", None, "resource control", False,
    ),
    "no permissions boundary": (
        (f"{USER}lambda:GetFunction on resource: {FUNCTION} because no permissions boundary allows the "
        "lambda:GetFunction action"),
        "lambda:GetFunction", FUNCTION, "permissions boundary", False,
    ),
    "deny in a permissions boundary": (
        f"{USER}lambda:GetFunction on resource: {FUNCTION} with an explicit deny in a permissions boundary",
        "lambda:GetFunction", FUNCTION, "permissions boundary", True,
    ),
    "no session policy": (
        (f"{USER}lambda:GetFunction on resource: {FUNCTION} because no session policy allows the "
        "lambda:GetFunction action"),
        "lambda:GetFunction", FUNCTION, "session", False,
    ),
    "no VPC endpoint policy": (
        (f"{USER}lambda:GetFunction on resource: {FUNCTION} because no VPC endpoint policy allows the "
        "lambda:GetFunction action"),
        "lambda:GetFunction", FUNCTION, "VPC endpoint", False,
    ),
    "no role trust policy": (
        (f"{USER}sts:AssumeRole on resource: arn:aws:iam::123456789012:role/ci because no role trust policy allows "
        "the sts:AssumeRole action"),
        "sts:AssumeRole", "arn:aws:iam::123456789012:role/ci", "role trust", False,
    ),
    "S3 quotes the resource": (
        f'{USER}s3:PutObject on resource: "{OBJECT}" because no resource-based policy allows the s3:PutObject action',
        "s3:PutObject", OBJECT, "resource-based", False,
    ),
    "S3 quotes it without the word": (
        f'{USER}s3:PutObject on "{OBJECT}" because no identity-based policy allows the s3:PutObject action',
        "s3:PutObject", OBJECT, "identity-based", False,
    ),
    "EC2 says more before": (
        ("You are not authorized to perform this operation. User: arn:aws:sts::123456789012:assumed-role/ci/build is "
        "not authorized to perform: ec2:DescribeInstanceAttribute on resource: "
        "arn:aws:ec2:us-east-1:123456789012:instance/* because no identity-based policy allows the "
        "ec2:DescribeInstanceAttribute action"),
        "ec2:DescribeInstanceAttribute", "arn:aws:ec2:us-east-1:123456789012:instance/*", "identity-based", False,
    ),
    "an SDK says more behind": (
        (f"{USER}iam:PassRole on resource: arn:aws:iam::123456789012:role/lambda because no identity-based policy "
        "allows the iam:PassRole action (Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; "
        "Request ID: 5f1b; Proxy: null)"),
        "iam:PassRole", "arn:aws:iam::123456789012:role/lambda", "identity-based", False,
    ),
    "an SDK says more behind the old form": (
        f"{USER}lambda:CreateFunction on resource: {FUNCTION} (Service: AWSLambdaInternal; Status Code: 403)",
        "lambda:CreateFunction", FUNCTION, None, False,
    ),
    "old, without a reason": (
        f"{USER}sts:AssumeRole on resource: arn:aws:iam::123456789012:role/ci",
        "sts:AssumeRole", "arn:aws:iam::123456789012:role/ci", None, False,
    ),
    "old, with a full stop": (f"{USER}iam:GetRole on resource: role ci.", "iam:GetRole", None, None, False),
    "a bare name is no pattern": (
        (f"{USER}secretsmanager:GetSecretValue on resource: orders because no identity-based policy allows the "
        "secretsmanager:GetSecretValue action"),
        "secretsmanager:GetSecretValue", None, "identity-based", False,
    ),
    "a hidden account is no pattern": (
        ("User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        "arn:aws:execute-api:us-east-1:********9012:abc/dev/GET/ with an explicit deny"),
        "execute-api:Invoke", None, None, True,
    ),
    "no arn at the beginning of API Gateway's": (
        (f"{USER}apigateway:PUT on resource: "
        "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F* because no "
        "identity-based policy allows the apigateway:PUT action"),
        "apigateway:PUT",
        "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F*",
        "identity-based", False,
    ),
    "Logs asks for tags": (
        ("User with accountId: 123456789012 is not authorized to perform CreateLogGroup with Tags. An additional "
        'permission "logs:TagResource" is required.'),
        "logs:TagResource", None, None, False,
    ),
    "a service names the call that it made": (
        "API: elasticloadbalancing:CreateLoadBalancer Access denied",
        "elasticloadbalancing:CreateLoadBalancer", None, None, False,
    ),
    "the call within it is the one that was refused": (
        (f"API: elasticloadbalancing:CreateLoadBalancer {USER}iam:CreateServiceLinkedRole on resource: "
        "arn:aws:iam::123456789012:role/aws-service-role/elasticloadbalancing.amazonaws.com/"
        "AWSServiceRoleForElasticLoadBalancing"),
        "iam:CreateServiceLinkedRole",
        ("arn:aws:iam::123456789012:role/aws-service-role/elasticloadbalancing.amazonaws.com/"
        "AWSServiceRoleForElasticLoadBalancing"),
        None, False,
    ),
    "another case of letters": (
        f"{USER}Lambda:getfunction on resource: {FUNCTION}", "lambda:GetFunction", FUNCTION, None, False,
    ),
    "says nothing": ("User is not authorized to access this resource", None, None, None, False),
    "says nothing either": ("Access Denied", None, None, None, False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "action", "resource", "cause", "explicit"), FORMS.values(), ids=list(FORMS))
def test_read_message(text: str, action: str | None, resource: str | None, cause: str | None, explicit: bool):
    message = read_message(text)
    assert (message.action and message.action.text) == action
    assert (message.resource, message.cause, message.explicit) == (resource, cause, explicit)


def test_an_encoded_message_is_told():
    text = "You are not authorized to perform this operation. Encoded authorization failure message: 4GIOHlTkIaWHQD0"
    assert read_message(text).encoded
    assert read_message(text).action is None


def test_what_stands_at_the_end_of_a_message_that_was_cut_is_not_believed():
    text = f"{USER}s3:GetObject on resource: arn:aws:s3:::b/{'k' * 2000}"[:1024]
    assert read_message(text).action
    assert read_message(text).resource is None


def test_an_action_at_the_end_of_a_message_that_was_cut_is_not_believed():
    before = "You are not authorized to perform this operation. " * 20
    assert read_message(f"{before}{USER}lambda:CreateFun").action is None


@pytest.mark.parametrize("surrogate", ["\ud800", "\udfff"])
def test_a_message_may_hold_what_no_encoding_can_spell(surrogate: str):
    """JSON can: a record's text may have half a surrogate pair in it, written as an escape."""
    assert read_message(f"{USER}s3:GetObject on resource: arn:aws:s3:::b/{surrogate}").resource is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{USER}s3:GetObject on resource: a{' ' * 1_000_000}a", id="spaces in a resource"),
        pytest.param(f"{USER}s3:GetObject on resource: a{'. ' * 500_000}a", id="stops in a resource"),
        pytest.param(f"{USER}s3:GetObject because no a{' ' * 1_000_000}-1", id="spaces in a cause"),
        pytest.param(f"{USER}s3:GetObject {'because no a' * 100_000}-1", id="causes without an end"),
        pytest.param(f"not authorized to perform: {' ' * 1_000_000}", id="spaces without an action"),
        pytest.param("not authorized to perform: a" * 50_000, id="actions without an end"),
    ],
)
def test_a_message_of_a_megabyte_is_read_at_once(text: str):
    """Not in the square of its length, which would take hours."""
    assert isinstance(read_message(text), Message)


@given(st.text())
def test_any_text_may_be_a_message(text: str):
    assert isinstance(read_message(text), Message)
    assert isinstance(read_message(USER + text), Message)


def denied(code: str | None, message: str | None = None, **fields: object) -> bool:
    parsed = parse(record("GetFunction", "lambda.amazonaws.com", error=code, message=message, **fields))
    assert isinstance(parsed, Record)
    return is_denied(parsed)


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied", "AccessDeniedException", "Client.AccessDenied", "KMSAccessDeniedException", "AccessDeniedFault",
        "Client.UnauthorizedOperation", "UnauthorizedOperation", "AuthorizationError", "AuthorizationErrorException",
        "UnauthorizedException", "ForbiddenException", "NotAuthorized",
        "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
    ],
)  # fmt: skip
def test_refused(code: str):
    assert denied(code)


@pytest.mark.parametrize(
    "code",
    [
        None, "", "NoSuchBucketPolicy", "ResourceNotFoundException", "ValidationException", "ThrottlingException",
        "NotAuthorizedException", "Client.DryRunOperation", "ServerSideEncryptionConfigurationNotFoundError",
        "InvalidClientTokenId",
    ],
)  # fmt: skip
def test_not_refused(code: str | None):
    assert not denied(code)


def test_a_refusal_under_another_code_names_the_caller():
    arn = iam_user()["arn"]
    text = f"User: {arn} is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/r"
    assert denied("ValidationException", text)


def test_a_message_about_somebody_else_is_no_refusal_of_the_caller():
    text = "CodeBuild is not authorized to perform: sts:AssumeRole on arn:aws:iam::123456789012:role/build"
    assert not denied("InvalidInputException", text)


def test_some_services_write_errors_into_the_response():
    response = {"errorCode": "AccessDeniedException", "errorMessage": f"{USER}lambda:GetFunction"}
    assert denied(None, response=response, errorCode=ABSENT)

"""The account refuses: each control proves that a rehearsal can fail, over HTTP, with AWS's own words and codes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError
from rehearse_support import ACCOUNT, client

from tracer.errors import RehearseError
from tracer.rehearse.account import ADMINISTRATOR, Account
from tracer.rehearse.call import Key

if TYPE_CHECKING:
    from botocore.client import BaseClient

ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/orders"
TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
UNKNOWN: Final = Key("AKIAUNKNOWN", "secret", "arn:aws:iam::123456789012:user/nobody")


def allow(
    action: str | Sequence[str], resource: str = "*", condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}


def refused(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("dynamodb", "list_tables", "InvalidClientTokenId"),
        ("lambda", "list_functions", "InvalidClientTokenId"),
    ],
)
def test_a_key_that_nobody_has_is_refused(account: Account, service: str, operation: str, code: str):
    with pytest.raises(ClientError) as caught:
        getattr(client(account, UNKNOWN, service), operation)()
    assert refused(caught)[0] == code
    assert account.calls() == []


def test_a_key_of_the_account_before_its_reset_is_refused(account: Account):
    before = account.administrator()
    account.reset()
    with pytest.raises(ClientError):
        client(account, before, "sts").get_caller_identity()


def test_who_holds_nothing_may_still_ask_who_they_are(account: Account):
    key = account.user("nobody", [], path="/team/")
    assert client(account, key, "sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/nobody"


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "message"),
    [
        pytest.param(
            "iam",
            "get_role",
            {"RoleName": "orders"},
            "AccessDenied",
            f"User: arn:aws:iam::{ACCOUNT}:user/deployer is not authorized to perform: iam:GetRole on resource: "
            f"{ROLE} because no identity-based policy allows the iam:GetRole action",
            id="query",
        ),
        pytest.param(
            "s3",
            "put_object",
            {"Bucket": "b", "Key": "k", "Body": b"1"},
            "AccessDenied",
            f"User: arn:aws:iam::{ACCOUNT}:user/deployer is not authorized to perform: s3:PutObject on resource: "
            '"arn:aws:s3:::b/k" because no identity-based policy allows the s3:PutObject action',
            id="rest-xml",
        ),
        pytest.param("s3", "head_bucket", {"Bucket": "b"}, "403", "Forbidden", id="without a body"),
        pytest.param(
            "dynamodb",
            "describe_table",
            {"TableName": "orders"},
            "AccessDeniedException",
            f"User: arn:aws:iam::{ACCOUNT}:user/deployer is not authorized to perform: dynamodb:DescribeTable on "
            f"resource: arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders because no identity-based policy allows the "
            "dynamodb:DescribeTable action",
            id="json",
        ),
        pytest.param(
            "lambda",
            "get_function",
            {"FunctionName": "orders"},
            "AccessDeniedException",
            f"User: arn:aws:iam::{ACCOUNT}:user/deployer is not authorized to perform: lambda:GetFunction on resource: "
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders because no identity-based policy allows the "
            "lambda:GetFunction action",
            id="rest-json",
        ),
    ],
)  # fmt: skip
def test_a_missing_action_is_denied(account, service, operation, params, code, message):
    key = account.user("deployer", [allow("sns:Publish")])
    with pytest.raises(ClientError) as caught:
        getattr(client(account, key, service), operation)(**params)
    assert refused(caught) == (code, message)
    (made,) = account.calls()
    assert made.denied
    assert made.error_code == "AccessDenied"


def test_ec2_hides_the_reason(account: Account):
    key = account.user("deployer", [])
    with pytest.raises(ClientError) as caught:
        client(account, key, "ec2").describe_vpcs()
    code, message = refused(caught)
    assert code == "UnauthorizedOperation"
    assert message.startswith(
        "You are not authorized to perform this operation. Encoded authorization failure message: "
    )
    assert account.calls()[0].error_code == "Client.UnauthorizedOperation"


def test_a_wrong_arn_is_denied_and_the_right_one_is_not(account: Account):
    key = account.user("deployer", [allow("s3:CreateBucket", "arn:aws:s3:::orders")])
    bucket = client(account, key, "s3")
    bucket.create_bucket(Bucket="orders")
    with pytest.raises(ClientError, match=r"s3:CreateBucket on resource: \"arn:aws:s3:::other\""):
        bucket.create_bucket(Bucket="other")
    assert [bool(made.denied) for made in account.calls()] == [False, True]


@pytest.mark.parametrize(("service", "denied"), [("lambda.amazonaws.com", False), ("ec2.amazonaws.com", True)])
def test_a_wrong_passed_to_service_is_denied(account: Account, service: str, denied: bool):
    account.role("orders", TRUST)
    policies = [
        allow("lambda:CreateFunction"),
        allow("iam:PassRole", ROLE, {"StringEquals": {"iam:PassedToService": service}}),
    ]
    functions = client(account, account.user("deployer", policies), "lambda")
    given = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "h.h", "Code": {"ZipFile": empty_zip()}}
    if denied:
        with pytest.raises(ClientError, match=f"iam:PassRole on resource: {ROLE} because no identity-based"):
            functions.create_function(Role=ROLE, **given)
    else:
        functions.create_function(Role=ROLE, **given)
    (made,) = account.calls()
    assert [need.action for need in made.needs] == ["lambda:CreateFunction", "iam:PassRole"]
    assert made.denied == (made.denied if denied else None)


def empty_zip() -> bytes:
    """A zip file with nothing in it."""
    return b"PK\x05\x06" + bytes(18)


def test_an_explicit_deny_says_so(account: Account):
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    key = account.user("deployer", [ADMINISTRATOR, deny])
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        client(account, key, "s3").list_buckets()


def test_a_boundary_bounds(account: Account):
    key = account.user("deployer", [ADMINISTRATOR], boundary=allow("sts:*"))
    with pytest.raises(ClientError, match="because no permissions boundary allows the s3:ListAllMyBuckets action"):
        client(account, key, "s3").list_buckets()


def test_a_condition_is_weighed(account: Account):
    elsewhere = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    key = account.user("deployer", [allow("dynamodb:ListTables", "*", elsewhere)])
    with pytest.raises(ClientError, match="dynamodb:ListTables"):
        client(account, key, "dynamodb").list_tables()


def test_the_policies_of_groups_count(account: Account):
    key = account.user("deployer", [])
    root = client(account, account.root(), "iam")
    root.create_group(GroupName="team")
    root.put_group_policy(GroupName="team", PolicyName="p", PolicyDocument=json.dumps(allow("s3:ListAllMyBuckets")))
    with pytest.raises(ClientError):
        client(account, key, "s3").list_buckets()
    root.add_user_to_group(GroupName="team", UserName="deployer")
    client(account, key, "s3").list_buckets()


def session_of(account: Account, caller: Key, role: str, **more: str) -> BaseClient:
    given = client(account, caller, "sts").assume_role(RoleArn=role, RoleSessionName="ci", **more)["Credentials"]
    key = Key(given["AccessKeyId"], given["SecretAccessKey"], role)
    return client(account, key, "s3", aws_session_token=given["SessionToken"])


def test_a_session_may_do_what_its_role_may(account: Account):
    role = account.role("ci", TRUST, [allow("s3:ListAllMyBuckets")], path="/team/")
    key = account.user("deployer", [allow("sts:AssumeRole", role)])
    session = session_of(account, key, role)
    session.list_buckets()
    with pytest.raises(ClientError, match=f"User: arn:aws:sts::{ACCOUNT}:assumed-role/ci/ci is not authorized"):
        session.create_bucket(Bucket="orders")
    assert account.calls()[-1].judged_as == f"arn:aws:iam::{ACCOUNT}:role/team/ci"


def test_a_role_that_is_not_there_cannot_be_assumed(account: Account):
    with pytest.raises(ClientError) as caught:
        session_of(account, account.administrator(), ROLE)
    admin = f"arn:aws:iam::{ACCOUNT}:user/admin"
    said = f"User: {admin} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    assert refused(caught) == ("AccessDenied", said)
    assert [(made.denied, made.error_code) for made in account.calls()] == [(None, "AccessDenied")]


def test_a_session_policy_bounds(account: Account):
    role = account.role("ci", TRUST, [allow("s3:*")])
    session = session_of(account, account.administrator(), role, Policy=json.dumps(allow("sqs:*")))
    with pytest.raises(ClientError, match="because no session policy allows the s3:ListAllMyBuckets action"):
        session.list_buckets()


def test_the_source_identity_of_a_session_is_recorded(account: Account):
    role = account.role("ci", TRUST, [ADMINISTRATOR])
    session_of(account, account.administrator(), role, SourceIdentity="tracer-first").list_buckets()
    context = account.records()[-1]["userIdentity"]["sessionContext"]
    assert context["sourceIdentity"] == "tracer-first"
    assert [need.action for need in account.calls()[0].needs] == ["sts:AssumeRole", "sts:SetSourceIdentity"]


def test_a_service_takes_a_session_of_a_role_and_is_recorded_as_itself(account: Account):
    role = account.role("orders", TRUST, [allow("s3:ListAllMyBuckets")])
    key = account.service_session("lambda.amazonaws.com", role, "orders-dev-create")
    client(account, key, "s3", aws_session_token=key.session_token).list_buckets()
    taken, listed = account.records()
    assert {name: taken[name] for name in ("userIdentity", "sourceIPAddress", "userAgent", "eventName")} == {
        "userIdentity": {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"},
        "sourceIPAddress": "lambda.amazonaws.com",
        "userAgent": "lambda.amazonaws.com",
        "eventName": "AssumeRole",
    }
    assert taken["requestParameters"] == {"roleArn": ROLE, "roleSessionName": "orders-dev-create"}
    assert taken["responseElements"]["credentials"].keys() == {"accessKeyId", "sessionToken", "expiration"}
    assert taken["resources"] == [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": ROLE}]
    assert "sharedEventID" in taken
    assert "tlsDetails" not in taken
    assert "sharedEventID" not in listed
    assert listed["userIdentity"]["accessKeyId"] == taken["responseElements"]["credentials"]["accessKeyId"]
    assert listed["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/orders-dev-create"
    assert account.calls()[0].needs == []


def test_a_service_s_session_may_do_what_its_role_may(account: Account):
    key = account.service_session("lambda.amazonaws.com", account.role("orders", TRUST), "orders-dev-create")
    with pytest.raises(ClientError, match="because no identity-based policy allows the s3:ListAllMyBuckets action"):
        client(account, key, "s3", aws_session_token=key.session_token).list_buckets()


def test_a_service_takes_no_session_of_a_role_that_is_not_there(account: Account):
    with pytest.raises(RehearseError, match=f"there is no role {ROLE} in the account"):
        account.service_session("lambda.amazonaws.com", ROLE, "orders-dev-create")
    assert account.records() == []


def test_the_environment_of_a_session_holds_its_token(account: Account):
    key = account.service_session("lambda.amazonaws.com", account.role("orders", TRUST), "orders-dev-create")
    assert account.environment(key, {})["AWS_SESSION_TOKEN"] == key.session_token
    assert "AWS_SESSION_TOKEN" not in account.environment(account.administrator(), {})


def test_an_operation_without_a_row_fails_loudly(account: Account):
    with pytest.raises(ClientError) as caught:
        client(account, account.administrator(), "iam").list_server_certificates()
    said = (
        "the rehearsal's account does not know what AWS checks for iam.ListServerCertificates; add a row to "
        "tracer/rehearse/needs/iam.json, from AWS's Service Authorization Reference"
    )
    assert refused(caught) == ("NotImplemented", said)
    assert account.failures() == [said]


def test_root_is_not_judged(account: Account):
    client(account, account.root(), "iam").list_server_certificates()
    (made,) = account.calls()
    assert made.principal == f"arn:aws:iam::{ACCOUNT}:root"
    assert made.needs == []
    assert account.failures() == []


def test_a_failure_of_another_kind_is_kept_with_its_code(account: Account):
    with pytest.raises(ClientError):
        client(account, account.administrator(), "iam").get_role(RoleName="nobody")
    (made,) = account.calls()
    assert (made.denied, made.error_code) == (None, "NoSuchEntity")


def test_a_user_is_made_once(account: Account):
    account.user("deployer", [])
    with pytest.raises(RehearseError, match="the local account refuses `user`: User deployer already exists"):
        account.user("deployer", [])


def test_an_account_that_cannot_start_says_why(tmp_path):
    with pytest.raises(RehearseError, match="the local account did not start"):
        Account.start([str(tmp_path / "no such judge")])


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)  # as where the extra was not asked for
    with pytest.raises(RehearseError, match="moto, which the local account stands on, is not installed") as caught:
        Account.start(["true"])
    assert "cloudtrail-tracer[rehearse]" in caught.value.hint


def test_the_environment_forgets_the_users_own_account(account: Account):
    mine = {"PATH": "/bin", "AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "t", "NODE_OPTIONS": "--no-warnings"}
    environment = account.environment(Key("AKIA", "s", "arn"), mine, region="eu-west-1")
    assert environment["PATH"] == "/bin"
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_ENDPOINT_URL"] == account.endpoint
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["NODE_OPTIONS"].startswith("--no-warnings --require ")
    assert environment["NO_PROXY"] == "127.0.0.1"

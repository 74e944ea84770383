"""One rehearsal of a command that is a function here: what it was refused, and when nothing is proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError

from tracer.errors import RehearseError
from tracer.rehearse.account import Account
from tracer.rehearse.rehearsal import Rehearsal, rehearse

REGION: Final = "us-east-1"
ROLE: Final = "arn:aws:iam::123456789012:role/orders"
TRUST: Final = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""

Deploy = Callable[[Callable[[str], Any]], None]
"""A deploy: does something with the client of any service."""


def statement(effect: str, *actions: str) -> Mapping[str, Any]:
    one = {"Effect": effect, "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [one]}


def rehearsed(account: Account, deploy: Deploy, *policies: Mapping[str, Any], **options: Any) -> Rehearsal:  # noqa: ANN401 - of rehearse
    return rehearse(account, policies, command(deploy), {}, region=REGION, **options)


def command(deploy: Deploy) -> Callable[[Mapping[str, str]], int]:
    """A command that fails where it is refused something."""

    def run(environment: Mapping[str, str]) -> int:
        session = boto3.Session(
            environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=REGION
        )
        try:
            deploy(lambda service: session.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"]))
        except ClientError:
            return 1
        return 0

    return run


def make_role(client: Callable[[str], Any]) -> None:
    client("iam").create_role(RoleName="orders", AssumeRolePolicyDocument=TRUST)


def look_twice_and_make_a_role(client: Callable[[str], Any]) -> None:
    for _ in range(2):
        with pytest.raises(ClientError, match="AccessDenied"):
            client("iam").list_roles()
    make_role(client)


def attach(client: Callable[[str], Any]) -> None:
    client("iam").attach_role_policy(RoleName="orders", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def ask_for_stacks(client: Callable[[str], Any]) -> None:
    client("cloudformation").describe_stacks()
    with pytest.raises(ClientError):
        client("cloudformation").describe_stacks(StackName="orders-dev")


def test_what_is_allowed_is_not_refused(account: Account):
    done = rehearsed(account, make_role, statement("Allow", "iam:CreateRole"))
    assert done == Rehearsal(0, 1, (), ())
    assert not done.hard


def test_a_refusal_is_hard_where_the_command_failed(account: Account):
    done = rehearsed(account, make_role, statement("Allow", "s3:*"))
    (refusal,) = done.refusals
    assert done.hard
    assert (refusal.action, refusal.resource, refusal.explicit) == ("iam:CreateRole", ROLE, False)
    assert (refusal.operation, refusal.via, refusal.count) == ("iam CreateRole", None, 1)


def test_a_refusal_is_soft_where_the_command_went_on_and_equal_ones_are_counted(account: Account):
    done = rehearsed(account, look_twice_and_make_a_role, statement("Allow", "iam:CreateRole"))
    (refusal,) = done.refusals
    assert (done.hard, done.calls) == (False, 3)
    assert (refusal.action, refusal.count) == ("iam:ListRoles", 2)


def test_a_deny_is_told_apart(account: Account):
    done = rehearsed(account, make_role, statement("Allow", "iam:*"), statement("Deny", "iam:CreateRole"))
    assert [(one.action, one.explicit) for one in done.refusals] == [("iam:CreateRole", True)]


def test_leniently_the_command_goes_on_and_the_refusals_are_written_down(account: Account):
    done = rehearsed(account, make_role, lenient=True)
    assert (done.exit_code, [one.action for one in done.refusals]) == (0, ["iam:CreateRole"])


def test_what_a_refused_call_was_about_is_stated(account: Account):
    done = rehearsed(account, attach, before=command(make_role))
    (refusal,) = done.refusals
    assert refusal.conditions == {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}


def test_the_stacks_that_were_asked_for_are_named(account: Account):
    assert rehearsed(account, ask_for_stacks, statement("Allow", "cloudformation:*")).stacks == ("orders-dev",)


def test_what_is_there_before_is_made_by_the_root_and_is_no_call_of_the_command(account: Account):
    done = rehearsed(account, attach, statement("Allow", "iam:AttachRolePolicy"), before=command(make_role))
    assert (done.exit_code, done.calls) == (0, 1)


def test_a_stage_that_cannot_be_set_proves_nothing(account: Account):
    with pytest.raises(RehearseError, match="set the stage failed"):
        rehearsed(account, make_role, before=command(attach))


def test_what_the_account_cannot_judge_proves_nothing(account: Account):
    with pytest.raises(RehearseError, match="cannot do all that was asked of it") as caught:
        rehearsed(account, lambda client: client("iam").list_server_certificates(), statement("Allow", "*"))
    assert "iam.ListServerCertificates" in caught.value.message

"""The traps about who made a call, by their numbers: 1, 2, 14, 17 and 22 of the list that tests and cases share."""

from __future__ import annotations

import itertools

import pytest
from support import assumed_role, aws_service, forwarded, iam_user, record

from tracer import reduce
from tracer.model.permission import Section
from tracer.model.run import DeployRun, TraceOptions

DEPLOYER = iam_user("deployer")
ADMIN = assumed_role("admin", "deploy-1", path="/ops/")


def trace(records, principal=DEPLOYER["arn"]):
    return reduce.reduce_records(lambda: records, DeployRun(principals=(principal,)), TraceOptions(inferred=False))


def sections(found):
    return {(used.permission.action.text, used.permission.section) for used in found.permissions}


def test_trap_1_calls_that_cloudformation_forwards_for_a_user_carry_other_keys_and_are_his():
    by_stack = forwarded(DEPLOYER)
    assert by_stack["userIdentity"]["accessKeyId"] != DEPLOYER["accessKeyId"]
    found = trace([record("CreateTopic", "sns.amazonaws.com", **by_stack, request={"name": "orders"})])
    (line,) = (used.permission for used in found.permissions)
    assert (line.section, line.via) == (Section.DEPLOYER, "cloudformation.amazonaws.com")
    assert line.principal == DEPLOYER["arn"]


def test_trap_2_a_service_roles_calls_are_its_own_and_the_deployer_passes_it():
    role = "arn:aws:iam::123456789012:role/stack-role"
    session = assumed_role("stack-role", "AWSCloudFormation")
    found = trace(
        [
            record("CreateStack", "cloudformation.amazonaws.com", request={"stackName": "orders", "roleARN": role}),
            record("CreateTopic", "sns.amazonaws.com", **forwarded(session), request={"name": "orders"}),
        ]
    )
    assert sections(found) == {
        ("cloudformation:CreateStack", Section.DEPLOYER),
        ("iam:PassRole", Section.DEPLOYER),
        ("sns:CreateTopic", Section.SERVICE_ROLE),
    }


@pytest.mark.parametrize("name", ["orders-dev-create", "orders-dev-custom-resource-existing-s3"])
def test_trap_14_what_a_function_does_is_not_the_deployers(name):
    role = f"{name}-role"
    create = record(
        "CreateFunction20150331",
        "lambda.amazonaws.com",
        request={"functionName": name, "role": f"arn:aws:iam::123456789012:role/{role}"},
    )
    own = assumed_role(role, name)
    found = trace(
        [
            create,
            record("AssumeRole", "sts.amazonaws.com", user=aws_service(), request={"roleArn": own["arn"]}),
            record("PutBucketNotification", "s3.amazonaws.com", user=own, request={"bucketName": "uploads"}),
        ]
    )
    assert ("s3:PutBucketNotification", Section.FUNCTION) in sections(found)
    assert {action for action, section in sections(found) if section is Section.DEPLOYER} == {
        "lambda:CreateFunction",
        "iam:PassRole",
    }
    assert found.accounting.other_principal == 1


def test_trap_17_an_assumed_role_is_found_whatever_stands_first_and_cycles_end():
    hop = assumed_role("hop", "s1", path="/ops/")
    back = assumed_role("back", "s2")

    def assume(caller, target, path="/"):
        role = target["arn"].split("/")[1]
        return record(
            "AssumeRole",
            "sts.amazonaws.com",
            user=caller,
            request={"roleArn": f"arn:aws:iam::123456789012:role{path}{role}", "roleSessionName": "s"},
            response={"assumedRoleUser": {"arn": target["arn"], "assumedRoleId": "AROA:s"}},
        )

    records = [
        record("CreateTopic", "sns.amazonaws.com", user=back, request={"name": "orders"}),
        assume(hop, back),
        assume(DEPLOYER, hop, "/ops/"),
        assume(back, hop, "/ops/"),
    ]
    first = trace(records)
    assert ("sns:CreateTopic", Section.OTHER) in sections(first)
    assert ("sts:AssumeRole", Section.DEPLOYER) in sections(first)
    for order in itertools.permutations(records):
        assert trace(list(order)) == first


def test_trap_22_a_roles_path_stands_in_its_sessions_issuer():
    found = trace(
        [record("GetRole", user=ADMIN, request={"roleName": "admin"})], "arn:aws:iam::123456789012:role/admin"
    )
    (line,) = (used.permission for used in found.permissions)
    assert line.principal == "arn:aws:iam::123456789012:role/ops/admin"
    assert line.resource.text == "arn:aws:iam::123456789012:role/ops/admin"

"""What AWS says of policies, by botocore's own Stubber: the requests it gets, and how its answers are read."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import ANY, Stubber

from tracer.collect.aws_checks import Remark, new_access, refused, validate
from tracer.errors import CollectError
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.permission import Permission, Section
from tracer.model.policy import Conditions, Policy, Statement

POLICY = Policy((Statement(actions=("s3:GetObject",), resources=("*",)),))
OLD = Policy((Statement(actions=("s3:ListBucket",), resources=("*",)),))
ROLE = "arn:aws:iam::123456789012:role/a"


def client(service: str):
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client(service, region_name="us-east-1", **keys)


def finding(severity: str, code: str) -> dict[str, object]:
    return {"findingType": severity, "issueCode": code, "findingDetails": f"{code}!", "learnMoreLink": "https://a",
            "locations": []}  # fmt: skip


def test_validate_reads_every_page_of_every_policy():
    analyzer = client("accessanalyzer")
    with Stubber(analyzer) as stub:
        asked = {"policyDocument": POLICY.to_json(), "policyType": "IDENTITY_POLICY"}
        stub.add_response("validate_policy", {"findings": [finding("WARNING", "W")], "nextToken": "t"}, asked)
        stub.add_response("validate_policy", {"findings": [finding("ERROR", "E")]}, asked | {"nextToken": "t"})
        stub.add_response("validate_policy", {"findings": []}, {"policyDocument": OLD.to_json(), "policyType": ANY})
        assert validate(analyzer, [POLICY, OLD]) == (
            Remark(0, "ERROR", "E", "E! (https://a)"),
            Remark(0, "WARNING", "W", "W! (https://a)"),
        )
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("answer", "gained"),
    [
        ({"result": "PASS", "message": "no new access"}, ()),
        (
            {"result": "FAIL", "message": "new access", "reasons": [{"description": "statement 1"}]},
            ("new access: statement 1",),
        ),
    ],
    ids=["pass", "fail"],
)
def test_new_access(answer: dict[str, object], gained: tuple[str, ...]):
    analyzer = client("accessanalyzer")
    with Stubber(analyzer) as stub:
        asked = {
            "newPolicyDocument": POLICY.to_json(),
            "existingPolicyDocument": Policy((*OLD.statements, *OLD.statements)).to_json(),
            "policyType": "IDENTITY_POLICY",
        }
        stub.add_response("check_no_new_access", answer, asked)
        assert new_access(analyzer, [POLICY], [OLD, OLD]) == gained


def permission(action: str, resource: str = "*", conditions: Conditions | None = None) -> Permission:
    return Permission(Section.DEPLOYER, "arn:d", Action(action), ArnPattern(resource), conditions or Conditions())


def results(**decisions: str) -> dict[str, object]:
    rows = [{"EvalActionName": f"iam:{name}", "EvalDecision": decision} for name, decision in decisions.items()]
    return {"EvaluationResults": rows}


def test_the_simulator_is_asked_by_resource_and_condition():
    lambda_ = Conditions.of("StringEquals", "iam:PassedToService", "lambda.amazonaws.com")
    create, delete = permission("iam:CreateRole", ROLE), permission("iam:DeleteRole", ROLE)
    pass_role = permission("iam:PassRole", ROLE, lambda_)
    iam = client("iam")
    with Stubber(iam) as stub:
        common = {"PolicyInputList": [POLICY.to_json()], "ResourceArns": [ROLE]}
        stub.add_response(
            "simulate_custom_policy",
            results(CreateRole="allowed", DeleteRole="implicitDeny"),
            common | {"ActionNames": ["iam:CreateRole", "iam:DeleteRole"], "ContextEntries": []},
        )
        entry = {
            "ContextKeyName": "iam:PassedToService",
            "ContextKeyValues": ["lambda.amazonaws.com"],
            "ContextKeyType": "string",
        }
        stub.add_response(
            "simulate_custom_policy",
            results(PassRole="explicitDeny"),
            common | {"ActionNames": ["iam:PassRole"], "ContextEntries": [entry]},
        )
        assert refused(iam, [POLICY], [pass_role, delete, create]) == (delete, pass_role)
        stub.assert_no_pending_responses()


def test_an_error_of_aws_is_one_for_people():
    analyzer = client("accessanalyzer")
    with Stubber(analyzer) as stub:
        stub.add_client_error("validate_policy", "AccessDeniedException", "no")
        with pytest.raises(CollectError, match="access-analyzer:ValidatePolicy was denied"):
            validate(analyzer, [POLICY])

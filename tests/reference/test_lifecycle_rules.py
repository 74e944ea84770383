"""The lifecycle rows: each against the action table, and against CloudFormation's registry as its upper bound."""

from __future__ import annotations

import json
import re
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import pytest

from tracer.reference import arn_forms, implied_rules, lifecycle_rules
from tracer.reference.lifecycle_rules import LifecycleRule

FOLDER = resources.files("tracer.reference") / "data" / "overrides" / "lifecycle"
RULES = [pytest.param(rule, id=rule.rule) for rule in lifecycle_rules.rules()]

DEPLOYED = [
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFormation::Stack",
    "AWS::CloudWatch::Alarm",
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Kinesis::Stream",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
    "AWS::Scheduler::Schedule",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
]
"""What Serverless and CloudFormation deploys are made of."""


def test_what_deploys_are_made_of_is_known():
    assert set(DEPLOYED) <= {rule.type for rule in lifecycle_rules.rules()}


def test_a_name_stands_for_one_row():
    names = [rule.rule for rule in lifecycle_rules.rules()]
    assert len(names) == len(set(names))
    assert all(name.startswith("lifecycle/") for name in names)


def test_a_file_is_named_after_what_its_rows_are_made_by():
    for file in FOLDER.iterdir():
        for row in json.loads(file.read_text(encoding="utf-8")):
            assert row["made_by"].startswith(f"{file.name.removesuffix('.json')}:"), row["rule"]


@pytest.mark.parametrize("rule", RULES)
def test_a_row_is_whole(rule: LifecycleRule):
    assert rule.adds
    assert rule.why
    assert rule.source.startswith("https://docs.aws.amazon.com/")
    assert rule.resource is None or rule.on is not None
    assert rule.resource is None or rule.resource_type is None


@pytest.mark.parametrize("rule", RULES)
def test_actions_are_spelled_as_the_table_spells_them(rule: LifecycleRule):
    texts = {fact.action.text for fact in (*rule.adds, rule.made_by)}
    rows = {row["rule"]: row for file in FOLDER.iterdir() for row in json.loads(file.read_text(encoding="utf-8"))}
    row = rows[rule.rule]
    assert {*row.get("update", ()), *row.get("delete", ()), row["made_by"]} == texts


@pytest.mark.parametrize("rule", [param for param in RULES if param.values[0].resource_type])
def test_a_resource_type_is_one_of_the_table(rule: LifecycleRule):
    for fact in rule.adds:
        assert arn_forms.form(fact.action.service, rule.resource_type).templates
        assert fact.star_only or rule.resource_type in {item.type for item in fact.resources}


@pytest.mark.parametrize("rule", [param for param in RULES if param.values[0].resource])
def test_the_groups_of_a_resource_are_those_of_its_expression(rule: LifecycleRule):
    assert set(re.findall(r"\\g<(\w+)>", rule.resource)) == set(rule.on.groupindex)


@pytest.mark.parametrize("rule", [param for param in RULES if param.values[0].known_by])
def test_a_rule_that_is_named_exists(rule: LifecycleRule):
    named = [item for item in implied_rules.rules() if item.rule == rule.known_by]
    assert [item.action for item in named] == [rule.made_by.action]


# --- the registry ----------------------------------------------------------------------------------------------------


def handlers(resource_type: str) -> dict[str, set[str]]:
    """What the handlers of a resource type may do, in lower case, by handler; as cfn-lint carries the registry."""
    spec = find_spec("cfnlint")
    if spec is None or spec.origin is None:
        pytest.skip("cfn-lint is not installed: it carries CloudFormation's registry")
    schemas = Path(spec.origin).parent / "data" / "schemas"
    names = json.loads((schemas / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    schema = json.loads((schemas / "resources" / f"{names[resource_type]}.json").read_text(encoding="utf-8"))
    return {name: {action.lower() for action in handler["permissions"]} for name, handler in schema["handlers"].items()}


@pytest.mark.parametrize("rule", [param for param in RULES if param.values[0].type])
def test_no_row_reaches_beyond_the_registry(rule: LifecycleRule):
    allowed = handlers(rule.type)
    for name, facts in (("update", rule.update), ("delete", rule.delete)):
        beyond = [fact.action.text for fact in facts if fact.action.text.lower() not in allowed.get(name, set())]
        assert beyond == [], f"{rule.type}: its {name} handler needs no such thing"


def test_what_the_registry_does_not_know_is_no_more_than_change_sets_and_events():
    assert {rule.rule for rule in lifecycle_rules.rules() if rule.type is None} == {
        "lifecycle/cloudformation-change-set",
        "lifecycle/cloudformation-stack-events",
    }

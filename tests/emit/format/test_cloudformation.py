"""CloudFormation makes the policy of the template that was drafted, where the run was."""

from __future__ import annotations

import pytest
from emit_support import allow
from format_support import ROLE, RUN, USER, document_of, documents, draft_of, read_yaml, resolved
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.emit.draft import Document
from tracer.emit.format import FORMATS
from tracer.emit.format.template import template
from tracer.emit.format.yaml import Yaml
from tracer.emit.pack import Attach
from tracer.model.policy import Policy
from tracer.model.trace import RunFacts

CLOUDFORMATION = FORMATS["cloudformation"]
GET = allow("s3:GetObject", "arn:aws:s3:::orders/*")

TEMPLATES = {
    "nothing to replace": ("*", "*"),
    "all three": (
        "arn:aws:lambda:us-east-1:123456789012:function:orders",
        {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:orders"},
    ),
    "no region and no account": ("arn:aws:s3:::orders", {"Fn::Sub": "arn:${AWS::Partition}:s3:::orders"}),
    "another's": ("arn:aws-cn:sqs:eu-west-1:210987654321:q", "arn:aws-cn:sqs:eu-west-1:210987654321:q"),
    "wildcards": ("arn:*:sqs:*:*:q", "arn:*:sqs:*:*:q"),
    "a name stays": (
        "arn:aws:iam::123456789012:role/orders-us-east-1",
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/orders-us-east-1"},
    ),
    "an early end": ("arn:aws:*", "arn:aws:*"),
    "a service's name": ("s3.us-east-1.amazonaws.com", {"Fn::Sub": "s3.${AWS::Region}.amazonaws.com"}),
    "a service's name elsewhere": ("s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"),
    "a policy variable": (
        "arn:aws:s3:::orders/${aws:username}/*",
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::orders/${!aws:username}/*"},
    ),
    "a variable and no ARN": ("${aws:username}", {"Fn::Sub": "${!aws:username}"}),
    "an escape": ("arn:aws:s3:::orders/${*}", {"Fn::Sub": "arn:${AWS::Partition}:s3:::orders/${!*}"}),
    "what looks like a parameter": ("${AWS::Region}", {"Fn::Sub": "${!AWS::Region}"}),
    "not closed": ("arn:aws:s3:::a${b", {"Fn::Join": ["", ["arn:aws:s3:::a$", "{b"]]}),
    "a mark that Fn::Sub would take": ("a${!b}", {"Fn::Join": ["", ["a$", "{!b}"]]}),
    "behind a backslash": ("a\\${b}", {"Fn::Join": ["", ["a\\$", "{b}"]]}),
    "one in another": ("${a${b}}", {"Fn::Join": ["", ["$", "{a$", "{b}}"]]}),
}


@pytest.mark.parametrize(("text", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_how_a_text_is_written(text: str, expected: Yaml):
    assert template(text, RUN) == expected
    assert resolved(expected) == text


def test_of_several_regions_none_is_the_runs_own():
    run = RunFacts(regions=("eu-west-1", "us-east-1"), accounts=("123456789012",))
    assert template("arn:aws:sqs:us-east-1:123456789012:q", run) == {
        "Fn::Sub": "arn:${AWS::Partition}:sqs:us-east-1:${AWS::AccountId}:q"
    }


def test_in_another_account_the_template_means_that_account():
    written = template("arn:aws:sqs:us-east-1:123456789012:q", RUN)
    there = {"AWS::Partition": "aws-cn", "AWS::Region": "cn-north-1", "AWS::AccountId": "1"}
    assert resolved(written, there) == "arn:aws-cn:sqs:cn-north-1:1:q"


def policy_in(text: str) -> tuple[Policy, dict[str, object], dict[str, object]]:
    parsed = read_yaml(text)
    ((_, resource),) = parsed["Resources"].items()
    properties = dict(resource["Properties"])
    return Policy.from_json(resolved(properties.pop("PolicyDocument"))), resource | {"Properties": properties}, parsed


@settings(max_examples=settings().max_examples // 2)
@given(documents, st.sampled_from(Attach))
def test_what_is_written_is_read_back(document: Document, attach: Attach):
    policy, _, _ = policy_in(CLOUDFORMATION.render(document, draft_of(document, attach)))
    assert policy == document.policy


@pytest.mark.parametrize(
    ("attach", "principal", "type_", "properties"),
    [
        (Attach.MANAGED, USER, "AWS::IAM::ManagedPolicy", {}),
        (Attach.USER, USER, "AWS::IAM::UserPolicy", {"UserName": "deployer"}),
        (Attach.ROLE, ROLE, "AWS::IAM::RolePolicy", {"RoleName": "orders-dev-us-east-1-lambdaRole"}),
        (Attach.ROLE, USER, "AWS::IAM::RolePolicy", {"RoleName": {"Ref": "RoleName"}}),
        (Attach.GROUP, USER, "AWS::IAM::GroupPolicy", {"GroupName": {"Ref": "GroupName"}}),
    ],
)
def test_the_resource_is_what_the_policy_is_attached_to(
    attach: Attach, principal: str, type_: str, properties: dict[str, object]
):
    document = document_of(GET, principal=principal)
    _, resource, parsed = policy_in(CLOUDFORMATION.render(document, draft_of(document, attach)))
    named = {} if attach is Attach.MANAGED else {"PolicyName": "orders-dev-deployer"}
    assert resource == {"Type": type_, "Properties": named | properties}
    assert ("Outputs" in parsed) is (attach is Attach.MANAGED)
    parameters = [name for name, value in properties.items() if isinstance(value, dict)]
    assert list(parsed.get("Parameters", {})) == parameters


@pytest.mark.parametrize("attach", Attach)
def test_cfn_lint_finds_no_error(attach: Attach):
    from cfnlint.api import ManualArgs, lint

    document = document_of(
        GET,
        allow("s3:GetObject", ["arn:aws:s3:::orders/${aws:username}/*", "arn:aws:s3:::orders/${*}", "*"], sid="Own"),
        allow("iam:PassRole", effect="Deny"),
    )
    text = CLOUDFORMATION.render(document, draft_of(document, attach))
    assert lint(text, config=ManualArgs(regions=["us-east-1"])) == []

"""Terraform reads back the policy that was written."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from emit_support import allow
from format_support import ROLE, USER, document_of, documents, draft_of, read_terraform
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.emit.draft import Document
from tracer.emit.format import FORMATS
from tracer.emit.format.terraform import hcl_string
from tracer.emit.pack import Attach
from tracer.model.permission import Section
from tracer.model.policy import Conditions

TERRAFORM = FORMATS["terraform"]
GET = allow("s3:GetObject", "arn:aws:s3:::orders/*")

STRINGS = {
    "a": '"a"',
    "${aws:username}": '"$${aws:username}"',
    "${*}${$}": '"$${*}$${$}"',
    "%{if}": '"\\u0025{if}"',
    "$${a}": '"$\\u0024{a}"',
    "${a": '"\\u0024{a"',
    "$a%b{": '"$a%b{"',
    'a"\\\n\t': '"a\\"\\\\\\n\\t"',
    "\x1b\u00e9\U0001f600": '"\\u001b\\u00e9\\U0001f600"',
}


@pytest.mark.parametrize(("text", "written"), STRINGS.items(), ids=map(repr, STRINGS))
def test_how_a_string_is_written(text: str, written: str):
    # Each of these was read back by Terraform 1.11 itself as the text on the left.
    assert hcl_string(text) == written


@settings(max_examples=settings().max_examples // 2)  # python-hcl2 takes its time
@given(documents, st.sampled_from(Attach))
def test_what_is_written_is_read_back(document: Document, attach: Attach):
    policy, _ = read_terraform(TERRAFORM.render(document, draft_of(document, attach)))
    assert policy == document.policy


CHANGED = {
    "what the provider reads as a variable": "arn:aws:s3:::orders/&{aws:username}",
    "a letter that is normalised": "arn:aws:s3:::orders/e\u0301",
    "half a surrogate pair": "arn:aws:s3:::orders/\ud800",
}


@pytest.mark.parametrize("resource", CHANGED.values(), ids=CHANGED)
def test_what_a_data_source_would_change_is_written_as_json(resource: str):
    for statement in (
        allow("s3:GetObject", resource),
        allow("s3:GetObject", conditions=Conditions.of("StringLike", "s3:prefix", resource)),
    ):
        document = document_of(statement)
        text = TERRAFORM.render(document, draft_of(document))
        assert 'data "' not in text
        assert read_terraform(text)[0] == document.policy


@pytest.mark.parametrize(
    ("attach", "principal", "expected"),
    [
        (Attach.MANAGED, USER, {"kind": "aws_iam_policy"}),
        (Attach.USER, USER, {"kind": "aws_iam_user_policy", "user": "deployer"}),
        (Attach.ROLE, ROLE, {"kind": "aws_iam_role_policy", "role": "orders-dev-us-east-1-lambdaRole"}),
        (Attach.ROLE, USER, {"kind": "aws_iam_role_policy", "role": "${var.deployer_role}"}),
        (Attach.GROUP, USER, {"kind": "aws_iam_group_policy", "group": "${var.deployer_group}"}),
    ],
)
def test_the_resource_is_what_the_policy_is_attached_to(attach: Attach, principal: str, expected: dict[str, str]):
    document = document_of(GET, principal=principal)
    text = TERRAFORM.render(document, draft_of(document, attach))
    assert read_terraform(text)[1].items() >= ({"name": "orders-dev-deployer", "label": "deployer"} | expected).items()
    assert ('variable "' in text) is ("var." in text)


def test_the_documents_of_a_folder_are_one_module():
    stems = ["function-a.b", "function-a_b", "function-a-b", "deployer"]
    labels = {
        read_terraform(TERRAFORM.render(document, draft_of(document)))[1]["label"]
        for document in (document_of(GET, section=Section.FUNCTION, stem=stem) for stem in stems)
    }
    assert len(labels) == len(stems)


def test_a_role_that_has_a_hostile_name_is_a_string():
    document = document_of(GET, principal='arn:aws:iam::123456789012:role/"${file("/etc/passwd")}')
    text = TERRAFORM.render(document, draft_of(document, Attach.ROLE))
    assert read_terraform(text)[1]["role"] == "passwd___"


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@pytest.mark.parametrize("attach", Attach)
def test_terraform_finds_nothing_to_format(attach: Attach):
    document = document_of(
        GET,
        allow(["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::a", "${aws:username}"], effect="Deny", sid="Guard"),
        allow("iam:PassRole", conditions=Conditions.of("StringEquals", "iam:PassedToService", "a", "b")),
        allow("iam:PassRole", conditions=Conditions.of("StringEquals", "iam:PassedToService", "a")),
    )
    text = TERRAFORM.render(document, draft_of(document, attach))
    result = subprocess.run(["terraform", "fmt", "-"], input=text, capture_output=True, text=True, check=True)  # noqa: S607
    assert result.stdout == text

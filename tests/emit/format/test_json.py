"""The policy itself, and the command that takes it."""

from __future__ import annotations

import shlex

import pytest
from emit_support import allow
from format_support import USER, document_of, draft_of

from tracer.emit.draft import Document
from tracer.emit.format import FORMATS
from tracer.emit.format.names import holder, identifier, logical_id, policy_name
from tracer.emit.pack import Attach
from tracer.model.policy import Policy

JSON = FORMATS["json"]


def document(stem: str = "deployer", principal: str = USER) -> Document:
    return document_of(allow("s3:GetObject"), stem=stem, principal=principal)


def test_the_document_is_the_policy():
    text = JSON.render(document(), draft_of(document()))
    assert Policy.from_json(text) == document().policy
    assert text.endswith("}\n")


COMMANDS = {
    "managed": (
        document(), Attach.MANAGED, "out/deployer.json",
        "aws iam create-policy --policy-name orders-dev-deployer --policy-document file://out/deployer.json",
    ),
    "stdout": (
        document(), Attach.MANAGED, None,
        "aws iam create-policy --policy-name orders-dev-deployer --policy-document file://POLICY.json",
    ),
    "user": (
        document(), Attach.USER, "p.json",
        "aws iam put-user-policy --user-name deployer --policy-name orders-dev-deployer --policy-document file://p.json",
    ),
    "role": (
        document(principal="arn:aws:iam::1:role/team/ci"), Attach.ROLE, "p.json",
        "aws iam put-role-policy --role-name ci --policy-name orders-dev-deployer --policy-document file://p.json",
    ),
    "another kind": (
        document(), Attach.GROUP, "p.json",
        "aws iam put-group-policy --group-name GROUP --policy-name orders-dev-deployer --policy-document file://p.json",
    ),
    "quoted": (
        document(), Attach.MANAGED, "my files/$(p).json",
        "aws iam create-policy --policy-name orders-dev-deployer --policy-document 'file://my files/$(p).json'",
    ),
    "hostile": (
        document("x; rm -rf ~", "arn:aws:iam::1:role/a;b"), Attach.ROLE, "p.json",
        "aws iam put-role-policy --role-name a_b --policy-name orders-dev-x__rm_-rf__ --policy-document file://p.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "attach", "path", "command"), COMMANDS.values(), ids=COMMANDS)
def test_the_command_is_one_that_a_shell_takes(one: Document, attach: Attach, path: str | None, command: str):
    lines = JSON.next_step(one, draft_of(one, attach), path)
    assert shlex.split(" ".join(lines)) == shlex.split(command)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("terraform", "terraform -chdir='my files' plan"),
        (
            "cloudformation",
            (
                "aws cloudformation deploy --stack-name orders-dev-deployer --template-file 'my files/p' "
                "--parameter-overrides GroupName=GROUP --capabilities CAPABILITY_IAM"
            ),
        ),
    ],
)
def test_the_commands_of_other_formats(name: str, step: str):
    lines = FORMATS[name].next_step(document(), draft_of(document(), Attach.GROUP), "my files/p")
    assert shlex.split(" ".join(lines)) == shlex.split(step)


@pytest.mark.parametrize(("name", "word"), [("serverless", "another format"), ("markdown", "another format")])
def test_what_no_tool_takes_is_told_in_words(name: str, word: str):
    (line,) = FORMATS[name].next_step(document(), draft_of(document()), "p")
    assert word in line


@pytest.mark.parametrize(
    ("stem", "identifier_", "logical_id_"),
    [
        ("deployer", "deployer", "DeployerPolicy"),
        ("deployer-2", "deployer_2", "Deployer2Policy"),
        ("function-orders.x", "function_orders_x_7beff756", "FunctionOrdersXPolicy"),
    ],
)
def test_names(stem: str, identifier_: str, logical_id_: str):
    one = document(stem)
    assert (identifier(one), logical_id(one)) == (identifier_, logical_id_)


def test_no_name_is_longer_than_aws_allows():
    assert len(policy_name(document("x" * 300), draft_of(document()))) == 128


def test_a_session_holds_no_policy():
    assert holder(document(principal="arn:aws:sts::1:assumed-role/ci/x"), Attach.ROLE) is None
    assert holder(document(principal="nobody"), Attach.ROLE) is None

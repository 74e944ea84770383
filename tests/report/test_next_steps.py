import shlex

import pytest

from tracer.model.finding import Finding
from tracer.report.next_steps import Ready, next_steps

USER = "arn:aws:iam::123456789012:user/team/deployer"
ROLE = "arn:aws:iam::123456789012:role/ci"


@pytest.mark.parametrize(
    ("ready", "attach", "command"),
    [
        pytest.param(
            Ready("deployer", USER, "out/deployer.json"), "managed",
            "aws iam create-policy --policy-name orders-deployer --policy-document file://out/deployer.json",
            id="managed",
        ),
        pytest.param(
            Ready("deployer", USER, None), "managed",
            "aws iam create-policy --policy-name orders-deployer --policy-document file://POLICY.json", id="stdout",
        ),
        pytest.param(
            Ready("deployer", USER, "p.json"), "user",
            "aws iam put-user-policy --user-name deployer --policy-name orders-deployer --policy-document file://p.json",
            id="user",
        ),
        pytest.param(
            Ready("deployer", ROLE, "p.json"), "role",
            "aws iam put-role-policy --role-name ci --policy-name orders-deployer --policy-document file://p.json",
            id="role",
        ),
        pytest.param(
            Ready("deployer", USER, "p.json"), "group",
            "aws iam put-group-policy --group-name GROUP --policy-name orders-deployer --policy-document file://p.json",
            id="group",
        ),
        pytest.param(
            Ready("deployer", USER, "my files/$(p).json"), "managed",
            "aws iam create-policy --policy-name orders-deployer --policy-document 'file://my files/$(p).json'",
            id="quoted",
        ),
        pytest.param(
            Ready("x; rm -rf ~", "arn:aws:iam::1:role/a;b", "p.json"), "role",
            "aws iam put-role-policy --role-name a_b --policy-name orders-x__rm_-rf__ --policy-document file://p.json",
            id="hostile",
        ),
    ],
)  # fmt: skip
def test_the_command_is_one_that_a_shell_takes(ready: Ready, attach: str, command: str):
    text = next_steps([ready], attach, "orders", [])
    title, _, lines = text.partition("\n")
    assert title == "Next"
    assert shlex.split(lines.replace("\\\n", "")) == shlex.split(command)


def test_findings_are_to_be_looked_at_first():
    items = [Finding("UNKNOWN_ACTION", ""), Finding("COVERAGE_GAP", "")]
    text = next_steps([Ready("deployer", USER, None)], "managed", "tracer", items)
    assert "Look at the 1 finding of severity error or warning first. Then:\n  aws iam create-policy" in text
    assert "Look at" not in next_steps([Ready("deployer", USER, None)], "managed", "tracer", items[1:])


def test_without_a_document_there_is_nothing_to_create():
    assert "aws iam" not in next_steps([], "managed", "tracer", [])
    assert "no permission to grant" in next_steps([], "managed", "tracer", [])


def test_each_document_has_its_command():
    text = next_steps([Ready(f"deployer-{number}", USER, None) for number in (1, 2)], "managed", "tracer", [])
    assert text.count("aws iam create-policy") == 2

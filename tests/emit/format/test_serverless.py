"""The block for serverless.yml says what the function's policy says, and the framework reads it so."""

from __future__ import annotations

import re

from emit_support import allow
from format_support import ROLE, document_of, draft_of, hostile_statements, read_yaml, resolved
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.emit.format import FORMATS
from tracer.model.permission import Section
from tracer.model.policy import Policy, Statement

SERVERLESS = FORMATS["serverless"]
_EXAMPLES = settings().max_examples // 2
_statements = st.lists(hostile_statements(), min_size=1, max_size=3)


def statements_in(text: str) -> list[dict[str, object]]:
    return read_yaml(text)["provider"]["iam"]["role"]["statements"]


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return [text for item in inner for text in texts(item)]


@settings(max_examples=_EXAMPLES)
@given(_statements)
def test_a_functions_block_is_read_back(statements: list[Statement]):
    document = document_of(*statements, section=Section.FUNCTION, principal=ROLE)
    block = statements_in(SERVERLESS.render(document, draft_of(document)))
    assert Policy.from_json({"Version": "2012-10-17", "Statement": resolved(block)}) == document.policy
    for statement in block:
        # The framework's schema wants lists; `${` with a small letter behind it would be a variable of its own, and
        # `\${` an escape (lib/configuration/variables/parse.js; that of 3.40 found neither in 3,000 such policies).
        assert isinstance(statement.get("Action", statement.get("NotAction")), list)
        assert isinstance(statement.get("Resource", statement.get("NotResource")), list)
        assert not [text for text in texts(list(statement.values())) if re.search(r"\$\{[a-z]|\\\$\{", text)]


@settings(max_examples=_EXAMPLES)
@given(_statements, st.sampled_from([Section.DEPLOYER, Section.SERVICE_ROLE, Section.OTHER]))
def test_other_policies_are_comments_that_hold_all(statements: list[Statement], section: Section):
    document = document_of(*statements, section=section, principal="arn:aws:iam::1:user/\nprovider: x")
    text = SERVERLESS.render(document, draft_of(document))
    assert read_yaml(text) is None
    block = read_yaml("\n".join(line.removeprefix("# ") for line in text.splitlines()[2:]) + "\n")
    assert Policy.from_json({"Version": "2012-10-17"} | resolved(block)) == document.policy


def test_the_role_of_the_frameworks_custom_resources_is_none_of_the_services():
    role = "arn:aws:iam::123456789012:role/orders-dev-IamRoleCustomResourcesLambdaExecution-1QAZ2WSX3EDC"
    document = document_of(allow("s3:GetBucketNotification"), section=Section.FUNCTION, principal=role)
    text = SERVERLESS.render(document, draft_of(document))
    assert read_yaml(text) is None
    assert "another format" not in SERVERLESS.next_step(document, draft_of(document), None)[0]
    assert "the framework makes this role itself" in text


def test_the_layout():
    document = document_of(
        allow("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/orders"),
        section=Section.FUNCTION, principal=ROLE,
    )  # fmt: skip
    assert SERVERLESS.render(document, draft_of(document)) == (
        f'# For serverless.yml: what the functions with the role "{ROLE}" need.\n'
        "provider:\n"
        "  iam:\n"
        "    role:\n"
        "      statements:\n"
        "        - Effect: Allow\n"
        "          Action:\n"
        "            - dynamodb:GetItem\n"
        "          Resource:\n"
        '            - Fn::Sub: "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders"\n'
    )

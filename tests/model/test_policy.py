"""Conditions, statements and policies: what is read, refused and written."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from tracer.model.policy import VERSION, Conditions, InvalidPolicy, Policy, Statement

LAMBDA = Conditions.of("StringEquals", "iam:PassedToService", "lambda.amazonaws.com")
STATEMENT: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def test_conditions_are_in_canonical_order():
    written = {
        "StringLike": {"aws:b": ["y", "x", "y"], "aws:a": "z"},
        "Bool": {"aws:SecureTransport": True},
        "NumericLessThan": {"s3:max-keys": 10},
    }
    conditions = Conditions.from_json(written)
    assert conditions.items == (
        ("Bool", "aws:SecureTransport", ("true",)),
        ("NumericLessThan", "s3:max-keys", ("10",)),
        ("StringLike", "aws:a", ("z",)),
        ("StringLike", "aws:b", ("x", "y")),
    )
    assert conditions.to_json() == {
        "Bool": {"aws:SecureTransport": "true"},
        "NumericLessThan": {"s3:max-keys": "10"},
        "StringLike": {"aws:a": "z", "aws:b": ["x", "y"]},
    }


def test_the_order_in_which_conditions_are_written_does_not_count():
    blocks = [
        dict(keys) for keys in itertools.permutations([("StringLike", {"a": ["2", "1"]}), ("Bool", {"b": "true"})])
    ]
    assert len({Conditions.from_json(block) for block in blocks}) == 1
    assert Conditions.of("StringLike", "a", "2", "1", "2") == Conditions.of("StringLike", "a", "1", "2")


@pytest.mark.parametrize("block", [None, {}])
def test_no_conditions(block: dict[str, Any] | None):
    conditions = Conditions.from_json(block)
    assert not conditions
    assert conditions == Conditions()
    assert conditions.to_json() == {}


def test_conditions_joined():
    region = Conditions.of("StringEquals", "aws:RequestedRegion", "us-east-1")
    assert (LAMBDA | region).to_json() == {
        "StringEquals": {"aws:RequestedRegion": "us-east-1", "iam:PassedToService": "lambda.amazonaws.com"}
    }
    assert LAMBDA | region == region | LAMBDA
    assert LAMBDA | LAMBDA == LAMBDA
    assert LAMBDA | Conditions() == LAMBDA


def test_conditions_that_no_block_can_hold_together():
    other = Conditions.of("StringEquals", "iam:PassedToService", "states.amazonaws.com")
    with pytest.raises(ValueError, match="no one block says both"):
        _ = LAMBDA | other


def of(operator: str, *values: str) -> Conditions:
    return Conditions.of(operator, "iam:PassedToService", *values)


@pytest.mark.parametrize(
    ("weak", "strong", "expected"),
    [
        pytest.param(Conditions(), Conditions(), True, id="none and none"),
        pytest.param(Conditions(), LAMBDA, True, id="none is weaker than one"),
        pytest.param(LAMBDA, Conditions(), False, id="one is not weaker than none"),
        pytest.param(LAMBDA, LAMBDA, True, id="equal"),
        pytest.param(of("StringEquals", "a", "b"), of("StringEquals", "a"), True, id="more alternatives"),
        pytest.param(of("StringEquals", "a"), of("StringEquals", "a", "b"), False, id="fewer alternatives"),
        pytest.param(of("ArnLikeIfExists", "a", "b"), of("ArnLikeIfExists", "b"), True, id="alternatives, if exists"),
        pytest.param(of("StringNotEquals", "a"), of("StringNotEquals", "a", "b"), False, id="a negation is not judged"),
        pytest.param(of("StringNotEquals", "a", "b"), of("StringNotEquals", "a"), False, id="nor the other way round"),
        pytest.param(of("StringNotEquals", "a"), of("StringNotEquals", "a"), True, id="but where it is equal"),
        pytest.param(of("StringLike", "a"), of("StringEquals", "a"), False, id="another operator is not judged"),
        pytest.param(
            Conditions.of("StringEquals", "IAM:passedtoservice", "lambda.amazonaws.com"),
            LAMBDA,
            True,
            id="keys have no case",
        ),
        pytest.param(LAMBDA, LAMBDA | Conditions.of("Bool", "aws:SecureTransport", "true"), True, id="one of two"),
        pytest.param(LAMBDA | Conditions.of("Bool", "aws:SecureTransport", "true"), LAMBDA, False, id="two of one"),
    ],
)
def test_weaker_than(weak: Conditions, strong: Conditions, expected: bool):
    assert weak.weaker_than(strong) is expected


def test_a_statement_is_written_in_the_order_of_the_documentation():
    statement = Statement(
        actions=("iam:PassRole",),
        resources=("arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b"),
        conditions=LAMBDA,
        sid="PassRole",
    )
    assert json.dumps(statement.to_json()) == json.dumps(
        {
            "Sid": "PassRole",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": ["arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b"],
            "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        }
    )


def test_the_negative_forms_are_read_and_written():
    block = {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "NotResource": "arn:aws:s3:::orders"}
    statement = Statement.from_json(block)
    assert (statement.not_actions, statement.not_resources) == (("iam:*", "sts:*"), ("arn:aws:s3:::orders",))
    assert (statement.actions, statement.resources) == ((), ())
    assert statement.to_json() == block


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"Effect": "allow"}, "Effect must be Allow or Deny", id="effect in lower case"),
        pytest.param({"Effect": None}, "Effect must be Allow or Deny", id="no effect"),
        pytest.param({"Effect": ["Allow"]}, "Effect must be Allow or Deny", id="a list of effects"),
        pytest.param({"NotAction": "s3:*"}, "one of Action and NotAction", id="both action elements"),
        pytest.param({"NotResource": "*"}, "one of Resource and NotResource", id="both resource elements"),
        pytest.param({"Principal": "*"}, "Principal is no element", id="a resource policy"),
        pytest.param({"Actions": "s3:*"}, "Actions is no element", id="a misspelt element"),
        pytest.param({"Action": 7}, "Action must be a string or a list", id="a number as action"),
        pytest.param({"Action": []}, "Action must be a string or a list", id="no action in the list"),
        pytest.param({"Action": None}, "Action must be a string or a list", id="null as action"),
        pytest.param({"Resource": ["*", {"Ref": "Bucket"}]}, "Resource must be", id="a template's function"),
        pytest.param({"Sid": 7}, "Sid must be a string", id="a number as Sid"),
        pytest.param({"Condition": []}, "Condition must be an object", id="a list as condition"),
        pytest.param({"Condition": {"Bool": "x"}}, "Condition.Bool must be an object", id="an operator without keys"),
        pytest.param({"Condition": {"Bool": {"a": None}}}, "Condition.Bool.a must be", id="null as value"),
        pytest.param({"Condition": {"Bool": {"a": [["x"]]}}}, "Condition.Bool.a must be", id="a list in a list"),
    ],
)
def test_what_is_no_statement(change: dict[str, Any], message: str):
    with pytest.raises(InvalidPolicy, match=re.escape(message)):
        Statement.from_json(STATEMENT | change)


@pytest.mark.parametrize("missing", ["Effect", "Action", "Resource"])
def test_a_statement_lacks_an_element(missing: str):
    with pytest.raises(InvalidPolicy, match=missing):
        Statement.from_json({name: value for name, value in STATEMENT.items() if name != missing})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param("{", "not JSON", id="broken JSON"),
        pytest.param("[" * 100_000, "not JSON", id="JSON without a bottom"),
        pytest.param("9" * 5000, "not JSON", id="a number longer than Python reads"),
        pytest.param("[]", "a policy is an object with a Statement", id="a list"),
        pytest.param("{}", "a policy is an object with a Statement", id="no statement"),
        pytest.param({"Statement": "Allow"}, "a statement must be an object", id="a string as statement"),
        pytest.param({"Statement": [STATEMENT, None]}, "a statement must be an object", id="null as statement"),
        pytest.param({"Statement": [], "Id": 7}, "Id must be a string", id="a number as Id"),
        pytest.param({"Statement": [], "Version": "2012-10-18"}, "Version must be 2012-10-17", id="no such version"),
        pytest.param(
            {"Statement": [], "Version": ["2012-10-17"]}, "Version must be 2012-10-17", id="a list as version"
        ),
    ],
)
def test_what_is_no_policy(document: str | dict[str, Any], message: str):
    with pytest.raises(InvalidPolicy, match=re.escape(message)):
        Policy.from_json(document)


def test_a_policy_is_read_from_text_and_from_objects_and_with_one_statement():
    policy = Policy((Statement(actions=("s3:GetObject",), resources=("*",)),))
    document = {"Version": VERSION, "Statement": STATEMENT}
    assert Policy.from_json(document) == Policy.from_json(json.dumps(document)) == policy


def test_a_policy_without_a_version_is_one_of_2008():
    policy = Policy.from_json({"Statement": [STATEMENT]})
    assert policy.version == "2008-10-17"
    assert policy.to_dict() == {"Version": "2008-10-17", "Statement": [STATEMENT]}


def test_a_policy_is_written_with_its_id_and_a_final_newline():
    text = Policy((Statement.from_json(STATEMENT),), id="baseline").to_json()
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["Version", "Id", "Statement"]


def test_the_size_leaves_out_white_space_between_the_tokens_alone():
    policy = Policy((Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::orders/a b.txt",)),))
    compact = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject",'
        '"Resource":"arn:aws:s3:::orders/a b.txt"}]}'
    )
    assert policy.size == len(compact)
    assert policy.size == len(re.sub(r"\s", "", policy.to_json())) + len(" ")


def test_the_size_counts_letters_and_not_bytes():
    sizes = [Policy((Statement(actions=("s3:*",), resources=(f"arn:aws:s3:::b/{name}",)),)).size for name in ("a", "ä")]
    assert sizes[0] == sizes[1]


def test_statements_are_added_behind_the_others():
    first, second = Statement(actions=("s3:*",), resources=("*",)), Statement(actions=("iam:*",), resources=("*",))
    policy = Policy((first,), id="baseline")
    assert policy | [second] == Policy((first, second), id="baseline")
    assert policy.statements == (first,)

"""Documents fit their quota, are few, and say together what the statements said (trap 24)."""

from __future__ import annotations

import math

import pytest
from emit_support import allow
from hypothesis import given
from hypothesis import strategies as st

from tracer.emit.build import with_sid
from tracer.emit.lines import Line
from tracer.emit.pack import CHARACTERS, Attach, pack
from tracer.errors import EmitError
from tracer.model.policy import Conditions, Policy, Statement


def lines(*statements: Statement) -> list[Line]:
    return [Line(statement) for statement in statements]


def policies(packed: tuple[tuple[Line, ...], ...]) -> list[Policy]:
    return [Policy(tuple(line.statement for line in document)) for document in packed]


def pairs(statement: Statement) -> set[tuple[object, ...]]:
    return {
        (statement.effect, action, resource, statement.not_actions, statement.not_resources, statement.conditions)
        for action in statement.actions or ("",)
        for resource in statement.resources or ("",)
    }


def said(some: list[Policy]) -> set[tuple[object, ...]]:
    return {pair for policy in some for statement in policy.statements for pair in pairs(statement)}


def bucket(number: int, length: int = 60) -> str:
    return f"arn:aws:s3:::{number:04d}".ljust(length, "x")


def many(count: int, length: int = 60) -> Statement:
    return with_sid(allow(["s3:GetObject", "s3:PutObject"], [bucket(number, length) for number in range(count)]))


def actions(count: int) -> list[str]:
    return [f"s3:Action{number:04d}" for number in range(count)]


def test_what_fits_one_document_is_one_and_in_order():
    statements = [many(3), allow("ec2:DescribeVpcs"), many(40)]
    assert policies(pack(lines(*statements), Attach.MANAGED)) == [Policy(tuple(statements))]


def test_nothing_gives_no_document():
    assert pack([], Attach.MANAGED) == ()


@pytest.mark.parametrize("attach", Attach)
def test_the_quota_itself_fits_and_one_character_more_does_not(attach: Attach):
    def document(length: int) -> list[Line]:
        return lines(*(allow("s3:GetObject", bucket(number, 500)) for number in range(2)), allow("sqs:*", "a" * length))

    room = CHARACTERS[attach] - policies((tuple(document(0)),))[0].size
    assert policies(pack(document(room), attach))[0].size == CHARACTERS[attach]
    if attach is Attach.MANAGED:
        assert len(pack(document(room + 1), attach)) == 2
    else:
        with pytest.raises(EmitError, match=f"{CHARACTERS[attach] + 1:,} characters") as error:
            pack(document(room + 1), attach)
        assert "--attach managed" in error.value.hint


SPLITS = {
    "by resources": many(300),
    "by actions": allow(actions(800), bucket(0)),
    "by both": allow(actions(400), [bucket(number) for number in range(150)]),
    "with a condition": allow(
        "s3:*",
        [bucket(number) for number in range(200)],
        conditions=Conditions.of("Bool", "aws:SecureTransport", "true"),
    ),
    "a deny": allow("s3:*", [bucket(number) for number in range(200)], effect="Deny", sid="Guard"),
    "a NotAction by resources": Statement(
        not_actions=("iam:*",), resources=tuple(bucket(number) for number in range(200))
    ),
    "a NotResource by actions": Statement(actions=tuple(actions(500)), not_resources=(bucket(0),)),
}


@pytest.mark.parametrize("statement", SPLITS.values(), ids=SPLITS)
def test_a_statement_that_fits_no_document_is_split_and_says_the_same(statement: Statement):
    documents = policies(pack(lines(statement, allow("ec2:DescribeVpcs")), Attach.MANAGED))
    assert len(documents) > 1
    assert said(documents) == pairs(statement) | pairs(allow("ec2:DescribeVpcs"))
    assert all(policy.size <= CHARACTERS[Attach.MANAGED] for policy in documents)
    sids = [one.sid for policy in documents for one in policy.statements if one.sid]
    assert len(sids) == len(set(sids))


def test_long_actions_are_split_before_they_are_repeated():
    # 5,600 characters of actions leave room for a few resources only: repeated, they would fill a document for each.
    statement = allow(actions(350), [bucket(number) for number in range(10)])
    assert len(pack(lines(statement), Attach.MANAGED)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        Statement(not_actions=tuple(actions(600)), resources=("*",)),
        Statement(actions=("*",), not_resources=tuple(map(bucket, range(150)))),
    ],
    ids=["NotAction", "NotResource"],
)
def test_what_cannot_be_split_is_an_error(statement: Statement):
    with pytest.raises(EmitError, match="cannot be split"):
        pack(lines(statement), Attach.MANAGED, "the policy of x")


def test_more_than_can_be_attached_is_an_error_that_says_what_to_do():
    with pytest.raises(EmitError, match=r"22 managed policies.*20 at most") as error:
        pack(lines(*(allow("s3:GetObject", "a" * 4_000 + str(number)) for number in range(22))), Attach.MANAGED)
    assert "--merge tighten" in error.value.hint


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(30, 120)), max_size=12))
def test_packing_keeps_the_union_and_the_quota_in_few_documents(shapes: list[tuple[int, int]]):
    statements = [many(count, length) for count, length in shapes]
    documents = policies(pack(lines(*statements), Attach.MANAGED))
    assert said(documents) == {pair for statement in statements for pair in pairs(statement)}
    assert all(policy.size <= CHARACTERS[Attach.MANAGED] for policy in documents)
    least = math.ceil(sum(policy.size for policy in documents) / CHARACTERS[Attach.MANAGED])
    # First fit, the largest first: at most 11/9 of the fewest, and 6/9 (G. Dosa, 2007).
    assert len(documents) <= least * 11 / 9 + 1

"""Two policies by meaning: what is the same in other words, and what is gained."""

from __future__ import annotations

from dataclasses import replace

import pytest
from emit_support import PASSED_TO_LAMBDA, allow

from tracer.emit.diff import Change, Difference, diff
from tracer.errors import UsageError
from tracer.model.action import Action
from tracer.model.policy import Conditions, Policy, Statement
from tracer.reference import table

KEY = "arn:aws:s3:::orders/key"
KEYS = "arn:aws:s3:::orders/*"
ROLE = "arn:aws:iam::1:role/a"
READS = [action.text for action in table.expand(Action("sqs:List*"))]
BOTH = ["s3:GetObject", "s3:PutObject"]
NOTHING = Difference()


def policy(*statements: Statement, version: str = "2012-10-17") -> Policy:
    return Policy(statements, version)


def passed(*services: str) -> Conditions:
    return Conditions.of("StringEquals", "iam:PassedToService", *services)


GUARD = allow("s3:Delete*", KEYS, effect="Deny")
SAME = {
    "nothing": ([], []),
    "order": ([allow(BOTH, [KEY, ROLE])], [allow(BOTH[::-1], [ROLE, KEY])]),
    "spelling of actions": ([allow("s3:GetObject", KEY)], [allow("S3:getobject", KEY)]),
    "splitting": ([allow(BOTH, KEY)], [allow(one, KEY) for one in BOTH]),
    "Sids": ([allow("s3:GetObject", KEY, sid="A")], [allow("s3:GetObject", KEY, sid="B")]),
    "a wildcard and the list": ([allow("sqs:List*", "*")], [allow(READS, "*")]),
    "what another statement covers": ([allow("s3:*", KEYS)], [allow("s3:*", KEYS), allow("s3:GetObject", KEY)]),
    "values in statements of their own": (
        [allow("iam:PassRole", ROLE, conditions=passed("a", "b"))],
        [allow("iam:PassRole", ROLE, conditions=passed("a")), allow("iam:PassRole", ROLE, conditions=passed("b"))],
    ),
    "the order of a NotAction": (
        [Statement(not_actions=("iam:*", "sts:*"), resources=("*",))],
        [Statement(not_actions=("STS:*", "iam:*"), resources=("*",))],
    ),
    "a Deny split": (
        [allow("s3:*"), allow("s3:*", [KEY, ROLE], effect="Deny")],
        [allow("s3:*"), allow("s3:*", KEY, effect="Deny"), allow("s3:*", ROLE, effect="Deny")],
    ),
    "a Deny in other words": (
        [allow("s3:*", KEYS), GUARD],
        [allow("s3:*", KEYS), allow([one.text for one in table.expand(Action("s3:Delete*"))], KEYS, effect="Deny")],
    ),
    "a Deny, and an Allow that leaves the same out": (
        [allow("sqs:*", "*"), allow("sqs:List*", "*", effect="Deny")],
        [allow([one.text for one in table.expand(Action("sqs:*")) if one.text not in READS], "*")],
    ),
    "a Deny of what nobody allowed": ([allow("s3:GetObject", KEY)], [allow("s3:GetObject", KEY), GUARD]),
    "a Deny with NotAction in another order": (
        [allow("*"), Statement("Deny", not_actions=("s3:*", "sqs:*"), resources=("*",))],
        [allow("*"), Statement("Deny", not_actions=("sqs:*", "s3:*"), resources=("*",))],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_the_same_meaning_is_no_difference(old: list[Statement], new: list[Statement]):
    assert diff(policy(*old), policy(*new)) == NOTHING
    assert diff(policy(*new), policy(*old)) == NOTHING
    assert not diff(policy(*old), policy(*new))


def change(action: str, resource: str, *actions: str, **fields: object) -> Change:
    return Change(action, resource, **{"conditions": Conditions(), "actions": actions or (action,)} | fields)


GAINED = {
    "an action": ([allow("s3:GetObject", KEY)], [allow(BOTH, KEY)], change("s3:PutObject", KEY)),
    "a resource": ([allow("s3:GetObject", KEY)], [allow("s3:GetObject", [KEY, KEYS])], change("s3:GetObject", KEYS)),
    "a wider resource": ([allow("s3:GetObject", KEY)], [allow("s3:GetObject", KEYS)], change("s3:GetObject", KEYS)),
    "the rest of a wildcard": ([allow(READS[1:], "*")], [allow("sqs:List*", "*")], change("sqs:List*", "*", READS[0])),
    "no condition": (
        [allow("iam:PassRole", ROLE, conditions=PASSED_TO_LAMBDA)],
        [allow("iam:PassRole", ROLE)],
        change("iam:PassRole", ROLE),
    ),
    "another value": (
        [allow("iam:PassRole", ROLE, conditions=passed("a"))],
        [allow("iam:PassRole", ROLE, conditions=passed("a", "b"))],
        change("iam:PassRole", ROLE, conditions=passed("a", "b")),
    ),
    "a Deny is gone": (
        [allow("s3:*Object", KEYS), GUARD],
        [allow("s3:*Object", KEYS)],
        change("s3:*Object", KEYS, "s3:DeleteObject", denied=True),
    ),
    "a Deny is narrower": (
        [allow("s3:DeleteObject", KEYS), GUARD],
        [allow("s3:DeleteObject", KEYS), allow("s3:Delete*", KEY, effect="Deny")],
        change("s3:DeleteObject", KEYS, denied=True),
    ),
    "a Deny has a condition": (
        [allow("s3:DeleteObject", KEYS), GUARD],
        [allow("s3:DeleteObject", KEYS), replace(GUARD, conditions=Conditions.of("Bool", "aws:x", "true"))],
        change("s3:DeleteObject", KEYS, denied=True),
    ),
    "a Deny leaves more out": (
        [allow("s3:GetObject"), Statement("Deny", not_actions=("sqs:*",), resources=("*",))],
        [allow("s3:GetObject"), Statement("Deny", not_actions=("sqs:*", "s3:*"), resources=("*",))],
        change("s3:GetObject", "*", denied=True),
    ),
    "a service that the table lacks": ([], [allow("nosuch:Do*")], change("nosuch:Do*", "*")),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "gained"), GAINED.values(), ids=GAINED)
def test_what_is_gained_one_way_is_lost_the_other(old: list[Statement], new: list[Statement], gained: Change):
    there, back = diff(policy(*old), policy(*new)), diff(policy(*new), policy(*old))
    assert there.gained == back.lost == (gained,)
    assert bool(there)


def test_only_what_the_new_policy_really_allows_is_gained():
    old, new = policy(allow("s3:GetObject", KEY)), policy(allow(["s3:GetObject", "s3:DeleteObject"], KEY), GUARD)
    assert diff(old, new) == NOTHING


def test_several_policies_are_taken_together():
    both = [policy(allow("s3:GetObject", KEY)), policy(allow("s3:PutObject", KEY))]
    assert diff(both, policy(allow(["s3:GetObject", "s3:PutObject"], KEY))) == NOTHING
    assert diff(both[:1], both).gained == (change("s3:PutObject", KEY),)


def test_a_deny_in_one_policy_counts_for_all():
    both = [policy(allow("s3:*Object", KEYS)), policy(GUARD)]
    assert [one.actions for one in diff(both, both[:1]).gained] == [("s3:DeleteObject",)]


def test_all_that_a_not_action_allows_is_gained_but_for_what_it_names():
    (gained,) = diff(policy(), policy(Statement(not_actions=("iam:*", "s3:*"), resources=("*",)))).gained
    assert (gained.action, gained.resource, gained.apart) == ("*", "*", ("iam:*", "s3:*"))
    assert "sqs:SendMessage" in gained.actions
    assert not [text for text in gained.actions if text.startswith(("iam:", "s3:"))]


def test_a_not_action_that_names_less_gains():
    old = policy(Statement(not_actions=("iam:*", "s3:*"), resources=("*",)))
    assert diff(old, policy(Statement(not_actions=("iam:*",), resources=("*",)))).gained


def test_the_old_version_of_the_language_has_no_variables():
    home = "arn:aws:s3:::home/${aws:username}"
    old, new = policy(allow("s3:GetObject", home), version="2008-10-17"), policy(allow("s3:GetObject", home))
    assert diff(old, new).gained == (change("s3:GetObject", home),)
    assert diff(old, policy(allow("s3:GetObject", "arn:aws:s3:::home/${$}{aws:username}"))) == NOTHING


def test_an_action_that_is_none_is_an_error():
    with pytest.raises(UsageError):
        diff(policy(), policy(allow("s*:Get")))

"""The evaluator of single calls. What it decides in general is a law (`tests/laws/test_second_opinion.py`)."""

from __future__ import annotations

import pytest
from bench.check import pairs
from bench.check import policy as bench_policy
from emit_support import allow
from hypothesis import given
from hypothesis import strategies as st

from tracer.emit import evaluate
from tracer.emit.evaluate import Call, Decision, Evaluator, matching
from tracer.errors import UsageError
from tracer.model.arn import ArnPattern
from tracer.model.policy import Conditions, Policy, Statement

KEY = "arn:aws:s3:::orders/key"
GET = Call("s3:GetObject", KEY)


def policy(*statements: Statement, **fields: str) -> Policy:
    return Policy(statements, **fields)


def deny(*arguments: object, **fields: object) -> Statement:
    return allow(*arguments, effect="Deny", **fields)


CASES = {
    "nothing": (policy(), GET, Decision.NOT_ALLOWED),
    "an allow": (policy(allow("s3:Get*", KEY)), GET, Decision.ALLOWED),
    "a deny wins wherever it stands": (policy(deny("s3:*"), allow("s3:*")), GET, Decision.DENIED),
    "of another resource": (policy(deny("s3:*", "arn:aws:s3:::a*"), allow("s3:*")), GET, Decision.ALLOWED),
    "all but the action": (
        policy(Statement(not_actions=("S3:getObject",), resources=("*",))),
        GET,
        Decision.NOT_ALLOWED,
    ),
    "all but other actions": (policy(Statement(not_actions=("iam:*",), resources=("*",))), GET, Decision.ALLOWED),
    "all but the resource": (policy(Statement(actions=("*",), not_resources=(KEY,))), GET, Decision.NOT_ALLOWED),
    "deny all but the resource": (
        policy(allow("*"), Statement("Deny", actions=("*",), not_resources=(KEY,))),
        GET,
        Decision.ALLOWED,
    ),
    "a condition that holds": (
        policy(allow("s3:*", conditions=Conditions.of("StringEquals", "aws:username", "a"))),
        Call("s3:GetObject", KEY, {"AWS:UserName": "a"}),
        Decision.ALLOWED,
    ),
    "one whose key is absent": (
        policy(allow("s3:*", conditions=Conditions.of("StringEquals", "aws:username", "a"))),
        GET,
        Decision.NOT_ALLOWED,
    ),
    "a variable": (
        policy(allow("s3:*", "arn:aws:s3:::${aws:username}/*")),
        Call("s3:GetObject", KEY, {"aws:username": "orders"}),
        Decision.ALLOWED,
    ),
    "a variable whose value looks like a pattern": (
        policy(allow("s3:*", "arn:aws:s3:::${aws:username}/*")),
        Call("s3:GetObject", KEY, {"aws:username": "*"}),
        Decision.NOT_ALLOWED,
    ),
    "a variable without a value": (policy(allow("s3:*", "arn:aws:s3:::${aws:username}/*")), GET, Decision.NOT_ALLOWED),
    "a variable before the fifth colon": (
        policy(allow("sqs:*", "arn:aws:sqs:${aws:RequestedRegion}:1:q")),
        Call("sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q", {"aws:RequestedRegion": "us-east-1"}),
        Decision.NOT_ALLOWED,
    ),
    "the old language knows no variables": (
        policy(allow("s3:*", "arn:aws:s3:::${aws:username}/*"), version="2008-10-17"),
        Call("s3:GetObject", KEY, {"aws:username": "orders"}),
        Decision.NOT_ALLOWED,
    ),
    "a call that is checked on no resource": (
        policy(allow("ec2:*", "arn:aws:ec2:*:*:*")),
        Call("ec2:DescribeVpcs", "*"),
        Decision.NOT_ALLOWED,
    ),
    "what AWS leaves open is not allowed": (
        policy(allow("s3:*", "arn:aws:s3:::orders/a*c")),
        Call("s3:GetObject", "arn:aws:s3:::orders/a:c"),
        Decision.NOT_ALLOWED,
    ),
    "and denied": (
        policy(allow("s3:*"), deny("s3:*", "arn:aws:s3:::orders/a*c")),
        Call("s3:GetObject", "arn:aws:s3:::orders/a:c"),
        Decision.DENIED,
    ),
    "a pattern that would take a regular expression for ever": (
        policy(allow("s3:*", "arn:aws:s3:::" + "*a" * 40)),
        Call("s3:GetObject", "arn:aws:s3:::" + "a" * 900 + "b"),
        Decision.NOT_ALLOWED,
    ),
}


@pytest.mark.parametrize(("policies", "call", "decision"), CASES.values(), ids=CASES)
def test_decisions(policies: Policy, call: Call, decision: Decision):
    evaluator = Evaluator(policies)
    assert evaluator.decide(call) is decision
    assert evaluator.allowed([(call.action, call.resource)], call.context) == [decision is Decision.ALLOWED]


def test_what_is_no_action_is_an_error():
    with pytest.raises(UsageError, match="Action that is none"):
        Evaluator(policy(allow("s3")))


def test_a_deny_in_another_policy_counts():
    assert Evaluator([policy(allow("s3:*")), policy(deny("s3:*"))]).decide(GET) is Decision.DENIED


_texts = st.text(alphabet="a:*?/", max_size=8) | st.sampled_from(["${*}", "a${$}", "[a]", "a\nb", "*a*a*a"])
_arns = st.builds(
    "arn:aws:{}:{}::{}".format, st.sampled_from(["s3", "s*", "?3"]), st.sampled_from(["", "*", "a"]), _texts
)


@given(_arns | _texts, _arns, st.booleans())
def test_a_matcher_matches_what_the_pattern_covers(pattern: str, arn: str, spanning: bool):
    expected = ArnPattern(pattern).covers(ArnPattern.exactly(arn), spanning=spanning)
    assert bool(matching((pattern,), spanning=spanning)(arn)) is expected


def test_a_statement_is_looked_at_once_an_action(monkeypatch: pytest.MonkeyPatch):
    """However many calls there are: that is what makes a million of them quick (`tests/bench/check.py`)."""
    looked: list[str] = []
    is_about = evaluate._is_about
    monkeypatch.setattr(
        evaluate, "_is_about", lambda statement, action: looked.append(action.text) or is_about(statement, action)
    )
    calls = pairs(5_000)
    answers = Evaluator(bench_policy()).allowed(calls)
    assert 0 < sum(answers) < len(answers)
    assert len(looked) == len(bench_policy().statements) * len({action for action, _ in calls})

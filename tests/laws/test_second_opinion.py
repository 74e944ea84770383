"""Tracer's evaluator and check, held against an independent evaluator of IAM policies in a process of its own.

The other one reads every wildcard in an ARN's resource part as passing colons, and so does `Evaluator(careful=False)`,
which has to agree on every call but for what `explained` explains. The careful one, and `check`, may refuse what AWS
leaves open, and must never allow what the other refuses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from foreseen import Foreseen, of_each_run
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from second_opinion import PRINCIPAL, Referee

import tracer
from tracer.emit.build import build
from tracer.emit.check import lacking
from tracer.emit.conditions import OPERATORS, Facts
from tracer.emit.diff import diff
from tracer.emit.evaluate import Call, Decision, Evaluator
from tracer.emit.grants import Grant
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.permission import Permission, Section
from tracer.model.policy import Conditions, Policy, Statement

ACCOUNT: Final = "123456789012"
EXAMPLES: Final = 220
CALLS: Final = 25
"""So many policies, and calls for each: 5,500 pairs."""


@pytest.fixture(scope="module")
def referee() -> Iterator[Referee]:
    judge = Referee.start()
    yield judge
    judge.stop()


few = settings(
    max_examples=EXAMPLES,
    # Without shrinking: each step asks for 25 calls again, and the message of a failure shows the one call.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

# --- the world -------------------------------------------------------------------------------------------------------

_AT = f"us-east-1:{ACCOUNT}"
_NAMES: Final = ("orders", "orders-dev", "invoices", "a1", "deployer", "team-a")
_TEMPLATES: Final = {
    "lambda:InvokeFunction": [f"arn:aws:lambda:{_AT}:function:{{}}", f"arn:aws:lambda:{_AT}:function:{{}}:live"],
    "lambda:GetFunction": [f"arn:aws:lambda:{_AT}:function:{{}}", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{{}}"],
    "lambda:CreateFunction": [f"arn:aws:lambda:{_AT}:function:{{}}"],
    "s3:GetObject": [
        "arn:aws:s3:::{}/key",
        "arn:aws:s3:::{}/a/b:c",
        "arn:aws:s3:::{}/${{}}$",
        "arn:aws:s3:::{}/x y+[1]",
    ],
    "s3:PutObject": ["arn:aws:s3:::{}/key"],
    "s3:ListBucket": ["arn:aws:s3:::{}"],
    "sqs:SendMessage": [f"arn:aws:sqs:{_AT}:{{}}"],
    "dynamodb:GetItem": [f"arn:aws:dynamodb:{_AT}:table/{{}}"],
    "iam:PassRole": [f"arn:aws:iam::{ACCOUNT}:role/{{}}", f"arn:aws:iam::{ACCOUNT}:role/ci/{{}}"],
    "iam:CreateRole": [f"arn:aws:iam::{ACCOUNT}:role/{{}}"],
    "ec2:DescribeVpcs": ["*"],
    "s3:ListAllMyBuckets": ["*"],
}
ARNS: Final = {
    action: sorted({template.format(name) for template in templates for name in _NAMES})
    for action, templates in _TEMPLATES.items()
}
_CONTEXTS: Final = {
    "aws:RequestedRegion": ["us-east-1", "eu-west-1"],
    "aws:username": ["deployer", "orders"],
    "aws:PrincipalTag/team": ["team-a", "orders-dev", "*"],
    "aws:SourceIp": ["10.0.0.1", "10.1.2.3", "203.0.113.9", "2001:db8::1"],
    "aws:CurrentTime": ["2026-11-24T08:00:00Z", "2026-01-01T00:00:00Z"],
    "aws:MultiFactorAuthAge": ["0", "300", "3600"],
    "aws:SecureTransport": ["true", "false"],
    "aws:PrincipalArn": [PRINCIPAL, f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"],
    "aws:CalledVia": [["cloudformation.amazonaws.com"], ["athena.amazonaws.com", "cloudformation.amazonaws.com"]],
    "iam:PassedToService": ["lambda.amazonaws.com", "ec2.amazonaws.com"],
    "iam:PermissionsBoundary": [f"arn:aws:iam::{ACCOUNT}:policy/edge", f"arn:aws:iam::{ACCOUNT}:policy/other"],
}
_OF_ONE_ACTION: Final = {"iam:PassedToService": "iam:PassRole", "iam:PermissionsBoundary": "iam:CreateRole"}
"""Keys that AWS has for one of the actions here alone."""

_KEYS_OF: Final = {
    "string": [*(key for key in _CONTEXTS if key not in ("aws:CalledVia", "aws:SourceIp"))],
    "arn": ["aws:PrincipalArn", "iam:PermissionsBoundary"],
    "numeric": ["aws:MultiFactorAuthAge"],
    "date": ["aws:CurrentTime"],
    "bool": ["aws:SecureTransport"],
    "ip": ["aws:SourceIp"],
}
_VALUES_OF: Final = {
    "string": [*_NAMES, "us-east-1", "lambda.amazonaws.com", "*.amazonaws.com", "orders*", "t??m-a", "Team-A", "*",
               "${aws:username}", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'orders'}", "${*}", "true"],
    "arn": [PRINCIPAL, f"arn:aws:iam::{ACCOUNT}:*", f"arn:aws:iam::{ACCOUNT}:role/*", "arn:aws:iam::*:policy/edge",
            f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"],
    "numeric": ["0", "299", "300", "3600.0", "-1"],
    "date": ["2026-11-24T08:00:00Z", "2026-06-01T00:00:00Z", "2025-01-01T00:00:00Z"],
    "bool": ["true", "false"],
    "ip": ["10.0.0.0/8", "10.0.0.1", "203.0.113.0/24", "2001:db8::/32", "128.0.0.0/1"],
}  # fmt: skip
_SORTS: Final = {"string": "string", "arn": "arn", "numeric": "numeric", "date": "date", "bool": "bool",
                 "ipaddress": "ip", "notipaddress": "ip"}  # fmt: skip


def _sort(operator: str) -> str | None:
    return next((sort for prefix, sort in _SORTS.items() if operator.lower().startswith(prefix)), None)


SPELLED: Final = [
    *(f"String{name}" for name in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase")),
    *(f"String{name}" for name in ("Like", "NotLike")),
    *(f"Arn{name}" for name in ("Equals", "NotEquals", "Like", "NotLike")),
    *(f"{sort}{name}" for sort in ("Numeric", "Date")
      for name in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")),
    "Bool", "IpAddress", "NotIpAddress",
]  # fmt: skip


def test_every_operator_is_tried_but_one():
    """BinaryEquals compares a text with a text, and no key of these services holds any."""
    assert {name.lower() for name in SPELLED} == OPERATORS.keys() - {"binaryequals"}


def _items(operators: list[str], keys: list[str], values: list[str]) -> st.SearchStrategy[tuple[str, str, tuple]]:
    several = st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(sorted).map(tuple)
    return st.tuples(st.sampled_from(operators), st.sampled_from(keys), several)


_plain = st.sampled_from(sorted(_KEYS_OF)).flatmap(
    lambda sort: _items(
        [f"{name}{end}" for name in SPELLED if _sort(name) == sort for end in ("", "", "IfExists")],
        _KEYS_OF[sort],
        _VALUES_OF[sort],
    )
)
_null = _items(["Null"], list(_CONTEXTS), ["true", "false"])
_quantified = _items(
    [f"{which}:{name}" for which in ("ForAnyValue", "ForAllValues") for name in SPELLED if _sort(name) == "string"],
    ["aws:CalledVia"],
    ["cloudformation.amazonaws.com", "athena.amazonaws.com", "*.amazonaws.com", "CloudFormation.amazonaws.com"],
)


def _block(items: list[tuple[str, str, tuple[str, ...]]]) -> Conditions:
    return Conditions(
        tuple(sorted({(operator, key): (operator, key, texts) for operator, key, texts in items}.values()))
    )


blocks = st.lists(st.one_of(_plain, _plain, _plain, _null, _quantified), max_size=2).map(_block)
no_block = st.just(Conditions())

_action_patterns = st.sampled_from(
    [*ARNS, "*", "lambda:*", "s3:*Object", "S3:getobject", "iam:*Role", "ec2:Describe*", "s3:List?*"]
)
_plain_patterns = [
    "*", "arn:aws:s3:::*", "arn:aws:s3:::orders*", "arn:aws:s3:::*/key", "arn:aws:s3:::orders/*", "arn:*",
    "arn:aws:s3:::orders/a/*:c", "arn:aws:s3:::orders/${$}{}${$}",
    f"arn:aws:lambda:{_AT}:function:*", f"arn:aws:lambda:{_AT}:function:orders*",
    f"arn:aws:lambda:*:{ACCOUNT}:function:*", f"arn:aws:lambda:{_AT}:function:orders*live",
    f"arn:aws:lambda:{_AT}:function:*s:live", f"arn:aws:lambda:{_AT}:*",
    f"arn:aws:lambda:{_AT}:function:*o*r*e*", f"arn:aws:*:*:{ACCOUNT}:*", f"arn:aws:iam::{ACCOUNT}:role/*",
    f"arn:aws:iam::{ACCOUNT}:role/?1", f"arn:aws:sqs:us-east-?:{ACCOUNT}:*", f"arn:aws:dynamodb:{_AT}:table/orders?dev",
]  # fmt: skip
_variable_patterns = [
    "arn:aws:s3:::${aws:username}/*", f"arn:aws:iam::{ACCOUNT}:role/${{aws:PrincipalTag/team}}",
    f"arn:aws:lambda:${{aws:RequestedRegion}}:{ACCOUNT}:function:*",
    "arn:aws:s3:::${aws:PrincipalTag/team, 'orders'}/key",
]  # fmt: skip
_exact = sorted({arn for arns in ARNS.values() for arn in arns if "$" not in arn})


@st.composite
def statements(draw: st.DrawFn, *, unconditional: bool = False) -> Statement:
    """A statement of this world; lists name more often than they leave out."""
    patterns = _plain_patterns if unconditional else [*_plain_patterns, *_variable_patterns]
    negated = st.sampled_from([False] * 4 + [True])
    resources = st.sampled_from(patterns) | st.sampled_from(_exact)
    return Statement(
        effect=draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        conditions=draw(no_block if unconditional else no_block | blocks),
        **{
            "not_actions" if draw(negated) else "actions": tuple(
                draw(st.lists(_action_patterns, min_size=1, max_size=3, unique=True))
            ),
            "not_resources" if draw(negated) else "resources": tuple(
                draw(st.lists(resources, min_size=1, max_size=3, unique=True))
            ),
        },
    )


def policies(*, unconditional: bool = False) -> st.SearchStrategy[Policy]:
    return st.lists(statements(unconditional=unconditional), min_size=1, max_size=5).map(
        lambda found: Policy(tuple(found))
    )


@st.composite
def calls(draw: st.DrawFn, *, bare: bool = False) -> Call:
    """A call; of the keys some are there and some are not."""
    action = draw(st.sampled_from(sorted(ARNS)))
    keys = [key for key in _CONTEXTS if _OF_ONE_ACTION.get(key, action) == action]
    present = () if bare else draw(st.lists(st.sampled_from(keys), max_size=6, unique=True))
    context = {key: draw(st.sampled_from(_CONTEXTS[key])) for key in sorted(present)}
    return Call(action, draw(st.sampled_from(ARNS[action])), context)


def several(one: st.SearchStrategy[Call]) -> st.SearchStrategy[list[Call]]:
    return st.lists(one, min_size=CALLS, max_size=CALLS)


# --- the laws --------------------------------------------------------------------------------------------------------


def explained(policy: Policy, call: Call) -> bool:
    """Whether the two are known to read an element of the policy differently, in a call like this.

    - NotResource, or the opposite of a comparison, with a variable that has no value in the call. AWS: "the value is
      effectively null. There is no equal or like value"
      (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html). So no resource is named by
      it, and all are left; no value is like it, and StringNotLike holds. The other one takes such a statement for void.
    - NotResource with an ARN that is cut short (`arn:*`), and a call that is checked on no resource. No ARN pattern
      names `*`, so the statement is about the call. The other one takes it for void here, and not with whole ARNs.
    """
    facts = Facts.of_request(call.context)
    left_out = [text for statement in policy.statements for text in statement.not_resources]
    negated = [
        text
        for statement in policy.statements
        for operator, _, texts in statement.conditions.items
        if "Not" in operator
        for text in texts
    ]
    return any(facts.resolved(text) is None for text in (*left_out, *negated)) or (
        call.resource == "*" and "arn:*" in left_out
    )


def test_the_evaluator_agrees(referee: Referee):
    judged = 0

    @few
    @given(policies(), several(calls()))
    def agrees(policy: Policy, asked: list[Call]) -> None:
        nonlocal judged
        plain, careful = Evaluator(policy, careful=False), Evaluator(policy)
        for call, answer in zip(asked, referee.decide([policy], asked), strict=True):
            judged += 1
            mine = plain.decide(call)
            assert mine is answer or explained(policy, call), (policy.to_dict(), call, mine, answer)
            assert careful.decide(call) is not Decision.ALLOWED or mine is Decision.ALLOWED, (policy.to_dict(), call)

    agrees()
    assert judged >= 5_000


@few
@given(policies(unconditional=True), several(calls(bare=True)))
def test_check_agrees_where_nothing_hangs_on_conditions(referee: Referee, policy: Policy, asked: list[Call]):
    """Check asks about permissions, and one on `*` is on every resource: an Allow with a NotResource is not enough for
    it, though the call of a star-only action is checked on none.
    """
    missing = set(lacking([policy], map(_permission, asked))[0])
    careful = Evaluator(policy)
    for call, answer in zip(asked, referee.decide([policy], asked), strict=True):
        allowed = _permission(call) not in missing
        expected = careful.decide(call) is Decision.ALLOWED
        assert allowed is expected or (expected and call.resource == "*"), (policy.to_dict(), call)
        assert not allowed or answer is Decision.ALLOWED or explained(policy, call), (policy.to_dict(), call)


@few
@given(policies(), several(calls()))
def test_check_allows_nothing_that_the_other_refuses(referee: Referee, policy: Policy, asked: list[Call]):
    """Check knows of a call what its trace tells: the condition keys that it holds, who called, and where."""
    known = [_with_what_is_known(call) for call in asked]
    missing = set(lacking([policy], map(_permission, known))[0])
    for call, answer in zip(known, referee.decide([policy], known), strict=True):
        if _permission(call) not in missing:
            assert answer is Decision.ALLOWED, (policy.to_dict(), call)


_ROLE: Final = ARNS["iam:PassRole"][0]
_TWO_KEYS: Final = ("iam:PassedToService", "aws:PrincipalTag/team")
_PASSING: Final = [
    Call("iam:PassRole", _ROLE, {key: value for key, value in zip(_TWO_KEYS, values, strict=True) if value})
    for values in itertools.product(*(("", *_CONTEXTS[key]) for key in _TWO_KEYS))
]
"""With each value of both keys, and without."""

_alike = st.lists(
    _items(
        [
            "StringEquals",
            "StringEquals",
            "StringLike",
            "StringNotEquals",
            "StringEqualsIfExists",
            "StringNotLikeIfExists",
        ],
        ["iam:PassedToService", "aws:PrincipalTag/team"],
        ["lambda.amazonaws.com", "ec2.amazonaws.com", "*.amazonaws.com", "team-a", "orders*"],
    ),
    min_size=1,
    max_size=2,
).map(_block)


@few
@given(st.lists(_alike, min_size=2, max_size=5))
def test_conditions_that_were_joined_say_what_they_said(referee: Referee, blocks: list[Conditions]):
    """`build` writes one statement for several whose conditions differ in the values of one key alone."""
    alone = [Statement(actions=("iam:PassRole",), resources=(_ROLE,), conditions=block) for block in blocks]
    together = build(Grant(Action("iam:PassRole"), ArnPattern(_ROLE), block) for block in blocks)
    before, after = Policy(tuple(alone)), Policy(together)
    assert referee.decide([after], _PASSING) == referee.decide([before], _PASSING)
    assert list(map(Evaluator(after).decide, _PASSING)) == list(map(Evaluator(before).decide, _PASSING))
    assert not diff(before, after)


def _with_what_is_known(call: Call) -> Call:
    single = {key: value for key, value in call.context.items() if isinstance(value, str)}
    region = call.resource.split(":")[3] if call.resource != "*" else ""
    told = {"aws:PrincipalArn": PRINCIPAL, "aws:username": "deployer"} | (
        {"aws:RequestedRegion": region} if region else {}
    )
    return Call(call.action, call.resource, single | told)


def _permission(call: Call) -> Permission:
    own = {key: value for key, value in call.context.items() if key in _OF_ONE_ACTION}
    conditions = Conditions(tuple(sorted(("StringEquals", key, (str(value),)) for key, value in own.items())))
    resource = ArnPattern("*") if call.resource == "*" else ArnPattern.exactly(call.resource)
    return Permission(Section.DEPLOYER, PRINCIPAL, Action(call.action), resource, conditions)


# --- what tracer itself writes ---------------------------------------------------------------------------------------

_UNSURE: Final = "apigateway:"
"""Several resource types of API Gateway have two ARN formats in one text in the other's data, so that it takes neither
for valid: whether action and resource fit is not asked of it there."""


@pytest.mark.parametrize("merge", ["extend", "tighten", "observed"])
@pytest.mark.parametrize("lifecycle", [False, True], ids=["", "lifecycle"])
@pytest.mark.parametrize("run", of_each_run())
def test_what_a_run_needs_is_allowed_by_the_other_too(
    referee: Referee, run: Foreseen, merge: str, lifecycle: bool, tmp_path: Path
):
    """`emit` proves its policies with tracer's own check; here each permission is asked of the other as a call."""
    trace = tracer.trace(run.records(tmp_path), principal=PRINCIPAL, lifecycle=lifecycle)
    draft = tracer.draft(trace, merge=merge)
    needed = [used.permission for used in trace.permissions if used.permission.section is Section.DEPLOYER]
    documents = [document.policy for document in draft.documents if document.section is Section.DEPLOYER]
    evaluator = Evaluator(documents)
    for permission in needed:
        call = _sample(permission)
        unchecked = call.action.startswith(_UNSURE)
        assert referee.decide(documents, [call], unchecked=unchecked) == [Decision.ALLOWED], call
        assert evaluator.decide(call) is Decision.ALLOWED
    elsewhere = [_moved(_sample(permission)) for permission in needed if not permission.resource.is_star]
    theirs = referee.decide(documents, elsewhere, unchecked=True)
    assert [evaluator.decide(call) for call in elsewhere] == theirs
    assert Decision.ALLOWED not in theirs


def _sample(permission: Permission) -> Call:
    """A call that the permission stands for."""
    text = permission.resource.text
    resource = text if text == "*" else text.replace("*", "a1b2c3").replace("?", "x")
    context = {key: values[0] for _, key, values in permission.conditions.items}
    return Call(permission.action.text, resource, context)


def _moved(call: Call) -> Call:
    """The same call in another account, region, or on a bucket of another name."""
    head, _, rest = call.resource.partition(":::")
    if rest:
        return Call(call.action, f"{head}:::another-{rest}", call.context)
    moved = call.resource.replace(ACCOUNT, "999999999999").replace("us-east-1", "ap-south-1")
    return Call(call.action, moved, call.context)

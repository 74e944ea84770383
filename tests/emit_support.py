"""What the tests of emit share: permissions and traces in one line, a small world for Hypothesis, and an evaluator.

The evaluator decides concrete requests as IAM's documentation says, by regular expressions over whole ARNs. It knows
nothing of tracer's containment of patterns, so that one can be held against the other.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from hypothesis import strategies as st

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission
from tracer.model.policy import Conditions, Policy, Statement
from tracer.model.trace import RunFacts, Trace

ACCOUNT: Final = "123456789012"
DEPLOYER: Final = f"arn:aws:iam::{ACCOUNT}:user/deployer"
FUNCTION_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/orders-dev-us-east-1-lambdaRole"
RUN: Final = RunFacts(
    principals=(DEPLOYER,), accounts=(ACCOUNT,), regions=("us-east-1",), service="orders", stage="dev"
)
PASSED_TO_LAMBDA: Final = Conditions.of("StringEquals", "iam:PassedToService", "lambda.amazonaws.com")


def permission(action: str, resource: str = "*", conditions: Conditions | None = None, **fields: object) -> Permission:
    """The deployer's permission, unless `fields` say otherwise."""
    line = Permission(Section.DEPLOYER, DEPLOYER, Action(action), ArnPattern(resource), conditions or Conditions())
    return replace(line, **fields)


def used(action: str, resource: str = "*", conditions: Conditions | None = None, **fields: object) -> UsedPermission:
    """A permission with the evidence of one call."""
    return evidenced(permission(action, resource, conditions, **fields))


def evidenced(needed: Permission) -> UsedPermission:
    """`needed`, seen once."""
    time = "2026-11-24T08:00:00Z"
    return UsedPermission(needed, Evidence(1, time, time, (f"{needed.action}@{needed.resource}",)))


def trace_of(*lines: UsedPermission, run: RunFacts = RUN) -> Trace:
    """A trace of these permissions."""
    return Trace(run=run, permissions=lines)


def allow(actions: str | Iterable[str], resources: str | Iterable[str] = "*", **fields: object) -> Statement:
    """An Allow, or with effect="Deny" a Deny."""
    return Statement(actions=_tuple(actions), resources=_tuple(resources), **fields)


def _tuple(texts: str | Iterable[str]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


# The evaluator ------------------------------------------------------------------------------------------------------


class Request(NamedTuple):
    """One call as IAM sees it; `passed_to` is the value of iam:PassedToService, or None."""

    action: str
    arn: str
    passed_to: str | None


def allows(policies: Iterable[Policy], request: Request) -> bool:
    """An explicit Deny beats an Allow, and an Allow is needed."""
    effects = {one.effect for policy in policies for one in policy.statements if _applies(one, request)}
    return effects == {"Allow"}


def needs(line: Permission, request: Request) -> bool:
    """Whether `request` is one of the calls that the permission stands for."""
    same = line.action.text.lower() == request.action.lower()
    return same and _matches(line.resource.text, request.arn) and _holds(line.conditions, request)


def _applies(statement: Statement, request: Request) -> bool:
    action = request.action.lower()
    if statement.not_actions:
        actions = not any(_matches(text.lower(), action) for text in statement.not_actions)
    else:
        actions = any(_matches(text.lower(), action) for text in statement.actions)
    if statement.not_resources:
        resources = not any(_matches(text, request.arn) for text in statement.not_resources)
    else:
        resources = any(_matches(text, request.arn) for text in statement.resources)
    return actions and resources and _holds(statement.conditions, request)


@functools.cache
def _matches(pattern: str, text: str) -> bool:
    regex = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _holds(conditions: Conditions, request: Request) -> bool:
    """iam:PassedToService is the only key here: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html."""
    for operator, _, values in conditions.items:
        if operator == "StringEquals" and request.passed_to not in values:
            return False
        if operator == "StringNotEquals" and request.passed_to in values:
            return False
    return True


# The small world ----------------------------------------------------------------------------------------------------

_FUNCTIONS: Final = ("a", "ab", "b", "a:1", "ab:1", "a*", "*b", "?", "*", "a:*", "a*b")
_KEYS: Final = ("a", "ab", "a/k", "ab/k", "b/a/k", "a*", "a/*", "*", "*/k", "a?")
_REGIONS: Final = ("us-east-1", "eu-west-1", "*")

_lambda_arns = [f"arn:aws:lambda:{region}:1:function:{name}" for region in _REGIONS for name in _FUNCTIONS]
_s3_arns = [f"arn:aws:s3:::{key}" for key in _KEYS]
_role_arns = [f"arn:aws:iam::1:role/{name}" for name in ("a", "ab", "a*", "*")]
_ON: Final = {
    "lambda:GetFunction": _lambda_arns,
    "lambda:CreateFunction": _lambda_arns,
    "lambda:InvokeFunction": _lambda_arns,
    "s3:GetObject": _s3_arns,
    "s3:PutObject": _s3_arns,
    "iam:PassRole": _role_arns,
    "ec2:DescribeVpcs": ["*"],
    "ec2:DescribeSubnets": ["*"],
}
_PASSED: Final = ("lambda.amazonaws.com", "events.amazonaws.com")

REQUESTS: Final = tuple(
    Request(action, arn, passed)
    for action, arns in _ON.items()
    for arn in arns
    if arn == "*" or not set("*?") & set(arn)
    for passed in ((None, *_PASSED) if action == "iam:PassRole" else (None,))
)
"""Every concrete call of the small world."""

conditions = st.sampled_from(
    [
        Conditions(),
        Conditions(),
        Conditions.of("StringEquals", "iam:PassedToService", _PASSED[0]),
        Conditions.of("StringEquals", "iam:PassedToService", *_PASSED),
        Conditions.of("StringNotEquals", "iam:PassedToService", _PASSED[1]),
    ]
)


@st.composite
def permissions(draw: st.DrawFn, principal: str = DEPLOYER) -> Permission:
    """A permission of the small world."""
    action = draw(st.sampled_from(sorted(_ON)))
    return permission(
        action,
        draw(st.sampled_from([*_ON[action], "*"])),
        draw(conditions) if action == "iam:PassRole" else None,
        basis=draw(st.sampled_from(Basis)),
        principal=principal,
    )


needed = st.lists(permissions(), max_size=8)
"""What a run needed."""

_action_patterns = st.sampled_from(
    [*_ON, "*", "lambda:*", "lambda:Get*", "LAMBDA:?etfunction", "s3:*", "ec2:Describe*"]
)
_resource_patterns = st.sampled_from([*_lambda_arns, *_s3_arns, *_role_arns, "*", "arn:aws:s3:::*", "arn:aws:*"])
_lists = {
    element: st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)
    for element, values in (("action", _action_patterns), ("resource", _resource_patterns))
}


@st.composite
def statements(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Allow", "Allow", "Deny")) -> Statement:
    """A statement of the small world; a list is more often of what it names than of what it leaves out."""
    negated = st.sampled_from([False, False, False, True])
    return Statement(
        effect=draw(st.sampled_from(effects)),
        conditions=draw(conditions),
        **{"not_actions" if draw(negated) else "actions": draw(_lists["action"])},
        **{"not_resources" if draw(negated) else "resources": draw(_lists["resource"])},
    )


baselines = st.lists(statements(), max_size=4, unique=True)
"""The statements of a baseline, Denies and negations among them."""

permissive_baselines = st.lists(statements(effects=("Allow",)), max_size=4, unique=True)
"""The statements of a baseline without a Deny."""


def brute_strings(alphabet: str, longest: int) -> list[str]:
    """Every string over `alphabet` of at most `longest` signs."""
    return ["".join(signs) for size in range(longest + 1) for signs in itertools.product(alphabet, repeat=size)]

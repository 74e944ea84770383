"""`Evaluator`: would IAM allow this call? Policies and a concrete request in, a decision out.

Where `check` asks whether a policy holds all that a permission stands for, this asks about one call, with its action,
its ARN and the whole context of the request, as IAM itself does: an explicit Deny wins, else an Allow is needed
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html). Only
identity policies are looked at; no boundary, no service control policy and no resource policy.

Statements are kept by action, and the resources of each as one regular expression, so that millions of calls are judged
in seconds. Two things AWS does not state, and what is not sure is not allowed: whether a wildcard inside an ARN segment
passes a colon, and what a NotResource says whose variable has no value.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from tracer.emit.conditions import Facts, holds, refuse_unknown
from tracer.emit.grants import parsed_action
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.policy import VERSION, Conditions, Policy, Statement

Matcher = Callable[[str], object]
"""Whether a resource is matched: what comes back is true or false by its truth."""

_PARTS: Final = 6
_MOST_STARS: Final = 2
"""A pattern with more stars than this is not made a regular expression: the time that one takes grows with the length
of the text to the power of their number, and both can come from a log."""

_PIECE: Final = re.compile(r"\$\{([*?$])\}|([*?]+)|(.)", re.DOTALL)


class Decision(StrEnum):
    """What IAM says."""

    ALLOWED = "allowed"
    DENIED = "denied"
    """A Deny says so."""
    NOT_ALLOWED = "not allowed"
    """No Allow says so."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        action: the action, without wildcards.
        resource: the ARN that it is checked on; `*` where AWS checks none.
        context: the request's context keys with their values, in any case; a key that is not named is absent.
    """

    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How what AWS does not state is read.

    Attributes:
        named: whether a wildcard inside a segment of a Resource passes a colon.
        left_out: the same of a NotResource.
        void: whether a NotResource whose variable has no value makes its statement void.
    """

    named: bool
    left_out: bool
    void: bool


_LEAST: Final = _Reading(named=False, left_out=True, void=True)
_MOST: Final = _Reading(named=True, left_out=False, void=False)
_PLAIN: Final = _Reading(named=True, left_out=True, void=False)


class Evaluator:
    """The identity policies of one principal, together.

    Args:
        policies: a policy or several.
        careful: read what AWS does not state so that the least is allowed; else a wildcard passes colons wherever it
            stands, and a variable without a value matches nothing.

    Raises:
        UsageError: a policy holds an Action that is none, or a condition operator that is unknown.
    """

    __slots__ = ("_allows", "_by_action", "_denies", "_statements")

    def __init__(self, policies: Policy | Iterable[Policy], *, careful: bool = True) -> None:
        policies = (policies,) if isinstance(policies, Policy) else tuple(policies)
        self._allows, self._denies = (_LEAST, _MOST) if careful else (_PLAIN, _PLAIN)
        self._statements = tuple(
            statement if policy.version == VERSION else _without_variables(statement)
            for policy in policies
            for statement in policy.statements
        )
        refuse_unknown(self._statements)
        for statement in self._statements:
            for text in (*statement.actions, *statement.not_actions):
                parsed_action(text)
        self._by_action: dict[str, tuple[Statement, ...]] = {}

    def decide(self, call: Call) -> Decision:
        """The decision about one call."""
        allow, deny = self._matchers(call.action, Facts.of_request(call.context))
        if deny(call.resource):
            return Decision.DENIED
        return Decision.ALLOWED if allow(call.resource) else Decision.NOT_ALLOWED

    def allowed(
        self, pairs: Iterable[tuple[str, str]], context: Mapping[str, str | Sequence[str]] | None = None
    ) -> list[bool]:
        """For each (action, ARN), whether it is allowed; all calls have the same `context`."""
        answers = _Answers(self, Facts.of_request(context or {}))
        return [bool(answers[action](resource)) for action, resource in pairs]

    def matcher(self, action: str, facts: Facts) -> Matcher:
        """Which resources `action` is allowed on, in a context that is known beforehand."""
        allow, deny = self._matchers(action, facts)
        return allow if deny is _nothing else lambda resource: allow(resource) and not deny(resource)

    def _matchers(self, action: str, facts: Facts) -> tuple[Matcher, Matcher]:
        """The resources that the Allows are about, and those of the Denies."""
        applying = [one for one in self._about(action) if holds(one.conditions, facts) is True]
        allows = [one for one in applying if one.effect == "Allow"]
        denies = [one for one in applying if one.effect == "Deny"]
        return _of(allows, facts, self._allows), _of(denies, facts, self._denies)

    def _about(self, action: str) -> tuple[Statement, ...]:
        """The statements whose Action or NotAction is about `action`."""
        key = action.lower()
        if key not in self._by_action:
            asked = parsed_action(action)
            self._by_action[key] = tuple(one for one in self._statements if _is_about(one, asked))
        return self._by_action[key]


class _Answers(dict[str, Matcher]):
    """Each action's matcher, made when it is first asked for."""

    def __init__(self, evaluator: Evaluator, facts: Facts) -> None:
        super().__init__()
        self._evaluator, self._facts = evaluator, facts

    def __missing__(self, action: str) -> Matcher:
        self[action] = matcher = self._evaluator.matcher(action, self._facts)
        return matcher


def _without_variables(statement: Statement) -> Statement:
    """A statement of the old version of the language, to which `${aws:username}` is a text like any other
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html).
    """

    def literal(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(text.replace("${", "${$}{") for text in texts)

    return replace(
        statement,
        resources=literal(statement.resources),
        not_resources=literal(statement.not_resources),
        conditions=Conditions(
            tuple((operator, key, literal(texts)) for operator, key, texts in statement.conditions.items)
        ),
    )


def _is_about(statement: Statement, action: Action) -> bool:
    texts = statement.actions or statement.not_actions
    return any(parsed_action(text).covers(action) for text in texts) != bool(statement.not_actions)


def _of(statements: Iterable[Statement], facts: Facts, reading: _Reading) -> Matcher:
    """The resources that one of `statements` is about."""
    named: list[str] = []
    matchers: list[Matcher] = []
    for statement in statements:
        texts = [_resolved(text, facts) for text in statement.resources or statement.not_resources]
        known = tuple(text for text in texts if text is not None)
        if statement.resources:
            named += known
        elif len(known) == len(texts) or not reading.void:
            matchers.append(_outside(matching(known, spanning=reading.left_out)))
    if named:
        matchers.append(matching(tuple(dict.fromkeys(named)), spanning=reading.named))
    match matchers:
        case []:
            return _nothing
        case [only]:
            return only
        case _:
            return lambda resource: any(matcher(resource) for matcher in matchers)


def _resolved(text: str, facts: Facts) -> str | None:
    """A pattern with its variables' values in place; None where it names nothing.

    "You can't use a variable to replace parts of the ARN before the fifth colon"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse).
    """
    *head, _ = ArnPattern(text).segments
    return None if any("${" in part for part in head) else facts.resolved(text)


def _outside(matcher: Matcher) -> Matcher:
    return lambda resource: not matcher(resource)


def _nothing(_: str) -> bool:
    return False


def _everything(_: str) -> bool:
    return True


@functools.lru_cache(maxsize=4096)
def matching(texts: tuple[str, ...], *, spanning: bool) -> Matcher:
    """Which resources one of the patterns `texts` matches; as `ArnPattern.covers` says, and quicker.

    Args:
        texts: patterns without policy variables.
        spanning: how to read a wildcard inside a segment, as in `ArnPattern.covers`.
    """
    if "*" in texts:
        return _everything
    patterns = [pattern for pattern in map(ArnPattern, texts) if len(pattern.segments) == _PARTS]
    slow = [pattern for pattern in patterns if max(part.count("*") for part in pattern.segments) > _MOST_STARS]
    expressions = [_expression(pattern, spanning=spanning) for pattern in patterns if pattern not in slow]
    quick: Matcher = re.compile("|".join(expressions), re.DOTALL).fullmatch if expressions else _nothing
    if not slow:
        return quick
    return lambda resource: (
        quick(resource) or any(pattern.covers(ArnPattern.exactly(resource), spanning=spanning) for pattern in slow)
    )


def _expression(pattern: ArnPattern, *, spanning: bool) -> str:
    """The regular expression for a pattern of six parts."""
    *head, resource = pattern.segments
    parts = [_part(text, ends="[^:]", inside="[^:]") for text in head]
    return ":".join((*parts, _part(resource, ends=".", inside="." if spanning else "[^:]")))


def _part(text: str, *, ends: str, inside: str) -> str:
    """The regular expression for one part.

    Args:
        text: the pattern's part.
        ends: what a star that ends a segment stands for, once or more or never.
        inside: what all other wildcards stand for.
    """
    pieces = []
    for match in _PIECE.finditer(text):
        escaped, wildcards, character = match.groups()
        if not wildcards:
            pieces.append(re.escape(escaped or character))
        elif "*" in wildcards:
            ends_segment = match.end() == len(text) or text[match.end()] == ":"
            pieces.append(f"{ends if ends_segment else inside}{{{wildcards.count('?')},}}")
        else:
            pieces.append(inside * len(wildcards))
    return "".join(pieces)

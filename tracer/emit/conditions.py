"""Condition blocks, decided: what a policy demands and what is known of a call in, yes, no or unknown out.

The operators are a table, one row each, as AWS describes them
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html). One that the
table does not have is an error, never a pass: a policy that means something unknown cannot be judged.

A call may be known in whole (a request with all its context keys) or in part: of a trace's permission only the
conditions that the trace holds are known, and what its ARN and its principal say. So an answer is one of three, and it
is the caller's to be careful: an Allow needs a yes, a Deny is out of the way only with a no.
"""

from __future__ import annotations

import ipaddress
import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from tracer.errors import UsageError
from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import escape, glob_covers, has_wildcard, unescape
from tracer.model.policy import Conditions, Statement

_QUANTIFIED: Final = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_VARIABLE: Final = re.compile(r"\$\{([^}*?$][^}]*)\}")
_DEFAULT: Final = re.compile(r"\s*([^,]+?)\s*(?:,\s*'([^']*)'\s*)?")

_Matches = Callable[[str, str], bool]
"""(the policy's value, the call's value) -> whether they match."""


# --- the operators ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    Attributes:
        matches: whether a value of the policy and one of the call match.
        negated: whether it demands that no value matches.
        variables: whether its values may hold policy variables: "in string comparisons", and ARNs are such
            (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
    """

    matches: _Matches
    negated: bool = False
    variables: bool = False


def _like(pattern: str, value: str) -> bool:
    return glob_covers(pattern, escape(value))


def _equal(text: str, value: str) -> bool:
    return unescape(text) == value


def _equal_without_case(text: str, value: str) -> bool:
    return unescape(text).lower() == value.lower()


def _arn_like(pattern: str, value: str) -> bool:
    """Part by part, with wildcards in each: ArnEquals and ArnLike "behave identically"."""
    return Arn.find(value) is not None and ArnPattern(pattern).covers(ArnPattern.exactly(value), spanning=True)


def _compared(read: Callable[[str], float | None], holds: Callable[[float, float], bool]) -> _Matches:
    """A comparison of numbers or dates; what is none matches nothing."""

    def matches(text: str, value: str) -> bool:
        limit, given = read(text), read(value)
        return limit is not None and given is not None and holds(given, limit)

    return matches


def _number(text: str) -> float | None:
    """An integer or a decimal; what else Python takes for a number (`nan`, `1e3`) is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str) -> float | None:
    """A date in ISO 8601, UTC where it names no zone, or in seconds since 1970."""
    if (seconds := _number(text)) is not None:
        return seconds
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _within(network: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "Equals": lambda given, limit: given == limit,
    "LessThan": lambda given, limit: given < limit,
    "LessThanEquals": lambda given, limit: given <= limit,
    "GreaterThan": lambda given, limit: given > limit,
    "GreaterThanEquals": lambda given, limit: given >= limit,
}

OPERATORS: Final[Mapping[str, Operator]] = {
    name.lower(): operator
    for name, operator in {
        "StringEquals": Operator(_equal, variables=True),
        "StringNotEquals": Operator(_equal, negated=True, variables=True),
        "StringEqualsIgnoreCase": Operator(_equal_without_case, variables=True),
        "StringNotEqualsIgnoreCase": Operator(_equal_without_case, negated=True, variables=True),
        "StringLike": Operator(_like, variables=True),
        "StringNotLike": Operator(_like, negated=True, variables=True),
        "ArnEquals": Operator(_arn_like, variables=True),
        "ArnLike": Operator(_arn_like, variables=True),
        "ArnNotEquals": Operator(_arn_like, negated=True, variables=True),
        "ArnNotLike": Operator(_arn_like, negated=True, variables=True),
        "Bool": Operator(lambda text, value: text.lower() == value.lower()),
        "BinaryEquals": Operator(lambda text, value: text == value),
        "IpAddress": Operator(_within),
        "NotIpAddress": Operator(_within, negated=True),
        "NumericNotEquals": Operator(_compared(_number, _COMPARISONS["Equals"]), negated=True),
        "DateNotEquals": Operator(_compared(_moment, _COMPARISONS["Equals"]), negated=True),
        **{f"Numeric{name}": Operator(_compared(_number, holds)) for name, holds in _COMPARISONS.items()},
        **{f"Date{name}": Operator(_compared(_moment, holds)) for name, holds in _COMPARISONS.items()},
    }.items()
}
"""By name in lower case. `Null` is not among them: it asks for the key and not for its value."""

_NULL: Final = Operator(_equal_without_case)


@dataclass(frozen=True, slots=True)
class Test:
    """An operator as a policy spells it: `ForAnyValue:StringLikeIfExists`."""

    operator: Operator
    quantifier: str = ""
    """`forallvalues`, `foranyvalue` or nothing."""
    if_exists: bool = False

    def holds(self, texts: Sequence[str], values: Sequence[str]) -> bool:
        """Whether the call's `values` stand the test against the policy's `texts`; no value: the key is absent.

        "If the key that you specify in a policy condition is not present in the request context, the values do not
        match and the condition is false. If the policy condition requires that the key is not matched [...] the
        condition is true". ForAllValues "also returns true if there are no keys in the request".
        """
        if self.operator is _NULL:
            return any(_equal_without_case(text, "false" if values else "true") for text in texts)
        if not values:
            return (
                self.if_exists or self.quantifier == "forallvalues" or (not self.quantifier and self.operator.negated)
            )
        each = [any(self.operator.matches(text, value) for text in texts) != self.operator.negated for value in values]
        return any(each) if self.quantifier == "foranyvalue" else all(each)


def parse(text: str) -> Test:
    """The test that an operator of a Condition block spells.

    Raises:
        UsageError: AWS has no such operator, or this version does not know it.
    """
    match = _QUANTIFIED.fullmatch(text)
    quantifier, name, if_exists = match.groups() if match else (None, "", None)
    if name.lower() == "null" and not quantifier and not if_exists:
        return Test(_NULL)
    operator = OPERATORS.get(name.lower())
    if operator is None:
        raise UsageError(
            f"the policy holds the condition operator {text!r}, which is unknown, so it cannot be judged",
            "correct it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
        )
    return Test(operator, (quantifier or "").lower(), if_exists is not None)


def refuse_unknown(statements: Iterable[Statement]) -> None:
    """Raise UsageError where a statement holds an operator that is unknown, so that none is ever passed over."""
    for statement in statements:
        for operator, _, _ in statement.conditions.items:
            parse(operator)


# --- what is known of a call -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call's context.

    Attributes:
        possible: context key in lower case -> the lists of values that it may have; an empty list: it may be absent.
        whole: whether all is known, so that a key that is not named is absent.
    """

    possible: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    whole: bool = False

    @classmethod
    def of_request(cls, context: Mapping[str, str | Sequence[str]]) -> Facts:
        """All of a request's context."""
        return cls(
            {
                key.lower(): ((values,) if isinstance(values, str) else tuple(values),)
                for key, values in context.items()
            },
            whole=True,
        )

    @classmethod
    def of_grant(cls, resource: ArnPattern, conditions: Conditions, principal: str = "") -> Facts:
        """What the calls that a permission stands for have in common."""
        return cls(_told_by_principal(principal) | _told_by_resource(resource) | _told_by(conditions))

    def values(self, key: str) -> tuple[tuple[str, ...], ...] | None:
        """The lists of values that `key` may have, or None where nothing is known of it."""
        found = self.possible.get(key.lower())
        return found if found is not None else (((),) if self.whole else None)

    def resolved(self, text: str) -> str | None:
        """`text` with the values of its policy variables in place, escaped; None where one is not known, or has none.

        `${key, 'default'}` is the default where the key is absent
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-default-values).
        """
        pieces = []
        end = 0
        for match in _VARIABLE.finditer(text):
            value = self._value(match.group(1))
            if value is None:
                return None
            pieces += [text[end : match.start()], escape(value)]
            end = match.end()
        return "".join((*pieces, text[end:]))

    def _value(self, variable: str) -> str | None:
        match = _DEFAULT.fullmatch(variable)
        if match is None:
            return None
        lists = self.values(match.group(1))
        if lists is None or len(lists) != 1 or len(lists[0]) > 1:
            return None
        return lists[0][0] if lists[0] else match.group(2)


_ONE_OF: Final = frozenset({"stringequals", "arnequals", "bool"})
"""The operators whose values, as alternatives, are all that a call may have had."""


def _told_by(conditions: Conditions) -> dict[str, tuple[tuple[str, ...], ...]]:
    told: dict[str, tuple[tuple[str, ...], ...]] = {}
    for operator, key, values in conditions.items:
        if operator.lower() in _ONE_OF and not any(has_wildcard(value) for value in values):
            told[key.lower()] = tuple((unescape(value),) for value in values)
    return told


def _told_by_resource(resource: ArnPattern) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Region and account of a resource that is in one."""
    parts = resource.segments
    if resource.is_star or len(parts) < 6:
        return {}
    told = {"aws:requestedregion": parts[3], "aws:resourceaccount": parts[4]}
    return {key: ((value,),) for key, value in told.items() if value and not has_wildcard(value)}


def _told_by_principal(principal: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Who calls; of a session the trace names the role, as aws:PrincipalArn does
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    arn = Arn.find(principal)
    if arn is None or arn.service != "iam":
        return {}
    kind, _, path = arn.resource.partition("/")
    told = {"aws:principalarn": principal, "aws:principalaccount": arn.account}
    if kind == "user":
        told["aws:username"] = path.rpartition("/")[2]
    return {key: ((value,),) for key, value in told.items() if value}


# --- alternatives ----------------------------------------------------------------------------------------------------

_ALTERNATIVES: Final = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})
"""Operators whose values are alternatives on a key with one value
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html)."""

_MOST_ALTERNATIVES: Final = 256
"""How many combinations of values are looked at one by one; beyond, the condition is looked at whole."""


def are_alternatives(operator: str) -> bool:
    """Whether a condition with several values under `operator` holds just where it holds with one of them."""
    return operator.removesuffix("IfExists") in _ALTERNATIVES


def alternatives(conditions: Conditions) -> list[Conditions]:
    """Conditions of which one holds where `conditions` hold: with one value each where values are alternatives."""
    choices = [
        [(operator, key, (value,)) for value in values] if are_alternatives(operator) else [(operator, key, values)]
        for operator, key, values in conditions.items
    ]
    if math.prod(map(len, choices)) > _MOST_ALTERNATIVES:
        return [conditions]
    return [Conditions(items) for items in itertools.product(*choices)]


# --- the decision ----------------------------------------------------------------------------------------------------


def holds(conditions: Conditions, facts: Facts) -> bool | None:
    """Whether a block holds for a call of which `facts` are known; None: that depends on what is not known.

    Raises UsageError for an unknown operator.
    """
    answers = {_holds(operator, key, values, facts) for operator, key, values in conditions.items}
    return False if False in answers else None if None in answers else True


def implied(conditions: Conditions, known: Conditions, facts: Facts) -> bool:
    """Whether a block surely holds for every call under the conditions `known`, of which `facts` are known."""
    return all(
        Conditions((item,)).weaker_than(known) or holds(Conditions((item,)), facts) is True for item in conditions.items
    )


def _holds(operator: str, key: str, texts: tuple[str, ...], facts: Facts) -> bool | None:
    test = parse(operator)
    possible = facts.values(key)
    if possible is None:
        return None
    if test.operator.variables:
        resolved = [facts.resolved(text) for text in texts]
        if None in resolved and not facts.whole:
            return None
        # A variable without a value matches nothing.
        texts = tuple(text for text in resolved if text is not None)
    answers = {test.holds(texts, values) for values in possible}
    return answers.pop() if len(answers) == 1 else None

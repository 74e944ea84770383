"""`Conditions`, `Statement` and `Policy`: IAM identity policies as values.

Element names and their JSON: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html. A value
that IAM writes as one string or as a list is a tuple here, and is written as a string where it holds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracer.model.jsontext import json_text

VERSION: Final = "2012-10-17"
"""The version of the policy language that knows policy variables
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html)."""

_OLD_VERSION: Final = "2008-10-17"
"""The only other one, and what a document without a Version is written in (same page)."""


class InvalidPolicy(ValueError):
    """The document is not an IAM identity policy."""


def _strings(block: Mapping[str, Any], element: str) -> tuple[str, ...]:
    if element not in block:
        return ()
    values = block[element] if isinstance(block[element], list) else [block[element]]
    if not values or not all(isinstance(item, str) for item in values):
        raise InvalidPolicy(f"{element} must be a string or a list of at least one string")
    return tuple(values)


def _string_or_none(block: Mapping[str, Any], element: str) -> str | None:
    value = block.get(element)
    if not isinstance(value, str | None):
        raise InvalidPolicy(f"{element} must be a string")
    return value


def _scalars(value: object, where: str) -> tuple[str, ...]:
    """Condition values: IAM takes strings, booleans and numbers, and compares their text."""
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int | float) for item in values):
        raise InvalidPolicy(f"{where} must be a string, a number, a boolean or a list of them")
    return tuple(item if isinstance(item, str) else json.dumps(item) for item in values)


def _one_or_list(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


@dataclass(frozen=True, slots=True, order=True)
class Conditions:
    """A Condition block: operator -> condition key -> values, in canonical order. All must hold; empty always holds."""

    items: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(operator, key, values), sorted; values sorted and distinct."""

    @classmethod
    def of(cls, operator: str, key: str, *values: str) -> Conditions:
        """One condition."""
        return cls(((operator, key, tuple(sorted(set(values)))),))

    @classmethod
    def from_json(cls, block: Mapping[str, Any] | None) -> Conditions:
        """The block as IAM writes it. Raises InvalidPolicy where it has another shape."""
        if not isinstance(block, Mapping | None):
            raise InvalidPolicy("Condition must be an object")
        items = []
        for operator, keys in (block or {}).items():
            if not isinstance(keys, Mapping):
                raise InvalidPolicy(f"Condition.{operator} must be an object")
            for key, values in keys.items():
                items.append((operator, key, tuple(sorted(set(_scalars(values, f"Condition.{operator}.{key}"))))))
        return cls(tuple(sorted(items)))

    def to_json(self) -> dict[str, dict[str, str | list[str]]]:
        """The block as IAM writes it; `{}` where there is none."""
        block: dict[str, dict[str, str | list[str]]] = {}
        for operator, key, values in self.items:
            block.setdefault(operator, {})[key] = _one_or_list(values)
        return block

    def __bool__(self) -> bool:
        return bool(self.items)

    def __or__(self, other: Conditions) -> Conditions:
        """The block that holds where both hold.

        Raises:
            ValueError: the two give one operator and key different values, and a block has room for one list.
        """
        items = sorted(set(self.items) | set(other.items))
        if len({item[:2] for item in items}) < len(items):
            raise ValueError(f"no one block says both {self.to_json()} and {other.to_json()}")
        return Conditions(tuple(items))

    def weaker_than(self, other: Conditions) -> bool:
        """Whether every request that satisfies `other` is known to satisfy this block.

        True where each condition of this block stands in `other`, under the same operator and key (keys without case):
        for the positive operators, whose values are alternatives, with no value that is missing here; for all others
        with the same values.
        """
        return all(any(_implied(mine, theirs) for theirs in other.items) for mine in self.items)


def _implied(mine: tuple[str, str, tuple[str, ...]], theirs: tuple[str, str, tuple[str, ...]]) -> bool:
    if (mine[0], mine[1].lower()) != (theirs[0], theirs[1].lower()):
        return False
    if mine[2] == theirs[2]:
        return True
    alternatives = mine[0].removesuffix("IfExists") in {"StringEquals", "StringLike", "ArnEquals", "ArnLike"}
    return alternatives and set(theirs[2]) <= set(mine[2])


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. Of `actions` and `not_actions`, and of `resources` and `not_resources`, one of each is filled."""

    effect: str = "Allow"
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    conditions: Conditions = Conditions()
    not_actions: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    sid: str | None = None

    @classmethod
    def from_json(cls, block: Mapping[str, Any]) -> Statement:
        """The statement as IAM writes it. Raises InvalidPolicy where it is none of an identity policy."""
        if not isinstance(block, Mapping):
            raise InvalidPolicy("a statement must be an object")
        unknown = sorted(set(block) - {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
        if unknown:
            raise InvalidPolicy(f"{unknown[0]} is no element of an identity policy's statement")
        if block.get("Effect") not in ("Allow", "Deny"):
            raise InvalidPolicy("Effect must be Allow or Deny")
        if ("Action" in block) == ("NotAction" in block) or ("Resource" in block) == ("NotResource" in block):
            raise InvalidPolicy("a statement needs one of Action and NotAction, and one of Resource and NotResource")
        return cls(
            effect=block["Effect"],
            actions=_strings(block, "Action"),
            not_actions=_strings(block, "NotAction"),
            resources=_strings(block, "Resource"),
            not_resources=_strings(block, "NotResource"),
            conditions=Conditions.from_json(block.get("Condition")),
            sid=_string_or_none(block, "Sid"),
        )

    def to_json(self) -> dict[str, Any]:
        """The statement as IAM writes it, elements in the order of AWS's documentation."""
        elements: dict[str, Any] = {"Sid": self.sid} if self.sid is not None else {}
        elements["Effect"] = self.effect
        for name, values in (
            ("Action", self.actions),
            ("NotAction", self.not_actions),
            ("Resource", self.resources),
            ("NotResource", self.not_resources),
        ):
            if values:
                elements[name] = _one_or_list(values)
        if self.conditions:
            elements["Condition"] = self.conditions.to_json()
        return elements


@dataclass(frozen=True, slots=True)
class Policy:
    """An identity policy: statements in the order in which they are written."""

    statements: tuple[Statement, ...] = ()
    version: str = VERSION
    id: str | None = None

    @classmethod
    def from_json(cls, document: str | Mapping[str, Any]) -> Policy:
        """The policy that a JSON text or object spells. Raises InvalidPolicy where it is no identity policy."""
        if isinstance(document, str):
            try:
                document = json.loads(document)
            except (ValueError, RecursionError) as error:
                raise InvalidPolicy(f"not JSON: {error}") from error
        if not isinstance(document, Mapping) or "Statement" not in document:
            raise InvalidPolicy("a policy is an object with a Statement")
        version = document.get("Version", _OLD_VERSION)
        if version not in (VERSION, _OLD_VERSION):
            raise InvalidPolicy(f"Version must be {VERSION} or {_OLD_VERSION}")
        blocks = document["Statement"]
        return cls(
            statements=tuple(
                Statement.from_json(block) for block in (blocks if isinstance(blocks, list) else [blocks])
            ),
            version=version,
            id=_string_or_none(document, "Id"),
        )

    def to_dict(self) -> dict[str, Any]:
        """The document as IAM writes it."""
        head = {"Version": self.version} | ({"Id": self.id} if self.id is not None else {})
        return head | {"Statement": [statement.to_json() for statement in self.statements]}

    def to_json(self) -> str:
        """The document as indented JSON text with a newline at its end."""
        return json_text(self.to_dict(), indent=2) + "\n"

    @property
    def size(self) -> int:
        """Characters as IAM counts them against its quotas, white space left out.

        "IAM doesn't count white space when calculating the size of a policy against these limits"
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). White space inside a string is
        counted here, to err on the safe side.
        """
        return len(json_text(self.to_dict()))

    def _repr_html_(self) -> str:
        """What JupyterLab shows."""
        # Like Trace.to_frame an arrow out of the model, drawn only by a notebook that asks.
        from tracer.report.notebook import policy_html

        return policy_html(self)

    def __or__(self, others: Iterable[Statement]) -> Policy:
        return Policy((*self.statements, *others), self.version, self.id)

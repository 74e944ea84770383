"""How a resource type's ARN is found in a record and written in a policy, where the general rule is wrong.

The general rule needs no row: the table's template is filled from the request by the variables' names
(`${FunctionName}` from `functionName`). A row of `data/overrides/resources/PREFIX.json` says for one resource type

    templates   what policies hold instead of the table's template (`function:NAME` and `function:NAME:*`)
    slashes     the last variable's values may hold a `/`
    keys        variable -> the request's keys that hold it, in the order to try them, in place of the general rule
    also        variable -> further keys to try behind the general rule's, at any depth
    read        variable -> regular expressions, tried in turn on such a value; the group named like a variable is its
    value
    defaults    variable -> what stands there when no key holds it (a schedule's group is `default`); a pattern
    spelled     variable -> a request's value -> how ARNs spell it (WAF's scope `CLOUDFRONT` is `global`)
    made_by     the calls that make one, where neither their names nor the table's required types say so
    owners      regular expression -> the account in the ARN of what is named so and not by an ARN
    account_at  the request's paths that hold the account of what is named without an ARN
    linked      the request's paths that hold the id of something that another call of the run made for such a resource
                (`tracer.reduce.inventory`)
    caller      a call that names nobody means the caller

each with its `source` and `why`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

from tracer.reference import table
from tracer.reference.templates import ArnTemplate

_FOLDER: Final = resources.files("tracer.reference") / "data" / "overrides" / "resources"


@dataclass(frozen=True, slots=True, eq=False)
class ArnForm:
    """How one resource type's ARNs are read and written.

    Attributes:
        prefix, type: the IAM prefix and the resource type, as the action table has them.
        formats: the table's templates, to read ARNs with.
        templates: the patterns that a policy holds for one resource.
        keys, also, read, defaults, spelled, made_by, owners, account_at, linked, caller: see the module.
        variables: the variables that a call fills in, in order, each once.
    """

    prefix: str
    type: str
    formats: tuple[ArnTemplate, ...]
    templates: tuple[ArnTemplate, ...]
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read: Mapping[str, tuple[re.Pattern[str], ...]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spelled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    made_by: tuple[str, ...] = ()
    owners: tuple[tuple[re.Pattern[str], str], ...] = ()
    account_at: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    caller: bool = False
    variables: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = dict.fromkeys(name for template in self.formats for name in template.variables)
        object.__setattr__(self, "variables", tuple(names))


@dataclass(frozen=True, slots=True)
class ArnFormRow:
    """One row of the hand-kept files."""

    prefix: str
    type: str
    why: str
    source: str
    verified: bool
    fields: Mapping[str, Any]


@functools.cache
def form(prefix: str, resource_type: str) -> ArnForm:
    """The form of a resource type of the table. Raises KeyError where the table has none of this name."""
    service = table.service(prefix)
    if service is None:
        raise KeyError(prefix)
    texts = service.resource_types[resource_type]
    row = next((row for row in rows(prefix) if row.type == resource_type), None)
    fields: Mapping[str, Any] = row.fields if row else {}
    slashes = bool(fields.get("slashes", False))
    formats = tuple(ArnTemplate(text, slashes) for text in texts)
    return ArnForm(
        prefix=prefix,
        type=resource_type,
        formats=formats,
        templates=tuple(ArnTemplate(text, slashes) for text in fields.get("templates", texts)),
        keys={name: tuple(keys) for name, keys in fields.get("keys", {}).items()},
        read={name: tuple(map(re.compile, patterns)) for name, patterns in fields.get("read", {}).items()},
        defaults=fields.get("defaults", {}),
        also={name: tuple(keys) for name, keys in fields.get("also", {}).items()},
        spelled=fields.get("spelled", {}),
        made_by=tuple(fields.get("made_by", ())),
        owners=tuple((re.compile(match), account) for match, account in fields.get("owners", {}).items()),
        account_at=tuple(fields.get("account_at", ())),
        linked=tuple(fields.get("linked", ())),
        caller=bool(fields.get("caller", False)),
    )


@functools.cache
def rows(prefix: str) -> tuple[ArnFormRow, ...]:
    """The hand-kept rows of one IAM prefix."""
    if prefix not in prefixes():
        return ()
    items: list[dict[str, Any]] = json.loads((_FOLDER / f"{prefix}.json").read_text(encoding="utf-8"))
    return tuple(
        ArnFormRow(prefix, item["type"], item["why"], item["source"], item.get("verified", True), item)
        for item in items
    )


@functools.cache
def prefixes() -> frozenset[str]:
    """The IAM prefixes that have hand-kept rows."""
    return frozenset(file.name.removesuffix(".json") for file in _FOLDER.iterdir() if file.name.endswith(".json"))

"""The action table: which IAM actions exist, on which resources AWS checks them, and what they bring with them.

Answered from `data/upstream` (see `tracer.reference.refresh`), one file a service, read when the service is first asked
for and kept; the corrections of `data/overrides/table.json` are laid over it. An upstream file has one line an action,

    "CreateFunction":[access level,{resource type:required},[condition keys],[dependent actions]]

and one a resource type, `"function":[ARN templates]`. What the columns mean:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from tracer.model.action import Action
from tracer.reference import overrides

_FOLDER: Final = resources.files("tracer.reference") / "data" / "upstream"


@dataclass(frozen=True, slots=True)
class ResourceFact:
    """A resource type that an action can be limited to; `required` means that every call is checked on one of it."""

    type: str
    required: bool


@dataclass(frozen=True, slots=True, eq=False)
class ActionFact:
    """What AWS says of one action; there is one of each.

    Attributes:
        action: in the table's spelling.
        access: List, Read, Write, Tagging or Permissions management.
        resources: the resource types, sorted by name.
        conditions: the condition keys of the action.
        dependents: the actions that AWS lists as needed with it, whether or not every call needs them.
    """

    action: Action
    access: str
    resources: tuple[ResourceFact, ...]
    conditions: tuple[str, ...]
    dependents: tuple[Action, ...]

    @property
    def star_only(self) -> bool:
        """Whether the action supports no resource-level permission.

        "If there is no value for this column, you must specify all resources ("*") to which the policy applies".
        """
        return not self.resources


@dataclass(frozen=True, slots=True)
class ServiceActions:
    """One service prefix.

    Attributes:
        prefix: the prefix.
        actions: by name in lower case.
        resource_types: resource type -> its ARN templates, with `${Name}` for what a call fills in.
    """

    prefix: str
    actions: Mapping[str, ActionFact]
    resource_types: Mapping[str, tuple[str, ...]]


@functools.cache
def services() -> tuple[str, ...]:
    """All service prefixes, sorted."""
    return tuple(sorted(file.name.removesuffix(".json") for file in (_FOLDER / "actions").iterdir()))


def service(prefix: str) -> ServiceActions | None:
    """The service with this prefix, in any case, or None where AWS has none."""
    prefix = prefix.lower()
    return _service(prefix) if prefix in _known() else None


def lookup(prefix: str, name: str) -> ActionFact | None:
    """The action `prefix:name`, compared without case, or None where AWS has none."""
    found = service(prefix)
    return None if found is None else found.actions.get(name.lower())


def expand(pattern: Action) -> Iterator[Action]:
    """Every action of the table that `pattern` covers, in the table's spelling, by service and name."""
    for prefix in services() if pattern.text == "*" else (pattern.service,):
        found = service(prefix)
        for fact in found.actions.values() if found else ():
            if pattern.covers(fact.action):
                yield fact.action


def data_date() -> datetime.date:
    """The day of AWS's documentation that the table shows."""
    origin = json.loads((_FOLDER / "ORIGIN.json").read_text(encoding="utf-8"))
    return datetime.date.fromisoformat(origin["date"])


@functools.cache
def _known() -> frozenset[str]:
    return frozenset(services())


@functools.cache
def _service(prefix: str) -> ServiceActions:
    data: dict[str, dict[str, Any]] = json.loads((_FOLDER / "actions" / f"{prefix}.json").read_text(encoding="utf-8"))
    rows, types = data["actions"], data["resource_types"]
    for row in overrides.table_rows():
        if row.service == prefix:
            (rows if row.kind == "action" else types)[row.name] = row.value
    return ServiceActions(
        prefix=prefix,
        actions=MappingProxyType(
            {name.lower(): _fact(prefix, name, rows[name]) for name in sorted(rows, key=str.lower)}
        ),
        resource_types=MappingProxyType({kind: tuple(templates) for kind, templates in sorted(types.items())}),
    )


def _fact(prefix: str, name: str, row: list[Any]) -> ActionFact:
    access, types, conditions, dependents = row
    return ActionFact(
        action=Action(f"{prefix}:{name}"),
        access=access,
        resources=tuple(ResourceFact(kind, required) for kind, required in types.items()),
        conditions=tuple(conditions),
        dependents=tuple(map(Action, dependents)),
    )

r"""What updating and removing a resource needs beyond creating it: `data/overrides/lifecycle/PREFIX.json`.

A row is about what one action made, the file is named after that action's service:

    rule           its name, `lifecycle/lambda-function`; it stands in the trace beside what it adds
    made_by        the action whose call made the thing
    on             a regular expression for the whole resource part of the ARN that the call was checked on; not given:
                   any
    known_by       the rule that stands beside the call's permission, where the action alone does not tell
    update         the actions that a later deploy needs
    delete         the actions that a removal needs, and the rollback of a deploy that failed
    resource       the resource part that these are checked on, with the groups of `on` as `\g<NAME>`; not given:
                   the call's own
    resource_type  or the resource type, all of it, for what AWS names by an id of its own after the call
    type           CloudFormation's resource type

each with its `source` and `why`, and `"verified": false` where the registry alone names one of the actions: a look
before the change. An action that supports no resource-level permission is on `*`, whatever the row says.

CloudFormation's registry states for each resource type which permissions its handlers need, for whatever a template may
ask of it (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html). A row stays below
that bound and holds what the thing itself needs: a role without a managed policy needs no `iam:DetachRolePolicy`, so
that action belongs to the row of `iam:AttachRolePolicy`. A row without a type is about what the registry does not know.
"""

from __future__ import annotations

import functools
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from tracer.reference import table
from tracer.reference.table import ActionFact

_FOLDER: Final = resources.files("tracer.reference") / "data" / "overrides" / "lifecycle"


@dataclass(frozen=True, slots=True, eq=False)
class LifecycleRule:
    """One row; see the module."""

    rule: str
    made_by: ActionFact
    update: tuple[ActionFact, ...]
    delete: tuple[ActionFact, ...]
    why: str
    source: str
    on: re.Pattern[str] | None = None
    known_by: str | None = None
    resource: str | None = None
    resource_type: str | None = None
    type: str | None = None
    verified: bool = True

    @property
    def adds(self) -> tuple[ActionFact, ...]:
        """All that updating and removing needs, each once."""
        return tuple(dict.fromkeys((*self.update, *self.delete)))


def for_action(action: str) -> tuple[LifecycleRule, ...]:
    """The rows about what `service:Name` makes, in a stable order; the action in any case."""
    return _by_action().get(action.lower(), ())


@functools.cache
def rules() -> tuple[LifecycleRule, ...]:
    """Every row, by file and place."""
    files = sorted((file for file in _FOLDER.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(_rule(row) for file in files for row in json.loads(file.read_text(encoding="utf-8")))


def _rule(row: Mapping[str, Any]) -> LifecycleRule:
    return LifecycleRule(
        rule=row["rule"],
        made_by=_fact(row["made_by"], row["rule"]),
        update=tuple(_fact(text, row["rule"]) for text in row.get("update", ())),
        delete=tuple(_fact(text, row["rule"]) for text in row.get("delete", ())),
        why=row["why"],
        source=row["source"],
        on=re.compile(row["on"]) if "on" in row else None,
        known_by=row.get("known_by"),
        resource=row.get("resource"),
        resource_type=row.get("resource_type"),
        type=row.get("type"),
        verified=row.get("verified", True),
    )


def _fact(text: str, rule: str) -> ActionFact:
    prefix, _, name = text.partition(":")
    fact = table.lookup(prefix, name)
    if fact is None:
        raise KeyError(f"{rule}: the action table has no {text}")
    return fact


@functools.cache
def _by_action() -> Mapping[str, tuple[LifecycleRule, ...]]:
    index: defaultdict[str, tuple[LifecycleRule, ...]] = defaultdict(tuple)
    for rule in rules():
        index[rule.made_by.action.text.lower()] += (rule,)
    return dict(index)

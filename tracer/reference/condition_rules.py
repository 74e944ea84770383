"""The condition keys that a call's own parameters fill (`data/overrides/conditions.json`): one row a key.

    actions     the actions whose check had the key
    operator, key
    at          the paths of the request that hold the value; those of `tracer.reduce.request.lookup`
    read        a regular expression whose group `value` is the key's value; the whole text where there is none
    open_only   the condition is stated only where the call leaves the resource open, which it then narrows

each with its `source` and `why`. A row stands here where the key says what the call was about and the resource does
not: which policy was attached to a role, for which service a role was made. Without it the permission would hold for
every policy and every service.
"""

from __future__ import annotations

import functools
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from tracer.model.action import Action


@dataclass(frozen=True, slots=True)
class ConditionRule:
    """One rule; see the module."""

    actions: tuple[Action, ...]
    operator: str
    key: str
    at: tuple[str, ...]
    why: str
    source: str
    read: re.Pattern[str] = re.compile("(?P<value>.+)")
    open_only: bool = False
    verified: bool = True


def for_action(action: Action) -> tuple[ConditionRule, ...]:
    """The rules about an action, spelled as in the table."""
    return _by_action().get(action, ())


@functools.cache
def rules() -> tuple[ConditionRule, ...]:
    """Every rule."""
    file = resources.files("tracer.reference") / "data" / "overrides" / "conditions.json"
    return tuple(
        ConditionRule(
            actions=tuple(map(Action, row["actions"])),
            operator=row["operator"],
            key=row["key"],
            at=tuple(row["at"]),
            why=row["why"],
            source=row["source"],
            read=re.compile(row.get("read", "(?P<value>.+)")),
            open_only=row.get("open_only", False),
            verified=row.get("verified", True),
        )
        for row in json.loads(file.read_text(encoding="utf-8"))
    )


@functools.cache
def _by_action() -> Mapping[Action, tuple[ConditionRule, ...]]:
    index: defaultdict[Action, tuple[ConditionRule, ...]] = defaultdict(tuple)
    for rule in rules():
        for action in rule.actions:
            index[action] += (rule,)
    return dict(index)

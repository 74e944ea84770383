"""What AWS checks beside the call itself: `data/overrides/implied/*.json`, one row a rule.

    rule        its name, `pass-role/lambda-create-function`; it stands in the trace beside what it adds
    events      event source -> event names without version suffix, `*` for all
    when        a condition on the request, as in the exceptions of `tracer.reference.overrides`
    tags_at     paths of the request's tags: the rule applies where there are any, or where CloudFormation makes the
                call for a stack that has tags, which it spreads over the stack's resources
    action      the action that is checked too
    resource    on what, one of
                {"role_at": [PATH...]}      the IAM roles whose ARN (with "names": true, whose name) stands there
                {"profile_at": [PATH...]}   the role of the instance profile named there
                {"arn_at": [PATH...]}       the ARNs that stand there (with "fitting": true, those that have a format of
                                            the action's resource types)
                {"same_as_call": true}      the resources of the call itself
                {"type": TYPE}              what the record names of that resource type of the action
                {"new_type_at": [PATH...]}  the new resources of the types that stand there (EC2's tag specifications)
                {"template": TEXT}          an ARN with ${Partition}, ${Region}, ${Account}; with "at": [PATH...] and
                                            "read": REGEX once for each text there that it matches, with its groups
                                            ("encoded": true where the text is URL-encoded); with "open": NAME where
                                            the `*` in it stands for what no record shows
                {}                          `*`
    conditions  the condition keys that the check had, a Condition block; ${Region}, ${Account} and ${Event}
                are the record's

each with its `source` and `why`. Paths are those of `tracer.reduce.request.lookup`.
"""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from tracer.model.action import Action
from tracer.model.policy import Conditions
from tracer.reference.overrides import When, parse_when

_FOLDER: Final = resources.files("tracer.reference") / "data" / "overrides" / "implied"


@dataclass(frozen=True, slots=True, eq=False)
class ImpliedRule:
    """One rule; see the module."""

    rule: str
    events: Mapping[str, tuple[str, ...]]
    when: When
    action: Action
    resource: Mapping[str, Any]
    conditions: Conditions
    why: str
    source: str
    tags_at: tuple[str, ...] = ()
    verified: bool = True


@functools.lru_cache(maxsize=2_048)
def for_event(source: str, event: str) -> tuple[ImpliedRule, ...]:
    """The rules that may apply to a call, in a stable order.

    Args:
        source: the eventSource without `.amazonaws.com`.
        event: the eventName without a version.
    """
    index = _by_event()
    return (*index.get((source, event), ()), *index.get((source, "*"), ()))


@functools.cache
def rules() -> tuple[ImpliedRule, ...]:
    """Every rule, by file and row."""
    files = sorted((file for file in _FOLDER.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(_rule(row) for file in files for row in json.loads(file.read_text(encoding="utf-8")))


def _rule(row: Mapping[str, Any]) -> ImpliedRule:
    return ImpliedRule(
        rule=row["rule"],
        events={source: tuple(names) for source, names in row["events"].items()},
        when=parse_when(row.get("when")),
        action=Action(row["action"]),
        resource=row["resource"],
        conditions=Conditions.from_json(row.get("conditions", {})),
        why=row["why"],
        source=row["source"],
        tags_at=tuple(row.get("tags_at", ())),
        verified=row.get("verified", True),
    )


@functools.cache
def _by_event() -> Mapping[tuple[str, str], tuple[ImpliedRule, ...]]:
    index: defaultdict[tuple[str, str], tuple[ImpliedRule, ...]] = defaultdict(tuple)
    for rule in rules():
        for source, names in rule.events.items():
            for name in names:
                index[source, name] += (rule,)
    return dict(index)

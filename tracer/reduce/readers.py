"""Which keys of a request anybody reads, by event: the rules about it in, their keys out.

Half of all requests are like no other: they ask for the log events since a time of their own, for a page, with a text
that describes what is made. But what AWS checked is told by few keys, and those are known before any record is: they
stand in the plans for the action's resource types (`tracer.reduce.plan`) and in the paths of the rules about the event.
So requests that differ in other keys alone say the same of a call (`tracer.reduce.calls`), and are mapped once.

Whoever comes to read something else of a request does it by a rule's path, which is found here, or for a service of
`READ_WHOLE`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Final

from tracer.reduce.plan import TypePlan, plans_of
from tracer.reduce.request import first_key
from tracer.reference import condition_rules, implied_rules, inferred_rules, overrides, table
from tracer.reference.implied_rules import ImpliedRule
from tracer.reference.overrides import When
from tracer.reference.table import ActionFact

READ_WHOLE: Final = frozenset({"apigateway", "cloudformation", "iam", "lambda", "s3", "sts"})
"""Services of whose requests more is read than the rules about their events say: a path that is made of any value
(`tracer.reduce.apigateway`), who acts for whom, names and what belongs to them, and what the calls imply
(`tracer.reduce.inferred`)."""

_PATH: Final = "path"
"""Where a request gives an IAM name its path."""


@functools.lru_cache(maxsize=8_192)
def keys_read(source: str, event_name: str) -> frozenset[str] | None:
    """The keys at the top of an event's requests that may tell something of what AWS checked; None where any may.

    Keys are in their normal form (`tracer.reduce.request.normal`). A value that is an object, a list or an ARN is read
    under any key.

    Args:
        source: the event source without `.amazonaws.com`.
        event_name: the event's name as recorded.
    """
    event = overrides.plain_name(source, event_name)
    if source in READ_WHOLE or inferred_rules.shown_by(source, event):
        return None
    keys = {_PATH, *map(first_key, _paths(source, event))}
    for fact in _facts(source, event):
        for plan in plans_of(fact, source, event_name, None, True):
            keys |= _looked_at(plan)
    return None if None in keys else frozenset(key for key in keys if key)


def _paths(source: str, event: str) -> Iterator[str]:
    """The paths that the rules about an event look at."""
    for row in overrides.event_rows(source).get(event.lower(), ()):
        yield from _of_condition(row.when)
        for action in row.actions:
            yield from (*_of_condition(action.when), *action.at)
    for rule in implied_rules.for_event(source, event):
        yield from (*_of_condition(rule.when), *rule.tags_at, *_of_rule(rule))
    for fact in _facts(source, event):
        for condition in condition_rules.for_action(fact.action):
            yield from condition.at


def _of_condition(when: When) -> Iterator[str]:
    return (check.path[0] for check in when.checks)


def _of_rule(rule: ImpliedRule) -> Iterator[str]:
    """The paths at which a rule finds its resource: whatever of it is a list of texts."""
    return (path for value in rule.resource.values() if isinstance(value, list) for path in value)


def _facts(source: str, event: str) -> Iterator[ActionFact]:
    """The actions that a call of the event may need. What a rule says of one's resource type is one of its own."""
    rows = overrides.event_rows(source).get(event.lower(), ())
    by_rules = [needed.action for row in rows for needed in row.actions]
    by_rules += [rule.action for rule in implied_rules.for_event(source, event)]
    names = [(prefix, event) for prefix in overrides.prefixes(source)]
    names += [(action.service, action.name) for action in by_rules]
    return (fact for name in names if (fact := table.lookup(*name)))


def _looked_at(plan: TypePlan) -> set[str | None]:
    """The keys that the plan for a resource type looks at."""
    paths = itertools.chain(plan.form.account_at, plan.form.linked, *(variable.paths for variable in plan.variables))
    return {*map(first_key, paths), *itertools.chain(*(variable.names for variable in plan.variables))}

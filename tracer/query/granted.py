"""The events that show the use of a policy's actions: the tables of `tracer.reference`, read backwards.

From event to action there is a rule and there are exceptions; from action to event there is only the search. An action
is used by the event of its own name, under each event source that has its prefix, unless the tables say that this event
needs something else; and by the events that the exceptions name. API Gateway's verbs are used by the operations that
are sent with them. What no event shows is left out: iam:PassRole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tracer.model.action import Action
from tracer.reference import operations, overrides, table

LONGEST: Final = 1024
"""How many characters a value for Athena may have:
https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html."""

_SUFFIX: Final = ".amazonaws.com"
_API_GATEWAY: Final = "apigateway"
_VERBS: Final = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})
_UNSEEN: Final = frozenset({"iam:PassRole"})
""""is not an API call... no CloudTrail logs are generated":
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html."""


def granted(patterns: Iterable[Action]) -> tuple[str, ...]:
    """Values for the parameter `granted`: ACTION|SOURCE|EVENT, joined by commas, each value as long as it may be.

    Args:
        patterns: the actions that policies allow.
    """
    actions = sorted({action.text for pattern in patterns for action in table.expand(pattern)})
    entries = (
        f"{action}|{source}|{event}"
        for action in actions
        if action not in _UNSEEN
        for source, event in sorted(set(_events_of(Action(action))))
    )
    return tuple(_packed(entries))


def _events_of(action: Action) -> Iterator[tuple[str, str]]:
    if action.service == _API_GATEWAY and action.name in _VERBS:
        yield from ((f"{_API_GATEWAY}{_SUFFIX}", name) for name in operations.sent_with(action.name))
        return
    for source in _sources(action.service):
        rows = overrides.event_rows(source)
        if _by_the_rule(source, action) and not any(map(_decides, rows.get(action.name.lower(), ()))):
            yield f"{source}{_SUFFIX}", action.name
        for event, tried in rows.items():
            yield from ((f"{source}{_SUFFIX}", name) for name in _names(event, tried, action))


def _by_the_rule(source: str, action: Action) -> bool:
    """Whether the general rule makes this action of the event of its name."""
    found = next((prefix for prefix in overrides.prefixes(source) if table.lookup(prefix, action.name)), None)
    return found == action.service


def _names(event: str, tried: Sequence[overrides.EventRow], action: Action) -> Iterator[str]:
    """The event's name as the rows spell it, where one of them makes this action of it; they are tried in order."""
    for row in tried:
        if any(needed.action == action for needed in row.actions):
            yield from (name for name in row.events if name.lower() == event)
        if _decides(row):
            return


def _decides(row: overrides.EventRow) -> bool:
    """Whether nothing behind this row is tried, whatever the request."""
    unconditional = not row.actions or any(not needed.when.checks for needed in row.actions)
    return unconditional and not row.when.checks


def _sources(prefix: str) -> Iterator[str]:
    """The event sources whose calls are checked under a prefix."""
    yield prefix
    yield from (source for row in overrides.source_rows() if prefix in row.prefixes for source in row.event_sources)


def _packed(entries: Iterable[str]) -> Iterator[str]:
    joined = ""
    for entry in entries:
        longer = f"{joined},{entry}" if joined else entry
        if len(longer) > LONGEST:
            yield joined
            longer = entry
        joined = longer
    if joined:
        yield joined

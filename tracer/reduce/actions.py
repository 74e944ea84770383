"""The IAM actions behind a call: a record in, `Need`s out, or the reason why there are none.

The general rule: the prefix is the event source, the action is the event name, and the action table must have it. The
exceptions are data (`tracer.reference.overrides`). API Gateway's control plane is checked as HTTP verbs on paths and
has a module of its own. What the table does not have is `Unknown`: reported with its event, never guessed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from tracer.model.record import Record
from tracer.reduce.request import plain_event
from tracer.reference import overrides, table
from tracer.reference.table import ActionFact


@dataclass(frozen=True, slots=True)
class Need:
    """One action that AWS checked for a call.

    Attributes:
        fact: the action.
        row: the exception behind it, or None for the general rule.
        rule: the exception's name.
    """

    fact: ActionFact
    row: overrides.ActionRow | None = None
    rule: str | None = None


class NoPermission:
    """The call needs no IAM permission."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No action is known for the call.

    Attributes:
        reason: why, for a person.
    """

    reason: str


def needs_of(record: Record) -> tuple[Need, ...] | NoPermission | Unknown:
    """The actions that AWS checked for the call itself; what it checks beside it is `tracer.reduce.implied`."""
    service, event = record.service, plain_event(record)
    rows = overrides.needs(service, event, record.request_parameters)
    return _by_rule(service, event) if rows is None else _by_rows(service, event, rows)


@functools.lru_cache(maxsize=2_048)
def _by_rule(service: str, event: str) -> tuple[Need, ...] | Unknown:
    """What the general rule says of an event."""
    prefixes = overrides.prefixes(service)
    for prefix in prefixes:
        fact = table.lookup(prefix, event)
        if fact:
            return (Need(fact),)
    return Unknown(f"AWS's action table has no {event} under {' or '.join(prefixes)}")


@functools.lru_cache(maxsize=2_048)
def _by_rows(
    service: str, event: str, rows: tuple[overrides.ActionRow, ...]
) -> tuple[Need, ...] | NoPermission | Unknown:
    """What those rows of an event's exceptions say that its request asks for."""
    if not rows:
        return NoPermission()
    needs = []
    for row in rows:
        fact = table.lookup(row.action.service, row.action.name)
        if fact is None:
            return Unknown(f"the table of exceptions names {row.action}, which AWS's action table does not have")
        needs.append(Need(fact, row, f"event/{service}-{event}"))
    return tuple(needs)

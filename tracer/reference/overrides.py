"""The facts that no generated table holds: how the names in a CloudTrail record differ from IAM's.

In come the files of `data/overrides`, kept by hand, one row an exception, each with the `source` that states it and
the `why`; out come small frozen values. The general rule needs no row: the IAM prefix is the event source, the action
is the event name. So a row says where that is wrong, and a test fails on one that says what the rule says anyway.

    sources.json         event sources whose IAM prefix is another one, or one of several
    suffixes.json        sources that write the API's version behind the event name
    events/NAME.json     calls whose action has another name, that need several actions, or none; NAME is an IAM prefix,
                         or an event source whose calls differ from those of its prefix
    table.json           corrections of the action table itself; `tracer.reference.table` reads them

A file is read when it is first asked for and kept. An unknown source reads no file.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from tracer.model.action import Action

_FOLDER: Final = resources.files("tracer.reference") / "data" / "overrides"

Request = Mapping[str, object]
"""A record's requestParameters."""


@dataclass(frozen=True, slots=True)
class Check:
    """One look at a request's value.

    Attributes:
        path: the keys that lead to it, in lower case; a list on the way is gone through.
        present: whether it must be there, or None where `begins` or `equals` says more.
        equals: the text that it must be; `true` and `false` for a truth value.
        begins: the text that it must begin with, without case and blanks before it.
    """

    path: tuple[str, ...]
    present: bool | None = None
    equals: str | None = None
    begins: str | None = None

    def holds(self, request: Request) -> bool:
        """Whether the request has a value at `path` that passes; with `present` False, whether it has none."""
        values = tuple(_values(request, self.path))
        if self.present is not None:
            return bool(values) is self.present
        if self.equals is not None:
            return any(self.equals == (str(value).lower() if isinstance(value, bool) else value) for value in values)
        start = (self.begins or "").lower()
        return any(isinstance(value, str) and value.lstrip().lower().startswith(start) for value in values)


@dataclass(frozen=True, slots=True)
class When:
    """A condition on a record's request: all of its checks hold."""

    checks: tuple[Check, ...] = ()

    def holds(self, request: Request | None) -> bool:
        """Whether `request` passes. Parameters that CloudTrail left out (None) pass only where nothing is asked."""
        if not self.checks:
            return True
        return request is not None and all(check.holds(request) for check in self.checks)


@dataclass(frozen=True, slots=True, eq=False)
class ActionRow:
    """An action that a call needs; there is one of each row.

    Attributes:
        action: in the table's spelling.
        resource: the resource type of the table that this call is checked on, or None for all that the action has.
        when: on which requests it is needed.
        at: the paths in the request that name the resource, in place of the general rule: where the call names several
        of one type (ReEncrypt's two keys), or means one that it leaves out (`eventBusName|default`).
        response: the paths in the response that name it: the ARN of what the call makes, where it is known beforehand.
        template: the resource as a pattern, with ${Partition}, ${Region}, ${Account} and {PATH} for a request's value.
    """

    action: Action
    resource: str | None = None
    when: When = When()
    at: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    template: str | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One exception from the general rule.

    Attributes:
        events: the event names that it speaks of, as CloudTrail or the API spells them.
        actions: what they need; empty where they need no permission.
        when: on which requests it applies.
        why: what it says in a person's words.
        source: the page that states it.
        verified: whether AWS's words were read, there or in botocore's copy; False for what is known from experience.
    """

    events: tuple[str, ...]
    actions: tuple[ActionRow, ...]
    when: When
    why: str
    source: str
    verified: bool = True

    def needs(self, request: Request | None) -> tuple[ActionRow, ...] | None:
        """The actions that a call with this request needs; () where none, None where this row does not tell."""
        if not self.when.holds(request):
            return None
        needed = tuple(row for row in self.actions if row.when.holds(request))
        return needed if needed or not self.actions else None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Event sources, without `.amazonaws.com`, and the IAM prefixes that their calls are checked under, in order."""

    event_sources: tuple[str, ...]
    prefixes: tuple[str, ...]
    why: str
    source: str
    verified: bool = True


@dataclass(frozen=True, slots=True)
class SuffixRow:
    """A source that writes its API's version behind some event names; the pattern's group is the name without it."""

    event_source: str
    pattern: re.Pattern[str]
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """A correction of the action table: an action that it lacks or whose resource types it has wrong, or a resource
    type whose ARN templates it has wrong.

    Attributes:
        service: the IAM prefix.
        name: the action's or the resource type's name.
        kind: `action` or `resource_type`.
        value: what stands in the table instead, in the form of the upstream files.
    """

    service: str
    name: str
    kind: str
    value: list[Any]
    why: str
    source: str
    verified: bool = True


def prefixes(source: str) -> tuple[str, ...]:
    """The IAM prefixes for an eventSource without `.amazonaws.com`, in the order to try; mostly the source itself."""
    row = _aliases().get(source.lower())
    return (source.lower(),) if row is None else row.prefixes


def plain_name(source: str, event_name: str) -> str:
    """The event name without the version that some sources write behind it (lambda `Invoke20150331`)."""
    row = _suffixes().get(source.lower())
    match = row.pattern.fullmatch(event_name) if row else None
    return match.group(1) if match else event_name


@functools.lru_cache(maxsize=1024)
def event_rows(source: str) -> Mapping[str, tuple[EventRow, ...]]:
    """The exceptions of a source by event name in lower case, in the order to try them: the first that tells wins.

    They stand in the source's own file and in that of its first prefix. A further prefix lends actions, not exceptions:
    what holds for directory buckets (s3express) says nothing of other buckets' calls under the same source.
    """
    rows: dict[str, tuple[EventRow, ...]] = {}
    for name in dict.fromkeys((source.lower(), prefixes(source)[0])):
        for row in _event_rows(name) if name in event_files() else ():
            for event in row.events:
                rows[event.lower()] = (*rows.get(event.lower(), ()), row)
    return MappingProxyType(rows)


def needs(source: str, event_name: str, request: Request | None) -> tuple[ActionRow, ...] | None:
    """What a call needs by the exceptions: its actions, () for no permission at all, None where the general rule holds.

    Args:
        source: the eventSource without `.amazonaws.com`.
        event_name: the eventName without a version (`plain_name`).
        request: requestParameters, or None where CloudTrail left them out.
    """
    for row in event_rows(source).get(event_name.lower(), ()):
        found = row.needs(request)
        if found is not None:
            return found
    return None


@functools.cache
def event_files() -> frozenset[str]:
    """The names of the files in events/."""
    return frozenset(file.name.removesuffix(".json") for file in (_FOLDER / "events").iterdir())


@functools.cache
def source_rows() -> tuple[SourceRow, ...]:
    """Every row of sources.json."""
    return tuple(
        SourceRow(
            tuple(row["event_sources"]), tuple(row["prefixes"]), row["why"], row["source"], row.get("verified", True)
        )
        for row in _load("sources.json")
    )


@functools.cache
def suffix_rows() -> tuple[SuffixRow, ...]:
    """Every row of suffixes.json."""
    return tuple(
        SuffixRow(row["event_source"], re.compile(row["pattern"]), row["why"], row["source"])
        for row in _load("suffixes.json")
    )


@functools.cache
def table_rows() -> tuple[TableRow, ...]:
    """Every row of table.json."""
    return tuple(TableRow(**row) for row in _load("table.json"))


@functools.cache
def _aliases() -> Mapping[str, SourceRow]:
    return {source: row for row in source_rows() for source in row.event_sources}


@functools.cache
def _suffixes() -> Mapping[str, SuffixRow]:
    return {row.event_source: row for row in suffix_rows()}


@functools.cache
def _event_rows(name: str) -> tuple[EventRow, ...]:
    return tuple(_event_row(item) for item in _load("events", f"{name}.json"))


def _event_row(item: Mapping[str, Any]) -> EventRow:
    return EventRow(
        events=tuple(item["event"]),
        actions=tuple(
            ActionRow(
                Action(row["action"]),
                row.get("resource"),
                parse_when(row.get("when")),
                tuple(row.get("at", ())),
                tuple(row.get("response", ())),
                row.get("template"),
            )
            for row in item["actions"]
        ),
        when=parse_when(item.get("when")),
        why=item["why"],
        source=item["source"],
        verified=item.get("verified", True),
    )


def parse_when(item: Mapping[str, Any] | None) -> When:
    """The condition that a row's `when` spells; one that asks nothing where a row has none."""
    if item is None:
        return When()
    return When(tuple(_check(path, wanted) for path, wanted in item["request"].items()))


def _check(path: str, wanted: bool | str | Mapping[str, str]) -> Check:
    keys = tuple(path.lower().split("."))
    if isinstance(wanted, bool):
        return Check(keys, present=wanted)
    if isinstance(wanted, str):
        return Check(keys, equals=wanted)
    return Check(keys, begins=wanted["begins"])


def _values(value: object, path: tuple[str, ...]) -> Iterator[object]:
    """The values at `path` below `value`; keys are compared without case, null is no value."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str) and key.lower() == path[0]:
                yield from _values(item, path[1:])


def _load(*path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_FOLDER.joinpath(*path).read_text(encoding="utf-8"))
    return rows
